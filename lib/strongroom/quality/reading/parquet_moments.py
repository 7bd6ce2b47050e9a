"""A file's dates and timestamps as ours: of any unit, INT96 too, by the calendar of the file, and never rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.quality.reading.datetimes import FIRST_DAY, LAST_DAY, MICROS_A_DAY
from strongroom.quality.reading.parquet_calendar import (
    OURS,
    Calendar,
    Calendars,
    Ticks,
    first_plain,
    our_days,
    our_micros,
)

_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS = (FIRST_DAY * 86_400, (LAST_DAY + 1) * 86_400 - 1)
"""The first and the last second of the years 1 to 9999, since 1970."""


@dataclass(frozen=True, slots=True)
class Moments:
    """The calendars of one file; ours where nothing else was ever written."""

    calendars: Calendars = OURS

    def calendar(self, kind: pa.DataType, *, int96: bool) -> Calendar:
        """The calendar of a column."""
        if int96:
            return self.calendars.int96
        return self.calendars.days if pa.types.is_date(kind) else self.calendars.moments


def in_contract(array: pa.Array, nanos: pa.Array | None, kind: pa.DataType, *, calendar: Calendar) -> pa.Array | None:
    """Dates as date32, timestamps as microseconds; ISO text (`large_string`) where some value is none of these.

    A timestamp is taken as its number says, with or without a zone on either side: a clock without a zone is UTC's.
    Spark does the same.

    Args:
        array: dates, or timestamps of any unit; INT96 as seconds.
        nanos: of INT96, nanoseconds that wrap around.
        kind: date32 or timestamp of microseconds.
        calendar: of the file.

    Returns:
        n values, or None: some are older than what an unknown calendar leaves without doubt.
    """
    if pa.types.is_date(kind):
        return _dates(array.cast(kind), calendar)
    if nanos is None and array.type.unit == "us" and _within(array, calendar):
        return array.view(pa.int64()).view(kind)
    return _timestamps(array, nanos, kind, calendar=calendar)


def _within(array: pa.Array, calendar: Calendar) -> bool:
    """Whether all microseconds lie in the years that need no second look."""
    ends = pc.min_max(array.view(pa.int64()))
    if not ends["min"].is_valid:
        return True
    first = first_plain(calendar, dates=False)
    least = (FIRST_DAY if first is None else first) * MICROS_A_DAY
    return bool(ends["min"].as_py() >= least and ends["max"].as_py() < (LAST_DAY + 1) * MICROS_A_DAY)


def _dates(array: pa.Array, calendar: Calendar) -> pa.Array | None:
    days = _ticks(array.view(pa.int32()).cast(pa.int64()))
    first = first_plain(calendar, dates=True)
    if first is not None and (days < first).any():
        if calendar is Calendar.UNKNOWN:
            return None
        days = our_days(days)
        array = pa.array(days.astype(np.int32), pa.int32(), mask=_nulls(array)).view(pa.date32())
    if not ((days < FIRST_DAY) | (days > LAST_DAY)).any():
        return array
    return array.cast(pa.large_string())


def _timestamps(array: pa.Array, nanos: pa.Array | None, kind: pa.DataType, *, calendar: Calendar) -> pa.Array | None:
    """Any timestamps by way of whole seconds and nanoseconds, which hold all there are."""
    ticks, a_second = _ticks(array.view(pa.int64())), _A_SECOND[array.type.unit]
    seconds = ticks // a_second
    rest = (ticks - seconds * a_second) * (10**9 // a_second)
    if nanos is not None:
        rest = _ticks(nanos.view(pa.int64())) - seconds * 10**9  # both wrap around, and the difference is below 10⁹
    bad: Mask = (seconds < _SECONDS[0] - 4 * 86_400) | (seconds > _SECONDS[1])  # Julian dates come first by two days
    micros = np.where(bad, 0, seconds) * 10**6 + rest // 1000
    first = first_plain(calendar, dates=False)
    if first is not None and ((seconds < first * 86_400) & _valid(array)).any():
        if calendar is Calendar.UNKNOWN:
            return None
        micros = our_micros(micros)
    bad |= (rest % 1000 != 0) | (micros < FIRST_DAY * MICROS_A_DAY)
    if not bad.any():
        return pa.array(micros, pa.int64(), mask=_nulls(array)).view(kind)
    seconds = np.where(bad, seconds, micros // 10**6)
    rest = np.where(bad, rest, micros % 10**6 * 1000)
    return _iso(seconds, rest, nulls=_nulls(array))


def _iso(seconds: Ticks, nanos: Ticks, *, nulls: Mask | None) -> pa.Array:
    """Text with nine digits of a second; years that have not four digits, Arrow writes so that nobody reads them."""
    whole = pa.array(seconds, pa.timestamp("s"), mask=nulls).cast(pa.large_string())
    digits = pc.utf8_lpad(pa.array(nanos, pa.int64()).cast(pa.large_string()), 9, "0")
    return pc.binary_join_element_wise(whole, digits, pa.scalar(".", pa.large_string()))


def _ticks(array: pa.Array) -> Ticks:
    """Integers as numpy, 0 where null."""
    ticks: Ticks = (array.fill_null(0) if array.null_count else array).to_numpy(zero_copy_only=False)
    return ticks


def _valid(array: pa.Array) -> Mask | bool:
    return buffers.valid(array) if array.null_count else True


def _nulls(array: pa.Array) -> Mask | None:
    return ~buffers.valid(array) if array.null_count else None
