"""The records of a block of CSV: by the fast reader as far as it is sure, and record by record where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from strongroom.quality.reading.csv_fast import Parsed, by_arrow, unreadable
from strongroom.quality.reading.csv_machine import BROKEN, OPEN, RECORD, TORN, Machine
from strongroom.quality.reading.dialect import Dialect

SMALL = 64 << 10
"""Bytes that are read record by record where a guard fails. Arrow's reader takes 0.15 ms for any block."""


def parse(block: pa.Buffer, dialect: Dialect, *, width: int, wanted: Sequence[int]) -> Parsed:
    """The records of a block that begins outside quotes and whose every line ends with a line feed.

    Args:
        block: at most 2 GB.
        dialect: how it is written.
        width: how many fields a record has; one with more or fewer is torn, as is one that is no UTF-8.
        wanted: the places of the columns to give.
    """
    if not _simple(dialect):
        return _slow(block, dialect, width=width, wanted=wanted)
    parsed = by_arrow(block, dialect, width=width, wanted=wanted)
    if parsed is None and block.size > SMALL:
        return _in_steps(block, dialect, width=width, wanted=wanted)
    return parsed or _slow(block, dialect, width=width, wanted=wanted)


def _in_steps(block: pa.Buffer, dialect: Dialect, *, width: int, wanted: Sequence[int]) -> Parsed:
    """Small blocks one after the other, so that one stray quote costs no more than its neighbours."""
    data = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(data == ord("\n")) + 1
    parts, at, step = [], 0, SMALL
    while at < len(data):
        stop = int(feeds[min(int(np.searchsorted(feeds, at + step)), len(feeds) - 1)])
        part = block.slice(at, stop - at)
        parsed = by_arrow(part, dialect, width=width, wanted=wanted) or _slow(part, dialect, width=width, wanted=wanted)
        parts.append(replace(parsed, ends=parsed.ends + at))
        if parsed.broken or (stop == len(data) and parsed.end < part.size):
            break
        # A record that is longer than the step is looked at again when twice as much of it is there.
        step = SMALL if parsed.end else 2 * part.size
        at += parsed.end
    columns = [pa.concat_arrays([part.columns[place] for part in parts]) for place in range(len(wanted))]
    ends, kinds = np.concatenate([part.ends for part in parts]), np.concatenate([part.kinds for part in parts])
    return Parsed(ends, kinds, columns, broken=parts[-1].broken)


def _simple(dialect: Dialect) -> bool:
    """Whether Arrow knows all signs of a dialect."""
    signs = (dialect.sep, dialect.quote, dialect.escape, dialect.comment)
    return all(sign.isascii() and sign != "\0" for sign in signs)


def _slow(buffer: pa.Buffer, dialect: Dialect, *, width: int, wanted: Sequence[int]) -> Parsed:
    """The same, record by record."""
    block = buffer.to_pybytes()
    machine = Machine(dialect, one=width == 1)
    kinds, ends, rows = [], [], []
    at, kind = 0, RECORD
    while at < len(block):
        kind, fields, end = machine.record(block, at)
        if kind in (OPEN, BROKEN):
            break
        if kind == RECORD and len(fields) != width:
            kind = TORN
        kinds.append(kind)
        ends.append(end)
        rows.append(fields)
        at = end
    places, of_kind = np.array(ends, np.int64), np.array(kinds, np.uint8)
    bad = unreadable(buffer, places, np.frombuffer(buffer, np.uint8))
    of_kind[bad[of_kind[bad] == RECORD]] = TORN
    good = [fields for fields, kind in zip(rows, of_kind, strict=True) if kind == RECORD]
    columns = [pa.array([fields[place] for fields in good], pa.binary()).view(pa.string()) for place in wanted]
    return Parsed(places, of_kind, columns, broken=kind == BROKEN)
