"""Which rows repeat an earlier one: marks of rows in their order → for each, whether it goes, and why.

A row goes beside an earlier row that stays. So the answer for a row hangs on the rows before it alone, and those that
came in another run count like those of this one.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from strongroom.curation.marks import likeness

EXACT, NEAR = "duplicate.exact", "duplicate.near"
MOST = 32
"""Rows that are remembered of one band at most, the first ones: so no text is compared with more of them than that."""
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Rows:
    """Marks of some rows, in order, and which of them are `settled`: known to stay (True), or gone already (False)."""

    exact: Sequence[bytes]
    bands: Sequence[bytes | None]
    sketch: Sequence[bytes | None]
    settled: Sequence[bool | None]

    def __len__(self) -> int:
        return len(self.exact)

    def part(self, start: int, stop: int) -> Rows:
        """Some of them."""
        at = slice(start, stop)
        return Rows(self.exact[at], self.bands[at], self.sketch[at], self.settled[at])


class Kept:
    """The rows that stay, so far: 12 bytes a mark or band in memory, sketches in a file that has no name."""

    def __init__(self, *, near: float) -> None:
        self._near = near
        self._exact, self._bands = _Index(), _Index()
        self._rest = array("Q")
        self._sketches = _Sketches()

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._sketches.close()

    def repeats(self, rows: Rows) -> list[str]:
        """For each row the reason to go, empty for one that stays or is settled; those that stay are remembered."""
        found: list[str] = []
        for start in range(0, len(rows), _AT_ONCE):
            found += self._some(rows.part(start, start + _AT_ONCE))
        return found

    def _some(self, rows: Rows) -> list[str]:
        halves = np.frombuffer(b"".join(rows.exact), np.uint64).reshape(-1, 2)
        width = next((len(each) // 8 for each in rows.bands if each), 0)
        filled = b"".join(each or bytes(8 * width) for each in rows.bands) if width else b""
        laid = np.frombuffer(filled, np.uint64)
        exact, bands = self._exact.look(halves[:, 0]), self._bands.look(laid)
        rest, found = halves[:, 1].tolist(), []
        for row, settled in enumerate(rows.settled):
            mine = range(row * width, (row + 1) * width) if rows.bands[row] else range(0)
            reason = ""
            if settled is None:
                if any(self._rest[number] == rest[row] for number in exact.numbers(row)):
                    reason = EXACT
                elif mine and self._is_near(rows.sketch[row] or b"", bands, mine):
                    reason = NEAR
            if settled is not False and not reason:
                self._rest.append(rest[row])
                self._sketches.append(rows.sketch[row] or b"")
                exact.put(row, len(self._rest) - 1)
                for place in mine:
                    bands.put(place, len(self._rest) - 1)
            found.append(reason)
        self._exact.take(exact)
        self._bands.take(bands)
        return found

    def _is_near(self, sketch: bytes, bands: _Look, places: range) -> bool:
        """Whether a row that stays is so alike, those with the most bands in common first."""
        shared = Counter(number for place in places for number in bands.numbers(place))
        mine = np.frombuffer(sketch, np.uint32)
        return any(likeness(mine, self._sketches.read(number)) >= self._near for number, _ in shared.most_common())


class _Index:
    """Keys and the numbers of rows that have them: sorted runs, of which two of like length become one."""

    def __init__(self) -> None:
        self._runs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []

    def look(self, keys: npt.NDArray[np.uint64]) -> _Look:
        """What is known of these keys now."""
        counts, pieces = np.zeros(len(keys), np.int64), []
        for run, numbers in self._runs:
            first = np.searchsorted(run, keys)
            many = np.searchsorted(run, keys, "right") - first
            if many.any():
                counts += many
                of = np.repeat(np.arange(len(keys)), many)
                skipped = np.repeat(np.cumsum(many) - many, many)
                pieces.append((of, numbers[np.repeat(first, many) + np.arange(len(of)) - skipped]))
        ends = np.concatenate(([0], np.cumsum(counts))).tolist()
        if not pieces:
            return _Look(keys.tolist(), ends, [])
        of = np.concatenate([piece[0] for piece in pieces])
        numbers = np.concatenate([piece[1] for piece in pieces])[np.argsort(of, kind="stable")]
        return _Look(keys.tolist(), ends, numbers.tolist())

    def take(self, look: _Look) -> None:
        """Remembers what was put there."""
        pairs = [(key, number) for key, numbers in look.new.items() for number in numbers]
        if not pairs:
            return
        keys, numbers = np.array([key for key, _ in pairs], np.uint64), np.array([row for _, row in pairs], np.uint32)
        order = np.argsort(keys, kind="stable")
        self._runs.append((keys[order], numbers[order]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (old, theirs), (new, ours) = self._runs[-2:]
            keys, numbers = np.concatenate((old, new)), np.concatenate((theirs, ours))
            order = np.argsort(keys, kind="stable")
            self._runs[-2:] = [(keys[order], numbers[order])]


@dataclass(slots=True)
class _Look:
    """Some keys, by their places: the numbers of rows that had each before, and those of rows put there since."""

    keys: list[int]
    ends: list[int]
    before: list[int]
    new: dict[int, list[int]] = field(default_factory=dict)

    def numbers(self, place: int) -> list[int]:
        """Rows with the key of this place."""
        return self.before[self.ends[place] : self.ends[place + 1]] + self.new.get(self.keys[place], [])

    def put(self, place: int, number: int) -> None:
        """One row more, unless there are enough."""
        here = self.new.setdefault(self.keys[place], [])
        if self.ends[place + 1] - self.ends[place] + len(here) < MOST:
            here.append(number)


class _Sketches:
    """Sketches by number, in a file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this does
        self._ends = array("Q", [0])
        self._written = 0

    def close(self) -> None:
        """Gives the file back."""
        self._file.close()

    def append(self, sketch: bytes) -> None:
        """One more."""
        self._file.write(sketch)
        self._ends.append(self._ends[-1] + len(sketch))

    def read(self, number: int) -> npt.NDArray[np.uint32]:
        """One of them."""
        start, stop = self._ends[number], self._ends[number + 1]
        if stop > self._written:
            self._file.flush()
            self._written = self._ends[-1]
        return np.frombuffer(os.pread(self._file.fileno(), stop - start, start), np.uint32)
