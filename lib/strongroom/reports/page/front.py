"""The front page of a lake: every table with what readers get, how its last runs ended, and who may read it."""

from __future__ import annotations

from datetime import datetime

from strongroom import __version__
from strongroom.core.report.front import FrontPage, PastState, Reader, TableState
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, document, element, join, name
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.readers import ends
from strongroom.reports.page.style import STYLE
from strongroom.reports.phrases import NOT_MEASURED, for_purposes, number

_WORDS = {"done": ("✓ done", "good-text"), "gate closed": ("✕ gate closed", "care-text")}
_ZONES = {
    "training": "Prepared tables", "curated": "Rows fit to train on", "dropped": "Rows that are not",
    "features": "Features", "projected": "What roles are given as files", "revealed": "Opened for a purpose",
}  # fmt: skip
_HEADS = [("Table", ""), ("Readers get", ""), ("Last runs", "keep"), ("Quarantined", "figure"), ("May read it", "")]
SHOWN_RUNS = 3


def page(front: FrontPage) -> str:
    """The whole page, one table a zone; links lead to the reports beside it."""
    zones: dict[str, list[TableState]] = {}
    for each in front.tables:
        zones.setdefault(each.name.partition(".")[0], []).append(each)
    ordered = [*(zone for zone in _ZONES if zone in zones), *sorted(zones.keys() - _ZONES.keys())]
    closed = sum(each.runs[0].status != "done" for each in front.tables)
    told = "The last run of each went well." if not closed else f"The last run of {counted(closed, 'table')} failed."
    when = element("time", f"{front.written:%-d %B %Y, %H:%M} UTC", datetime=front.written.isoformat())
    body = element(
        "body",
        element("a", "Skip to the tables", href="#main", class_="skip"),
        element(
            "header",
            element("p", element("span", "Strongroom · a lake"), when, class_="over"),
            element("h1", "Tables"),
            element("p", f"{counted(len(front.tables), 'table')}. {told} Written at the end of each run."),
        ),
        element("main", *(_zone(zone, zones[zone]) for zone in ordered), id="main", tabindex="-1"),
        element("footer", element("p", f"Strongroom {__version__}. No value of any row is on this page.")),
    )
    return document("Tables of a lake", body, style=STYLE, policy=POLICY)


def _zone(zone: str, tables: list[TableState]) -> Markup:
    lines = (_line(each) for each in sorted(tables, key=lambda each: each.name))
    return section(zone, _ZONES.get(zone, zone), table(_ZONES.get(zone, zone), _HEADS, lines))


def _line(state: TableState) -> tuple[str, ...]:
    return (
        name(state.name),
        _readable(state),
        join(*(_run(run) for run in state.runs[:SHOWN_RUNS])),
        number(state.quarantined),
        _readers(state.readers),
    )


def _readable(state: TableState) -> Markup:
    if state.version is None or state.published is None:
        return Markup("nothing yet")
    rows = NOT_MEASURED if state.written is None else f"{counted(state.written, 'row')} by that run"
    when = f"{state.published.started:%Y-%m-%d %H:%M} UTC"
    return join(f"version {state.version}", element("small", f"{when}, {rows}"))


def _run(run: PastState) -> Markup:
    words, tone = _WORDS.get(run.status, (f"✕ {run.status}", "bad-text"))
    told = element("span", words, class_=tone)
    when = f"{run.started:%Y-%m-%d %H:%M}"
    return element("small", told, " ", element("a", when, href=run.report) if run.report else when)


def _readers(found: tuple[Reader, ...]) -> Markup:
    """A line a role, with its purposes that end on the same day."""
    alike: dict[tuple[str, datetime | None], list[str]] = {}
    for reader in found:
        alike.setdefault((reader.role, reader.until), []).append(reader.purpose)
    told = [
        element("small", name(role), f" {for_purposes(purposes)}, {ends(until)}")
        for (role, until), purposes in alike.items()
    ]
    return join(*told) if told else Markup("nobody")
