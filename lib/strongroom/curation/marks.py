"""Marks of a text, by which equal and similar ones are known: under a key, so that nobody else can try texts on them.

An exact mark is 128 bits of AES-CMAC over the text in small letters, with its blanks made plain. The others are made of
shingles, the runs of so many words that the text has: each becomes 64 bits of AES, of which MinHash takes the least
under many permutations (Broder 1997), a few together as a band, and the sketch the least of all (Bar-Yossef 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Type
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.core.secret import Secret
from strongroom.curation.characters import DIGIT, LETTER
from strongroom.curation.texts import Hashes, Numbers, Texts, blocks, mixed
from strongroom.protect.cipher.aes import Aes
from strongroom.protect.fingerprints import fingerprints

PERMUTATIONS = 128
SKETCH = 512
"""Shingles of a sketch at most: of a shorter text it has all, and tells its likeness exactly."""
_SURE = 0.995


def shape(near: float) -> tuple[int, int]:
    """Bands, and rows of each: as selective as they can be while two texts just so alike share one nearly always."""
    for rows in range(PERMUTATIONS, 0, -1):
        bands = PERMUTATIONS // rows
        if 1 - (1 - near**rows) ** bands >= _SURE:
            return bands, rows
    return PERMUTATIONS, 1


def normalised(texts: pa.Array) -> pa.Array:
    """What two equal texts have in common: small letters, composed, with one blank between words."""
    small = pc.utf8_lower(pc.utf8_normalize(texts.fill_null(""), form="NFC"))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(small, r"\s+", " "))


@dataclass(frozen=True, slots=True)
class Marks:
    """One row each: the exact mark, the bands, the sketch. The last two are null where likeness is not asked for."""

    exact: pa.Array
    bands: pa.Array
    sketch: pa.Array


class Marker:
    """Marks texts under one key.

    Args:
        key: 32 bytes of secret.
        near: how alike two texts are that are to be found; 0 is none.
        shingle: words of a shingle.
    """

    def __init__(self, key: Secret, *, near: float, shingle: int) -> None:
        self._key, self._near, self._shingle = key, near, shingle
        self._aes = Aes(hkdf_sha256(key.reveal(), b"shingle", length=32))
        odd = np.frombuffer(hkdf_sha256(key.reveal(), b"odd", length=8 * (PERMUTATIONS + shingle + 1)), np.uint64)
        self._odd = odd | np.uint64(1)
        self._base = int(self._odd[-1])
        self._plus = np.frombuffer(hkdf_sha256(key.reveal(), b"plus", length=8 * PERMUTATIONS), np.uint64)
        self._bands, self._rows = shape(near) if near else (0, 0)

    def marks(self, texts: pa.Array) -> Marks:
        """The marks of each text."""
        prints = fingerprints([normalised(texts)], [Type("string")], key=self._key)
        exact = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(texts), [None, pa.py_buffer(prints)])
        if not self._near:
            nothing = pa.nulls(len(texts), pa.binary())
            return Marks(exact.cast(pa.binary()), nothing, nothing)
        found = [self._of_block(block) for _, block in blocks(texts)]
        bands, sketches = ([each[place] for each in found] for place in (0, 1))
        none = pa.array([], pa.binary())
        return Marks(exact.cast(pa.binary()), *(pa.concat_arrays(each or [none]) for each in (bands, sketches)))

    def _of_block(self, texts: Texts) -> tuple[pa.Array, pa.Array]:
        values, row = self.shingles(texts)
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        those = row[starts]
        bands = np.zeros((len(texts), self._bands), np.uint64)
        if len(starts):
            bands[those] = self._banded(values, starts)
        there = np.zeros(len(texts), bool)
        there[those] = True
        laid = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(8 * self._bands), len(texts), [None, pa.py_buffer(bands)]
        ).cast(pa.binary())
        return pc.if_else(pa.array(there), laid, pa.scalar(b"", pa.binary())), _sketches(values, row, len(texts))

    def shingles(self, texts: Texts) -> tuple[Hashes, Numbers]:
        """A keyed value for each shingle, and the row it is of; a text of fewer words is one shingle."""
        small = Texts(texts.lower, texts.starts, texts.ends)
        words = small.runs(small.is_kind(LETTER | DIGIT))
        if not len(words):
            return np.zeros(0, np.uint64), np.zeros(0, np.int64)
        hashes = small.hashes_of(words, base=self._base)
        odd = self._odd[PERMUTATIONS : PERMUTATIONS + self._shingle]
        row, size = words.row, self._shingle
        per_row = np.bincount(row, minlength=len(texts))
        first = np.concatenate(([0], np.cumsum(per_row)[:-1]))
        short = (per_row > 0) & (per_row < size)
        start = np.arange(len(words)) - first[row]
        whole = np.flatnonzero((start + size <= per_row[row]) | (short[row] & (start == 0)))
        total = np.zeros(len(whole), np.uint64)
        for place in range(size):
            at = whole + place
            inside = at < first[row[whole]] + per_row[row[whole]]
            total += np.where(inside, hashes[np.minimum(at, len(words) - 1)] * odd[place], np.uint64(0))
        laid = np.zeros((len(whole), 2), np.uint64)
        laid[:, 0] = mixed(total)
        return np.ascontiguousarray(self._aes(laid)[:, 0]), row[whole]

    def _banded(self, values: Hashes, starts: Numbers) -> Hashes:
        """The bands of the rows that begin at these places of the values."""
        least = np.empty((PERMUTATIONS, len(starts)), np.uint64)
        for place in range(self._bands * self._rows):
            least[place] = np.minimum.reduceat(values * self._odd[place] + self._plus[place], starts)
        found = np.zeros((len(starts), self._bands), np.uint64)
        for band in range(self._bands):
            for place in range(band * self._rows, (band + 1) * self._rows):
                found[:, band] = mixed(found[:, band] ^ least[place])
        return found


def _sketches(values: Hashes, row: Numbers, rows: int) -> pa.Array:
    """The least values of each row, each once and in order, 32 bits of each."""
    short = (values >> np.uint64(32)).astype(np.uint32)
    keys = np.unique((row.astype(np.uint64) << np.uint64(32)) | short)
    of = (keys >> np.uint64(32)).astype(np.int64)
    first = np.searchsorted(of, np.arange(rows))
    kept = np.arange(len(keys)) - first[of] < SKETCH
    counts = np.bincount(of[kept], minlength=rows)
    offsets = np.concatenate(([0], np.cumsum(counts * 4))).astype(np.int32)
    data = (keys[kept] & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def likeness(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> float:
    """How alike (Jaccard) two texts are by their sketches: exactly where both have all shingles, else about so."""
    ends = [each[-1] for each in (one, other) if len(each) >= SKETCH]
    if ends:
        known = min(ends)
        one, other = one[: np.searchsorted(one, known, "right")], other[: np.searchsorted(other, known, "right")]
    if not len(one) or not len(other):
        return 0.0
    at = np.minimum(np.searchsorted(other, one), len(other) - 1)
    both = int(np.count_nonzero(other[at] == one))
    return both / (len(one) + len(other) - both)
