"""A stage: a folder inside a table's own folder where files lie that no version refers to yet.

While it is being written its name begins with `_`: VACUUM passes such folders over, whoever runs it and however short
the time it keeps. No published file may lie there, so `commits.py` has the files linked to the stage's own name just
before they count. Object stores know no links, and a rename there is a copy: a stage has its own name from the start.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.others import files_of
from strongroom.stores.lake.parquet_sink import Place, Written, make_folder
from strongroom.stores.permissions import has_modes
from strongroom.stores.spark.settings import PARQUET

_TRIES = 5
"""How often a folder is deleted into which somebody still writes."""
_OF = re.compile(r"(?:^|/)(stage-\d+-[^/]+)/|-of-(stage-\d+-[^/]+)\.parquet$")


def written(lake: Lake, stage: str) -> str:
    """The name under which a stage, or a part of it, is written, and read until its commit."""
    return f"_{stage}" if has_modes(lake.root) else stage


def spark_path(lake: Lake, table: str, stage: str) -> str:
    """Where Spark writes a stage, or reads a part of it."""
    return lake.spark_path(table, written(lake, stage))


def stage_of(path: str) -> str | None:
    """The stage that a table's file was written in first, as its path says; None when others have written it anew."""
    found = _OF.search(unquote(path))
    return None if found is None else found[1] or found[2]


def is_of(path: str, stage: str) -> bool:
    """Whether a table's file was written in this stage first."""
    return stage_of(path) == stage


def is_of_column(path: Any, stage: str) -> Any:
    """The same of a Spark column of paths."""
    return path.contains(f"/{stage}/") | path.endswith(f"-of-{stage}.parquet")


def name_anew(path: str, number: int) -> str:
    """The name of a file that takes the place of another one with the same rows: it says which stage they are of."""
    stage = stage_of(path)
    return f"part-{number:05d}.parquet" if stage is None else f"part-{number:05d}-of-{stage}.parquet"


def write(frame: Any, path: str, *, stats: Iterable[str], by: str = "") -> None:
    """Has Spark write a frame as Parquet, in place of what lies there.

    Args:
        frame: the rows.
        path: as Spark names it.
        stats: the columns whose minima and maxima may stand in the files; of any other no value does.
        by: a column whose values become folders.
    """
    shown = {f"parquet.column.statistics.enabled#{name}": "true" for name in stats}
    writer = frame.write.mode("overwrite").options(**PARQUET, **shown)
    (writer.partitionBy(by) if by else writer).parquet(path)


def staged(lake: Lake, table: str, stage: str) -> list[AddAction]:
    """The Parquet files under a stage of the table's folder, ready to commit, each with its number of rows.

    A run that died just before its commit may have left some of them under their other name.
    """
    filesystem, folder = filesystem_of(lake.folder(table))
    files = {
        info.path.removeprefix(folder).lstrip("/_"): info
        for name in (stage, written(lake, stage))
        for info in filesystem.get_file_info(
            pafs.FileSelector(f"{folder}/{name}", recursive=True, allow_not_found=True)
        )
        if info.type == pafs.FileType.File and info.base_name.endswith(".parquet")
    }
    return [
        AddAction(
            path=info.path.removeprefix(folder).lstrip("/"),
            size=info.size,
            partition_values={},
            modification_time=info.mtime_ns // 1_000_000,
            data_change=True,
            stats=json.dumps({"numRecords": pq.read_metadata(info.path, filesystem=filesystem).num_rows}),
        )
        for _, info in sorted(files.items())
    ]


def staged_rows(lake: Lake, table: str, stage: str, *, column: str) -> list[Any]:
    """The values of one column of a stage, in memory: for the few rows that are about the run itself."""
    filesystem, folder = filesystem_of(lake.folder(table))
    files = [f"{folder}/{action.path}" for action in staged(lake, table, stage)]
    found = [pq.read_table(file, columns=[column], filesystem=filesystem, partitioning=None) for file in files]
    return [value for part in found for value in part.column(column).to_pylist()]


