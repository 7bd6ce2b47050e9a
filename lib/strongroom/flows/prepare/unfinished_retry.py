"""A retry of quarantined rows that died half-way: its rows have left the quarantine, and go on to training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.core.errors import StoreError
from strongroom.core.run import RUN
from strongroom.core.settings import Settings
from strongroom.core.sql_text import one_of
from strongroom.flows.foundation.erased import free_of_erased, within_of
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change, Judge
from strongroom.stores.sources import manifest
from strongroom.stores.sources.manifest import RETRY, Batch

MOVED = "strongroom.moved"
"""In the note of the quarantine's new version: how many rows left it for training."""
FILES = "strongroom.files"
"""Beside it: the names of the staged files that hold them, as JSON."""


def settle(settings: Settings, lake: Lake, contract: Contract, known: Sequence[Batch]) -> DeltaTable | None:
    """Finishes a retry that died after its rows had left the quarantine and before they had reached training.

    Returns the training table as it then is; None when there was nothing to finish.
    """
    training, aside = contract.training, contract.quarantine
    last, table = known[-1] if known else None, lake.open(training)
    if last is not None and table is not None and manifest.published(last, table):
        drop_replaced(lake, last)
    if last is None or last.mode != RETRY or table is None or manifest.published(last, table):
        return None
    quarantine = manifest.fence(lake, aside, known)  # a retry that has not come so far never will
    if not manifest.published(last, quarantine):
        return None
    told = next(entry for entry in quarantine.history() if entry.get(RUN) == last.run_id and MOVED in entry)
    finish(
        settings, lake, contract, last, onto=table, moved=int(told[MOVED]), files=_staged(lake, contract, last, told)
    )
    return lake.open(training)


def drop_replaced(lake: Lake, batch: Batch) -> None:
    """Takes rows of the batch whose place a published one took out of quarantine; those of the new one are there."""
    if batch.replaces is not None:
        commits.without(lake, f"quarantine.{batch.dataset}", where=one_of("batch", [batch.replaces]))


def finish(
    settings: Settings, lake: Lake, contract: Contract, batch: Batch, *, onto: DeltaTable, moved: int,
    files: Sequence[AddAction], judge: Judge | None = None,
) -> int:  # fmt: skip
    """The rows that pass, staged before, are added to training; returns the version that has them.

    Raises:
        StoreError: the stage does not hold all of them any more; the quarantine's version before still does.
    """
    name = contract.training
    if sum(json.loads(file.stats)["numRecords"] for file in files) != moved:
        aside = contract.quarantine
        todo = f"Bring {aside} back to the version before run {batch.run_id} (RESTORE TABLE), and retry."
        raise StoreError(
            "rows of a retry that died are no longer in its stage", where=name, todo=todo, code="table.gone"
        )
    note = {RUN: batch.run_id, "strongroom.contract": f"{contract.id} {contract.version}"}
    free = free_of_erased(settings, lake, name, Change(files), within=within_of(onto))
    return commits.commit(lake, name, free, looked=onto, writers=batch.writers, note=note, judge=judge)


def _staged(lake: Lake, contract: Contract, batch: Batch, told: Mapping[str, Any]) -> list[AddAction]:
    """The files that a retry has staged for training and its quarantine's commit names; older ones name none."""
    name = contract.training
    if FILES not in told:
        return staging.staged(lake, name, f"{batch.stage}/verdict=good")
    names = set(json.loads(told[FILES]))
    return [file for file in staging.staged(lake, name, batch.stage) if file.path.rpartition("/")[2] in names]
