"""AES for all rows of a batch at once: bulk blocks, and AES-CMAC (RFC 4493) by chaining all rows together.

Step k of the chain takes block k of every row that has one: a XOR and one call of AES over a contiguous array. Rows are
ordered by their number of blocks, so the rows still in play are always the first ones. Padding and sub-keys come from
tables by the length of a value's last block; no table is indexed by anything secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from strongroom.core.secret import Secret
from strongroom.protect.rows import BLOCK, Numbers, Rows, matrix_windows, places_of, windows

Blocks = npt.NDArray[np.uint64]  # (n, 2): blocks of 16 bytes, as they lie in memory


class Aes:
    """AES under one key, on many blocks at once."""

    __slots__ = ("_encryptor",)

    def __init__(self, key: bytes) -> None:
        # ECB over blocks that are all different by design: the raw permutation, from which CMAC and CTR are built.
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305

    def __call__(self, blocks: Blocks) -> Blocks:
        """The encrypted blocks, in a new array."""
        out = np.empty(blocks.size * 8 + BLOCK - 1, np.uint8)
        self._encryptor.update_into(blocks.reshape(-1).view(np.uint8).data, out.data)
        return out[: blocks.size * 8].view(np.uint64).reshape(-1, 2)


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


def mix(blocks: Blocks, table: Blocks, tails: Numbers | int, *, by: np.ufunc = np.bitwise_xor) -> None:
    """Each block XORed (or ANDed) with the table's row for its tail, in place."""
    if isinstance(tails, int):  # a column at a time: broadcasting two words over many rows is four times slower
        for half in (0, 1):
            by(blocks[:, half], table[tails, half], out=blocks[:, half])
    else:
        by(blocks, np.take(table, tails, axis=0), out=blocks)


@dataclass(frozen=True, slots=True)
class Tables:
    """What is XORed to the last blocks of a chain, by the number of bytes (0 to 16) that a last block has of its own.

    `only` is for values of one block, `last` for the last of several, `before` for the one before that (None: nothing).
    """

    only: Blocks
    last: Blocks
    before: Blocks | None = None


class Cmac:
    """AES-CMAC (RFC 4493) of all rows at once; `tables` may fold in more, as S2V does."""

    __slots__ = ("aes", "tables")

    def __init__(self, key: Secret) -> None:
        self.aes = Aes(key.reveal())
        whole, cut = self.subkeys()
        rows = table([xor_bytes(pad(tail), whole if tail == BLOCK else cut) for tail in range(BLOCK + 1)])
        self.tables = Tables(rows, rows)

    def subkeys(self) -> tuple[bytes, bytes]:
        """K1, for whole last blocks, and K2, for padded ones."""
        first = double(self.aes(np.zeros((1, 2), np.uint64)).tobytes())
        return first, double(first)

    def one(self, value: bytes) -> bytes:
        """The tag of one value."""
        rows = Rows(np.frombuffer(value, np.uint8), np.zeros(1, np.int64), np.array([len(value)]))
        return self.chain(lay(rows), tables=self.tables).tobytes()

    def chain(self, laid: Laid, *, tables: Tables) -> Blocks:
        """The tag of each row, in the order they are laid."""
        tags = np.empty((0, 2), np.uint64)
        all_blocks, live = void(laid.blocks), laid.live()
        for step in range(laid.blocks.shape[1]):
            # From the end: rows whose last block is this one, rows with just one more, and those with more than that.
            now, then, later = live[step : step + 3]
            blocks = np.empty((now, 2), np.uint64)
            void(blocks)[:] = all_blocks[:now, step]
            if now > then:
                ends = laid.tails_of(then, now)
                mix(blocks[then:], KEEP, ends, by=np.bitwise_and)
                mix(blocks[then:], tables.last if step else tables.only, ends)
            if tables.before is not None and then > later:
                mix(blocks[later:then], tables.before, laid.tails_of(later, then))
            if step:
                blocks ^= tags[:now]
            if now < len(tags):
                tags[:now] = self.aes(blocks)
            else:
                tags = self.aes(blocks)
        return tags


def double(block: bytes) -> bytes:
    """The block times x in GF(2¹²⁸): `dbl` of RFC 5297, the sub-key step of RFC 4493."""
    number = int.from_bytes(block) << 1
    return ((number ^ 0x87) & (1 << 128) - 1 if number >> 128 else number).to_bytes(BLOCK)


def pad(length: int) -> bytes:
    """A block with the padding bit behind so many bytes; nothing behind a whole block."""
    return bytes(length) + b"\x80" + bytes(BLOCK - 1 - length) if length < BLOCK else bytes(BLOCK)


def xor_bytes(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def table(rows: list[bytes]) -> Blocks:
    """Blocks as a table to take from."""
    return np.frombuffer(b"".join(rows), np.uint64).reshape(-1, 2)


KEEP = table([b"\xff" * tail + bytes(BLOCK - tail) for tail in range(BLOCK + 1)])
