"""`prepare --reread FILE`: the batch that held a file is read anew as a whole, and takes its own place.

Files of a table say by their names of which batch's stage they are, also once `keys rewrap` or a wider column has
written them anew. So a batch's rows can be exchanged in one commit, as long as nobody else has mixed them with others.
"""

from __future__ import annotations

from collections.abc import Sequence

from deltalake import DeltaTable
from deltalake.transaction import RemoveAction

from strongroom.core.errors import StoreError, UsageError
from strongroom.core.escaping import preparing
from strongroom.core.run import Job
from strongroom.stores.lake import Lake
from strongroom.stores.lake.others import files_of
from strongroom.stores.lake.staging import is_of, stage_of
from strongroom.stores.sources import RawFile, manifest
from strongroom.stores.sources.manifest import RETRY, Batch


def held_by(job: Job, lake: Lake, *, known: Sequence[Batch], table: DeltaTable) -> Batch:
    """The batch whose rows readers see and that read the file.

    Raises:
        UsageError: none did.
    """
    file, name = str(job.args.reread), known[-1].dataset if known else "NAME"
    names = {file, f"{lake.root.rstrip('/')}/{file}"}
    held = [
        batch
        for batch in manifest.seen(known, table)
        if batch.mode != RETRY and names & {read.path for read in batch.files}
    ]
    if len(held) > 1:  # a Delta table, of which each has read some versions
        what = f"{len(held)} batches have read this table, each what was new, so none can be read anew by itself"
        raise UsageError(what, where=file[:200], todo=f"Read all of it anew: {preparing(name, mode='overwrite')}.")
    if held:
        return held[0]
    new = preparing(name, mode="append")
    todo = f"Name it as the lake does, from its root on (raw/…). What is new is read by {new}."
    raise UsageError("no batch whose rows are in the table has read this file", where=file[:200], todo=todo)


def files_again(batch: Batch, today: Sequence[RawFile]) -> tuple[RawFile, ...]:
    """The batch's files as they are today.

    Raises:
        StoreError: one of them is gone, and with it rows that nobody could put back.
    """
    there = {file.path: file for file in today}
    gone = [file.path for file in batch.files if file.path not in there]
    if gone:
        what = f"batch {batch.number} cannot be read anew as a whole: {len(gone):,} of its files are gone"
        todo = "Put them back. Without them their rows, which are in the table, would be lost."
        raise StoreError(what, where=gone[0], todo=todo, code="source.missing")
    return tuple(there[file.path] for file in batch.files)


def check_replaceable(name: str, batch: Batch, *, known: Sequence[Batch], table: DeltaTable) -> None:
    """Whether just the batch's rows can be taken out of a version of the table.

    Raises:
        StoreError: others have written its files anew, or a retry has put rows in that may be the batch's.
    """
    anew = preparing(name.partition(".")[2], mode="overwrite")
    todo = f"Put the file back; or make all rows anew, those that others deleted, too: {anew}."
    files = files_of(table)
    if any(stage_of(path) is None for path in files):
        what = (
            "others have written files of this table anew (OPTIMIZE, DELETE, UPDATE): whose rows are in them is unknown"
        )
        raise StoreError(what, where=name, todo=todo, code="table.changed")
    for later in manifest.seen(known, table):
        if later.mode == RETRY and later.number > batch.number and any(is_of(path, later.stage) for path in files):
            what = f"`quarantine retry` (batch {later.number}) put rows in that may be of batch {batch.number}"
            raise StoreError(what, where=name, todo=todo, code="table.changed")


def removes(table: DeltaTable, stage: str, *, when: int) -> list[RemoveAction]:
    """The files of a stage that a version has, as they go at a moment (milliseconds since 1970)."""
    return [RemoveAction(path, True, when, size, {}) for path, size in files_of(table).items() if is_of(path, stage)]
