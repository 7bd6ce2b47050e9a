"""Which files went into which batch of a data set, written ahead of the work.

A batch is published when the training table's own Delta log says so: the commit that publishes batch n carries the
writer `DATASET/n`. So there is one truth, and it changes in one atomic step. Every commit also carries the writer
`DATASET` with the batch's number: two runs of one data set at once exclude each other, since the second to commit finds
that this writer has moved on. A batch that a killed run left open is fenced off by an empty commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from strongroom.core.errors import StoreError
from strongroom.core.run import RUN
from strongroom.core.sql_text import equals
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.others import actions_of, files_of
from strongroom.stores.sources.files import RawFile

MANIFEST, RETRY, REREAD, RENEWED = "strongroom.manifest", "retry", "reread", "renewed"
"""The table, the mode of a batch that reads the quarantine and no raw file, and of one that reads another's files anew
and takes its place. `RENEWED` is none of a batch: a raw file was written anew without records of erased people.
"""
_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("batch", pa.int64()),
        ("run_id", pa.string()),
        ("mode", pa.string()),
        ("path", pa.string()),
        ("size", pa.int64()),
        ("modified", pa.int64()),
        ("planned", pa.timestamp("us", "UTC")),
        ("replaces", pa.int64()),
        ("old_size", pa.int64()),
        ("old_modified", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One planned batch: its number (from 1), the run it belongs to, exactly the files it reads, and the number of the
    batch whose place it takes, if it does.
    """

    dataset: str
    number: int
    run_id: str
    mode: str
    files: tuple[RawFile, ...]
    replaces: int | None = None

    @property
    def writers(self) -> dict[str, int]:
        """What the commit that publishes this batch leaves in the Delta log."""
        return {self.dataset: self.number, f"{self.dataset}/{self.number}": 1}

    @property
    def stage(self) -> str:
        """The stage's folder inside a table: the same batch of the same run always has the same."""
        return f"stage-{self.number:06d}-{self.run_id}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an increment finds: files not seen before, files rewritten since they were read, and files that are gone."""

    new: tuple[RawFile, ...]
    rewritten: tuple[RawFile, ...]
    vanished: tuple[RawFile, ...]


def batches(lake: Lake, dataset: str) -> tuple[Batch, ...]:
    """Every batch ever planned for a data set, in order."""
    rows = lake.read(MANIFEST, where=equals("dataset", dataset))
    if rows is None:
        return ()
    renewed = _renewed(lake, rows.filter(pc.equal(rows["mode"], RENEWED)))
    rows = rows.filter(pc.not_equal(rows["mode"], RENEWED))
    of = {name: rows.column(name).to_pylist() for name in rows.column_names if name not in ("dataset", "planned")}
    found: dict[int, list[int]] = {}
    for at, number in enumerate(of["batch"]):
        found.setdefault(number, []).append(at)
    paths = [path if mode == RETRY else _whole(lake, path) for path, mode in zip(of["path"], of["mode"], strict=True)]
    files = [_by_now(RawFile(*file), renewed) for file in zip(paths, of["size"], of["modified"], strict=True)]
    replaces = of.get("replaces", [None] * len(files))
    return tuple(
        Batch(
            dataset,
            number,
            of["run_id"][places[0]],
            of["mode"][places[0]],
            tuple(sorted((files[at] for at in places), key=attrgetter("path", "size", "modified"))),
            replaces[places[0]],
        )
        for number, places in sorted(found.items())
    )


def planned(lake: Lake, dataset: str) -> dict[int, datetime]:
    """When each batch of a data set was planned: what it read is older."""
    rows = lake.read(MANIFEST, ("batch", "planned"), where=equals("dataset", dataset))
    if rows is None:
        return {}
    return dict(zip(*(rows.column(name).to_pylist() for name in ("batch", "planned")), strict=True))


def renew(lake: Lake, datasets: Iterable[str], old: RawFile, new: RawFile, *, at: datetime) -> None:
    """Says ahead that a raw file is about to be another one, of which nothing has to be read that was not read."""
    rows = [
        {"dataset": dataset, "batch": 0, "run_id": "", "mode": RENEWED, "path": _within(lake, new.path),
         "size": new.size, "modified": new.modified, "planned": at, "replaces": None,
         "old_size": old.size, "old_modified": old.modified}
        for dataset in datasets
    ]  # fmt: skip
    commits.append(lake, MANIFEST, pa.Table.from_pylist(rows, _SCHEMA))


def _renewed(lake: Lake, rows: pa.Table) -> dict[RawFile, RawFile]:
    return {
        RawFile(path, row["old_size"], row["old_modified"]): RawFile(path, row["size"], row["modified"])
        for row in rows.sort_by("planned").to_pylist()  # of a run that was killed and run again the later one counts
        for path in (_whole(lake, row["path"]),)
    }


def _by_now(file: RawFile, renewed: Mapping[RawFile, RawFile]) -> RawFile:
    """A file that was read, as it is since it was written anew."""
    seen = {file}
    while (file := renewed.get(file, file)) not in seen:
        seen.add(file)
    return file


