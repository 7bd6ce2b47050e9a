"""Some texts, seen as one run of bytes, with what all recognisers ask of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from strongroom.text.disguises import plainly
from strongroom.text.letters import OTHER, ROW, Seen, seen
from strongroom.text.lexicon import Lexicon, Phrases, plain
from strongroom.text.pieces import Pieces, pieces

SIZE = 1 << 18
"""Characters of a block, unless one row is longer."""

_BORDER = "\n\x00\n"

_KIND = np.zeros(256, np.uint8)  # 1 capital, 2 other letter, 3 digit, 4 mark
_KIND[65:91] = 1
_KIND[97:123] = 2
_KIND[48:58] = 3
_KIND[0x80], _KIND[0x81], _KIND[0x82] = 1, 2, 4
KIND_OF = _KIND


@dataclass
class Block:
    """Texts joined by a border that no pattern crosses. All offsets are characters of `text`."""

    places: np.ndarray
    """Place of each text in the array."""
    rows: list[int]
    """Row of each text: what is found in one is looked for in all of its row."""
    starts: np.ndarray
    ends: np.ndarray
    bare: dict[int, Seen]
    """Of each text with marks of its own, disguised letters and the like, where the letters stand that are seen
    (`disguises.plainly`)."""
    text: str
    cased: bytes
    lexicon: Lexicon
    _contexts: dict[int, dict[str, tuple[list[int], list[int]]]] = field(default_factory=dict)

    @cached_property
    def lower(self) -> bytes:
        return self.cased.lower()

    @cached_property
    def plain(self) -> bytes:
        return plain(self.lower)

    @cached_property
    def kinds(self) -> np.ndarray:
        return KIND_OF[np.frombuffer(self.cased, np.uint8)]

    @cached_property
    def words(self) -> tuple[list[int], list[int]]:
        """Start and end of each run of letters with their marks; those with a digit are codes."""
        starts, ends = runs(self.kinds > 0)
        digits = np.concatenate(([0], np.cumsum(self.kinds == 3)))
        none = digits[ends] == digits[starts]
        return starts[none].tolist(), ends[none].tolist()

    @cached_property
    def pieces(self) -> Pieces:
        """Runs of letters and runs of digits."""
        return pieces(self.text, self.lower, self.kinds)

    @cached_property
    def codes(self) -> tuple[list[int], list[int]]:
        """Start and end of each run of letters and digits that holds a digit."""
        starts, ends = runs(self.kinds > 0)
        digits = np.concatenate(([0], np.cumsum(self.kinds == 3)))
        some = digits[ends] > digits[starts]
        return starts[some].tolist(), ends[some].tolist()

    @cached_property
    def text_starts(self) -> list[int]:
        return [int(start) for start in self.starts]

    def text_at(self, place: int) -> int:
        """Which of the texts a place lies in."""
        return bisect_right(self.text_starts, place) - 1

    def within(self, number: int, start: int, end: int) -> tuple[int, int]:
        """Places of the block as places in the text itself."""
        first = self.text_starts[number]
        start, end = start - first, min(end, int(self.ends[number])) - first
        places = self.bare.get(number)
        return (start, end) if places is None else (int(places[0][start]), int(places[1][end - 1]))

    def row_at(self, place: int) -> int:
        return self.rows[bisect_right(self.text_starts, place) - 1]

    def phrases(self, phrases: Phrases) -> dict[str, tuple[list[int], list[int]]]:
        """Starts and ends of the phrases of each kind."""
        known = self._contexts.get(id(phrases))
        if known is None:
            start, end, bits = phrases.matches(self.plain)
            known = {}
            for place, kind in enumerate(phrases.kinds):
                of = (bits >> place) & 1 == 1
                known[kind] = (start[of].tolist(), end[of].tolist())
            self._contexts[id(phrases)] = known
        return known

    def near(self, kind: str, start: int, end: int, *, before: int = 40, after: int = 0) -> bool:
        """Whether a phrase of this kind stands before a place or after it, in the same row."""
        starts, ends = self.phrases(self.lexicon.beside_numbers)[kind]
        at = bisect_right(ends, start) - 1
        if at >= 0 and start - ends[at] <= before and b"\x84" not in self.cased[ends[at] : start]:
            return True
        if after:
            at = bisect_left(starts, end)
            return at < len(starts) and starts[at] - end <= after and b"\x84" not in self.cased[end : starts[at]]
        return False

    def distance(self, kind: str, start: int) -> int:
        """Characters between the last phrase of this kind in the row and a place; very many where there is none."""
        ends = self.phrases(self.lexicon.beside_numbers)[kind][1]
        at = bisect_right(ends, start) - 1
        if at < 0 or start - ends[at] > 60 or b"\x84" in self.cased[ends[at] : start]:
            return 1 << 30
        return start - ends[at]


def runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each run of true."""
    edges = np.flatnonzero(np.diff(mask.view(np.int8), prepend=0, append=0))
    return edges[::2], edges[1::2]


def blocks(texts: Iterable[str | None], lexicon: Lexicon, rows: Sequence[int] | None = None) -> Iterator[Block]:
    """The texts that hold anything, in blocks of about SIZE characters; a longer row has a block of its own.

    Args:
        texts: texts; those of a row follow each other.
        lexicon: what is known of words.
        rows: the row of each text; a text is a row of its own where it is None.
    """
    places: list[int] = []
    held: list[str] = []
    length = 0
    for place, text in enumerate(texts):
        if not text:
            continue
        if held and length + len(text) > SIZE and (rows is None or rows[place] != rows[places[-1]]):
            yield _block(places, held, lexicon, rows)
            places, held, length = [], [], 0
        places.append(place)
        held.append(text)
        length += len(text) + len(_BORDER)
    if held:
        yield _block(places, held, lexicon, rows)


def _block(places: list[int], texts: list[str], lexicon: Lexicon, rows: Sequence[int] | None) -> Block:
    places_of: dict[int, Seen] = {}
    for number, text in enumerate(texts):
        texts[number], seen_at = plainly(text)
        if seen_at is not None:
            places_of[number] = seen_at
    lengths = np.array([len(text) for text in texts], np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths + len(_BORDER))[:-1]))
    text = _BORDER.join(texts)
    view = bytearray(seen(text).replace(b"\x00", bytes([OTHER])))
    np.frombuffer(view, np.uint8)[(starts[1:] - 2)] = ROW
    of_row = places if rows is None else [rows[place] for place in places]
    return Block(np.array(places, np.int64), of_row, starts, starts + lengths, places_of, text, bytes(view), lexicon)
