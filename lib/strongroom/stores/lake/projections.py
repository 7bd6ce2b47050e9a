"""Projections on disk: Delta tables whose every file comes from one file of their source, and says so by its name.

So what has to be done is the difference of two lists of files. Files that no version needs are deleted at once: what
was erased from the source is gone from here with the next refresh, and older versions are only names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from strongroom.core.erasure import TURN as ERASURE
from strongroom.core.errors import StoreError
from strongroom.stores import permissions
from strongroom.stores.lake import commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.others import files_of
from strongroom.stores.table_plan import TablePlan

TURN = "projection"
"""The writer in a projection's Delta log that counts its refreshes; what it holds is a writer of the same number."""
_STAGE = re.compile(r"_?stage-(\d+)-.*")


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a projection that is written and not committed: whence, its name in the stage, bytes and rows."""

    source: str
    name: str
    size: int
    rows: int


def source_id(path: str) -> str:
    """What stands for a source's file in the names of projected ones: a file's path never changes its content."""
    return hashlib.sha256(path.encode()).hexdigest()[:24]


def source_files(lake: Lake, table: str) -> dict[str, str]:
    """Each file of the source's newest version by its id; the path is relative to the table's folder.

    Raises:
        StoreError: the table's files are not its rows.
    """
    found = Rewrite.of(lake, table, run_id="project")
    paths = [unquote(path) for path, _ in found.files()] if found is not None else []
    return {source_id(path): path for path in paths}


def existing(lake: Lake) -> Iterator[str]:
    """Every projection there is, as a table's name: `projected.ROLE.PURPOSES.ZONE.NAME`."""
    filesystem, folder = filesystem_of(f"{lake.root.rstrip('/')}/{permissions.OPEN_ZONE}")
    level = [folder]
    for _ in range(4):
        level = [
            info.path
            for path in level
            for info in filesystem.get_file_info(pafs.FileSelector(path, allow_not_found=True))
            if info.type == pafs.FileType.Directory
        ]
    for path in sorted(level):
        yield ".".join((permissions.OPEN_ZONE, *path.removeprefix(folder).strip("/").split("/")))


def holds(found: DeltaTable | None, content: str) -> bool:
    """Whether the newest version of a projection is this content, whatever files it was made from."""
    turn = found.transaction_version(TURN) if found is not None else None
    return bool(turn) and found is not None and found.transaction_version(content) == turn


def by_source(found: DeltaTable) -> dict[str, list[tuple[str, int]]]:
    """Path and size of each projected file of a version, by the id of the source's file that it was made from."""
    files: dict[str, list[tuple[str, int]]] = {}
    for path, size in sorted(files_of(found).items()):
        files.setdefault(unquote(path).rpartition("/")[2].partition("-")[0], []).append((path, size))
    return files


class Relaid(StoreError):
    """Others have laid a projection's rows into other files: which of them leave with their source, nobody can tell."""

    def __init__(self, table: str) -> None:
        what = "others have rewritten files of this projection while it was refreshed"
        super().__init__(what, where=table, todo="Run again.")


