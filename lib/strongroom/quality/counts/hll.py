"""How many different values: Apache DataSketches' HLL, fed with few of the values.

The library takes one value a call, about 100 ns; a sketch of a million values changes at some 20,000 of them. Which
values of a batch can change it is told in numpy, by the hash that the library itself computes (Flajolet and others,
2007; https://datasketches.apache.org/docs/HLL/HllSketches.html). So the outcome is the library's own, byte for byte.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasketches import HLL_4, hll_sketch

LG_K = 12
"""4,096 registers, which is also what Spark's `hll_sketch_agg` takes by default: a relative error of 1.6 %."""
_SURE = 2_048
"""Different values above which the library has left its list of hashes for registers, surely."""
_SEED = np.uint64(9001)  # DataSketches' default seed: sketches of another do not merge
_SLOTS = np.uint64((1 << LG_K) - 1)

Words = npt.NDArray[np.uint64]


class Hll:
    """A sketch that grows."""

    def __init__(self) -> None:
        self._sketch = hll_sketch(LG_K, HLL_4)
        self._registers = np.zeros(1 << LG_K, np.uint8)
        self._filled = False
        self._least, self._below = 0, np.uint64(0)

    def add_words(self, words: Words) -> None:
        """Whole numbers, dates, marks: whatever 64 bits tell apart, as `hll_sketch_agg` takes a bigint."""
        if not self._filled:
            words = pa.array(words).unique().to_numpy()
        first, second = _murmur3(words)
        if (
            self._least
        ):  # a register holds how many zero bits a hash starts with, and one: few start with as many as all
            rare = np.flatnonzero(second < self._below)
            words, first, second = words[rare], first[rare], second[rare]
        slots, values = (first & _SLOTS).astype(np.intp), _zeros(second) + 1
        better = values > self._registers[slots]
        np.maximum.at(self._registers, slots[better], values[better])
        self._least = int(self._registers.min())
        self._below = np.uint64(1 << (64 - self._least)) if self._least else np.uint64(0)
        for word in (words[better] if self._filled else words).view(np.int64).tolist():
            self._sketch.update(word)
        self._filled = self._filled or self._sketch.get_estimate() > _SURE

    def add_texts(self, texts: list[str]) -> None:
        """Texts one by one, as `hll_sketch_agg` takes a string. The empty text is left out, as it does."""
        for text in texts:
            self._sketch.update(text)

    def state(self) -> bytes:
        """The sketch in DataSketches' compact form."""
        return bytes(self._sketch.serialize_compact())


def _zeros(words: Words) -> npt.NDArray[np.uint8]:
    """How many zero bits each word starts with, at most 62."""
    high, low = words >> np.uint64(32), words & np.uint64(0xFFFF_FFFF)  # a double holds 32 bits, and tells how many
    found = np.where(high > 0, 32 - np.frexp(high.astype(np.float64))[1], 64 - np.frexp(low.astype(np.float64))[1])
    return np.minimum(found, 62).astype(np.uint8)


def _murmur3(words: Words) -> tuple[Words, Words]:
    """MurmurHash3 x64 128 of 8 bytes each (https://github.com/aappleby/smhasher, public domain)."""
    one = words * np.uint64(0x87C3_7B91_1142_53D5)
    one = _turned(one, 31) * np.uint64(0x4CF5_AD43_2745_937F)
    first = (one ^ _SEED ^ np.uint64(8)) + (_SEED ^ np.uint64(8))
    second = first + (_SEED ^ np.uint64(8))
    first, second = _stirred(first), _stirred(second)
    first = first + second
    return first, first + second


def _turned(words: Words, bits: int) -> Words:
    return (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))


def _stirred(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xFF51_AFD7_ED55_8CCD)
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xC4CE_B9FE_1A85_EC53)
    return words ^ (words >> np.uint64(33))
