"""The tally of texts: how many are written as what. Equal texts of a block are looked at once."""

from __future__ import annotations

from dataclasses import replace
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
from strongroom.quality.profile import day_numbers, entities
from strongroom.quality.profile.tally import FEW, FORMATS, Ends, Tally, as_numpy, years_of
from strongroom.quality.profile.written import DATE_SHAPE, DATES, MISSING, NUMBERS, TIME_SHAPE, TIMES
from strongroom.quality.reading import datetimes, numbers

LONGEST_WORD, LONGEST_KEY = 100, 100
"""Characters of a value that may be one of few, and of one that may be a key."""
_WHOLE, _ZEROS = r"^-?(?:0|[1-9][0-9]*)$", r"^-?0[0-9]+(?:[.,][0-9]+)?$"


def tally_text(array: pa.Array, *, prior: Tally | None = None, tokens: str = "", label: str = "") -> Tally:
    """The tally of texts.

    Args:
        array: strings; what is no UTF-8 counts as null.
        prior: of what came before: kinds that not all of its values have are left out, as if no value was such.
        tokens: what all of them are in JSON.
        label: what the column's name says, as a word before a value.
    """
    broken = buffers.unreadable(array)
    if broken is not None:
        array = pc.if_else(pa.array(broken), pa.scalar(None, array.type), array)
    there = array.drop_null()
    if not len(there):
        return Tally(rows=len(array), nulls=len(array))
    different, counts = _counted(there)
    trimmed = pc.utf8_trim_whitespace(different)
    padded = as_numpy(pc.not_equal(trimmed, different))
    blank = as_numpy(pc.equal(pc.utf8_length(trimmed), 0))
    words = as_numpy(pc.is_in(trimmed, value_set=pa.array(sorted(MISSING), trimmed.type)))
    missing = _by_word(trimmed, words, counts)
    good = ~(blank | words)
    texts, counts_good = trimmed.filter(pa.array(good)), counts[good]
    found = _of_texts(texts, counts_good, prior or Tally(), label) if len(texts) else Tally()
    given = int(counts_good.sum())
    alone = bool((counts_good == 1).all()) and len(texts.unique()) == len(texts)
    short = not len(texts) or (found.longest or 0) <= LONGEST_KEY
    return replace(
        found,
        rows=len(array),
        nulls=len(array) - len(there),
        blank=int(counts[blank].sum()),
        padded=int(counts[padded & ~blank].sum()),
        missing=missing,
        given=given,
        tokens={tokens: len(there)} if tokens else {},
        keys=((texts,) if len(texts) else ()) if alone and short else None,
    )


def _of_texts(texts: pa.Array, counts: np.ndarray, prior: Tally, label: str) -> Tally:
    """The part of a tally that is about values which are neither blank nor a word for a missing one."""
    alive = prior.alive()
    named = entities.count(texts, counts, label=label, looked=prior.found.get("looked", 0))
    lengths = buffers.char_lengths(texts)
    kinds, ends = dict[str, int](), dict[str, Ends]()
    digits = _numbers(texts, counts, alive, kinds, ends)
    years = _moments(texts, counts, alive, kinds, ends)
    _rest(texts, counts, alive, kinds)
    buckets = np.bincount(np.log2(np.maximum(lengths, 1)).astype(np.int64), weights=counts)
    return Tally(
        kinds=kinds,
        ends=ends,
        shortest=int(lengths.min()),
        longest=int(lengths.max()),
        digits=digits,
        blanks=int((as_numpy(pc.count_substring(texts, " ")) * counts).sum()),
        few=_words(texts, counts, lengths),
        found={**named, **entities.formed(texts), **_days(texts)},
        checked=len(texts),
        years=years,
        lengths=tuple(map(int, buckets)),
    )


def _days(texts: pa.Array) -> dict[str, int]:
    """How many numbers may be days: all of them count, in whatever signs."""
    like = texts.filter(pc.match_substring_regex(texts, r"^[0-9]"))
    plain = like.filter(pc.match_substring_regex(like, r"^[0-9]{1,15}(?:[.,]0*)?$"))
    if not len(plain):
        return {}
    whole = pc.replace_substring_regex(plain, pattern="[.,]0*$", replacement="").cast(pa.float64())
    found = day_numbers.count(as_numpy(whole))
    return {**found, "numbers": len(texts)}


