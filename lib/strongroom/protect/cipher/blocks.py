"""Rows of bytes laid out as blocks of a cipher, for all rows of a part at once, and packed into one buffer again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from strongroom.protect.cipher.byte_rows import (
    BLOCK,
    LONG,
    Bytes,
    Numbers,
    Rows,
    matrix_windows,
    packed,
    places_of,
    room,
    windows,
)


@dataclass(frozen=True, slots=True)
class Laid:
    """The blocks of some rows as a matrix, those with the most blocks first.

    Args:
        order: row numbers as laid; None when the rows already stand so.
        tails: how many bytes of each row's last block are its own, as laid: 1 to 16, and 0 for an empty row, which has
            one block. One number when all rows are of one length.
        groups: rows of one number of blocks: first row, row after the last, blocks. From the most blocks to the fewest.
        blocks: (rows, most blocks, 2); what follows the end of a value is arbitrary.
    """

    order: npt.NDArray[np.intp] | None
    tails: Numbers | int
    groups: tuple[tuple[int, int, int], ...]
    blocks: npt.NDArray[np.uint64]

    def live(self) -> list[int]:
        """How many rows have a block k, for k from 0: they are the first ones. Two zeros stand at the end."""
        found = [0] * (self.blocks.shape[1] + 2)
        for _, stop, blocks in self.groups:
            found[:blocks] = [stop] * blocks
        return found

    def tails_of(self, start: int, stop: int) -> Numbers | int:
        """The tails of some rows, as laid."""
        return self.tails if isinstance(self.tails, int) else self.tails[start:stop]

    def sort(self, rows: Any) -> Any:
        """One thing a row, from the rows' own order into the laid one."""
        return rows if self.order is None else rows[self.order]

    def back(self, rows: Any) -> Any:
        """One thing a row, from the laid order into the rows' own."""
        if self.order is None:
            return rows
        out = np.empty_like(rows)
        out[self.order] = rows
        return out


def lay(rows: Rows) -> Laid:
    """The blocks of the rows (at least one row, and none of them long)."""
    starts, lengths, data = rows.starts, rows.lengths, rows.data
    ends = int(starts[-1] + lengths[-1]) + BLOCK
    if ends > data.size:  # last blocks are read whole: put room behind them
        first = int(starts[0])
        data = np.zeros(ends - first, np.uint8)
        data[: rows.data.size - first] = rows.data[first:]
        starts = starts - first
    width, order = int(lengths.max()), None
    tails: Numbers | int
    most = max(1, -(-width // BLOCK))
    if int(lengths.min()) == width:
        tails, groups = width - (most - 1) * BLOCK, [(0, len(lengths), most)]
    else:
        counts = np.maximum((lengths + (BLOCK - 1)) >> 4, 1).astype(np.uint8)
        if int(counts.min()) != most:
            order = np.argsort(most - counts, kind="stable")
            starts, lengths = starts[order], lengths[order]
        tails = lengths - ((np.maximum(lengths, 1) - 1) & -BLOCK)
        groups = _groups(np.bincount(counts).tolist())
    matrix = np.empty((len(starts), most, 2), np.uint64)
    for start, stop, blocks in groups:
        to = matrix_windows(matrix, start=start, stop=stop, size=BLOCK * blocks)
        to[:] = windows(data, size=BLOCK * blocks)[places_of(starts[start:stop])]
    return Laid(order, tails, tuple(groups), matrix)


def _groups(numbers: list[int]) -> list[tuple[int, int, int]]:
    """First row, row after the last and blocks of each group; `numbers` says how many rows have 0, 1, 2, … blocks."""
    groups, at = [], 0
    for blocks in range(len(numbers) - 1, 0, -1):
        if numbers[blocks]:
            groups.append((at, at + numbers[blocks], blocks))
            at += numbers[blocks]
    return groups


def void(blocks: npt.NDArray[np.uint64]) -> npt.NDArray[np.void]:
    """Blocks as numpy gathers and scatters them: one thing each."""
    return blocks.view(np.dtype("V16"))[..., 0]


def pack(
    rows: Rows,
    *,
    gap: int = 0,
    blocks: Callable[[npt.NDArray[Any] | slice, Rows], Laid] | None = None,
    alone: Callable[[int], Bytes] | None = None,
) -> Bytes:
    """The values one after the other with so many free bytes before each, and a block of room at the end.

    `blocks` and `alone` give the values: those of a part of the rows, and of one long row. By default they stay so.
    """
    lengths = rows.lengths + gap
    starts = packed(lengths) + gap
    out = room(int(lengths.sum()) + BLOCK)
    firsts, spilled = np.empty((len(rows), 2), np.uint64), False
    for which, part in rows.parts():
        laid = blocks(which, part) if blocks else lay(part)
        places = laid.sort(starts[which])
        exact = isinstance(laid.tails, int) and laid.tails > 0
        for start, stop, number in laid.groups:
            size = BLOCK * number - (BLOCK - int(laid.tails) if exact else 0)
            values = matrix_windows(laid.blocks, start=start, stop=stop, size=size)
            windows(out, size=size)[places_of(places[start:stop])] = values
        void(firsts)[which] = laid.back(void(laid.blocks)[:, 0])
        spilled |= not exact
    if spilled:
        # A last block spills up to 16 bytes over what follows it, which is somebody's first block. So all of these are
        # written once more, from front to back: each repairs what the one before it spilled.
        short = np.flatnonzero(rows.lengths <= LONG)
        windows(out)[starts[short]] = void(firsts)[short]
    for index in rows.long():
        value = alone(index) if alone else rows.value(index)
        out[starts[index] : starts[index] + len(value)] = value
    return out
