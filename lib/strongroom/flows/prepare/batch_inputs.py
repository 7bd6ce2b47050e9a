"""A batch's files as what workers are handed: work items, where they open files themselves, else what Spark reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import EnvironmentFault
from strongroom.core.escaping import glob_words
from strongroom.core.run import Job
from strongroom.flows.prepare.increment import Increments
from strongroom.flows.prepare.plan import Found
from strongroom.flows.row_pass.engines import BY_SPARK, Local
from strongroom.flows.row_pass.feeds import Files, Items, Lines, Rows
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.part_reader import form_of, is_document
from strongroom.flows.row_pass.shape_check import Looked, footers
from strongroom.quality.reading.encodings import WIDE
from strongroom.stores.lake import Lake
from strongroom.stores.lake.reader_features import needs_spark
from strongroom.stores.sources import ENDS, FILE, LINE, POSITION, TEXT_FORMATS, RawFile
from strongroom.stores.sources.delta import data_files
from strongroom.stores.sources.delta_by_spark import read_added
from strongroom.stores.sources.files_by_spark import read_raw
from strongroom.stores.sources.hive_folders import of_columns
from strongroom.stores.sources.manifest import Batch
from strongroom.stores.sources.work_items import (
    Item,
    Part,
    is_one_piece,
    only_workers_unpack,
    split_parquet,
    split_text,
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a run reads.

    Args:
        batch: exactly these files.
        found: each source and the files it has today.
        looked: by source and path, what is known of each file.
        increments: of a Delta source that is among them only these files are read.
    """

    batch: Batch
    found: Found
    looked: Mapping[str, Mapping[str, Looked]]
    increments: Increments

    def files(self, source: Source) -> list[RawFile]:
        """Those of a source that the batch reads."""
        chosen = set(self.batch.files)
        return [file for file in self.found[source.name][1] if file in chosen]


def inputs_of(
    job: Job, way: Road, contract: Contract, read: Read, *, lake: Lake, whole: frozenset[str] = frozenset()
) -> list[Input]:
    """What the batch reads. Files in `whole` are read as one part each.

    How files are split is a function of the files alone, so that a row has one place whoever reads it.

    Raises:
        EnvironmentFault: a Delta table has what only Spark reads, and the run has none.
    """
    items, size, inputs = list[Item](), 0, list[Input]()
    for number, source in enumerate(contract.sources):
        mine = read.files(source)
        known = [read.looked[source.name][file.path] for file in mine]
        opened = [file for file in mine if way.direct and (source.format != "delta" or _opens(file, read))]
        size += sum(file.size for file in opened)
        if source.format == "delta":
            items += [item for table in opened for item in _delta(number, contract, table, read)]
            handed = [table for table in mine if table not in opened]
            if handed and isinstance(way.engine, Local):
                what = f"only Spark reads this: {needs_spark(_table(handed[0]))}"
                raise EnvironmentFault(what, where=handed[0].path, todo=BY_SPARK, code="spark.needed")
            inputs += [_handed(job, contract, number, table, read, lake=lake) for table in handed]
        elif source.format in TEXT_FORMATS:
            items += _text(number, contract, known, whole) if way.direct else []
            inputs += [] if way.direct else _lines(job, number, contract, known, whole)
        elif way.direct:
            items += split_parquet((part_of(number, contract, one), one.footer) for one in known if one.footer)
        else:
            inputs += _typed(job, number, contract, known, lake=lake)
    if items:
        inputs.insert(0, Input(Items(contract, tuple(items)), size, count=len(items)))
    return inputs


def _opens(table: RawFile, read: Read) -> bool:
    """Whether the files of a Delta source are its rows as they stand."""
    return table.path in read.increments or not needs_spark(_table(table))


def _table(file: RawFile) -> DeltaTable:
    return DeltaTable(file.path, version=file.modified)


def _delta(number: int, contract: Contract, table: RawFile, read: Read) -> list[Item]:
    increment = read.increments.get(table.path)
    files = data_files(table.path, table.modified) if increment is None else increment.files
    parts = [
        Part(number, file.path, folders=tuple(of_columns(file.values, contract.columns).items())) for file in files
    ]
    return split_parquet(zip(parts, footers([file.path for file in files]), strict=True))


