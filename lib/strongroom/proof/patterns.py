"""All patterns of a search at once: where any of them stands in some bytes.

Each pattern has a key, 8 of its bytes. Wherever it stands, one of the words of 4 bytes that begin at a multiple of four
lies within its key: so only these words are looked up, then the keys around those that are known, and only what is left
is compared. Aho and Corasick's automaton reads blocks in which too much is left. Why: docs/decisions/proof.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_BLOCK = 1 << 19
_BITS = (12, 22)
"""Of the tables in which words and keys are looked up at first: at least, and at most."""
_DENSE, _SLOW = 8, 256
"""Bytes that the automaton reads in the time of one more look at a pattern's end, or at all of it."""
_FEW = 64
"""Places that are compared in any case."""
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_MIX32 = np.uint32(0x9E37_79B1)
_STEP = 4
_BEFORE = np.arange(_STEP)[:, None]


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
        found = [keys.maybe(block) for keys in self._keys]
        if any(each is None for each in found):
            return self.by_automaton(block)
        return [match for each in found if each is not None for match in self._compared(block, *each)]

    def _compared(self, block: np.ndarray, numbers: np.ndarray, starts: np.ndarray) -> Iterator[Match]:
        for number, start in zip(numbers.tolist(), starts.tolist(), strict=True):
            end = start + len(self.patterns[number])
            if block[start:end].tobytes() == self.patterns[number]:
                yield Match(number, start, end)

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
        self._size = size
        self._mask = np.uint64((1 << 8 * size) - 1)
        self._word = np.uint32((1 << 8 * min(_STEP, size - _STEP + 1)) - 1)
        sizes = np.fromiter((len(patterns[number]) for number in numbers), np.int64, len(numbers))
        self._bits = min(max((64 * len(numbers)).bit_length(), _BITS[0]), _BITS[1])
        keys, at, ends, end_at = self._rarest(b"".join(patterns[number] for number in numbers), sizes)
        order = np.argsort(keys, kind="stable")
        self._keys, self._first, self._count = np.unique(keys[order], return_index=True, return_counts=True)
        self._numbers, self._sizes = np.array(numbers)[order], sizes[order]
        self._at, self._ends, self._end_at = at[order], ends[order], end_at[order]
        self._known = np.zeros(1 << self._bits, np.bool_)
        self._known[self._hashed(self._keys)] = True
        self._words = np.zeros(1 << self._bits, np.bool_)
        for before in range(_STEP):
            words = (self._keys >> np.uint64(8 * before)).astype(np.uint32) & self._word
            self._words[self._mixed(words)] = True

    def _rarest(self, joined: bytes, sizes: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of each pattern the key that stands in the fewest of them, and where in it; and that end which is farther
        from it, first bytes or last, and where.
        """
        ends, total = np.cumsum(sizes), len(joined)
        keys = np.ndarray((total,), "<u8", joined + bytes(8), strides=(1,)) & self._mask
        hashed = self._hashed(keys)
        shared = np.bincount(hashed, minlength=1 << self._bits)[hashed]
        places = np.arange(total)
        cost = np.where(places > np.repeat(ends - self._size, sizes), total + 1, shared) << 32 | places
        best = np.minimum.reduceat(cost, ends - sizes) & 0xFFFF_FFFF
        at = best - (ends - sizes)
        end_at = np.where(at > (sizes - self._size) // 2, 0, sizes - self._size)
        return keys[best], at, keys[ends - sizes + end_at], end_at

    def maybe(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Patterns whose key and one end stand in a block, and where they would begin; None where these are many."""
        size = len(block)
        if self._size < 8:  # the last key ends before what is read of it
            block = np.concatenate([block, np.zeros(8 - self._size, np.uint8)])
        last = len(block) - 8
        words = np.frombuffer(block[: len(block) // _STEP * _STEP], "<u4")
        if self._size < 8:
            words = words & self._word
        found = np.flatnonzero(self._words[self._mixed(words)]) * _STEP
        if last < 0 or not len(found):
            return _NONE, _NONE
        view = np.ndarray((last + 1,), "<u8", block, strides=(1,))
        places, which = self._standing(view, (found - _BEFORE).ravel())
        counts = self._count[which]
        if counts.sum() > max(_FEW, size // _DENSE):
            return None
        # each pattern of a key in turn
        firsts = np.repeat(self._first[which] - np.cumsum(counts) + counts, counts)
        entries = firsts + np.arange(len(firsts))
        starts = np.repeat(places, counts) - self._at[entries]
        inside = (starts >= 0) & (starts + self._sizes[entries] <= size)
        starts, entries = starts[inside], entries[inside]
        kept = view[starts + self._end_at[entries]] & self._mask == self._ends[entries]
        return None if kept.sum() > max(_FEW, size // _SLOW) else (self._numbers[entries[kept]], starts[kept])

    def _standing(self, view: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """At which of these places a key stands, and which."""
        at = at[(at >= 0) & (at < len(view))]
        keys = view[at] & self._mask
        maybe = np.flatnonzero(self._known[self._hashed(keys)])
        keys = keys[maybe]
        which = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        same = self._keys[which] == keys
        return at[maybe[same]], which[same]

    def _hashed(self, keys: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = ((keys * _MIX) >> np.uint64(64 - self._bits)).view(np.int64)
        return mixed

    def _mixed(self, words: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = (words * _MIX32) >> np.uint32(32 - self._bits)
        return mixed


_NONE = np.zeros(0, np.int64)