def actions(lake: Lake, stage: str, files: Iterable[Written]) -> list[AddAction]:
    """Files that workers wrote into a stage, ready to commit."""
    return [
        AddAction(
            path=f"{written(lake, stage)}/{file.name}",
            size=file.size,
            partition_values={},
            modification_time=file.modified,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in sorted(files, key=lambda file: file.name)
    ]


def place(lake: Lake, table: str, stage: str, *, stats: Iterable[str]) -> Place:
    """Where workers write a stage's files; its folder is made, so that it has the mode of those that this run makes."""
    folder = f"{lake.folder(table)}/{written(lake, stage)}"
    if not has_modes(lake.root):
        return Place(folder, tuple(stats))
    make_folder(folder)
    mask = os.umask(0o077)
    os.umask(mask)
    return Place(folder, tuple(stats), mask)


def drop_remains(lake: Lake, table: str, stage: str, *, named: Collection[str]) -> None:
    """Deletes what a stage holds but for the files that a version names: what attempts left that died or came second.

    Args:
        lake: where the table lies.
        table: its name.
        stage: its name.
        named: files as the table's log names them.
    """
    if written(lake, stage) != stage:
        _drop(lake, table, written(lake, stage))
    left, kept = besides(lake, table, stage, named=named)
    if not kept:
        _drop(lake, table, stage)
        return
    filesystem, folder = filesystem_of(lake.folder(table))
    for path in left:
        with suppress(FileNotFoundError):
            filesystem.delete_file(f"{folder}/{path}")


def drop_unnamed(lake: Lake, table: str, stage: str, *, version: int) -> None:
    """The same, of what a version of the table does not name that has just been made of this stage."""
    made = lake.open_at(table, version)
    if made is not None:
        drop_remains(lake, table, stage, named=files_of(made))


def drop_stage(lake: Lake, table: str, stage: str) -> None:
    """Deletes a stage that no version refers to, under both of its names; one that is not there is fine."""
    drop_remains(lake, table, stage, named=())


def besides(lake: Lake, table: str, stage: str, *, named: Collection[str]) -> tuple[list[str], int]:
    """The files under a stage's own name that are not among these, and how many are."""
    filesystem, folder = filesystem_of(lake.folder(table))
    own = {unquote(path) for path in named}
    selector = pafs.FileSelector(f"{folder}/{stage}", recursive=True, allow_not_found=True)
    paths = [info.path for info in filesystem.get_file_info(selector) if info.type == pafs.FileType.File]
    found = [path.removeprefix(folder).lstrip("/") for path in paths]
    left = [path for path in found if path not in own]
    return left, len(found) - len(left)


def _drop(lake: Lake, table: str, name: str) -> None:
    """Deletes a folder, whoever else does so at this moment or still writes into it."""
    filesystem, folder = filesystem_of(lake.folder(table))
    for left in reversed(range(_TRIES)):
        if filesystem.get_file_info(f"{folder}/{name}").type != pafs.FileType.Directory:
            return
        try:
            filesystem.delete_dir(f"{folder}/{name}")
            return
        except OSError:
            if not left:
                raise


def shown(adds: Iterable[AddAction]) -> list[AddAction]:
    """The files under the names that a version may give them: what begins with `_` no reader would look at."""
    return [replace(add, path=add.path.removeprefix("_")) for add in adds]


def names(adds: Iterable[AddAction]) -> list[str]:
    """The paths by which a version names these files."""
    return [add.path for add in shown(adds)]


def missing(lake: Lake, table: str, adds: Sequence[AddAction]) -> list[str]:
    """Gives staged files the names that a version gives them, and says which are not there, or not of their size.

    The name in the stage stays until the stage is deleted, so that a VACUUM that takes the other one can be mended.
    """
    filesystem, folder = filesystem_of(lake.folder(table))
    lost, tries = list(adds), 3
    while lost and tries:
        if tries < 3:
            for add in lost:
                _link(Path(folder, add.path), Path(folder, add.path.removeprefix("_")))
        places = filesystem.get_file_info([f"{folder}/{unquote(add.path.removeprefix('_'))}" for add in lost])
        lost = [add for add, place in zip(lost, places, strict=True) if place.size != add.size]
        tries -= 1
    return [add.path for add in lost]


def _link(staged: Path, name: Path) -> None:
    """A second name for a file; the only one where the file system knows no second ones."""
    if not staged.exists() or staged == name:
        return
    folder, like = name.parent, staged.parent.stat()
    with suppress(FileNotFoundError):  # a VACUUM deletes folders that it finds empty; then the next try makes it anew
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_gid != like.st_gid:
            os.chown(folder, -1, like.st_gid)
        folder.chmod(like.st_mode & 0o7777)
        try:
            os.link(staged, name)
        except FileExistsError:
            return
        except OSError:
            staged.rename(name)
