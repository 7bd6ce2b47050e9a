"""Which files a run reads: planned and written ahead, so that a killed run leaves nothing half-known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import StoreError, UsageError
from strongroom.core.escaping import shell_word
from strongroom.core.run import RUN, Job
from strongroom.core.suggest import counted
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.hidden_folders import shown_file
from strongroom.flows.prepare import evolve, increment, reread
from strongroom.flows.prepare.evolution import Evolution
from strongroom.flows.prepare.unfinished_retry import settle
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.others import rows_of
from strongroom.stores.sources import RawFile, manifest
from strongroom.stores.sources.kinds import Increments
from strongroom.stores.sources.manifest import REREAD, RETRY, Batch
from strongroom.stores.table_plan import TablePlan

_CHANGES = ("DELETE", "UPDATE", "MERGE")

_LATE = 5
"""So many published batches are looked after once more, for workers that did not hear that all was over."""

Found = Mapping[str, tuple[Source, tuple[RawFile, ...]]]
"""By its name, each source of the contract and the files it has today."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch, and the versions of training table and quarantine it was planned on: publishing fails once another run
    has taken over.

    `stale` are batches that were planned once and never published: what they left is swept. `evolved` is what becomes
    of the training table's columns beside it, `replaced` the batch whose place this one takes, `known` all before it.
    Of a Delta source that is among `increments` only these files are read.
    """

    batch: Batch
    onto: DeltaTable
    quarantine: DeltaTable
    stale: tuple[Batch, ...]
    evolved: Evolution | None = None
    replaced: Batch | None = None
    known: tuple[Batch, ...] = ()
    increments: Increments = field(default_factory=dict)


def mode_of(job: Job) -> str:
    """How this run's rows get into the table: `overwrite`, `append` or `reread`."""
    if job.args.reread:
        return REREAD
    return "append" if job.args.widen else str(job.settings.jobs["prepare"]["mode"])


def plan_batch(
    job: Job, contract: Contract, *, lake: Lake, found: Found, evolved: Evolution | None = None,
    plan: TablePlan | None = None,
) -> Planned | None:  # fmt: skip
    """The batch to do, written ahead; None when this run is done already or there is no new file.

    `plan` is what a table that is made now is to be.
    """
    name, aside, mode = contract.training, contract.quarantine, mode_of(job)
    table = lake.ensure(name, plan or table_plans.training(contract))
    lake.ensure(aside, table_plans.quarantine(contract))
    known = manifest.batches(lake, contract.name)
    table = settle(job.settings, lake, contract, known) or table
    if any(batch.run_id == job.run.id and manifest.published(batch, table) for batch in known):
        return None
    table, quarantine = manifest.fence(lake, name, known), manifest.fence(lake, aside, known)
    stale = tuple(batch for batch in known if not manifest.published(batch, table))
    _sweep(lake, contract, known=known, stale=stale, table=table, quarantine=quarantine)
    table = table if evolved is None else evolve.add(lake, name, evolved, table)
    increments = _increments(job, contract, table=table, found=found, known=known)
    files, replaced = _files(job, contract, lake=lake, table=table, found=found, known=known, increments=increments)
    passed = tuple(file for _, group in found.values() for file in group if file.path in increments)
    if not files and (job.args.from_version is None or not passed):
        return None
    number = known[-1].number + 1 if known else 1
    batch = Batch(contract.name, number, job.run.id, mode, files or passed, replaced.number if replaced else None)
    manifest.plan(lake, batch, planned=job.run.started)
    if not files:  # nothing to read, and what is left alone is remembered
        commits.commit(lake, name, Change(), looked=table, writers=batch.writers, note={RUN: job.run.id})
        return None
    return Planned(batch, table, quarantine, stale, evolved, replaced, known, increments)


def _files(
    job: Job, contract: Contract, *, lake: Lake, table: DeltaTable, found: Found, known: Sequence[Batch],
    increments: Increments,
) -> tuple[tuple[RawFile, ...], Batch | None]:  # fmt: skip
    """What the run reads, and the batch whose place it takes."""
    files, mode = tuple(file for _, group in found.values() for file in group), mode_of(job)
    if mode == REREAD:
        batch = reread.held_by(job, lake, known=known, table=table)
        reread.check_replaceable(contract.training, batch, known=known, table=table)
        return reread.files_again(batch, files), batch
    if mode == "append":
        return _new_files(job, contract, table=table, files=files, known=known, increments=increments), None
    for line in gone(files, known=known, table=table):
        job.say(f"note: {line}")
    return files, None


def _increments(job: Job, contract: Contract, *, table: DeltaTable, found: Found, known: Sequence[Batch]) -> Increments:
    """What an increment reads of Delta sources; nothing in any other mode."""
    if mode_of(job) == "append" and not job.args.widen:
        read = manifest.read_before(known, table)
        return increment.increments_of(job, contract, found=found, read=read)
    if job.args.from_version is not None:
        raise UsageError(
            "--from-version is of an increment", todo="Run the same with --set prepare.mode=append, or without it."
        )
    return {}