def _numbers(
    texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int], ends: dict[str, Ends]
) -> tuple[int, int]:
    """Counts values that are numbers, in whatever signs; gives the most digits before and behind the point."""
    like = as_numpy(pc.match_substring_regex(texts, r"^[+-]?[0-9.,]"))
    if not like.any():
        return 0, 0
    whole = as_numpy(pc.match_substring_regex(texts, _WHOLE))
    fitting = np.zeros(len(texts), np.bool_)
    if whole.any():
        values, bad = numbers.integers(texts.filter(pa.array(whole)), pa.int64())
        fitting[whole] = True if bad is None else ~bad
        if fitting.all():
            found = pc.min_max(values)
            ends["whole"] = (found["min"].as_py(), found["max"].as_py())
    _put(kinds, "whole", counts, fitting)
    _put(kinds, "huge", counts, whole & ~fitting)
    _put(kinds, "zeros", counts, as_numpy(pc.match_substring_regex(texts, _ZEROS)) & like)
    if fitting.all():  # in whatever signs they may be
        low, high = ends["whole"]
        for name in alive & NUMBERS.keys():
            kinds[name] = kinds[f"{name} whole"] = int(counts.sum())
            ends[name] = (float(low), float(high))
        return _digits(texts)
    plain = {style.decimal: name for name, style in NUMBERS.items() if not style.thousands}
    for name, style in NUMBERS.items():
        if name not in alive:
            continue
        base = plain[style.decimal]
        if style.thousands and base in alive and not pc.any(pc.match_substring(texts, style.thousands)).as_py():
            for what in ("", " whole"):  # nothing tells these signs from those without thousands
                if f"{base}{what}" in kinds:
                    kinds[f"{name}{what}"] = kinds[f"{base}{what}"]
            if base in ends:
                ends[name] = ends[base]
            if name in kinds and style.thousands in ".,":  # others are proven by their sign alone
                proven = as_numpy(pc.match_substring_regex(texts, style.proof))
                _put(kinds, f"{name} sure", counts, proven & as_numpy(pc.match_substring_regex(texts, style.pattern)))
            continue
        matched = as_numpy(pc.match_substring_regex(texts, style.pattern))
        if not matched.any():
            continue
        _put(kinds, name, counts, matched)
        if style.proof:
            _put(kinds, f"{name} sure", counts, matched & as_numpy(pc.match_substring_regex(texts, style.proof)))
        _put(kinds, f"{name} whole", counts, matched & ~as_numpy(pc.match_substring(texts, style.decimal)))
        if matched.all():
            own, _ = numbers.plain(texts, decimal=style.decimal, thousands=style.thousands)
            values, bad = numbers.floats(own, pa.float64())
            if bad is not None:  # what overflows
                kinds[name] = 0
            else:
                found = pc.min_max(values)
                ends[name] = (found["min"].as_py(), found["max"].as_py())
    if "plain" in alive:
        _put(kinds, "exponent", counts, as_numpy(pc.match_substring_regex(texts, "[eE]")))
    return _digits(texts) if "plain" in alive else (0, 0)


def _digits(texts: pa.Array) -> tuple[int, int]:
    parts = pc.extract_regex(texts, r"^-?(?P<a>[0-9]*)(?:\.(?P<b>[0-9]*))?$").drop_null()
    if not len(parts):
        return 0, 0
    before, behind = (pc.max(pc.utf8_length(pc.struct_field(parts, [at]))).as_py() for at in (0, 1))
    return int(before or 0), int(behind or 0)


def _moments(
    texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int], ends: dict[str, Ends]
) -> dict[int, int]:
    """Counts values that are dates or moments in one of the usual forms; gives the years of the form that most are."""
    years = dict[int, int]()
    dated = as_numpy(pc.match_substring_regex(texts, DATE_SHAPE))
    _put(kinds, "dated", counts, dated)
    timed = as_numpy(pc.match_substring_regex(texts, TIME_SHAPE))
    for forms, like, parse in ((DATES, dated, _dates), (TIMES, timed, _times)):
        if not like.any():
            continue
        some = texts if like.all() else texts.filter(pa.array(like))
        for name in forms:
            if name and name not in alive:  # how many are days in ISO 8601 is told, if most are
                continue
            values, bad = parse(some, name)
            good = np.zeros(len(texts), np.bool_)
            good[like] = True if bad is None else ~bad
            _put(kinds, name, counts, good)
            if good.all():
                found = pc.min_max(values)
                ends[name] = (found["min"].as_py(), found["max"].as_py())
            if good.any():
                there = values if bad is None else values.filter(pa.array(~bad))
                one = years_of(there, counts[good])
                years = one if sum(one.values()) > sum(years.values()) else years
    return years


def _dates(texts: pa.Array, name: str) -> numbers.Parsed:
    return datetimes.dates(texts, DATES[name])


def _times(texts: pa.Array, name: str) -> numbers.Parsed:
    return datetimes.timestamps(texts, TIMES[name].form, zoned=TIMES[name].zoned)


def _rest(texts: pa.Array, counts: np.ndarray, alive: frozenset[str], kinds: dict[str, int]) -> None:
    """Counts booleans and the formats of texts."""
    if "boolean" in alive:
        lower = pc.ascii_lower(texts)
        _put(kinds, "boolean", counts, as_numpy(pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type))))
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


def _put(kinds: dict[str, int], name: str, counts: np.ndarray, mask: Mask) -> None:
    if mask.any():
        kinds[name] = int(counts[mask].sum())
