"""Encrypted values under an old key become values of the primary one. Everything else stays, byte for byte.

Tokens cannot be made anew from themselves; `docs/decisions/rewrap.md` says what that means.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import arrow_type, plain
from strongroom.core.contract import Column, Type
from strongroom.core.contract.protection import opens
from strongroom.core.keys.ring import Keyring
from strongroom.protect.cipher.byte_rows import Flags, rows_of
from strongroom.protect.cipher.siv import HEADER
from strongroom.protect.columns import output_type, protector
from strongroom.protect.methods.encrypt import opener
from strongroom.protect.methods.row_key import NO_ROW_KEYS, Opener, Protector, RowKeys, of_items, of_rows
from strongroom.protect.row_sealing import seal, unseal


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """An array with its values rewrapped: how many were, and how many lie under an old key but do not open."""

    array: pa.Array
    moved: int = 0
    left: int = 0


class Rewrapper(Protocol):
    """Protected array → the same rewrapped, with the row keys that its column asks for."""

    def __call__(self, array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> Rewrapped: ...


def rewrapper(column: Column, *, table: str, keyring: Keyring) -> Rewrapper:
    """The function that rewraps a top-level column's protected arrays, whatever is nested in it."""
    if column.type.name == "struct":
        return _struct(column, table=table, keyring=keyring)
    if column.type.item is not None:
        return _list(column.type.item, table=table, keyring=keyring)
    if not opens(column):
        return as_it_is
    open_ = opener(column, table=table, keyring=keyring)
    return _values(open_, protector(column, table=table, keyring=keyring), old=keyring.enabled[1:])


def sealed_anew(column: Column, *, former: Type, table: str, keyring: Keyring) -> Rewrapper:
    """The function that encrypts all of a column's values as whole numbers of its own width; `former` is theirs."""
    open_ = opener(replace(column, type=former), table=table, keyring=keyring)
    close, kind = protector(column, table=table, keyring=keyring), arrow_type(column.type)

    def closed(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array:
        return close(array.cast(kind), row_keys)

    return _values(open_, closed, old=None)


def as_it_is(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> Rewrapped:  # noqa: ARG001  asked like all others
    """Nothing rewrapped."""
    return Rewrapped(array)


def row_rewrapper(*, table: str, keyring: Keyring) -> Rewrapper:
    """The same for sealed rows of a quarantine, which are bound to no row."""

    def open_(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]:  # noqa: ARG001
        return unseal(array, table=table, keyring=keyring)

    def close(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array:  # noqa: ARG001
        return seal(array, table=table, keyring=keyring)

    return _values(open_, close, old=keyring.enabled[1:])


def under(array: pa.Array, keys: Collection[int]) -> Flags:
    """Which values of a binary array lie under one of these keys, told by their first five bytes."""
    rows = rows_of(array)
    found = np.zeros(len(rows), np.bool_)
    long = rows.lengths >= HEADER
    if long.any():
        heads = rows.data[rows.starts[long][:, None] + np.arange(5)]
        ids = np.ascontiguousarray(heads[:, 1:]).view(">u4").reshape(-1)
        found[long] = (heads[:, 0] == 1) & np.isin(ids, np.fromiter(keys, np.uint32, len(keys)))
    if rows.valid is None:
        return found
    whole = np.zeros(len(rows.valid), np.bool_)
    whole[rows.valid] = found
    return whole


def _values(open_: Opener, close: Protector, *, old: Collection[int] | None) -> Rewrapper:
    """The function for values under these keys; None: for all values."""

    def rewrapped(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> Rewrapped:
        array = plain(array)
        mask = array.is_valid().to_numpy(zero_copy_only=False).copy() if old is None else under(array, old)
        if not mask.any():
            return Rewrapped(array)
        row_keys = of_rows(row_keys, pa.array(mask))
        clear, fine = open_(array.filter(pa.array(mask)), row_keys)
        opened = fine.to_numpy(zero_copy_only=False)
        mask[mask] = opened
        moved = int(np.count_nonzero(opened))
        if moved:
            closed = close(clear.filter(fine), of_rows(row_keys, fine)).cast(array.type)
            array = pc.replace_with_mask(array, pa.array(mask), closed)
        return Rewrapped(array, moved, len(opened) - moved)

    return rewrapped


def _struct(column: Column, *, table: str, keyring: Keyring) -> Rewrapper:
    kept = [field for field in column.type.fields if output_type(field) is not None]
    inner = {field.name: rewrapper(field, table=table, keyring=keyring) for field in kept}

    def rewrapped(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> Rewrapped:
        array = plain(array)
        names, parts = [field.name for field in array.type], array.flatten()
        found = [inner.get(name, as_it_is)(part, row_keys) for name, part in zip(names, parts, strict=True)]
        mask = array.is_null() if array.null_count else None
        made = pa.StructArray.from_arrays([part.array for part in found], names=names, mask=mask)
        return Rewrapped(made, sum(part.moved for part in found), sum(part.left for part in found))

    return rewrapped


def _list(item: Column, *, table: str, keyring: Keyring) -> Rewrapper:
    inner = rewrapper(item, table=table, keyring=keyring)

    def rewrapped(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> Rewrapped:
        array = plain(array)
        lengths = array.value_lengths().fill_null(0).to_numpy()
        found = inner(array.flatten(), of_items(row_keys, lengths))
        ends = np.concatenate(([0], np.cumsum(lengths)))
        mask = array.is_null() if array.null_count else None
        made = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), found.array, mask=mask)
        return Rewrapped(made, found.moved, found.left)

    return rewrapped