@dataclass(slots=True)
class Projected:
    """A projection that is being brought to its source."""

    lake: Lake
    table: str
    onto: DeltaTable
    group: int | None

    @classmethod
    def open(cls, lake: Lake, table: str, plan: TablePlan, *, group: int | None) -> Projected:
        """The projection as it is; made empty, and its owner's alone, when it is not there."""
        if permissions.has_modes(lake.root) and not Path(lake.folder(table)).exists():
            permissions.make_private(Path(lake.folder(table)))
        return cls(lake, table, lake.ensure(table, plan), group)

    @property
    def turn(self) -> int:
        """The number of the refresh that comes next."""
        return (self.onto.transaction_version(TURN) or 0) + 1

    def stage(self, run_id: str) -> str:
        """The folder in the table's own where a run leaves files before they count."""
        return f"stage-{self.turn:06d}-{run_id}"

    def files(self) -> dict[str, list[tuple[str, int]]]:
        """Path and size of each projected file, by the id of the source's file that it was made from."""
        return by_source(self.onto)

    def begin(self, stage: str) -> str:
        """Makes the stage, for its owner only, and returns its place."""
        place = self._place(stage)
        filesystem, folder = filesystem_of(place)
        filesystem.create_dir(folder, recursive=True)
        if permissions.has_modes(self.lake.root):
            Path(folder).chmod(0o700)
        return place

    def empty(self, stage: str, source: str, schema: pa.Schema) -> Written:
        """A file without rows: its source's file has none for this projection, and is not looked at again."""
        filesystem, folder = filesystem_of(self._place(stage))
        name = f"{source}-none.parquet"
        pq.write_table(schema.empty_table(), f"{folder}/{name}", filesystem=filesystem, write_statistics=False)
        return Written(source, name, filesystem.get_file_info(f"{folder}/{name}").size, 0)

    def _place(self, stage: str) -> str:
        return f"{self.lake.folder(self.table)}/{staging.written(self.lake, stage)}"

    def commit(
        self, stage: str, written: Iterable[Written], *, gone: Iterable[str], schema: pa.Schema, content: Iterable[str],
        anew: bool, at_ms: int, note: Mapping[str, str], free: int = 0,
        live: Callable[[], Collection[str]] | None = None,
    ) -> int:  # fmt: skip
        """New files in, and those of the source's files that are gone out, as one version; returns its number.

        Args:
            stage: where the new files lie.
            written: the new files.
            gone: ids of the source's files whose rows leave.
            schema: the columns.
            content: what the version holds, by fingerprints; see `holds`.
            anew: whether every file of before leaves.
            at_ms: the run's start, in milliseconds since 1970.
            note: what the version's history says of it.
            live: gives the source's files as of now, by id; of others nothing comes. None: all of them are.
            free: up to which erasure the source's rows are free of people (`core/erasure.py: TURN`).

        Raises:
            Relaid: others have mixed rows that leave with rows that stay; nothing is changed.
            StoreError: another run refreshed it first; nothing is changed.
        """
        written = [*written]
        turn, known = self.turn, {source: self.files().get(source, []) for source in gone}
        adds = {
            file.name: AddAction(
                f"{staging.written(self.lake, stage)}/{file.name}", file.size, {}, at_ms, True,
                json.dumps({"numRecords": file.rows}),
            )
            for file in written
        }  # fmt: skip
        of_file = {file.name: file.source for file in written}

        def change(now: DeltaTable) -> Change:
            # of a file that people were taken out of since, nothing comes: its successor is projected the next time
            there = None if live is None else live()
            mine = [add for name, add in adds.items() if there is None or of_file[name] in there]
            marks = {ERASURE: free} if free > (now.transaction_version(ERASURE) or 0) else {}
            if anew:
                return Change(mine, whole=True, schema=schema, marks=marks)
            here = by_source(now)
            if any(here.get(source, []) != files for source, files in known.items()):
                raise Relaid(self.table)
            old = [file for files in known.values() for file in files]
            return Change(mine, [RemoveAction(path, True, at_ms, size, {}) for path, size in old], marks=marks)

        if permissions.has_modes(self.lake.root):
            with suppress(FileNotFoundError):  # swept by a run that has committed since, as will be seen
                permissions.give(Path(self.lake.folder(self.table)) / staging.written(self.lake, stage), self.group)
        writers = dict.fromkeys((TURN, *content), turn)
        version = commits.commit(self.lake, self.table, change, looked=self.onto, writers=writers, note=note)
        self.onto = DeltaTable(self.lake.folder(self.table))
        return version

    def sweep(self) -> None:
        """Deletes every file that the newest version does not need, and gives the rest to the role's group.

        Stages of a later number stay: they belong to a run that is still at work.
        """
        filesystem, folder = filesystem_of(self.lake.folder(self.table))
        needed = {f"{folder}/{unquote(path)}" for files in self.files().values() for path, _ in files}
        kept = [f"{folder}/_delta_log"]
        for info in filesystem.get_file_info(pafs.FileSelector(folder)):
            stage = _STAGE.fullmatch(info.base_name)
            if info.type != pafs.FileType.Directory or stage is None or int(stage[1]) >= self.turn:
                continue
            inside = [each.path for each in filesystem.get_file_info(pafs.FileSelector(info.path))]
            if not needed.intersection(inside):
                filesystem.delete_dir(info.path)
                continue
            kept.append(info.path)
            for path in inside:
                if path not in needed:
                    filesystem.delete_file(path)
        if permissions.has_modes(self.lake.root):
            for path in kept:
                permissions.give(Path(path), self.group)
            permissions.give(Path(folder), self.group, deep=False)


def close_changed(lake: Lake, table: str, *, content: str) -> None:
    """Closes a projection that does not hold what it should, until it is made anew; object stores cannot."""
    if permissions.has_modes(lake.root) and Path(lake.folder(table)).exists() and not holds(lake.open(table), content):
        Path(lake.folder(table)).chmod(0o700)


def drop(lake: Lake, table: str) -> None:
    """Deletes a projection, its rows first: who holds its path finds nothing, at once."""
    filesystem, folder = filesystem_of(lake.folder(table))
    if permissions.has_modes(lake.root):
        Path(folder).chmod(0o700)
    for info in filesystem.get_file_info(pafs.FileSelector(folder)):
        if info.type == pafs.FileType.Directory and info.base_name != "_delta_log":
            filesystem.delete_dir(info.path)
    filesystem.delete_dir(folder)
    for _ in range(3):  # the folders above it, as far as nothing else is in them
        folder = folder.rpartition("/")[0]
        if filesystem.get_file_info(pafs.FileSelector(folder)):
            return
        filesystem.delete_dir(folder)


def close(lake: Lake, table: str) -> None:
    """Closes a projection to its role, its rows kept; `project` opens it again. Object stores cannot."""
    if permissions.has_modes(lake.root) and Path(lake.folder(table)).exists():
        Path(lake.folder(table)).chmod(0o700)