def foreseen(
    job: Job, contract: Contract, *, lake: Lake, found: Found
) -> tuple[Found, list[tuple[str, list[tuple[str, str]]]]]:
    """What a run would read, and what else it would do to the table, for a rehearsal: titles, and pairs under each.

    Raises:
        StrongroomError: what such a run would end with.
    """
    table, mode = lake.open(contract.training), mode_of(job)
    evolved = evolve.planned(job, contract, lake, mode=mode)
    if table is None:
        return found, []
    known, files = manifest.batches(lake, contract.name), tuple(file for _, group in found.values() for file in group)
    if mode == "overwrite":
        return found, [("would lose", [(line, "") for line in gone(files, known=known, table=table)])]
    lines = [] if evolved is None else [("would change", evolve.told(evolved, table))]
    if increments := _increments(job, contract, table=table, found=found, known=known):
        lines.append(("of which", increment.told(increments)))
    if mode == REREAD:
        batch = reread.held_by(job, lake, known=known, table=table)
        reread.check_replaceable(contract.training, batch, known=known, table=table)
        again = reread.files_again(batch, files)
        lines.append(("would replace", [(f"batch {batch.number}", f"{counted(len(again), 'file')}, read anew")]))
        return _only(found, again), lines
    new = _new_files(job, contract, table=table, files=files, known=known, increments=increments)
    sizes = {path: sum(file.size for file in each.files) for path, each in increments.items()}
    return _only(found, [replace(file, size=sizes.get(file.path, file.size)) for file in new]), lines


def _only(found: Found, files: Sequence[RawFile]) -> Found:
    """The sources with these of their files."""
    chosen = {file.path: file for file in files}
    return {
        name: (source, tuple(chosen[file.path] for file in of if file.path in chosen))
        for name, (source, of) in found.items()
    }


def gone(files: Sequence[RawFile], *, known: Sequence[Batch], table: DeltaTable) -> list[str]:
    """What an overwrite takes from readers since it is in no source any more, and what of others it undoes; empty when
    there is neither.
    """
    return [*_not_there(files, known=known, table=table), *_undone(table)]


def _undone(table: DeltaTable) -> list[str]:
    """Rows that others deleted or changed since a run wrote all of them, whether raw files still hold them or not."""
    entries = itertools.takewhile(lambda entry: not _is_whole(entry), table.history())
    versions = sorted(entry["version"] for entry in entries if entry.get("operation") in _CHANGES and RUN not in entry)
    if not versions:
        return []
    told = f"{counted(len(versions), 'version')}, first {versions[0]}"
    return [f"others deleted or changed rows ({told}): overwriting makes them anew from the raw files, as they were"]


def _is_whole(entry: Mapping[str, Any]) -> bool:
    return RUN in entry and str(entry.get("operationParameters", {}).get("mode", "")).strip('"').lower() == "overwrite"


def _not_there(files: Sequence[RawFile], *, known: Sequence[Batch], table: DeltaTable) -> list[str]:
    """Rows whose files are not in the sources any more."""
    change, seen = manifest.changes(files, known, table), manifest.seen(known, table)
    lost = {file.path for file in change.vanished}
    if not lost:
        return []
    rows = rows_of(table)
    whole = [batch for batch in seen if lost >= {file.path for file in batch.files} and batch.mode != RETRY]
    part = [batch for batch in seen if lost & {file.path for file in batch.files} and batch not in whole]
    least, most = (
        sum(count for path, count in rows.items() if any(staging.is_of(path, batch.stage) for batch in some))
        for some in (whole, [*whole, *part])
    )
    if any(staging.stage_of(path) is None for path in rows):
        least, most = 0, sum(rows.values())  # others wrote files anew, so whose rows these hold is unknown
    told = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    return [
        f"{counted(len(lost), 'file')} read before, now gone, first {min(lost)}: overwriting takes their rows "
        f"({told}) from readers; --set prepare.mode=append keeps them"
    ]


def _sweep(
    lake: Lake, contract: Contract, *, known: Sequence[Batch], stale: Sequence[Batch], table: DeltaTable,
    quarantine: DeltaTable,
) -> None:  # fmt: skip
    """Deletes what earlier runs left and no version names: a batch may have died after its rows were set aside, or
    right after it was published, and its workers may have written on.
    """
    late = [batch for batch in known[-_LATE:] if batch not in stale]
    for zone, now in (("training", table), ("quarantine", quarantine)):
        manifest.sweep(lake, f"{zone}.{contract.name}", (*stale, *late), now=now)


def _new_files(
    job: Job, contract: Contract, *, table: DeltaTable, files: Sequence[RawFile], known: Sequence[Batch],
    increments: Increments,
) -> tuple[RawFile, ...]:  # fmt: skip
    """What an increment reads. A vanished file is reported; a rewritten one stops the run."""
    if job.args.widen:
        return ()  # sources are not even listed
    change = manifest.changes(files, known, table)
    rewritten = [file for file in change.rewritten if file.path not in increments]
    if rewritten:
        raise StoreError(
            f"rewritten since it was read: {counted(len(rewritten), 'file')}",
            where=rewritten[0].path,
            todo="Put it back, or read the batch that held it anew: ./spark-submit.sh prepare "
            f"--contract {contract.name} --reread {shell_word(rewritten[0].path)}",
            code="source.changed",
        )
    if change.vanished:
        first = shown_file(change.vanished[0].path, contract, job.settings)
        job.say(f"note: {counted(len(change.vanished), 'file')} read before, now gone, first {first}")
    of_tables = [file for file in files if file.path in increments and increments[file.path].files]
    return (*(file for file in change.new if file.path not in increments), *of_tables)
