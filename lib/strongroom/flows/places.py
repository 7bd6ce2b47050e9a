"""Where in its file a row stands: told of rows that are set aside, and counted for all, as Spark gives them in order.

Parquet numbers its rows. Other files are read in parts that start at some byte, and rows are counted from there: the
first of a file, a header left out, is `row 1`; in a later part it is `row 1 after byte 134217728`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.stores.sources import FILE, POSITION

Numbers = npt.NDArray[np.int64]


class Places:
    """The places of one task's rows, batch after batch."""

    def __init__(self) -> None:
        self._at: tuple[object, int] = (None, 0)
        self._rows = 0

    def of(self, raw: pa.RecordBatch) -> pa.StructArray | None:
        """Row number and first byte of the part for each row; None where the source tells nothing."""
        if POSITION not in raw.schema.names:
            return None
        told = np.asarray(raw.column(POSITION).fill_null(0), np.int64)
        parts = np.where(told < 0, -1 - told, 0)
        numbers = self._count(raw.column(FILE), parts) if told[0] < 0 else told + 1
        return pa.StructArray.from_arrays([pa.array(numbers), pa.array(parts)], ["row", "byte"])

    def _count(self, files: pa.Array, parts: Numbers) -> Numbers:
        """Rows of a part come one after the other; what changes between two of them starts a new count."""
        first, last = (files[0].as_py(), int(parts[0])), (files[-1].as_py(), int(parts[-1]))
        before = self._rows if first == self._at else 0
        numbers = np.arange(1, len(parts) + 1)
        if first == last:
            numbers += before
        else:
            other = np.asarray(pc.fill_null(pc.not_equal(files[1:], files[:-1]), False)) | (parts[1:] != parts[:-1])
            starts = np.flatnonzero(other) + 1
            numbers -= np.repeat([-before, *starts], np.diff([0, *starts, len(parts)]))
        self._at, self._rows = last, int(numbers[-1])
        return numbers


def some(places: pa.Array | None, which: pa.Array) -> pa.Array | None:
    """The places of some rows, where there are any."""
    return None if places is None else places.filter(which)


def in_words(places: pa.StructArray) -> pa.Array:
    """The places as people read them."""
    row, byte = (places.field(name) for name in ("row", "byte"))
    rows = pc.binary_join_element_wise("row ", row.cast(pa.string()), "")
    parts = pc.binary_join_element_wise(rows, " after byte ", byte.cast(pa.string()), "")
    return pc.if_else(pc.greater(byte, 0), parts, rows)
