"""Sets of tags of data subjects in a file that workers map into memory: who was erased, who consents to what.

A set of n tags takes 16 n bytes, and 16 to 32 n bytes more of a bitmap that passes over nearly all rows whose tag is
not in it: a look-up costs some nanoseconds a row whatever n is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.errors import StoreError
from strongroom.protect.cipher.byte_rows import BLOCK

_MAGIC = b"SRTAGS01"
_HEADER = np.dtype([("magic", "S8"), ("count", "<u8"), ("bits", "<u8"), ("spare", "<u8")])
_HALVES = np.dtype([("head", ">u8"), ("tail", ">u8")])
_SPARE_BITS, _LEAST_BITS = 7, 16
_AT_ONCE = 1 << 22
"""Tags that are sorted in memory; more of them go through files, one for each first byte."""

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Halves = tuple[Words, Words]


@dataclass(frozen=True, slots=True)
class TagSet:
    """A set of tags: their halves, ascending, and a bitmap of their first bits."""

    heads: Words
    tails: Words
    bitmap: Bytes

    def __len__(self) -> int:
        return len(self.heads)

    def holds(self, tags: pa.Array) -> Flags:
        """For each of a column's tags (16 bytes or null), whether it is in the set; a row without one is not."""
        found = np.zeros(len(tags), np.bool_)
        if not len(self.heads) or not len(tags):
            return found
        heads, tails = _halves(tags)
        byte, bit = _places(self.bitmap, heads)
        maybe = np.flatnonzero(self.bitmap[byte] >> bit & 1)
        if len(maybe):
            found[maybe] = self._exactly(heads[maybe], tails[maybe])
        if tags.null_count:
            found &= pc.is_valid(tags).to_numpy(zero_copy_only=False)
        return found

    def _exactly(self, heads: Words, tails: Words) -> Flags:
        order = np.argsort(heads)  # neighbours are looked up together, near what was read just now
        at = np.empty(len(heads), np.intp)
        at[order] = np.searchsorted(self.heads, heads[order])
        found = np.zeros(len(heads), np.bool_)
        open_ = np.arange(len(heads))
        while len(open_):  # once, but where two tags begin with the same eight bytes
            inside = at[open_] < len(self.heads)
            open_ = open_[inside]
            open_ = open_[self.heads[at[open_]] == heads[open_]]
            same = self.tails[at[open_]] == tails[open_]
            found[open_[same]] = True
            open_ = open_[~same]
            at[open_] += 1
        return found


def tag_set(tags: Iterable[pa.Array]) -> TagSet:
    """The set of these tags, in memory."""
    heads, tails = _sorted(*_together(map(_given, tags)))
    return TagSet(heads, tails, _bitmap(heads))


def write(tags: Iterable[pa.Array], to: str) -> int:
    """Writes the set of these tags into a file, in little memory however many they are; returns their number.

    A file that is cut short is told by `mapped`; so whoever shares one publishes it under its name when it is whole.
    """
    with tempfile.TemporaryDirectory(dir=Path(to).parent, prefix=".tags-") as folder:
        parts = _parts(map(_given, tags), Path(folder))
        count = sum(len(heads) for heads, _ in parts())
        bitmap = np.zeros(1 << (_bits(count) - 3), np.uint8)
        for heads, _ in parts():
            _mark(bitmap, heads)
        with Path(to).open("wb") as file:
            file.write(np.array((_MAGIC, count, _bits(count), 0), _HEADER).tobytes())
            file.write(bitmap.tobytes())
            for half in (0, 1):
                for part in parts():
                    file.write(part[half].astype("<u8").tobytes())
    return count


def mapped(path: str) -> TagSet:
    """The set of a file that `write` made; only what is looked at is read.

    Raises:
        StoreError: it is not such a file, or not a whole one.
    """
    try:
        return of_bytes(np.memmap(path, np.uint8, "r"))
    except (OSError, ValueError):
        todo = "Run again: it is made anew."
        raise StoreError("this is no whole set of tags", where=path, todo=todo, code="tags.unreadable") from None


