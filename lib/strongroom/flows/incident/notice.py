"""What GDPR Art. 33(3) wants an authority to be told, as Markdown: facts filled in, the rest left open for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from strongroom.core.escaping import markdown_cell as cell
from strongroom.core.incident import moment
from strongroom.core.settings import Settings

if TYPE_CHECKING:
    from strongroom.flows.incident.assessing import Assessment

OPEN = "**open:** "
"""Begins what people have to say."""


def notice(found: Assessment, settings: Settings, *, at: datetime) -> str:
    """The draft of a notification."""
    return "\n".join(_lines(found, settings, at))


def _lines(found: Assessment, settings: Settings, at: datetime) -> Iterator[str]:
    incident, said = found.incident, settings.jobs.get("report", {})
    yield f"# Notification of a personal data breach (draft), incident {cell(incident.id)}"
    yield ""
    yield f"Written {moment(at)}; {incident.clock(at)}, until {moment(incident.due)} (GDPR Art. 33(1))."
    yield ""
    yield "## Controller and contact (Art. 33(3)(b))"
    for word, of in (("controller", "Controller"), ("contact", "Contact"), ("dpo", "Data protection officer")):
        told = str(said.get(word) or "")
        yield f"- {of}: {cell(told) if told else f'{OPEN}say it in the settings, report.{word}'}"
    yield ""
    yield "## What happened (Art. 33(3)(a))"
    yield f"- {cell(incident.reason)}"
    yield f"- Aware: {moment(incident.aware)}. Reading stopped: {moment(incident.opened)}, {cell(incident.scope)}."
    yield f"- People in tables that carry tags of their subjects: {found.people:,}, each counted once."
    yield "- " + (
        f"Not counted: {', '.join(map(cell, found.uncounted))}." if found.uncounted else "Every table could be counted."
    )
    yield ""
    yield "| table | rows | people | personal columns, and how they lie |"
    yield "|---|---|---|---|"
    for each in found.tables:
        columns = "; ".join(f"{cell(name)} ({cell(how)})" for name, how in each.personal.items())
        rows = f"{each.rows:,}" if each.rows is not None else cell(each.uncounted)
        people = f"{each.people:,}" if each.people is not None else "–"
        yield f"| {cell(each.table)} | {rows} | {people} | {columns} |"
    yield ""
    since = moment(found.since) if found.since else "the first event of the audit log"
    yield f"Who was given something of them, from {since} until {moment(found.until)}, by the audit log:"
    yield ""
    yield "| who | did | what for | table | outcome | times | first | last |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in found.readings:
        parts = (one.principal, one.action, one.purpose or "–", one.table or "–", one.outcome, f"{one.times:,}")
        yield f"| {' | '.join(map(cell, parts))} | {one.first} | {one.last} |"
    yield ""
    yield "## Likely consequences (Art. 33(3)(c))"
    yield f"{OPEN}what can be done to these people with what was taken? Count in whether the keys leaked with it."
    yield ""
    yield "## Measures (Art. 33(3)(d))"
    yield f"- Reading is stopped by a deny that beats every grant; evidence SHA-256 {incident.evidence}."
    yield f"- {OPEN}what was done since, and what will be done."
    yield ""
    yield "## Telling the people (Art. 34)"
    yield f"{OPEN}is the risk to them high? Encrypted columns whose keys did not leak speak against it (Art. 34(3)(a))."