def _handed(job: Job, contract: Contract, number: int, table: RawFile, read: Read, *, lake: Lake) -> Input:
    """A Delta source that Spark reads."""
    source, increment = contract.sources[number], read.increments.get(table.path)
    if increment is None:
        frame = read_raw(job.spark(), source, files=[table], contract=contract, lake=lake.root)
    else:
        frame = read_added(job.spark(), increment=increment, contract=contract)
    return Input(Rows(contract, number), table.size, frame=frame)


def _text(number: int, contract: Contract, looked: Sequence[Looked], whole: frozenset[str]) -> list[Item]:
    source = contract.sources[number]
    as_one = is_document(source) or str(source.options.get("encoding", "")).startswith("UTF-16")
    pairs = [(part_of(number, contract, one), one.file) for one in looked]
    return split_text(pairs, whole=lambda file: as_one or file.path in whole or is_one_piece(file))


def part_of(number: int, contract: Contract, looked: Looked) -> Part:
    """All of a file."""
    folders = tuple(of_columns(looked.folders, contract.columns).items())
    return Part(number, looked.file.path, folders=folders, names=looked.names)


def _lines(
    job: Job, number: int, contract: Contract, looked: Sequence[Looked], whole: frozenset[str]
) -> Iterator[Input]:
    """Text that Spark reads: lines as they are. What it cannot give line by line comes as one, as it lies there."""
    source = contract.sources[number]
    parts = {one.file.path: part_of(number, contract, one) for one in looked}
    forms = {path: form_of(part, contract) for path, part in parts.items()}
    sizes = {one.file.path: one.file.size for one in looked}
    ones = {
        path for path, form in forms.items()
        if form is not None
        and (path in whole or form.encoding in WIDE or is_document(source) or only_workers_unpack(path))
    }  # fmt: skip
    told = {path: form for path, form in forms.items() if form is not None}
    for as_one in (True, False):
        paths = [path for path in forms if (path in ones) is as_one]
        if paths:
            frame = _whole(job.spark(), paths) if as_one else _raw_lines(job.spark(), paths)
            feed = Files(contract, parts, told) if as_one else Lines(contract, parts, told)
            yield Input(feed, sum(sizes[path] for path in paths), frame=frame)


def _typed(job: Job, number: int, contract: Contract, looked: Sequence[Looked], *, lake: Lake) -> Iterator[Input]:
    """Parquet that Spark reads: rows, where those are what our own reader would give; else files as they lie there."""
    for plain in (True, False):
        files = [one.file for one in looked if one.plain is plain]
        if files and plain:
            frame = read_raw(job.spark(), contract.sources[number], files=files, contract=contract, lake=lake.root)
            yield Input(Rows(contract, number), sum(file.size for file in files), frame=frame)
        elif files:
            parts = {one.file.path: part_of(number, contract, one) for one in looked}
            frame = _whole(job.spark(), [file.path for file in files])
            yield Input(Files(contract, parts, {}), sum(file.size for file in files), frame=frame)


def only_spark(contract: Contract, read: Read) -> bool:
    """Whether the batch has a Delta table whose files are not its rows as they stand."""
    tables = [file for source in contract.sources if source.format == "delta" for file in read.files(source)]
    return not all(_opens(table, read) for table in tables)


def _raw_lines(spark: Any, paths: Sequence[str]) -> Any:
    from pyspark.sql import functions as F

    rows = spark.read.option("lineSep", "\n").text([glob_words(path) for path in paths])
    start, told = F.col("_metadata.file_block_start"), F.col("_metadata.file_path").alias(FILE)
    ends = start + F.col("_metadata.file_block_length") >= F.col("_metadata.file_size")
    line, position = F.col("value").cast("binary").alias(LINE), (-1 - start).alias(POSITION)
    return rows.select(line, told, position, ends.alias(ENDS))


def _whole(spark: Any, paths: Sequence[str]) -> Any:
    from pyspark.sql import functions as F

    rows = spark.read.format("binaryFile").load([glob_words(path) for path in paths])
    return rows.select(F.col("content").alias(LINE), F.col("_metadata.file_path").alias(FILE))
