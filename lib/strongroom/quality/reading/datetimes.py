"""Text to dates and timestamps, strictly: ISO 8601 or a format of the contract, real calendar days of years 1 to 9999.

One engine for all: a pattern with a named group per part (`Y m d H M S f z`), the parts as integer arrays, and the
calendar in integers (days since 1970 by https://howardhinnant.github.io/date_algorithms.html#days_from_civil).
Columns in which every text has the same width, as machines write them, are read from the bytes without a pattern.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.quality.reading.numbers import Parsed

FIRST_DAY, LAST_DAY = -719162, 2932896  # 0001-01-01 and 9999-12-31 in days since 1970-01-01
MICROS_A_DAY = 86_400_000_000
_DATE = r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
_TIME = r"(?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.](?P<f>[0-9]{1,6})0*)?)?"
_ZONE = r"(?P<z>Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_LIMITS = {"m": (1, 12), "H": (0, 23), "M": (0, 59), "S": (0, 59)}
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "m": r"(?P<m>1[0-2]|0[1-9]|[1-9])",
    "d": r"(?P<d>3[01]|[12][0-9]|0[1-9]|[1-9])",
    "H": r"(?P<H>2[0-3]|[01][0-9]|[0-9])",
    "M": r"(?P<M>[0-5][0-9]|[0-9])",
    "S": r"(?P<S>[0-5][0-9]|[0-9])",
    "f": r"(?P<f>[0-9]{1,6})",
    "z": _ZONE,
    "y": r"(?P<y>[0-9]{2})",
    "j": r"(?P<j>36[0-6]|3[0-5][0-9]|[12][0-9]{2}|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9])",
    "I": r"(?P<I>1[0-2]|0[1-9]|[1-9])",
    "p": r"(?P<p>[AaPp][Mm])",
    "%": "%",
}

_WHOLE_DAYS = ({*"Ymd"}, {*"ymd"}, {*"Yj"}, {*"yj"})
_CLOCKS = (set[str](), {"H"}, {*"Ip"})

Parts = Mapping[str, np.ndarray]
"""Integers per part (micros in `f`, minutes east of Greenwich in `z`); a part that was not written is missing or 0."""


def dates(array: pa.Array, form: str = "") -> Parsed:
    """Text to date32. `form` is in strptime's words; empty means `YYYY-MM-DD`."""
    parts, bad = _parts(array, form, iso=f"^{_DATE}$", widths=(10,))
    days, wrong = _days(parts)
    return _finish(array, days.astype(np.int32), wrong=bad | wrong, kind=pa.date32())


def timestamps(array: pa.Array, form: str = "", *, zoned: bool) -> Parsed:
    """Text to microseconds in UTC.

    Args:
        array: strings.
        form: in strptime's words; empty means `YYYY-MM-DD`, `T` or a space, `HH:MM[:SS[.ffffff]]` and, when `zoned`,
            `Z`, `+HH`, `+HHMM` or `+HH:MM` behind it.
        zoned: the type has a zone: text without one is UTC. Otherwise a zone in the text is refused: to drop it would
            change the meaning in silence.
    """
    zone = f"{_ZONE}?" if zoned else ""
    parts, bad = _parts(array, form, iso=f"^{_DATE}[T ]{_TIME}{zone}$", widths=range(19, 28), zulu=zoned)
    days, wrong = _days(parts)
    micros = days * MICROS_A_DAY
    for part, unit in (("H", 3_600_000_000), ("M", 60_000_000), ("S", 1_000_000), ("f", 1), ("z", -60_000_000)):
        if part in parts:
            micros = micros + parts[part] * unit
            if part in _LIMITS:
                wrong |= (parts[part] < _LIMITS[part][0]) | (parts[part] > _LIMITS[part][1])
    if "z" in parts:
        wrong |= (micros < FIRST_DAY * MICROS_A_DAY) | (micros >= (LAST_DAY + 1) * MICROS_A_DAY)
    return _finish(array, micros, wrong=bad | wrong, kind=pa.timestamp("us", "UTC" if zoned else None))


@functools.cache
def pattern_of(form: str) -> str:
    """The pattern that reads a format of strptime's words, with digits as many as strptime takes.

    Raises:
        ValueError: a directive is unknown or comes twice, or the parts do not make a date.
    """
    pieces = re.split(r"%(.?)", form)
    unknown = sorted({directive for directive in pieces[1::2] if directive not in _DIRECTIVES})
    if unknown:
        raise ValueError(f"the format knows no %{unknown[0]}; it knows {' '.join('%' + word for word in _DIRECTIVES)}")
    parts = [directive for directive in pieces[1::2] if directive != "%"]
    given, clock = {*parts} & {*"Yymdj"}, {*parts} & {*"HIp"}
    if len(parts) != len({*parts}) or given not in _WHOLE_DAYS or clock not in _CLOCKS:
        raise ValueError("a format needs a whole date (%Y or %y, and %m with %d or %j), %p with %I, and nothing twice")
    return f"^{''.join(_DIRECTIVES[piece] if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))}$"


