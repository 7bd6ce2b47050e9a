"""Text to numbers and booleans, strictly: what is not written exactly as documented becomes null and is marked.

Arrow's own casts stop at the first bad value and accept more than we do (`0x1F`, `nan`), so one linear-time pattern
per type picks the values that may be cast. The range is part of the pattern: nothing can overflow.
"""

from __future__ import annotations

import binascii
import decimal
import functools
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask

Parsed = tuple[pa.Array, Mask | None]
"""The values, and where a text was no such value (None: nowhere). A null stays null and is not marked."""

BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_FLOAT = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_SCIENTIFIC = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?0*[0-9]{1,6}$"


def plain(array: pa.Array, *, decimal: str, thousands: str) -> Parsed:
    """Numbers in a contract's own signs as the other functions here read them: with a point, and nothing between.

    The sign of thousands stands between all groups of three or between none, and a number that has it begins with no 0:
    so `0.123`, which somebody meant for less than one, is not 123.

    Args:
        array: string.
        decimal: one character between whole and fraction.
        thousands: one other character, or empty.

    Returns:
        The texts, null and marked where one is not written so.
    """
    fits = pc.match_substring_regex(array, _own_signs(decimal, thousands))
    bad = None if pc.all(fits, min_count=0).as_py() else buffers.some(~buffers.bools(fits.fill_null(True)))
    if bad is not None:
        array = pc.if_else(fits, array, pa.scalar(None, array.type))
    if thousands:
        array = pc.replace_substring(array, thousands, "")
    return pc.replace_substring(array, decimal, "."), bad


@functools.cache
def _own_signs(decimal: str, thousands: str) -> str:
    """The pattern of numbers in a contract's signs."""
    point, between = re.escape(decimal), re.escape(thousands)
    number = f"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    grouped = f"|[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+(?:{point}[0-9]*)?" if thousands else ""
    return rf"^[+-]?(?:{number}{grouped})$"


def integers(array: pa.Array, kind: pa.DataType) -> Parsed:
    """`[+-]?digits` within the type's range; leading zeros are allowed."""
    if _plain_digits(array, at_most=len(str(2 ** (kind.bit_width - 1))) - 1):
        return array.cast(kind), None
    return _cast_where(array, pc.match_substring_regex(array, _integer(kind.bit_width)), kind)


def floats(array: pa.Array, kind: pa.DataType) -> Parsed:
    """A decimal number, with an exponent or without; `NaN`, `Infinity` and what overflows are not numbers."""
    values, bad = _cast_whole(array, kind), None
    if values is None:
        values, bad = _cast_where(array, pc.match_substring_regex(array, _FLOAT), kind)
    endless = pc.is_inf(values).fill_null(False)
    if not pc.any(endless, min_count=0).as_py():
        return values, bad
    over = buffers.bools(endless)
    return pc.if_else(endless, pa.scalar(None, kind), values), over if bad is None else bad | over


def decimals(array: pa.Array, kind: pa.Decimal128Type) -> Parsed:
    """An exact decimal: at most precision − scale digits before the point, and no digit but 0 beyond the scale."""
    # Of more than 38 digits, with the zeros up to the scale, Arrow's cast makes other numbers without a word.
    short = buffers.lengths(array).max(initial=0) + kind.scale <= 38
    if short and (values := _cast_whole(array, kind)) is not None:
        return values, None
    good = pc.match_substring_regex(array, _decimal(kind.precision, kind.scale))
    scientific = pc.match_substring_regex(array, _SCIENTIFIC)
    if pc.any(scientific, min_count=0).as_py():
        array = pc.replace_with_mask(array, scientific, _written_out(array.filter(scientific), kind))
        good = pc.match_substring_regex(array, _decimal(kind.precision, kind.scale))
    return _cast_where(array, good, kind)


def booleans(array: pa.Array, kind: pa.DataType) -> Parsed:
    """`true` and `false` in any case."""
    lower = pc.ascii_lower(array)
    good = pc.if_else(array.is_valid(), pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type)), None)
    return _cast_where(lower, good, kind)


