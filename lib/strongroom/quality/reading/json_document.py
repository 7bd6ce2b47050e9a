"""A JSON document as rows: a file that is one array of objects, or one object.

Where an element begins and ends is told by quotes and brackets alone, in whole chunks. That may be trusted as long as
the document has the structure of JSON (RFC 8259: brackets in pairs, commas and colons in their places, strings
closed), so an element that is no row is looked at for it. An element of good structure that is bad in what it holds
(bytes, doubled names, `NaN`) is torn alone; a fault in the structure breaks the document from that byte on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.quality.reading.blocks import Block, Numbers, Seen
from strongroom.quality.reading.json_lines import WINDOW, block_of, without_breaks

_CHUNK = 1 << 20
_BLANKS = b" \t\r\n"
_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_MARKS = _STEP != 0
_MARKS[ord(",")] = True
_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<mark>[{}\[\],:])|(?P<word>[^ \t\r\n{}\[\],:"]+))', re.DOTALL
)


def json_document(data: bytes, columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    """The elements of a document's array, or its one object, as rows, numbered from 1.

    Args:
        data: the whole file, UTF-8 without a byte order mark.
        columns: of the contract.
        seen: is counted up; `broken` is the byte where the document stops being one. Blocks given before are not to be
            trusted then.

    Yields:
        Blocks of about 4 MB; `raw` has the bytes of each element, without blanks around it.
    """
    seen.lines = data.count(b"\n") + (not data.endswith(b"\n") and len(data) > 0)
    yield from _blocks(data, columns, seen)
    if seen.broken is not None:
        seen.broken_line = data.count(b"\n", 0, seen.broken) + 1


def _blocks(data: bytes, columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    for spans in _batches(elements(data, seen), seen):
        raw = pa.array([data[begin:end] for begin, end in spans], pa.binary())
        block = block_of(without_breaks(raw), raw, columns, seen)
        for number in block.torn.numbers if block.torn is not None else ():
            begin, end = spans[int(number) - (seen.records - len(spans)) - 1]
            fault = fault_in(data[begin:end])
            if fault is not None:
                seen.broken = begin + fault
                return
        yield block


Span = tuple[int, int]


def _batches(elements: Iterator[Span], seen: Seen) -> Iterator[list[Span]]:
    """Elements in lists of about WINDOW bytes."""
    batch: list[Span] = []
    size = 0
    for begin, end in elements:
        if batch and size + end - begin > WINDOW:
            yield batch
            batch, size = [], 0
        batch.append((begin, end))
        size += end - begin
    if batch and seen.broken is None:
        yield batch


def elements(data: bytes, seen: Seen) -> Iterator[Span]:
    """Begin and end of each element; sets `seen.broken` where the document has none."""
    begin = _past_blanks(data, 0)
    if data[begin : begin + 1] not in (b"[", b"{"):
        seen.broken = begin
        return
    array = data[begin : begin + 1] == b"["
    scan = _Scan(data, array=array)
    start, empty = begin + array, True
    for place in scan.cuts(begin):
        if not array:
            yield begin, place + 1
            break
        span = _trimmed(data, start, place)
        if span[0] < span[1]:
            yield span
        last = place == scan.closed
        if (span[0] == span[1] and not (last and empty)) or (last and data[place] != ord("]")):
            seen.broken = place
            return
        start, empty = place + 1, False
    if scan.closed is None:  # what stands there last is no value, or the file ends behind it
        fault = fault_in(data[start:])
        seen.broken = len(data) if fault is None else start + fault
    elif (rest := _past_blanks(data, scan.closed + 1)) < len(data):
        seen.broken = rest


@dataclass(slots=True)
class _Scan:
    """Goes over a document in chunks. `closed` is the byte of the bracket that ends it, once it was seen."""

    data: bytes
    array: bool
    closed: int | None = None
    depth: int = 0
    inside: bool = False
    slashes: int = 0

    def cuts(self, begin: int) -> Iterator[int]:
        """The commas between elements, and the bracket that ends the document."""
        for at in range(begin, len(self.data), _CHUNK):
            chunk = np.frombuffer(self.data, np.uint8, min(_CHUNK, len(self.data) - at), at)
            yield from (at + place for place in self._in(chunk, at))
            if self.closed is not None:
                return

    def _in(self, chunk: np.ndarray, at: int) -> list[int]:
        quotes = self._quotes(chunk)
        marks = np.nonzero(_MARKS[chunk])[0]
        odd = np.searchsorted(quotes, marks) % 2 == 1
        marks = marks[odd == self.inside]
        self.inside ^= len(quotes) % 2 == 1
        steps = _STEP[chunk[marks]].astype(np.int64)
        depths = np.cumsum(steps) + self.depth
        self.depth = int(depths[-1]) if len(depths) else self.depth
        ends = np.nonzero((depths == 0) & (steps < 0))[0]
        cut = (depths == 1) & (steps == 0) & self.array
        if len(ends):
            self.closed = at + int(marks[ends[0]])
            cut[ends[0]] = True
            cut[ends[0] + 1 :] = False
        places: list[int] = marks[cut].tolist()
        return places

    def _quotes(self, chunk: np.ndarray) -> Numbers:
        """The quotes that no backslash takes away; a run of backslashes may begin in the chunk before."""
        quotes = np.nonzero(chunk == ord('"'))[0]
        other = np.nonzero(chunk != ord("\\"))[0]
        before = np.searchsorted(other, quotes) - 1
        run = np.where(before >= 0, quotes - 1 - other[before], quotes + self.slashes) if len(other) else quotes
        trailing = len(chunk) - 1 - int(other[-1]) if len(other) else len(chunk) + self.slashes
        self.slashes = trailing % 2
        plain: Numbers = quotes[run % 2 == 0]
        return plain


def _past_blanks(data: bytes, place: int) -> int:
    while data[place : place + 1] in (b" ", b"\t", b"\r", b"\n"):
        place += 1
    return place


def _trimmed(data: bytes, begin: int, end: int) -> Span:
    """A span without the blanks around it."""
    begin = min(_past_blanks(data, begin), end)
    while end > begin and data[end - 1] in _BLANKS:
        end -= 1
    return begin, end


def fault_in(element: bytes) -> int | None:
    """The byte at which a text leaves the structure of one JSON value, or None.

    Any word passes for a number, and strings may hold anything: only where values begin and end is looked at.
    """
    place, open_, expected = 0, bytearray(), "value"
    while place < len(element):
        token = _TOKEN.match(element, place)
        if token is None:
            return None if not element[place:].strip(_BLANKS) and expected == "end" else _past_blanks(element, place)
        start, place = token.start(token.lastgroup or 0), token.end()
        following = _after(token, expected, open_)
        if following is None:
            return start
        expected = following
    return None if expected == "end" else len(element)


def _after(token: re.Match[bytes], expected: str, open_: bytearray) -> str | None:
    """What may come behind a token where `expected` was to come; None when the token may not stand there."""
    mark, whole = token["mark"], "end" if not open_ else "more"
    if mark is None:
        if expected in ("value", "first"):
            return whole
        return "colon" if expected in ("name", "first name") and token["text"] is not None else None
    if mark in (b"{", b"[") and expected in ("value", "first"):
        open_ += mark
        return "first name" if mark == b"{" else "first"
    if mark in (b"}", b"]") and open_ and open_[-1] == mark[0] - 2:
        if expected != "more" and expected != ("first name" if mark == b"}" else "first"):
            return None
        open_.pop()
        return "end" if not open_ else "more"
    if mark == b":":
        return "value" if expected == "colon" else None
    if mark == b"," and expected == "more":
        return "name" if open_[-1] == ord("{") else "value"
    return None
