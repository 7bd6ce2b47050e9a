"""What is seen of a column's values: mergeable, so that blocks, files and ranges of bytes add up in any order.

A tally holds values (ends, few different ones, candidates for a key): it never leaves the process, and what of it may
stand in a contract or on a page is for `shape` and `meaning` to say.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column, Type
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.formats import format_of
from strongroom.quality.profile import recognise
from strongroom.quality.profile.written import DATE_SHAPE, DATES, MISSING, NUMBERS, TIME_SHAPE, TIMES
from strongroom.quality.reading import datetimes, numbers

FEW = 64
"""So many different values are counted one by one; of more only that there are more."""
LONGEST_WORD, LONGEST_KEY = 100, 100
"""Characters of a value that may be one of few, and of one that may be a key."""
FORMATS = ("uuid", "email", "ipv4", "ipv6", "time", "uri")
_WHOLE, _ZEROS = r"^-?(?:0|[1-9][0-9]*)$", r"^-?0[0-9]+(?:[.,][0-9]+)?$"
_LOOKED_AT = 200
"""Different values of a block that recognisers look at."""

Bound = int | float | Decimal | datetime.date | datetime.datetime
Ends = tuple[Any, Any]


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
        found: by recogniser, how many of the values looked at are such things; `checked` values were looked at.
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


def tally_text(array: pa.Array, *, alive: frozenset[str] = frozenset(KINDS), tokens: str = "") -> Tally:
    """The tally of texts.

    Args:
        array: strings; what is no UTF-8 counts as null.
        alive: kinds that are looked for; the others are left out, as if no value was such.
        tokens: what all of them are in JSON.
    """
    broken = buffers.unreadable(array)
    if broken is not None:
        array = pc.if_else(pa.array(broken), pa.scalar(None, array.type), array)
    there = array.drop_null()
    if not len(there):
        return Tally(rows=len(array), nulls=len(array))
    different, counts = _counted(there)
    trimmed = pc.utf8_trim_whitespace(different)
    padded = _np(pc.not_equal(trimmed, different))
    blank = _np(pc.equal(pc.utf8_length(trimmed), 0))
    words = _np(pc.is_in(trimmed, value_set=pa.array(sorted(MISSING), trimmed.type)))
    missing = _by_word(trimmed, words, counts)
    good = ~(blank | words)
    texts, counts_good = trimmed.filter(pa.array(good)), counts[good]
    found = _of_texts(texts, counts_good, alive) if len(texts) else Tally()
    given = int(counts_good.sum())
    alone = bool((counts_good == 1).all()) and len(texts.unique()) == len(texts)
    short = not len(texts) or (found.longest or 0) <= LONGEST_KEY
    return Tally(
        rows=len(array),
        nulls=len(array) - len(there),
        blank=int(counts[blank].sum()),
        padded=int(counts[padded & ~blank].sum()),
        missing=missing,
        given=given,
        kinds=found.kinds,
        tokens={tokens: len(there)} if tokens else {},
        ends=found.ends,
        shortest=found.shortest,
        longest=found.longest,
        digits=found.digits,
        blanks=found.blanks,
        few=found.few,
        keys=((texts,) if len(texts) else ()) if alone and short else None,
        found=found.found,
        checked=found.checked,
        lengths=found.lengths,
    )


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
        finite = _np(pc.is_finite(there))
        odd, there = int((~finite).sum()), there.filter(pa.array(finite))
    if not len(there):
        return replace(base, odd=odd)
    ends = pc.min_max(there)
    low, high = _safe(ends["min"]), _safe(ends["max"])
    whole = pa.types.is_integer(kind)
    different = there.unique() if whole else there
    keys = (different,) if whole and len(different) == len(there) else None
    return replace(base, ends={"typed": (low, high)} if low is not None else {}, keys=keys, odd=odd)


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


def _of_texts(texts: pa.Array, counts: np.ndarray, alive: frozenset[str]) -> Tally:
    """The part of a tally that is about values which are neither blank nor a word for a missing one."""
    lengths = buffers.char_lengths(texts)
    kinds, ends = dict[str, int](), dict[str, Ends]()
    digits = _numbers(texts, counts, alive, kinds, ends)
    _moments(texts, counts, alive, kinds, ends)
    _rest(texts, counts, alive, kinds)
    looked = texts.slice(0, _LOOKED_AT)
    buckets = np.bincount(np.log2(np.maximum(lengths, 1)).astype(np.int64), weights=counts)
    return Tally(
        kinds=kinds,
        ends=ends,
        shortest=int(lengths.min()),
        longest=int(lengths.max()),
        digits=digits,
        blanks=int((_np(pc.count_substring(texts, " ")) * counts).sum()),
        few=_words(texts, counts, lengths),
        found=recognise.count(looked),
        checked=len(looked),
        lengths=tuple(map(int, buckets)),
    )


def _numbers(
    texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int], ends: dict[str, Ends]
) -> tuple[int, int]:
    """Counts values that are numbers, in whatever signs; gives the most digits before and behind the point."""
    like = _np(pc.match_substring_regex(texts, r"^[+-]?[0-9.,]"))
    if not like.any():
        return 0, 0
    whole = _np(pc.match_substring_regex(texts, _WHOLE))
    fitting = np.zeros(len(texts), np.bool_)
    if whole.any():
        values, bad = numbers.integers(texts.filter(pa.array(whole)), pa.int64())
        fitting[whole] = True if bad is None else ~bad
        if fitting.all():
            found = pc.min_max(values)
            ends["whole"] = (found["min"].as_py(), found["max"].as_py())
    _put(kinds, "whole", counts, fitting)
    _put(kinds, "huge", counts, whole & ~fitting)
    _put(kinds, "zeros", counts, _np(pc.match_substring_regex(texts, _ZEROS)) & like)
    if fitting.all():  # in whatever signs they may be
        low, high = ends["whole"]
        for name in alive & NUMBERS.keys():
            kinds[name] = kinds[f"{name} whole"] = int(counts.sum())
            ends[name] = (float(low), float(high))
        return _digits(texts)
    for name, style in NUMBERS.items():
        if name not in alive:
            continue
        matched = _np(pc.match_substring_regex(texts, style.pattern))
        _put(kinds, name, counts, matched)
        if matched.any() and style.proof:
            _put(kinds, f"{name} sure", counts, matched & _np(pc.match_substring_regex(texts, style.proof)))
        if matched.any() and style.thousands:
            broken = _np(pc.match_substring(texts, style.decimal))
            _put(kinds, f"{name} whole", counts, matched & ~broken)
        if matched.all():
            plain, _ = numbers.plain(texts, decimal=style.decimal, thousands=style.thousands)
            values, bad = numbers.floats(plain, pa.float64())
            if bad is not None:  # what overflows
                kinds[name] = 0
            else:
                found = pc.min_max(values)
                ends[name] = (found["min"].as_py(), found["max"].as_py())
    if "plain" in alive:
        _put(kinds, "exponent", counts, _np(pc.match_substring_regex(texts, "[eE]")))
    return _digits(texts) if "plain" in alive else (0, 0)


def _digits(texts: pa.Array) -> tuple[int, int]:
    parts = pc.extract_regex(texts, r"^-?(?P<a>[0-9]*)(?:\.(?P<b>[0-9]*))?$").drop_null()
    if not len(parts):
        return 0, 0
    before, behind = (pc.max(pc.utf8_length(pc.struct_field(parts, [at]))).as_py() for at in (0, 1))
    return int(before or 0), int(behind or 0)


def _moments(
    texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int], ends: dict[str, Ends]
) -> None:
    """Counts values that are dates or moments in one of the usual forms."""
    dated = _np(pc.match_substring_regex(texts, DATE_SHAPE))
    _put(kinds, "dated", counts, dated)
    timed = _np(pc.match_substring_regex(texts, TIME_SHAPE))
    for forms, like, parse in ((DATES, dated, _dates), (TIMES, timed, _times)):
        if not like.any():
            continue
        some = texts if like.all() else texts.filter(pa.array(like))
        for name in forms:
            if name not in alive:
                continue
            values, bad = parse(some, name)
            good = np.zeros(len(texts), np.bool_)
            good[like] = True if bad is None else ~bad
            _put(kinds, name, counts, good)
            if good.all():
                found = pc.min_max(values)
                ends[name] = (found["min"].as_py(), found["max"].as_py())


def _dates(texts: pa.Array, name: str) -> numbers.Parsed:
    return datetimes.dates(texts, DATES[name])


def _times(texts: pa.Array, name: str) -> numbers.Parsed:
    return datetimes.timestamps(texts, TIMES[name].form, zoned=TIMES[name].zoned)


def _rest(texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int]) -> None:
    """Counts booleans and the formats of texts."""
    if "boolean" in alive:
        lower = pc.ascii_lower(texts)
        _put(kinds, "boolean", counts, _np(pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type))))
    flat = Flat(texts, parents=None, absent=None, rows=len(texts))
    for name in FORMATS:
        if name in alive:
            wrong = _format(name)(flat)
            _put(kinds, name, counts, np.ones(len(texts), np.bool_) if wrong is None else ~wrong)


@cache
def _format(name: str) -> Check:
    return format_of(name, Column("text", "text", Type("string")))


def _words(texts: pa.Array, counts: np.ndarray, lengths: np.ndarray) -> dict[Any, int] | None:
    if len(texts) > FEW or int(lengths.max(initial=0)) > LONGEST_WORD:
        return None
    found: dict[Any, int] = {}
    for text, count in zip(texts.to_pylist(), counts.tolist(), strict=True):
        found[text] = found.get(text, 0) + count  # trimmed, two may be one
    return found


def _counted(there: pa.Array) -> tuple[pa.Array, np.ndarray]:
    found = pc.value_counts(there)
    return found.field("values"), found.field("counts").to_numpy(zero_copy_only=False)


def _by_word(texts: pa.Array, mask: Mask, counts: np.ndarray) -> dict[str, int]:
    if not mask.any():
        return {}
    found: dict[str, int] = {}
    for text, count in zip(texts.filter(pa.array(mask)).to_pylist(), counts[mask].tolist(), strict=True):
        found[text] = found.get(text, 0) + count
    return found


def _np(array: pa.Array) -> np.ndarray:
    values: np.ndarray = array.to_numpy(zero_copy_only=False)
    return values


def _put(kinds: dict[str, int], name: str, counts: np.ndarray, mask: Mask) -> None:
    if mask.any():
        kinds[name] = int(counts[mask].sum())


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
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
