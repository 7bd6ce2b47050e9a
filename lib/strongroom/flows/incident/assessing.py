"""Who was affected by an incident: people by count, tables, columns and how they lie, and who read them in a window.

All of it from the lake's map, contracts and the audit log. Of the data, the tags of data subjects are counted; no other
column is read, and no value is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from strongroom.audit import incidents as kept
from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import PERSONAL
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import StoreError
from strongroom.core.escaping import joined
from strongroom.core.incident import Incident, moment
from strongroom.core.lineage import NOBODY, PEOPLE, Node
from strongroom.core.names import canonical, matcher, means
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.core.zones import LAKES_OWN
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.incidents import INCIDENTS, plain, record, told
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.foundation.subject_counts import Tags, held, together
from strongroom.flows.incident.closing import record_notified
from strongroom.flows.incident.notice import notice
from strongroom.govern.table import IN_CLEAR, Table
from strongroom.stores.artefacts.matrix_files import write_lines
from strongroom.stores.lake import Lake

_OF_ALL = ("export", "key")
"""Actions that are about the policy or the keys of every table."""
TAKEN = ("read", "reveal", "project", *_OF_ALL)
"""Actions of the audit log by which something of a table left it."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One table: its rows and people, None where they cannot be counted, with the reason; and how its columns lie."""

    table: str
    version: int | None
    rows: int | None
    people: int | None
    uncounted: str
    personal: Mapping[str, str] = field(default_factory=dict)
    """Personal column → how its values lie."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Who was given something of the tables, for what, how often, and between which moments."""

    principal: str
    action: str
    purpose: str
    table: str
    outcome: str
    times: int
    first: str
    last: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that was found out."""

    incident: Incident
    since: datetime | None
    until: datetime
    tables: tuple[Affected, ...]
    people: int
    uncounted: tuple[str, ...]
    readings: tuple[Reading, ...]
    signed: bool


def assess(job: Job, *, since: datetime | None, until: datetime | None, notified: datetime | None) -> Outcome:
    """Counts, and keeps what was found beside the evidence.

    Raises:
        Refused: the policy does not let this principal write `strongroom.incidents`.
        StoreError: the evidence is not what was kept, or the lake or the audit log cannot be read.
    """
    incident = kept.incident_of(job.settings, job.args.incident)
    permit(job, "write", INCIDENTS, shows=True)
    signed = kept.check_evidence(job.settings, incident)
    if notified is not None and not job.args.dry_run:
        record_notified(job, incident, notified)
        incident = kept.incident_of(job.settings, incident.id)
    tables, people, uncounted = _tables(job, incident)
    window = until or incident.opened
    found = Assessment(
        incident, since, window, tables, people, uncounted, tuple(_readings(job, incident, since, window)), signed
    )
    answer = _plain(job, found)
    facts: dict[str, object] = {
        "incident": incident.id, "did": "assessed", "tables": len(tables), "people": people,
        "readings": len(found.readings),
    }  # fmt: skip
    if not job.args.dry_run:
        kept.keep(job.settings, incident.id, f"assessed-{job.run.id}", answer)
        record(job, facts)
        told(job)
        if job.args.out:
            write_lines(notice(found, job.settings, at=job.run.started), job.args.out)
    return Outcome(report=job.args.out, summary=joined(_lines(job, found)), facts=facts, answer=answer)


def _meant(incident: Incident, table: str) -> bool:
    """Whether an incident is about a table; Strongroom's own are about nobody."""
    name = canonical(table)
    if not name or name.startswith(f"{LAKES_OWN}."):
        return False
    return any(means(matcher(pattern, deny=True), name) for pattern in incident.frozen)


