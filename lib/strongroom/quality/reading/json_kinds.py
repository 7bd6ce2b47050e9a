"""In which Arrow type a leaf of JSON may be read so that it means what its text means.

The meaning of a leaf is that of its text, read by `quality.typed`. A number or boolean of JSON may skip the text only
where every token gives the same either way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from strongroom.core.contract import Column, Read, Type, source_name
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.reading.json_strict import Fraction, Record, Whole
from strongroom.quality.reading.numbers import BITS

_NUMERIC = re.compile(r"[0-9.eE+-]+")
_TEXT = Type("string")
_ITEMS = 8  # looked at in one array


@dataclass(frozen=True, slots=True)
class Plan:
    """How Arrow's reader is to take some lines.

    Args:
        schema: by the names of the source.
        held: the contract's columns as they are held after reading: a leaf that stays text is a plain string there.
        floats: paths of typed floats, which must be looked at for NaN and infinity.
        decimals: typed decimals, which must be looked at for digits beyond their precision.
        tokens: whole numbers are read for text: `-0` must not come by.
    """

    schema: pa.Schema
    held: tuple[Column, ...]
    floats: tuple[str, ...]
    decimals: tuple[Column, ...]
    tokens: bool


@dataclass(frozen=True, slots=True)
class _Leaf:
    read: pa.DataType
    held: Type


def kinds_of(records: Iterable[Record], columns: Sequence[Column]) -> dict[str, type]:
    """By path of each leaf that has a value in some record: what JSON mostly writes there.

    Args:
        records: with numbers apart (`json_strict.parse`).
        columns: of the contract.
    """
    counts: dict[str, Counter[type]] = {}
    for record in records:
        for column in columns:
            _count(record.get(source_name(column)), column, counts)
    return {path: counter.most_common(1)[0][0] for path, counter in counts.items()}


def _count(value: Any, column: Column, counts: dict[str, Counter[type]]) -> None:
    if column.type.name == "struct":
        for inner in column.type.fields if isinstance(value, dict) else ():
            _count(value.get(source_name(inner)), inner, counts)
    elif column.type.item is not None:
        for item in value[:_ITEMS] if isinstance(value, list) else ():
            _count(item, column.type.item, counts)
    elif isinstance(value, str | bool) or (column.read.nested and isinstance(value, dict | list)):
        counts.setdefault(column.path, Counter())[type(value)] += 1


def plan_of(columns: Sequence[Column], kinds: Mapping[str, type]) -> Plan | None:
    """The plan for data of these kinds; None when a leaf is of a kind that only its text can hold."""
    chosen = {leaf.path: _choice(leaf, kinds.get(leaf.path)) for column in columns for leaf in column.leaves()}
    sure = {path: leaf for path, leaf in chosen.items() if leaf is not None}
    if len(sure) < len(chosen):
        return None
    leaves = [leaf for column in columns for leaf in column.leaves()]
    typed = [leaf for leaf in leaves if sure[leaf.path].held is leaf.type]
    return Plan(
        schema=pa.schema([pa.field(source_name(column), _read_as(column, sure)) for column in columns]),
        held=tuple(_held(column, sure) for column in columns),
        floats=tuple(leaf.path for leaf in typed if leaf.type.name in ("float", "double")),
        decimals=tuple(leaf for leaf in typed if leaf.type.name == "decimal"),
        tokens=any(sure[leaf.path].read == pa.int64() and sure[leaf.path].held is _TEXT for leaf in leaves),
    )


def as_text(column: Column) -> Column:
    """The column with a plain string for each leaf."""
    return _held(column, {leaf.path: _Leaf(pa.string(), _TEXT) for leaf in column.leaves()})


def _choice(leaf: Column, kind: type | None) -> _Leaf | None:
    text = _Leaf(pa.string(), _TEXT)
    name = leaf.type.name
    if kind is None:  # nothing but nulls so far: as it is usually written, if that can be
        usual = bool if name == "boolean" else Whole if name in (*BITS, "float", "double", "decimal") else str
        return text if usual is str else _choice(leaf, usual) or text
    if kind in (dict, list):
        return None  # Arrow's reader makes no text of it
    if kind is str:
        return text
    if kind is bool:
        return _Leaf(pa.bool_(), leaf.type if name == "boolean" and _plain_boolean(leaf.read) else _TEXT)
    plain = _plain_number(leaf.read)
    if name in ("float", "double"):
        return _Leaf(arrow_type(leaf.type), leaf.type) if plain else None
    if name == "decimal":
        return _Leaf(_decimal(leaf.type), leaf.type) if plain else None
    if kind is Fraction:
        return None
    return _Leaf(arrow_type(leaf.type), leaf.type) if name in BITS and plain else _Leaf(pa.int64(), _TEXT)


def _decimal(kind: Type) -> pa.DataType:
    """Arrow's reader takes as many digits as the precision, and then adds zeros up to the scale: all that must fit."""
    wide = kind.precision + kind.scale > 38
    return (pa.decimal256 if wide else pa.decimal128)(kind.precision, kind.scale)


def _plain_number(read: Read) -> bool:
    """Whether a number's text means itself: no word for "missing", no suffix and no sign could be a part of one."""
    own = read.decimal != "." or read.thousands
    return not own and not any(_NUMERIC.fullmatch(word) for word in (*read.missing, read.remove_suffix))


def _plain_boolean(read: Read) -> bool:
    cut = read.remove_suffix and ("true".endswith(read.remove_suffix) or "false".endswith(read.remove_suffix))
    return not cut and not {"true", "false"} & {*read.missing}


def _read_as(column: Column, leaves: Mapping[str, _Leaf]) -> pa.DataType:
    if column.type.name == "struct":
        return pa.struct([pa.field(source_name(inner), _read_as(inner, leaves)) for inner in column.type.fields])
    if column.type.item is not None:
        return pa.list_(pa.field("element", _read_as(column.type.item, leaves)))
    return leaves[column.path].read


def _held(column: Column, leaves: Mapping[str, _Leaf]) -> Column:
    if column.type.name == "struct":
        fields = tuple(_held(inner, leaves) for inner in column.type.fields)
        return replace(column, type=replace(column.type, fields=fields))
    if column.type.item is not None:
        return replace(column, type=replace(column.type, item=_held(column.type.item, leaves)))
    kind = leaves[column.path].held
    return column if kind is column.type else replace(column, type=kind, read=Read())
