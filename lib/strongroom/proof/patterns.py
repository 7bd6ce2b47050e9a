"""All patterns of a search at once: where any of them stands in some bytes.

Each pattern has a key, 8 of its bytes. Wherever it stands, one of the words of 4 bytes that begin at a multiple of four
lies within its key: so only these words are looked up, then the keys around those that are known, and only what is left
is compared. Aho and Corasick's automaton reads blocks in which too much is left. Why: docs/decisions/proof.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_BLOCK = 1 << 18
_BITS = 22
"""Of the table in which words are looked up at first."""
_DENSE = 256
"""Bytes for each of which comparing one more place costs as much as the automaton."""
_FEW = 64
"""Places that are compared in any case."""
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_MIX32 = np.uint32(0x9E37_79B1)
_STEP = 4


class Match(NamedTuple):
    """Where a pattern stands: its number, its first byte, and the byte after its last."""

    pattern: int
    start: int
    end: int


class Patterns:
    """Patterns that are looked for together.

    Args:
        patterns: different from each other, each of 6 bytes or more.
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self.patterns = patterns
        self.longest = max(map(len, patterns), default=0)
        sized = {8: [], 6: []}  # type: dict[int, list[int]]
        for number, pattern in enumerate(patterns):
            sized[8 if len(pattern) >= 8 else 6].append(number)
        self._keys = [_Keys(patterns, numbers, size) for size, numbers in sized.items() if numbers]

    def find(self, data: np.ndarray) -> Iterator[Match]:
        """Every place of every pattern in bytes (uint8), the overlapping ones too; in no order."""
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK + self.longest - 1]
            for match in self._in_block(block):
                if match.start < _BLOCK:
                    yield Match(match.pattern, match.start + start, match.end + start)

    def _in_block(self, block: np.ndarray) -> Iterable[Match]:
        places = [keys.places(block) for keys in self._keys]
        if sum(map(len, places)) > max(_FEW, len(block) // _DENSE):
            return self.by_automaton(block)
        return {match for keys, found in zip(self._keys, places, strict=True) for match in keys.compared(block, found)}

    def by_automaton(self, block: Any) -> Iterator[Match]:
        """The same by the automaton alone."""
        for number, start, end in self._automaton.find_matches_as_indexes(block, overlapping=True):
            yield Match(number, start, end)

    @cached_property
    def _automaton(self) -> BytesAhoCorasick:
        kind = Implementation.ContiguousNFA
        return BytesAhoCorasick(self.patterns, matchkind=MatchKind.Standard, implementation=kind)


class _Keys:
    """The keys of patterns that are no shorter than one.

    Args:
        patterns: all.
        numbers: those that have keys of this size.
        size: bytes of a key: 8, or 6.
    """

    def __init__(self, patterns: Sequence[bytes], numbers: Sequence[int], size: int) -> None:
        self._patterns, self._size = patterns, size
        self._mask = np.uint64((1 << 8 * size) - 1)
        self._word = np.uint32((1 << 8 * (size - _STEP + 1)) - 1) if size < 7 else np.uint32(0xFFFF_FFFF)
        self._of: dict[int, list[tuple[int, int]]] = {}
        shared = Counter(key for number in numbers for key in set(_grams(patterns[number], size)))
        for number in numbers:
            grams = _grams(patterns[number], size)
            at = min(range(len(grams)), key=lambda at: shared[grams[at]])
            self._of.setdefault(int.from_bytes(grams[at], "little"), []).append((number, at))
        self._sorted = np.sort(np.fromiter(self._of, np.uint64, len(self._of)))
        self._known = np.zeros(1 << _BITS, np.bool_)
        self._known[self._hashed(self._sorted)] = True
        self._words = np.zeros(1 << _BITS, np.bool_)
        for before in range(_STEP):
            words = (self._sorted >> np.uint64(8 * before)).astype(np.uint32) & self._word
            self._words[_hashed(words)] = True

    def places(self, block: np.ndarray) -> np.ndarray:
        """Where in a block a key stands."""
        if self._size < 8:  # the last key ends before what is read of it
            block = np.concatenate([block, np.zeros(8 - self._size, np.uint8)])
        count = len(block) // _STEP
        words = np.frombuffer(block[: count * _STEP], "<u4", count)
        if self._size < 7:
            words = words & self._word
        found = np.flatnonzero(self._words[_hashed(words)]) * _STEP
        if not len(found):
            return found
        last = len(block) - 8
        if last < 0:
            return found[:0]
        view = np.ndarray((last + 1,), "<u8", block, strides=(1,))
        kept = []
        for before in range(_STEP):
            at = found - before
            kept.append(self._standing(view, at[(at >= 0) & (at <= last)]))
        return np.concatenate(kept)

    def _standing(self, view: np.ndarray, at: np.ndarray) -> np.ndarray:
        keys = view[at] & self._mask
        maybe = np.flatnonzero(self._known[self._hashed(keys)])
        keys = keys[maybe]
        place = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        standing: np.ndarray = at[maybe[self._sorted[place] == keys]]
        return standing

    def compared(self, block: np.ndarray, places: np.ndarray) -> Iterator[Match]:
        """The patterns that stand at these places as a whole."""
        for place in places.tolist():
            key = int.from_bytes(block[place : place + self._size].tobytes(), "little")
            for number, before in self._of[key]:
                pattern, start = self._patterns[number], place - before
                if start >= 0 and block[start : start + len(pattern)].tobytes() == pattern:
                    yield Match(number, start, start + len(pattern))

    def _hashed(self, keys: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = ((keys * _MIX) >> np.uint64(64 - _BITS)).view(np.int64)
        return mixed


def _hashed(words: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = (words * _MIX32) >> np.uint32(32 - _BITS)
    return mixed


def _grams(pattern: bytes, size: int) -> list[bytes]:
    return [pattern[at : at + size] for at in range(len(pattern) - size + 1)]
