"""One JSON text after another, read strictly: RFC 8259 and I-JSON's demands (RFC 7493) on names and characters.

Python's own parser is the reader: with hooks it gives each number as it stands in the text and sees every pair of an
object. It needs 6 µs for a row of eight fields; the fastest strict package needs 4, and takes the sign from `-0`. What
the parser lets through is looked at here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column, source_name

DEEPEST = 200
"""Objects and arrays inside each other that a record may have; no contract goes as deep."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PLAIN_NAME = re.compile(r"[^\W\d][\w-]{0,63}")
_quoted = json.JSONEncoder(ensure_ascii=False).encode
_TEXTS = {str, type(None)}

Record = dict[str, Any]
"""Names to texts, True, False, None, lists and records; a number is the text that stands in the file."""


class Whole(str):
    """A number's text without fraction and exponent."""

    __slots__ = ()


class Fraction(str):
    """A number's text with one of them."""

    __slots__ = ()


def _pairs(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError
    return record


def _refuse(_: str) -> None:
    raise ValueError  # NaN, Infinity, -Infinity


def _decoder(whole: type[str], fraction: type[str]) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=_pairs, parse_int=whole, parse_float=fraction, parse_constant=_refuse
    ).decode


_decode = _decoder(str, str)
_decode_apart = _decoder(Whole, Fraction)


def parse(text: bytes, *, apart: bool = False) -> Record | None:
    """A JSON text that is one object and nothing else, or None.

    Args:
        text: blanks around the object are allowed.
        apart: numbers come as `Whole` and `Fraction`, so that they can be told from strings.
    """
    try:
        characters = text.decode()
        if _too_deep(text):
            return None
        record = (_decode_apart if apart else _decode)(characters)
        if _SURROGATE.search(text):
            json.dumps(record, ensure_ascii=False).encode()  # a lone surrogate does not encode
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _too_deep(text: bytes) -> bool:
    """Whether more than DEEPEST brackets are open at once."""
    if text.count(b"{") + text.count(b"[") <= DEEPEST:
        return False
    bare = np.frombuffer(_STRING.sub(b"", text), np.uint8) | 0x20  # [ and {, ] and } differ by this bit only
    steps = (bare == ord("{")).astype(np.int32) - (bare == ord("}"))
    return bool(np.cumsum(steps).max(initial=0) > DEEPEST)


@dataclass(slots=True)
class Shredded:
    """Records as columns of text.

    Args:
        arrays: one per column: strings, or structs and lists with strings inside, by the contract's names.
        wrong: by path of a leaf, the records that hold something else there than the contract declares.
        unknown: paths that the contract does not know, and the first record that has each.
        strangers: the records that have such.
    """

    arrays: list[pa.Array] = field(default_factory=list)
    wrong: dict[str, set[int]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    strangers: set[int] = field(default_factory=set)

    def know(self, record: Record, known: frozenset[str], *, within: str, row: int) -> None:
        """Takes down the names of a record that are not known."""
        for name in record.keys() - known:
            told = name if _PLAIN_NAME.fullmatch(name) else "(not a plain word)"
            path = f"{within}.{told}" if within else told
            self.unknown[path] = min(row, self.unknown.get(path, row))
            self.strangers.add(row)

    def mistake(self, column: Column, row: int) -> None:
        """Takes down that a column, and so all that is in it, cannot be read."""
        for leaf in column.leaves():
            self.wrong.setdefault(leaf.path, set()).add(row)


def written(value: Any) -> str:
    """A value of a record parsed `apart`, as JSON: without blanks, and each number as it stood."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return str(value) if isinstance(value, Whole | Fraction) else _quoted(value)


def shred(records: Sequence[Record], columns: Sequence[Column]) -> Shredded:
    """Records as columns, each leaf as its text (`true` and `false` for booleans), null where it is null or missing."""
    found = Shredded()
    rows = range(len(records))
    found.arrays = [*_fields(records, columns, rows, found, within="").values()]
    return found


def _fields(
    records: Sequence[Record | None], columns: Sequence[Column], rows: Sequence[int], found: Shredded, *, within: str
) -> dict[str, pa.Array]:
    names = [source_name(column) for column in columns]
    known = frozenset(names)
    for place, record in enumerate(records):
        if record and not record.keys() <= known:
            found.know(record, known, within=within, row=rows[place])
    paths = [f"{within}.{name}" if within else name for name in names]
    return {
        column.name: _values([record.get(name) if record else None for record in records], column, rows, found, path)
        for column, name, path in zip(columns, names, paths, strict=True)
    }


def _values(values: list[Any], column: Column, rows: Sequence[int], found: Shredded, path: str) -> pa.Array:
    """The values of one column; `rows` has the record of each, `path` is the column's in the words of the source."""
    shape = dict if column.type.name == "struct" else list if column.type.item is not None else None
    if shape is None:
        return _texts(values, column, rows, found)
    if not {*map(type, values)} <= {shape, type(None)}:
        for place, value in enumerate(values):
            if value is not None and type(value) is not shape:
                found.mistake(column, rows[place])
                values[place] = None
    empty = np.fromiter((value is None for value in values), np.bool_, len(values))
    mask = pa.array(empty) if empty.any() else None
    if column.type.item is None:
        fields = _fields(values, column.type.fields, rows, found, within=path)
        return pa.StructArray.from_arrays([*fields.values()], names=[*fields], mask=mask)
    lengths = np.fromiter((len(value) if value else 0 for value in values), np.int32, len(values))
    items = [*chain.from_iterable(value for value in values if value)]
    parents = np.repeat(np.asarray(rows, np.int64), lengths).tolist()
    inner = _values(items, column.type.item, parents, found, f"{path}[]")
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    return pa.ListArray.from_arrays(pa.array(ends), inner, mask=mask, type=pa.list_(pa.field("element", inner.type)))


def _texts(values: list[Any], column: Column, rows: Sequence[int], found: Shredded) -> pa.Array:
    if not {*map(type, values)} <= _TEXTS:
        for place, value in enumerate(values):
            if isinstance(value, bool):
                values[place] = "true" if value else "false"
            elif column.read.nested and isinstance(value, dict | list):
                values[place] = written(value)
            elif not (value is None or isinstance(value, str)):
                found.mistake(column, rows[place])
                values[place] = None
    return pa.array(values, pa.string())
