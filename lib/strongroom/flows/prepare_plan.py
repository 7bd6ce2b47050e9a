"""Which files a run reads: planned and written ahead, so that a killed run leaves nothing half-known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import Job
from strongroom.flows import tables
from strongroom.stores import manifest, stages
from strongroom.stores.lake import Lake, same_columns
from strongroom.stores.manifest import Batch
from strongroom.stores.sources import RawFile

Found = Mapping[str, tuple[Source, tuple[RawFile, ...]]]
"""By its name, each source of the contract and the files it has today."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch, and the version of the training table it was planned on: publishing fails if that is no longer the last.

    `stale` are batches that were planned once and never published: what they left is swept.
    """

    batch: Batch
    onto: DeltaTable
    stale: tuple[Batch, ...]


def plan_batch(job: Job, contract: Contract, *, lake: Lake, found: Found) -> Planned | None:
    """The batch to do, written ahead; None when this run is done already or there is no new file."""
    name, mode = f"training.{contract.name}", str(job.settings.jobs["prepare"]["mode"])
    table = lake.ensure(name, tables.training(contract))
    lake.ensure(f"quarantine.{contract.name}", tables.quarantine(contract))
    known = manifest.batches(lake, contract.name)
    if any(batch.run_id == job.run.id and manifest.published(batch, table) for batch in known):
        return None
    table = manifest.fence(lake, name, known)
    stale = tuple(batch for batch in known if not manifest.published(batch, table))
    for left in stale:
        for zone in ("training", "quarantine"):
            stages.drop_stage(lake, f"{zone}.{contract.name}", left.stage)
    files = tuple(file for _, group in found.values() for file in group)
    if mode == "append":
        files = _new_files(job, contract, table=table, files=files, known=known)
    if not files:
        return None
    batch = Batch(contract.name, known[-1].number + 1 if known else 1, job.run.id, mode, files)
    manifest.plan(lake, batch, planned=job.run.started)
    return Planned(batch, table, stale)


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
            f"{len(change.rewritten)} files were rewritten since they were read",
            where=change.rewritten[0].path,
            todo="An increment cannot replace their rows: run with --set prepare.mode=overwrite.",
        )
    if change.vanished:
        job.say(f"note: {len(change.vanished)} files read before are gone now, first {change.vanished[0].path}")
    return change.new
