"""A block of CSV at once: by Arrow where cheap guards prove that it reads it by the letter, else record by record.

The guards: of the quotes of a block that begins outside quotes, every one at an even place opens a field (it stands
behind a separator or a line end) and every one at an odd place closes it (a separator or a line end follows), or both
stand together for a quote. Then what the machine of `csv_machine` does at each quote is told by the parity of its
place, and so is which line feed ends a record. Arrow's reader alone takes `"x"y` for `xy`, a lone carriage return for a
line end, and an empty line for a row of nulls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from strongroom.quality.reading.csv_machine import BLANK, COMMENT, RECORD, TORN
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.lines import contents

Places = npt.NDArray[np.int64]
_FEED, _RETURN = 10, 13


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a block holds, up to the last record that ends in it.

    Args:
        ends: n places behind the line end of each record, blank line or comment; each begins where the last one ends.
        kinds: n of `csv_machine`'s kinds: RECORD, TORN, BLANK or COMMENT.
        columns: string, for each column that was asked for the fields of what is a RECORD.
        broken: what follows is a record whose quote is broken; else, if anything follows, one that is open.
    """

    ends: Places
    kinds: npt.NDArray[np.uint8]
    columns: list[pa.Array]
    broken: bool = False

    @property
    def end(self) -> int:
        """Where the last of these ends."""
        return int(self.ends[-1]) if len(self.ends) else 0


def by_arrow(block: pa.Buffer, dialect: Dialect, *, width: int, wanted: Sequence[int]) -> Parsed | None:
    """None where a guard fails."""
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == ord(dialect.quote)) if dialect.quote else np.zeros(0, np.int64)
    ends = np.flatnonzero(data == _FEED) + 1
    if len(quotes):
        if dialect.trim_left or dialect.trim_right or not _paired(data, quotes, dialect):
            return None
        ends = ends[_outside(quotes, ends)]
    kinds = _kinds(data, ends, quotes=quotes, dialect=dialect, one=width == 1)
    if kinds is None:
        return None
    end = int(ends[-1]) if len(ends) else 0
    bad = unreadable(block, ends, data)
    kinds[bad[kinds[bad] == RECORD]] = TORN
    columns = _columns(block, ends, kinds, dialect=dialect, width=width, wanted=wanted, quoted=bool(len(quotes)))
    if columns is None:  # a record of another width is one reason
        between = np.flatnonzero(data[:end] == ord(dialect.sep))
        between = between[_outside(quotes, between)]
        fields = np.diff(np.searchsorted(between, ends), prepend=0) + 1
        kinds[(fields != width) & (kinds == RECORD)] = TORN
        columns = _columns(block, ends, kinds, dialect=dialect, width=width, wanted=wanted, quoted=bool(len(quotes)))
    return None if columns is None else Parsed(ends, kinds, columns)


def _outside(quotes: Places, places: Places) -> npt.NDArray[np.bool_]:
    """Which places have an even number of quotes before them."""
    outside: npt.NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 0
    return outside


def _paired(data: npt.NDArray[np.uint8], quotes: Places, dialect: Dialect) -> bool:
    """Whether every quote opens, closes or is doubled by the parity of its place."""
    signs = [ord(dialect.sep), _FEED]
    doubled = [] if dialect.escape else [ord(dialect.quote)]
    before, after = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
    before[signs + doubled] = True
    after[signs + doubled + ([] if dialect.feed_only else [_RETURN])] = True
    opening, closing = quotes[0::2], quotes[1::2]
    if dialect.escape and (data == ord(dialect.escape)).any():
        return False
    opens = before[data[np.maximum(opening - 1, 0)]] | (opening == 0)
    return bool(opens.all() and after[data[closing + 1]].all())


def _kinds(
    data: npt.NDArray[np.uint8], ends: Places, *, quotes: Places, dialect: Dialect, one: bool
) -> npt.NDArray[np.uint8] | None:
    """What each record is as far as its bytes tell; None where only the machine knows."""
    kinds = np.full(len(ends), RECORD, np.uint8)
    begins = np.concatenate((np.zeros(1, np.int64), ends))
    returns = np.flatnonzero(data == _RETURN)
    if len(returns):
        lone = returns if dialect.feed_only else returns[data[returns + 1] != _FEED]
        lone = lone[_outside(quotes, lone)]
        if len(lone) and (dialect.feed_only or (data[lone - 1] == ord(dialect.quote or "\0")).any()):
            return None  # text, or behind a quote, and then it is broken
        lone = np.searchsorted(ends, lone, "right")
        kinds[lone[lone < len(ends)]] = TORN
    if not one:
        sizes = np.diff(begins)
        blank = (sizes == 1) if dialect.feed_only else (sizes == 1) | ((sizes == 2) & (data[begins[:-1]] == _RETURN))
        kinds[blank] = BLANK
    if dialect.comment:
        comments = np.flatnonzero(data[begins[begins < len(data)]] == ord(dialect.comment))
        if np.isin(comments, np.searchsorted(ends, quotes, "right")).any():
            return None  # a quote in a comment counts for nothing
        kinds[comments] = COMMENT
    return kinds


def _columns(
    block: pa.Buffer,
    ends: Places,
    kinds: npt.NDArray[np.uint8],
    *,
    dialect: Dialect,
    width: int,
    wanted: Sequence[int],
    quoted: bool,
) -> list[pa.Array] | None:
    """The fields of the records by Arrow, or None if it finds another number of records or fields."""
    good = kinds == RECORD
    count = int(np.count_nonzero(good))
    if not count:
        return [pa.nulls(0, pa.string()) for _ in wanted]
    if count == len(good):
        kept = block.slice(0, int(ends[-1]))
    else:
        edges = np.concatenate((np.zeros(1, np.int64), ends)).astype(np.int32)
        records = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(edges), block])
        kept = contents(records.filter(pa.array(good)))
    names = [str(place) for place in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(kept),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=kept.size + 1, column_names=names),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.sep,
                quote_char=dialect.quote or False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
            ),
            convert_options=pa_csv.ConvertOptions(
                check_utf8=False,  # looked at before
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=dialect.empty_text == "null",
                include_columns=[names[place] for place in wanted] or names[:1],
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != count:
        return None
    return [_trimmed(table.column(names[place]).combine_chunks(), dialect) for place in wanted]


def _trimmed(array: pa.Array, dialect: Dialect) -> pa.Array:
    """Fields, none of them quoted, without blanks around them."""
    if not (dialect.trim_left or dialect.trim_right):
        return array
    for wanted, trim in ((dialect.trim_left, pc.ascii_ltrim), (dialect.trim_right, pc.ascii_rtrim)):
        array = trim(array, characters=dialect.blanks.decode()) if wanted else array
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)


def unreadable(block: pa.Buffer, ends: Places, data: npt.NDArray[np.uint8]) -> Places:
    """Which records of a block are no UTF-8: ascending."""
    if data.max(initial=0) < 0x80:
        return np.zeros(0, np.int64)
    whole = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, whole, block]).cast(pa.string())
        return np.zeros(0, np.int64)
    except pa.ArrowInvalid:
        begins = np.concatenate((np.zeros(1, np.int64), ends))
        beyond = np.unique(np.searchsorted(ends, np.flatnonzero(data >= 0x80), "right"))
        bad = [place for place in beyond if place < len(ends) and not _decodes(data[begins[place] : ends[place]])]
        return np.array(bad, np.int64)


def _decodes(data: npt.NDArray[np.uint8]) -> bool:
    try:
        data.tobytes().decode()
    except UnicodeDecodeError:
        return False
    return True
