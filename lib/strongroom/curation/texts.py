"""Rows of text as one run of code points, with what the rules ask of it: its words, its lines, and their hashes.

Words are cut as spaCy's English tokenizer cuts them, as far as that goes without its lists: signs at the edges of what
stands between blanks are words of their own, `don't` is two, `well-known` three, and `3.50` or a web address one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.curation.characters import BREAK, DIGIT, EDGE, LETTER, SPACE, UPPER, kinds

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SIZE = 1 << 18
"""Characters of a block, unless one row is longer."""
_POINT, _COMMA, _DASH, _SLASH, _COLON = map(ord, ".,-/:")
_APOSTROPHES = tuple(map(ord, "'’"))
_INFIX = tuple(map(ord, ":<>=/"))
_DASHES = tuple(map(ord, "-–—~"))


@dataclass(frozen=True, slots=True)
class Parts:
    """Pieces of the rows, in order: where each starts and ends, and the row (by its place in the block) it is of."""

    starts: Numbers
    ends: Numbers
    row: Numbers

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> Numbers:
        return self.ends - self.starts

    def pick(self, which: Flags) -> Parts:
        """Some of them."""
        return Parts(self.starts[which], self.ends[which], self.row[which])


@dataclass
class Texts:
    """Some rows, joined by one line end each. All offsets are code points of `text`."""

    text: str
    starts: Numbers
    ends: Numbers

    @classmethod
    def of(cls, rows: list[str]) -> Texts:
        """The rows as one block."""
        ends = np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)) + 1) - 1
        return cls("\n".join(rows) + "\n\n\n", np.concatenate(([0], ends[:-1] + 1)).astype(np.int64), ends)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def lengths(self) -> Numbers:
        return self.ends - self.starts

    @cached_property
    def points(self) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
        """Code points; bytes where all are ASCII."""
        if self.text.isascii():
            return np.frombuffer(self.text.encode("ascii"), np.uint8)
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        return kinds()[self.points]

    @cached_property
    def lower(self) -> str:
        """In small letters, each character for itself, so that a place stays a place."""
        low = self.text.lower()
        if len(low) == len(self.text):
            return low
        return "".join(low if len(low := each.lower()) == 1 else each for each in self.text)

    def is_kind(self, kind: int) -> Flags:
        """Which characters are of a kind."""
        return np.asarray((self.kinds & kind) != 0)

    def rows_at(self, places: Numbers) -> Numbers:
        """The row of each place."""
        return np.searchsorted(self.starts, places, "right") - 1

    def per_row(self, rows: Numbers, weights: npt.NDArray[np.generic] | None = None) -> npt.NDArray[np.float64]:
        """How many, or how much, each row has."""
        return np.bincount(rows, weights, len(self)).astype(np.float64)

    def counted(self, flags: Flags) -> npt.NDArray[np.int32]:
        """How many are true before each place: a difference counts those of a piece."""
        found = np.zeros(len(flags) + 1, np.int32)
        np.cumsum(flags, out=found[1:])
        return found

    def places(self, phrase: str, *, lower: bool = False) -> Numbers:
        """Where a phrase stands."""
        text, found, at = self.lower if lower else self.text, list[int](), -1
        while (at := text.find(phrase, at + 1)) >= 0:
            found.append(at)
        return np.array(found, np.int64)

    @property
    def whole(self) -> Parts:
        """Each row as one piece."""
        return Parts(self.starts, self.ends, np.arange(len(self)))

    @cached_property
    def chunks(self) -> Parts:
        """What stands between blanks."""
        return self.runs(~self.is_kind(SPACE))

    def runs(self, flags: Flags) -> Parts:
        """Each run of such characters."""
        edges = np.flatnonzero(np.diff(flags.view(np.int8), prepend=0, append=0))
        return Parts(edges[::2], edges[1::2], self.rows_at(edges[::2]))

    @cached_property
    def words(self) -> Parts:
        """Words and signs, as the head of this file says."""
        begins = np.zeros(len(self.points) + 1, bool)
        chunks = self.chunks
        if len(chunks) == 0:
            return chunks
        self._at_the_edges(begins, chunks)
        begins[chunks.starts] = True
        starts = np.flatnonzero(begins)
        full = ~self.is_kind(SPACE)
        starts = starts[full[np.minimum(starts, len(full) - 1)]]
        ends = np.concatenate((starts[1:], [len(full)]))
        chunk = np.searchsorted(chunks.starts, starts, "right") - 1
        return Parts(starts, np.minimum(ends, chunks.ends[chunk]), chunks.row[chunk])

    def _at_the_edges(self, begins: Flags, chunks: Parts) -> None:
        """Marks where a word begins within what stands between blanks."""
        points, size = self.points, len(self.points)
        letter, digit, upper = self.is_kind(LETTER), self.is_kind(DIGIT), self.is_kind(UPPER)
        full = ~self.is_kind(SPACE)
        edge = self.is_kind(EDGE)
        # A run of points at an edge is one sign, and so is each other sign there.
        point = points == _POINT
        before = _shifted(point, 1)
        after = _shifted(point, -1)
        dots = point & (before | after)
        prefix = edge | dots
        first = _next(~prefix & full, size)[chunks.starts]
        first = np.minimum(first, chunks.ends)
        lower_or_digit = (letter & ~upper) | digit | edge | ((points == _DASH) | (points == ord("+")))
        twice = upper & _shifted(upper, 1)
        ending = edge | dots | (point & (_shifted(lower_or_digit, 1) | _shifted(twice, 1)))
        last = _previous(~ending & full, size)[chunks.ends - 1] + 1
        last = np.maximum(last, first)
        inside = np.zeros(size + 1, np.int8)
        np.add.at(inside, first[first < last], 1)
        np.add.at(inside, last[first < last], -1)
        core = np.cumsum(inside[:-1], dtype=np.int32) > 0
        rim = full & ~core
        alone = rim & ~(dots & before)
        begins[:-1] |= alone
        begins[first[first < chunks.ends]] = True
        begins[last[last < chunks.ends]] = True
        within = core & _shifted(core, 1)
        self._inside(begins, within, letter=letter, digit=digit, upper=upper, dots=dots, last=last, chunks=chunks)

    def _inside(
        self, begins: Flags, within: Flags, *, letter: Flags, digit: Flags, upper: Flags, dots: Flags, last: Numbers,
        chunks: Parts,
    ) -> None:  # fmt: skip
        """Marks where a word begins in the middle of one: at a dash between letters, at an apostrophe, and the like."""
        points = self.points
        left, right = _shifted(letter, 1), _shifted(letter, -1)
        either = left | _shifted(digit, 1)
        sign = _any(points, _DASHES) & either & right
        sign |= (points == _COMMA) & left & right
        sign |= _any(points, _INFIX) & either & right
        sign |= (points == _POINT) & left & ~_shifted(upper, 1) & _shifted(upper, -1)
        colon = np.flatnonzero(points == _COLON)
        webs = colon[(points[colon + 1] == _SLASH) & (points[colon + 2] == _SLASH)]
        if len(webs):
            in_web = np.zeros(len(chunks), bool)
            in_web[np.searchsorted(chunks.starts, webs, "right") - 1] = True
            for start, end in zip(chunks.starts[in_web], chunks.ends[in_web], strict=True):
                sign[start:end] = False
        sign &= within
        begins[:-1] |= sign | (dots & within & ~_shifted(dots, 1))
        begins[1:] |= sign | (dots & within & ~_shifted(dots, -1))
        marks = np.flatnonzero(_any(points, _APOSTROPHES) & within & left & right)
        if len(marks):
            chunk = np.searchsorted(chunks.starts, marks, "right") - 1
            left_over = last[chunk] - marks
            short = marks[(left_over >= 2) & (left_over <= 3)]
            negated = (_any(points[short - 1], (110, 78))) & (_any(points[short + 1], (116, 84)))
            begins[short - negated] = True

    @cached_property
    def hashes(self) -> Hashes:
        """A hash of each word, by its characters."""
        return self.hashes_of(self.words)

    def hashes_of(self, parts: Parts, *, base: int = 0x9E3779B97F4A7C15) -> Hashes:
        """A hash of each piece: that of a polynomial over its characters, modulo 2^64."""
        powers, inverse = _powers(len(self.points) + 1, base)
        sums = np.zeros(len(self.points) + 1, np.uint64)
        np.cumsum((self.points.astype(np.uint64) + np.uint64(1)) * powers[:-1], out=sums[1:])
        found = (sums[parts.ends] - sums[parts.starts]) * inverse[parts.starts]
        return mixed(found ^ (parts.lengths.astype(np.uint64) << np.uint64(40)))

    @cached_property
    def split_lines(self) -> Parts:
        """As `str.splitlines`: cut at whatever ends a line, CR LF once, and no empty line at a row's end."""
        breaks = self.is_kind(BREAK)
        pair = (self.points == 10) & _shifted(self.points == 13, 1)
        lines = self._cut(breaks)
        # The second half of a pair begins and ends an empty line of no text: not one.
        second = pair[np.minimum(lines.ends, len(pair) - 1)] & (lines.starts == lines.ends) & (lines.starts > 0)
        at_end = (lines.starts == lines.ends) & (lines.ends == self.ends[lines.row])
        return lines.pick(~second & ~at_end)

    @cached_property
    def newline_lines(self) -> Parts:
        """Cut at each LF, empty lines left in."""
        return self._cut(self.points == 10)

    def _cut(self, breaks: Flags) -> Parts:
        cuts = breaks[: int(self.ends[-1]) + 1].copy()
        cuts[self.ends] = True
        ends = np.flatnonzero(cuts)
        starts = np.concatenate(([0], ends[:-1] + 1))
        return Parts(starts, ends, self.rows_at(starts))

    def between(self, breaks: Flags, *, least: int, within: Parts) -> Parts:
        """Rows, as far as they are `within`, cut at each run of so many breaks at least."""
        inside = breaks.copy()
        inside[self.ends] = False
        edges = np.flatnonzero(np.diff(inside.view(np.int8), prepend=0, append=0))
        starts, ends = edges[::2], edges[1::2]
        row = self.rows_at(starts)
        real = (ends - starts >= least) & (starts >= within.starts[row]) & (ends <= within.ends[row])
        begins = np.sort(np.concatenate((within.starts, ends[real])))
        return Parts(begins, np.sort(np.concatenate((starts[real], within.ends))), self.rows_at(begins))

    @cached_property
    def next_full(self) -> Numbers:
        """From each place, the first one from there on that is no blank."""
        return _next(~self.is_kind(SPACE), len(self.points))

    @cached_property
    def previous_full(self) -> Numbers:
        """From each place, the last one up to there that is no blank; -1 where there is none."""
        return _previous(~self.is_kind(SPACE), len(self.points))

    def stripped(self, lines: Parts) -> Parts:
        """Without blanks at their ends; a blank line is empty."""
        starts = np.minimum(self.next_full[lines.starts], lines.ends)
        ends = np.maximum(self.previous_full[np.maximum(lines.ends - 1, 0)] + 1, starts)
        return Parts(starts, np.where(lines.starts < lines.ends, ends, starts), lines.row)

    def ends_with(self, parts: Parts, phrase: str) -> Flags:
        """Which pieces end with a phrase."""
        found = parts.lengths >= len(phrase)
        for place, sign in enumerate(reversed(phrase), 1):
            found &= self.points[np.maximum(parts.ends - place, 0)] == ord(sign)
        return found


