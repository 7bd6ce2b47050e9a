"""How much of the files is read: all up to a size, above it ranges of bytes and row groups spread over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from strongroom.stores.sources.work_items import Footer

LIMIT = 1 << 30
"""Bytes of files up to which every row is read."""
READ = 256 << 20
"""Bytes that are read of more."""
_LEAST, _MOST = 64 << 10, 8 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """How much is read.

    Args:
        size: bytes of all files.
        files: how many there are.
        limit: bytes up to which all is read.
        read: bytes that are read of more.
    """

    size: int
    files: int
    limit: int = LIMIT
    read: int = READ

    @property
    def all(self) -> bool:
        """Whether all rows are read."""
        return self.size <= self.limit

    @property
    def step(self) -> int:
        """Bytes of one range."""
        return max(min(_LEAST, self.read), min(_MOST, self.read // max(1, self.files)))

    def of(self, size: int) -> int:
        """Bytes that are read of a file of this size: its share, and no less than one range."""
        return size if self.all else min(size, max(self.step, self.read * size // max(1, self.size)))


def ranges_of(sample: Sample, size: int, *, whole: bool) -> list[tuple[int, int]]:
    """The ranges of bytes that are read of a text file: from the first to the last, in even steps.

    Args:
        sample: how much.
        size: of the file.
        whole: it cannot be read in ranges: then one, which is left when enough was read.
    """
    if sample.all or whole or size <= sample.step:
        return [(0, -1)]
    count = -(-size // sample.step)
    wanted = min(count, max(2, sample.of(size) // sample.step))
    ends = [size * number // count for number in range(count + 1)]
    pieces = [(start, -1 if stop == size else stop) for start, stop in pairwise(ends)]
    return [pieces[at] for at in _spread(count, wanted)]


def bytes_in(sample: Sample, size: int, *, whole: bool) -> int:
    """Bytes that are read of a text file, as it lies there."""
    ranges = ranges_of(sample, size, whole=whole)
    if len(ranges) == 1:
        return min(size, sample.of(size))
    return sum((size if stop < 0 else stop) - start for start, stop in ranges)


def groups_of(sample: Sample, footer: Footer, size: int) -> list[int]:
    """The row groups that are read of a Parquet file."""
    count = len(footer.rows)
    if sample.all or not count:
        return list(range(count))
    wanted = max(2, round(count * sample.of(size) / max(1, size)))
    return _spread(count, min(count, wanted))


def _spread(count: int, wanted: int) -> list[int]:
    """So many of the numbers below `count`, evenly, the first and the last among them."""
    if count == 1:
        return [0]
    return sorted({round(at * (count - 1) / (wanted - 1)) for at in range(wanted)})
