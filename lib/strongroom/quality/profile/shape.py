"""From a tally to a column's type, how its text is read, and the rules that all values seen meet with room to spare.

A type is taken only where every value is of it. What could mean two things (03/04/2024, 1,234) stays text, and so do
codes: leading zeros, digits beyond 64 bits.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from strongroom.core.contract import Type
from strongroom.quality.profile.tally import FORMATS, Tally
from strongroom.quality.profile.written import (
    DATE_PAIRS,
    DATES,
    NUMBERS,
    PERHAPS,
    SURE,
    TIME_PAIRS,
    TIMES,
)

_EXACT = 15
"""Digits that a double holds exactly."""
_FAULTS = 0.05
"""Part of the values that may be faults, where all others are of one type."""
MOST_VALID, LEAST_EACH = 20, 5
"""A closed set has at most so many values, and each came so often on average."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a column is.

    Args:
        type: as the reader will have it.
        logical: `logicalType`.
        physical: `physicalType`, where the logical type does not say it all.
        format: of a date or timestamp, or of a text.
        read: the custom property `read`.
        required: no value was missing.
        minimum, maximum: rounded outward; of numbers, dates and timestamps.
        least, most: characters, rounded outward.
        valid: all values, where they are few and often.
        all_different: no value came twice.
        notes: what a person should look at.
    """

    type: Type
    logical: str
    physical: str = ""
    format: str = ""
    read: Mapping[str, object] = field(default_factory=dict)
    required: bool = False
    minimum: object = None
    maximum: object = None
    least: int | None = None
    most: int | None = None
    valid: tuple[str, ...] = ()
    all_different: bool = False
    notes: tuple[str, ...] = ()


def shape_of_text(tally: Tally, *, whole: bool = True, json: bool = False) -> Shape:
    """The shape of a column that arrives as text.

    Args:
        tally: of its values.
        whole: all rows were seen; otherwise bounds are wide, and nothing is said of sets and keys.
        json: values have types of their own there, and a text that holds digits is a text.
    """
    if tally.empty:
        return Shape(Type("string"), "string", read=_read(tally, text=True), notes=tuple(_notes(tally)))
    numeric = not json or set(tally.tokens) != {"text"}
    for found in (
        Shape(Type("boolean"), "boolean") if numeric and tally.all("boolean") else None,
        _number(tally, whole) if numeric else None,
        _date(tally, whole),
        _moment(tally, whole),
    ):
        if found is not None:
            read = {**found.read, **_read(tally, text=False)}
            return replace(found, read=read, required=_required(tally, read), all_different=_key(found, tally, whole))
    return _text(tally, whole)


def _required(tally: Tally, read: Mapping[str, object]) -> bool:
    missing = _missing(read)
    absent = sum(count for word, count in tally.missing.items() if word in missing)
    return tally.rows > 0 and tally.nulls + absent + (tally.blank if "" in missing else 0) == 0


def _key(shape: Shape, tally: Tally, whole: bool) -> bool:
    fits = shape.type.name in ("string", "bigint", "int", "smallint", "tinyint", "decimal")
    return fits and whole and tally.rows > 1 and tally.different


def _read(tally: Tally, *, text: bool) -> dict[str, object]:
    """How the text is read: trimmed, and words for what is missing."""
    words = sorted(word for word in tally.missing if word in SURE or not text)
    if tally.blank:
        words = ["", *words]
    found: dict[str, object] = {}
    if tally.padded or tally.blank:
        found["trim"] = True
    if words:
        found["missing"] = words
    return found


def _number(tally: Tally, whole: bool) -> Shape | None:
    """A number, if all values are written in one way that means one number."""
    if tally.kinds.get("huge") or tally.kinds.get("zeros"):
        return None
    if tally.all("whole"):
        return _bounded(Shape(Type("bigint"), "integer"), tally, "whole", whole)
    if tally.all("plain"):
        return _broken(tally, whole)
    sure = [name for name in NUMBERS if tally.all(name) and tally.kinds.get(f"{name} sure")]
    if not sure:
        return None
    name = min(sure, key=lambda one: len(NUMBERS[one].thousands))  # of those that fit, what says least
    signs, read = NUMBERS[name], dict[str, object]()
    if signs.thousands:
        read["thousands"] = signs.thousands
    if signs.decimal == "." and tally.all(f"{name} whole"):
        return _bounded(Shape(Type("bigint"), "integer", read=read), tally, name, whole)
    if signs.decimal != ".":
        read["decimal"] = signs.decimal
    return _bounded(Shape(Type("double"), "number", read=read), tally, name, whole)


def _broken(tally: Tally, whole: bool) -> Shape:
    """A number with a point: a double, or a decimal where a double would not hold the digits before the point."""
    before, behind = tally.digits
    if before <= _EXACT or tally.kinds.get("exponent") or before + 2 + behind > 38:
        return _bounded(Shape(Type("double"), "number"), tally, "plain", whole)
    kind = Type("decimal", precision=before + 2 + behind, scale=behind)
    return Shape(kind, "number", physical=kind.ddl)


def _date(tally: Tally, whole: bool) -> Shape | None:
    forms = [form for form in DATES if tally.all(form)]
    if not forms or forms == ["yyyyMMdd"]:
        return None
    if any(set(pair) <= set(forms) for pair in DATE_PAIRS):
        return None
    return _bounded(Shape(Type("date"), "date", format=forms[0]), tally, forms[0], whole)


def _moment(tally: Tally, whole: bool) -> Shape | None:
    forms = [form for form in TIMES if tally.all(form)]
    if not forms or any(set(pair) <= set(forms) for pair in TIME_PAIRS):
        return None
    if forms[0] == "moment zone":
        return _bounded(Shape(Type("timestamp"), "timestamp", notes=_zones(tally)), tally, "moment zone", whole)
    shape = Shape(Type("timestamp_ntz"), "timestamp", physical="timestamp_ntz", format=TIMES[forms[0]].format)
    return _bounded(shape, tally, forms[0], whole)


def _zones(tally: Tally) -> tuple[str, ...]:
    return ("some have no zone, and are read as UTC",) if tally.kinds.get("moment") else ()


def _text(tally: Tally, whole: bool) -> Shape:
    read = _read(tally, text=True)
    left = set(tally.missing) - _missing(read)
    form = next((name for name in FORMATS if tally.all(name)), "") if not left else ""
    longest = max([tally.longest or 0, *map(len, tally.missing)])
    return replace(
        Shape(Type("string"), "string", format=form, read=read, notes=tuple(_notes(tally))),
        required=_required(tally, read),
        least=1 if whole and tally.rows else None,
        most=None if form else _up(longest * (1 if whole else 4), least=10),
        valid=_valid(tally, read) if whole else (),
        all_different=not left and _key(Shape(Type("string"), "string"), tally, whole),
    )


def _missing(read: Mapping[str, object]) -> set[str]:
    """The words that `read` takes for a missing value."""
    words = read.get("missing", ())
    return set(words) if isinstance(words, list) else set()


def _notes(tally: Tally) -> list[str]:
    """Why a text is none of what it looks like."""
    found = []
    if tally.kinds.get("huge") and tally.kinds.get("whole", 0) + tally.kinds["huge"] == tally.given:
        found.append("whole numbers beyond 64 bits: text")
    elif tally.kinds.get("zeros"):
        found.append("leading zeros: text")
    if any(tally.all(one) and tally.all(other) for one, other in (*DATE_PAIRS, *TIME_PAIRS)):
        found.append("dates, but nothing tells the day from the month: text")
    elif tally.all("dated"):
        found.append("dates in several forms: text")
    if any(tally.all(name) for name in NUMBERS) and not tally.kinds.get("huge"):
        found.append("numbers, but nothing tells the decimal sign from the one of thousands: text")
    for kind, said in (("whole", "whole numbers"), ("", "days")):
        others = tally.given - tally.kinds.get(kind, 0)
        if 0 < others <= tally.given * _FAULTS:
            found.append(
                f"all but {others:,} of {tally.given:,} are {said}: are those faults, which a type would set aside?"
            )
    if words := sorted(word for word in tally.missing if word in PERHAPS):
        found.append(f"is {', '.join(map(repr, words))} a value, or missing?")
    return found


def _valid(tally: Tally, read: Mapping[str, object]) -> tuple[str, ...]:
    """All values of a small closed set."""
    if tally.few is None or not 2 <= len(tally.few) <= MOST_VALID or tally.given < LEAST_EACH * len(tally.few):
        return ()
    return tuple(sorted({*map(str, tally.few), *(set(tally.missing) - _missing(read))}))


def _bounded(shape: Shape, tally: Tally, kind: str, whole: bool) -> Shape:
    ends = tally.ends.get(kind)
    if ends is None or tally.odd:
        return shape
    low, high = outward(*ends, type_=shape.type, whole=whole)
    return replace(shape, minimum=low, maximum=high)


def shape_of_typed(tally: Tally, type_: Type, *, whole: bool = True) -> Shape:
    """The shape of a column whose file says its type."""
    logical, physical = LOGICAL[type_.name]
    shape = Shape(type_, logical, physical=type_.ddl if type_.name == "decimal" else physical)
    required = tally.rows > 0 and not tally.nulls
    if type_.name == "string":
        return _text(tally, whole)
    shape = _bounded(shape, tally, "typed", whole)
    return replace(shape, required=required, all_different=_key(shape, tally, whole))


LOGICAL: Mapping[str, tuple[str, str]] = {
    "string": ("string", ""),
    "binary": ("string", "binary"),
    "boolean": ("boolean", ""),
    "tinyint": ("integer", "tinyint"),
    "smallint": ("integer", "smallint"),
    "int": ("integer", "int"),
    "bigint": ("integer", "bigint"),
    "float": ("number", "float"),
    "double": ("number", "double"),
    "decimal": ("number", ""),
    "date": ("date", ""),
    "timestamp": ("timestamp", ""),
    "timestamp_ntz": ("timestamp", "timestamp_ntz"),
}
"""Scalar types in the words of a contract: logical and physical, the latter empty where it is the default."""


_LARGEST = {"tinyint": 2**7, "smallint": 2**15, "int": 2**31}


def outward(low: Any, high: Any, *, type_: Type, whole: bool = True) -> tuple[object, object]:
    """Bounds that hold both ends with room: the next round numbers, the year's first day, the decade's last.

    Where not all rows were seen there is ten times as much room. None where the type has no room for such a bound.
    """
    if isinstance(low, datetime.date):
        return _days_outward(low, high, type_, whole)
    most = 10 ** (type_.precision - type_.scale - 2) if type_.name == "decimal" else 10**15
    if max(abs(low), abs(high)) * 10 >= most:
        return None, None
    low, high = float(low), float(high)
    if not whole:
        low, high = min(low * 10, 0.0), max(high * 10, 0.0)
    least, largest = _floor(low), -_floor(-high)
    room = _LARGEST.get(type_.name, 2**62)
    return (least if least >= -room else None), (largest if largest < room else None)


def _days_outward(low: Any, high: Any, type_: Type, whole: bool) -> tuple[object, object]:
    first = low.year if whole else max(1, low.year - 10)
    after = high.year // 10 * 10 + 10
    if type_.name == "date":
        return f"{first:04d}-01-01", f"{after - 1:04d}-12-31"
    zone = "Z" if type_.name == "timestamp" else ""
    return f"{first:04d}-01-01T00:00:00{zone}", f"{after:04d}-01-01T00:00:00{zone}" if after < 10_000 else None


def _floor(low: float) -> int:
    """The largest of …, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, … that is as small or smaller."""
    if low < 0:
        return -_up(-low, least=1)
    if low < 1:
        return 0
    power = int(10.0 ** math.floor(math.log10(low)))
    return next((step * power for step in (10, 5, 2, 1) if step * power <= low), power // 10)


def _up(high: float, *, least: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is as large or larger, and no less than `least`."""
    if high <= least:
        return least
    power = int(10.0 ** math.floor(math.log10(high)))
    return next((step * power for step in (1, 2, 5, 10) if step * power >= high), 20 * power)
