"""AES for all rows of a batch at once: bulk blocks, and AES-CMAC (RFC 4493) by chaining all rows together.

Step k of the chain takes block k of every row that has one: a gather, a XOR and one call of AES over a contiguous
array. Rows are ordered by their number of blocks, so the rows still in play are always the first ones. Padding and
sub-keys come from tables by the length of a value's last block; no table is indexed by anything secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from strongroom.core.secret import Secret
from strongroom.protect.rows import BLOCK, Blocks, Bytes, Numbers, Rows

PART_ROWS = 8192
PART_BYTES = 1 << 19
"""Rows and bytes worked on at a time: what they take stays within a core's second-level cache."""

LONG = 2048
"""Values longer than this go one at a time: within one value the chain cannot be spread, and the library's own is as
fast."""


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
    """The blocks of some rows, laid out by step: first block 0 of every row that has one, then block 1, and so on.

    Args:
        order: row numbers, those with the most blocks first; None when the rows already stand so.
        lengths: bytes in each row, in the rows' own order.
        tails: bytes in each row's last block, as laid: 1 to 16, and 0 for an empty row.
        active: how many rows have a block k, for k from 0; its end is two zeros.
        blocks: (sum of active, 2); a last block ends in whatever bytes follow its value.
    """

    order: Numbers | None
    lengths: Numbers
    tails: Numbers
    active: tuple[int, ...]
    blocks: Blocks

    def steps(self, blocks: Blocks | None = None) -> Iterator[tuple[int, Blocks]]:
        """Each step's number and blocks (of these rows, or of another array laid out like them)."""
        laid, place = self.blocks if blocks is None else blocks, 0
        for step, number in enumerate(self.active[:-2]):
            yield step, laid[place : place + number]
            place += number

    def back(self, rows: Any) -> Any:
        """One thing a row, from the laid order into the rows' own."""
        if self.order is None:
            return rows
        out = np.empty_like(rows)
        out[self.order] = rows
        return out


def windows(data: Bytes, *, size: int = BLOCK) -> npt.NDArray[np.void]:
    """Every stretch of 16 (or `size`) bytes of a buffer, as an array that numpy gathers from and scatters to."""
    return np.ndarray((max(0, data.size - size + 1),), np.dtype(f"V{size}"), data, strides=(1,))


def void(blocks: Blocks) -> npt.NDArray[np.void]:
    """Blocks as numpy gathers and scatters them."""
    return blocks.reshape(-1).view(np.dtype("V16"))


def gather(data: Bytes, places: Numbers) -> Blocks:
    """The blocks that start at those places."""
    return windows(data)[places].view(np.uint64).reshape(-1, 2)


def lay(rows: Rows) -> Laid:
    """The blocks of the rows (at least one row), by step."""
    starts, lengths, data = rows.starts, rows.lengths, rows.data
    stop = int(starts[-1] + lengths[-1]) + BLOCK
    if stop > data.size:  # a last block is read whole: put room behind it
        first = int(starts[0])
        data = np.zeros(stop - first, np.uint8)
        data[: rows.data.size - first] = rows.data[first:]
        starts = starts - first
    counts = (lengths + (BLOCK - 1)) >> 4
    most, order = int(counts.max()), None
    if most != int(counts.min()):
        order = np.argsort((most - counts).astype(np.uint16), kind="stable")
        starts = starts[order]
    active = (*(len(counts) - np.cumsum(np.bincount(counts))[:-1]).tolist(), 0, 0)
    laid = lengths if order is None else lengths[order]
    tails = np.where(laid > 0, ((laid - 1) & (BLOCK - 1)) + 1, 0)
    blocks = np.empty((sum(active), 2), np.uint64)
    out = Laid(order, lengths, tails, active, blocks)
    for step, part in out.steps():
        part[:] = gather(data, starts[: len(part)] + step * BLOCK)
    return out


@dataclass(frozen=True, slots=True)
class Tables:
    """What the last blocks of a chain take, by the number of bytes (0 to 16) that the last block has of its own.

    `keep` blanks the bytes behind the value. `only` and `last` are XORed to the last block of values with one block and
    with more; `before` to the block before the last, or None for nothing.
    """

    keep: Blocks
    only: Blocks
    last: Blocks
    before: Blocks | None = None


class Cmac:
    """AES-CMAC (RFC 4493) of all rows at once; `tables` may fold in more, as S2V does."""

    __slots__ = ("aes", "tables")

    def __init__(self, key: Secret) -> None:
        self.aes = Aes(key.reveal())
        whole, padded_key = self.subkeys()
        rows = [xor_bytes(pad(tail), whole if tail == BLOCK else padded_key) for tail in range(BLOCK + 1)]
        self.tables = Tables(KEEP, table(rows), table(rows))

    def subkeys(self) -> tuple[bytes, bytes]:
        """K1, for whole last blocks, and K2, for padded ones."""
        first = double(self.aes(np.zeros((1, 2), np.uint64)).tobytes())
        return first, double(first)

    def one(self, value: bytes) -> bytes:
        """The tag of one value."""
        return self.chain(lay(one_row(value)), tables=self.tables).tobytes()

    def chain(self, laid: Laid, *, tables: Tables) -> Blocks:
        """The tag of each row, in the order they are laid."""
        tags: Blocks = np.zeros((len(laid.tails), 2), np.uint64)
        place, active = 0, laid.active
        for step in range(max(1, len(active) - 2)):
            now, then, later = active[step], active[step + 1], (*active, 0)[step + 2]
            rows = now if step else len(tags)  # empty rows have no block, yet take part in the first step
            blocks = np.zeros((rows, 2), np.uint64)
            blocks[:now] = laid.blocks[place : place + now]
            place += now
            ending = laid.tails[then:rows]
            blocks[then:] &= np.take(tables.keep, ending, axis=0)
            blocks[then:] ^= np.take(tables.last if step else tables.only, ending, axis=0)
            if tables.before is not None:
                blocks[later:then] ^= np.take(tables.before, laid.tails[later:then], axis=0)
            blocks ^= tags[:rows]
            tags[:rows] = self.aes(blocks)
        return tags


def one_row(value: bytes) -> Rows:
    """One value as rows."""
    return Rows(np.frombuffer(value, np.uint8), np.zeros(1, np.int64), np.array([len(value)]))


def double(block: bytes) -> bytes:
    """The block times x in GF(2¹²⁸): `dbl` of RFC 5297, the sub-key step of RFC 4493."""
    number = int.from_bytes(block) << 1
    return ((number ^ 0x87) & (1 << 128) - 1 if number >> 128 else number).to_bytes(BLOCK)


def pad(length: int) -> bytes:
    """A block with the padding bit behind so many bytes; nothing behind a whole block."""
    return bytes(length) + b"\x80" + bytes(BLOCK - 1 - length) if length < BLOCK else bytes(BLOCK)


def xor_bytes(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def table(rows: list[bytes]) -> Blocks:
    """Blocks as a table to take from."""
    return np.frombuffer(b"".join(rows), np.uint64).reshape(-1, 2)


KEEP = table([b"\xff" * tail + bytes(BLOCK - tail) for tail in range(BLOCK + 1)])
