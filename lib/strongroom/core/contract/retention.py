"""How long rows are kept: the service level `retention` of a column that tells a time."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from strongroom.core.contract.model import Column, Retention
from strongroom.core.contract.protection import DATES, is_kept
from strongroom.core.contract.vocabulary import text
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

LEVEL = ("retention", "re")
"""What the standard calls it, and for short."""
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("d", "day", "days"), "d"), **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("m", "month", "months"), "m"), **dict.fromkeys(("y", "yr", "year", "years"), "y"),
}  # fmt: skip
"""What the standard's examples and others write."""
_DAYS: Mapping[str, int] = {"d": 1, "w": 7}


@dataclass(frozen=True, slots=True)
class _Said:
    """One entry of service levels."""

    entry: Node
    path: str
    place: Node


def read_retention(
    root: Node, findings: Findings, *, table: str, columns: Mapping[str, Column], leave: Sequence[str] = ()
) -> Retention | None:
    """The retention that names a column of this data set; without a column it is documentation, and told so.

    Levels that an overlay names in `leave` are left out here: whoever reads service levels notes them.
    """
    found: Retention | None = None
    for said in _entries(root, table=table, columns=columns, leave=leave, findings=findings):
        if found is not None:
            findings.twice(said.entry, "A retention stands here twice.", "Keep one.")
            continue
        found = _checked(said, columns, findings)
    return found


def _entries(
    root: Node, *, table: str, columns: Mapping[str, Column], leave: Sequence[str], findings: Findings
) -> list[_Said]:
    entries, found = root.get("slaProperties"), list[_Said]()
    for entry in entries.items if entries else ():
        level = text(entry, "property")
        if level not in LEVEL or level in leave:
            continue
        element = text(entry, "element") or text(root, "slaDefaultElement") or ""
        place = entry.get("element") or root.get("slaDefaultElement") or entry
        first, _, rest = element.partition(".")
        if element in ("", table) or (first == table and not rest):
            findings.note(entry, "This retention is not run: it names no column that tells a row's time.")
        elif first == table or element in columns:
            found.append(_Said(entry, element.removeprefix(f"{table}."), place))
        # else it is said of another data set of the file, or of a column that nobody has; below
        elif not rest:
            findings.unknown_name(place, f"There is no column {element!r}.", did_you_mean(element, columns))
    return found


def _checked(said: _Said, columns: Mapping[str, Column], findings: Findings) -> Retention | None:
    column, entry = columns.get(said.path), said.entry
    value, unit = entry.get("value"), text(entry, "unit") or ""
    if column is None:
        findings.unknown_name(said.place, f"There is no column {said.path!r}.", did_you_mean(said.path, columns))
    elif column.type.name not in DATES or "." in said.path or "[]" in said.path:
        findings.misfit(said.place, f"{said.path!r} tells no time of a row.", "Retention wants a date or timestamp.")
    elif not is_kept(column):
        todo = "How old a row is has to be told from the table: keep that column, or name another."
        findings.misfit(said.place, f"{said.path!r} does not lie in the table as it came.", todo)
    elif value is None or isinstance(value.value, bool) or not isinstance(value.value, int) or value.value < 1:
        findings.wrong_type(value or entry, "A retention is a whole number.")
    elif unit not in _UNITS:
        findings.unknown_name(entry.get("unit") or entry, f"Unknown unit {unit!r}.", did_you_mean(unit, _UNITS))
    else:
        return Retention(said.path, value.value, _UNITS[unit], entry.line)
    return None


def kept_since(retention: Retention, at: datetime) -> datetime:
    """The instant from which on rows are kept at `at` (aware): what is older than that is too old. In UTC.

    Months and years are those of the calendar; of a day that the month has not, its last one.
    """
    at = at.astimezone(UTC)
    if retention.unit in _DAYS:
        days, most = retention.amount * _DAYS[retention.unit], (at - datetime.min.replace(tzinfo=UTC)).days
        return at - timedelta(days=days) if days <= most else datetime.min.replace(tzinfo=UTC)
    months = at.year * 12 + at.month - 1 - retention.amount * (12 if retention.unit == "y" else 1)
    if months < 12:
        return datetime.min.replace(tzinfo=UTC)
    year, month = divmod(months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))
