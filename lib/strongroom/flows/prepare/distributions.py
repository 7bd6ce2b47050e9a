"""Sketches put into the words of a report: bins with round edges, quartiles, and the most frequent values."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from strongroom.core.contract import Column
from strongroom.core.report.distribution import Spread, SpreadBin, ValueShare
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.sketches import LENGTHS, QUANTILES, WHOLE

BINS = 24
"""Most bins of a histogram."""
TAIL = 0.005
"""Share at each end that the outer bins take in when the rest would be squeezed into a corner by it."""
NAMED = 8
"""Most values that are told by name."""

_COUNTED = ("tinyint", "smallint", "int", "bigint", "date")
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _SECOND = 86_400_000_000, 1_000_000
_MOMENTS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)


def spread_of(leaf: Column, kind: str, *, now: bytes, before: bytes | None) -> Spread | None:
    """How the values (or the lengths) of an open leaf spread; None where there was none, before or now."""
    told = _words_of(leaf) if kind == QUANTILES else _number
    both = sketch_states.merge(kind, [now] if before is None else [now, before])
    edges = _edges(both, leaf, kind)
    if not edges:
        return None
    new, old = sketch_states.shares_of(now, edges), sketch_states.shares_of(before, edges) if before is not None else ()
    last = 1 if kind == LENGTHS or leaf.type.name in _COUNTED else 0  # a bin of whole numbers ends with its last one
    # Edges are round and reach beyond the values; what is written beside the picture is no further than they are.
    first, final = sketch_states.quantiles_of(both, (0.0, 1.0))
    ends = [(max(low, first), min(high - last, final)) for low, high in pairwise(edges)]
    bins = tuple(
        SpreadBin(told(low), told(high), new[place] if new else None, old[place] if old else None)
        for place, (low, high) in enumerate(ends)
    )
    quarters = [told(number) for number in sketch_states.quantiles_of(now, _QUARTERS)]
    return Spread("lengths" if kind == LENGTHS else "values", bins, *quarters)


def shares_of(now: bytes, before: bytes | None) -> tuple[ValueShare, ...]:
    """The most frequent values of an open leaf; none where there are too many different ones."""
    named, whole = sketch_states.top_of(now, NAMED), sketch_states.weight_of(now)
    if not named or not whole:
        return ()
    earlier = sketch_states.counts_of(before, [one.value for one in named]) if before else {}
    past = sketch_states.weight_of(before) if before else None
    return tuple(
        ValueShare(one.value, one.count / whole, earlier[one.value] / past if past and one.value in earlier else None)
        for one in named
    )


def _edges(state: bytes, leaf: Column, kind: str) -> tuple[float, ...]:
    """Rising edges of bins of one round width that hold all numbers but, where they reach far out, the tails."""
    ends = sketch_states.quantiles_of(state, (0.0, TAIL, 1 - TAIL, 1.0))
    if not ends:
        return ()
    low, high = (ends[0], ends[3]) if ends[3] - ends[0] <= 2 * (ends[2] - ends[1]) else (ends[1], ends[2])
    whole = kind == LENGTHS or leaf.type.name in WHOLE
    moments = kind == QUANTILES and leaf.type.name.startswith("timestamp")
    step = _moment((high - low) / BINS) if moments else _round((high - low) / BINS)
    step = max(step, 1.0) if whole else step or max(abs(low), 1.0)
    first = math.floor(low / step)
    # A whole number lies at the lower edge of its bin, so the last one needs an edge above it.
    last = math.floor(high / step) + 1 if whole else max(math.ceil(high / step), first + 1)
    return tuple(round(place * step, 12) for place in range(first, last + 1))


def _round(step: float) -> float:
    """The next width of the form 1, 2 or 5 times a power of ten; 0 for 0."""
    if step <= 0 or not math.isfinite(step):
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return next((times * power for times in (1, 2, 5) if step <= times * power * (1 + 1e-9)), 10 * power)


def _moment(step: float) -> float:
    """The next round width of moments in microseconds: as clocks count, then whole days."""
    if step > _MOMENTS[-1] * _SECOND:
        return max(_round(step / _DAY), 1.0) * _DAY
    return next(float(width * _SECOND) for width in _MOMENTS if step <= width * _SECOND)


def _words_of(leaf: Column) -> Callable[[float], str]:
    """How a number of the sketch is written as the column's type does."""
    if leaf.type.name == "date":
        return _date
    return _time if leaf.type.name.startswith("timestamp") else _number


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.6g}"


def _date(days: float) -> str:
    try:
        return str(date(1970, 1, 1) + timedelta(days=round(days)))
    except OverflowError:  # an edge beyond the last year there is
        return "…"


def _time(micros: float) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=round(micros))
    except OverflowError:
        return "…"
    return str(moment.date()) if micros % _DAY == 0 else moment.isoformat(" ")[:19]
