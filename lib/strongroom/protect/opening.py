"""Columns in clear again: encrypted leaves are opened, all others stay as they lie, and so do structs and arrays.

This is the reverse of `protect/columns.py`, as far as there is one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from strongroom.arrow.types import arrow_type, plain
from strongroom.core.contract import Column
from strongroom.core.contract.protection import opens
from strongroom.core.keys.ring import Keys
from strongroom.protect.cipher.byte_rows import Flags
from strongroom.protect.columns import output_type
from strongroom.protect.methods.encrypt import opener
from strongroom.protect.methods.row_key import NO_ROW_KEYS, Opener, RowKeys, of_items


def revealer(column: Column, *, table: str, keyring: Keys) -> Opener:
    """The function that opens a top-level column's arrays, and says for each row whether all of it opened.

    Args:
        column: from the contract; what was dropped is not there.
        table: the name that the values are bound to.
        keyring: opened in this very process.
    """
    if column.type.name == "struct":
        return _struct(column, table=table, keyring=keyring)
    if column.type.item is not None:
        return _list(column.type.item, table=table, keyring=keyring)
    if opens(column):
        return opener(column, table=table, keyring=keyring)
    return _as_it_lies


def revealed_type(column: Column) -> pa.DataType | None:
    """The Arrow type of the opened column; None when nothing of it was kept."""
    if column.type.name == "struct":
        kinds = [(field.name, revealed_type(field)) for field in column.type.fields]
        fields = [pa.field(name, kind) for name, kind in kinds if kind is not None]
        return pa.struct(fields) if fields else None
    if column.type.item is not None:
        item = revealed_type(column.type.item)
        return None if item is None else pa.list_(item)
    return arrow_type(column.type) if opens(column) else output_type(column)


def _as_it_lies(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]:  # noqa: ARG001
    return array, pa.array(np.ones(len(array), np.bool_))


def _struct(column: Column, *, table: str, keyring: Keys) -> Opener:
    kept = [field for field in column.type.fields if output_type(field) is not None]
    names = [field.name for field in kept]
    openers = [revealer(field, table=table, keyring=keyring) for field in kept]

    def opened(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]:
        array = plain(array)
        found = [open_(part, row_keys) for open_, part in zip(openers, array.flatten(), strict=True)]
        verdicts = np.ones(len(array), np.bool_)
        for _, fine in found:
            verdicts &= _flags(fine)
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays([part for part, _ in found], names=names, mask=mask), pa.array(verdicts)

    return opened


def _list(item: Column, *, table: str, keyring: Keys) -> Opener:
    open_ = revealer(item, table=table, keyring=keyring)

    def opened(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]:
        array = plain(array)
        lengths = array.value_lengths().fill_null(0).to_numpy()
        values, fine = open_(array.flatten(), of_items(row_keys, lengths))
        ends = np.concatenate(([0], np.cumsum(lengths)))
        before = np.concatenate(([0], np.cumsum(~_flags(fine))))
        mask = array.is_null() if array.null_count else None
        lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values, mask=mask)
        return lists, pa.array(before[ends[1:]] == before[ends[:-1]])

    return opened


def _flags(array: pa.BooleanArray) -> Flags:
    flags: Flags = array.to_numpy(zero_copy_only=False)
    return flags