def _within(lake: Lake, path: str) -> str:
    """A file's path as the manifest keeps it: below the lake's root relative to that, so that a lake can be moved."""
    return path.removeprefix(f"{lake.root.rstrip('/')}/")


def _whole(lake: Lake, path: str) -> str:
    """The path again. Earlier versions kept every path whole."""
    return path if "://" in path or path.startswith("/") else f"{lake.root.rstrip('/')}/{path}"


def published(batch: Batch, table: DeltaTable) -> bool:
    """Whether readers of the table see this batch, or saw it until a later one replaced it.

    A batch that was taken back has the number 0.
    """
    return (table.transaction_version(f"{batch.dataset}/{batch.number}") or 0) > 0


def seen(known: Iterable[Batch], table: DeltaTable) -> tuple[Batch, ...]:
    """The batches whose rows readers see: those published since the last whole snapshot, but such as were replaced."""
    found: dict[int, Batch] = {}
    for batch in known:
        if published(batch, table):
            found = {} if batch.mode == "overwrite" else found
            found.pop(batch.replaces or 0, None)
            found[batch.number] = batch
    return tuple(found.values())


def read_before(known: Iterable[Batch], table: DeltaTable) -> dict[str, RawFile]:
    """By path, each file whose rows readers see, as it was when it was read last."""
    return {file.path: file for batch in seen(known, table) if batch.mode != RETRY for file in batch.files}


def changes(files: Sequence[RawFile], known: Iterable[Batch], table: DeltaTable) -> Changes:
    """Holds today's files against those whose rows readers see."""
    read = read_before(known, table)
    today = {file.path: file for file in files}
    return Changes(
        new=tuple(file for file in files if file.path not in read),
        rewritten=tuple(file for file in files if file.path in read and read[file.path] != file),
        vanished=tuple(file for path, file in sorted(read.items()) if path not in today),
    )


def fence(lake: Lake, table: str, known: Sequence[Batch]) -> DeltaTable:
    """Shuts out a run that has planned the last batch and not published it, and returns the table to plan on."""
    found = lake.open(table)
    if found is None:
        raise StoreError("this table vanished", where=table, todo="Run again.", code="table.vanished")
    last = known[-1] if known else None
    if last is not None and (found.transaction_version(last.dataset) or 0) < last.number:
        writers, note = {last.dataset: last.number}, {"strongroom.fenced": str(last.number)}
        commits.commit(lake, table, Change(), looked=found, writers=writers, note=note)
        found = lake.open(table)
    if found is None:
        raise StoreError("this table vanished", where=table, todo="Run again.", code="table.vanished")
    return found


def sweep(lake: Lake, table: str, batches: Iterable[Batch], *, now: DeltaTable) -> None:
    """Deletes what runs left in their stages of a table and none of its versions names.

    Where stages have their own name from the start (`stores/lake/staging.py`), files of attempts that died, or wrote
    when all was over, lie beside published ones. Which these are says the commit that published the batch. One whose
    entry in the log is gone already is left to VACUUM.
    """
    live = files_of(now)
    for batch in batches:
        left, _ = staging.besides(lake, table, batch.stage, named=live)
        named = _named(lake, table, batch, now=now) if left else live
        staging.drop_remains(lake, table, batch.stage, named={*left, *live} if named is None else named)


def _named(lake: Lake, table: str, batch: Batch, *, now: DeltaTable) -> set[str] | None:
    """The files that the batch's run has given the table, if it has; None when the log does not say it any more."""
    for number in range(now.version(), -1, -1):
        actions = list(actions_of(lake, table, number))
        if not actions:
            return None
        note: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
        if note.get(RUN) == batch.run_id and any("add" in action for action in actions):
            return {action["add"]["path"] for action in actions if "add" in action}
        told = [action["txn"] for action in actions if "txn" in action]
        if commits.TAKEN_BACK not in note and any(
            each["appId"] == batch.dataset and each["version"] < batch.number for each in told
        ):
            break
    return set()


def plan(lake: Lake, batch: Batch, *, planned: datetime) -> None:
    """Writes the batch ahead of its work.

    Raises:
        StoreError: another run of the same data set planned the same number at this moment.
    """
    rows = [
        {"dataset": batch.dataset, "batch": batch.number, "run_id": batch.run_id, "mode": batch.mode,
         "path": _within(lake, file.path), "size": file.size, "modified": file.modified, "planned": planned,
         "replaces": batch.replaces}
        for file in batch.files
    ]  # fmt: skip
    commits.append(
        lake, MANIFEST, pa.Table.from_pylist(rows, _SCHEMA), once=(f"manifest/{batch.dataset}", batch.number)
    )
    mine = [known for known in batches(lake, batch.dataset) if known.number == batch.number]
    if not mine or mine[0].run_id != batch.run_id:
        raise StoreError(
            "another run of this data set has just started",
            where=batch.dataset,
            todo="Let it end first.",
            code="run.another",
        )
