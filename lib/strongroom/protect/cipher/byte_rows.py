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
Flags = npt.NDArray[np.bool_]
Places = Numbers | slice
"""Where values start in a buffer: a slice when they lie at even distances, which numpy copies eight times faster."""

BLOCK = 16
_TOO_LONG = "a batch of values of 2 GiB or more: read it in smaller batches"

CLASSES = ((64, 8192), (256, 4096), (2048, 1024))
"""Longest value and rows at a time of what is worked on together: a matrix of them stays within a core's cache."""

LONG = CLASSES[-1][0]
"""Longer values go one at a time: within one value a chain cannot be spread, and the library's own is as fast."""

# glibc gives the memory of each batch back to the system and takes it again page by page, which costs a third of a
# kernel's time. A large block that was freed once (never touched, so it takes no memory) raises the limit above which
# it does so (mallopt(3), M_MMAP_THRESHOLD: "dynamic"). Elsewhere this does nothing.
np.empty((32 << 20) - (64 << 10), np.uint8)


@dataclass(frozen=True, slots=True)
class Rows:
    """The values of an array that are not null, in order.

    Args:
        data: a buffer that holds all of them.
        starts: where each value starts in it; no value overlaps the next.
        lengths: how many bytes each has.
        valid: which rows of the whole array these are; None when it has no nulls.
    """

    data: Bytes
    starts: Numbers
    lengths: Numbers
    valid: Flags | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def pick(self, which: npt.NDArray[Any] | slice) -> Rows:
        """Some of the values, by index or flag, as rows of their own."""
        return Rows(self.data, self.starts[which], self.lengths[which])

    def value(self, index: int) -> Bytes:
        """The bytes of one value: for the few long ones only."""
        start = int(self.starts[index])
        return self.data[start : start + int(self.lengths[index])]

    def parts(self) -> Iterator[tuple[npt.NDArray[Any] | slice, Rows]]:
        """The values that are worked on together, class by class, a cache's load at a time; the long ones left out."""
        above, count = -1, len(self)
        low, high = (int(self.lengths.min()), int(self.lengths.max())) if count else (0, -1)
        for longest, load in CLASSES:
            if above < high and low <= longest:
                if above < low and high <= longest:
                    loads: Iterator[npt.NDArray[Any] | slice] = (slice(at, at + load) for at in range(0, count, load))
                else:
                    here = np.flatnonzero((self.lengths > above) & (self.lengths <= longest))
                    loads = (here[at : at + load] for at in range(0, len(here), load))
                for which in loads:
                    yield which, self.pick(which)
            above = longest

    def long(self) -> list[int]:
        """Row numbers of the values that `parts` leaves out."""
        found: list[int] = np.flatnonzero(self.lengths > LONG).tolist()
        return found


def rows_of(array: pa.Array) -> Rows:
    """The values of a binary or string array (large ones and slices too), without a copy."""
    wide = pa.types.is_large_binary(array.type) or pa.types.is_large_string(array.type)
    _, places, values = array.buffers()
    count, valid = len(array), valid_of(array)
    if count == 0 or places is None:
        empty = np.zeros(count, np.int64)
        return Rows(np.zeros(0, np.uint8), empty, empty, valid)
    number = np.dtype(np.int64 if wide else np.int32)
    offsets = np.frombuffer(places, number, count + 1, array.offset * number.itemsize).astype(np.int64)
    data = np.frombuffer(values, np.uint8) if values is not None else np.zeros(0, np.uint8)
    starts, lengths = offsets[:-1], offsets[1:] - offsets[:-1]
    if valid is not None:
        starts, lengths = starts[valid], lengths[valid]
    return Rows(data, starts, lengths, valid)


def valid_of(array: pa.Array) -> Flags | None:
    """Which rows are not null; None when all are."""
    if array.null_count == 0:
        return None
    flags: Flags = array.is_valid().to_numpy(zero_copy_only=False)
    return flags