def bits(array: pa.Array, kind: pa.DataType) -> Parsed:
    """The same, and `0` and `1`, with zeros behind the point, as a decimal of one digit is written."""
    digits = pc.replace_substring_regex(array, r"^([01])(\.0+)?$", r"\1")
    for digit, word in (("0", "false"), ("1", "true")):
        digits = pc.if_else(pc.equal(digits, digit), word, digits)
    return booleans(digits, kind)


def _cast_where(array: pa.Array, good: pa.BooleanArray, kind: pa.DataType) -> Parsed:
    """The values marked good, cast; null where `good` is false (marked) or null (not marked)."""
    if pc.all(good, min_count=0).as_py():
        return _unsigned(array).cast(kind), None
    bad = ~buffers.bools(good.fill_null(True))
    return _unsigned(pc.if_else(good, array, pa.scalar(None, array.type))).cast(kind), bad


def _unsigned(array: pa.Array) -> pa.Array:
    """The texts without a leading `+`, which Arrow's integer parser refuses."""
    signed = pc.starts_with(array, "+")
    return pc.utf8_ltrim(array, "+") if pc.any(signed, min_count=0).as_py() else array


def _plain_digits(array: pa.Array, *, at_most: int) -> bool:
    """Whether every text is 1 to `at_most` digits with or without a minus: the common case, told from the bytes."""
    lengths, characters = buffers.lengths(array), buffers.data(array)
    starts = (buffers.offsets(array) - buffers.offsets(array)[0])[:-1]
    if array.null_count:
        given = buffers.valid(array)
        lengths, starts = lengths[given], starts[given]
    if lengths.min(initial=1) < 1:
        return False
    negative = characters[starts] == ord("-")
    lengths = lengths - negative
    return bool(
        lengths.min(initial=1) >= 1
        and lengths.max(initial=1) <= at_most
        and np.count_nonzero(characters - np.uint8(48) > 9) == np.count_nonzero(negative)  # below "0" wraps around
    )


def _cast_whole(array: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The texts cast all at once, or None when one of them needs a closer look.

    Without letters, Arrow's casts to floats and decimals take what we take: no `nan`, no `inf`, no `0x1F` is possible.
    """
    if buffers.data(array).max(initial=0) > ord("9"):
        return None
    try:
        return array.cast(kind)
    except pa.ArrowInvalid:
        return None


@functools.cache
def _integer(bits: int) -> str:
    """The pattern of all integers that fit into so many bits, and of no others."""
    return rf"^(?:\+?{at_most(2 ** (bits - 1) - 1)}|-{at_most(2 ** (bits - 1))})$"


def at_most(number: int) -> str:
    """A pattern of the numbers from 0 to `number`: fewer digits, or the same digits up to a smaller one, or equal."""
    digits = str(number)
    smaller = [
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"0*(?:[0-9]{{1,{len(digits) - 1}}}|{'|'.join(smaller)}|{digits})"


@functools.cache
def _decimal(precision: int, scale: int) -> str:
    """The pattern of the decimals that fit a type exactly."""
    whole = precision - scale
    before = f"0*[0-9]{{1,{whole}}}" if whole else "0+"
    after = f"(?:[0-9]{{1,{scale}}}0*|0+)" if scale else "0+"
    return rf"^[+-]?(?:{before}(?:\.|\.{after})?|\.{after})$"


def _written_out(array: pa.Array, kind: pa.Decimal128Type) -> pa.Array:
    """Texts with an exponent as plain decimals; what cannot be exact stays as it was and is refused afterwards."""
    exact = decimal.Context(prec=kind.precision, traps=[decimal.Inexact, decimal.InvalidOperation])
    quantum = decimal.Decimal(1).scaleb(-kind.scale)

    def plain(value: str) -> str:
        try:
            return format(exact.quantize(decimal.Decimal(value), quantum), "f")
        except decimal.DecimalException:
            return value

    return pa.array([plain(value) for value in array.to_pylist()], array.type)


def base64(array: pa.Array, kind: pa.DataType) -> Parsed:
    """Bytes as Base64 (RFC 4648, section 4, with padding and nothing else): the one reader that goes value by value."""

    def decode(value: str) -> bytes | None:
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except ValueError:
            return None

    values = pa.array([None if value is None else decode(value) for value in array.to_pylist()], kind)
    return values, buffers.some(buffers.valid(array) & ~buffers.valid(values))
