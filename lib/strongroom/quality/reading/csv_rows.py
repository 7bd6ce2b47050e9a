"""From the records of a block to what every reader gives, and one record at a time again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, source_name
from strongroom.quality.reading.blocks import Block, Numbers, Torn
from strongroom.quality.reading.csv_machine import BLANK, COMMENT, RECORD, TORN
from strongroom.quality.reading.csv_parse import parse
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.lines import contents, cut


def csv_again(raw: pa.Array, columns: Sequence[Column], dialect: Dialect, *, names: tuple[str, ...]) -> Block:
    """Records that were set aside, read again as they were read first.

    Args:
        raw: binary, n: one record each, as `Block.raw` and `Torn.raw` have them.
        columns: of the contract of today.
        dialect: the file's, of the first reading.
        names: the file's, of the first reading; never empty.

    Returns:
        Rows and torn records, numbered by their place in `raw`, from 1.
    """
    wanted = wanted_of(columns, names)
    found = parse(block_of(raw), dialect, width=len(names), wanted=wanted)
    ends = np.cumsum(pc.binary_length(raw).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    if np.array_equal(found.ends, ends) and not len(np.intersect1d(found.kinds, (BLANK, COMMENT))):
        kinds, fields = found.kinds, found.columns
    else:  # one of them is no single record: each by itself
        one = [parse(block_of(raw.slice(at, 1)), dialect, width=len(names), wanted=wanted) for at in range(len(raw))]
        whole = [
            part.end == len(raw[at].as_buffer()) + 1 and part.kinds.tolist() == [RECORD] for at, part in enumerate(one)
        ]
        kinds = np.where(whole, RECORD, TORN).astype(np.uint8)
        good = [part for part, is_one in zip(one, whole, strict=True) if is_one]
        fields = [_joined([part.columns[place] for part in good]) for place in range(len(wanted))]
    if not dialect.feed_only:  # a carriage return that stayed at a record's end was none of its line end
        torn = pc.ends_with(raw, b"\r").to_numpy(zero_copy_only=False)
        fields = [column.filter(pa.array(~torn[kinds == RECORD])) for column in fields]
        kinds = np.where(torn, TORN, kinds)
    numbers = np.arange(1, len(raw) + 1)
    return blocked(columns, names, fields, kinds=kinds, numbers=numbers, raw=raw)


def block_of(lines: pa.Array) -> pa.Buffer:
    """Lines as bytes, each with a line feed."""
    feed, nothing = pa.scalar(b"\n", pa.binary()), pa.scalar(b"", pa.binary())
    return contents(pc.binary_join_element_wise(lines, nothing, feed))


def raw_of(block: pa.Buffer, ends: Numbers, *, feed_only: bool) -> pa.Array:
    """The bytes of each record without its line end."""
    begins = np.concatenate((np.zeros(1, np.int64), ends[:-1]))
    stops = ends - 1
    if not feed_only:
        data = np.frombuffer(block, np.uint8)
        stops = stops - ((data[np.maximum(stops - 1, 0)] == 13) & (stops > begins))
    return cut(block, begins, stops)


def wanted_of(columns: Sequence[Column], names: Sequence[str]) -> list[int]:
    """The places in the file of the columns that it has."""
    return [names.index(source_name(column)) for column in columns if source_name(column) in names]


def rows_of(
    columns: Sequence[Column], names: Sequence[str], fields: Sequence[pa.Array], *, count: int
) -> pa.RecordBatch:
    """The contract's columns, from the fields of those that the file has."""
    there = iter(fields)
    arrays = [next(there) if source_name(column) in names else pa.nulls(count, pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _joined(arrays: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(arrays) if arrays else pa.nulls(0, pa.string())


def blocked(
    columns: Sequence[Column],
    names: Sequence[str],
    fields: Sequence[pa.Array],
    *,
    kinds: np.ndarray,
    numbers: Numbers,
    raw: pa.Array,
    lines: Numbers | None = None,
) -> Block:
    """Records by their kinds: rows, and what is none."""
    good, torn = kinds == RECORD, kinds == TORN
    rows = rows_of(columns, names, fields, count=int(np.count_nonzero(good)))
    if good.all():
        return Block(rows, numbers, raw, lines=lines)
    theirs, mine = (None, None) if lines is None else (lines[torn], lines[good])
    aside = Torn(numbers[torn], raw.filter(pa.array(torn)), lines=theirs) if torn.any() else None
    return Block(rows, numbers[good], raw.filter(pa.array(good)), aside, lines=mine)
