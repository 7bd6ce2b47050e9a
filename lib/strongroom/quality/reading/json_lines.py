"""JSON lines: one object a line. Most lines go to Arrow's reader together, the others one by one to the strict one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.core.contract import Column, source_name
from strongroom.quality.reading import json_fast
from strongroom.quality.reading.blocks import Block, Numbers, Seen, Torn, Unknown
from strongroom.quality.reading.columns import arrow_type, read_columns
from strongroom.quality.reading.json_kinds import as_text, kinds_of, plan_of
from strongroom.quality.reading.json_strict import parse, shred

WINDOW = 4 << 20
"""Bytes of lines that are read together, in a block: at most, or one line."""
UNKNOWN_AT_MOST = 20
_BLANKS = b" \t\r"
_TOGETHER = 256  # records as Python's objects at once: more of them are dearer, and take memory
_NONE = np.empty(0, np.int64)
_SAMPLE = 16  # lines that are looked at before a window is read


class Window(NamedTuple):
    """What came out of some records.

    Args:
        rows: n rows as in a `Block`.
        places: their places among the records, ascending.
        unreadable: as in a `Block`.
        unknown: paths that the contract does not know, and the place of the first record that has it.
        names: at the top, of the records that were parsed one by one.
    """

    rows: pa.RecordBatch
    places: Numbers
    unreadable: dict[str, Mask]
    unknown: dict[str, int]
    names: frozenset[str] = frozenset()


def json_blocks(lines: Iterable[pa.Array], columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    """The records of a part, as blocks of about WINDOW bytes.

    Args:
        lines: binary arrays: all lines in order, without LF. Lines of blanks only are counted and are no records.
        columns: of the contract.
        seen: is counted up. A record with a name in `seen.unknown` is torn in its block.

    Yields:
        A block for each window with a record in it; `raw` keeps a CR at the end.
    """
    for window in _windows(lines):
        blank = _blank(window)
        records = window if blank is None else window.filter(pa.array(~blank))
        there = np.arange(len(window)) if blank is None else np.flatnonzero(~blank)
        begins = there + seen.lines + 1
        seen.lines += len(window)
        seen.blank += len(window) - len(records)
        if len(records):
            yield block_of(records, records, columns, seen, lines=begins)


def json_again(raw: pa.Array, columns: Sequence[Column]) -> Iterator[Block]:
    """Records that were set aside, read once more: of JSON lines or documents, one each, numbered from 1.

    Args:
        raw: binary, as `Block.raw` and `Torn.raw` have it.
        columns: of the contract.
    """
    seen = Seen()
    for window in _windows([raw]):
        yield block_of(without_breaks(window), window, columns, seen)


def block_of(
    texts: pa.Array, raw: pa.Array, columns: Sequence[Column], seen: Seen, *, lines: Numbers | None = None
) -> Block:
    """The next records of a part as a block.

    Args:
        texts: binary, n > 0: each is to be one JSON object, and has no LF.
        raw: binary, n: the same as they stand in the file.
        columns: of the contract.
        seen: is counted up.
        lines: n numbers of lines, as a `Block` has them.
    """
    found = read_window(texts, columns)
    first = seen.records + 1
    seen.records += len(texts)
    seen.names |= _names(found, columns)
    for path, place in sorted(found.unknown.items(), key=lambda item: item[1]):
        if len(seen.unknown) < UNKNOWN_AT_MOST and all(path != known.path for known in seen.unknown):
            seen.unknown.append(Unknown(path, first + place, 0 if lines is None else int(lines[place])))
    if len(found.places) == len(texts):
        return Block(found.rows, found.places + first, raw, unreadable=found.unreadable, lines=lines)
    whole = np.zeros(len(texts), np.bool_)
    whole[found.places] = True
    theirs, mine = (None, None) if lines is None else (lines[~whole], lines[whole])
    torn = Torn(np.nonzero(~whole)[0] + first, raw.filter(pa.array(~whole)), lines=theirs)
    return Block(found.rows, found.places + first, raw.filter(pa.array(whole)), torn, found.unreadable, mine)


def _names(found: Window, columns: Sequence[Column]) -> set[str]:
    """The columns that some record has, by the source's names; one without a value may be missed."""
    there = zip(columns, found.rows.columns, strict=True)
    return {
        source_name(column)
        for column, values in there
        if values.null_count < len(values) or source_name(column) in found.names
    }


def read_window(texts: pa.Array, columns: Sequence[Column]) -> Window:
    """Records, each to be one JSON object without LF, as rows; those that are none are left out."""
    likely = np.nonzero(_likely(texts))[0]
    sample = likely[np.unique(np.linspace(0, len(likely) - 1, _SAMPLE).astype(np.int64))] if len(likely) else likely
    looked_at = [parse(texts[int(place)].as_py(), apart=True) for place in sample]
    records = [record for record in looked_at if record is not None]
    names = frozenset(name for record in records for name in record)
    plan = plan_of(columns, kinds_of(records, columns))
    pieces = []
    if plan is not None and len(likely):
        lines = texts if len(likely) == len(texts) else texts.take(pa.array(likely))
        pieces = json_fast.read(lines, plan)
    fast = np.concatenate([_NONE, *(likely[piece.places] for piece in pieces)])
    slow = np.ones(len(texts), np.bool_)
    slow[fast] = False
    batches = [piece.rows for piece in pieces]
    holding = plan.held if plan is not None and batches else tuple(as_text(column) for column in columns)
    if batches and not slow.any():
        return Window(_one(batches), np.arange(len(texts)), {}, {}, names)
    found = _with_slow(texts, np.nonzero(slow)[0], columns, holding, batches, fast)
    return found._replace(names=found.names | names)


