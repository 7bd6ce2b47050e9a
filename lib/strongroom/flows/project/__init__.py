"""Bring every projection to the newest version of its table: what roles are given in files of their own.

Where the policy says `enforce: physical`, a role does not get the table but a projection of it: the rows, columns and
masks that are given, of people whose rows may be used for that purpose now, tokens under a key of the role. Only what
is new since the last time is read, but all of it where people have said otherwise. A projection whose grant has ended,
or whose role nobody is in, is deleted, its files at once. --contract NAME looks at that data set only.

Needs the right to read the tables, and to write projected.ROLE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.errors import Refused, StoreError
from strongroom.core.escaping import joined
from strongroom.core.keys.ring import Keyring
from strongroom.core.policy import LEVELS
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import engine_of, permit, policy_of
from strongroom.flows.foundation.consents import people_of, readers_people
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.foundation.projections import projections_of, reading_of, sources_of
from strongroom.flows.project.refreshing import ProjectedSource, Refresh, plan, refresh
from strongroom.govern.levels.physical import Projection
from strongroom.protect.consents import Standing
from strongroom.stores import permissions
from strongroom.stores.lake import Lake
from strongroom.stores.lake.projections import Projected, close_changed, drop, existing


@dataclass(frozen=True, slots=True)
class Work:
    """A table, the projections that the policy wants of it, and whose rows each purpose may use."""

    contract: Contract
    table: str
    found: DeltaTable
    projections: tuple[Projection, ...]
    people: Mapping[str, Standing | None]


def run(job: Job) -> Outcome:
    """Makes, refreshes and drops projections.

    Raises:
        ConfigError: policy and data disagree, or two projections would lie in one folder.
        EnvironmentFault: files cannot be given to a role's group, or closed to others.
        Refused: the policy does not let this principal do it; nothing was changed.
        StoreError: a table cannot be read or written, or another run was faster; what was committed before stays.
    """
    lake = Lake(job.settings.lake)
    known = [contract_of(job, "project")] if job.args.contract else contracts_in(job.settings.contracts)
    works = [work for contract in known for work in _works(job, lake, contract)]
    wanted = {each.table: each for work in works for each in work.projections}
    stale = [name for name in existing(lake) if name not in wanted and _meant(job, name, known)]
    _authorise(job, works, stale, known)
    ring = ring_of(job.settings, lake) if works else None
    if job.args.dry_run:
        return _told(job, lake, _plans(lake, works, ring), stale, {})
    for name in stale:
        _dropped(job, lake, name)
    for due in wanted.values():
        close_changed(lake, due.table, content=due.content)  # whatever stops us below, it is not read as it was
    groups = _groups(job, lake, wanted.values())
    plans, rows = _plans(lake, works, ring), dict[str, int]()
    for source, same in plans:
        rows |= refresh(job, source, [each for each in same if each.due], ring=ring, groups=groups)
        for each in same:  # what a run that died has left, and the mode bits
            there = lake.open(each.projection.table)
            if there is not None:
                Projected(lake, each.projection.table, there, groups[each.projection.role.name]).sweep()
    return _told(job, lake, plans, stale, rows)


def _groups(job: Job, lake: Lake, wanted: Iterable[Projection]) -> dict[str, int | None]:
    """Role → the group of this system that opens its projections, once nothing else of the lake is open to it."""
    roles = {each.role.name: each.role.os_group for each in wanted}
    if not permissions.has_modes(lake.root):
        return dict.fromkeys(roles)
    groups = {name: permissions.group_id(group) if group else None for name, group in roles.items()}
    given = {group for group in groups.values() if group is not None}
    if given and (opened := permissions.shut(lake.root, given)):
        job.say(f"closed to other users: {', '.join(opened)} in {lake.root}")
    return groups


def _works(job: Job, lake: Lake, contract: Contract) -> list[Work]:
    """The tables of a data set that somebody is to have projections of."""
    engine, works = engine_of(job.settings.policy), []
    for table in sources_of(contract):
        found = lake.open(table)
        if found is None:
            continue
        asked = reading_of(found, table, job.run)
        if not any(projections_of(engine, asked, contract)):
            continue
        people = readers_people(lake, job.settings, table, found, at=job.run.started)
        if wanted := projections_of(engine, asked, contract, people_of(people)):
            works.append(Work(contract, table, found, wanted, people or {}))
    return works


def _meant(job: Job, name: str, known: Iterable[Contract]) -> bool:
    """Whether a projection that nobody is to have any more is this run's affair."""
    tables = {table.lower() for contract in known for table in sources_of(contract)}
    return not job.args.contract or name.split(".", 3)[3] in tables


