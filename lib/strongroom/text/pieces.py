"""Texts by their letters and digits alone: what stands between two of them is compared by how much it is, not what."""

import re
from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from strongroom.text.letters import points, seen
from strongroom.text.persons import simple

BETWEEN = 3
"""Signs that may stand between two pieces of one value."""
_SCRIPTS = (
    (0x0E00, 0x0F00), (0x1000, 0x10A0), (0x1100, 0x1200), (0x1780, 0x1800), (0x2E80, 0x3000), (0x3005, 0x3008),
    (0x3040, 0xA000), (0xA960, 0xA980), (0xAC00, 0xD800), (0xF900, 0xFB00), (0x20000, 0x40000),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, Hangul, kana and ideographs: no blank tells where a word ends."""
_PIECE = re.compile(rb"[a-z\x80-\x82]+|[0-9]+")


class Pieces(NamedTuple):
    """Runs of letters, and runs of digits; of a script without word borders each character.

    Args:
        starts: of each in its text.
        ends: of each in its text.
        signs: the letters of all as they are compared, without what stands between.
        offsets: where each begins in `signs`, and where the last one ends.
        gaps: of each how many gaps before it are too wide.
    """

    starts: list[int]
    ends: list[int]
    signs: bytes
    offsets: list[int]
    gaps: list[int]

    def last(self, at: int, offset: int) -> int:
        """The piece that ends at an offset, if nothing but few signs stand between the pieces up to it; else -1."""
        past = bisect_left(self.offsets, offset, at + 1)
        whole = past < len(self.offsets) and self.offsets[past] == offset
        return past - 1 if whole and self.gaps[past - 1] == self.gaps[at] else -1


def pieces(text: str, lower: bytes, kinds: np.ndarray) -> Pieces:
    """The pieces of a text, which is given as it is, as it is seen in small letters, and by the kinds of its signs."""
    sort = np.where(kinds == 3, 2, kinds > 0).astype(np.int8)
    edge = np.diff(sort, prepend=0, append=0) != 0
    ascii_only = text.isascii()
    if not ascii_only:
        alone = _without_borders(points(text)) & (sort > 0)
        edge[:-1] |= alone
        edge[1:] |= alone
    edges = np.flatnonzero(edge)
    starts = edges[:-1][sort[edges[:-1]] > 0] if len(edges) else edges
    ends = edges[1:][sort[edges[:-1]] > 0] if len(edges) else edges
    gaps = np.cumsum(np.concatenate(([0], starts[1:] - ends[:-1] > BETWEEN)))[: len(starts)]
    firsts, lasts = starts.tolist(), ends.tolist()
    if ascii_only:
        signs = np.frombuffer(lower, np.uint8)[sort > 0].tobytes()
        lengths = ends - starts
    else:
        keys = [_key(text, lower, start, end) for start, end in zip(firsts, lasts, strict=True)]
        signs, lengths = b"".join(keys), np.array([len(key) for key in keys], np.int64)
    return Pieces(firsts, lasts, signs, np.concatenate(([0], np.cumsum(lengths))).tolist(), gaps.tolist())


def _without_borders(letters: np.ndarray) -> np.ndarray:
    found = np.zeros(len(letters), np.bool_)
    for start, end in _SCRIPTS:
        found |= (letters >= start) & (letters < end)
    return found


def _key(text: str, lower: bytes, start: int, end: int) -> bytes:
    piece = lower[start:end]
    return piece if piece.isascii() else _letters(text[start:end])


@lru_cache(1 << 15)
def _letters(text: str) -> bytes:
    return simple(text).encode()


class Letters(NamedTuple):
    """A value by its pieces.

    Args:
        keys: of each piece the letters as they are compared.
        cased: of each piece the letters as they are seen.
        borderless: whether each is in a script without word borders.
    """

    keys: tuple[bytes, ...]
    cased: tuple[bytes, ...]
    borderless: bool

    @property
    def signs(self) -> int:
        return sum(map(len, self.cased))

    def until(self, most: int) -> "Letters":
        """As many pieces as have no more letters than this."""
        if self.signs <= most:
            return self
        count = int(np.searchsorted(np.cumsum([len(each) for each in self.cased]), most, "right"))
        return self._replace(keys=self.keys[:count], cased=self.cased[:count])

    def turned(self, by: int) -> "Letters":
        """The same with the first pieces, or the last ones, at the other end."""
        return self._replace(keys=self.keys[by:] + self.keys[:by], cased=self.cased[by:] + self.cased[:by])


def letters_of(value: str) -> Letters:
    """A value, without marks of its own, by its pieces."""
    cased = seen(value)
    lower = cased.lower()
    places = [match.span() for match in _PIECE.finditer(lower)]
    borderless = False
    if not value.isascii():
        alone = _without_borders(points(value)).tolist()
        borderless = bool(places) and all(all(alone[start:end]) for start, end in places)
        places = [(first, last) for start, end in places for first, last in _apart(start, end, alone)]
    keys = tuple(_key(value, lower, start, end) for start, end in places)
    return Letters(keys, tuple(cased[start:end] for start, end in places), borderless)


def _apart(start: int, end: int, alone: list[bool]) -> list[tuple[int, int]]:
    edges = [at for at in range(start + 1, end) if alone[at] or alone[at - 1]]
    return list(zip([start, *edges], [*edges, end], strict=True))
