"""`parquet`: files whose footer says what is in them, in row groups that are read each by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Contract, Type, source_name
from strongroom.core.errors import Problem, StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.sql_text import identifier
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.parquet_pairs import asked_by
from strongroom.quality.reading.parquet_rows import Reading, fits, footer_of, means_one_thing, parquet_blocks
from strongroom.stores.sources.files import FILE, POSITION, fixed_of, place_of
from strongroom.stores.sources.hive_folders import NULL, folders_of
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
    said = dict(part.folders)  # what these say need not be in the file
    asked = [replace(column, required=False) if column.name in said else column for column in contract.columns]
    groups = part.groups or range(footer.num_row_groups)
    return parquet_blocks(file, asked, seen, groups=groups, first=part.first, how=how, footer=footer)


def frame(spark: Any, split: Split, lake: str) -> Any:
    """A column that a folder says is text."""
    from pyspark.sql import functions as F

    fixed, columns = fixed_of(split.source, lake), split.contract.columns
    paths = [one.file.path for one in split.looked]
    by_folder = {name for path in paths for name in folders_of(path, fixed)}
    names = [read_as(column, fixed=fixed if source_name(column) in by_folder else None) for column in columns]
    file, position = F.col("_metadata.file_path").alias(FILE), F.col("_metadata.row_index").alias(POSITION)
    return spark.read.schema(ddl_of(columns)).parquet(*map(glob_words, paths)).select(*names, file, position)


def read_as(column: Column, *, fixed: str | None = None) -> Any:
    """A column by our name, and the fields in it by theirs; its folder's text, below `fixed`, where there is one."""
    from pyspark.sql import functions as F

    name = source_name(column)
    found = F.col(identifier(name))
    if fixed is not None:
        return F.coalesce(_of_folder(name, fixed), found.cast("string")).alias(column.name)
    if any(field.source for field in _inside(column.type)):
        found = found.cast(column.type.ddl)  # by place, so names may differ
    return found.alias(column.name)


def _of_folder(name: str, fixed: str) -> Any:
    """The folder's text in the path, where `_metadata.file_path` has all but plain signs once more as `%XX`."""
    from pyspark.sql import functions as F

    names = "|".join(re.escape(way) for way in dict.fromkeys((name, quote(name, safe=""))))
    path = _undone(F.col("_metadata.file_path"))
    value = _undone(F.regexp_extract(path, rf"(?s){re.escape(fixed)}(?:.*/)?(?:{names})=([^/]*)/", 1))
    return F.when((value != "") & (value != NULL), value)


def _undone(text: Any) -> Any:
    """A column of text with its `%XX` undone."""
    from pyspark.sql import functions as F

    return F.coalesce(F.try_url_decode(F.replace(text, F.lit("+"), F.lit("%2B"))), text)


def _inside(type_: Type) -> Iterator[Column]:
    for column in (*type_.fields, *((type_.item,) if type_.item else ())):
        yield column
        yield from _inside(column.type)


def ddl_of(columns: Sequence[Column]) -> str:
    """The columns as Spark SQL declares them, by the source's names."""
    return ", ".join(f"{identifier(source_name(column))} {_source_ddl(column.type)}" for column in columns)


def _source_ddl(type_: Type) -> str:
    if type_.name == "struct":
        inner = (f"{identifier(source_name(each))}:{_source_ddl(each.type)}" for each in type_.fields)
        return f"struct<{','.join(inner)}>"
    return type_.ddl if type_.item is None else f"array<{_source_ddl(type_.item.type)}>"


KIND = Kind(look, rows, items=items, frame=frame)
