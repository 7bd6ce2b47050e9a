"""A Delta table as a source, by its log: the files of a pinned version, and what later versions have added.

The log is read as the protocol describes it (https://github.com/delta-io/delta/blob/master/PROTOCOL.md): one JSON file
a version, one action a line. An increment looks at these and at nothing else, since checkpoints only say what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NoReturn
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError
from strongroom.core.escaping import preparing
from strongroom.stores.sources.files import place_of

Values = dict[str, str | None]
"""Partition column → text, null for a missing value."""


@dataclass(frozen=True, slots=True)
class DeltaFile:
    """A data file: its path as files are listed (nothing escaped), its bytes, its partition's values, and its rows or
    -1 where the log does not say.
    """

    path: str
    size: int
    values: Values = field(default_factory=dict)
    rows: int = -1


@dataclass(frozen=True, slots=True)
class Increment:
    """What versions `since` + 1 to `version` have added, in their order; `passed` are those that changed no row."""

    since: int
    version: int
    files: tuple[DeltaFile, ...] = ()
    passed: tuple[int, ...] = ()


def data_files(location: str, version: int) -> tuple[DeltaFile, ...]:
    """Every file of a version, sorted by path.

    Raises:
        StoreError: that version cannot be read any more.
    """
    try:
        found = pa.table(DeltaTable(location, version=version).get_add_actions())
    except (DeltaError, OSError) as error:
        todo = f"Read it as it is now: {preparing('NAME', mode='overwrite')}."
        raise StoreError(
            f"version {version} cannot be read", where=location, todo=todo, code="source.unreadable"
        ) from error
    files = [
        DeltaFile(
            _absolute(location, row["path"]),
            row["size_bytes"],
            {name: _text(value) for name, value in (row.get("partition") or {}).items()},
            -1 if row.get("num_records") is None else row["num_records"],
        )
        for row in found.to_pylist()
    ]
    return tuple(sorted(files, key=lambda file: file.path))


def added_since(location: str, *, since: int, version: int, size: int | None = None) -> Increment:
    """The files that versions `since` + 1 to `version` have added, each once, also where it was compacted since.

    A version whose actions all say that they change no data is passed over.

    Args:
        location: where the table lies.
        since: the version that was read last.
        version: the version to come to.
        size: bytes of all files of `since`, as they were then: another table in its place has others.

    Raises:
        StoreError: rows were taken out or changed; or the log of a version, or a file that it added, is gone; or it is
            another table. Names both versions and the way on.
    """
    if since > version or not _is_same(location, since, size):
        what = f"version {since} was read last, and this is another table now (version {version})"
        raise StoreError(what, where=location, todo=_OVERWRITE, code="source.increment")
    added: dict[str, tuple[int, DeltaFile]] = {}
    passed = []
    for number in range(since + 1, version + 1):
        changes = [action for action in _actions(location, number, since, version) if _changes(action)]
        for action in changes:
            file = _added(location, action, number, since, version)
            added.setdefault(file.path, (number, file))
        if not changes:
            passed.append(number)
    _check_there(location, added, since, version)
    return Increment(since, version, tuple(file for _, file in added.values()), tuple(passed))


_OVERWRITE = f"Read all of it anew: {preparing('NAME', mode='overwrite')}."


def _stop(location: str, what: str, since: int, version: int, *, after: int) -> NoReturn:
    todo = (
        f"{_OVERWRITE} Or, where that is what you want, leave alone what was read and what came up to then: "
        f"{preparing('NAME', f'--from-version {after}', mode='append')}."
    )
    raise StoreError(
        f"{what}; read were versions up to {since}, asked for up to {version}",
        where=location,
        todo=todo,
        code="source.increment",
    )


def _changes(action: dict[str, Any]) -> bool:
    return any(action[kind].get("dataChange", True) for kind in ("add", "remove") if kind in action)


def _added(location: str, action: dict[str, Any], number: int, since: int, version: int) -> DeltaFile:
    """The file of an action that adds one."""
    add = action.get("add")
    if add is None or add.get("deletionVector"):
        _stop(location, f"version {number} took out or changed rows", since, version, after=number)
    stats = json.loads(add.get("stats") or "{}")
    path, rows = _absolute(location, add["path"]), stats.get("numRecords", -1)
    return DeltaFile(path, add["size"], {name: text or None for name, text in add["partitionValues"].items()}, rows)


def _check_there(location: str, added: dict[str, tuple[int, DeltaFile]], since: int, version: int) -> None:
    if not added:
        return
    filesystem, _ = place_of(_plain(location))
    infos = filesystem.get_file_info([place_of(path)[1] for path in added])
    lost = [number for info, (number, file) in zip(infos, added.values(), strict=True) if info.size != file.size]
    if lost:
        _stop(location, f"a file that version {lost[0]} added is gone (VACUUM)", since, version, after=max(lost))


def _actions(location: str, number: int, since: int, version: int) -> Iterator[dict[str, Any]]:
    filesystem, folder = place_of(_plain(location))
    try:
        with filesystem.open_input_stream(f"{folder}/_delta_log/{number:020d}.json") as stream:
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        oldest = _oldest(filesystem, folder, version)
        _stop(location, f"what version {number} did is in the log no more", since, version, after=oldest - 1)
    except OSError as error:
        raise StoreError(
            "the log of this table cannot be read", where=location, todo="Check permission.", code="source.unreadable"
        ) from error
    yield from (json.loads(line) for line in lines if line.strip())


def _oldest(filesystem: Any, folder: str, version: int) -> int:
    """The first version from which on no entry is missing up to a version."""
    infos = filesystem.get_file_info(pafs.FileSelector(f"{folder}/_delta_log", allow_not_found=True))
    there = {info.base_name for info in infos}
    number = version + 1
    while f"{number - 1:020d}.json" in there:
        number -= 1
    return number


def _is_same(location: str, since: int, size: int | None) -> bool:
    """Whether a version has the bytes it had; one that cannot be read any more is taken for the same."""
    try:
        then = data_files(location, since) if size is not None else ()
    except StoreError:
        return True
    return size is None or sum(file.size for file in then) == size


def _absolute(location: str, path: str) -> str:
    """A path of the log, where `%XX` are escapes, as files are listed; a shallow clone has whole URIs."""
    if "://" in path:
        return unquote(path.removeprefix("file://"))
    return f"{_plain(location).rstrip('/')}/{unquote(path)}"


def _plain(location: str) -> str:
    """A table's place without the escapes that it may have as a URI."""
    return unquote(location) if "://" in location else location


def _text(value: object) -> str | None:
    """A partition's value as the log writes it."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value.isoformat() if isinstance(value, date) else str(value)
