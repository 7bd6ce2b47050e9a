"""Whole lines of JSON by Arrow's reader, and which of them it must not or cannot read.

Why what it accepts is right: a JSON string holds no raw line break, and `}` followed by `{` is an error inside of any
object. So if every line starts with `{` and ends with `}`, no object goes over a line's end, and as many rows as lines
are one object a line. The caller sees to these ends, to UTF-8, and that no line has a NUL (which ends Arrow's reading).
What Arrow then takes more freely than we do is looked at afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Leaves, steps_in
from strongroom.core.contract import Column
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.reading.json_kinds import Plan
from strongroom.quality.reading.numbers import at_most

Places = npt.NDArray[np.int64]

_ROW = re.compile(r" in row ([0-9]+)$")
_VALUES = re.compile(r"couldn't parse:(.*)|\): (.*) requires |^The string '(.*)' (?:is|cannot)", re.DOTALL)
_MINUS_ZERO = re.compile(rb"-0(?![0-9.eE])")
_TWO = re.compile(rb"\}[ \t\r]*\{")
_FEW = 64  # lines that are read one by one rather than halved again
_PART = 256  # lines that are read together once values did not fit their types twice
_CALL = 100  # what a call of Arrow's reader costs, in lines
_DENSE = 24  # as many lines for each bad one: it is cheaper to read one by one
_PATIENCE = 4  # how often a window may be read in all before the rest of it goes line by line


class Piece(NamedTuple):
    """Lines that were read: their places in the window, and their rows in the plan's types, by the contract's names."""

    places: Places
    rows: pa.RecordBatch


class _Fault(NamedTuple):
    """What a refusal tells: the first bad line's number, a pattern of bad lines, or that a name is bad. No proofs."""

    line: int | None = None
    pattern: re.Pattern[bytes] | None = None
    name: bool = False


def read(lines: pa.Array, plan: Plan) -> list[Piece]:
    """What of some lines Arrow reads exactly as the strict reader would; the other lines are in no piece.

    Args:
        lines: binary, each `{…}` in UTF-8 with at most a CR behind it, without NUL and LF.
        plan: how each leaf is read.
    """
    places = np.arange(len(lines), dtype=np.int64)
    window = _Window(lines, plan)
    pieces = [window.exact(piece) for piece in window.pieces(places)]
    return [piece for piece in pieces if len(piece.places)]


class _Window:
    def __init__(self, lines: pa.Array, plan: Plan) -> None:
        self.lines, self.plan = lines, plan
        self.left = _PATIENCE * (len(lines) + _CALL)
        self.misfits, self.strange = _misfits(plan), _strange(plan)
        self.whole = True

    def pieces(self, places: Places) -> list[Piece]:
        """The lines at these places without those that are refused, in as few pieces as it takes."""
        if not len(places):
            return []
        lines = self.lines if len(places) == len(self.lines) else self.lines.take(pa.array(places))
        text, starts = _joined(lines)
        if self.plan.tokens and _MINUS_ZERO.search(text):
            return self.pieces(places[~_having(_MINUS_ZERO, text, starts)])
        out: list[Piece] = []
        before, begin = [], 0
        while begin < len(places) and self.left > 0:
            found = _rows(text[int(starts[begin]) :], self.plan.schema, lines=len(places) - begin)
            if isinstance(found, pa.RecordBatch):
                self.left -= _CALL + len(places) - begin
                out.append(Piece(places[begin:], found))
                break
            if found.line is None or found.line >= len(places) - begin:
                self.left -= _CALL + len(places) - begin
                pattern = self.strange if found.name else found.pattern
                out += self.cut(places[begin:], pattern, text, starts[begin:])
                break
            self.left -= _CALL + found.line
            before.append(places[begin : begin + found.line])
            begin += found.line + 1
            if len(before) >= _FEW and begin < _DENSE * len(before):
                self.left = 0
        # Lines before a bad one are well-formed, and only their values can fail now.
        return self.pieces(np.concatenate(before)) + out if before else out

    def cut(self, places: Places, pattern: re.Pattern[bytes] | None, text: memoryview, starts: Places) -> list[Piece]:
        """The pieces of lines of which some, nobody says which, are refused."""
        suspects = np.zeros(len(places), np.bool_)
        for hint in (pattern, self.misfits if self.whole else None):
            if hint is not None:
                suspects |= _having(hint, text, starts)
        if 0 < np.count_nonzero(suspects) <= len(places) // 2:
            size, self.whole = len(places) if self.whole else _PART, False
            rest = places[~suspects]
            return [piece for at in range(0, len(rest), size) for piece in self.pieces(rest[at : at + size])]
        if len(places) <= _FEW:
            return []
        middle = len(places) // 2
        return self.pieces(places[:middle]) + self.pieces(places[middle:])

    def exact(self, piece: Piece) -> Piece:
        """The piece in the contract's names and types, without rows that Arrow has taken too freely."""
        rows = Leaves(piece.rows, steps_in(self.plan.held))
        doubtful = np.zeros(len(piece.places), np.bool_)
        for path in self.plan.floats:
            values = rows[path].values
            if not pc.all(pc.is_finite(values), min_count=0).as_py():
                doubtful |= rows[path].to_rows(~buffers.bools(pc.is_finite(values).fill_null(True)))
        for column in self.plan.decimals:
            if (beyond := _beyond(rows[column.path].values, column)) is not None:
                doubtful |= rows[column.path].to_rows(beyond)
        batch, places = piece.rows, piece.places
        if doubtful.any():
            batch, places = batch.filter(pa.array(~doubtful)), places[~doubtful]
        return Piece(places, held(batch, self.plan.held))


