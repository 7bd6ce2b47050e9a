"""Every library metric with every operator, in rows and in percent, at its bound and beside it: as DuckDB counts.

The rows: twelve, of which the two with a negative number break a row rule; a metric counts among the other ten.
"""

from __future__ import annotations

from fractions import Fraction

import duckdb
import pyarrow as pa
import pytest

from quality.conformance import contract_of, odcs
from strongroom.core.contract.operators import OPERATORS
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import judge_set
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.row_rules import compile_rules

ROWS = pa.RecordBatch.from_pydict(
    {
        "v": ["a", "a", "b", None, "", "n/a", "B", "b", "zz", "a", None, "bad"],
        "n": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, -2],
    },
    pa.schema([("v", pa.string()), ("n", pa.int64())]),
)
GIVEN = pa.Table.from_batches([ROWS])
_GROUPS = "select count(*) c from kept where v is not null group by v"
METRICS = {
    "nullValues": ({}, "count(*) filter (v is null)"),
    "missingValues": ({"missingValues": ["", "n/a", None]}, "count(*) filter (v is null or v in ('', 'n/a'))"),
    "invalidValues": ({"validValues": ["a", "b"]}, "count(*) filter (v not in ('a', 'b'))"),
    "duplicateValues": (
        {},
        "(select sum(c) from (select count(*) c from kept where v is not null group by v) where c > 1)",
    ),
    "rowCount": ({}, "count(*)"),
}
"""Metric → its arguments, and DuckDB's words for the number."""
PYTHON = {
    "mustBe": "==", "mustNotBe": "!=", "mustBeGreaterThan": ">", "mustBeGreaterOrEqualTo": ">=", "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
}  # fmt: skip


@pytest.fixture(scope="module")
def counted():
    with duckdb.connect() as database:
        database.register("given", GIVEN)
        database.execute("create table kept as select * from given where n > 0")
        queries = {metric: f"select {sql} from kept limit 1" for metric, (_, sql) in METRICS.items()}
        found = {metric: database.execute(query).fetchall()[0][0] for metric, query in queries.items()}
        yield found, database.execute("select count(*) from kept").fetchall()[0][0]


def test_the_numbers_are_all_different_and_none_is_trivial(counted):
    numbers, rows = counted
    assert numbers == {"nullValues": 1, "missingValues": 3, "invalidValues": 4, "duplicateValues": 5, "rowCount": 10}
    assert rows == 10


def cases():
    for metric in METRICS:
        for operator in OPERATORS:
            for unit in ("rows", "percent"):
                if (metric, unit) != ("rowCount", "percent"):
                    yield metric, operator, unit


@pytest.mark.parametrize(("metric", "operator", "unit"), list(cases()))
def test_the_gate_says_what_the_number_says(counted, metric, operator, unit):
    numbers, rows = counted
    exact = Fraction(int(numbers[metric])) * (100 if unit == "percent" else 1) / (rows if unit == "percent" else 1)
    least = Fraction(1) if unit == "rows" else Fraction(1, 4)
    for bound, passes in bounds(operator, exact, least):
        verdict = judged(metric, operator, bound, unit)
        assert (verdict.measured, verdict.passed) == (float(exact), passes), (bound, verdict.sentence)
        assert verdict.closes is not passes


def bounds(operator, exact, least):
    """Bounds at the number and beside it, and whether the number then passes, by Python's own operators."""
    if operator in PYTHON:
        for bound in (exact - least, exact, exact + least):
            if bound > 0 and (bound < 100 or operator not in ("mustBeGreaterThan", "mustBeGreaterOrEqualTo")):
                yield float(bound), eval(f"exact {PYTHON[operator]} bound", {"exact": exact, "bound": bound})
        return
    for low, high in ((exact - least, exact), (exact, exact + least), (exact - least, exact + least),
                      (exact + least, exact + 2 * least), (exact - 3 * least, exact - least)):  # fmt: skip
        if low >= 0:
            yield [float(low), float(high)], (low <= exact <= high) == (operator == "mustBeBetween")


def judged(metric, operator, bound, unit):
    bound = [_plain(each) for each in bound] if isinstance(bound, list) else _plain(bound)
    rule = {"id": "the-rule", "metric": metric, operator: bound, "unit": unit}
    rule |= {"arguments": METRICS[metric][0]} if METRICS[metric][0] else {}
    column = {"name": "v", "logicalType": "string", "quality": [rule] if metric != "rowCount" else []}
    number = {"name": "n", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0}}
    group = {"properties": [column, number], "quality": [rule] if metric == "rowCount" else []}
    contract = contract_of(odcs(group))
    typed = read_batch(ROWS, contract)
    failures = compile_rules(contract).judge(typed.batch, typed.unreadable, {})
    tally = Tally().add(failures, contract)
    assert (tally.kept, tally.bad) == (10, 2)
    facts = {"the-rule": 5.0} if metric == "duplicateValues" else {}  # counted in the lake; see the flows' tests
    return judge_set(contract, tally, facts=facts)[0]


def _plain(bound):
    return int(bound) if bound == int(bound) else bound