def of_bytes(raw: Bytes) -> TagSet:
    """The set of such a file's bytes.

    Raises:
        ValueError: they are not those of a whole file.
    """
    header = raw[: _HEADER.itemsize].view(_HEADER)[0]
    count, start = int(header["count"]), _HEADER.itemsize + (1 << (int(header["bits"]) - 3))
    if header["magic"] != _MAGIC or len(raw) != start + count * BLOCK:
        raise ValueError("not a set of tags")
    halves = raw[start:].view("<u8")
    return TagSet(halves[:count], halves[count:], raw[_HEADER.itemsize : start])


def _given(tags: pa.Array) -> Halves:
    """The halves of those that are there."""
    return _halves(tags.drop_null())


def _halves(tags: pa.Array) -> Halves:
    fixed = tags.cast(pa.binary(BLOCK))
    raw = fixed.buffers()[1]
    size = len(fixed) * BLOCK
    both = np.frombuffer(raw, np.uint8, size, fixed.offset * BLOCK).view(_HALVES) if size else np.empty(0, _HALVES)
    return both["head"].astype(np.uint64), both["tail"].astype(np.uint64)


def _together(parts: Iterable[Halves]) -> Halves:
    given = list(parts) or [(np.empty(0, np.uint64), np.empty(0, np.uint64))]
    return np.concatenate([heads for heads, _ in given]), np.concatenate([tails for _, tails in given])


def _sorted(heads: Words, tails: Words) -> Halves:
    """Ascending, each pair once."""
    order = np.argsort(heads)
    first = heads[order]
    if (first[1:] > first[:-1]).all():  # as nearly all of them are: one pass is enough
        return first, tails[order]
    order = np.lexsort((tails, heads))
    heads, tails = heads[order], tails[order]
    new = np.ones(len(heads), np.bool_)
    new[1:] = (heads[1:] != heads[:-1]) | (tails[1:] != tails[:-1])
    return heads[new], tails[new]


def _parts(given: Iterator[Halves], folder: Path) -> Callable[[], Iterator[Halves]]:
    """What gives the set's parts in ascending order, each sorted, as often as it is called."""
    held, size = list[Halves](), 0
    for part in given:
        held.append(part)
        size += len(part[0])
        if size > _AT_ONCE:
            _spill(_together(held), folder)
            held, size = [], 0
    if not any(folder.iterdir()):
        whole = _sorted(*_together(held))
        return lambda: iter([whole])
    _spill(_together(held), folder)
    for path in folder.iterdir():
        np.concatenate(_sorted(*np.fromfile(path, np.uint64).reshape(-1, 2).T)).tofile(path)
    return lambda: (_halved(path) for path in sorted(folder.iterdir()))


def _spill(halves: Halves, folder: Path) -> None:
    """Adds tags to the files of their first bytes, as pairs."""
    pairs = np.stack(halves, axis=1)
    first = halves[0] >> np.uint64(56)
    order = np.argsort(first, kind="stable")
    ends = np.searchsorted(first[order], np.arange(257, dtype=np.uint64))
    for byte in np.unique(first).tolist():
        with (folder / f"{byte:02x}").open("ab") as file:
            file.write(pairs[order[ends[byte] : ends[byte + 1]]].tobytes())


def _halved(path: Path) -> Halves:
    heads, tails = np.fromfile(path, np.uint64).reshape(2, -1)
    return heads, tails


def _bits(count: int) -> int:
    return max(_LEAST_BITS, count.bit_length() + _SPARE_BITS)


def _bitmap(heads: Words) -> Bytes:
    bitmap = np.zeros(1 << (_bits(len(heads)) - 3), np.uint8)
    _mark(bitmap, heads)
    return bitmap


def _mark(bitmap: Bytes, heads: Words) -> None:
    byte, bit = _places(bitmap, heads)
    np.bitwise_or.at(bitmap, byte, np.uint8(1) << bit)


def _places(bitmap: Bytes, heads: Words) -> tuple[Words, Bytes]:
    """The byte and the bit of the bitmap that stand for these tags: by their first bits."""
    place = heads >> np.uint64(62 - len(bitmap).bit_length())
    return place >> np.uint64(3), (place & np.uint64(7)).astype(np.uint8)
