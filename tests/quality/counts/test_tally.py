from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.contract import Column, Contract, Protect, Rule, Type
from strongroom.quality.counts.labels import MOST, Labels
from strongroom.quality.counts.tally import ColumnTally, Tally
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.row_rules import compile_rules


def contract(*columns: Column, rules: tuple[Rule, ...] = ()) -> Contract:
    return Contract("x", "x", "1", "c.yaml", "", (), columns, rules)


def tally(given_contract: Contract, rows: list[dict[str, object]]) -> Tally:
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in given_contract.columns])
    failures = compile_rules(given_contract).judge(pa.RecordBatch.from_pylist(rows, schema), {}, {})
    return Tally().add(failures, given_contract)


def column(kind: str | Type, **more: object) -> Column:
    return Column("c", "c", kind if isinstance(kind, Type) else Type(kind), **more)


def of_values(declared: Column, values: list[object]) -> ColumnTally:
    return tally(contract(declared), [{"c": value} for value in values]).columns["c"]


DECIMAL = Type("decimal", precision=25, scale=2)
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
BOUNDS = [
    ("bigint", [3, None, -(2**63)], -(2**63), 3, "whole numbers"),
    ("double", [1.5, float("nan"), float("-inf")], float("-inf"), 1.5, "NaN has no place in an order"),
    ("double", [float("nan"), None], None, None, "nothing but NaN"),
    ("float", [0.5, 0.25], 0.25, 0.5, "floats"),
    (DECIMAL, [Decimal("1.50"), Decimal("-10000000000000000000000.25")], Decimal("-10000000000000000000000.25"),
     Decimal("1.50"), "decimals beyond 64 bits"),
    ("date", [date(1, 1, 1), date(9999, 12, 31)], date(1, 1, 1), date(9999, 12, 31), "dates"),
    ("timestamp", [NEW_YEAR, None], NEW_YEAR, NEW_YEAR, "timestamps"),
    ("timestamp_ntz", [datetime(1, 1, 1, 0, 0, 0, 1)], datetime(1, 1, 1, 0, 0, 0, 1), datetime(1, 1, 1, 0, 0, 0, 1),
     "without a zone"),
    ("boolean", [True, False], None, None, "booleans have no bounds worth telling"),
    ("binary", [b"a"], None, None, "neither have bytes"),
    ("string", ["a", "b"], None, None, "texts are values and never bounds"),
    ("int", [], None, None, "no rows"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "smallest", "largest", "why"), BOUNDS, ids=[case[4] for case in BOUNDS])
def test_bounds_of_open_columns_survive_being_written(kind, values, smallest, largest, why):
    given_contract = contract(column(kind))
    counted = tally(given_contract, [{"c": value} for value in values])
    assert (counted.columns["c"].smallest, counted.columns["c"].largest) == (smallest, largest), why
    assert Tally.from_json(counted.to_json()) == counted


SECRET = [
    ({"classification": "personal"}, "personal"),
    ({"classification": "sensitive"}, "sensitive"),
    ({"classification": "internal", "protect": Protect("hash")}, "protected"),
    ({"classification": "personal", "protect": Protect("keep", why="a reason")}, "personal although kept"),
]


@pytest.mark.parametrize(("more", "why"), SECRET, ids=[case[1] for case in SECRET])
def test_no_value_of_a_personal_or_protected_column_is_kept(more, why):
    numbers = tally(contract(column("bigint", role="label", **more)), [{"c": 4711}, {"c": None}])
    texts = tally(contract(column("string", role="label", **more)), [{"c": "4711-secret"}, {"c": ""}, {"c": None}])
    assert numbers.columns["c"] == ColumnTally(nulls=1, nulls_kept=1), why
    assert texts.columns["c"] == ColumnTally(nulls=1, nulls_kept=1, empty=1), why
    assert numbers.labels == texts.labels == Labels()
    assert "4711" not in numbers.to_json() + texts.to_json()


def test_lengths_are_characters_and_of_kept_rows():
    rules = (Rule("long", "maxLength", ("c",), 4),)
    values = ["äöü", "", None, "日本", "too long", "ab"]
    counted = tally(contract(column("string"), rules=rules), [{"c": value} for value in values]).columns["c"]
    assert counted == ColumnTally(nulls=1, nulls_kept=1, empty=1, shortest=0, longest=3)
    assert of_values(column("string"), [None]) == ColumnTally(nulls=1, nulls_kept=1)


def test_bounds_and_kept_nulls_leave_out_what_goes_to_quarantine():
    rules = (Rule("other", "required", ("o",)),)
    other = Column("o", "o", Type("string"))
    rows = [{"c": 1, "o": "x"}, {"c": 99, "o": None}, {"c": None, "o": None}, {"c": None, "o": "x"}, {"c": -5, "o": ""}]
    counted = tally(contract(column("int"), other, rules=rules), rows)
    assert counted.columns["c"] == ColumnTally(nulls=2, nulls_kept=1, smallest=-5, largest=1)
    assert counted.columns["o"] == ColumnTally(nulls=2, nulls_kept=0, empty=1, shortest=0, longest=1)
    assert (counted.rows, counted.bad, counted.kept, counted.failed["other"]) == (5, 2, 3, 2)


