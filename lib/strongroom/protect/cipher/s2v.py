"""S2V (RFC 5297, 2.4) of one associated data and one value, as what is folded into the ends of one CMAC chain.

Associated data is one component. It is the same for a whole column, or each row's own: the column's, and behind it the
row's key. Then it takes a chain of its own, which starts behind the blocks that all rows have in common.
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from strongroom.core.secret import Secret
from strongroom.protect.cipher.aes import Blocks, Cmac, Ends, Tables, double, pad, table, xor_bytes
from strongroom.protect.cipher.blocks import Laid, lay, pack, void
from strongroom.protect.cipher.byte_rows import BLOCK, Rows, packed, windows


def s2v_tables(mixed: bytes, *, subkeys: tuple[bytes, bytes]) -> Tables:
    """S2V's last step (RFC 5297, 2.4) folded into CMAC's tables.

    `mixed` is D before the value. A value of a block or more has D XORed to its last 16 bytes, wherever these fall in
    its last two blocks; a shorter one is padded and XORed to `dbl(D)`, which makes a whole block.
    """
    whole, cut = subkeys
    only, last, before = [], [], []
    for tail in range(BLOCK + 1):
        rest = mixed[BLOCK - tail :] + bytes(BLOCK - tail)
        ends = xor_bytes(rest, xor_bytes(pad(tail), whole if tail == BLOCK else cut))
        last.append(ends)
        only.append(ends if tail == BLOCK else xor_bytes(xor_bytes(double(mixed), pad(tail)), whole))
        before.append(bytes(tail) + mixed[: BLOCK - tail])
    return Tables(table(only), table(last), table(before))


class RowS2v:
    """S2V where the associated data of each row is the column's with the row's own bytes behind it."""

    __slots__ = ("_library", "_mac", "_rest", "_start", "_zero", "tables")

    def __init__(self, key: Secret, *, mac: Cmac, associated: bytes) -> None:
        shared = max(0, len(associated) - 1) // BLOCK * BLOCK  # whole blocks, and never all of it
        self._mac, self._rest, self._start = mac, associated[shared:], np.zeros((1, 2), np.uint64)
        for block in table([associated[:shared]]):
            self._start = mac.aes(self._start ^ block)
        self._library = CMAC(algorithms.AES(key.reveal()))
        self._library.update(associated[:shared])
        self._zero = table([double(mac.one(bytes(BLOCK)))])
        whole = mac.subkeys()[0]
        only = [xor_bytes(pad(tail), whole) for tail in range(BLOCK + 1)]
        self.tables = Tables(table(only), mac.tables.last)

    def mixed(self, keys: Rows) -> Blocks:
        """What S2V has made of each row's associated data, when its value comes."""
        found = np.empty((len(keys), 2), np.uint64)
        data, lengths = pack(keys, gap=len(self._rest)), keys.lengths + len(self._rest)
        starts = packed(lengths)
        if self._rest:
            windows(data, size=len(self._rest))[starts] = np.frombuffer(self._rest, f"V{len(self._rest)}")
        rows = Rows(data, starts, lengths)
        for which, part in rows.parts():
            laid = lay(part)
            tags = self._mac.chain(laid, tables=self._mac.tables, start=self._start)
            void(found)[which] = laid.back(void(tags))
        for index in rows.long():
            one = self._library.copy()
            one.update(rows.value(index).tobytes())
            found[index] = np.frombuffer(one.finalize(), np.uint64)
        return found ^ self._zero


def row_ends(mixed: Blocks, laid: Laid) -> Ends:
    """What `s2v_tables` is for one D, for a D of each row: a row's own last blocks, XORed to by these.

    The last block of several takes D's last bytes, as many as it has, and the one before it takes the rest. A block
    that is the only one takes D if it is whole, else `dbl(D)`.
    """
    rows, several = len(mixed), laid.live()[1]
    tails = np.broadcast_to(np.asarray(laid.tails), rows)
    wide = np.zeros((rows, 3, 2), np.uint64)
    wide[:, 1] = mixed
    at = np.arange(rows) * (3 * BLOCK) + BLOCK - tails
    shifted = windows(wide.reshape(-1).view(np.uint8))
    last, before = np.empty((rows, 2), np.uint64), np.empty((several, 2), np.uint64)
    void(before)[:] = shifted[at[:several]]
    void(last)[:several] = shifted[at[:several] + BLOCK]
    last[several:] = np.where((tails[several:] < BLOCK)[:, None], double_all(mixed[several:]), mixed[several:])
    return Ends(last, before)


def double_all(blocks: Blocks) -> Blocks:
    """`dbl` of every block; the same work whatever the bits are."""
    high, low = (np.ascontiguousarray(half) for half in blocks.byteswap().T)
    out = np.empty_like(blocks)
    out[:, 0] = (high << np.uint64(1)) | (low >> np.uint64(63))
    out[:, 1] = (low << np.uint64(1)) ^ ((high >> np.uint64(63)) * np.uint64(0x87))
    return out.byteswap()
