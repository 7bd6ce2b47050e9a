"""Records of CSV one by one, by the letter of RFC 4180 with a dialect: what the fast reader cannot be sure of.

A field that begins with a quote ends with the quote that is not doubled (or escaped), and then a separator or a line
end must follow: else the quote is *broken*, and nobody knows what the file says from its record on. In any other field
a quote is text. A carriage return outside quotes that is no part of a line end makes its record *torn*, for some take
it for a line end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from strongroom.quality.reading.dialect import Dialect

RECORD, TORN, BLANK, COMMENT, OPEN, BROKEN = range(6)
"""What begins at a place: a record, one that cannot be one, a line without anything, a comment, a record whose quote
does not close in what is there, one whose quote closes and then something else follows."""

Fields = list[bytes | None]


class Record(NamedTuple):
    """What begins at a place: its kind, its fields if it is a record, and the place behind its line end."""

    kind: int
    fields: Fields
    end: int


@dataclass(frozen=True)
class Machine:
    """Reads one record at a time.

    Args:
        dialect: its signs.
        one: the file has one column, where a line without anything is a record (RFC 4180: a record is its fields, and
            a field may be empty), not a blank line.
    """

    dialect: Dialect
    one: bool = False

    @cached_property
    def signs(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Separator, quote, escape and comment."""
        dialect = self.dialect
        return dialect.sep.encode(), dialect.quote.encode(), dialect.escape.encode(), dialect.comment.encode()

    @cached_property
    def stop(self) -> re.Pattern[bytes]:
        """Where a field without quotes ends."""
        return re.compile(re.escape(self.signs[0]) + b"|\n")

    @cached_property
    def escaped(self) -> re.Pattern[bytes]:
        """What an escape gives another meaning to; group 1 is what it stands for. Before anything else it is text."""
        _, quote, escape, _ = self.signs
        return re.compile(re.escape(escape) + b"(" + re.escape(quote) + b"|" + re.escape(escape) + b")")

    @cached_property
    def special(self) -> re.Pattern[bytes]:
        """What `escaped` finds, or a quote by itself."""
        return re.compile(self.escaped.pattern + b"|" + re.escape(self.signs[1]))

    def record(self, block: bytes, at: int) -> Record:
        """What begins at a place of a block; every line of a block ends with a line feed, the last one too."""
        _, quote, _, comment = self.signs
        if comment and block.startswith(comment, at):
            return Record(COMMENT, [], block.index(b"\n", at) + 1)
        end = block.index(b"\n", at)
        if not self.one and (end == at or (not self.dialect.feed_only and block[at:end] == b"\r")):
            return Record(BLANK, [], end + 1)
        line = block[at : end - self._returns(block, at, end)]
        fields = line.split(self.signs[0])
        if quote and quote in line and self._some_quoted(fields):
            return self._fields(block, at)
        if not self.dialect.feed_only and b"\r" in line:
            return Record(TORN, [], end + 1)
        if self.dialect.trim_left or self.dialect.trim_right:
            return Record(RECORD, [self._value(field) for field in fields], end + 1)
        return Record(RECORD, [field or None for field in fields], end + 1)

    def _some_quoted(self, fields: list[bytes]) -> bool:
        """Whether one of a line's fields, split at every separator, begins with a quote: the first that does, does."""
        if self.dialect.trim_left:
            fields = [field.lstrip(self.dialect.blanks) for field in fields]
        return any([field.startswith(self.signs[1]) for field in fields])  # noqa: C419 (a list is faster here)

    def _returns(self, block: bytes, at: int, end: int) -> int:
        """How many carriage returns belong to the line feed at `end`, of a field that begins at `at`: 0 or 1."""
        return int(not self.dialect.feed_only and end > at and block[end - 1] == 0x0D)

    def _value(self, field: bytes) -> bytes | None:
        """A field that was not in quotes."""
        if self.dialect.trim_left:
            field = field.lstrip(self.dialect.blanks)
        if self.dialect.trim_right:
            field = field.rstrip(self.dialect.blanks)
        return field or None

    def _fields(self, block: bytes, at: int) -> Record:
        """A record that may have quotes."""
        sep, quote, _, _ = self.signs
        kind, fields, begins = RECORD, Fields(), at
        while True:
            opening = self._skip(block, at) if self.dialect.trim_left else at
            if block.startswith(quote, opening):
                closing = self._closing(block, opening + len(quote))
                if closing < 0:
                    return Record(OPEN, [], begins)
                fields.append(self._quoted(block[opening + len(quote) : closing]))
                at = closing + len(quote)
                if self.dialect.trim_right:
                    at = self._skip(block, at)
                if not self.dialect.feed_only and block.startswith(b"\r\n", at):
                    at += 1
                if not block.startswith((sep, b"\n"), at):
                    return Record(BROKEN, [], begins)
                end = at
            else:
                end = next(self.stop.finditer(block, at)).start()
                field = block[at : end - (self._returns(block, at, end) if block[end] == 0x0A else 0)]
                if not self.dialect.feed_only and b"\r" in field:
                    kind = TORN
                fields.append(self._value(field))
            if block[end] == 0x0A:
                return Record(kind, fields, end + 1)
            at = end + len(sep)

    def _skip(self, block: bytes, at: int) -> int:
        """The first place that holds no blank."""
        blanks = self.dialect.blanks
        while block[at] in blanks:
            at += 1
        return at

    def _closing(self, block: bytes, at: int) -> int:
        """Where the quote is that ends a field whose text begins at a place, or −1."""
        _, quote, escape, _ = self.signs
        if not escape:
            at = block.find(quote, at)
            while at >= 0 and block.startswith(quote, at + len(quote)):
                at = block.find(quote, at + 2 * len(quote))
            return at
        special = (found for found in self.special.finditer(block, at) if found[1] is None)
        return next((found.start() for found in special), -1)

    def _quoted(self, text: bytes) -> bytes | None:
        """A field that was in quotes."""
        _, quote, escape, _ = self.signs
        text = self.escaped.sub(rb"\1", text) if escape else text.replace(quote * 2, quote)
        return None if not text and self.dialect.empty_text == "null" else text