def _with_slow(
    texts: pa.Array,
    slow: Numbers,
    columns: Sequence[Column],
    holding: Sequence[Column],
    batches: list[pa.RecordBatch],
    fast: Numbers,
) -> Window:
    """The rows that Arrow has read, and between them those that the strict reader makes of the other records."""
    strict = one_by_one(texts if len(slow) == len(texts) else texts.take(pa.array(slow)), columns)
    places = slow[strict.places]
    typed = read_columns(strict.rows, holding)
    marks = dict(typed.unreadable)
    for path, mask in strict.unreadable.items():
        marks[path] = mask | marks.get(path, False)
    unknown = {path: int(slow[place]) for path, place in strict.unknown.items()}
    if not batches:
        return Window(typed.batch, places, marks, unknown, strict.names)
    together = np.concatenate([fast, places])
    order = np.argsort(together, kind="stable")
    none = np.zeros(len(fast), np.bool_)
    spread = {path: np.concatenate([none, mask])[order] for path, mask in marks.items()}
    batch = _one([*batches, typed.batch])
    rows = batch.take(pa.array(order)) if len(places) else batch
    return Window(rows, together[order], spread, unknown, strict.names)


def one_by_one(texts: pa.Array, columns: Sequence[Column]) -> Window:
    """The same as `read_window` by the strict reader alone; every leaf is text."""
    kinds = pa.schema([pa.field(column.name, arrow_type(as_text(column).type)) for column in columns])
    batches, places = [pa.RecordBatch.from_arrays([pa.array([], kind.type) for kind in kinds], schema=kinds)], [_NONE]
    apart = any(leaf.read.nested for column in columns for leaf in column.leaves())
    wrong: dict[str, list[Numbers]] = {}
    unknown: dict[str, int] = {}
    names, rows = set[str](), 0
    for begin in range(0, len(texts), _TOGETHER):
        parsed = [parse(text, apart=apart) for text in texts.slice(begin, _TOGETHER).to_pylist()]
        whole = np.array([begin + place for place, record in enumerate(parsed) if record is not None], np.int64)
        names.update(name for record in parsed if record is not None for name in record)
        found = shred([record for record in parsed if record is not None], columns)
        known = np.ones(len(whole), np.bool_)
        known[[*found.strangers]] = False
        batch = pa.RecordBatch.from_arrays(found.arrays, schema=kinds)
        batches.append(batch if known.all() else batch.filter(pa.array(known)))
        moved = np.cumsum(known) - 1 + rows
        for path, bad in found.wrong.items():
            wrong.setdefault(path, []).append(np.array([moved[row] for row in bad if known[row]], np.int64))
        for path, row in found.unknown.items():
            unknown.setdefault(path, int(whole[row]))
        places.append(whole[known])
        rows += len(batches[-1])
    marks = {path: np.isin(np.arange(rows), np.concatenate(bad)) for path, bad in wrong.items()}
    marks = {path: mask for path, mask in marks.items() if mask.any()}
    return Window(_one(batches), np.concatenate(places), marks, unknown, frozenset(names))


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _windows(lines: Iterable[pa.Array]) -> Iterator[pa.Array]:
    """The same lines in arrays of at most WINDOW bytes, or one line."""
    for array in lines:
        begin = 0
        while begin < len(array):
            ends = buffers.offsets(array)[begin:]
            fits = int(np.searchsorted(ends, int(ends[0]) + WINDOW, side="right")) - 1
            count = min(max(fits, 1), len(array) - begin)
            yield array.slice(begin, count)
            begin += count


def without_breaks(texts: pa.Array) -> pa.Array:
    """The texts with CR for LF: JSON gives both the same meaning, blank outside of a string and an error inside."""
    data = buffers.data(texts)
    if not (data == 10).any():
        return texts
    offsets = buffers.offsets(texts)
    replaced = np.where(data == 10, np.uint8(13), data)
    return pa.Array.from_buffers(
        pa.binary(), len(texts), [None, pa.py_buffer(offsets - offsets[0]), pa.py_buffer(replaced)]
    )


def _blank(lines: pa.Array) -> Mask | None:
    """Which lines hold nothing but blanks, or None."""
    first = _bytes_at(lines, buffers.offsets(lines)[:-1])
    mask = buffers.lengths(lines) == 0
    for place in np.nonzero(np.isin(first, np.frombuffer(_BLANKS, np.uint8)) & ~mask)[0]:
        mask[place] = not lines[int(place)].as_py().strip(_BLANKS)
    return buffers.some(mask)


def _bytes_at(lines: pa.Array, places: np.ndarray) -> np.ndarray:
    """The bytes at places of the lines' offsets; any byte at a place outside of the lines."""
    data = buffers.data(lines)
    if not len(data):
        return np.zeros(len(places), np.uint8)
    inside: np.ndarray = data[np.clip(places - buffers.offsets(lines)[0], 0, len(data) - 1)]
    return inside


def _likely(lines: pa.Array) -> Mask:
    """Which lines are `{…}` in UTF-8, with or without a CR behind, and have no NUL."""
    offsets, lengths = buffers.offsets(lines), buffers.lengths(lines)
    last = _bytes_at(lines, offsets[1:] - 1)
    last = np.where(last == 13, _bytes_at(lines, offsets[1:] - 2), last)
    good: Mask = (_bytes_at(lines, offsets[:-1]) == ord("{")) & (last == ord("}")) & (lengths >= 2)
    unreadable = buffers.unreadable(lines.view(pa.string()))
    if unreadable is not None:
        good &= ~unreadable
    data = buffers.data(lines)
    if len(data) and not data.all():
        good[np.searchsorted(offsets - offsets[0], np.nonzero(data == 0)[0], side="right") - 1] = False
    return good
