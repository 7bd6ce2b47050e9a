"""Raw files as a DataFrame of Spark's: exactly those that were listed, by the source's names, under ours.

Nothing is inferred. Text formats (`json`, `csv`) are read with every scalar as text, so that it is our pass that turns
text into values and names the column when it cannot; `parquet` and `delta` are read with the contract's types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from strongroom.core.contract import Column, Contract, Source, Type, source_name
from strongroom.core.escaping import glob_words
from strongroom.core.sql_text import identifier
from strongroom.stores.hive_folders import NULL, folders_of
from strongroom.stores.sources import CORRUPT, FILE, POSITION, TEXT_FORMATS, RawFile, fixed_of


def read_raw(spark: Any, source: Source, *, files: Sequence[RawFile], contract: Contract, lake: str = "") -> Any:
    """A DataFrame over exactly these files: the contract's columns, then CORRUPT, FILE and POSITION.

    A column that a folder says is text, also where the source is typed.
    """
    from pyspark.sql import functions as F

    paths, fixed = [glob_words(file.path) for file in files], fixed_of(source, lake)
    by_folder = set[str]() if source.format == "delta" else {n for f in files for n in folders_of(f.path, fixed)}
    names = [
        read_as(column, source, fixed=fixed if source_name(column) in by_folder else None)
        for column in contract.columns
    ]
    file = F.col("_metadata.file_path").alias(FILE)
    part = (-1 - F.col("_metadata.file_block_start")).alias(POSITION)
    if source.format in TEXT_FORMATS:
        there = [c for c in contract.columns if source.format != "csv" or source_name(c) not in by_folder]
        schema = f"{ddl_of(there, text=True)}, {identifier(CORRUPT)} string"
        options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT, **_text_options(source)}
        rows = spark.read.schema(schema).options(**options).format(source.format).load(paths)
        return rows.select(*names, F.col(CORRUPT), file, part)
    if source.format == "delta":
        place = files[0].path if "://" in files[0].path else f"file://{files[0].path}"
        rows, position = spark.read.format("delta").option("versionAsOf", files[0].modified).load(place), part
        held = set(rows.columns)  # a table has no column that is not there, where a file reads as null
        names = [
            name if source_name(column) in held else F.lit(None).cast(column.type.ddl).alias(column.name)
            for column, name in zip(contract.columns, names, strict=True)
        ]
    else:
        position = F.col("_metadata.row_index").alias(POSITION)  # which Delta does not tell
        rows = spark.read.schema(ddl_of(contract.columns, text=False)).parquet(*paths)
    return rows.select(*names, F.lit(None).cast("string").alias(CORRUPT), file, position)


def read_as(column: Column, source: Source, *, fixed: str | None = None) -> Any:
    """A column by our name, and the fields in it by theirs; its folder's text, below `fixed`, where there is one."""
    from pyspark.sql import functions as F

    name, text = source_name(column), source.format in TEXT_FORMATS
    found = F.col(identifier(name))
    if fixed is not None:
        if source.format == "csv":  # which Spark reads by place
            return _of_folder(name, fixed).alias(column.name)
        return F.coalesce(_of_folder(name, fixed), found.cast("string")).alias(column.name)
    if any(field.source for field in _inside(column.type)):
        found = found.cast(text_ddl(column.type) if text else column.type.ddl)  # by place, so names may differ
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


def _text_options(source: Source) -> dict[str, str | bool]:
    """Reader options. A line of JSON ends at a line feed only: other line ends occur in text. In CSV a quote is doubled
    inside quotes (RFC 4180), where Spark by itself would take a backslash for an escape and swallow what follows.
    """
    if source.format == "json":
        return {"lineSep": "\n", **source.options}
    return {"escape": str(source.options.get("quote", '"')) or "\\", **source.options}


def ddl_of(columns: Sequence[Column], *, text: bool) -> str:
    """The columns as Spark SQL declares them; with `text`, every scalar is a string."""
    return ", ".join(f"{identifier(source_name(column))} {_source_ddl(column.type, text=text)}" for column in columns)


def _source_ddl(type_: Type, *, text: bool) -> str:
    if type_.name == "struct":
        inner = (f"{identifier(source_name(each))}:{_source_ddl(each.type, text=text)}" for each in type_.fields)
        return f"struct<{','.join(inner)}>"
    if type_.item is not None:
        return f"array<{_source_ddl(type_.item.type, text=text)}>"
    return "string" if text else type_.ddl


def text_ddl(type_: Type) -> str:
    """The type with every scalar in it a string."""
    if type_.name == "struct":
        return f"struct<{','.join(f'{identifier(column.name)}:{text_ddl(column.type)}' for column in type_.fields)}>"
    if type_.item is not None:
        return f"array<{text_ddl(type_.item.type)}>"
    return "string"