def _tables(job: Job, incident: Incident) -> tuple[tuple[Affected, ...], int, tuple[str, ...]]:
    """The tables, how many people they are of together, and those whose people cannot be counted."""
    lake = Lake(job.settings.lake)
    tables = {table.name.lower(): table for table in known_tables(job.settings).tables}
    found, sets = list[Affected](), dict[tuple[str, ...], list[Tags]]()
    for node in map_of(job.settings).nodes:
        if not _meant(incident, node.name) or node.whose.answer == NOBODY:
            continue
        table = tables.get(node.name.lower())
        personal = _personal(table) if table is not None else {}
        rows, people, why = None, None, _uncountable(node)
        if not why:
            try:
                opened = lake.open(node.name)
                if opened is not None:
                    counts = held(lake, node.name, opened)
                    rows, people = counts.rows, len(counts.people)
                    sets.setdefault(node.whose.within, []).append(counts.people)
            except StoreError as fault:
                why = fault.what
        found.append(Affected(node.name, node.version, rows, people, why, personal))
    return (
        tuple(found),
        sum(len(together(each)) for each in sets.values()),
        tuple(each.table for each in found if each.uncounted),
    )


def _uncountable(node: Node) -> str:
    if node.kind in ("raw", "models", "reports"):
        return "files without tags; the tables made of them tell"
    if node.whose.answer != PEOPLE:
        return "nobody can tell whose its rows are"
    return "" if node.whose.tag else "its rows carry no tag of their subject"


def _personal(table: Table) -> dict[str, str]:
    """The columns that tell of somebody, and how each lies; what left otherwise than it came may, too."""
    found = {}
    for name in table.columns:
        words = [word for word in table.classifications.get(name, "").split(",") if word]
        if name != TAG and (PERSONAL.intersection(words) or table.way(name) != IN_CLEAR):
            found[name] = f"{', '.join(words) or 'not classified'}: {table.way(name)}"
    return found


def _readings(job: Job, incident: Incident, since: datetime | None, until: datetime) -> Iterator[Reading]:
    """Who was given something of the tables in the window, and who was refused."""
    groups: dict[tuple[str, str, str, str, str], list[Event]] = {}
    for event in AuditLog.open(job.settings).read():
        within = (since is None or since <= event.time) and event.time < until
        if within and (event.action in _OF_ALL or (event.action in TAKEN and _meant(incident, event.table))):
            who = f"{event.actor} as {event.principal}" if event.actor else event.principal
            key = (who, event.action, event.purpose, event.table, event.outcome)
            groups.setdefault(key, []).append(event)
    for (who, action, purpose, table, outcome), events in sorted(groups.items()):
        columns = tuple(dict.fromkeys(name for event in events for name in event.columns))
        first, last = moment(events[0].time), moment(events[-1].time)
        yield Reading(who, action, purpose, table, outcome, len(events), first, last, columns)


def _plain(job: Job, found: Assessment) -> dict[str, object]:
    return {
        "incident": plain(found.incident, at=job.run.started, frozen=found.incident.closed is None),
        "since": moment(found.since) if found.since else "",
        "until": moment(found.until),
        "affected": [{**asdict(each), "personal": dict(each.personal)} for each in found.tables],
        "people": found.people,
        "uncounted": list(found.uncounted),
        "readings": [{**asdict(each), "columns": list(each.columns)} for each in found.readings],
        "signed": found.signed,
    }


def _lines(job: Job, found: Assessment) -> Iterator[str]:
    yield f"incident {found.incident.id}: {found.incident.scope}; {found.incident.clock(job.run.started)}"
    yield f"people in tables that carry tags: {found.people:,}, each once"
    for each in found.tables:
        counts = each.uncounted or f"{counted(each.rows or 0, 'row')} of {counted(each.people or 0, 'subject')}"
        yield f"  {each.table}: {counts}"
        yield from (f"    {name}: {how}" for name, how in each.personal.items())
    since = f"from {moment(found.since)}" if found.since else "from the first event"
    given = [each for each in found.readings if each.outcome in ("allowed", "done")]
    yield f"who was given something {since} until {moment(found.until)}: {counted(len(given), 'line')}"
    for one in given:
        purpose = f" for {one.purpose}" if one.purpose else ""
        yield f"  {one.principal}: {one.action} {one.table}{purpose}, {one.times:,} times, last {one.last}"
    refused = sum(each.times for each in found.readings if each.outcome == "refused")
    yield f"refused: {refused:,} times; the evidence is what was kept, {'signed' if found.signed else 'not signed'}"
