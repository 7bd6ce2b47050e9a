"""Different values are counted exactly while they are few, nearly when they are many, and in any order."""

from functools import reduce

import numpy as np
import pytest

from strongroom.core.contract import Column, Contract, Protect, Type
from strongroom.quality.counts.kmv import MOST, Distinct
from strongroom.quality.counts.tally import Tally
from strongroom.quality.min_distinct import judge_frequencies

RANDOM = np.random.default_rng(7)
POOL = np.unique(RANDOM.integers(0, 2**64, 300_000, np.uint64))


@pytest.mark.parametrize("many", [0, 1, 99, MOST - 1])
def test_few_are_counted_exactly(many):
    marks = RANDOM.choice(POOL[:many], 5000) if many else POOL[:0]
    marks = np.concatenate((marks, POOL[:many]))
    found = reduce(Distinct.add, np.array_split(marks, 7), Distinct())
    assert (found.count, found.values) == (many, len(marks))


def test_many_are_estimated_and_parts_add_up_in_any_order():
    marks = RANDOM.permutation(np.repeat(POOL, 2))
    parts = [reduce(Distinct.add, np.array_split(part, 5), Distinct()) for part in np.array_split(marks, 4)]
    whole = reduce(Distinct.merge, parts, Distinct())
    assert whole == reduce(Distinct.merge, reversed(parts), Distinct()) == Distinct().add(marks)
    assert whole.count == pytest.approx(len(POOL), rel=0.1)
    assert Distinct.of_json(whole.to_json()) == whole


def contract(**options):
    leaf = Column("sex", "sex", Type("string"), protect=Protect("hash", options, line=9))
    return Contract("x", "x", "1", "c.yaml", "", (), (leaf,))


@pytest.mark.parametrize(
    ("distinct", "values", "least", "verdict", "why"),
    [
        (2, 5000, 0, ("sex.distinct", False, "warning"), "a handful, each often: frequencies tell"),
        (99, 990, 0, ("sex.distinct", False, "warning"), "just too few"),
        (99, 989, 0, None, "few rows: nothing comes often"),
        (100, 5000, 0, None, "enough"),
        (0, 0, 0, None, "nothing but nulls"),
        (99, 100, 100, ("sex.minDistinct", False, "error"), "the contract demands more, however often they come"),
        (100, 100, 100, ("sex.minDistinct", True, "error"), "just enough"),
        (0, 0, 100, ("sex.minDistinct", True, "error"), "no value, nothing to tell"),
    ],
)
def test_the_verdict_on_few_values(distinct, values, least, verdict, why):
    found = Distinct(POOL[:distinct].astype(">u8").tobytes(), values)
    verdicts = judge_frequencies(contract(**({"minDistinct": least} if least else {})), Tally(distinct={"sex": found}))
    assert [(each.rule, each.passed, each.severity) for each in verdicts] == ([verdict] if verdict else []), why
    assert all(each.where == "c.yaml:9" and str(distinct) in each.sentence for each in verdicts)