def _parts(
    array: pa.Array, form: str, *, iso: str, widths: Container[int], zulu: bool = False
) -> tuple[dict[str, np.ndarray], Mask]:
    """The parts of every text as integers, and which texts do not have the form. Nulls count as such here."""
    same = None if form else _same_width(array.drop_null(), widths=widths, zulu=zulu)
    if same is not None and not array.null_count:
        return same, np.zeros(len(array), np.bool_)
    if same is not None:
        given = buffers.valid(array)
        return {part: _spread(values, given) for part, values in same.items()}, ~given
    pattern = pattern_of(form) if form else iso
    groups = pc.extract_regex(array, pattern)
    parts = {}
    for place, field in enumerate(groups.type):
        part = pc.struct_field(groups, [place])
        if field.name == "z":
            parts["z"] = _minutes_east(part)
            continue
        if field.name == "p":
            part = pc.if_else(pc.starts_with(part, "p", ignore_case=True), "12", "0")
        if field.name == "f":
            part = pc.utf8_rpad(part, 6, "0")
        part = pc.if_else(pc.equal(part, ""), "0", part).fill_null("0")
        parts[field.name] = part.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if "y" in parts:
        parts["Y"] = parts["y"] + np.where(parts["y"] < 69, 2000, 1900)  # as POSIX has it
    if "I" in parts:
        parts["H"] = parts["I"] % 12 + parts["p"]
    return parts, ~buffers.valid(groups)


def _spread(values: np.ndarray, places: Mask) -> np.ndarray:
    """The values at their places, zeros elsewhere."""
    spread = np.zeros(len(places), np.int64)
    spread[places] = values
    return spread


def _minutes_east(zone: pa.Array) -> np.ndarray:
    """`+05:30` is 330; `Z`, nothing and null are 0. An impossible offset becomes one that no year survives."""
    digits = pc.replace_substring(zone.fill_null("Z"), ":", "")
    number = pc.utf8_rpad(pc.if_else(pc.is_in(digits, value_set=pa.array(["Z", ""])), "+0000", digits), 5, "0")
    hours = pc.utf8_slice_codeunits(number, 1, 3).cast(pa.int64()).to_numpy(zero_copy_only=False)
    minutes = pc.utf8_slice_codeunits(number, 3, 5).cast(pa.int64()).to_numpy(zero_copy_only=False)
    east = np.where(buffers.bools(pc.starts_with(number, "-")), -1, 1) * (hours * 60 + minutes)
    return np.where((hours > 23) | (minutes > 59), 10**10, east)


def _days(parts: Parts) -> tuple[np.ndarray, Mask]:
    """Days since 1970-01-01, and where the parts are no date."""
    year = parts["Y"].astype(np.int64)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    if "j" in parts:
        first, wrong = _days({"Y": year, "m": np.ones_like(year), "d": np.ones_like(year)})
        return first + parts["j"] - 1, wrong | (parts["j"] < 1) | (parts["j"] > 365 + leap)
    month, day = parts["m"].astype(np.int64), parts["d"].astype(np.int64)
    wrong = (year < 1) | (month < 1) | (month > 12) | (day < 1)
    longest = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.where(wrong, 0, month)]
    wrong |= day > longest + (leap & (month == 2))
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468, wrong


def _same_width(array: pa.Array, *, widths: Container[int], zulu: bool) -> dict[str, np.ndarray] | None:
    """The parts of texts without nulls that all have one ISO layout, or None: a date, a time, a fraction, a `Z`."""
    lengths = buffers.lengths(array)
    width = int(lengths[0]) if len(array) else 0
    if width not in widths or (lengths != width).any():
        return None
    signs = buffers.data(array).reshape(-1, width)
    fixed = {4: b"-", 7: b"-", 13: b":", 16: b":", 19: b"."}
    spans = {"Y": (0, 4), "m": (5, 7), "d": (8, 10), "H": (11, 13), "M": (14, 16), "S": (17, 19)}
    end = width
    if zulu and width > 19 and signs[0, -1] == ord("Z"):
        end = width - 1
        fixed[end] = b"Z"
    if end == 20 or end > 26:
        return None
    if end > 20:
        spans["f"] = (20, end)
    if width > 10 and not np.isin(signs[:, 10], np.frombuffer(b"T ", np.uint8)).all():
        return None
    if any((signs[:, place] != sign[0]).any() for place, sign in fixed.items() if place < width):
        return None
    parts = {}
    for part, (start, stop) in spans.items():
        if stop <= width:
            digits = signs[:, start:stop] - np.uint8(48)  # what is below "0" wraps around to above 9
            if (digits > 9).any():
                return None
            scale = 10 ** (6 - (stop - start)) if part == "f" else 1
            parts[part] = digits @ (10 ** np.arange(stop - start - 1, -1, -1, dtype=np.int64) * scale)
    return parts


def _finish(array: pa.Array, values: np.ndarray, *, wrong: Mask, kind: pa.DataType) -> Parsed:
    """The numbers as dates or timestamps, null where wrong; what was null already is not marked."""
    storage = pa.int32() if pa.types.is_date(kind) else pa.int64()
    given = buffers.valid(array) if array.null_count else True
    result = pa.array(values, storage, mask=wrong | ~given if array.null_count else wrong).view(kind)
    return result, buffers.some(wrong & given)
