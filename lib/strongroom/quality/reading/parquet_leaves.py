"""What a file holds, in the shape and the types of the contract: column by column, down to each leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.core.contract import source_name
from strongroom.core.errors import StoreError
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.reading.exact import exactly
from strongroom.quality.reading.parquet_moments import Moments, in_contract
from strongroom.quality.reading.parquet_pairs import Pair, too_old

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_DASHES = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
"""The digits of a UUID (RFC 9562, section 4) between its dashes."""


@dataclass(frozen=True, slots=True)
class Shaper:
    """Brings a file's columns into the contract's shape.

    Args:
        path: of the file, for errors.
        moments: how this file writes dates and timestamps.
    """

    path: str
    moments: Moments

    def column(self, pair: Pair, array: pa.Array | None, nanos: pa.Array | None, *, rows: int) -> pa.Array:
        """One column, with everything inside it.

        Args:
            pair: the column and what the file has it as.
            array: as Arrow read it, INT96 as seconds; None where nothing is read.
            nanos: the same with INT96 as nanoseconds that wrap around, or None: there is none in it.
            rows: how many.

        Raises:
            StoreError: old values of an unknown calendar, or values where the footer says there are none.
        """
        if pair.found is None or array is None:
            return pa.nulls(rows, arrow_type(pair.column.type))
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        if pair.empty:
            return self.empty(pair, array)
        if pa.types.is_null(array.type):
            return pa.nulls(rows, arrow_type(pair.column.type))
        if pair.column.type.name == "struct":
            return self.struct(pair, array, nanos)
        if pair.column.type.item is not None:
            return self.list(pair, array, nanos)
        return self.leaf(pair, array, nanos)

    def empty(self, pair: Pair, array: pa.Array) -> pa.Array:
        if array.null_count != len(array):
            what = f"column {pair.column.path!r} is of another type than the contract's and not null everywhere"
            raise StoreError(
                what,
                where=self.path,
                todo="Write the file again with this column as the contract says.",
                code="source.type",
            )
        return pa.nulls(len(array), arrow_type(pair.column.type))

    def struct(self, pair: Pair, array: pa.Array, nanos: pa.Array | None) -> pa.Array:
        inner = [
            self.column(field, _field(array, field), _field(nanos, field), rows=len(array)) for field in pair.inner
        ]
        names = [field.column.name for field in pair.inner]
        return pa.StructArray.from_arrays(inner, names, mask=array.is_null() if array.null_count else None)

    def list(self, pair: Pair, array: pa.Array, nanos: pa.Array | None) -> pa.Array:
        flat = pc.list_flatten(array)
        items = self.column(pair.inner[0], flat, None if nanos is None else pc.list_flatten(nanos), rows=len(flat))
        ends = np.zeros(len(array) + 1, np.int32)
        np.cumsum(pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False), out=ends[1:])
        kind = pa.list_(pa.field("element", items.type))
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(pa.array(ends), items, type=kind, mask=mask)

    def leaf(self, pair: Pair, array: pa.Array, nanos: pa.Array | None) -> pa.Array:
        """One scalar column, in the declared type, or as `Block` says where some value is none of it."""
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = arrow_type(pair.column.type)
        if pa.types.is_string(kind):
            return _text(pair, array)
        if pa.types.is_binary(kind):
            return array if array.type == kind else array.cast(kind)
        if pa.types.is_temporal(kind):
            values = in_contract(array, nanos, kind, calendar=self.moments.calendar(pair.found, int96=pair.int96))
            if values is None:
                what, _, todo = too_old(pair)
                raise StoreError(what, where=self.path, todo=todo, code="source.type")
            return values
        if pa.types.is_boolean(kind):
            return array  # of numbers, 0 and 1 are looked for when the column is read
        values, bad = (array, None) if array.type == kind else exactly(array, kind)
        return values if bad is None else array


def _field(array: pa.Array | None, pair: Pair) -> pa.Array | None:
    """A field of a struct, null where the struct is; None where it was not read."""
    place = -1 if array is None else array.type.get_field_index(source_name(pair.column))
    return None if place < 0 or array is None else pc.struct_field(array, [place])


def _text(pair: Pair, array: pa.Array) -> pa.Array:
    """Text as it is, whether UTF-8 or not; a time as ISO 8601 and a UUID as RFC 9562 writes it."""
    if pair.uuid:
        return _uuids(array)
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_time(array.type):
        return array.cast(pa.string())
    return array.cast(pa.binary()).view(pa.string())  # Arrow would look whether it is UTF-8


def _uuids(array: pa.Array) -> pa.Array:
    rows, signs = len(array), np.full((len(array), 36), ord("-"), np.uint8)
    buffer = array.buffers()[1]
    if rows and buffer is not None:
        raw = np.frombuffer(buffer, np.uint8, rows * 16, array.offset * 16).reshape(rows, 16)
        digits = np.stack((_HEX[raw >> 4], _HEX[raw & 15]), axis=2).reshape(rows, 32)
        for dashes, (start, stop) in enumerate(_DASHES):
            signs[:, start + dashes : stop + dashes] = digits[:, start:stop]
    ends = pa.py_buffer(np.arange(0, 36 * rows + 1, 36, dtype=np.int32))
    texts = pa.StringArray.from_buffers(rows, ends, pa.py_buffer(signs))
    valid = buffers.valid(array)
    return texts if valid.all() else pc.if_else(pa.array(valid), texts, pa.scalar(None, pa.string()))