def fixed_rows(words: Bytes, *, valid: Flags | None) -> Rows:
    """Rows of one length, from a (rows, width) array of the whole; nulls may hold anything there."""
    if valid is not None:
        words = words[valid]
    count, width = words.shape
    data = np.ascontiguousarray(words).reshape(-1)
    return Rows(data, np.arange(count, dtype=np.int64) * width, np.full(count, width, np.int64), valid)


def packed(lengths: Numbers) -> Numbers:
    """Where values start that lie one after the other."""
    starts: Numbers = np.cumsum(lengths)
    starts -= lengths
    return starts


def room(size: int) -> Bytes:
    """An uninitialised buffer."""
    return np.empty(size, np.uint8)


def binary_array(data: Bytes, lengths: Numbers, *, valid: Flags | None, type_: pa.DataType | None = None) -> pa.Array:
    """An Arrow array (default: binary) of values that lie one after the other, with its nulls put back.

    Raises:
        OverflowError: the values are 2 GiB or more together, which Arrow's binary cannot hold.
    """
    whole = lengths
    if valid is not None:
        whole = np.zeros(len(valid), np.int64)
        whole[valid] = lengths
    if int(lengths.sum()) >= 1 << 31:
        raise OverflowError(_TOO_LONG)
    offsets = np.zeros(len(whole) + 1, np.int32)
    np.cumsum(whole, out=offsets[1:])
    return _array(data, offsets, valid=valid, type_=type_ or pa.binary())


def fixed_array(data: Bytes, width: int, *, valid: Flags | None, count: int, type_: pa.DataType) -> pa.Array:
    """An Arrow array of `count` rows whose values all have that width and lie one after the other; nulls put back.

    Raises:
        OverflowError: they are 2 GiB or more together.
    """
    if count * width >= 1 << 31:
        raise OverflowError(_TOO_LONG)
    if valid is None:
        offsets = np.arange(0, count * width + 1, width, dtype=np.int32)
    else:
        offsets = np.zeros(count + 1, np.int32)
        np.cumsum(valid, out=offsets[1:])
        offsets *= width
    return _array(data, offsets, valid=valid, type_=type_)


def _array(data: Bytes, offsets: npt.NDArray[np.int32], *, valid: Flags | None, type_: pa.DataType) -> pa.Array:
    mask = None if valid is None else pa.array(valid).buffers()[1]
    nulls = 0 if valid is None else int(len(valid) - np.count_nonzero(valid))
    buffers = [mask, pa.py_buffer(offsets), pa.py_buffer(data[: int(offsets[-1])])]
    return pa.Array.from_buffers(type_, len(offsets) - 1, buffers, nulls)


def places_of(starts: Numbers, *, more: int = 0) -> Places:
    """The places, so many bytes further on, as a slice when they are even distances apart."""
    starts = starts + more if more else starts
    if len(starts) == 1:
        return slice(int(starts[0]), int(starts[0]) + 1, 1)
    steps = starts[1:] - starts[:-1]
    step = int(steps[0])
    if step <= 0 or int(steps.min()) != step or int(steps.max()) != step:
        return starts
    return slice(int(starts[0]), int(starts[-1]) + 1, step)


def windows(data: Bytes, *, size: int = BLOCK) -> npt.NDArray[np.void]:
    """Every stretch of 16 (or `size`) bytes of a buffer, as an array that numpy gathers from and scatters to."""
    return np.ndarray((max(0, data.size - size + 1),), np.dtype(f"V{size}"), data, strides=(1,))


def matrix_windows(matrix: npt.NDArray[Any], *, start: int, stop: int, size: int) -> npt.NDArray[np.void]:
    """The first `size` bytes of some rows of a C-contiguous array, as an array to gather from and scatter to."""
    stride = matrix.strides[0]
    return np.ndarray((stop - start,), np.dtype(f"V{size}"), matrix, start * stride, (stride,))
