"""By which calendar a Parquet file's old days and moments are written, and what they are in ours.

Spark before 3.0 and Hive counted days by the Julian calendar up to 1582-10-04. Spark says in the footer what it did
(`DataSourceUtils.datetimeRebaseSpec`), and so does newer Hive; other writers are known by name, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from strongroom.quality.reading.datetimes import MICROS_A_DAY

FIRST_GREGORIAN = -141427
"""1582-10-15 in days since 1970: from here on both calendars are one."""
NEW_ENOUGH = -25567
"""1900-01-01: from here on a moment is the same in either calendar, whatever the time zone of its writer."""
_KEEPS_OURS = ("parquet-cpp", "parquet-rs", "Polars", "polars", "Arrow2", "DuckDB", "fastparquet", "delta-rs")
"""How `created_by` begins where nothing but our calendar is ever written."""
_UTC = frozenset(("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "Zulu", "+00:00", "UCT", "Universal"))

Ticks = npt.NDArray[np.int64]


class Calendar(Enum):
    """How old values of one kind are written: by ours, by the Julian (in UTC), or nobody can tell."""

    OURS = "ours"
    JULIAN = "Julian"
    UNKNOWN = "unknown"


class Calendars(NamedTuple):
    """The calendar of a file's dates, of its INT64 timestamps, and of those that are INT96."""

    days: Calendar
    moments: Calendar
    int96: Calendar


OURS = Calendars(Calendar.OURS, Calendar.OURS, Calendar.OURS)


def calendars(footer: pq.FileMetaData) -> Calendars:
    """The calendars of a file, by the marks in its footer and else by who made it."""
    marks = {key.decode("utf-8", "replace"): value for key, value in (footer.metadata or {}).items()}
    if "org.apache.spark.version" in marks:
        return _of_spark(marks)
    hive = marks.get("writer.date.proleptic")
    if hive is not None:
        days = Calendar.OURS if hive == b"true" else Calendar.JULIAN
        moments = Calendar.OURS if hive == b"true" else Calendar.UNKNOWN
        return Calendars(days, moments, moments)
    known = Calendar.OURS if _maker(footer).startswith(_KEEPS_OURS) else Calendar.UNKNOWN
    return Calendars(known, known, known)


def _maker(footer: pq.FileMetaData) -> str:
    """Who made a file, by its own word; nobody where that is no text."""
    try:
        return str(footer.created_by)
    except UnicodeDecodeError:
        return ""


def _of_spark(marks: Mapping[str, bytes]) -> Calendars:
    number = re.match(rb"(\d+)\.(\d+)", marks["org.apache.spark.version"])
    version = (int(number[1]), int(number[2])) if number else (0, 0)
    zone = marks.get("org.apache.spark.timeZone", b"").decode("utf-8", "replace")
    moments = Calendar.JULIAN if zone in _UTC else Calendar.UNKNOWN
    old = version < (3, 0) or "org.apache.spark.legacyDateTime" in marks
    old_int96 = version < (3, 1) or "org.apache.spark.legacyINT96" in marks
    return Calendars(
        Calendar.JULIAN if old else Calendar.OURS,
        moments if old else Calendar.OURS,
        moments if old_int96 else Calendar.OURS,
    )


def first_plain(calendar: Calendar, *, dates: bool) -> int | None:
    """The first day since 1970 that needs no look at the calendar, or None: none does."""
    if calendar is Calendar.OURS:
        return None
    return FIRST_GREGORIAN if dates or calendar is Calendar.JULIAN else NEW_ENOUGH


def our_days(days: Ticks) -> Ticks:
    """Days since 1970 counted by the Julian calendar before 1582-10-15, as the days of the same dates in ours.

    29 February of a year that is no leap year in ours becomes 1 March, as in Spark.
    """
    old = days < FIRST_GREGORIAN
    years, months, day = _julian(days[old])
    ours = days.copy()
    ours[old] = _gregorian(years, months, day)
    return ours


def our_micros(micros: Ticks) -> Ticks:
    """The same for microseconds since 1970 in UTC: the day changes, the time of day stays."""
    days = micros // MICROS_A_DAY
    old = days < FIRST_GREGORIAN
    ours = micros.copy()
    ours[old] += (our_days(days[old]) - days[old]) * MICROS_A_DAY
    return ours


def _julian(days: Ticks) -> tuple[Ticks, Ticks, Ticks]:
    """Year, month and day by the Julian calendar; years run from March, so that a leap day is their last."""
    shifted = days + 719470  # since 0000-03-01 of the Julian calendar
    cycle, of_cycle = shifted // 1461, shifted % 1461
    year = np.minimum(of_cycle // 365, 3)
    of_year = of_cycle - year * 365
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    late = month >= 10
    return cycle * 4 + year + late, np.where(late, month - 9, month + 3), day


def _gregorian(years: Ticks, months: Ticks, day: Ticks) -> Ticks:
    """Days since 1970 (https://howardhinnant.github.io/date_algorithms.html#days_from_civil)."""
    shifted = years - (months <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * ((months + 9) % 12) + 2) // 5 + day - 1
    days: Ticks = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
    return days
