"""What many checks need to know of an Arrow array, read from its buffers without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""One boolean per row or value."""


def offsets(array: pa.Array) -> np.ndarray:
    """Where each text or list starts in its data, and where the last one ends: int[len + 1]."""
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    return _view(array, 1, np.dtype(np.int64 if large else np.int32), start=array.offset, count=len(array) + 1)


def data(array: pa.Array) -> np.ndarray:
    """The bytes of all texts in a row: uint8[total]; a null may have bytes of its own in there."""
    ends = offsets(array)
    return _view(array, 2, np.dtype(np.uint8), start=int(ends[0]), count=int(ends[-1] - ends[0]))


def _view(array: pa.Array, place: int, kind: np.dtype[Any], *, start: int, count: int) -> np.ndarray:
    """Some of a buffer as numpy, without a copy; zeros where an empty array has no buffer."""
    buffer = array.buffers()[place]
    if buffer is None or buffer.size == 0:
        return np.zeros(count, kind)
    return np.frombuffer(buffer, kind, count, start * kind.itemsize)


def lengths(array: pa.Array) -> np.ndarray:
    """Bytes of each text, items of each list: int[len]; meaningless where the value is null."""
    return np.diff(offsets(array))


def is_ascii(array: pa.Array) -> bool:
    """Whether no value has a character beyond ASCII, at the speed of memory."""
    return bool(data(array).max(initial=0) < 0x80)


def char_lengths(array: pa.Array) -> np.ndarray:
    """Unicode code points of each value: int[len]; 0 where the value is null."""
    lengths: np.ndarray = pc.utf8_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    return lengths


def numbers(array: pa.Array) -> np.ndarray:
    """The values of integers, floats, dates and timestamps as numpy; anything at all where the value is null."""
    letter = "f" if pa.types.is_floating(array.type) else "i"
    kind = np.dtype(f"{letter}{array.type.bit_width // 8}")
    return _view(array, 1, kind, start=array.offset, count=len(array))


def words(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The unscaled values of decimals as high (int64) and low (uint64) words; anything where the value is null."""
    pairs = _view(array, 1, np.dtype(np.int64), start=2 * array.offset, count=2 * len(array)).reshape(-1, 2)
    return pairs[:, 1], pairs[:, 0].view(np.uint64)


def bools(array: pa.BooleanArray) -> Mask:
    """A boolean array without nulls as numpy."""
    mask: Mask = array.to_numpy(zero_copy_only=False)
    return mask


def valid(array: pa.Array) -> Mask:
    """True where a value is not null."""
    return bools(array.is_valid())


def some(mask: Mask) -> Mask | None:
    """The mask itself, or None when nothing in it is set: the form in which every check answers."""
    return mask if mask.any() else None


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is one of the two string types."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def one_zero(array: pa.Array) -> pa.Array:
    """Floats with −0 as 0, which Arrow's dictionaries and sets would tell apart; other types as they are."""
    return pc.add(array, pa.scalar(0, array.type)) if pa.types.is_floating(array.type) else array


def unreadable(array: pa.Array) -> Mask | None:
    """Where a string is not UTF-8, or None. Asked first, for other Arrow kernels fail as a whole on such a value."""
    if is_ascii(array):
        return None
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        wide = pa.large_binary() if pa.types.is_large_string(array.type) else pa.binary()
        return some(np.fromiter((not _decodes(value) for value in array.view(wide)), np.bool_, len(array)))
    return None


def _decodes(value: pa.Scalar) -> bool:
    try:
        return not value.is_valid or value.as_buffer().to_pybytes().decode() is not None
    except UnicodeDecodeError:
        return False
