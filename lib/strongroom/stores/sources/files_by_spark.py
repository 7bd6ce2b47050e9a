"""Columns of typed raw files as Spark reads them, where workers do not open them themselves: by the source's names,
under ours, and with the contract's types. Nothing is inferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from strongroom.core.contract import Column, Type, source_name
from strongroom.core.sql_text import identifier
from strongroom.stores.sources.hive_folders import NULL


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
