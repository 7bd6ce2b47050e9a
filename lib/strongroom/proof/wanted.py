"""What is looked for, ready: the patterns of all values, whose each of them is, and values in Arrow's types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from strongroom.proof.forms import Needle, Pattern, bytes_of, patterns_of, reach, texts_of
from strongroom.proof.patterns import Match, Patterns

_NUMBER = re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Hit(NamedTuple):
    """A value in some bytes: its number among all that are looked for, the form, the first byte and the one after."""

    needle: int
    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Values of one type that are compared: the form, the values, and whose each is."""

    form: str
    values: pa.Array = field(repr=False)
    owners: Sequence[Sequence[int]]


class Wanted:
    """All needles, those of invented people behind them."""

    def __init__(self, needles: Sequence[Needle], invented: Sequence[Needle]) -> None:
        self.needles = (*needles, *invented)
        self.real = len(needles)
        self.counts: Counter[str] = Counter()
        owners: dict[bytes, list[tuple[int, Pattern]]] = {}
        for number, needle in enumerate(self.needles):
            for pattern in patterns_of(needle):
                owners.setdefault(pattern.data, []).append((number, pattern))
                if number < self.real:
                    self.counts[pattern.form] += 1
        self._owners = list(owners.values())
        self.patterns = Patterns(list(owners))
        self._sets: dict[tuple[pa.DataType, bool], tuple[ValueSet, ...]] = {}

    @property
    def around(self) -> int:
        """How many bytes a place may take, with the characters beside it."""
        return self.patterns.longest + 4

    def may_hold(self, data: np.ndarray) -> bool:
        """Whether some pattern stands in bytes, wherever values in there begin."""
        return next(iter(self.patterns.find(data)), None) is not None

    def find(self, data: np.ndarray, bounds: np.ndarray | None = None) -> Iterator[Hit]:
        """Every place of a value in bytes.

        Args:
            data: bytes.
            bounds: where values that lie in there one behind the other begin, and where the last one ends: a place
                that reaches over two of them is none. None for one value.
        """
        for match in self.patterns.find(data):
            first, last = 0, len(data)
            if bounds is not None:
                row = int(np.searchsorted(bounds, match.start, "right")) - 1
                first, last = int(bounds[row]), int(bounds[row + 1])
                if match.end > last:
                    continue
            for number, pattern in self._owners[match.pattern]:
                if not pattern.border or _bordered(data, match, pattern.border, first, last):
                    yield Hit(number, pattern.form, match.start, match.end)

    def sets(self, kind: pa.DataType, *, named: bool) -> tuple[ValueSet, ...]:
        """What is compared in a column of this type; the short ones too where the column is named."""
        if (kind, named) not in self._sets:
            self._sets[kind, named] = tuple(self._made(kind, named=named))
        return self._sets[kind, named]

    def _made(self, kind: pa.DataType, *, named: bool) -> Iterator[ValueSet]:
        form, typed = _typing(kind)
        found: dict[Any, list[int]] = {}
        for number, needle in enumerate(self.needles) if typed else ():
            short = reach(needle) == "columns"
            if (form == "equal" and not short) or (short and not named):
                continue  # the one is searched by its bytes, the other stands everywhere
            for value in typed(needle, kind):
                found.setdefault(value, []).append(number)
        if found:
            yield ValueSet(form, pa.array([value.as_py() for value in found], kind), list(found.values()))


def _bordered(data: np.ndarray, match: Match, width: int, first: int, last: int) -> bool:
    """Whether what stands there does so by itself; a character is one or two bytes wide."""
    before, after = data[max(first, match.start - width) : match.start], data[match.end : min(last, match.end + width)]
    return not (_goes_on(before.tobytes()) or _goes_on(after.tobytes()))


def _goes_on(sign: bytes) -> bool:
    """Whether a character, of one byte or of two of UTF-16 in either order, is a letter or a digit."""
    if len(sign) == 2:
        sign = bytes(filter(None, sign)) if 0 in sign else b"\x80"
    code = (sign or b" ")[0]
    return code >= 0x80 or code == 0x5F or chr(code).isalnum()


def _typing(kind: pa.DataType) -> tuple[str, Any]:
    """The form of a column's values, and what makes them of a needle."""
    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind):
        return "equal", lambda needle, kind: _scalars(texts_of(needle), kind)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "equal", lambda needle, kind: _scalars(bytes_of(needle), kind)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number", _numbers
    if types.is_date(kind) or types.is_timestamp(kind):
        return "date", _moments
    return "", None


def _scalars(values: Sequence[Any], kind: pa.DataType) -> list[pa.Scalar]:
    """Those that the type can hold."""
    found = []
    for value in values:
        with suppress(pa.ArrowException, ValueError, OverflowError, TypeError):
            found.append(pa.scalar(value, kind))
    return found


def _numbers(needle: Needle, kind: pa.DataType) -> list[pa.Scalar]:
    if not isinstance(needle.value, str) or not _NUMBER.fullmatch(needle.value):
        return []
    number = Decimal(needle.value)
    if pa.types.is_decimal(kind):
        return _scalars([number], kind)
    if pa.types.is_floating(kind):
        return [one for one in _scalars([float(number)], kind) if isfinite(one.as_py())]
    return _scalars([int(number)], kind) if number == number.to_integral_value() else []


def _moments(needle: Needle, kind: pa.DataType) -> list[pa.Scalar]:
    """A day is one in a column of days, a moment one in a column of moments."""
    if not isinstance(needle.value, str) or not _DAY.match(needle.value):
        return []
    is_day = len(needle.value) == len("2000-01-01")
    with suppress(ValueError):
        if pa.types.is_date(kind):
            return _scalars([date.fromisoformat(needle.value)], kind) if is_day else []
        moment = datetime.fromisoformat(needle.value)
        return [] if is_day else _scalars([moment if moment.tzinfo else moment.replace(tzinfo=UTC)], kind)
    return []
