"""CSV by the letter: RFC 4180 with the contract's dialect, columns by name, and every byte accounted for.

Where a file may be split. A part that is not the file's first guesses that its first line begins outside quotes. The
first part guesses nothing; whatever part's guess is right is read rightly, and says at its end whether it is outside
quotes again. So if every part ends outside quotes and without a broken quote, then every guess was right, one after the
other. Else (`Seen.open_quote`) a guess may have been wrong, and the file is to be read again as one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column, source_name
from strongroom.quality.reading.blocks import Block, Numbers, Seen, Torn
from strongroom.quality.reading.csv_fast import Parsed
from strongroom.quality.reading.csv_machine import BLANK, BROKEN, COMMENT, OPEN, RECORD, TORN, Machine
from strongroom.quality.reading.csv_parse import parse
from strongroom.quality.reading.csv_rows import block_of, blocked, raw_of, rows_of, wanted_of
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.encodings import size_in
from strongroom.quality.reading.lines import contents, lines_of

LONGEST = 64 << 20
"""A record of more bytes is taken for one whose quote never closes: some writer forgot it, and memory is finite."""


def csv_blocks(
    lines: Iterable[pa.Array],
    columns: Sequence[Column],
    dialect: Dialect,
    seen: Seen,
    *,
    names: tuple[str, ...],
    first: bool,
    last: bool,
    start: int = 0,
    longest: int = LONGEST,
) -> Iterator[Block]:
    """The records of a part of a CSV file.

    A field that is empty is null; one that is not in the header is null in every row. A record with more or fewer
    fields than the header, with bytes that are no UTF-8, or with a carriage return outside quotes that ends no line, is
    torn. A line without anything is counted as blank, but in a file of one column it is a record with a null.

    Args:
        lines: binary, in UTF-8 as far as they can be, without LF (`lines.lines_of`, or Spark's text).
        columns: of the contract.
        dialect: how the file is written; its `encoding` as `encodings.encoding_of` found it.
        seen: counts. `broken` is the byte of the file at which the record with the broken quote begins, if the part
            begins the file. Nothing is given from there on, but with `quarantineRest` every line, torn and `untrusted`.
        names: of the header, in its order (`csv_header.header_of`); empty where the dialect has none: then the
            contract's columns.
        first: the part begins the file; its header is passed over.
        last: the part ends the file. Nothing can be set aside behind a broken quote in a part that is not: then
            `open_quote` asks for the file as one.
        start: bytes of the file before the first line: its byte order mark.
        longest: bytes of the longest record, in UTF-8 and with its line end; a longer one is taken for broken.
    """
    names = names or tuple(source_name(column) for column in columns)
    reader = _Reader(
        columns, dialect, seen, names=names, first=first, last=last, longest=longest, at=start,
        header=first and dialect.header,
    )  # fmt: skip
    for array in lines:
        seen.lines += len(array)
        yield from reader.set_aside(array) if reader.closed else reader.read(array)
        if reader.over:
            return
    yield from reader.finish()


@dataclass(slots=True)
class _Reader:
    """What is between one array of lines and the next."""

    columns: Sequence[Column]
    dialect: Dialect
    seen: Seen
    names: tuple[str, ...]
    first: bool
    last: bool
    longest: int
    at: int
    """The byte of the file at which `rest` begins."""
    header: bool
    """It is still to come."""
    line: int = 0
    """Lines of the part before `rest`."""
    closed: bool = False
    """From here on no record is read."""
    rest: bytes = b""
    """Of a record whose quote has not closed yet."""
    quote_came: bool = False
    """Since `rest` was looked at."""
    waiting: list[pa.Array] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Nothing of the part is wanted any more."""
        return self.closed and (self.seen.broken is None or self.dialect.on_broken_quote == "stop")

    def read(self, lines: pa.Array) -> Iterator[Block]:
        """The records that end in these lines.

        An open one is looked at again when a quote has come, and as much as it has: so no byte is looked at often.
        """
        self.waiting.append(lines)
        size = sum(contents(array).size + len(array) for array in self.waiting)
        too_long = len(self.rest) + size > self.longest
        if self.rest and not self.quote_came:
            self.quote_came = self.dialect.quote.encode() in contents(lines).to_pybytes()
        if not self.rest or (self.quote_came and (too_long or size >= len(self.rest))):
            yield from self._parse()
        elif too_long and not self.quote_came:
            self.rest += b"".join(block_of(array).to_pybytes() for array in self.waiting)
            yield from self._broken(self.rest, could_close=False)

    def finish(self) -> Iterator[Block]:
        """The end of the part."""
        if self.waiting and not self.closed:
            yield from self._parse()
        if self.rest and not self.closed:
            yield from self._broken(self.rest, could_close=not self.last)

    def set_aside(self, lines: pa.Array) -> Iterator[Block]:
        """Lines behind a broken quote."""
        if self.dialect.on_broken_quote == "quarantineRest":
            each = np.arange(1, len(lines) + 1)
            torn = Torn(each + self.seen.records, lines, untrusted=True, lines=each + self.line)
            self.seen.records += len(lines)
            self.line += len(lines)
            yield Block(rows_of(self.columns, (), [], count=0), each[:0], pa.nulls(0, pa.binary()), torn)

    def _parse(self) -> Iterator[Block]:
        lines = self.waiting[0] if len(self.waiting) == 1 else pa.concat_arrays(self.waiting)
        block, lines = block_of(lines), None if self.rest else lines
        block = pa.py_buffer(self.rest + block.to_pybytes()) if self.rest else block
        self.waiting, self.quote_came = [], False
        if self.header:
            passed, kind = self._pass_header(block.to_pybytes())
            passed_lines = bytes(block[:passed]).count(b"\n")
            self.line += passed_lines
            lines = lines.slice(passed_lines) if lines is not None else None
            self._consume(block, passed)
            block = block.slice(passed)
            if kind != RECORD:
                yield from self._left(block, broken=kind == BROKEN)
                return
        found = parse(block, self.dialect, width=len(self.names), wanted=wanted_of(self.columns, self.names))
        if block.size > self.longest:
            found = _before_longer(found, self.longest)
        yield from self._told(block, found, lines)
        self._consume(block, found.end)
        yield from self._left(block.slice(found.end), broken=found.broken)

    def _left(self, block: pa.Buffer, *, broken: bool) -> Iterator[Block]:
        """What of a block is no whole record."""
        self.rest = block.to_pybytes()
        if broken or len(self.rest) > self.longest:
            yield from self._broken(self.rest, could_close=False)

    def _consume(self, block: pa.Buffer, end: int) -> None:
        self.at += size_in(np.frombuffer(block, np.uint8)[:end], self.dialect.encoding)

    def _pass_header(self, block: bytes) -> tuple[int, int]:
        """Where the header ends, or how far there was none, and the kind of what stands there (RECORD: the header)."""
        machine, at = Machine(self.dialect), 0
        while at < len(block):
            kind, _, end = machine.record(block, at)
            if kind in (OPEN, BROKEN):
                return at, kind
            at = end
            self.seen.blank += kind == BLANK
            self.seen.comments += kind == COMMENT
            if kind in (RECORD, TORN):
                self.header = False
                return at, RECORD
        return at, OPEN

    def _told(self, block: pa.Buffer, found: Parsed, lines: pa.Array | None) -> Iterator[Block]:
        """The records of a block, numbered."""
        if not len(found.ends):
            return
        if lines is not None and len(lines) == len(found.ends) and not (np.frombuffer(block, np.uint8) == 13).any():
            raw = lines
        else:
            raw = raw_of(block, found.ends, feed_only=self.dialect.feed_only)
        kinds = found.kinds
        records = kinds <= TORN
        numbers = self.seen.records + np.cumsum(records)
        self.seen.records += int(np.count_nonzero(records))
        self.seen.blank += int(np.count_nonzero(kinds == BLANK))
        self.seen.comments += int(np.count_nonzero(kinds == COMMENT))
        begins = self._lines_of(block, found, None if lines is None else len(lines))
        if records.any():
            yield blocked(self.columns, self.names, found.columns, kinds=kinds, numbers=numbers, raw=raw, lines=begins)

    def _lines_of(self, block: pa.Buffer, found: Parsed, count: int | None) -> Numbers:
        """The line in which each record of a block begins; where it has as many lines as records nothing is counted."""
        before = self.line
        if count == len(found.ends):
            self.line += count
            return np.arange(before + 1, before + 1 + count)
        feeds = np.flatnonzero(np.frombuffer(block, np.uint8)[: found.end] == ord("\n"))
        self.line += len(feeds)
        passed = np.searchsorted(feeds, found.ends[:-1])
        return np.concatenate(([0], passed)) + before + 1

    def _broken(self, rest: bytes, *, could_close: bool) -> Iterator[Block]:
        """A quote that does not close, or not as it should."""
        self.closed = True
        resting = self.dialect.on_broken_quote == "quarantineRest"
        if could_close or not self.first or (resting and not self.last):
            self.seen.open_quote = True
            return
        self.seen.broken, self.seen.broken_line = self.at, self.line + 1
        if resting:
            for lines in lines_of([rest], encoding="UTF-8", begins=False):
                yield from self.set_aside(lines)


def _before_longer(found: Parsed, longest: int) -> Parsed:
    """What is before the first record of more bytes than `longest`, which is broken."""
    longer = np.flatnonzero(np.diff(found.ends, prepend=0) > longest)
    if not len(longer):
        return found
    kinds = found.kinds[: longer[0]]
    rows = int(np.count_nonzero(kinds == RECORD))
    return Parsed(found.ends[: longer[0]], kinds, [column.slice(0, rows) for column in found.columns], broken=True)
