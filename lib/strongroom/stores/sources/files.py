"""Raw files: which there are, and what each is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Source
from strongroom.core.errors import StoreError
from strongroom.stores.lake import filesystem_of
from strongroom.stores.sources.local_listing import files_below, is_hidden, refuse_no_file

CORRUPT, FILE, POSITION, LINE, ENDS = "__corrupt", "__file", "__position", "__line", "__ends"
"""What a raw DataFrame has besides the contract's columns: a text that did not parse, or null; the file's path; the
row's number from 0, or, below 0, one more than the byte at which the part starts that Spark read it with; of text the
line's bytes, and whether that part ends the file.
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
    """Where a source lies: a path, or a URI, which has the escapes that the lake's root has."""
    return source.path if _is_whole(source.path) else f"{lake}/{source.path}"


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


@contextmanager
def listing(source: Source, location: str) -> Iterator[None]:
    """What the storage says while a source is listed, in our words."""
    where = f"{source.name} ({location})"
    try:
        yield
    except (OSError, pa.ArrowException, DeltaError) as error:
        raise StoreError(
            "this source cannot be listed", where=where, todo="Check the path and permission.", code="source.unreadable"
        ) from error
    except UnicodeDecodeError:
        todo = "Rename it; `find DIR | grep -axv '.*'` shows which."
        raise StoreError("a file's name here is no UTF-8", where=where, todo=todo, code="source.name") from None


def list_files(source: Source, lake: str) -> tuple[RawFile, ...]:
    """Every file of a source, sorted by path.

    Files and folders whose name starts with `_` or `.` are not data, but for folders like `_day=1`, as Spark has it.

    Raises:
        StoreError: there is none, or the place cannot be listed.
    """
    location = location_of(source, _plain(lake))
    with listing(source, location):
        filesystem, path = place_of(location)
        found = _matching(filesystem, path)
    files = [RawFile(_listed(info.path, location, path), info.size, info.mtime_ns // 1000) for info in found]
    if not files:
        todo, where = "Check the path of the contract's server.", f"{source.name} ({location})"
        raise StoreError("there is no file here", where=where, todo=todo, code="source.missing")
    return tuple(sorted(files, key=lambda file: file.path))


def _listed(inside: str, location: str, path: str) -> str:
    """A file's path with what the location has before the path inside its file system, as `s3://` or an account."""
    scheme, mark, rest = location.partition("://")
    if not mark:
        return inside
    host, _, _ = rest.partition("/")
    tail = location.rstrip("/")[len(scheme + mark + host) :]
    return f"{scheme}{mark}{host}{inside.removeprefix(path.removesuffix(tail))}"


def _matching(filesystem: Any, path: str) -> list[Any]:
    """Files at a path, under a folder, or matching a glob (`*` within one name, `**` across folders)."""
    info = filesystem.get_file_info(path)
    if info.type == pafs.FileType.File:
        return [info]
    fixed = path.split("*")[0].rpartition("/")[0] if "*" in path else path
    glob = path if "*" in path else f"{path}/**"
    words = re.escape(glob).replace(r"/\*\*/", "/(?:.*/)?").replace(r"/\*\*", "/.*").replace(r"\*", "[^/]*")
    pattern = f"(?s)^(?:{words}{'(/.*)?' if '*' in path else ''})$"
    if isinstance(filesystem, pafs.LocalFileSystem):
        below = files_below(filesystem, fixed, glob)
    else:
        below = filesystem.get_file_info(pafs.FileSelector(fixed or "/", recursive=True, allow_not_found=True))
    found = [info for info in below if info.type != pafs.FileType.Directory]
    # By RE2, whose time does not grow with the number of stars as it would by backtracking.
    meant = pc.match_substring_regex(pa.array([info.path for info in found], pa.string()), pattern).to_pylist()
    chosen = [
        info
        for info, is_meant in zip(found, meant, strict=True)
        if is_meant and not _is_hidden(info.path.removeprefix(fixed).split("/"))
    ]
    for info in chosen if isinstance(filesystem, pafs.LocalFileSystem) else ():
        refuse_no_file(info.path)
    return [info for info in chosen if info.type == pafs.FileType.File]


def _is_hidden(parts: Sequence[str]) -> bool:
    *folders, name = parts
    return name.startswith(("_", ".")) or any(map(is_hidden, folders))


def refuse_changed(files: Sequence[RawFile]) -> None:
    """What was read must be what was planned: whoever writes a file meanwhile may have had half of it read.

    A file that has gone since it was read is what it was. Delta tables have versions, and are none of these.

    Raises:
        StoreError: a file is another now.
    """
    if not files:
        return
    filesystem, _ = place_of(files[0].path)
    for file, info in zip(files, filesystem.get_file_info([place_of(file.path)[1] for file in files]), strict=True):
        if info.type == pafs.FileType.File and (info.size, info.mtime_ns // 1000) != (file.size, file.modified):
            todo = "Run again once it is written; better, write under a name that begins with _ and rename."
            raise StoreError(
                "this file was written while it was read", where=file.path, todo=todo, code="source.changed"
            )


def plain_path(uri: str) -> str:
    """A file's path as sources list it, from the URI that Spark gives."""
    return unquote(re.sub("^file:/+", "/", uri))
