"""AES for all rows of a batch at once: bulk blocks, and AES-CMAC (RFC 4493) by chaining all rows together.

Step k of the chain takes block k of every row that has one: a XOR and one call of AES over a contiguous array. Rows are
ordered by their number of blocks, so the rows still in play are always the first ones. Padding and sub-keys come from
tables by the length of a value's last block; no table is indexed by anything secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from strongroom.core.secret import Secret
from strongroom.protect.cipher.blocks import Laid, lay, void
from strongroom.protect.cipher.byte_rows import BLOCK, Numbers, Rows

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
    Sub-keys stand in it, so it shows and pickles nothing.
    """

    only: Blocks = field(repr=False)
    last: Blocks = field(repr=False)
    before: Blocks | None = field(default=None, repr=False)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("sub-keys do not pickle: send the key's wrapped form")


@dataclass(frozen=True, slots=True)
class Ends:
    """The same where it differs from row to row, in the order that the rows are laid; `before` counts where it is."""

    last: Blocks = field(repr=False)
    before: Blocks = field(repr=False)


class Cmac:
    """AES-CMAC (RFC 4493) of all rows at once; `tables` and `ends` may fold in more, as S2V does."""

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

    def chain(self, laid: Laid, *, tables: Tables, ends: Ends | None = None, start: Blocks | None = None) -> Blocks:
        """The tag of each row, in the order they are laid; with `start`, behind blocks that have given that so far."""
        tags = np.empty((0, 2), np.uint64)
        all_blocks, live = void(laid.blocks), laid.live()
        for step in range(laid.blocks.shape[1]):
            # From the end: rows whose last block is this one, rows with just one more, and those with more than that.
            now, then, later = live[step : step + 3]
            blocks = np.empty((now, 2), np.uint64)
            void(blocks)[:] = all_blocks[:now, step]
            if now > then:
                tails = laid.tails_of(then, now)
                mix(blocks[then:], KEEP, tails, by=np.bitwise_and)
                mix(blocks[then:], tables.last if step else tables.only, tails)
                if ends is not None:
                    blocks[then:] ^= ends.last[then:now]
            if tables.before is not None and then > later:
                mix(blocks[later:then], tables.before, laid.tails_of(later, then))
            if ends is not None and then > later:
                blocks[later:then] ^= ends.before[later:then]
            if step:
                blocks ^= tags[:now]
            elif start is not None:
                blocks ^= start
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
