"""Rows of bytes as numpy sees them: one buffer, and where each value starts and how long it is. Nulls stand aside.

This is the ground the ciphers stand on: no Python object per row, and no copy of an Arrow buffer that was not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Blocks = npt.NDArray[np.uint64]  # (n, 2): blocks of 16 bytes, in memory order
Flags = npt.NDArray[np.bool_]

BLOCK = 16


@dataclass(frozen=True, slots=True)
class Rows:
    """The values of an array that are not null, in order.

    Args:
        data: a buffer that holds all of them.
        starts: where each value starts in it; never falling.
        lengths: how many bytes each has.
        valid: which rows of the whole array these are; None when it has no nulls.
    """

    data: Bytes
    starts: Numbers
    lengths: Numbers
    valid: Flags | None = None

    def pick(self, which: npt.NDArray[Any]) -> Rows:
        """Some of the values, by index or flag, as rows of their own."""
        return Rows(self.data, self.starts[which], self.lengths[which])

    def value(self, index: int | np.intp) -> bytes:
        """One value as bytes: for the few long ones only."""
        start = int(self.starts[index])
        return self.data[start : start + int(self.lengths[index])].tobytes()


def parts(lengths: Numbers, *, rows: int, size: int) -> Iterator[slice]:
    """Slices of at most so many rows and, a single row aside, so many bytes: what fits a core's cache."""
    ends = np.cumsum(lengths)
    start, count = 0, len(lengths)
    while start < count:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, min(start + rows, int(np.searchsorted(ends, before + size, side="right"))))
        yield slice(start, stop)
        start = stop


def rows_of(array: pa.Array) -> Rows:
    """The values of a binary or string array (large ones and slices too), without a copy."""
    wide = pa.types.is_large_binary(array.type) or pa.types.is_large_string(array.type)
    _, places, values = array.buffers()
    count = len(array)
    if count == 0 or places is None:
        empty = np.zeros(count, np.int64)
        return Rows(np.zeros(0, np.uint8), empty, empty, valid_of(array))
    number = np.dtype(np.int64 if wide else np.int32)
    offsets = np.frombuffer(places, number, count + 1, array.offset * number.itemsize).astype(np.int64)
    data = np.frombuffer(values, np.uint8) if values is not None else np.zeros(0, np.uint8)
    starts, lengths, valid = offsets[:-1], np.diff(offsets), valid_of(array)
    if valid is not None:
        starts, lengths = starts[valid], lengths[valid]
    return Rows(data, starts, lengths, valid)


def valid_of(array: pa.Array) -> Flags | None:
    """Which rows are not null; None when all are."""
    if array.null_count == 0:
        return None
    flags: Flags = array.is_valid().to_numpy(zero_copy_only=False)
    return flags


def binary_array(data: Bytes, lengths: Numbers, *, valid: Flags | None, type_: pa.DataType | None = None) -> pa.Array:
    """An Arrow array (default: binary) of values that lie one after the other, with its nulls put back.

    Raises:
        OverflowError: the values are 2 GiB or more together, which Arrow's binary cannot hold.
    """
    whole = lengths
    if valid is not None:
        whole = np.zeros(len(valid), np.int64)
        whole[valid] = lengths
    offsets = np.zeros(len(whole) + 1, np.int64)
    np.cumsum(whole, out=offsets[1:])
    if offsets[-1] >= 1 << 31:
        raise OverflowError("a batch of values of 2 GiB or more: read it in smaller batches")
    mask = None if valid is None else pa.array(valid).buffers()[1]
    nulls = 0 if valid is None else int(len(valid) - np.count_nonzero(valid))
    buffers = [mask, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data[: int(offsets[-1])])]
    return pa.Array.from_buffers(type_ or pa.binary(), len(whole), buffers, nulls)


def fixed_rows(matrix: npt.NDArray[Any], *, valid: Flags | None) -> Rows:
    """Rows of one length: each row of a C-contiguous array is one value."""
    data = np.frombuffer(matrix, np.uint8) if matrix.size else np.zeros(0, np.uint8)
    count = len(matrix)
    width = data.size // count if count else 0
    starts = np.arange(count, dtype=np.int64) * width
    if valid is not None:
        starts = starts[valid]
    return Rows(data, starts, np.full(len(starts), width, np.int64), valid)
