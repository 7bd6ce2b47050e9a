"""Which files a run reads: planned and written ahead, so that a killed run leaves nothing half-known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import Job
from strongroom.core.words import counted
from strongroom.flows import tables
from strongroom.flows.quarantine_retry import settle
from strongroom.stores import manifest, stages
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch
from strongroom.stores.sources import RawFile
from strongroom.stores.table_plan import same_columns

Found = Mapping[str, tuple[Source, tuple[RawFile, ...]]]
"""By its name, each source of the contract and the files it has today."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch, and the versions of training table and quarantine it was planned on: publishing fails once another run
    has taken over.

    `stale` are batches that were planned once and never published: what they left is swept.
    """

    batch: Batch
    onto: DeltaTable
    quarantine: DeltaTable
    stale: tuple[Batch, ...]


def plan_batch(job: Job, contract: Contract, *, lake: Lake, found: Found) -> Planned | None:
    """The batch to do, written ahead; None when this run is done already or there is no new file."""
    name, aside = f"training.{contract.name}", f"quarantine.{contract.name}"
    mode = str(job.settings.jobs["prepare"]["mode"])
    table = lake.ensure(name, tables.training(contract))
    lake.ensure(aside, tables.quarantine(contract))
    known = manifest.batches(lake, contract.name)
    table = settle(lake, contract, known) or table
    if any(batch.run_id == job.run.id and manifest.published(batch, table) for batch in known):
        return None
    table, quarantine = manifest.fence(lake, name, known), manifest.fence(lake, aside, known)
    stale = tuple(batch for batch in known if not manifest.published(batch, table))
    _sweep(lake, contract, known=known, stale=stale, quarantine=quarantine)
    files = tuple(file for _, group in found.values() for file in group)
    if mode == "append":
        files = _new_files(job, contract, table=table, files=files, known=known)
    if not files:
        return None
    batch = Batch(contract.name, known[-1].number + 1 if known else 1, job.run.id, mode, files)
    manifest.plan(lake, batch, planned=job.run.started)
    return Planned(batch, table, quarantine, stale)


def _sweep(
    lake: Lake, contract: Contract, *, known: Sequence[Batch], stale: Sequence[Batch], quarantine: DeltaTable
) -> None:
    """Deletes what earlier runs left and no version refers to: a batch may have died after its rows were set aside."""
    for batch in stale:
        stages.drop_stage(lake, f"training.{contract.name}", batch.stage)
        if not manifest.published(batch, quarantine):
            stages.drop_stage(lake, f"quarantine.{contract.name}", batch.stage)
    if known and known[-1] not in stale:  # the last one may have died right after it was published
        stages.drop_remains(lake, f"training.{contract.name}", known[-1].stage)


def _new_files(
    job: Job, contract: Contract, *, table: DeltaTable, files: Sequence[RawFile], known: Sequence[Batch]
) -> tuple[RawFile, ...]:
    """What an increment reads. A vanished file is reported; a rewritten one stops the run."""
    name = f"training.{contract.name}"
    if any(source.format == "delta" for source in contract.sources):
        raise ConfigError([Problem("a Delta source has no append mode", contract.file, "Use prepare.mode=overwrite.")])
    if not same_columns(table, tables.training(contract).schema):
        todo = "Run once with --set prepare.mode=overwrite."
        raise ConfigError([Problem(f"the columns of {name} are no longer the contract's", contract.file, todo)])
    change = manifest.changes(files, known, table)
    if change.rewritten:
        raise StoreError(
            f"rewritten since it was read: {counted(len(change.rewritten), 'file')}",
            where=change.rewritten[0].path,
            todo="An increment cannot replace their rows: run with --set prepare.mode=overwrite.",
        )
    if change.vanished:
        job.say(f"note: {counted(len(change.vanished), 'file')} read before, now gone, first {change.vanished[0].path}")
    return change.new
