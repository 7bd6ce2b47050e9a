"""Row keys: the value of another column of the same row, which encrypted values may be bound to.

What counts is that column as it lies in the training table, a token or a kept value, since whoever opens a value later
has nothing else. As bytes it is the text that tokens are made of: docs/encryption.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain, type_of
from strongroom.core.contract import Column
from strongroom.core.contract.protection import ROW_KEYS
from strongroom.core.errors import UsageError
from strongroom.protect.cipher.byte_rows import Flags, Numbers, Rows
from strongroom.protect.cipher.encoding import token_rows
from strongroom.protect.methods.method import options_of

RowKeys = Mapping[str, pa.Array]
"""Columns that values are bound to, as they lie, by name; each with one value for each row."""

NO_ROW_KEYS: RowKeys = MappingProxyType({})


class Protector(Protocol):
    """Arrow array → Arrow array of the same length, with the row keys that its column asks for; nulls stay null."""

    def __call__(self, array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array: ...


class Opener(Protocol):
    """Protected array → the values in clear, and for each row whether it opened."""

    def __call__(self, array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]: ...


def row_key(leaf: Column) -> str:
    """The name of the column that the leaf's values are bound to; empty when they are bound to no row."""
    return str(options_of(leaf).get("rowKey", ""))


def row_keys_of(columns: Iterable[Column]) -> tuple[str, ...]:
    """The names of all row keys that these columns ask for."""
    return tuple(dict.fromkeys(filter(None, (row_key(leaf) for column in columns for leaf in column.leaves()))))


def of_items(row_keys: RowKeys, lengths: Numbers) -> RowKeys:
    """The row keys of arrays' items, which are those of their rows; `lengths` says how many each row has."""
    if not row_keys:
        return row_keys
    rows = pa.array(np.repeat(np.arange(len(lengths)), lengths))
    return {name: plain(keys).take(rows) for name, keys in row_keys.items()}


def of_rows(row_keys: RowKeys, mask: pa.BooleanArray) -> RowKeys:
    """The row keys of some of the rows."""
    return {name: plain(keys).filter(mask) for name, keys in row_keys.items()}


def known(array: pa.Array, keys: pa.Array) -> pa.Array:
    """The array with a null where the row's key is null: such a value cannot be opened."""
    return pc.if_else(keys.is_valid(), array, pa.scalar(None, array.type)) if keys.null_count else array


def key_rows(keys: pa.Array, *, valid: Flags | None) -> Rows:
    """The bytes of the row keys, of those rows that have a value.

    Raises:
        UsageError: a row has a value and no key, or keys are of a type that cannot be one. A contract's cannot.
    """
    keys = plain(keys)
    keys = keys if valid is None else keys.filter(pa.array(valid))
    if keys.null_count:
        todo = "Leave such rows out, or give each a key."
        raise UsageError("a row has a value to be bound and no row key", where="row key", todo=todo)
    if not _fit(keys.type):
        todo = "Take a column of text, whole numbers, decimals, dates, timestamps or binary."
        raise UsageError(f"a column of {keys.type} cannot be a row key", where="row key", todo=todo)
    return token_rows(keys, type_=type_of(keys.type))


def _fit(kind: pa.DataType) -> bool:
    try:
        return type_of(kind).name in ROW_KEYS
    except TypeError:
        return False
