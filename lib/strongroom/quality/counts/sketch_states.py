"""Sketches that were stored: merged over tasks and batches in any order, and asked.

The binary forms are Apache DataSketches' own, so Spark SQL and every other reader of them can do the same
(docs/quality.md, section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from datasketches import (
    HLL_4,
    frequent_items_error_type,
    frequent_strings_sketch,
    hll_sketch,
    hll_union,
    kll_doubles_sketch,
)

from strongroom.quality.counts.hll import LG_K
from strongroom.quality.counts.sketches import DISTINCT, KLL_K, LENGTHS, LG_TOP, QUANTILES, TOP

FORMS: Mapping[str, str] = {
    DISTINCT: f"hll_sketch lgConfigK={LG_K}",
    QUANTILES: f"kll_doubles_sketch k={KLL_K}",
    LENGTHS: f"kll_doubles_sketch k={KLL_K}",
    TOP: f"frequent_strings_sketch lgMaxK={LG_TOP}",
}
"""By kind, the sketch that a state is, in the words of DataSketches."""
RARE = 10
"""Rows that must have a value before it is kept by name: a rare one may tell of somebody, whatever its column."""
REST = "…"
"""The name under which the rows of all rarer values are kept together."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of different values, and the bounds that it is within with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Named:
    """A frequent value as text, and how many rows have it, within `low` and `high`."""

    value: str
    count: int
    low: int
    high: int


def merge(kind: str, states: Iterable[bytes]) -> bytes:
    """The state of all values together; of no state at all, that of no value.

    Raises:
        ValueError: an unknown kind, or bytes that are no such sketch.
    """
    if kind not in _MERGED:
        raise ValueError(f"{kind!r} is no kind of sketch")
    try:
        return _MERGED[kind](list(states))
    except (RuntimeError, TypeError, ValueError, IndexError):  # their messages quote bytes
        raise ValueError(f"the state of {kind!r} is no {FORMS[kind]}") from None


def merge_all(
    one: Mapping[str, Mapping[str, bytes]], other: Mapping[str, Mapping[str, bytes]]
) -> dict[str, dict[str, bytes]]:
    """The states of both parts together, by path and kind; what only one part has stays as it is."""
    return {
        path: {
            kind: merge(kind, [part[path][kind] for part in (one, other) if kind in part.get(path, {})])
            for kind in sorted({*one.get(path, {}), *other.get(path, {})})
        }
        for path in sorted({*one, *other})
    }


def distinct_of(state: bytes) -> Estimate:
    """How many different values."""
    sketch = hll_sketch.deserialize(state)
    return Estimate(sketch.get_estimate(), sketch.get_lower_bound(2), sketch.get_upper_bound(2))


def count_of(state: bytes) -> int:
    """How many numbers a KLL sketch has seen."""
    return int(kll_doubles_sketch.deserialize(state).n)


def quantiles_of(state: bytes, ranks: Sequence[float]) -> tuple[float, ...]:
    """The numbers at these ranks (0 to 1), the smallest and the largest exactly; empty where there was no number."""
    sketch = kll_doubles_sketch.deserialize(state)
    if sketch.is_empty():
        return ()
    ends = {0.0: sketch.get_min_value(), 1.0: sketch.get_max_value()}
    return tuple(float(ends.get(rank, sketch.get_quantile(rank, True))) for rank in ranks)


def shares_of(state: bytes, edges: Sequence[float]) -> tuple[float, ...]:
    """The share of all numbers in each bin between rising edges: without its upper edge, the outer two with all beyond.

    Empty where there was no number.
    """
    sketch = kll_doubles_sketch.deserialize(state)
    if sketch.is_empty():
        return ()
    inner = list(edges[1:-1])
    return tuple(float(share) for share in sketch.get_pmf(inner, False)) if inner else (1.0,)


def weight_of(state: bytes) -> int | None:
    """How many values a sketch of frequent ones has seen; None where there were too many different ones."""
    return int(frequent_strings_sketch.deserialize(state).total_weight) if state else None


def without_rare(state: bytes) -> bytes:
    """The state with the values of fewer than `RARE` rows under one name, so that their own are gone."""
    if not state:
        return state
    kept = frequent_strings_sketch(LG_TOP)
    for one in _named(state):
        if one.count >= RARE:
            kept.update(one.value, one.count)
    rest = (weight_of(state) or 0) - int(kept.total_weight)
    if rest > 0:
        kept.update(REST, rest)
    return bytes(kept.serialize())


def top_of(state: bytes, most: int) -> tuple[Named, ...] | None:
    """The most frequent values, at most so many, without `REST`; None where there were too many different ones."""
    if not state:
        return None
    named = [one for one in _named(state) if one.value != REST]
    return tuple(sorted(named, key=lambda one: (-one.count, one.value))[:most])


def counts_of(state: bytes, values: Sequence[str]) -> dict[str, int]:
    """About how many rows have each of these values; without those that may be among the rare ones."""
    sketch = frequent_strings_sketch.deserialize(state)
    found = {value: int(sketch.get_estimate(value)) for value in values}
    return {value: count for value, count in found.items() if count or not sketch.get_estimate(REST)}


def _named(state: bytes) -> list[Named]:
    found = frequent_strings_sketch.deserialize(state).get_frequent_items(frequent_items_error_type.NO_FALSE_POSITIVES)
    return [Named(value, int(count), int(low), int(high)) for value, count, low, high in found]


def _merged_hll(states: list[bytes]) -> bytes:
    union = hll_union(LG_K)
    for state in states:
        union.update(hll_sketch.deserialize(state))
    return bytes(union.get_result(HLL_4).serialize_compact())


def _merged_kll(states: list[bytes]) -> bytes:
    def joined(one: kll_doubles_sketch, state: bytes) -> kll_doubles_sketch:
        one.merge(kll_doubles_sketch.deserialize(state))
        return one

    return bytes(reduce(joined, states, kll_doubles_sketch(KLL_K)).serialize())


def _merged_top(states: list[bytes]) -> bytes:
    if not all(states):
        return b""
    whole = frequent_strings_sketch(LG_TOP)
    for state in states:
        whole.merge(frequent_strings_sketch.deserialize(state))
    return bytes(whole.serialize())


_MERGED: Mapping[str, Callable[[list[bytes]], bytes]] = {
    DISTINCT: _merged_hll,
    QUANTILES: _merged_kll,
    LENGTHS: _merged_kll,
    TOP: _merged_top,
}