def repeated(keys: Hashes, rows: Numbers) -> tuple[npt.NDArray[np.int64], Flags]:
    """How often each key stands in its row, and whether it stood there before."""
    own = mixed(keys + rows.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93))
    order = np.argsort(own, kind="stable")
    first = np.ones(len(own), bool)
    ordered = own[order]
    first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(own)))
    times, again = np.empty(len(own), np.int64), np.empty(len(own), bool)
    times[order], again[order] = np.repeat(counts, counts), ~first
    return times, again


def blocks(texts: pa.Array) -> Iterator[tuple[int, Texts]]:
    """The texts (null is empty) in blocks of about SIZE characters, each with the number of its first row."""
    held, length, first = list[str](), 0, 0
    for row, text in enumerate(texts.to_pylist()):
        if held and length + len(text or "") > SIZE:
            yield first, Texts.of(held)
            held, length, first = [], 0, row
        held.append(text or "")
        length += len(text or "") + 1
    if held:
        yield first, Texts.of(held)


def mixed(hashes: Hashes) -> Hashes:
    """Each hash with its bits mixed (splitmix64)."""
    found = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))


_POWERS: dict[int, tuple[Hashes, Hashes]] = {}


def _powers(size: int, base: int) -> tuple[Hashes, Hashes]:
    """Powers of a base, and of its inverse modulo 2^64; kept for as long as no text is longer."""
    have = _POWERS.get(base)
    if have is None or len(have[0]) < size:
        room = max(size, SIZE + (1 << 12))
        have = _POWERS[base] = (_row_of_powers(base, room), _row_of_powers(pow(base, -1, 1 << 64), room))
    return have[0][:size], have[1][:size]


def _row_of_powers(base: int, size: int) -> Hashes:
    factors = np.full(size, base & (1 << 64) - 1, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def _shifted(flags: Flags, by: int) -> Flags:
    """What stands before each place (1), or after it (-1); nothing stands beyond the ends."""
    found = np.zeros_like(flags)
    if by > 0:
        found[by:] = flags[:-by]
    else:
        found[:by] = flags[-by:]
    return found


def _any(points: npt.NDArray[np.generic], wanted: tuple[int, ...]) -> Flags:
    found = np.zeros(len(points), bool)
    for point in wanted:
        if point < 256 or points.dtype.itemsize > 1:
            found |= points == point
    return found


def _next(flags: Flags, size: int) -> Numbers:
    places = np.where(flags, np.arange(size), size)
    return np.minimum.accumulate(places[::-1])[::-1]


def _previous(flags: Flags, size: int) -> Numbers:
    return np.maximum.accumulate(np.where(flags, np.arange(size), -1))