def test_items_of_arrays_are_counted_one_by_one():
    tags = Column("t", "t", Type("array", item=Column("item", "t[]", Type("string"))))
    rules = (Rule("few", "maxItems", ("t",), 2),)
    counted = tally(contract(tags, rules=rules), [{"t": ["a", None]}, {"t": None}, {"t": ["", None, "long"]}])
    assert counted.columns == {"t[]": ColumnTally(nulls=2, nulls_kept=1, empty=1, shortest=1, longest=1)}


def test_labels_are_counted_before_and_after():
    rules = (Rule("v", "validValues", ("c",), ["yes", "no"]), Rule("o", "required", ("o",)))
    other = Column("o", "o", Type("string"))
    rows = [
        {"c": "yes", "o": "x"}, {"c": "yes", "o": None}, {"c": "no", "o": "x"}, {"c": "ada@example.com", "o": "x"},
        {"c": None, "o": "x"}, {"c": None, "o": None},
    ]  # fmt: skip
    counted = tally(contract(column("string", role="label"), other, rules=rules), rows)
    assert counted.labels == Labels({"no": (1, 1), "yes": (2, 1)}, missing=(2, 1), invalid=(1, 0))
    assert "ada" not in counted.to_json(), "what is no label may be anything"


LABELS = [
    ("bigint", [1, 1, 2], {"1": (2, 2), "2": (1, 1)}),
    ("boolean", [True, False], {"true": (1, 1), "false": (1, 1)}),
]


@pytest.mark.parametrize(("kind", "values", "counts"), LABELS)
def test_labels_may_be_numbers_and_booleans(kind, values, counts):
    assert tally(contract(column(kind, role="label")), [{"c": value} for value in values]).labels.values == counts


@pytest.mark.parametrize("kind", ["double", "date"])
def test_other_types_are_no_labels(kind):
    value = 0.5 if kind == "double" else date(2024, 1, 1)
    assert tally(contract(column(kind, role="label")), [{"c": value}]).labels == Labels()


def test_too_many_labels_are_none():
    rows = [{"c": f"v{number}"} for number in range(MOST)]
    declared = contract(column("string", role="label"))
    assert len(tally(declared, rows).labels.values) == MOST
    assert tally(declared, [*rows, {"c": "one more"}]).labels == Labels(other=(MOST + 1, MOST + 1))


COUNTS = st.integers(0, 5)
PAIRS = st.tuples(COUNTS, COUNTS)


def ends(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), values)


COLUMN_TALLIES = st.builds(
    ColumnTally, COUNTS, COUNTS, COUNTS, ends(COUNTS), ends(COUNTS), ends(st.decimals(-5, 5)), ends(st.decimals(-5, 5))
)
LABEL_TALLIES = st.builds(
    lambda names, *pairs: Labels().merge(Labels({f"l{name}": (1, 1) for name in names}, *pairs)),
    st.sets(st.integers(0, 70), max_size=40),
    PAIRS,
    PAIRS,
)
TALLIES = st.builds(
    Tally,
    COUNTS,
    COUNTS,
    st.dictionaries(st.sampled_from("abc"), COUNTS),
    st.dictionaries(st.sampled_from("xyz"), COUNTS),
    st.dictionaries(st.sampled_from("pq"), COLUMN_TALLIES),
    LABEL_TALLIES,
)


@pytest.mark.whole
@given(TALLIES, TALLIES, TALLIES)
@settings(deadline=None)
def test_merging_is_associative_and_commutative_and_nothing_is_neutral(one, two, three):
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert Tally().merge(one).merge(Tally()) == Tally().merge(one)


@given(TALLIES)
@settings(deadline=None)
def test_what_is_written_is_read_again(one):
    assert Tally.from_json(one.to_json()) == one
    json.loads(one.to_json(), parse_constant=lambda _: pytest.fail("not JSON"))


def test_a_batch_of_slices_is_counted_by_its_rows():
    declared = contract(column("string", role="label"))
    batch = pa.RecordBatch.from_pydict({"c": ["skipped", "a", "bb", "a", "skipped"]}).slice(1, 3)
    counted = Tally().add(compile_rules(declared).judge(batch, {}, {}), declared)
    assert counted.labels.values == {"a": (2, 2), "bb": (1, 1)}
    assert (counted.columns["c"].shortest, counted.columns["c"].longest) == (1, 2)
    assert counted.rows == 3
    assert np.array_equal([counted.kept], [3])
