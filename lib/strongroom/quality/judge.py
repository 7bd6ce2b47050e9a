"""Every row judged once: a contract's row rules, compiled for Arrow batches.

`compile_rules` runs once per task; the `Judge` it returns answers per batch, and whole batches at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column, Contract, Rule, SetRule
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.words import did_you_mean
from strongroom.quality import buffers
from strongroom.quality.buffers import Mask
from strongroom.quality.checks import CHECKS, MakeCheck, presence
from strongroom.quality.failures import Failures
from strongroom.quality.flat import Rows, Steps, every, steps_of

_METRICS = {"nullValues": presence.required, "missingValues": presence.missing}
Marks = Mapping[str, Mask]


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a batch: its rows, the unreadable ones by path, the duplicate ones by rule id."""

    rows: Rows
    unreadable: Marks
    duplicate: Marks


Verdict = Callable[[Given], Mask | None]
"""Which rows fail, or None when none does."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A contract's rules, ready for batches.

    Args:
        rules: all rules: those of the contract, and a rule `type` for each leaf that the contract has none for, since a
            value that cannot be read must never become a null in silence.
        verdicts: one per rule.
        counters: by set rule's id, what the metrics of set rules count.
        steps: the way to each path.
    """

    rules: tuple[Rule, ...]
    verdicts: tuple[Verdict, ...]
    counters: Mapping[str, Verdict]
    steps: dict[str, Steps]

    def judge(self, batch: pa.RecordBatch, unreadable: Marks, duplicate: Marks) -> Failures:
        """Which rows of a batch fail which rules.

        Args:
            batch: typed columns in the contract's order (`typed.read_batch`).
            unreadable: rows that could not be read, by path of the leaf; a path without any may be missing.
            duplicate: for every rule `unique`, by its id, the rows that share their values with another row.

        Raises:
            ValueError: `duplicate` lacks a rule `unique`, which would pass in silence.
        """
        given = Given(Rows(batch, self.steps), unreadable, duplicate)
        words = np.zeros((batch.num_rows, -(-len(self.rules) // 64)), np.uint64)
        bad = np.zeros(batch.num_rows, np.bool_)
        counts: dict[str, int] = {}
        for place, (rule, verdict) in enumerate(zip(self.rules, self.verdicts, strict=True)):
            failed = verdict(given)
            counts[rule.id] = 0 if failed is None else int(np.count_nonzero(failed))
            if failed is not None:
                words[:, place // 64] |= failed.astype(np.uint64) << np.uint64(place % 64)
                if rule.severity == "error":
                    bad |= failed
        counted: dict[str, int] = {}
        for name, counter in self.counters.items():
            found = counter(given)
            counted[name] = 0 if found is None else int(np.count_nonzero(found & ~bad))
        return Failures(self.rules, words, bad, counts, counted, given.rows)


def compile_rules(contract: Contract) -> Judge:
    """The judge of a contract.

    Raises:
        ConfigError: a rule names a column that is not there, a check we do not know, or an argument that does not fit;
            all such problems at once, each with the rule's line.
    """
    columns = every(contract)
    rules = (*contract.rules, *_missing_types(contract))
    problems: list[Problem] = []
    verdicts: list[Verdict] = []
    counters: dict[str, Verdict] = {}
    for rule in rules:
        try:
            verdicts.append(_verdict(rule, columns))
        except ValueError as error:
            problems.append(_problem(error, rule.id, rule.check, where=f"{contract.file}:{rule.line}"))
    for set_rule in contract.set_rules:
        try:
            if counter := _counter(set_rule, columns):
                counters[set_rule.id] = counter
        except ValueError as error:
            problems.append(_problem(error, set_rule.id, set_rule.metric, where=f"{contract.file}:{set_rule.line}"))
    if problems:
        raise ConfigError(problems)
    return Judge(rules, tuple(verdicts), counters, steps_of(contract))


def _problem(error: ValueError, rule: str, check: str, *, where: str) -> Problem:
    """What a check said about its rule, as a problem of the contract; its second argument is what to do."""
    what, *todo = error.args
    return Problem(f"rule {rule}: {check} {what}.", where, *todo)


def _missing_types(contract: Contract) -> Iterator[Rule]:
    """A rule `type` for each leaf that no rule `type` of the contract covers."""
    covered = [path for rule in contract.rules if rule.check == "type" for path in rule.columns]
    for leaf in contract.leaves():
        if not any(_inside(leaf.path, path) for path in covered):
            yield Rule(f"{leaf.path}:type", "type", (leaf.path,), dimension="conformity", line=leaf.line)


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _verdict(rule: Rule, columns: Mapping[str, Column]) -> Verdict:
    """One row rule as a function of a batch; ValueError when it cannot be one."""
    for path in rule.columns:
        if path not in columns:
            raise ValueError(
                f"is about {path!r}, and there is no such column. {did_you_mean(path, columns)}".rstrip(" .")
            )
    if rule.check == "type":
        return _unreadable(rule)
    if rule.check == "unique":
        return _duplicate(rule)
    if rule.check not in CHECKS:
        raise ValueError("is no check", did_you_mean(rule.check, [*CHECKS, "type", "unique"]))
    verdict = _of_column(CHECKS[rule.check], rule.argument, columns[_only(rule.columns)])
    return _readable(verdict, rule) if rule.check == "required" else verdict


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


def _readable(verdict: Verdict, rule: Rule) -> Verdict:
    """The verdict without rows that hold something unreadable: that is not missing, and `type` says so already."""
    unreadable = _unreadable(rule)

    def readable(given: Given) -> Mask | None:
        failed, marked = verdict(given), unreadable(given)
        return failed if failed is None or marked is None else buffers.some(failed & ~marked)

    return readable


def _unreadable(rule: Rule) -> Verdict:
    def verdict(given: Given) -> Mask | None:
        marks = [mask for path, mask in given.unreadable.items() if any(_inside(path, outer) for outer in rule.columns)]
        return np.logical_or.reduce(marks) if marks else None

    return verdict


def _duplicate(rule: Rule) -> Verdict:
    def verdict(given: Given) -> Mask | None:
        if rule.id not in given.duplicate:
            raise ValueError(f"rule {rule.id}: nobody looked for duplicates")
        return given.duplicate[rule.id]

    return verdict


def _counter(rule: SetRule, columns: Mapping[str, Column]) -> Verdict | None:
    """What a set rule's metric counts in a batch, or None for a metric that is measured elsewhere."""
    if rule.metric not in (*_METRICS, "invalidValues"):
        return None
    path = _only(rule.columns)
    if path not in columns:
        raise ValueError(f"is about {path!r}, and there is no such column", did_you_mean(path, columns))
    if rule.metric in _METRICS:
        return _of_column(_METRICS[rule.metric], rule.arguments, columns[path])
    if not rule.arguments:
        raise ValueError(f"needs arguments. Known: {', '.join(CHECKS)}")
    for name in rule.arguments:
        if name not in CHECKS:
            raise ValueError(f"knows no argument {name!r}", did_you_mean(name, CHECKS))
    checks = [_of_column(CHECKS[name], argument, columns[path]) for name, argument in rule.arguments.items()]

    def verdict(given: Given) -> Mask | None:
        failed = [mask for check in checks if (mask := check(given)) is not None]
        return np.logical_or.reduce(failed) if failed else None

    return verdict