def _joined(lines: pa.Array) -> tuple[memoryview, Places]:
    """The lines with an LF behind each but the last, and where each starts."""
    ends = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    starts = np.zeros(len(lines), np.int64)
    np.cumsum(buffers.lengths(lines)[:-1] + 1, out=starts[1:])
    return memoryview(pc.binary_join(ends, b"\n")[0].as_buffer()), starts


def _having(pattern: re.Pattern[bytes], text: memoryview, starts: Places) -> Mask:
    """Which lines have something of a pattern; `starts` may begin behind the first line, what is before is left out."""
    first = int(starts[0])
    found = np.fromiter((match.start() + first for match in pattern.finditer(text[first:])), np.int64)
    mask = np.zeros(len(starts), np.bool_)
    mask[np.searchsorted(starts, found, side="right") - 1] = True
    return mask


def _rows(text: memoryview, schema: pa.Schema, *, lines: int) -> pa.RecordBatch | _Fault:
    """All lines as rows, or what is wrong."""
    try:
        table = pj.read_json(
            pa.BufferReader(pa.py_buffer(text)),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid as error:
        return _fault(str(error))
    if table.num_rows != lines or table.schema != schema:
        return _Fault(pattern=_TWO)
    return table.combine_chunks().to_batches()[0]


def _fault(message: str) -> _Fault:
    if row := _ROW.search(message):
        return _Fault(line=int(row[1]))
    if value := _VALUES.search(message):
        token = re.escape((value[1] or value[2] or value[3] or "").encode())
        return _Fault(pattern=re.compile(token + rb'(?=[\]},\s"])'))
    return _Fault(name=message.endswith("unexpected field"))


def _misfits(plan: Plan) -> re.Pattern[bytes] | None:
    """What looks like a number that does not fit its column; that it looks so in a text does no harm."""
    words = []
    for field in _fields(plan.schema):
        kind = field.type
        if pa.types.is_integer(kind):
            fits = at_most(2 ** (kind.bit_width - 1) - 1)
        elif pa.types.is_decimal(kind):
            whole = kind.precision - kind.scale
            fits = (f"[0-9]{{1,{whole}}}" if whole else "0") + (
                rf"(?:\.[0-9]{{1,{kind.scale}}}0*)?" if kind.scale else ""
            )
        else:
            continue
        words.append(rb'%b\s*:\s*"?-?(?!(?:%b)[\s,"}\]])[0-9]' % (_name(field), fits.encode()))
    return re.compile(rb'"(?:%b)' % b"|".join(words)) if words else None


def _strange(plan: Plan) -> re.Pattern[bytes]:
    """What looks like a name that the plan does not have."""
    return re.compile(rb'"(?!%b)[^"\\]*"\s*:' % b"|".join(_name(field) for field in _fields(plan.schema)))


def _name(field: pa.Field) -> bytes:
    """A field's name as JSON has it, without the first quote, as a pattern."""
    return re.escape(json.dumps(field.name, ensure_ascii=False)[1:]).encode()


def _fields(fields: Iterable[pa.Field]) -> Iterator[pa.Field]:
    """All named fields, also inside of structs and lists."""
    for field in fields:
        yield field
        kind = field.type
        while pa.types.is_list(kind):
            kind = kind.value_type
        if pa.types.is_struct(kind):
            yield from _fields(kind)


def _beyond(values: pa.Array, column: Column) -> Mask | None:
    """Which decimals have more digits than declared: Arrow adds zeros up to the scale and does not look again."""
    digits, exponent = (9,) * column.type.precision, -column.type.scale
    low, high = (pa.scalar(Decimal((sign, digits, exponent)), values.type) for sign in (1, 0))
    over = pc.or_(pc.greater(values, high), pc.less(values, low)).fill_null(False)
    return buffers.some(buffers.bools(over))


def held(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.RecordBatch:
    """A batch with the names and types of columns; whole numbers and booleans become their text, decimals narrower."""
    arrays = [_held(array, column) for array, column in zip(batch.columns, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _held(array: pa.Array, column: Column) -> pa.Array:
    kind = arrow_type(column.type)
    if array.type == kind:
        return array
    if column.type.name == "struct":
        inner = [_held(pc.struct_field(array, [place]), field) for place, field in enumerate(column.type.fields)]
        return pa.StructArray.from_arrays(inner, fields=list(kind), mask=array.is_null() if array.null_count else None)
    if column.type.item is not None:
        ends = np.zeros(len(array) + 1, np.int32)
        np.cumsum(pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False), out=ends[1:])
        items = _held(pc.list_flatten(array), column.type.item)
        return pa.ListArray.from_arrays(
            pa.array(ends), items, type=kind, mask=array.is_null() if array.null_count else None
        )
    return array.cast(kind)
