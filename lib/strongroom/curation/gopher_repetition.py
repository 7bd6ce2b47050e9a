"""Gopher's repetition rules (arXiv 2112.11446, table A1): how much of a text repeats itself, by lines and by words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from strongroom.curation.texts import Flags, Hashes, Numbers, Texts, mixed, repeated

_TOP, _REPEATED = (2, 3, 4), (5, 6, 7, 8, 9, 10)
_ODD = np.uint64(0xFF51AFD7ED558CCD)


def failing(texts: Texts, thresholds: Mapping[str, object]) -> Iterator[tuple[str, Flags]]:
    """Each threshold and the rows beyond it; a threshold that is false is not asked."""
    asked: dict[str, Any] = {name: most for name, most in thresholds.items() if most is not False}
    letters = np.maximum(texts.lengths, 1)
    breaks = texts.points == 10
    paragraphs = texts.between(breaks, least=2, within=texts.stripped(texts.whole))
    lines = texts.between(breaks, least=1, within=texts.whole)
    for what, parts in (("paragraph", paragraphs), ("line", lines)):
        _, again = repeated(texts.hashes_of(parts), parts.row)
        share = texts.per_row(parts.row[again]) / texts.per_row(parts.row)
        of_letters = texts.per_row(parts.row[again], parts.lengths[again]) / letters
        for name, found in ((f"max_duplicate_{what}s", share), (f"max_duplicate_{what}_letters", of_letters)):
            if name in asked:
                yield name, found > asked[name]
    grams = _Grams(texts)
    for size in range(2, _REPEATED[-1] + 1):
        grams.grow()
        if size in _TOP and f"max_top_{size}" in asked:
            yield f"max_top_{size}", grams.top() / letters > asked[f"max_top_{size}"]
        if size in _REPEATED and (name := f"max_repeated_{size}") in asked:
            yield name, grams.beyond(asked[name] * letters)


class _Grams:
    """Runs of words of one size, which grows. A run can only repeat where the shorter one at its place does."""

    def __init__(self, texts: Texts) -> None:
        self.texts, self.words, self.size = texts, texts.words, 1
        self.hashes: Hashes = texts.hashes.copy()
        self.letters = np.concatenate(([0], np.cumsum(self.words.lengths)))
        self.maybe: Numbers = np.arange(len(self.words))
        self.times: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.again: Flags = np.zeros(0, bool)

    def grow(self) -> None:
        """One word more."""
        self.size += 1
        last = self.maybe + (self.size - 1)
        row = self.words.row
        fits = last < len(self.words)
        fits[fits] = row[last[fits]] == row[self.maybe[fits]]
        at = self.maybe[fits]
        self.hashes[at] = mixed(self.hashes[at] * _ODD + self.texts.hashes[at + self.size - 1])
        times, again = repeated(self.hashes[at], row[at])
        several = times > 1
        self.maybe, self.times, self.again = at[several], times[several], again[several]

    def lengths(self, at: Numbers, *, gap: int) -> Numbers:
        """Letters of the runs that begin at these words, with so many between two of them."""
        return np.asarray(self.letters[at + self.size] - self.letters[at] + gap * (self.size - 1))

    def top(self) -> npt.NDArray[np.float64]:
        """Letters that the most frequent run of each row takes, the first one of several; 0 where there is none."""
        rows, words = len(self.texts), self.words
        first = np.searchsorted(words.row, np.arange(rows))
        whole = first + self.size <= np.searchsorted(words.row, np.arange(rows), "right")
        found = np.zeros(rows)
        found[whole] = self.lengths(first[whole], gap=1)
        if len(self.maybe):
            row = words.row[self.maybe]
            starts = np.flatnonzero(np.diff(row, prepend=-1))
            most = np.maximum.reduceat(self.times, starts)
            best = np.flatnonzero(self.times == np.repeat(most, np.diff(np.append(starts, len(row)))))
            best = best[np.flatnonzero(np.diff(row[best], prepend=-1))]
            found[row[best]] = self.times[best] * self.lengths(self.maybe[best], gap=1)
        return found

    def beyond(self, most: npt.NDArray[np.float64]) -> Flags:
        """Which rows have more letters than that in runs that stood there before, where no two of these overlap."""
        at, row = self.maybe[self.again], self.words.row
        covered = np.zeros(len(self.words) + 1, np.int32)
        np.add.at(covered, at, 1)
        np.add.at(covered, at + self.size, -1)
        under = np.cumsum(covered[:-1]) > 0
        bound = self.texts.per_row(row[under], self.words.lengths[under])
        found = bound > most
        for which in np.flatnonzero(found).tolist():
            found[which] = self._taken(which) > most[which]
        return found

    def _taken(self, which: int) -> int:
        """The letters in one row's runs that stood there before, taken from front to back."""
        row = self.words.row[self.maybe]
        start, stop = np.searchsorted(row, which), np.searchsorted(row, which, "right")
        seen, taken, free = set[int](), 0, 0
        keys, places = self.hashes[self.maybe[start:stop]].tolist(), self.maybe[start:stop].tolist()
        lengths = self.lengths(self.maybe[start:stop], gap=0).tolist()
        for key, place, length in zip(keys, places, lengths, strict=True):
            if place < free:
                continue
            if key in seen:
                taken, free = taken + length, place + self.size
            else:
                seen.add(key)
        return taken
