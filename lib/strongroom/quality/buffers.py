"""What many checks need to know of an Arrow array, read from its buffers without a copy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""One boolean per row or value."""


def offsets(array: pa.Array) -> np.ndarray:
    """Where each value starts in the data buffer, and where the last one ends: int[len + 1]."""
    width = np.int64 if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type) else np.int32
    buffer = array.buffers()[1]
    if buffer is None or buffer.size == 0:
        return np.zeros(len(array) + 1, width)
    return np.frombuffer(buffer, width, len(array) + 1, array.offset * width().itemsize)


def data(array: pa.Array) -> np.ndarray:
    """The bytes of all values in a row: uint8[total]; a null may have bytes of its own in there."""
    ends, buffer = offsets(array), array.buffers()[2]
    if buffer is None or buffer.size == 0:
        return np.zeros(0, np.uint8)
    return np.frombuffer(buffer, np.uint8, int(ends[-1] - ends[0]), int(ends[0]))


def byte_lengths(array: pa.Array) -> np.ndarray:
    """Bytes of each value: int[len]; meaningless where the value is null."""
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
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def words(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The unscaled values of decimals as high (int64) and low (uint64) words; anything where the value is null."""
    pairs = np.frombuffer(array.buffers()[1], np.int64, 2 * len(array), array.offset * 16).reshape(-1, 2)
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
