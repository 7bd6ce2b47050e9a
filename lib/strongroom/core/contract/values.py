"""From a value in YAML to a value of a column's own type, and from Java's date patterns to strptime's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from strongroom.core.contract.model import Type
from strongroom.core.contract.vocabulary import is_number

WHOLE = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
"""Whole types, and their bits."""
_LETTERS = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "DDD": "%j", "HH": "%H", "hh": "%I", "a": "%p",
    "mm": "%M", "ss": "%S", "SSS": "%f", "SSSSSS": "%f", "X": "%z", "XX": "%z", "XXX": "%z", "Z": "%z",
}  # fmt: skip
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_PATTERN = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']+")


def typed(value: object, type_: Type, *, format_: str = "") -> object:
    """The value as the column's type has it, or None when it is none of that type.

    A whole number is an `int`, a decimal a `Decimal`, a date a `date`; a timestamp is an aware `datetime` in UTC (a
    text without a zone is taken as UTC) and a `timestamp_ntz` a naive one.

    Args:
        value: what YAML says.
        type_: a scalar type.
        format_: of dates and timestamps, in strptime's words; ISO 8601 is understood too.
    """
    name = type_.name
    if name in WHOLE:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if -(1 << WHOLE[name] - 1) <= value < 1 << WHOLE[name] - 1 else None
    if name in ("float", "double"):
        return float(value) if is_number(value) else None  # type: ignore[arg-type]
    if name == "decimal":
        number = Decimal(repr(value)) if is_number(value) else None
        fits = number is not None and abs(number) < 10 ** (type_.precision - type_.scale)
        return number if fits else None
    if name == "boolean":
        return value if isinstance(value, bool) else None
    if not isinstance(value, str):
        return None
    if name in ("date", "timestamp", "timestamp_ntz"):
        return _moment(value, name, format_)
    return value if name == "string" else None


def _moment(value: str, name: str, format_: str) -> date | datetime | None:
    iso = _ISO.fullmatch(value) is not None  # `fromisoformat` alone takes some texts that are no ISO 8601
    if not iso and not format_:
        return None
    try:
        moment = datetime.fromisoformat(value) if iso else datetime.strptime(value, format_)
        in_utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter before year 1 or after 9999 in UTC
        return None
    if name == "date":
        return moment.date() if (moment.hour, moment.minute, moment.second, moment.tzinfo) == (0, 0, 0, None) else None
    if name == "timestamp_ntz":
        return moment if moment.tzinfo is None else None
    return in_utc


def in_json(value: object) -> object:
    """A typed value in JSON's types again: dates and timestamps as ISO 8601 text, decimals as they were written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value


def strptime_format(pattern: str) -> str:
    """Java's DateTimeFormatter pattern in strptime's words; an empty text when some part of it has none.

    Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
    """
    parts = []
    end = 0
    for match in _PATTERN.finditer(pattern):
        end = match.end()
        part = match[0]
        if match[1]:
            if part not in _LETTERS:
                return ""
            parts.append(_LETTERS[part])
        else:
            literal = match[2].replace("''", "'") or "'" if match[2] is not None else part
            parts.append(literal.replace("%", "%%"))
    return "".join(parts) if end == len(pattern) else ""
