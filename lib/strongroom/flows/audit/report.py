"""What a regulator asks of a month: who read personal data and for what, what was refused, what was revealed, which
grants end soon, and who could have read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import PERSONAL, Contract, raw_table
from strongroom.core.contract.file import contracts_in
from strongroom.core.errors import UsageError
from strongroom.core.escaping import joined, markdown_cell
from strongroom.core.policy import Grant, last_day
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.known_tables import Known, known_tables
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import members
from strongroom.govern.review.matrix import principals_of, purposes_of, views
from strongroom.govern.table import NOT_MADE, UNREADABLE, Table, table_of
from strongroom.stores.artefacts.matrix_files import write_lines

_SOON = timedelta(days=60)
_SEEN = ("allowed", "done")
_OURS = ("quarantine", "curated", "dropped", "features", "strongroom")
"""Zones whose tables have columns that are ours and hold nobody's data, besides those that are named above."""
_READING = ("read", "reveal", "export")


def report(job: Job, log: AuditLog) -> Outcome:
    """The month's report as Markdown, on screen or in the file that `--out` names.

    Raises:
        StoreError: an entry of the log is none; then no report can be trusted.
        ConfigError: a contract is not sound.
    """
    start, end = _month(job.args.month, now=job.run.started)
    events = [event for event in log.read() if start <= event.time < end]
    known = known_tables(job.settings)
    personal = _personal(contracts_in(job.settings.contracts), known)
    engine = engine_of(job.settings.policy)
    sections = {
        "Who read personal data, and for what": _reads(events, personal),
        "What was refused": _refusals(events),
        "What was revealed": _reveals(events),
        f"Grants that end by {(job.run.started + _SOON).date().isoformat()}": _ending(engine, now=job.run.started),
        f"Who could have read personal data on {last_day(end)}": _could(engine, personal, at=end - timedelta(seconds=1))
        + _unsure(known),
        "Who may act as somebody else": _acting(engine, now=job.run.started),
        "Jobs": _jobs(events),
    }
    chosen = "" if job.args.month else ", the month before this one (--month YYYY-MM names another)"
    lines = [
        f"# Audit report for {start:%Y-%m}{chosen}", "", f"{len(events)} events of the log in {log.folder}; policy "
        f"{engine.policy.file}, {engine.policy.fingerprint[:16]}. Run `audit verify` to know that the log is whole.",
    ]  # fmt: skip
    for title, found in sections.items():
        lines += ["", f"## {title}", "", *(found or ["Nothing."])]
    text = joined(lines)
    facts = {"events": len(events), "month": f"{start:%Y-%m}"}
    if not job.args.out:
        return Outcome(summary=text, facts=facts, answer={**facts, "text": text})
    write_lines(text, job.args.out)
    summary = f"Written to {job.args.out}: {start:%Y-%m}{chosen}."
    return Outcome(report=job.args.out, summary=summary, facts=facts, answer={**facts, "text": text})


def _month(text: str, *, now: datetime) -> tuple[datetime, datetime]:
    """The first moments of a month and of the next; without a text, of the month before this one."""
    try:
        start = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC) if text else None
    except ValueError:
        raise UsageError("--month is not a month.", todo="Write it as 2026-05.") from None
    if start is None:
        this = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        start = (this - timedelta(days=1)).replace(day=1)
    return start, (start + timedelta(days=32)).replace(day=1)


def _personal(contracts: Iterable[Contract], known: Known) -> dict[str, Table]:
    """Tables with their personal columns only, by name: of the lake as they lie, and what contracts name besides."""
    found: dict[str, Table] = {}
    for contract in contracts:
        for table in _named(contract):
            there = known.find(table.name)
            found[table.name.lower()] = replace(table, state=there.state if there else NOT_MADE)
    for table in known.tables:
        of = found.get(table.name.lower())
        names = tuple(name for name in table.columns if _is_personal(name, table, of))
        if names and not table.state:
            found[table.name.lower()] = replace(table, columns=names)
    return found


def _named(contract: Contract) -> Iterator[Table]:
    """What is personal in the tables of a contract, as far as it says. A quarantined row may hold any of it."""
    names = tuple(column.name for column in contract.columns if any(leaf.personal for leaf in column.leaves()))
    if not names:
        return
    for source in contract.sources:
        yield replace(table_of(contract, raw_table(source), protected=False), columns=names)
    lying = table_of(contract, contract.training, protected=True)
    yield replace(lying, columns=tuple(name for name in names if name in lying.columns))
    yield Table(contract.quarantine, ("row",), {"row": "personal"})
    text = contract.role("text")
    delicate = text is not None and text.personal  # what is made of a personal text tells of it
    for zone, made in (("curated", ()), ("features", ("features",) if delicate else ()), ("revealed", ())):
        words = {**lying.classifications, **dict.fromkeys(made, "personal")}
        yield replace(lying, name=f"{zone}.{contract.name}", columns=(*names, *made), classifications=words, lies={})
    if delicate:
        yield Table(f"features.{contract.name}_vocabulary", ("term",), {"term": "personal"})


def _is_personal(name: str, table: Table, named: Table | None) -> bool:
    """Whether a column of a table of the lake holds personal data: as its schema says, else as a contract does."""
    words = table.classifications.get(name, "personal" if named is not None and name in named.columns else "")
    return not PERSONAL.isdisjoint(words.split(","))


