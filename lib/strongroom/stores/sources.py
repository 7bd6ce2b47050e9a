"""Raw files: which there are, whether they are what the contract says, and a DataFrame over exactly those.

Nothing is inferred. Text formats (`json`, `csv`) are read with every scalar as text, so that it is our pass that turns
text into values and names the column when it cannot; `parquet` and `delta` are read with the contract's types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Column, Contract, Source, Type
from strongroom.core.errors import StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.sql_text import identifier
from strongroom.stores.lake import filesystem_of

TEXT_FORMATS = ("json", "csv")
"""Formats whose scalars arrive as text."""
CORRUPT, FILE, POSITION, LINE = "__corrupt", "__file", "__position", "__line"
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


def list_files(source: Source, lake: str) -> tuple[RawFile, ...]:
    """Every file of a source, sorted by path. Files whose name starts with `_` or `.` are not data.

    Raises:
        StoreError: there is none, or the place cannot be listed.
    """
    location = source.path if "://" in source.path or source.path.startswith("/") else f"{lake}/{source.path}"
    where = f"{source.name} ({location})"
    try:
        filesystem, path = filesystem_of(location)
        scheme = location.split("://", 1)[0] + "://" if "://" in location else ""
        if source.format == "delta":
            return (_pinned(location),)
        found = _matching(filesystem, path)
    except (OSError, pa.ArrowException, DeltaError) as error:
        raise StoreError("this source cannot be listed", where=where, todo="Check the path and permission.") from error
    files = [RawFile(scheme + info.path, info.size, info.mtime_ns // 1000) for info in found]
    if not files:
        raise StoreError("there is no file here", where=where, todo="Check the path of the contract's server.")
    return tuple(sorted(files, key=lambda file: file.path))


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
        if is_meant and not any(part.startswith(("_", ".")) for part in info.path.removeprefix(fixed).split("/"))
    ]


def read_raw(spark: Any, source: Source, *, files: Sequence[RawFile], contract: Contract) -> Any:
    """A DataFrame over exactly these files: the contract's columns, then CORRUPT, FILE and POSITION."""
    from pyspark.sql import functions as F

    paths = [glob_words(file.path) for file in files]
    names = [F.col(identifier(column.name)) for column in contract.columns]
    file = F.col("_metadata.file_path").alias(FILE)
    part = (-1 - F.col("_metadata.file_block_start")).alias(POSITION)
    if source.format in TEXT_FORMATS:
        schema = f"{_ddl(contract.columns, text=True)}, {identifier(CORRUPT)} string"
        options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT, **_text_options(source)}
        rows = spark.read.schema(schema).options(**options).format(source.format).load(paths)
        return rows.select(*names, F.col(CORRUPT), file, part)
    if source.format == "delta":
        place = files[0].path if "://" in files[0].path else f"file://{files[0].path}"
        rows, position = spark.read.format("delta").option("versionAsOf", files[0].modified).load(place), part
    else:
        position = F.col("_metadata.row_index").alias(POSITION)  # which Delta does not tell
        rows = spark.read.schema(_ddl(contract.columns, text=False)).parquet(*paths)
    return rows.select(*names, F.lit(None).cast("string").alias(CORRUPT), file, position)


def _text_options(source: Source) -> dict[str, str | bool]:
    """Reader options. A line of JSON ends at a line feed only: other line ends occur in text. In CSV a quote is doubled
    inside quotes (RFC 4180), where Spark by itself would take a backslash for an escape and swallow what follows.
    """
    if source.format == "json":
        return {"lineSep": "\n", **source.options}
    return {"escape": str(source.options.get("quote", '"')) or "\\", **source.options}


def _ddl(columns: Sequence[Column], *, text: bool) -> str:
    """The columns as Spark SQL declares them; with `text`, every scalar is a string."""
    kind = text_ddl if text else (lambda type_: type_.ddl)
    return ", ".join(f"{identifier(column.name)} {kind(column.type)}" for column in columns)


def text_ddl(type_: Type) -> str:
    """The type with every scalar in it a string."""
    if type_.name == "struct":
        return f"struct<{','.join(f'{identifier(column.name)}:{text_ddl(column.type)}' for column in type_.fields)}>"
    if type_.item is not None:
        return f"array<{text_ddl(type_.item.type)}>"
    return "string"


def plain_path(uri: str) -> str:
    """A file's path as sources list it, from the URI that Spark gives."""
    return unquote(uri.removeprefix("file://") if uri.startswith("file:///") else uri)
