"""Sketches: who gets which, the library's own bytes, near the exact answer, and the same in any order of parts."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from datasketches import HLL_4, hll_sketch
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.contract import Column, Contract, Protect, Rule, Type
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.hll import LG_K, Hll
from strongroom.quality.counts.sketches import DISTINCT, LENGTHS, QUANTILES, TOP, Sketcher, sketches_of
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.row_rules import compile_rules

KEEP = Protect("keep")


def contract(*columns: Column, rules: tuple[Rule, ...] = ()) -> Contract:
    return Contract("x", "x", "1", "c.yaml", "", (), columns, rules)


def column(kind: str, protect: Protect = KEEP, **more: object) -> Column:
    return Column("c", "c", Type(kind, 20, 2) if kind == "decimal" else Type(kind), protect=protect, **more)


def short(most: int, severity: str = "error") -> Rule:
    return Rule("c.maxLength", "maxLength", ("c",), most, severity)


LISTED = Rule("c.validValues", "validValues", ("c",), ("a", "b"))
WHO = [
    (column("bigint"), (), {DISTINCT, QUANTILES}, "an open number"),
    (column("date"), (), {DISTINCT, QUANTILES}, "an open day"),
    (column("string"), (), {LENGTHS, DISTINCT}, "a text that nothing bounds is not kept by name"),
    (column("string"), (short(64),), {LENGTHS, DISTINCT, TOP}, "a short text"),
    (column("string"), (short(65),), {LENGTHS, DISTINCT}, "a longer one"),
    (column("string"), (short(257),), {LENGTHS}, "a text as long as that is free text"),
    (column("string"), (short(64, "warning"),), {LENGTHS, DISTINCT}, "a bound that rows may break bounds nothing"),
    (column("string"), (LISTED,), {LENGTHS, DISTINCT, TOP}, "a list of values"),
    (column("string", role="text"), (short(64),), {LENGTHS}, "free text, whatever its length"),
    (column("string", unique=True), (short(64),), {LENGTHS, DISTINCT}, "every value once: none is frequent"),
    (column("boolean"), (), {TOP}, "yes or no"),
    (column("binary"), (), set(), "bytes"),
    (column("string", classification="personal"), (LISTED,), {DISTINCT}, "personal, kept for a reason"),
    (column("int", Protect("generalise"), classification="personal"), (), {DISTINCT}, "bands of a personal number"),
    (column("int", Protect("generalise")), (), {DISTINCT}, "bands of another number"),
    (column("string", Protect("hash"), classification="personal"), (), {DISTINCT}, "tokens"),
    (column("string", Protect("encrypt", {"mode": "randomised"})), (), set(), "every value is another one"),
    (column("string", Protect("drop")), (), set(), "nothing leaves"),
]


@pytest.mark.parametrize(("leaf", "rules", "kinds", "why"), WHO, ids=[case[3] for case in WHO])
def test_who_gets_which_sketch_is_told_by_the_contract(leaf, rules, kinds, why):
    assert set(sketches_of(contract(leaf, rules=rules)).get("c", ())) == kinds


def sketched(kind: str, values: list[object], *, batch: int = 0, rules: tuple[Rule, ...] = ()) -> dict[str, bytes]:
    given_contract = contract(column(kind), rules=rules)
    judge, sketcher = compile_rules(given_contract), Sketcher(given_contract, sketches_of(given_contract))
    schema = pa.schema([("c", arrow_type(given_contract.columns[0].type))])
    rows = [{"c": value} for value in values]
    size = batch or len(rows) or 1
    for start in range(0, len(rows), size):
        sketcher.add(judge.judge(pa.RecordBatch.from_pylist(rows[start : start + size], schema), {}, {}))
    return sketcher.states()["c"]


@pytest.mark.parametrize("count", [0, 1, 300, 1_000, 2_500, 60_000])
def test_the_filter_before_the_library_changes_no_byte_of_its_sketch(count):
    words = np.random.default_rng(count).integers(0, 1 << 64, count, np.uint64)
    ours, theirs = Hll(), hll_sketch(LG_K, HLL_4)
    for start in range(0, count, 7_000):
        ours.add_words(words[start : start + 7_000])
    for word in words.view(np.int64).tolist():
        theirs.update(word)
    assert hll_sketch.deserialize(ours.state()).get_estimate() == theirs.get_estimate()
    if count > 1_000:  # below, the library's table of hashes remembers in which order they came
        assert ours.state() == bytes(theirs.serialize_compact())


NUMBERS = [
    ("bigint", [3, None, -(2**63), 3], 2, [-float(2**63), 3.0, 3.0]),
    ("double", [1.5, math.nan, math.inf, -0.0, 0.0, None], 4, [0.0, 0.0, 1.5]),
    ("decimal", [Decimal("1.50"), Decimal("2.25"), Decimal("1.50")], 2, [1.5, 1.5, 2.25]),
    ("date", [date(1970, 1, 2), date(1969, 12, 31)], 2, [-1.0, 1.0]),
    ("timestamp", [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)], 1, [1_000_000.0]),
]


@pytest.mark.parametrize(("kind", "values", "distinct", "sorted_"), NUMBERS, ids=[case[0] for case in NUMBERS])
def test_few_numbers_are_remembered_exactly(kind, values, distinct, sorted_):
    found = sketched(kind, values)
    assert sketch_states.distinct_of(found[DISTINCT]).value == pytest.approx(distinct, abs=1e-3)
    assert sketch_states.count_of(found[QUANTILES]) == len(sorted_), "no null, no NaN, no infinity"
    assert sketch_states.quantiles_of(found[QUANTILES], (0.0, 1.0)) == (sorted_[0], sorted_[-1])


def test_rows_that_break_a_rule_are_not_remembered():
    found = sketched("int", [1, 2, 3, 99], rules=(Rule("c.maximum", "maximum", ("c",), 10),))
    assert sketch_states.quantiles_of(found[QUANTILES], (0.0, 1.0)) == (1.0, 3.0)
    words = sketched("string", ["a", "b", "a", "planted"], rules=(LISTED,))
    assert [(one.value, one.count) for one in sketch_states.top_of(words[TOP], 9)] == [("a", 2), ("b", 1)]
    assert b"planted" not in b"".join(words.values())
    assert sketch_states.quantiles_of(words[LENGTHS], (1.0,)) == (1.0,)


def test_many_numbers_are_near_what_duckdb_counts():
    random = np.random.default_rng(5)
    values = np.concatenate([random.integers(0, 9_000, 30_000), random.integers(0, 50, 30_000)])
    found = sketched("bigint", values.tolist(), batch=7_000)
    numbers = pa.table({"n": values})  # noqa: F841  DuckDB finds it by its name
    exact, half, high = duckdb.sql(
        "select count(distinct n), quantile_disc(n, 0.5), quantile_disc(n, 0.9) from numbers"
    ).fetchall()[0]
    near = sketch_states.distinct_of(found[DISTINCT])
    assert near.value == pytest.approx(exact, rel=0.06)
    assert near.low < near.value < near.high
    ranks = sketch_states.quantiles_of(found[QUANTILES], (0.5, 0.9))
    for at, wanted, rank in zip(ranks, (half, high), (0.5, 0.9), strict=True):
        assert np.mean(values < at) - 0.02 <= rank <= np.mean(values <= at) + 0.02, (at, wanted)


def test_frequent_words_are_counted_and_a_column_of_unlike_ones_is_given_up():
    words = [f"city {number % 40}" if number % 3 else "home" for number in range(30_000)]
    found = sketched("string", words, batch=7_000, rules=(short(20),))
    exact = Counter(words)
    assert {one.value: one.count for one in sketch_states.top_of(found[TOP], 99)} == exact
    unlike = sketched("string", [f"id-{number}" for number in range(5_000)], rules=(short(20),))
    assert unlike[TOP] == b"", "not one of them is kept by name"
    assert sketch_states.top_of(sketch_states.merge(TOP, [found[TOP], unlike[TOP]]), 9) is None, (
        "given up once is given up"
    )
    near = sketch_states.distinct_of(unlike[DISTINCT]).value
    assert near == pytest.approx(5_000, rel=0.06)


PARTS = st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40), min_size=1, max_size=5)


@given(parts=PARTS, order=st.randoms())
@settings(max_examples=40, deadline=None)
def test_parts_merge_to_the_whole_in_any_order(parts, order):
    whole = [value for part in parts for value in part]
    shuffled = [sketched("bigint", part) for part in parts]
    order.shuffle(shuffled)
    for kind, ask in (
        (DISTINCT, lambda state: round(sketch_states.distinct_of(state).value)),
        (QUANTILES, sketch_states.count_of),
    ):
        merged = sketch_states.merge(kind, [part[kind] for part in shuffled])
        assert ask(merged) == ask(sketched("bigint", whole)[kind])
        assert ask(sketch_states.merge(kind, [merged, sketch_states.merge(kind, [])])) == ask(merged), (
            "nothing is neutral"
        )
    merged = sketch_states.merge(QUANTILES, [part[QUANTILES] for part in shuffled])
    ranks = (0.0, 0.25, 0.5, 1.0)
    if whole:  # so few that the sketch holds each of them
        doubles = np.array(whole, np.float64)
        assert sketch_states.quantiles_of(merged, ranks) == tuple(np.quantile(doubles, ranks, method="inverted_cdf"))
    else:
        assert sketch_states.quantiles_of(merged, ranks) == ()


@given(parts=st.lists(st.lists(st.sampled_from("abcde"), max_size=30), min_size=1, max_size=5), order=st.randoms())
@settings(max_examples=40, deadline=None)
def test_words_merge_to_the_whole_in_any_order(parts, order):
    shuffled = [sketched("string", part, rules=(short(9),))[TOP] for part in parts]
    order.shuffle(shuffled)
    named = sketch_states.top_of(sketch_states.merge(TOP, shuffled), 9)
    assert {one.value: one.count for one in named} == Counter(value for part in parts for value in part)


def test_large_parts_merge_within_the_bounds_of_one_sketch():
    random = np.random.default_rng(8)
    parts = [random.normal(place, 1, 20_000) for place in range(4)]
    merged = sketch_states.merge(QUANTILES, [sketched("double", part.tolist())[QUANTILES] for part in parts])
    whole = np.concatenate(parts)
    assert sketch_states.count_of(merged) == len(whole)
    for rank, at in zip((0.1, 0.5, 0.9), sketch_states.quantiles_of(merged, (0.1, 0.5, 0.9)), strict=True):
        assert np.mean(whole <= at) == pytest.approx(rank, abs=0.027)
    shares = sketch_states.shares_of(merged, (-2.0, 1.0, 2.0, 7.0))
    exact = [np.mean(whole < 1.0), np.mean((whole >= 1.0) & (whole < 2.0)), np.mean(whole >= 2.0)]
    assert shares == pytest.approx(exact, abs=0.027)
    assert sum(shares) == pytest.approx(1)


def test_a_tally_carries_them_from_task_to_driver():
    one, other = (Tally(sketches={"c": sketched("int", values)}) for values in ([1, 2, 3], [3, 4]))
    back = Tally.from_json(one.to_json())
    assert back == one
    both = back.merge(other).merge(Tally())
    assert round(sketch_states.distinct_of(both.sketches["c"][DISTINCT]).value) == 4
    assert sketch_states.count_of(both.sketches["c"][QUANTILES]) == 5


@pytest.mark.parametrize("kind", [DISTINCT, QUANTILES, LENGTHS, TOP])
def test_bytes_that_are_no_sketch_are_refused_without_being_shown(kind):
    with pytest.raises(ValueError, match="is no ") as refused:
        sketch_states.merge(kind, [b"planted bytes that nobody wrote"])
    assert "planted" not in str(refused.value)
    with pytest.raises(ValueError, match="no kind of sketch"):
        sketch_states.merge("mean", [])
