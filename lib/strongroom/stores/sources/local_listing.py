"""Files below a local folder, links followed; none of them twice, and none that is no data.

Whoever puts files into a raw folder may put links there. One to a folder above itself, or two to one folder, would have
rows read many times, and a few of them have more paths than there is time to list; so a folder is entered once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs

from strongroom.core.errors import StoreError

_SYSTEM = ("/proc/", "/sys/", "/dev/")
"""What the system tells of itself: the environment of a process lies there, too."""


def files_below(filesystem: Any, fixed: str, glob: str) -> list[Any]:
    """What lies below `fixed` in folders that the glob may mean, as `get_file_info` tells it; hidden folders are none.

    Raises:
        StoreError: two ways lead to one folder, or a link leads to a folder that the system made.
    """
    steps = glob.removeprefix(fixed).strip("/").split("/")
    root = fixed or "/"
    entered, found, ahead = dict[str, str](), list[Any](), [(root, os.path.realpath(root), 0)]
    while ahead:
        folder, real, depth = ahead.pop()
        other = entered.setdefault(real, folder)
        if other != folder:
            todo = f"Take the link to it away: its files lie in {other} as well, and would be read twice."
            raise StoreError("two ways lead to this folder", where=folder, todo=todo, code="source.link")
        infos = filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
        links = _links(folder)
        lost = links - {info.base_name for info in infos}
        found += [pafs.FileInfo(f"{folder.rstrip('/')}/{name}", pafs.FileType.NotFound) for name in sorted(lost)]
        for info in infos:
            lies = os.path.realpath(info.path) if info.base_name in links else f"{real}/{info.base_name}"
            if info.type != pafs.FileType.Directory:
                found.append(info)
            elif not is_hidden(info.base_name) and _may_be_meant(info.base_name, steps, depth):
                ahead.append((info.path, lies, depth + 1))
    return found


def refuse_no_file(path: str) -> None:
    """What a glob means must be a file with rows.

    Raises:
        StoreError: it is a pipe, a device or a link to nothing, or tells of the system.
    """
    todo = "Take it away, or put the file there."
    if Path(path).is_symlink() and os.path.realpath(path).startswith(_SYSTEM):
        raise StoreError(
            "this link leads to what the system tells of itself", where=path, todo=todo, code="source.link"
        )
    if not Path(path).is_file() and os.path.lexists(path):
        raise StoreError(
            "this is no file: a link to nothing, a pipe, a device", where=path, todo=todo, code="source.link"
        )


def is_hidden(name: str) -> bool:
    """Whether a folder of this name holds no data; `_day=1` does, as Spark has it."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _links(folder: str) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_symlink()}
    except FileNotFoundError:
        return set()


def _may_be_meant(name: str, steps: list[str], depth: int) -> bool:
    """Whether files of a folder with this name, that deep, may match: a glob means what lies below its matches, too."""
    if depth >= len(steps) or any("**" in step for step in steps[: depth + 1]):
        return True
    words = re.escape(steps[depth]).replace(r"\*", "[^/]*")
    told: Iterator[bool] = iter(pc.match_substring_regex(pa.array([name]), f"(?s)^{words}$").to_pylist())
    return next(told)
