"""Who may read a table: each role with what for, until when, and how much of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from strongroom.core.policy.model import last_day
from strongroom.core.report import Report
from strongroom.core.report.front import Limits, Reader
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, element, join, name
from strongroom.reports.page.layout import more, section, table
from strongroom.reports.phrases import enforced, for_purposes, seen_as

_MOST = 6
"""Names of columns in one cell; of the others there is a number."""


def readers(report: Report, *, shown: int) -> Markup:
    """The roles that the policy gives the table to, as it stood when the run began."""
    if not report.readers:
        return Markup("")
    alike: dict[tuple[str, datetime | None, str], list[Reader]] = {}
    for each in report.readers:
        alike.setdefault((each.role, each.until, repr(each.limits)), []).append(each)
    heads = [("Role", ""), ("What for", ""), ("Until", ""), ("Columns", "says"), ("Rows", "")]
    lines = [_line(same[0], [each.purpose for each in same]) for same in alike.values()]
    lead = "By the policy as it stood when the run began, each role by itself."
    listing = table("Who may read it", heads, lines[:shown])
    return section("readers", "Who may read it", element("p", lead), listing, more(len(lines), shown=shown))


def ends(until: datetime | None) -> str:
    """The last day of a grant, or that it has none."""
    return "without end" if until is None else f"until {last_day(until)}"


def _line(reader: Reader, purposes: Sequence[str]) -> tuple[str, ...]:
    limits = reader.limits or Limits(0)
    kept = element("small", f"kept {enforced(limits.level)}") if limits.level else ""
    until = "no end" if reader.until is None else last_day(reader.until)
    return (
        join(name(reader.role), kept),
        for_purposes(purposes).removeprefix("for "),
        until,
        join(_given(limits), *_masked(limits.masked)),
        join(*_rows(limits.rows)),
    )


def _given(limits: Limits) -> Markup:
    if not limits.withheld:
        return join(f"all {limits.columns:,}")
    whole = limits.columns + len(limits.withheld)
    return join(f"{limits.columns:,} of {whole:,}", element("small", "not ", *_listed(limits.withheld)))


def _masked(masks: Mapping[str, str]) -> Iterable[Markup]:
    columns: dict[str, list[str]] = {}
    for column, how in masks.items():
        columns.setdefault(how, []).append(column)
    for how, names in columns.items():
        yield element("small", *_listed(names), " ", seen_as(how))


def _rows(conditions: Sequence[str]) -> Iterable[str]:
    if not conditions:
        yield "all"
    for place, condition in enumerate(conditions):
        yield join("or " if place else "where ", name(condition), " ")


def _listed(names: Sequence[str]) -> list[str]:
    told = [part for each in names[:_MOST] for part in (", ", name(each))][1:]
    return [*told, f" and {counted(len(names) - _MOST, 'more column')}"] if len(names) > _MOST else told
