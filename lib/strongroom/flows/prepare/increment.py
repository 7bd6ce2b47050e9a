"""What an increment reads of a Delta source: the files that versions since the last one read have added.

The manifest keeps such a source as one file whose time is the version that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract, Source, raw_table
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import preparing
from strongroom.core.run import Job
from strongroom.core.suggest import counted
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.kinds import Increments, kind_of


def increments_of(
    job: Job,
    contract: Contract,
    *,
    found: Mapping[str, tuple[Source, tuple[RawFile, ...]]],
    read: Mapping[str, RawFile],
) -> Increments:
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
    tables = [
        (source, files[0], versions)
        for source, files in found.values()
        if files and (versions := kind_of(source.format).versions) is not None
    ]
    after = _from_version(job, contract, [file for _, file, _ in tables], read)
    increments = {}
    for source, file, versions in tables:
        before = read.get(file.path)
        if before is None and after is None:
            continue
        if reason := versions.unlike(file):
            what = f"no increment of this Delta source: {reason}"
            raise ConfigError([Problem(what, contract.place(source), _whole(contract), "source.increment")])
        if after is not None:
            increments[file.path] = versions.added(file, after, None)
        elif before is not None:
            increments[file.path] = versions.added(file, before.modified, before.size)
    if after is not None and not job.args.dry_run:
        source, file, _ = tables[0]
        last = read[file.path].modified if file.path in read else -1
        facts = {"read": last, "after": after, "version": file.modified}
        event = Event.made(job.run, "from-version", table=raw_table(source), contract=contract.fingerprint, facts=facts)
        AuditLog.open(job.settings).append(event)  # somebody chose to leave alone what versions did
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


def _from_version(job: Job, contract: Contract, tables: Sequence[RawFile], read: Mapping[str, RawFile]) -> int | None:
    after = job.args.from_version
    if after is None:
        return None
    if len(tables) != 1:
        what = f"--from-version is of one Delta source, and this contract has {len(tables)}"
        raise UsageError(what, todo=_whole(contract))
    (file,) = tables
    least = read[file.path].modified if file.path in read else 0
    if not least <= after <= file.modified:
        what = f"--from-version {after} is not from {least}, which was read last, to {file.modified}, the newest"
        raise UsageError(what, where=file.path, todo="Name a version between them.")
    return int(after)
