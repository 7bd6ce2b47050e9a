"""Columns as the contract declares them: text is read strictly, typed columns are checked for what no reader can hold.

What cannot be read becomes null and its row is marked, by the path of the leaf; the rule `type` fails there.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.core.contract import Column, Contract, Read, Type
from strongroom.quality.reading import datetimes, numbers
from strongroom.quality.reading.exact import exactly, knows
from strongroom.quality.reading.numbers import Parsed

_SIMPLE = {
    "string": pa.string(), "boolean": pa.bool_(), "binary": pa.binary(), "date": pa.date32(),
    "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(),
    "float": pa.float32(), "double": pa.float64(),
    "timestamp": pa.timestamp("us", "UTC"), "timestamp_ntz": pa.timestamp("us"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """A batch in the contract's types and order, and by the path of each leaf the rows that could not be read."""

    batch: pa.RecordBatch
    unreadable: dict[str, Mask]

    def only(self, stay: Mask) -> Typed:
        """These of its rows."""
        return Typed(self.batch.filter(pa.array(stay)), {path: mask[stay] for path, mask in self.unreadable.items()})


def arrow_type(kind: Type) -> pa.DataType:
    """The Arrow type of a contract's type, as Spark exchanges it."""
    if kind.name == "decimal":
        return pa.decimal128(kind.precision, kind.scale)
    if kind.name == "struct":
        return pa.struct([pa.field(column.name, arrow_type(column.type)) for column in kind.fields])
    if kind.name == "array" and kind.item is not None:
        return pa.list_(pa.field("element", arrow_type(kind.item.type)))
    return _SIMPLE[kind.name]


def read_batch(batch: pa.RecordBatch, contract: Contract) -> Typed:
    """The contract's columns of a batch, typed; other columns of the batch are left out.

    Args:
        batch: has every column of the contract by name.
        contract: its columns say the types and how text is read. A leaf that arrives as text is read, one that
            arrives typed is checked.
    """
    return read_columns(batch, contract.columns)


def read_columns(batch: pa.RecordBatch, columns: Sequence[Column]) -> Typed:
    """The same for columns that need not be all of a contract."""
    marks: dict[str, Mask] = {}
    arrays = [_read(batch.column(column.name), column, marks=marks) for column in columns]
    return Typed(pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns]), marks)


def read_text(array: pa.Array, column: Column) -> tuple[pa.Array, Mask]:
    """A column of text in its declared type, and which rows hold something that is no such value (null there).

    Args:
        array: strings; for a struct or an array, of the same shape with strings as leaves.
        column: declares the type, and by `read` (trim, suffix, missing, in this order) how text becomes a value.
    """
    marks: dict[str, Mask] = {}
    values = _read(array, column, marks=marks)
    return values, functools.reduce(np.logical_or, marks.values(), np.zeros(len(array), np.bool_))


def _read(array: pa.Array, column: Column, *, marks: dict[str, Mask]) -> pa.Array:
    """One column with everything inside it; leaf by leaf, so that each mark has the leaf's own path."""
    if column.type.name == "struct":
        fields = [pa.field(field.name, arrow_type(field.type)) for field in column.type.fields]
        inner = [
            _read(pc.struct_field(array, [array.type.get_field_index(field.name)]), field, marks=marks)
            for field in column.type.fields
        ]
        return pa.StructArray.from_arrays(inner, fields=fields, mask=array.is_null() if array.null_count else None)
    if column.type.item is not None:
        of_items: dict[str, Mask] = {}
        items = _read(pc.list_flatten(array), column.type.item, marks=of_items)
        if of_items:
            parents = pc.list_parent_indices(array).to_numpy()
            marks.update({path: _rows(parents[mask], len(array)) for path, mask in of_items.items()})
        return _relisted(array, items, kind=arrow_type(column.type))
    values, bad = _check_leaf(array, column)
    if bad is not None:
        marks[column.path] = bad
    return values


def _rows(parents: np.ndarray, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[parents] = True
    return mask


def _relisted(array: pa.Array, items: pa.Array, *, kind: pa.DataType) -> pa.Array:
    """New items in the lists they came from."""
    ends = np.zeros(len(array) + 1, np.int32)
    np.cumsum(pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False), out=ends[1:])
    mask = array.is_null() if array.null_count else None
    return pa.ListArray.from_arrays(pa.array(ends), items, type=kind, mask=mask)


def _read_leaf(array: pa.Array, column: Column) -> Parsed:
    """One scalar column of text."""
    kind = arrow_type(column.type)
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), kind), None
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    broken = buffers.unreadable(array)
    if broken is not None:
        array = pc.if_else(pa.array(broken), pa.scalar(None, array.type), array)
    array = _prepared(array, column.read)
    if column.type.name in _NUMBERS and (column.read.decimal, column.read.thousands) != (".", ""):
        array, odd = numbers.plain(array, decimal=column.read.decimal, thousands=column.read.thousands)
        broken = _either(broken, odd)
    values, bad = _parser(column.type, column.read)(array, kind)
    return values, _either(broken, bad)


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    return other if one is None else one if other is None else one | other


