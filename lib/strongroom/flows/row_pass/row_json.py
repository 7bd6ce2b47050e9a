"""What quarantine seals, and how it becomes a row again.

Of a text source it is the record's very bytes, behind one byte that says so; of a typed source, and in quarantines of
before, the row as one JSON object.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Type
from strongroom.stores.sources import CORRUPT

RECORD, UNTRUSTED = b"\x01", b"\x02"
"""What stands before the bytes of a record, and before those that are never read again; a row as JSON begins with a
brace.
"""
NOT_UTF8 = "a text in this row is not UTF-8"


def as_record(raw: pa.Array, *, trusted: bool = True) -> pa.Array:
    """Bytes of records, each with RECORD or UNTRUSTED before it."""
    return pc.binary_join_element_wise(RECORD if trusted else UNTRUSTED, raw.cast(pa.binary()), b"")


def starts_with(opened: pa.Array, mark: bytes) -> pa.Array:
    """Which of the opened rows have this mark before them; false for null."""
    return pc.fill_null(pc.starts_with(opened, mark), False)


def of_record(opened: pa.Array) -> pa.Array:
    """The bytes of each record, without the mark."""
    return pc.binary_slice(opened, 1, (1 << 31) - 1)


def as_json(batch: pa.RecordBatch) -> pa.Array:
    r"""Each row as one JSON object in UTF-8: numbers, dates and bytes as text, CORRUPT only where there is some.

    Bytes that are no UTF-8 in a text are kept as lone surrogates (`\udcff` for the byte ff).
    """
    if CORRUPT in batch.schema.names and batch.column(CORRUPT).null_count == batch.num_rows:
        batch = batch.drop_columns([CORRUPT])
    if CORRUPT not in batch.schema.names and batch.num_columns:
        try:
            return pa.array(_lines(batch), pa.binary())
        except (UnicodeDecodeError, pa.ArrowException):
            pass  # the way below knows what to do with bytes that are no text
    return pa.array([_line(row) for row in _rows(batch)], pa.binary())


def holds_types(line: bytes) -> bool:
    """Whether a row as JSON has a value that is not text: so it is of a typed source."""
    return _is_typed(json.loads(line))


def _is_typed(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_is_typed, value.values()))
    if isinstance(value, list):
        return any(map(_is_typed, value))
    return value is not None and not isinstance(value, str)


def from_json(lines: pa.Array, columns: Sequence[Column], *, typed: bool = False) -> dict[str, pa.Array]:
    """The contract's columns with every scalar as text, and CORRUPT.

    Args:
        lines: binary, n.
        columns: of the contract.
        typed: the rows are of a typed source, so what their texts mean is not the contract's to say (`read`): but of
            texts, they become `large_string`.
    """
    rows = [json.loads(line) for line in lines.to_pylist()]
    broken = [any(map(_has_surrogate, _texts(row))) for row in rows]
    rows = [{CORRUPT: NOT_UTF8} if bad else row for row, bad in zip(rows, broken, strict=True)]
    found = {
        column.name: pa.array([_as_text(row.get(column.name)) for row in rows], text_type(column.type, typed=typed))
        for column in columns
    }
    return {**found, CORRUPT: pa.array([row.get(CORRUPT) for row in rows], pa.string())}


def text_type(kind: Type, *, typed: bool = False) -> pa.DataType:
    """A type with every scalar in it a text; a large one where it is written for a value that is none."""
    if kind.name == "struct":
        return pa.struct([pa.field(column.name, text_type(column.type, typed=typed)) for column in kind.fields])
    if kind.item is not None:
        return pa.list_(text_type(kind.item.type, typed=typed))
    return pa.large_string() if typed and kind.name != "string" else pa.string()


def as_texts(array: pa.Array) -> pa.Array:
    """Scalars as a row in JSON has them once it is read."""
    return pa.array([_as_text(json.loads(value)) for value in _written(array)], pa.string())


def _lines(batch: pa.RecordBatch) -> list[bytes]:
    """The same as `_line` of each of `_rows`, a column at a time: a third of the time."""
    names = (json.dumps(name).replace("%", "%%") for name in batch.schema.names)
    frame = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    return [(frame % row).encode("ascii") for row in zip(*map(_written, batch.columns), strict=True)]


def _written(array: pa.Array) -> list[str]:
    """Each value of a column as JSON."""
    kind = array.type
    if pa.types.is_string(kind):  # by way of numpy, since Arrow makes an object of its own for each value
        return ["null" if text is None else _quoted(text) for text in array.to_numpy(zero_copy_only=False).tolist()]
    if pa.types.is_integer(kind) and not array.null_count:
        return list(map(str, array.to_numpy().tolist()))
    values = array.to_pylist()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return ["null" if value is None else f'"{value.isoformat()}"' for value in values]
    return [_ENCODER.encode(value) for value in values]


def _rows(batch: pa.RecordBatch) -> list[dict[str, object]]:
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:
        names, texts = batch.schema.names, [pa.types.is_string(array.type) for array in batch.columns]
        arrays = [array.cast(pa.binary()) if text else array for array, text in zip(batch.columns, texts, strict=True)]
        rows = pa.RecordBatch.from_arrays(arrays, names).to_pylist()
        return [
            {name: _decoded(value) if text else value for (name, value), text in zip(row.items(), texts, strict=True)}
            for row in rows
        ]


def _decoded(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")


def _line(row: dict[str, object]) -> bytes:
    kept = {name: value for name, value in row.items() if name != CORRUPT or value is not None}
    return _ENCODER.encode(kept).encode("ascii")  # escapes keep lone surrogates, too


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, (date, datetime)) else format(Decimal(str(value)), "f")


_ENCODER = json.JSONEncoder(default=_plain)
_quoted = _ENCODER.encode  # of a text: quick, and without the hook


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _ENCODER.encode(value)  # NaN and infinities by the names that JSON's readers give them
    return value if value is None or isinstance(value, str) else str(value)
