"""Conditions that nobody thought of, against DuckDB: without brackets, so that precedence is asked for too."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.arrow.leaves import Leaves
from strongroom.core.contract import Column, Type
from strongroom.core.errors import ConfigError
from strongroom.quality.expression import compile_condition

KINDS = {
    "n": "bigint", "m": "int", "x": "double", "s": "string", "u": "string", "b": "boolean", "d": "date", "e": "date",
}  # fmt: skip
COLUMNS = {name: Column(name, name, Type(kind)) for name, kind in KINDS.items()}
DAYS = [date(2024, 1, 1), date(2024, 2, 29), None, date(1999, 12, 31), date(2024, 1, 31), date(2000, 1, 1), None, None]
TABLE = pa.RecordBatch.from_pydict(
    {
        "n": pa.array([0, 1, -2, None, 7, 3, 1, None], pa.int64()),
        "m": pa.array([1, 1, 0, 5, None, -3, 2, None], pa.int32()),
        "x": pa.array([0.5, 1.0, None, -2.5, 7.0, 0.0, 1e10, None], pa.float64()),
        "s": pa.array(["a", "B", "", None, "é", "ab", "a", None]),
        "u": pa.array(["a", "b", None, "x", "É", "", "ab", None]),
        "b": pa.array([True, False, None, True, False, None, True, None]),
        "d": pa.array(DAYS, pa.date32()),
        "e": pa.array(DAYS[3:] + DAYS[:3], pa.date32()),
    }
)


def chain(parts: st.SearchStrategy[str], signs: list[str], most: int) -> st.SearchStrategy[str]:
    """Parts joined by any of the signs, without brackets."""
    pairs = st.lists(st.tuples(st.sampled_from(signs), parts), max_size=most - 1)
    return st.tuples(parts, pairs).map(lambda given: given[0] + "".join(f" {sign} {part}" for sign, part in given[1]))


NUMBER = st.sampled_from(["n", "m", "x", "length(s)", "-n", "(e - d)", "0", "1", "-2", "0.5", "7"])
SUM = chain(NUMBER, ["+", "-", "*"], 3)
TEXT = st.sampled_from(["s", "u", "lower(s)", "lower(u)", "'a'", "''", "'é'"])
DAY = st.sampled_from(["d", "e", "date '2024-01-01'", "date '1999-12-31'"])
COMPARE = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(" ".join)


ATOM = st.one_of(
    joined(SUM, COMPARE, SUM),
    joined(TEXT, COMPARE, TEXT),
    joined(DAY, COMPARE, DAY),
    st.sampled_from(["b", "b = true", "n is null", "s is not null", "d is null"]),
    joined(SUM, st.sampled_from(["in (0, 1, 2.5)", "not in (7, -2)", "between -2 and 1", "not between 0 and 2"])),
    joined(TEXT, st.sampled_from(["in ('a', 'é')", "not in ('')"])),
    joined(SUM, st.just("/"), NUMBER, COMPARE, NUMBER),
)
NEGATED = st.one_of(ATOM, ATOM.map("not {}".format))
CONDITION = chain(NEGATED, ["and", "or"], 4)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        for setting in ("ieee_floating_point_ops = false", "error_on_division_by_zero = false", "threads = 1"):
            connection.execute(f"set {setting}")
        connection.register("given", pa.Table.from_batches([TABLE]))
        yield connection


def failing(text: str) -> list[bool]:
    steps = {name: (place,) for place, name in enumerate(TABLE.schema.names)}
    failed = compile_condition(text, COLUMNS, where="c.yaml:1")(Leaves(TABLE, steps))
    return [False] * TABLE.num_rows if failed is None else failed.tolist()


@pytest.mark.whole
@given(CONDITION)
@settings(max_examples=120, deadline=None)
def test_a_condition_fails_where_duckdb_says_false(database, text):
    expected = [row[0] for row in database.sql(f"select coalesce(({text}) is false, false) from given").fetchall()]
    assert failing(text) == expected


@given(NEGATED, NEGATED)
@settings(max_examples=100, deadline=None)
def test_an_implication_is_not_the_first_or_the_second(first, second):
    assert failing(f"if {first} then {second}") == failing(f"not ({first}) or ({second})")


@given(st.text(alphabet="nmsb ()'=<>!+-*/,.`andortif01", max_size=30))
@settings(max_examples=120, deadline=None)
def test_any_text_is_a_condition_or_refused_with_its_place(text):
    try:
        failing(text)
    except ConfigError as error:
        refusal = str(error)
    else:
        refusal = ""
    assert not refusal or refusal.startswith("c.yaml:1: The expression")