def _unsure(known: Known) -> list[str]:
    """What the section before does not say, since nobody knows it."""
    lying = (table for table in known.tables if table.columns and not table.state and not table.classifications)
    unclear = [table.name for table in lying if table.name.partition(".")[0] not in _OURS]
    unclear += [table.name for table in known.tables if table.state == UNREADABLE]
    lines = ["", f"Not known, so not told: what is personal in {', '.join(sorted(unclear))}."] if unclear else []
    return [
        *lines,
        *(line for place, why in known.unread for line in ("", f"Not known: what lies in {place} ({why}).")),
    ]


def _reads(events: Iterable[Event], personal: dict[str, Table]) -> list[str]:
    counted: Counter[tuple[str, ...]] = Counter()
    for event in events:
        table = personal.get(event.table.lower())
        if event.action in _READING and event.outcome in _SEEN and table is not None:
            masks = event.facts.get("masks")
            masked = masks if isinstance(masks, dict) else {}
            # An event without columns is about the table as it lies: about all of them.
            touched = event.columns or table.columns
            seen = [f"{name} ({masked[name]})" if name in masked else name for name in touched if name in table.columns]
            if seen:
                counted[
                    _who(event), ", ".join(event.roles), event.table, ", ".join(seen), event.purpose or "(none)"
                ] += 1
    return _table(("who", "roles", "table", "columns", "purpose", "times"), counted)


def _refusals(events: Iterable[Event]) -> list[str]:
    counted: Counter[tuple[str, ...]] = Counter()
    for event in events:
        if event.outcome == "refused":
            rules = event.facts.get("rules") or event.facts.get("where") or ""
            why = ", ".join(map(str, rules)) if isinstance(rules, list) else str(rules)
            counted[_who(event), event.action, event.table or event.job, event.purpose or "(none)", why] += 1
    return _table(("who", "action", "table or job", "purpose", "by", "times"), counted)


def _reveals(events: Iterable[Event]) -> list[str]:
    counted: Counter[tuple[str, ...]] = Counter(
        (
            event.time.date().isoformat(),
            _who(event),
            event.table,
            ", ".join(event.columns),
            event.purpose,
            event.outcome,
        )
        for event in events
        if event.action == "reveal"
    )
    return _table(("day", "who", "table", "columns", "purpose", "outcome", "times"), counted)


def _ending(engine: Engine, *, now: datetime) -> list[str]:
    """Grants that are in force and end soon."""
    return [
        f"- {last_day(grant.until)}: {grant.role}, {', '.join(grant.actions)} {', '.join(grant.tables)} ({grant.where})"
        for grant in sorted(engine.policy.grants, key=lambda grant: grant.until or datetime.max.replace(tzinfo=UTC))
        if grant.until is not None and now < grant.until <= now + _SOON
    ]


def _acting(engine: Engine, *, now: datetime) -> list[str]:
    """Grants of `act` in force: whoever has one could do all that those named could."""
    return [
        f"- {', '.join(members(engine.policy, role))} as {', '.join(grant.principals)}"
        f"{', for ' + ', '.join(grant.purposes) if grant.purposes else ''}"
        f"{f', until {last_day(grant.until)}' if grant.until else ''} ({grant.where})"
        for grant in engine.policy.grants
        for role in engine.policy.roles
        if "act" in grant.actions and role.name == grant.role and _holds(grant, now)
    ]


def _holds(grant: Grant, now: datetime) -> bool:
    return (grant.since is None or grant.since <= now) and (grant.until is None or now < grant.until)


def _could(engine: Engine, personal: dict[str, Table], *, at: datetime) -> list[str]:
    """Everybody whom today's policy lets read or reveal a personal column of what lies in the lake today."""
    people, purposes = principals_of(engine.policy), purposes_of(engine.policy)
    counted: Counter[tuple[str, ...]] = Counter()
    lying = [table for table in personal.values() if table.state != NOT_MADE]
    for action in ("read", "reveal"):
        for view in views(engine, lying, principals=people, purposes=purposes, at=at, action=action):
            aims: dict[str, list[str]] = {}
            for who, purpose in view.holders:
                aims.setdefault(who, []).append(purpose or "(none)")
            for who, named in aims.items():
                for part in view.parts:
                    key = (
                        who,
                        action,
                        view.table,
                        ", ".join(part.columns),
                        part.how,
                        ", ".join(named),
                        part.until,
                        view.level,
                    )
                    counted[key] += 1
    heads = ("who", "action", "table", "columns", "shown", "purposes", "until", "enforced")
    return _table(heads, counted, times=False)


def _jobs(events: Iterable[Event]) -> list[str]:
    counted: Counter[tuple[str, ...]] = Counter(
        (event.job, _who(event), event.outcome) for event in events if event.action == "run"
    )
    return _table(("job", "who", "outcome", "times"), counted)


def _who(event: Event) -> str:
    return f"{event.actor} as {event.principal}" if event.actor else event.principal


def _table(heads: tuple[str, ...], counted: Counter[tuple[str, ...]], *, times: bool = True) -> list[str]:
    """A Markdown table of what was counted; no text can leave its cell."""
    if not counted:
        return []

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(map(markdown_cell, cells)) + " |"

    def lines() -> Iterator[str]:
        yield line(heads)
        yield "|" + "---|" * len(heads)
        for cells, count in sorted(counted.items()):
            yield line((*cells, str(count)) if times else cells)

    return list(lines())
