"""What a test set is made of must not be trained on: texts that share a run of words with one of a list.

Runs are compared in small letters and without signs. A line of the list that is shorter than a run is looked for whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from strongroom.curation.characters import DIGIT, LETTER
from strongroom.curation.texts import Flags, Hashes, Numbers, Parts, Texts, mixed

REASON = "contamination"
_FACTOR = 0xC2B2AE3D27D4EB4F


@dataclass(frozen=True, slots=True)
class Contamination:
    """Hashes of runs, in order, by how many words they have."""

    runs: Mapping[int, Hashes]

    @classmethod
    def of(cls, lines: Iterable[str], *, words: int) -> Contamination:
        """The runs of so many words that a list of texts has, one text a line."""
        texts = Texts.of([line for line in lines if line.strip()] or [""])
        small, parts = _small(texts)
        found: dict[int, list[Hashes]] = {}
        per_row = np.bincount(parts.row, minlength=len(texts))
        for size in range(1, words + 1):
            keys, at = _runs(small, parts, size)
            row = parts.row[at]
            wanted = np.full(len(row), True) if size == words else per_row[row] == size
            if wanted.any():
                found.setdefault(size, []).append(keys[wanted])
        return cls({size: np.unique(np.concatenate(keys)) for size, keys in found.items()})

    def shared(self, texts: Texts) -> Flags:
        """Which texts have one of them."""
        found = np.zeros(len(texts), bool)
        small, parts = _small(texts)
        for size, known in self.runs.items():
            keys, at = _runs(small, parts, size)
            if len(keys):
                place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
                found[parts.row[at[known[place] == keys]]] = True
        return found


def _small(texts: Texts) -> tuple[Texts, Parts]:
    small = Texts(texts.lower, texts.starts, texts.ends)
    return small, small.runs(small.is_kind(LETTER | DIGIT))


def _runs(texts: Texts, words: Parts, size: int) -> tuple[Hashes, Numbers]:
    """A hash of each run of so many words of one row, and the word it begins at."""
    hashes = texts.hashes_of(words)
    at = np.arange(max(len(words) - size + 1, 0))
    at = at[words.row[at] == words.row[at + size - 1]]
    total = np.zeros(len(at), np.uint64)
    for place in range(size):
        total = mixed(total * np.uint64(_FACTOR) + hashes[at + place])
    return total, at
