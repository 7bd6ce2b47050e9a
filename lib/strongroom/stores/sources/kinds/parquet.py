"""`parquet`: files whose footer says what is in them, in row groups that are read each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Contract, source_name
from strongroom.core.errors import Problem, StoreError
from strongroom.core.escaping import glob_words
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.parquet_pairs import asked_by
from strongroom.quality.reading.parquet_rows import Reading, fits, footer_of, means_one_thing, parquet_blocks
from strongroom.stores.sources.files import FILE, POSITION, fixed_of, place_of
from strongroom.stores.sources.files_by_spark import ddl_of, read_as
from strongroom.stores.sources.hive_folders import folders_of
from strongroom.stores.sources.kinds import File, Kind, Looked, Split
from strongroom.stores.sources.work_items import Footer, Item, Part, footer_in, split_parquet

_THREADS = 16


def look(of: File) -> tuple[Looked, list[Problem]]:
    """Its footer."""
    footer = _footer(of.file.path)
    found = footer_in(footer)
    asked = [column for column in of.contract.columns if source_name(column) not in {*of.folders} - {*found.names}]
    wrong = fits(footer, asked, path=of.file.path, contract=of.contract.file, asked=asked_by(of.contract))
    plain = means_one_thing(footer, of.contract.columns) and not {*found.names} & {*of.folders}
    return Looked(of.file, of.folders, footer=found, has=frozenset(found.names), plain=plain), wrong


def _footer(path: str) -> pq.FileMetaData:
    filesystem, place = place_of(path)
    with filesystem.open_input_file(place) as raw:
        return footer_of(raw, path=path)


def footers(paths: Sequence[str]) -> list[Footer]:
    """The footers of Parquet files, in their order.

    Raises:
        StoreError: one is no readable Parquet file.
    """

    def one(path: str) -> Footer:
        try:
            return footer_in(_footer(path))
        except OSError as error:
            what = "this is not a readable Parquet file"
            raise StoreError(what, where=path, todo="Replace or remove it.", code="source.damaged") from error

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, paths))


def items(split: Split) -> list[Item]:
    """Row groups."""
    looked = zip(split.files(), split.looked, strict=True)
    return split_parquet((part, one.footer) for (part, _), one in looked if one.footer)


def rows(file: pa.NativeFile, part: Part, contract: Contract, columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    """Those of a part's row groups, or of all."""
    unread = {column.path for column in contract.columns} - {column.path for column in columns}
    how = Reading(part.path, contract.file, asked=asked_by(contract), unread=unread)
    footer = footer_of(file, path=part.path)
    groups = part.groups or range(footer.num_row_groups)
    return parquet_blocks(file, contract.columns, seen, groups=groups, first=part.first, how=how, footer=footer)


def frame(spark: Any, split: Split, lake: str) -> Any:
    """A column that a folder says is text."""
    from pyspark.sql import functions as F

    fixed, columns = fixed_of(split.source, lake), split.contract.columns
    paths = [one.file.path for one in split.looked]
    by_folder = {name for path in paths for name in folders_of(path, fixed)}
    names = [read_as(column, fixed=fixed if source_name(column) in by_folder else None) for column in columns]
    file, position = F.col("_metadata.file_path").alias(FILE), F.col("_metadata.row_index").alias(POSITION)
    return spark.read.schema(ddl_of(columns)).parquet(*map(glob_words, paths)).select(*names, file, position)


KIND = Kind(look, rows, items=items, frame=frame)
