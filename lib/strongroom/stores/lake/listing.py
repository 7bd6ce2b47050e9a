"""Which Delta tables lie in a lake, whatever it is stored in; and which of its folders cannot be looked into."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as the storage has it: its path inside the file system, bytes, when it was written in seconds since 1970,
    and whether it is no file but a link or another thing that a folder of this system can hold.
    """

    path: str
    size: int
    written: float
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The tables under a lake's root by name, and the folders whose content is not known, each with why."""

    tables: tuple[str, ...]
    unread: tuple[tuple[str, str], ...] = ()


def unreadable(lake: Lake, why: str) -> StoreError:
    """What to raise where not all of a lake can be looked into."""
    what = f"the lake cannot be read: {why}"
    return StoreError(what, where=lake.root, todo="Check its folder.", code="table.unreadable")


def tables_in(lake: Lake, *, without: Collection[str] = ()) -> Listing:
    """Looks below the lake's root, zone by zone; an empty or missing lake has no table.

    Args:
        lake: where to look.
        without: zones that are not looked into.

    Raises:
        StoreError: the root itself cannot be looked into.
    """
    unread: list[tuple[str, str]] = []
    try:
        filesystem, root = filesystem_of(lake.root)
        found = sorted(_below(filesystem, root, (), without, unread))
    except (OSError, pa.ArrowException) as fault:
        raise unreadable(lake, _why(fault)) from None
    return Listing(tuple(found), tuple(unread))


def _below(
    filesystem: pafs.FileSystem,
    folder: str,
    names: tuple[str, ...],
    without: Collection[str],
    unread: list[tuple[str, str]],
) -> Iterator[str]:
    try:
        found = filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
    except (OSError, pa.ArrowException) as fault:
        if not names:
            raise
        unread.append((".".join(names), _why(fault)))
        return
    folders = [info for info in found if info.type == pafs.FileType.Directory]
    if any(info.base_name == "_delta_log" for info in folders):
        yield ".".join(names)
        return
    for info in folders:
        if not info.base_name.startswith(("_", ".")) and (names or info.base_name not in without):
            yield from _below(filesystem, info.path, (*names, info.base_name), without, unread)


def files_below(place: str, unread: list[tuple[str, str]], *, without: Collection[str] = ()) -> Iterator[Stored]:
    """Every file in a folder and those below it. Links are not followed: what is behind them lies elsewhere.

    Args:
        place: the folder; one that is not there has no file.
        unread: takes the folders that cannot be looked into, each with why.
        without: folders, as the file system names them, that are not looked into.
    """
    filesystem, root = filesystem_of(place)
    local, ahead = isinstance(filesystem, pafs.LocalFileSystem), [root]
    while ahead:
        folder = ahead.pop()
        try:
            infos = filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
        except (OSError, pa.ArrowException, UnicodeDecodeError) as fault:
            unread.append((folder, _why(fault)))
            continue
        for info in sorted(infos, key=lambda info: info.path):
            link = local and Path(info.path).is_symlink()
            if info.type == pafs.FileType.Directory and not link:
                ahead += [info.path] if info.path not in without else []
            elif not (link and info.path in without):
                odd = link or info.type != pafs.FileType.File
                yield Stored(info.path, info.size or 0, (info.mtime_ns or 0) / 1e9, odd)
        if local:  # Arrow leaves out a link to nowhere
            named = {info.base_name for info in infos}
            lost = sorted(name for name in _names(folder) if name not in named)
            yield from (Stored(f"{folder}/{name}", 0, 0.0, odd=True) for name in lost)


def _names(folder: str) -> list[str]:
    try:
        return [each.name for each in Path(folder).iterdir()]
    except OSError:
        return []


def _why(fault: Exception) -> str:
    """The system's word for it; an object store's own message may quote what it likes."""
    return str(getattr(fault, "strerror", None) or type(fault).__name__)
