"""Raw files: which there are, whether they are what the contract says, and a DataFrame over exactly those.

Nothing is inferred. Text formats (`json`, `csv`) are read with every scalar as text, so that it is our pass that turns
text into values and names the column when it cannot; `parquet` and `delta` are read with the contract's types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Column, Contract, Source, Type, source_name
from strongroom.core.errors import StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.sql_text import identifier
from strongroom.stores.hive_folders import NULL, folders_of
from strongroom.stores.lake import filesystem_of

TEXT_FORMATS = ("json", "csv")
"""Formats whose scalars arrive as text."""
CORRUPT, FILE, POSITION = "__corrupt", "__file", "__position"
"""What a raw DataFrame has besides the contract's columns: a text that did not parse, or null; the file's path; and the
row's number from 0, or, below 0, one more than the byte at which the part starts that Spark read it with.
"""


@dataclass(frozen=True, slots=True)
class RawFile:
    """A raw file as it was when the run was planned: its path, bytes, and microseconds since 1970.

    A Delta table is one file whose `modified` is its version.
    """

    path: str
    size: int
    modified: int


def fixed_of(source: Source, lake: str) -> str:
    """What stands before the contract's own path in the paths of a source's files; see `folders_of`."""
    return "" if _is_whole(source.path) else f"{_plain(lake)}/"


def location_of(source: Source, lake: str) -> str:
    """Where a source lies: a path or URI in which nothing is escaped; of a Delta table as its own library takes it."""
    if _is_whole(source.path):
        return source.path
    return f"{lake if source.format == 'delta' else _plain(lake)}/{source.path}"


def _plain(lake: str) -> str:
    """A lake's root without the escapes that it may have as a URI."""
    return unquote(lake) if "://" in lake else lake


def _is_whole(path: str) -> bool:
    return "://" in path or path.startswith("/")


def place_of(path: str) -> tuple[Any, str]:
    """The file system of a source or listed file, and the path inside it.

    In such a path nothing is escaped, also where it looks like a URI: a `%`, a blank, a `#` is part of a name.
    """
    scheme, mark, rest = path.partition("://")
    if not mark:
        return filesystem_of(path)
    host, slash, inside = rest.partition("/")
    return filesystem_of(f"{scheme}{mark}{host}{slash}{quote(inside, safe='/*')}")


def list_files(source: Source, lake: str) -> tuple[RawFile, ...]:
    """Every file of a source, sorted by path.

    Files and folders whose name starts with `_` or `.` are not data, but for folders like `_day=1`, as Spark has it.

    Raises:
        StoreError: there is none, or the place cannot be listed.
    """
    location = location_of(source, lake)
    where = f"{source.name} ({location})"
    try:
        if source.format == "delta":
            return (_pinned(location),)
        filesystem, path = place_of(location)
        found = _matching(filesystem, path)
    except (OSError, pa.ArrowException, DeltaError) as error:
        raise StoreError("this source cannot be listed", where=where, todo="Check the path and permission.") from error
    except UnicodeDecodeError:
        todo = "Rename it; `find DIR | grep -axv '.*'` shows which."
        raise StoreError("a file's name here is no UTF-8", where=where, todo=todo) from None
    files = [RawFile(_listed(info.path, location, path), info.size, info.mtime_ns // 1000) for info in found]
    if not files:
        raise StoreError("there is no file here", where=where, todo="Check the path of the contract's server.")
    return tuple(sorted(files, key=lambda file: file.path))


def _listed(inside: str, location: str, path: str) -> str:
    """A file's path with what the location has before the path inside its file system, as `s3://` or an account."""
    scheme, mark, rest = location.partition("://")
    if not mark:
        return inside
    host, _, _ = rest.partition("/")
    tail = location.rstrip("/")[len(scheme + mark + host) :]
    return f"{scheme}{mark}{host}{inside.removeprefix(path.removesuffix(tail))}"


def _pinned(location: str) -> RawFile:
    """A Delta table as one file: its bytes, and for its time the version, which is what a run reads."""
    table = DeltaTable(location)
    sizes = pa.table(table.get_add_actions()).column("size_bytes")
    return RawFile(location, sum(sizes.to_pylist()), int(table.version()))


def _matching(filesystem: Any, path: str) -> list[Any]:
    """Files at a path, under a folder, or matching a glob (`*` within one name, `**` across folders)."""
    info = filesystem.get_file_info(path)
    if info.type == pafs.FileType.File:
        return [info]
    fixed = path.split("*")[0].rpartition("/")[0] if "*" in path else path
    glob = path if "*" in path else f"{path}/**"
    words = re.escape(glob).replace(r"/\*\*/", "/(?:.*/)?").replace(r"/\*\*", "/.*").replace(r"\*", "[^/]*")
    pattern = f"(?s)^(?:{words}{'(/.*)?' if '*' in path else ''})$"
    selector = pafs.FileSelector(fixed or "/", recursive=True, allow_not_found=True)
    found = [info for info in filesystem.get_file_info(selector) if info.type == pafs.FileType.File]
    # By RE2, whose time does not grow with the number of stars as it would by backtracking.
    meant = pc.match_substring_regex(pa.array([info.path for info in found], pa.string()), pattern).to_pylist()
    return [
        info
        for info, is_meant in zip(found, meant, strict=True)
        if is_meant and not _is_hidden(info.path.removeprefix(fixed).split("/"))
    ]


def _is_hidden(parts: Sequence[str]) -> bool:
    *folders, name = parts
    return name.startswith(("_", ".")) or any(
        part.startswith(".") or (part.startswith("_") and "=" not in part) for part in folders
    )


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
