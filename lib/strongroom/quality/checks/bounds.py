"""Is it within bounds? `minimum`, `maximum` and the exclusive two, for numbers, dates and timestamps.

Whole numbers, decimals, dates and timestamps are compared exactly, as integers. Floats are compared with the bound
rounded to the column's own type, so that 0.1 in a float column is not above a maximum of 0.1; NaN is within no bounds.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import cast

import numpy as np

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.values import literal

_NARROW = 18  # digits that surely fit into 64 bits


def minimum(argument: object, column: Column) -> Check:
    """Fails where the value is below."""
    if column.type.name in ("float", "double"):
        return _floats(argument, column, within=np.greater_equal)
    return _below(math.ceil(_ticks(argument, column)), column)


def maximum(argument: object, column: Column) -> Check:
    """Fails where the value is above."""
    if column.type.name in ("float", "double"):
        return _floats(argument, column, within=np.less_equal)
    return _above(math.floor(_ticks(argument, column)), column)


def exclusive_minimum(argument: object, column: Column) -> Check:
    """Fails where the value is below or equal."""
    if column.type.name in ("float", "double"):
        return _floats(argument, column, within=np.greater)
    return _below(math.floor(_ticks(argument, column)) + 1, column)


def exclusive_maximum(argument: object, column: Column) -> Check:
    """Fails where the value is above or equal."""
    if column.type.name in ("float", "double"):
        return _floats(argument, column, within=np.less)
    return _above(math.ceil(_ticks(argument, column)) - 1, column)


def exact(value: object) -> Fraction:
    """A number of a contract as it was written there: 0.1 is one tenth."""
    if type(value) not in (int, float, Decimal):
        raise ValueError("needs a number")
    return Fraction(str(value))


def scale_of(column: Column) -> int:
    """How many digits behind the point the integers of a column stand for.

    Raises:
        ValueError: the column is not a number.
    """
    if column.type.name == "decimal":
        return column.type.scale
    if column.type.name not in ("tinyint", "smallint", "int", "bigint"):
        raise ValueError(f"needs a number, and the column is {column.type.ddl}")
    return 0


def _ticks(argument: object, column: Column) -> Fraction:
    """A bound in the integers that the column is stored as: days, microseconds, or units of the last digit."""
    if column.type.name == "date":
        day = cast(datetime.date, literal(argument, column))
        return Fraction((day - datetime.date(1970, 1, 1)).days)
    if column.type.name.startswith("timestamp"):
        moment = cast(datetime.datetime, literal(argument, column))
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC if moment.tzinfo else None)
        return Fraction((moment - epoch) // datetime.timedelta(microseconds=1))
    scale = scale_of(column)
    return exact(argument) * int(10**scale)


def _floats(argument: object, column: Column, *, within: Callable[..., Mask]) -> Check:
    kind = np.float32 if column.type.name == "float" else np.float64
    bound = kind(float(exact(argument)))
    return lambda flat: buffers.some(flat.given(~within(buffers.numbers(flat.values), bound)))


def _below(least: int, column: Column) -> Check:
    if column.type.name != "decimal":
        return lambda flat: buffers.some(flat.given(buffers.numbers(flat.values) < least))

    def fails(flat: Flat) -> Mask | None:
        high, low = buffers.words(flat.values)
        if column.type.precision <= _NARROW:
            return buffers.some(flat.given(low.view(np.int64) < least))
        return buffers.some(flat.given((high < least >> 64) | ((high == least >> 64) & (low < least % 2**64))))

    return fails


def _above(most: int, column: Column) -> Check:
    if column.type.name != "decimal":
        return lambda flat: buffers.some(flat.given(buffers.numbers(flat.values) > most))

    def fails(flat: Flat) -> Mask | None:
        high, low = buffers.words(flat.values)
        if column.type.precision <= _NARROW:
            return buffers.some(flat.given(low.view(np.int64) > most))
        return buffers.some(flat.given((high > most >> 64) | ((high == most >> 64) & (low > most % 2**64))))

    return fails
