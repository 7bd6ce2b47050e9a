from __future__ import annotations

import pytest

from strongroom.core.contract import Contract, SetRule
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import QUARANTINE_LIMIT, judge_set

TALLY = Tally(rows=300, bad=100, counted={"n": 1, "third": 66})


def verdict(metric: str, operator: str, bound: object, *, tally: Tally = TALLY, **more: object):
    rule = SetRule(more.pop("id", "n"), metric, more.pop("columns", ()), operator, bound, line=7, **more)
    contract = Contract("x", "x", "1", "c.yaml", "", (), (), set_rules=(rule,))
    return judge_set(contract, tally, facts={"dup": 3, "age": 3600.5, "nan": float("nan")})[0]


OPERATORS = [
    ("mustBe", 200, True), ("mustBe", 199, False), ("mustNotBe", 199, True), ("mustNotBe", 200, False),
    ("mustBeGreaterThan", 199, True), ("mustBeGreaterThan", 200, False),
    ("mustBeGreaterOrEqualTo", 200, True), ("mustBeGreaterOrEqualTo", 201, False),
    ("mustBeLessThan", 201, True), ("mustBeLessThan", 200, False),
    ("mustBeLessOrEqualTo", 200, True), ("mustBeLessOrEqualTo", 199, False),
    ("mustBeBetween", (200, 300), True), ("mustBeBetween", (100, 200), True), ("mustBeBetween", (201, 300), False),
    ("mustNotBeBetween", (201, 300), True), ("mustNotBeBetween", (200, 300), False),
    ("mustNotBeBetween", (1, 200), False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "bound", "passed"), OPERATORS)
def test_every_operator_at_its_edges(operator, bound, passed):
    given = verdict("rowCount", operator, bound)
    assert (given.measured, given.passed, given.closes) == (200.0, passed, not passed)


MEASURES = [
    (("nullValues", "mustBe", 0.5), {"unit": "percent"}, True, "percent are of the rows kept"),
    (("nullValues", "mustBeLessOrEqualTo", 33.3), {"id": "third", "unit": "percent"}, True, "33 is at most 33.3"),
    (("duplicateValues", "mustBe", 3), {"id": "dup"}, True, "a fact from the lake"),
    (("duplicateValues", "mustBe", 1.5), {"id": "dup", "unit": "percent"}, True, "in percent too"),
    (("freshness", "mustBeLessOrEqualTo", 3600), {"id": "age", "unit": "seconds"}, False, "an age in seconds"),
    (("sql", "mustBe", 3), {"id": "dup", "unit": "percent"}, True, "a query's number is no share of anything"),
    (("sql", "mustBe", 0), {"id": "none"}, False, "nobody measured it"),
    (("sql", "mustNotBe", 0), {"id": "none"}, False, "and then nothing passes"),
    (("sql", "mustNotBe", 0), {"id": "nan"}, False, "what is no number is no measure"),
    (("nullValues", "mustBe", 0), {"id": "forgotten"}, False, "a count that nobody made is not 0"),
]


@pytest.mark.parametrize(("rule", "more", "passed", "why"), MEASURES, ids=[case[3] for case in MEASURES])
def test_what_is_measured(rule, more, passed, why):
    assert verdict(*rule, **more).passed is passed, why


def test_of_no_rows_kept_every_count_is_zero_and_the_row_count_says_so():
    empty = Tally(rows=5, bad=5)
    assert verdict("nullValues", "mustBe", 0, tally=empty, unit="percent").measured == 0
    assert verdict("rowCount", "mustBeGreaterThan", 0, tally=empty).passed is False


def test_percent_is_exact():
    tally = Tally(rows=3, counted={"n": 1})
    assert verdict("nullValues", "mustBeLessThan", 33.33333333333333, tally=tally, unit="percent").passed is False
    assert verdict("nullValues", "mustBeLessThan", 33.33333333333334, tally=tally, unit="percent").passed is True
    tally = Tally(rows=1000, counted={"n": 3})
    assert verdict("nullValues", "mustBe", 0.3, tally=tally, unit="percent").passed is True


SENTENCES = [
    (
        ("nullValues", "mustBeLessThan", 2),
        {"columns": ("email",)},
        "nullValues of email is 1; it must be less than 2 rows.",
    ),
    (("rowCount", "mustBeBetween", (1, 9)), {}, "rowCount is 200; it must be between 1 and 9 rows."),
    (("sql", "mustBe", 0), {"id": "none"}, "sql was not measured; it must be 0."),
]


@pytest.mark.parametrize(("rule", "more", "sentence"), SENTENCES)
def test_a_person_can_read_it(rule, more, sentence):
    given = verdict(*rule, **more)
    assert given.sentence == sentence
    assert given.where == "c.yaml:7"


def test_a_warning_does_not_close_the_gate():
    given = verdict("rowCount", "mustBe", 0, severity="warning")
    assert (given.passed, given.closes) == (False, False)


LIMITS = [(0.0, 0, 10, True), (0.0, 1, 10, False), (0.1, 1, 10, True), (0.1, 11, 100, False), (0.1, 0, 0, True)]


@pytest.mark.parametrize(("limit", "bad", "rows", "passed"), LIMITS)
def test_the_quarantine_limit_is_a_share_of_all_rows_read(limit, bad, rows, passed):
    contract = Contract("x", "x", "1", "c.yaml", "", (), (), quarantine_limit=limit)
    given = judge_set(contract, Tally(rows=rows, bad=bad), facts={})
    assert [(one.rule, one.passed, one.closes) for one in given] == [(QUARANTINE_LIMIT, passed, not passed)]


def test_no_limit_and_no_rules_have_no_verdicts():
    assert judge_set(Contract("x", "x", "1", "c.yaml", "", (), ()), Tally(rows=1, bad=1), facts={}) == ()
