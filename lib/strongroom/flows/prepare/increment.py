"""What an increment reads of a Delta source: the files that versions since the last one read have added.

The manifest keeps such a source as one file whose time is the version that was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract, Source, raw_table
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import preparing
from strongroom.core.run import Job
from strongroom.core.suggest import counted
from strongroom.stores.lake.reader_features import unlike_its_files
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.delta import Increment, added_since

Increments = Mapping[str, Increment]
"""By a table's path, what is read of it; a table that is not among them is read as a whole."""


def increments_of(
    job: Job,
    contract: Contract,
    *,
    found: Mapping[str, tuple[Source, tuple[RawFile, ...]]],
    read: Mapping[str, RawFile],
) -> dict[str, Increment]:
    """What each Delta source has had since it was read; one that never was is not among them.

    Args:
        job: with `--from-version N`, versions up to N are passed over, whatever they did; the audit log keeps that.
        contract: its sources.
        found: their files today.
        read: by path, what was read last.

    Raises:
        UsageError: `--from-version` does not fit.
        ConfigError: a table's files cannot be read by themselves.
        StoreError: rows were changed or taken out, or the log or a file is gone.
    """
    tables = [(source, files[0]) for source, files in found.values() if source.format == "delta" and files]
    after = _from_version(job, contract, tables, read)
    increments = {}
    for source, file in tables:
        before = read.get(file.path)
        if before is None and after is None:
            continue
        if reason := unlike_its_files(DeltaTable(file.path, version=file.modified)):
            what = f"no increment of this Delta source: {reason}"
            raise ConfigError([Problem(what, contract.place(source), _whole(contract), "source.increment")])
        if after is not None:
            increments[file.path] = added_since(file.path, since=after, version=file.modified)
        elif before is not None:
            increments[file.path] = added_since(
                file.path, since=before.modified, version=file.modified, size=before.size
            )
    if after is not None and not job.args.dry_run:
        AuditLog.open(job.settings).append(_passed_over(job, contract, *tables[0], read=read, after=after))
    return increments


def told(increments: Increments) -> list[tuple[str, str]]:
    """For a rehearsal: each table, and which versions and files of it would be read."""
    return [
        (
            path.rpartition("/")[2],
            f"versions {each.since + 1} to {each.version}: {counted(len(each.files), 'file')}, "
            f"{counted(len(each.passed), 'version')} without a change of data",
        )
        for path, each in increments.items()
    ]


def _whole(contract: Contract) -> str:
    return f"Read all of it anew: {preparing(contract.name, mode='overwrite')}."


def _from_version(
    job: Job, contract: Contract, tables: Iterable[tuple[Source, RawFile]], read: Mapping[str, RawFile]
) -> int | None:
    after = job.args.from_version
    if after is None:
        return None
    known = list(tables)
    if len(known) != 1:
        what = f"--from-version is of one Delta source, and this contract has {len(known)}"
        raise UsageError(what, todo=_whole(contract))
    file = known[0][1]
    least = read[file.path].modified if file.path in read else 0
    if not least <= after <= file.modified:
        what = f"--from-version {after} is not from {least}, which was read last, to {file.modified}, the newest"
        raise UsageError(what, where=file.path, todo="Name a version between them.")
    return int(after)


def _passed_over(
    job: Job, contract: Contract, source: Source, file: RawFile, *, read: Mapping[str, RawFile], after: int
) -> Event:
    """That somebody chose to leave alone what versions did, for the audit log."""
    before = read.get(file.path)
    return Event(
        time=job.run.started, run=job.run.id, job=job.run.job, principal=job.run.principal, action="from-version",
        outcome="allowed", actor=job.run.actor, table=raw_table(source), purpose=job.run.purpose,
        contract=contract.fingerprint,
        facts={"read": -1 if before is None else before.modified, "after": after, "version": file.modified},
    )  # fmt: skip
