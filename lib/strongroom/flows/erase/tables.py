"""Rows of people out of a table: only files that hold them are written anew, in one commit that is a fence.

The commit counts only on exactly the version that was looked through. So every file of before it was searched, and who
commits after it asks for tombstones first (`flows/foundation/erased.py`). It is made also where nobody was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from strongroom.core.erasure import TURN
from strongroom.flows.erase.crowd import Crowd, Flags
from strongroom.flows.foundation.erased import leaves_out, rows_of_people, tags_of
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.file_rewrite import file_anew
from strongroom.stores.lake.others import ERASE, files_of, fit

Find = Callable[[str], tuple[Flags, Counter[str]]]
"""Of a file, as the log names it: which rows are to go, and how many of them for each request."""


@dataclass(slots=True)
class Hits:
    """What was found of people in a table, or taken out: rows by request, and files and bytes that held them."""

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    size: int = 0
    version: int | None = None

    def add(self, rows: Counter[str], size: int) -> None:
        """One more file."""
        if rows:
            self.rows.update(rows)
            self.files += 1
            self.size += size


def by_tag(lake: Lake, table: str, crowd: Crowd) -> Find:
    """Finds people by the tags of the rows."""

    def find(path: str) -> tuple[Flags, Counter[str]]:
        rows = rows_of_people(lake, table, path, crowd.people)
        if not rows.any():
            return rows, Counter()
        tags = pa.concat_arrays([*tags_of(lake, table, path)])
        return rows, crowd.counted(tags.filter(pa.array(rows)))

    return find


def hits(found: DeltaTable, find: Find) -> Hits:
    """What is found in the newest version; nothing is changed."""
    told = Hits(version=found.version())
    for path, size in sorted(files_of(found).items()):
        told.add(find(path)[1], size)
    return told


def erased(
    lake: Lake, table: str, find: Find, *, number: int | None, run_id: str, step: Callable[[str], None] = lambda _: None
) -> Hits:
    """Takes the rows out, and commits also where there is none; without a number only where there is some.

    Args:
        lake: where the table lies.
        table: its name.
        find: says which rows.
        number: of the erasure, which the table's log keeps; None where it is no erasure.
        run_id: of the run.
        step: is told what is done next.

    Raises:
        StoreError: the table's files are not its rows, or it cannot be written; its rows are what they were.
    """
    looked = lake.open(table)
    if looked is None:
        return Hits()
    fit(table, looked)
    turn = looked.transaction_version(TURN) or 0
    if (number is None or turn >= number) and not hits(looked, find).rows:
        return Hits(version=looked.version())  # a run that was killed has come so far
    stage = f"erase-{turn if number is None else number:06d}-{run_id}"
    work = _Work(lake, table, find, staging.written(lake, stage), step)
    step("commit")
    version = commits.commit(lake, table, lambda now: work.change(now, number), looked=looked, note={ERASE: run_id})
    return work.told(version)


@dataclass(slots=True)
class _Work:
    """Files that were looked through: None for one without hits, else the action that puts another in its place."""

    lake: Lake
    table: str
    find: Find
    stage: str
    step: Callable[[str], None]
    seen: dict[str, tuple[Counter[str], int, AddAction | None]] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)

    def change(self, now: DeltaTable, number: int | None) -> Change:
        """What is to be done with the files of this very version; those that are new since the last try are read."""
        files = files_of(now)
        for path, size in sorted(files.items()):
            if path not in self.seen:
                self.seen[path] = self._looked(now, path, size)
        self.live = {path for path in files if self.seen[path][0]}
        pairs = [(path, files[path], self.seen[path][2]) for path in sorted(self.live)]
        removes = [RemoveAction(path, True, self._now(new), size, {}) for path, size, new in pairs]
        return Change(
            [new for *_, new in pairs if new is not None], removes, marks={} if number is None else {TURN: number}
        )

    def _looked(self, now: DeltaTable, path: str, size: int) -> tuple[Counter[str], int, AddAction | None]:
        rows, counts = self.find(path)
        if not rows.any():
            return Counter(), size, None
        if rows.all():
            return counts, size, None
        self.step("file")
        name = f"{self.stage}/{staging.name_anew(path, len(self.seen))}"
        schema = pa.schema(now.schema().to_arrow())
        return counts, size, file_anew(self.lake, self.table, now, path, name, change=leaves_out(rows), schema=schema)

    def _now(self, new: AddAction | None) -> int:
        return new.modification_time if new is not None else 0

    def told(self, version: int) -> Hits:
        """What was taken out."""
        told = Hits(version=version)
        for path in self.live:
            told.add(*self.seen[path][:2])
        return told
