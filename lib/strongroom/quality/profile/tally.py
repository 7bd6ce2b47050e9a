"""What is seen of a column's values: mergeable, so that blocks, files and ranges of bytes add up in any order.

A tally holds values (ends, few different ones, candidates for a key): it never leaves the process, and what of it may
stand in a contract or on a page is for `shape` and `meaning` to say.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.quality.profile import day_numbers
from strongroom.quality.profile.written import DATES, NUMBERS, TIMES

FEW = 64
"""So many different values are counted one by one; of more only that there are more."""
FORMATS = ("uuid", "email", "ipv4", "ipv6", "time", "uri")

Bound = int | float | Decimal | datetime.date | datetime.datetime
Ends = tuple[Any, Any]
_Name = TypeVar("_Name")


@dataclass(frozen=True, slots=True)
class Tally:
    """Some values of one leaf. `Tally()` is of no value at all.

    Args:
        rows: places for a value: rows, or objects and items where the leaf is inside such.
        nulls: places without one.
        blank: texts of nothing but blanks.
        padded: texts with blanks around them.
        missing: words that often stand for a missing value, and how many of each.
        given: all other values; the counts below are of these.
        kinds: how many values are written as each kind: `whole`, `huge` (whole, and beyond 64 bits), `boolean`, the
            names of `written`, and formats.
        tokens: in JSON: how many are a `text`, a `number`, a `boolean`, or `other` (an object where most are none).
        ends: the smallest and largest by kind, where all values so far are of it; `typed` of a typed source.
        shortest: fewest characters of a text.
        longest: most.
        digits: most before the point of a plain number, and most behind it.
        blanks: blanks inside of texts.
        few: values and how often, as long as there are few.
        keys: values of a column whose values have all been different so far; None once two were alike.
        found: by recogniser, how many different values are such things; there were `checked` in each block.
        years: of dates and moments, how many of each year; days that stand for none (1900-01-01, 1970-01-01) left out.
        lengths: characters of texts in powers of two: 1, 2 to 3, 4 to 7, …
        odd: NaN and infinities.
    """

    rows: int = 0
    nulls: int = 0
    blank: int = 0
    padded: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    given: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    ends: Mapping[str, Ends] = field(default_factory=dict)
    shortest: int | None = None
    longest: int | None = None
    digits: tuple[int, int] = (0, 0)
    blanks: int = 0
    few: Mapping[Any, int] | None = field(default_factory=dict)
    keys: tuple[pa.Array, ...] | None = ()
    found: Mapping[str, int] = field(default_factory=dict)
    checked: int = 0
    years: Mapping[int, int] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    odd: int = 0

    def merge(self, other: Tally) -> Tally:
        """Both parts together."""
        return Tally(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            blank=self.blank + other.blank,
            padded=self.padded + other.padded,
            missing=_added(self.missing, other.missing),
            given=self.given + other.given,
            kinds=_added(self.kinds, other.kinds),
            tokens=_added(self.tokens, other.tokens),
            ends=_wider(self.ends, other.ends),
            shortest=_either(min, self.shortest, other.shortest),
            longest=_either(max, self.longest, other.longest),
            digits=(max(self.digits[0], other.digits[0]), max(self.digits[1], other.digits[1])),
            blanks=self.blanks + other.blanks,
            few=_few(self.few, other.few),
            keys=None if self.keys is None or other.keys is None else (*self.keys, *other.keys),
            found=_added(self.found, other.found),
            checked=self.checked + other.checked,
            years=_added(self.years, other.years),
            lengths=_summed(self.lengths, other.lengths),
            odd=self.odd + other.odd,
        )

    @property
    def empty(self) -> bool:
        """Whether no value was seen but words for a missing one."""
        return not self.given

    def all(self, kind: str) -> bool:
        """Whether every value is of a kind."""
        return self.given > 0 and self.kinds.get(kind, 0) == self.given

    def alive(self) -> frozenset[str]:
        """The kinds that all values have so far; whoever tallies the next part may leave out the others."""
        return frozenset(kind for kind in KINDS if self.kinds.get(kind, 0) == self.given)

    @property
    def different(self) -> bool:
        """Whether no two values are alike."""
        if not self.keys:
            return False
        together = pa.chunked_array([part.cast(pa.large_string()) for part in self.keys])
        return bool(pc.count_distinct(together).as_py() == len(together))

    def without(self, kinds: Sequence[str]) -> bool:
        """Whether no value is of these kinds."""
        return not any(self.kinds.get(kind) for kind in kinds)


KINDS = ("whole", "boolean", *NUMBERS, *DATES, *TIMES, *FORMATS)


def tally_typed(array: pa.Array) -> Tally:
    """The tally of numbers, booleans, dates, timestamps or bytes."""
    there = array.drop_null()
    kind, rows = array.type, len(array)
    base = Tally(rows=rows, nulls=rows - len(there), given=len(there))
    if not len(there):
        return base
    base = replace(base, few=None, keys=None)
    if not _has_ends(kind):
        return base
    odd = 0
    if pa.types.is_floating(kind):
        finite = as_numpy(pc.is_finite(there))
        odd, there = int((~finite).sum()), there.filter(pa.array(finite))
    if not len(there):
        return replace(base, odd=odd)
    ends = pc.min_max(there)
    low, high = _safe(ends["min"]), _safe(ends["max"])
    whole = pa.types.is_integer(kind)
    different = there.unique() if whole else there
    keys = (different,) if whole and len(different) == len(there) else None
    years = years_of(there) if low is not None and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) else {}
    found = day_numbers.count(as_numpy(different.unique().cast(pa.float64(), safe=False))) if _is_number(kind) else {}
    ends_ = {"typed": (low, high)} if low is not None else {}
    return replace(base, ends=ends_, keys=keys, odd=odd, years=years, found=found)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


_NO_DAYS = (datetime.date(1900, 1, 1), datetime.date(1970, 1, 1))
"""Days that programs write where they know none."""


def years_of(there: pa.Array, counts: np.ndarray | None = None) -> dict[int, int]:
    """How many dates or moments there are of each year."""
    days = there.cast(pa.date32(), safe=False) if pa.types.is_timestamp(there.type) else there
    some = pc.invert(pc.is_in(days, value_set=pa.array(_NO_DAYS, days.type)))
    years = as_numpy(pc.year(days.filter(some)))
    if counts is not None:
        counts = counts[as_numpy(some)]
    if not len(years):
        return {}
    found, at = np.unique(years, return_inverse=True)
    sums = np.bincount(at, weights=counts)
    return {int(year): int(total) for year, total in zip(found, sums, strict=True)}


def _safe(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError):  # a day beyond Python's
        return None


def _has_ends(kind: pa.DataType) -> bool:
    of = pa.types
    return bool(of.is_integer(kind) or of.is_floating(kind) or of.is_decimal(kind) or of.is_date(kind)) or bool(
        of.is_timestamp(kind)
    )


def as_numpy(array: pa.Array) -> np.ndarray:
    """The values of an array without nulls."""
    values: np.ndarray = array.to_numpy(zero_copy_only=False)
    return values


def _added(one: Mapping[_Name, int], other: Mapping[_Name, int]) -> Mapping[_Name, int]:
    return {
        name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(each for each in other if each not in one))
    }


def _wider(one: Mapping[str, Ends], other: Mapping[str, Ends]) -> Mapping[str, Ends]:
    found = dict(one)
    for kind, (low, high) in other.items():
        mine = found.get(kind)
        found[kind] = (low, high) if mine is None else (min(mine[0], low), max(mine[1], high))
    return found


def _either(choose: Any, one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else int(choose(one, other))


def _few(one: Mapping[Any, int] | None, other: Mapping[Any, int] | None) -> Mapping[Any, int] | None:
    if one is None or other is None:
        return None
    found = _added(one, other)
    return found if len(found) <= FEW else None


def _summed(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return tuple(count + (shorter[at] if at < len(shorter) else 0) for at, count in enumerate(longer))
