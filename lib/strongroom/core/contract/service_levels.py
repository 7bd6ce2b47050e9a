"""From the service levels of ODCS to set rules: latency of a named column is freshness, the rest is documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strongroom.core.contract.model import Column, SetRule
from strongroom.core.contract.protection import DATES
from strongroom.core.contract.vocabulary import is_number, text
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_UNITS: Mapping[str, int] = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800,
}  # fmt: skip
"""Unit of a latency → seconds. Months and years have no fixed length."""


LEVELS = {
    "availability": "av", "throughput": "th", "errorRate": "er", "generalAvailability": "ga", "endOfSupport": "es",
    "endOfLife": "el", "retention": "re", "frequency": "fy", "latency": "ly", "timeToDetect": "td",
    "timeToNotify": "tn", "timeToRepair": "tr", "timeOfAvailability": "ta",
}  # fmt: skip
"""The standard's service levels, and their short names
(https://bitol-io.github.io/open-data-contract-standard/v3.1.0/service-level-agreement/)."""


def read_service_levels(
    root: Node, findings: Findings, *, table: str, columns: Mapping[str, Column], others: Sequence[str] = (),
    leave: Sequence[str] = (),
) -> list[SetRule]:  # fmt: skip
    """A freshness rule for each latency that names a column: its newest value is at most `bound` seconds old.

    `others` are the contract's other data sets: what is said of them is not said of this one. Levels that an overlay
    names in `leave` are noted.
    """
    rules: list[SetRule] = []
    entries = root.get("slaProperties")
    for entry in entries.items if entries else ():
        level = text(entry, "property") or ""
        element = text(entry, "element") or text(root, "slaDefaultElement") or ""
        if level in leave:
            findings.note(entry, f"Not checked: the service level {level!r} of {element or 'the whole'!r}.", left=True)
            continue
        if element.partition(".")[0] in others:
            continue
        if level not in LEVELS and level not in LEVELS.values():
            findings.unknown_name(
                entry.get("property") or entry, f"Unknown service level {level!r}.", did_you_mean(level, LEVELS)
            )
        if level not in ("latency", LEVELS["latency"]):
            continue
        place = entry.get("element") or root.get("slaDefaultElement") or entry
        if element in ("", table):
            findings.missing(
                place, "A latency is of a column.", f"Name one that tells a time: element: {table}.COLUMN."
            )
            continue
        if (more := entry.get("valueExt")) is not None:
            findings.not_run(more, "A latency has one value.", "Remove 'valueExt'.")
        path = element.removeprefix(f"{table}.")
        column = columns.get(path)
        value, unit = entry.get("value"), text(entry, "unit") or ""
        if column is None:
            findings.unknown_name(place, f"There is no column {path!r}.", did_you_mean(path, columns))
        elif any(rule.columns == (path,) for rule in rules):
            findings.twice(entry, f"The latency of {path!r} stands here twice.", "Keep one.")
        elif column.type.name not in DATES or "[]" in path:
            findings.misfit(place, f"{path!r} tells no time.", "Latency wants a date or timestamp.")
        elif value is None or not is_number(value.value) or value.value <= 0:
            findings.wrong_type(value or entry, "A latency is a positive number.")
        elif unit not in _UNITS:
            findings.unknown_name(entry.get("unit") or entry, f"Unknown unit {unit!r}.", did_you_mean(unit, _UNITS))
        else:
            rules.append(
                SetRule(
                    f"{path}.freshness",
                    "freshness",
                    (path,),
                    operator="mustBeLessOrEqualTo",
                    bound=value.value * _UNITS[unit],
                    unit="seconds",
                    dimension="timeliness",
                    line=entry.line,
                )
            )
    return rules
