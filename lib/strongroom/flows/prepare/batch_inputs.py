"""A batch's files as what workers are handed: work items, where they open files themselves, else what Spark reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import EnvironmentFault
from strongroom.core.escaping import glob_words
from strongroom.core.run import Job
from strongroom.flows.prepare.plan import Found
from strongroom.flows.row_pass.engines import BY_SPARK, Local
from strongroom.flows.row_pass.feeds import Files, Items, Lines, Rows
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.part_reader import form_of
from strongroom.quality.reading.encodings import WIDE
from strongroom.stores.lake import Lake
from strongroom.stores.sources import ENDS, FILE, LINE, POSITION, RawFile
from strongroom.stores.sources.kinds import Increments, Looked, Split, is_document, kind_of
from strongroom.stores.sources.manifest import Batch
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Item, only_workers_unpack


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
        kind, opened, handed = kind_of(source.format), list[Looked](), list[Looked]()
        for file in read.files(source):
            alone = kind.only_spark(file, read.increments) if way.direct else ""
            if alone and isinstance(way.engine, Local):
                what = f"only Spark reads this: {alone}"
                raise EnvironmentFault(what, where=file.path, todo=BY_SPARK, code="spark.needed")
            (opened if way.direct and not alone else handed).append(read.looked[source.name][file.path])
        size += sum(one.file.size for one in opened)
        items += kind.items(Split(number, contract, opened, whole, read.increments))
        inputs += _handed(job, Split(number, contract, handed, whole, read.increments), lake=lake)
    if items:
        inputs.insert(0, Input(Items(contract, tuple(items)), size, count=len(items)))
    return inputs


def _handed(job: Job, split: Split, *, lake: Lake) -> Iterator[Input]:
    """What Spark reads: lines or rows, where those are what our own reader would have; else files as they lie there."""
    contract, parts = split.contract, {part.path: part for part, _ in split.files()}
    forms = {path: form for path, part in parts.items() if (form := form_of(part, contract)) is not None}
    for whole in (True, False):
        looked = [one for one in split.looked if _is_whole(one, split, forms.get(one.file.path)) is whole]
        size, paths = sum(one.file.size for one in looked), [one.file.path for one in looked]
        if looked and whole:
            yield Input(Files(contract, parts, forms), size, frame=_whole(job.spark(), paths))
        elif looked and forms:
            yield Input(Lines(contract, parts, forms), size, frame=_raw_lines(job.spark(), paths))
        elif looked:
            frame = kind_of(split.source.format).frame(job.spark(), replace(split, looked=looked), lake.root)
            yield Input(Rows(contract, split.number), size, frame=frame)


def _is_whole(one: Looked, split: Split, form: Form | None) -> bool:
    """Whether Spark cannot give a file line by line, or its rows as our own reader does."""
    if form is None:
        return not one.plain
    path = one.file.path
    return path in split.whole or form.encoding in WIDE or is_document(split.source) or only_workers_unpack(path)


def only_spark(contract: Contract, read: Read) -> bool:
    """Whether the batch has a table whose files are not its rows as they stand."""
    pairs = ((kind_of(source.format), file) for source in contract.sources for file in read.files(source))
    return any(kind.only_spark(file, read.increments) for kind, file in pairs)


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
