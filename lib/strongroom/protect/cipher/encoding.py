"""Typed values as bytes and back, exactly; and values as the text that tokens are made of. Byte by byte:
docs/encryption.md.

Numbers are big-endian. An encrypted value decodes to the very bits it had: NaN keeps its payload, zero its sign. A
token is made of what SQL calls equal: `0.0` and `-0.0` are one value there, and `7` is the same in an int, a bigint
and a string.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import arrow_type, plain
from strongroom.core.contract import Type
from strongroom.protect.cipher.byte_rows import Bytes, Flags, Rows, binary_array, fixed_rows, rows_of, valid_of

WIDTHS = {
    "boolean": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "float": 4, "double": 8,
    "decimal": 16, "date": 4, "timestamp": 8, "timestamp_ntz": 8,
}  # fmt: skip
"""Bytes of the encoding of each type of fixed width; strings are their UTF-8, binary is itself."""

_PLAIN = {
    "string": (pa.types.is_string, pa.types.is_large_string),
    "binary": (pa.types.is_binary, pa.types.is_large_binary),
}
_SCIENTIFIC = 7
"""From this scale on Arrow writes small decimals with an exponent."""

CANONICAL_NAN = np.uint64(0x7FF8_0000_0000_0000)


def encode(array: pa.Array, *, type_: Type) -> Rows:
    """Each value as the bytes that are encrypted.

    Raises:
        TypeError: the array is not of the column's type, so that its bytes would mean something else.
    """
    array = plain(array)
    if type_.name not in WIDTHS:
        if not any(test(array.type) for test in _PLAIN[type_.name]):
            raise TypeError(f"an array of {array.type} for a column of {type_.name}")
        return rows_of(array)
    want = arrow_type(type_)
    zoned = pa.types.is_timestamp(array.type) and bool(array.type.tz) and type_.name == "timestamp"
    if array.type != (pa.timestamp("us", array.type.tz) if zoned else want):
        raise TypeError(f"an array of {array.type} for a column of {want}")
    return fixed_rows(_swapped(_words(array, type_)), valid=valid_of(array))


def decode(rows: Rows, *, type_: Type) -> tuple[pa.Array, Flags]:
    """The values again, and which rows could be read.

    `rows` lie one after the other from the start of their buffer, with `valid` set.
    """
    data, lengths, valid = rows.data, rows.lengths, rows.valid
    width = WIDTHS.get(type_.name)
    if width is None or valid is None:
        return _decoded_text(binary_array(data, lengths, valid=valid), type_)
    right = lengths == width
    if not right.all():
        data = data[: int(lengths.sum())][np.repeat(right, lengths)]
    read = valid.copy()
    read[valid] = right
    words = np.zeros((len(valid), width), np.uint8)
    words[read] = data[: int(right.sum()) * width].reshape(-1, width)
    return _array_of(words, read, type_), read


def token_rows(array: pa.Array, *, type_: Type) -> Rows:
    """Each value as the bytes a token is made of: its text in UTF-8, binary as it is, floats as canonical doubles."""
    array = plain(array)
    if type_.name in ("float", "double"):
        return fixed_rows(_swapped(_canonical(array)), valid=valid_of(array))
    if type_.name == "timestamp":
        array = array.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
    if type_.name == "decimal":
        array = _digits(array)
    elif type_.name not in ("string", "binary"):
        array = array.cast(pa.string())
    if type_.name == "timestamp":
        array = pc.binary_join_element_wise(array, "Z", "")
    return rows_of(array)


def _digits(array: pa.Array) -> pa.Array:
    """Decimals as digits with as many of them behind the point as their scale says: never as `1E-7`."""
    scale = array.type.scale
    if scale < _SCIENTIFIC:
        return array.cast(pa.string())
    whole = pa.Array.from_buffers(pa.decimal128(38, 0), len(array), array.buffers(), array.null_count, array.offset)
    digits = whole.cast(pa.string())
    sign = pc.if_else(pc.starts_with(digits, "-"), "-", "")
    digits = pc.utf8_lpad(pc.utf8_ltrim(digits, "-"), scale + 1, "0")
    parts = pc.utf8_slice_codeunits(digits, 0, -scale), pc.utf8_slice_codeunits(digits, -scale)
    return pc.binary_join_element_wise(sign, parts[0], ".", parts[1], "")


def _words(array: pa.Array, type_: Type) -> npt.NDArray[Any]:
    """The values of a fixed-width array as (rows, width) bytes in memory order; nulls hold anything."""
    width, count = WIDTHS[type_.name], len(array)
    if type_.name == "boolean":
        array = array.cast(pa.uint8())
    values = array.buffers()[1]
    if count == 0 or values is None:
        return np.zeros((count, width), np.uint8)
    return np.frombuffer(values, np.uint8, count * width, array.offset * width).reshape(count, width)


def _swapped(words: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Little-endian words as big-endian ones, and the other way round."""
    return np.ascontiguousarray(words[:, ::-1])


def _canonical(array: pa.Array) -> npt.NDArray[Any]:
    numbers = array.cast(pa.float64()).to_numpy(zero_copy_only=False) + 0.0
    bits = np.where(np.isnan(numbers), CANONICAL_NAN, numbers.view(np.uint64))
    return bits.view(np.uint8).reshape(-1, 8)


def _array_of(words: Bytes, read: Flags, type_: Type) -> pa.Array:
    values, mask = pa.py_buffer(_swapped(words)), pa.array(read).buffers()[1]
    nulls = int(len(read) - np.count_nonzero(read))
    kind = pa.uint8() if type_.name == "boolean" else arrow_type(type_)
    return pa.Array.from_buffers(kind, len(read), [mask, values], nulls).cast(arrow_type(type_))


def _decoded_text(array: pa.Array, type_: Type) -> tuple[pa.Array, Flags]:
    read = array.is_valid().to_numpy(zero_copy_only=False)
    if type_.name == "binary":
        return array, read
    try:
        return array.cast(pa.string()), read
    except pa.ArrowInvalid:  # genuine bytes that another tool wrote, but not text: rare, so one by one
        texts = [_text(value) for value in array.to_pylist()]
        return pa.array(texts, pa.string()), np.array([text is not None for text in texts])


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
