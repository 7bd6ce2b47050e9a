"""Every row judged once: a contract's row rules, compiled for Arrow batches.

`compile_rules` runs once per task; the `Judge` it returns answers per batch, and whole batches at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.arrow.leaves import Leaves, Steps, every, steps_of
from strongroom.core.contract import Contract, Rule
from strongroom.core.contract.protection import untyped
from strongroom.core.errors import ConfigError, Problem
from strongroom.quality.compiler import Given, Marks, Verdict, by_column, counter_of, inside, verdict_on
from strongroom.quality.counts.failures import Failures
from strongroom.quality.reading.datetimes import pattern_of


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

    def judge(self, batch: pa.RecordBatch, unreadable: Marks, marked: Marks) -> Failures:
        """Which rows of a batch fail which rules.

        Args:
            batch: typed columns in the contract's order (`typed.read_batch`).
            unreadable: rows that could not be read, by path of the leaf; a path without any may be missing.
            marked: for every rule of a check in ACROSS, by its id, the rows that break it: they share their values with
                another row, or refer to nothing.

        Raises:
            ValueError: `marked` lacks such a rule, which would pass in silence.
        """
        given = Given(Leaves(batch, self.steps), by_column(unreadable), marked)
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
    problems = [*_unreadable_formats(contract)]
    verdicts: list[Verdict] = []
    counters: dict[str, Verdict] = {}
    free = untyped(contract)
    for rule in rules:
        where = f"{contract.file}:{rule.line}"
        try:
            unasked = rule.check == "type" and free.issuperset(rule.columns)
            verdicts.append(_never if unasked else verdict_on(rule, columns, where=where))
        except ValueError as error:
            problems.append(_problem(f"rule {rule.id}: {rule.check}", error, where=where))
        except ConfigError as error:
            problems += error.problems
    for set_rule in contract.set_rules:
        try:
            if counter := counter_of(set_rule, columns):
                counters[set_rule.id] = counter
        except ValueError as error:
            where = f"{contract.file}:{set_rule.line}"
            problems.append(_problem(f"rule {set_rule.id}: {set_rule.metric}", error, where=where))
    if problems:
        raise ConfigError(problems)
    return Judge(rules, tuple(verdicts), counters, steps_of(contract))


def _never(_: Given) -> None:
    """The verdict of `type` on what is dropped, and what nobody asks for."""


def _problem(of: str, error: ValueError, *, where: str) -> Problem:
    """What was said about a rule or column, as a problem of the contract; the second argument is what to do."""
    what, todo = (*error.args, "")[:2]
    return Problem(f"{of} {what}.", where, todo, "contract.misfit")


def _unreadable_formats(contract: Contract) -> Iterator[Problem]:
    """Formats of dates and timestamps that text cannot be read by."""
    for leaf in contract.leaves():
        if leaf.read.format:
            try:
                pattern_of(leaf.read.format)
            except ValueError as error:
                yield _problem(f"column {leaf.path}:", error, where=f"{contract.file}:{leaf.line}")


def _missing_types(contract: Contract) -> Iterator[Rule]:
    """A rule `type` for each leaf that no rule `type` of the contract covers."""
    covered = {path for rule in contract.rules if rule.check == "type" for path in rule.columns}
    leaves = tuple(contract.leaves())
    around = covered - {leaf.path for leaf in leaves}
    for leaf in leaves:
        if leaf.path not in covered and not any(inside(leaf.path, path) for path in around):
            yield Rule(f"{leaf.path}:type", "type", (leaf.path,), dimension="conformity", line=leaf.line)