def _prepared(array: pa.Array, read: Read) -> pa.Array:
    """The text without what surrounds it, null where it means "missing"."""
    if read.trim:
        array = pc.utf8_trim_whitespace(array)
    if read.remove_suffix and pc.any(pc.ends_with(array, read.remove_suffix), min_count=0).as_py():
        array = pc.replace_substring_regex(array, f"{re.escape(read.remove_suffix)}$", "")
    if read.missing:
        missing = pc.is_in(array, value_set=pa.array(read.missing, array.type))
        if pc.any(missing, min_count=0).as_py():
            array = pc.if_else(missing, pa.scalar(None, array.type), array)
    return array


def _parser(kind: Type, read: Read) -> Callable[[pa.Array, pa.DataType], Parsed]:
    """The function that reads one type."""
    if kind.name in numbers.BITS:
        return numbers.integers
    if read.bits:
        return numbers.bits
    if kind.name == "date":
        return lambda array, _: datetimes.dates(array, read.format)
    if kind.name.startswith("timestamp"):
        return lambda array, _: datetimes.timestamps(array, read.format, zoned=kind.name == "timestamp")
    return _PARSERS[kind.name]


def _as_it_is(array: pa.Array, _: pa.DataType) -> Parsed:
    return array, None


_NUMBERS = (*numbers.BITS, "float", "double", "decimal")
_PARSERS = {
    "string": _as_it_is,
    "boolean": numbers.booleans,
    "float": numbers.floats,
    "double": numbers.floats,
    "decimal": numbers.decimals,
    "binary": numbers.base64,
}


def _written_floats(array: pa.Array, column: Column, kind: pa.DataType) -> Parsed:
    """Floats, and whole numbers where floats were declared, as `json` writes them: exactly the value, or none."""
    endless = pc.index_in(array, value_set=pa.array(["NaN", "Infinity", "-Infinity"], array.type))
    values, bad = _read_leaf(pc.if_else(endless.is_valid(), pa.scalar(None, array.type), array), column)
    values = pc.coalesce(pa.array([math.nan, math.inf, -math.inf], kind).take(endless), values)
    whole = pc.and_(pc.match_substring_regex(array, "^-?[0-9]{6,}$"), values.is_valid()).fill_null(False)
    if not pc.any(whole, min_count=0).as_py():
        return values, bad
    pairs = zip(whole.to_pylist(), array.to_pylist(), values.to_pylist(), strict=True)
    other: Mask = np.array([is_whole and int(text) != int(value) for is_whole, text, value in pairs], np.bool_)
    return pc.if_else(pa.array(other), pa.scalar(None, kind), values), _either(bad, buffers.some(other))


def _check_leaf(array: pa.Array, column: Column) -> Parsed:
    """One scalar column that arrived typed; text is text here too, and days must lie within the years 1 to 9999.

    Of another type than declared, it is cast where every value survives, and else judged value by value. A large string
    is what was written for a typed value (by a reader, for dates and timestamps of which some are none of ours; of a
    row in quarantine): the contract's `read` is not meant.
    """
    kind = arrow_type(column.type)
    if pa.types.is_large_string(array.type):
        plain = replace(column, read=Read(bits=column.read.bits))
        return _written_floats(array, plain, kind) if pa.types.is_floating(kind) else _read_leaf(array, plain)
    if buffers.is_text(array.type):
        return _read_leaf(array, column)
    if column.read.bits and array.type != kind:
        return _read_leaf(array.cast(pa.string()), replace(column, read=Read(bits=True)))
    if knows(array.type, kind):
        return exactly(array, kind)
    if array.type != kind:
        try:
            array = array.cast(kind)
        except pa.ArrowInvalid:
            return _read_leaf(array.cast(pa.string()), replace(column, read=Read()))
    bad: Mask | None = None
    if pa.types.is_temporal(kind):
        scale, storage = (1, pa.int32()) if pa.types.is_date(kind) else (datetimes.MICROS_A_DAY, pa.int64())
        ticks, first, last = array.view(storage), datetimes.FIRST_DAY * scale, (datetimes.LAST_DAY + 1) * scale - 1
        ends = pc.min_max(ticks)
        if ends["min"].is_valid and (ends["min"].as_py() < first or ends["max"].as_py() > last):
            outside = pc.or_(pc.less(ticks, first), pc.greater(ticks, last))
            bad = buffers.some(buffers.bools(outside.fill_null(False)))
    return (array, None) if bad is None else (pc.if_else(pa.array(bad), pa.scalar(None, kind), array), bad)
