"""Sketches as a report tells them: round bins that hold everything, ends as the type writes them, quartiles."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from datasketches import frequent_strings_sketch, kll_doubles_sketch

from strongroom.core.contract import Column, Protect, Type
from strongroom.flows.prepare.distributions import BINS, shares_of, spread_of
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.sketches import KLL_K, LENGTHS, LG_TOP, QUANTILES


def kll(numbers) -> bytes:
    sketch = kll_doubles_sketch(KLL_K)
    sketch.update(np.array(numbers, np.float64))
    return bytes(sketch.serialize())


def of(kind: str) -> Column:
    return Column("c", "c", Type(kind), protect=Protect("keep"))


DAY = 86_400_000_000
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1e6
SPREADS = [
    ("int", [1, 2, 2, 5], [("1", "1", 0.25), ("2", "2", 0.5), ("3", "3", 0), ("4", "4", 0), ("5", "5", 0.25)],
     "whole numbers have a bin each"),
    ("int", [7, 7], [("7", "7", 1.0)], "one value"),
    ("bigint", [0, 99], [("0", "4", 0.5), *((f"{n}", f"{n + 4}", 0) for n in range(5, 95, 5)), ("95", "99", 0.5)],
     "bins of round width, and each number in one of them"),
    ("double", [0.0, 0.0], [("0", "0", 1.0)], "one number without a width: no end is told that is not there"),
    ("double", [0.0, 0.25, 1.0], None, "numbers between"),
    ("date", [0, 1], [("1970-01-01", "1970-01-01", 0.5), ("1970-01-02", "1970-01-02", 0.5)], "days"),
    ("timestamp", [NEW_YEAR, NEW_YEAR + DAY], None, "an hour each"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "numbers", "bins", "why"), SPREADS, ids=[case[3] for case in SPREADS])
def test_bins_are_round_and_hold_all(kind, numbers, bins, why):
    spread = spread_of(of(kind), QUANTILES, now=kll(numbers), before=None)
    assert sum(one.now for one in spread.bins) == pytest.approx(1)
    assert len(spread.bins) <= BINS + 2
    assert {one.before for one in spread.bins} == {None}
    if bins is not None:
        assert [(one.low, one.high, one.now) for one in spread.bins] == bins


def test_moments_are_told_as_clocks_tell_them():
    hour = spread_of(of("timestamp"), QUANTILES, now=kll([NEW_YEAR, NEW_YEAR + DAY]), before=None)
    assert (hour.bins[0].low, hour.bins[0].high, hour.bins[1].high) == (
        "2024-01-01", "2024-01-01 01:00:00", "2024-01-01 02:00:00"
    )  # fmt: skip
    assert (hour.smallest, hour.largest) == ("2024-01-01", "2024-01-02")
    last = spread_of(of("date"), QUANTILES, now=kll([2_932_896]), before=None)  # 9999-12-31
    assert (last.bins[0].low, last.largest) == ("9999-12-31", "9999-12-31")
    ends = spread_of(
        of("timestamp"), QUANTILES, now=kll([-62_135_596_800_000_000, 253_402_300_799_999_999]), before=None
    )
    assert ends.smallest == "0001-01-01"


def test_a_far_outlier_does_not_squeeze_the_rest_into_a_corner():
    numbers = [*range(1000), 10**9]
    spread = spread_of(of("bigint"), QUANTILES, now=kll(numbers), before=None)
    assert max(one.now for one in spread.bins) < 0.1
    assert spread.largest == "1,000,000,000"
    assert sum(one.now for one in spread.bins) == pytest.approx(1), "the last bin takes what lies beyond"


def test_now_and_before_share_their_bins():
    spread = spread_of(of("string"), LENGTHS, now=kll([3, 3, 4]), before=kll([1, 3]))
    assert [(one.low, one.now, one.before) for one in spread.bins] == [
        ("1", 0, 0.5), ("2", 0, 0), ("3", pytest.approx(2 / 3), 0.5), ("4", pytest.approx(1 / 3), 0)
    ]  # fmt: skip
    assert (spread.smallest, spread.lower, spread.median, spread.upper, spread.largest) == ("3", "3", "3", "4", "4")
    gone = spread_of(of("int"), QUANTILES, now=kll([]), before=kll([5]))
    assert (gone.bins[0].now, gone.bins[0].before, gone.median) == (None, 1.0, "")
    assert spread_of(of("int"), QUANTILES, now=kll([]), before=None) is None


def top(**counts: int) -> bytes:
    sketch = frequent_strings_sketch(LG_TOP)
    for word, count in counts.items():
        sketch.update(word, count)
    return bytes(sketch.serialize())


def test_frequent_values_are_told_as_shares():
    named = shares_of(top(a=6, b=3, c=1), top(a=1, b=1))
    assert [(one.value, one.now, one.before) for one in named] == [("a", 0.6, 0.5), ("b", 0.3, 0.5), ("c", 0.1, 0.0)]
    assert [one.before for one in shares_of(top(a=1), None)] == [None]
    assert [one.before for one in shares_of(top(a=1), b"")] == [None], "before, there were too many to name"
    assert shares_of(b"", top(a=1)) == ()
    assert shares_of(top(), None) == ()


def test_rare_values_are_summed_and_their_past_is_not_taken_for_none():
    pruned = sketch_states.without_rare(top(a=30, b=9, c=1))
    assert [(one.value, one.now, one.before) for one in shares_of(pruned, pruned)] == [("a", 0.75, 0.75)]
    assert [(one.value, one.before) for one in shares_of(top(b=20), pruned)] == [("b", None)]
    assert sketch_states.without_rare(b"") == b""
    twice = sketch_states.merge("top", [pruned, pruned])
    assert (sketch_states.weight_of(twice), [one.count for one in sketch_states.top_of(twice, 9)]) == (80, [60])
