"""Files of a table that its newest version does not name: what erased rows lie in goes from the disk, too.

Found by listing the folder, whatever wrote it: older versions, stages of runs that died, change data, checksums. Stages
of a run that is at work stay; it asks for tombstones before it commits, and the proof looks there once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pyarrow.fs as pafs

from strongroom.core.erasure import TURN
from strongroom.flows.foundation.strays import IN_FLIGHT, STAGE
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.log_files import LOG
from strongroom.stores.lake.others import REWRAP, files_of
from strongroom.stores.lake.projections import TURN as REFRESH
from strongroom.stores.permissions import has_modes
from strongroom.stores.whole_file import keep_names


def drop_left(
    lake: Lake, table: str, *, now: float, holds: Callable[[str], bool] = lambda _: True
) -> tuple[int, list[str]]:
    """Deletes them; returns how many there were, and the stages that stay.

    Args:
        lake: where the table lies.
        table: its name.
        now: seconds since 1970.
        holds: whether one of an older version, named by its path in the table's folder, holds what has to go.
    """
    found = lake.open(table)
    if found is None:
        return 0, []
    filesystem, folder = filesystem_of(lake.folder(table))
    named = {unquote(path) for path in files_of(found)}
    turns = {
        "rewrap": found.transaction_version(REWRAP) or 0,
        "erase": found.transaction_version(TURN) or 0,
        "stage": max(found.transaction_version(each) or 0 for each in (table, table.partition(".")[2], REFRESH)),
    }
    stages: dict[str, list[pafs.FileInfo]] = {}
    gone = list[str]()
    for info in filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
        inside = info.path.removeprefix(folder).lstrip("/")
        top = inside.partition("/")[0]
        if info.type != pafs.FileType.File or top == LOG or inside in named:
            continue
        stage = STAGE.fullmatch(top)
        if stage is not None and int(stage[2]) > turns[stage[1]]:
            stages.setdefault(top, []).append(info)
            continue
        remains = stage is not None and (stage[1] == "erase" or top.startswith("_"))  # of a run that has ended
        if not remains and not holds(inside):
            continue
        gone.append(_delete(filesystem, info.path))
    flying = []
    for top, files in stages.items():
        if max(file.mtime_ns for file in files) / 1e9 > now - IN_FLIGHT:
            flying.append(top)
        else:
            gone += [_delete(filesystem, file.path) for file in files]
    if has_modes(lake.root):
        _settle({*gone} - {folder})
    return len(gone), flying


def _delete(filesystem: pafs.FileSystem, path: str) -> str:
    with suppress(FileNotFoundError):
        filesystem.delete_file(path)
    return path.rpartition("/")[0]


def _settle(folders: set[str]) -> None:
    """That files are gone is on the disk; so are their folders, where nothing else is in them."""
    for path in sorted(map(Path, folders), key=lambda path: -len(path.parts)):
        with suppress(OSError):
            keep_names(path)
            path.rmdir()
            keep_names(path.parent)
