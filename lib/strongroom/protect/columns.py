"""From a contract's column to one function: scalars by their method, structs field by field, arrays item by item."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.contract.protection import METHODS
from strongroom.core.keys.ring import Keyring
from strongroom.core.sql_text import identifier
from strongroom.protect.methods.encrypt import binding
from strongroom.protect.methods.method import Method, wrong
from strongroom.protect.methods.row_key import NO_ROW_KEYS, Protector, RowKeys, of_items, row_key


def method_of(column: Column) -> Method:
    """The module of a scalar column's method, `protect/methods/NAME.py`.

    Raises:
        ConfigError: the column says nothing about its protection, or names no method of ours.
    """
    if column.protect is None or column.protect.method not in METHODS:
        raise wrong(column, "the column has no known protection", todo=f"Use one of {', '.join(METHODS)}.")
    return cast(Method, import_module(f"strongroom.protect.methods.{column.protect.method}"))


def protector(column: Column, *, table: str, keyring: Keyring) -> Protector:
    """The function that protects a top-level column's arrays, whatever is nested in it.

    Args:
        column: from the contract; each of its leaves says how it is protected.
        table: the name that encrypted values and keys are bound to: the same for whoever reads them.
        keyring: opened in this very process.
    """
    if column.type.name == "struct":
        return _struct(column, table=table, keyring=keyring)
    if column.type.item is not None:
        return _list(column, column.type.item, table=table, keyring=keyring)
    if row_key(column):
        return binding(column, table=table, keyring=keyring)
    kernel = method_of(column).kernel(column, table=table, keyring=keyring)
    return lambda array, row_keys=NO_ROW_KEYS: kernel(array)  # noqa: ARG005  every column is asked alike


def output_type(column: Column) -> pa.DataType | None:
    """The Arrow type of what leaves; None when nothing does."""
    if column.type.name == "struct":
        kinds = [(field.name, output_type(field)) for field in column.type.fields]
        fields = [pa.field(name, kind) for name, kind in kinds if kind is not None]
        return pa.struct(fields) if fields else None
    if column.type.item is not None:
        item = output_type(column.type.item)
        return None if item is None else pa.list_(item)
    return method_of(column).output_type(column)


def output_ddl(column: Column) -> str:
    """The type of what leaves in the words of Spark SQL; empty when nothing does."""
    if column.type.name == "struct":
        kinds = [(field.name, output_ddl(field)) for field in column.type.fields]
        fields = ",".join(f"{identifier(name)}:{kind}" for name, kind in kinds if kind)
        return f"struct<{fields}>" if fields else ""
    if column.type.item is not None:
        item = output_ddl(column.type.item)
        return f"array<{item}>" if item else ""
    return method_of(column).output_ddl(column)


def _struct(column: Column, *, table: str, keyring: Keyring) -> Protector:
    kept = [(index, field) for index, field in enumerate(column.type.fields) if output_type(field) is not None]
    names = [field.name for _, field in kept]
    kernels = [(index, protector(field, table=table, keyring=keyring)) for index, field in kept]

    def protected(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array:
        array = plain(array)
        # `flatten` gives the fields with the struct's own nulls laid over them, so no hidden value is worked on.
        fields = array.flatten()
        arrays = [kernel(fields[index], row_keys) for index, kernel in kernels]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(arrays, names=names, mask=mask) if arrays else pa.nulls(len(array))

    return protected


def _list(column: Column, item: Column, *, table: str, keyring: Keyring) -> Protector:
    kernel = protector(item, table=table, keyring=keyring)
    dropped = output_type(column) is None

    def protected(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array:
        if dropped:
            return pa.nulls(len(array))
        array = plain(array)
        lengths = array.value_lengths().fill_null(0).to_numpy()
        offsets = pa.array([0, *lengths.cumsum()], pa.int32())
        mask = array.is_null() if array.null_count else None
        # `flatten` leaves out what lies behind null lists and outside the slice.
        return pa.ListArray.from_arrays(offsets, kernel(array.flatten(), of_items(row_keys, lengths)), mask=mask)

    return protected
