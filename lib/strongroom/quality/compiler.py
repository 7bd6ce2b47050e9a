"""From one rule to the function that says which rows of a batch break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Leaves
from strongroom.core.contract import ACROSS, Column, Rule, SetRule
from strongroom.core.suggest import did_you_mean
from strongroom.quality.checks import CHECKS, MakeCheck, presence
from strongroom.quality.expression import compile_condition

Marks = Mapping[str, Mask]
COUNTED = ("nullValues", "missingValues", "invalidValues")
"""The metrics of set rules that are counted row by row."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a batch: its rows, the unreadable ones by column and path, and by id those that break ACROSS."""

    rows: Leaves
    unreadable: Mapping[str, Marks]
    marked: Marks


Verdict = Callable[[Given], Mask | None]
"""Which rows fail, or None when none does."""


def by_column(marks: Marks) -> dict[str, dict[str, Mask]]:
    """Marks by top-level column, so that a rule of one of many columns looks at its own only."""
    found: dict[str, dict[str, Mask]] = {}
    for path, mask in marks.items():
        found.setdefault(_column_of(path), {})[path] = mask
    return found


def _column_of(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def inside(path: str, outer: str) -> bool:
    """Whether a path is another one or lies within it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def verdict_on(rule: Rule, columns: Mapping[str, Column], *, where: str) -> Verdict:
    """One row rule as a function of a batch; ValueError or ConfigError when it cannot be one."""
    for path in rule.columns:
        _known(path, columns)
    if rule.check == "type":
        return _unreadable(rule.columns)
    if rule.check in ACROSS:
        return _marked(rule)
    if rule.check == "expression":
        met = compile_condition(str(rule.argument), columns, where=where)
        return lambda given: met(given.rows)
    if rule.check not in CHECKS:
        raise ValueError("is no check", did_you_mean(rule.check, [*CHECKS, *ACROSS, "type", "expression"]))
    verdict = _of_column(CHECKS[rule.check], rule.argument, columns[_only(rule.columns)])
    return _readable(verdict, rule.columns) if rule.check in ("required", "missingValues") else verdict


def _known(path: str, columns: Mapping[str, Column]) -> Column:
    if path not in columns:
        raise ValueError(f"is about {path!r}, and there is no such column", did_you_mean(path, columns))
    return columns[path]


def _only(paths: tuple[str, ...]) -> str:
    if len(paths) != 1:
        raise ValueError("is about one column")
    return paths[0]


def _of_column(make: MakeCheck, argument: object, column: Column) -> Verdict:
    fails = make(argument, column)

    def verdict(given: Given) -> Mask | None:
        flat = given.rows[column.path]
        failed = fails(flat)
        return None if failed is None else flat.to_rows(failed)

    return verdict


def _readable(verdict: Verdict, columns: tuple[str, ...]) -> Verdict:
    """The verdict without rows that hold something unreadable: that is not missing, and `type` says so already."""
    unreadable = _unreadable(columns)

    def readable(given: Given) -> Mask | None:
        failed, marked = verdict(given), unreadable(given)
        return failed if failed is None or marked is None else buffers.some(failed & ~marked)

    return readable


def _unreadable(columns: tuple[str, ...]) -> Verdict:
    def verdict(given: Given) -> Mask | None:
        marks = [
            mask
            for outer in columns
            for path, mask in given.unreadable.get(_column_of(outer), {}).items()
            if inside(path, outer)
        ]
        return np.logical_or.reduce(marks) if marks else None

    return verdict


def _marked(rule: Rule) -> Verdict:
    def verdict(given: Given) -> Mask | None:
        if rule.id not in given.marked:
            raise ValueError(f"rule {rule.id}: nobody looked beyond the row")
        return given.marked[rule.id]

    return verdict


def counter_of(rule: SetRule, columns: Mapping[str, Column]) -> Verdict | None:
    """What a set rule's metric counts in a batch, or None for a metric that is measured elsewhere."""
    if rule.metric not in COUNTED:
        return None
    column = _known(_only(rule.columns), columns)
    if rule.metric == "nullValues":
        return _readable(_of_column(presence.required, None, column), rule.columns)
    if rule.metric == "missingValues":
        return _of_column(presence.missing_values, rule.arguments.get("missingValues"), column)
    if not rule.arguments:
        raise ValueError(f"needs arguments. Known: {', '.join(CHECKS)}")
    for name in rule.arguments:
        if name not in CHECKS:
            raise ValueError(f"knows no argument {name!r}", did_you_mean(name, CHECKS))
    checks = [_of_column(CHECKS[name], argument, column) for name, argument in rule.arguments.items()]

    def verdict(given: Given) -> Mask | None:
        failed = [mask for check in checks if (mask := check(given)) is not None]
        return np.logical_or.reduce(failed) if failed else None

    return verdict
