"""What a regulator asks of a month: who read personal data and for what, what was refused, what was revealed, which
grants end soon, and who could have read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from strongroom.core.errors import UsageError
from strongroom.core.escaping import joined, markdown_cell
from strongroom.core.event import Event
from strongroom.core.policy import Grant, last_day
from strongroom.core.run import Job, Outcome
from strongroom.flows.permit import engine_of
from strongroom.flows.projections import contracts
from strongroom.govern.matrix import Table, principals_of, purposes_of, tables_of, views
from strongroom.govern.policy import Engine
from strongroom.govern.projection import members
from strongroom.stores.access import write_lines
from strongroom.stores.audit import AuditLog

_SOON = timedelta(days=60)
_SEEN = ("allowed", "done")
_READING = ("read", "reveal", "export")


def report(job: Job, log: AuditLog) -> Outcome:
    """The month's report as Markdown, on screen or in the file that `--out` names.

    Raises:
        StoreError: an entry of the log is none; then no report can be trusted.
        ConfigError: a contract is not sound.
    """
    start, end = _month(job.args.month, now=job.run.started)
    events = [event for event in log.read() if start <= event.time < end]
    personal = _personal(job)
    engine = engine_of(job.settings.policy)
    sections = {
        "Who read personal data, and for what": _reads(events, personal),
        "What was refused": _refusals(events),
        "What was revealed": _reveals(events),
        f"Grants that end by {(job.run.started + _SOON).date().isoformat()}": _ending(engine, now=job.run.started),
        f"Who could have read personal data on {last_day(end)}": _could(
            engine, personal, at=end - timedelta(seconds=1)
        ),
        "Who may act as somebody else": _acting(engine, now=job.run.started),
        "Jobs": _jobs(events),
    }
    lines = [
        f"# Audit report for {start:%Y-%m}", "", f"{len(events)} events of the log in {log.folder}; policy "
        f"{engine.policy.file}, {engine.policy.fingerprint[:16]}. Run `audit verify` to know that the log is whole.",
    ]  # fmt: skip
    for title, found in sections.items():
        lines += ["", f"## {title}", "", *(found or ["Nothing."])]
    text = joined(lines)
    facts = {"events": len(events), "month": f"{start:%Y-%m}"}
    if not job.args.out:
        return Outcome(summary=text, facts=facts)
    write_lines(text, job.args.out)
    return Outcome(report=job.args.out, summary=f"Written to {job.args.out}.", facts=facts)


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


def _personal(job: Job) -> dict[str, Table]:
    """Tables of the contracts with their personal columns only. A quarantined row may hold any of them."""
    found = {}
    for contract in contracts(job.settings):
        names = tuple(column.name for column in contract.columns if any(leaf.personal for leaf in column.leaves()))
        if not names:
            continue
        for table in tables_of(contract, ("raw", "training", "features", "revealed")):
            found[table.name] = Table(table.name, names, table.classifications, table.tags)
        made = [("quarantine", "row")]
        text = contract.role("text")
        if text is not None and text.personal:  # what is made of a personal text tells of it
            made += [("features", "features"), ("features", "term")]
        for zone, name in made:
            of = f"{zone}.{contract.name}{'_vocabulary' if name == 'term' else ''}"
            before = found.get(of, Table(of, ()))
            found[of] = Table(of, (*before.columns, name), {**before.classifications, name: "personal"}, before.tags)
    return found


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
            why = ", ".join(rules) if isinstance(rules, list) else str(rules)
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
    """Everybody whom today's policy lets read or reveal a personal column, whether they did or not."""
    people, purposes = principals_of(engine.policy), purposes_of(engine.policy)
    counted: Counter[tuple[str, ...]] = Counter()
    for action in ("read", "reveal"):
        for view in views(engine, personal.values(), principals=people, purposes=purposes, at=at, action=action):
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