def _authorise(job: Job, works: Sequence[Work], stale: Iterable[str], known: Iterable[Contract]) -> None:
    """The right to read every source as it lies, and to write what the roles are given."""
    for work in works:
        mine = settle_purpose(job, work.contract)
        if permit(mine, "read", work.table, contract=work.contract).level != LEVELS[0]:
            todo = "Run it as somebody whose grant is advisory."
            what = "projections are made from the table, and this principal is given one itself"
            raise Refused(what, where=work.table, todo=todo)
        for role in dict.fromkeys(each.role.name for each in work.projections):
            permit(mine, "write", f"projected.{role}")
    by_table = {table.lower(): contract for contract in known for table in sources_of(contract)}
    for role, table in dict.fromkeys((name.split(".")[1], name.split(".", 3)[3]) for name in stale):
        contract = by_table.get(table)
        permit(settle_purpose(job, contract) if contract else job, "write", f"projected.{role}")


def _plans(lake: Lake, works: Iterable[Work], ring: Keyring | None) -> list[tuple[ProjectedSource, list[Refresh]]]:
    """What is to be done, table by table.

    Raises:
        StoreError: the table was made by another version of its contract, so nobody can tell what its columns hold.
    """
    plans = []
    for work in works:
        made_by = work.found.metadata().configuration.get("strongroom.contract_fingerprint")
        if made_by != work.contract.fingerprint:
            what = "this table was made by another version of its contract"
            todo = f"./spark-submit.sh prepare --contract {work.contract.name}"
            raise StoreError(what, where=work.table, todo=todo, code="table.contract")
        source = ProjectedSource.of(lake, work.table, work.contract, work.found, work.people)
        plans.append((source, [plan(source, each, ring) for each in work.projections]))
    return plans


def _dropped(job: Job, lake: Lake, name: str) -> None:
    """One projection less; the audit log has it first."""
    role, table = name.split(".")[1], name.split(".", 3)[3]
    facts = {"projection": name, "did": "dropped"}
    event = Event.made(job.run, "project", roles=(role,), table=table, policy=policy_of(job), facts=facts)
    AuditLog.open(job.settings).append(event)
    drop(lake, name)


def _told(
    job: Job,
    lake: Lake,
    plans: Iterable[tuple[ProjectedSource, list[Refresh]]],
    stale: Sequence[str],
    rows: dict[str, int],
) -> Outcome:
    would, lines, tables = "would be " if job.args.dry_run else "", [], dict[str, str]()
    counts = {"made": 0, "refreshed": 0, "dropped": len(stale)}
    for source, same in plans:
        for each in same:
            name = each.projection.table
            tables[name] = lake.folder(name)
            if each.due:
                counts[each.verb] += 1
                done = f"{counted(rows[name], 'row')}, " if name in rows else ""
                files = f"{done}{counted(len(each.new), 'file')} new, {len(each.gone):,} gone"
                lines.append(f"  {name}: {would}{each.verb} from version {source.found.version()}: {files}")
            else:
                lines.append(f"  {name}: up to date with version {source.found.version()}")
    lines += [f"  {name}: {would}dropped" for name in stale]
    told = ", ".join(f"{count} {would}{verb}" for verb, count in counts.items() if count) or "nothing to do"
    summary = joined((f"{len(tables):,} projections: {told}", *lines))
    return Outcome(
        tables, {"written": sum(rows.values())} if rows else {}, summary=summary, facts=counts, answer=counts
    )
