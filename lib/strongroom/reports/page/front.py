"""The front page of a lake: every table with what readers get, how its last runs ended, and who may read it."""

from __future__ import annotations

from datetime import datetime

from strongroom import __version__
from strongroom.core.report.front import FrontPage, PastState, Reader, TableState
from strongroom.core.suggest import counted
from strongroom.core.zones import ZONES
from strongroom.reports.markup import Markup, document, element, join, name
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.readers import ends
from strongroom.reports.page.style import STYLE
from strongroom.reports.phrases import NOT_MEASURED, for_purposes, number

_WORDS = {"done": ("✓ done", "good-text"), "gate closed": ("✕ gate closed", "care-text")}
_HEADS = [("Table", ""), ("Readers get", ""), ("Last runs", "keep"), ("Quarantined", "figure"), ("May read it", "")]
SHOWN_RUNS = 3


def page(front: FrontPage) -> str:
    """The whole page, one table a zone; links lead to the reports beside it."""
    zones: dict[str, list[TableState]] = {}
    for each in front.tables:
        zones.setdefault(each.name.partition(".")[0], []).append(each)
    ordered = [*(zone for zone in ZONES if zone in zones), *sorted(zones.keys() - ZONES.keys())]
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
        element("main", _incidents(front), *(_zone(zone, zones[zone]) for zone in ordered), id="main", tabindex="-1"),
        element("footer", element("p", f"Strongroom {__version__}. No value of any row is on this page.")),
    )
    return document("Tables of a lake", body, style=STYLE, policy=POLICY)


def _incidents(front: FrontPage) -> Markup:
    """What nobody reads, and what is left of the 72 hours; nothing where no incident is open."""
    if not front.incidents:
        return Markup("")
    heads = [("Incident", ""), ("Nobody reads", ""), ("Clock, when this was written", ""), ("Authority by", "")]
    lines = [
        (name(each.id), each.scope, element("span", each.clock(front.written), class_="bad-text"),
         f"{each.due:%Y-%m-%d %H:%M} UTC" if each.ticks else "–")
        for each in front.incidents
    ]  # fmt: skip
    return section("incidents", "Open incidents", table("Open incidents", heads, lines))


def _zone(zone: str, tables: list[TableState]) -> Markup:
    lines = (_line(each) for each in sorted(tables, key=lambda each: each.name))
    title = ZONES[zone].title or zone if zone in ZONES else zone
    return section(zone, title, table(title, _HEADS, lines))


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
