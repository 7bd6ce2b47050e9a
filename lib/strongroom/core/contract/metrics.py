"""The metrics of ODCS's library: where each may stand, and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.core.contract.model import Column
from strongroom.core.contract.rules import check_pattern
from strongroom.core.contract.values import in_json, typed
from strongroom.core.contract.vocabulary import check_keys, text
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

METRICS: Mapping[str, tuple[str, ...]] = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
"""Metric → its arguments, of which one is needed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quality rule stands: in the table, or in one of its columns; `columns` are all of them, by path."""

    table: str
    columns: Mapping[str, Column]
    column: Column | None = None

    @property
    def name(self) -> str:
        """What the ids of the rules here start with."""
        return self.column.path if self.column else self.table

    @property
    def paths(self) -> tuple[str, ...]:
        """The column's path, or nothing."""
        return (self.column.path,) if self.column else ()


def read_metric(node: Node, place: Place, findings: Findings) -> tuple[str, tuple[str, ...], dict[str, object]] | None:
    """A rule's metric, its columns, and its arguments in the column's own type; None when it does not fit here."""
    metric = text(node, "metric")
    if metric is None:
        findings.missing(node, "A quality rule without 'metric'.", "Mark what is only said with 'type: text'.")
    elif metric not in METRICS:
        findings.unknown_name(node["metric"], f"Unknown metric {metric!r}.", did_you_mean(metric, METRICS))
    elif trouble := _misplaced(metric, place.column):
        findings.misfit(node["metric"], f"{metric!r} {trouble}")
    else:
        return metric, *_arguments(node, metric, place, findings)
    return None


def _misplaced(metric: str, column: Column | None) -> str:
    """Why a metric does not fit a place, or an empty text."""
    if column is None:
        return "" if metric in ("rowCount", "duplicateValues") else "is a rule of a column: move it there."
    if metric == "rowCount":
        return "is a rule of the whole table: move it there."
    if metric == "duplicateValues" and "[]" in column.path:
        return "does not fit items of an array: use 'uniqueItems'."
    if metric != "nullValues" and column.type.name in ("struct", "array"):
        return f"does not fit {column.path!r}, which is {column.type.name}."
    return ""


def _arguments(node: Node, metric: str, place: Place, findings: Findings) -> tuple[tuple[str, ...], dict[str, object]]:
    column, given = place.column, node.get("arguments")
    known = METRICS[metric] if column is None or metric != "duplicateValues" else ()
    if given is not None and not check_keys(given, known, f"'arguments' of {metric!r}", findings):
        return place.paths, {}
    named = [name for name in known if given is not None and name in given]
    if known and len(named) != 1:
        findings.missing(given or node, f"{metric!r} wants the argument {' or '.join(map(repr, known))}.")
    if len(named) != 1 or given is None:
        return place.paths, {}
    argument = given[named[0]]
    if named[0] == "pattern":
        check_pattern(argument, findings)
        if column is not None and column.type.name != "string":
            findings.misfit(argument, f"A pattern does not fit {column.path!r}, which is {column.type.name}.")
        return place.paths, {"pattern": argument.value}
    if not argument.items:
        findings.wrong_type(argument, f"{named[0]!r} is a list that names something.")
    if column is None:
        return _key(argument, place.columns, findings), {}
    return place.paths, {named[0]: _values(argument, column, findings, null=metric == "missingValues")}


def _key(node: Node, columns: Mapping[str, Column], findings: Findings) -> tuple[str, ...]:
    """The columns that are unique together."""
    for item in node.items:
        column = columns.get(str(item.value))
        if column is None:
            findings.unknown_name(item, f"There is no column {item.value!r}.", did_you_mean(str(item.value), columns))
        elif column.type.name in ("struct", "array") or "[]" in column.path:
            findings.misfit(item, f"{column.path!r} has no single value in each row.")
        elif node.value.count(item.value) > 1:
            findings.twice(item, f"The column {item.value!r} stands here twice.")
    return tuple(str(item.value) for item in node.items)


def _values(node: Node, column: Column, findings: Findings, *, null: bool) -> tuple[object, ...]:
    """Values of the column's type. Null counts where `null` says so; among valid values it changes nothing."""
    values: dict[object, None] = {}  # in their order
    twice = sum(item.value is None for item in node.items) > 1
    for item in node.items:
        value = typed(item.value, column.type, format_=column.read.format)
        if item.value is None and twice:
            findings.twice(item, "Null stands here twice.")
        if item.value is None:
            values |= {None: None} if null else {}
            if column.required and not null:
                findings.contradicts(item, f"Null is no valid value of {column.path!r}, which is required.")
        elif value is None:
            findings.misfit(item, f"This value of {column.path!r} is no {column.type.name}.")
        elif (plain := in_json(value)) in values:
            findings.twice(item, "This value stands here twice.")
        else:
            values[plain] = None
    return tuple(values)
