"""Numbers of one type as another, exactly: what is no value of the other type is marked and never rounded."""

from __future__ import annotations

import decimal

import numpy as np
import pyarrow as pa

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.quality.reading.numbers import Parsed

_WIDE = {8: 3, 16: 5, 32: 10, 64: 20}
"""Digits of the longest number of that many bits."""


def knows(found: pa.DataType, kind: pa.DataType) -> bool:
    """Whether `exactly` makes one of the other: nothing becomes a narrower float, and no fraction a whole number."""
    of = pa.types
    if of.is_floating(found):
        return bool(of.is_floating(kind) and kind.bit_width >= found.bit_width)
    exact = of.is_integer(kind) or of.is_decimal(kind)
    return bool(of.is_integer(found) and (exact or of.is_floating(kind))) or bool(of.is_decimal(found) and exact)


def exactly(array: pa.Array, kind: pa.DataType) -> Parsed:
    """Numbers as numbers of another type, and where one is none (null there; None: nowhere).

    Args:
        array: integers, floats or decimals of any width.
        kind: one that `knows` allows.
    """
    found = array.type
    if found == kind:
        return array, None
    if pa.types.is_floating(found):
        return array.cast(kind), None
    if pa.types.is_integer(found) and not pa.types.is_decimal(kind):
        return _of_integers(array, kind)
    if pa.types.is_integer(found):
        array = array.cast(pa.decimal128(_WIDE[found.bit_width], 0))
    try:
        return array.cast(kind), None
    except pa.ArrowInvalid:
        return _one_by_one(array, kind)


def _of_integers(array: pa.Array, kind: pa.DataType) -> Parsed:
    """Integers as integers or floats: a value fits that comes back the same."""
    try:
        return array.cast(kind), None
    except pa.ArrowInvalid:
        pass  # some value does not fit, or is a large one that floats happen to hold
    valid = buffers.valid(array)
    numbers = array.fill_null(0).to_numpy(zero_copy_only=False)
    wanted = np.dtype(kind.to_pandas_dtype())
    if wanted.kind == "f":
        values = numbers.astype(wanted)
        bits = 8 * numbers.dtype.itemsize
        within = values < 2.0 ** (bits - 1 if numbers.dtype.kind == "i" else bits)
        bad = ~within | (np.where(within, values, 0).astype(numbers.dtype) != numbers)
    else:
        ends = np.iinfo(wanted)
        bad = (numbers > ends.max) if numbers.dtype.kind == "u" else (numbers < ends.min) | (numbers > ends.max)
        values = np.where(bad, 0, numbers).astype(wanted)
    return pa.array(values, kind, mask=bad | ~valid), buffers.some(bad & valid)


def _one_by_one(array: pa.Array, kind: pa.DataType) -> Parsed:
    """Decimals, each by itself: Arrow's cast stops at the first that does not fit and does not say which."""
    values = [_fitted(value, kind) for value in array.to_pylist()]
    bad: Mask = np.array([value is None for value in values], np.bool_) & buffers.valid(array)
    return pa.array(values, kind), buffers.some(bad)


def _fitted(value: decimal.Decimal | None, kind: pa.DataType) -> decimal.Decimal | int | None:
    if value is None:
        return None
    scale, digits = (kind.scale, kind.precision) if pa.types.is_decimal(kind) else (0, 19)
    with decimal.localcontext(prec=80):  # decimal256 has 76 digits
        shifted = value.scaleb(scale)
        if shifted != shifted.to_integral_value() or abs(shifted) >= 10**digits:
            return None
        if pa.types.is_decimal(kind):
            return value.quantize(decimal.Decimal(1).scaleb(-scale))
        whole = int(shifted)
    return whole if -(1 << (kind.bit_width - 1)) <= whole < 1 << (kind.bit_width - 1) else None
