"""AES-256-SIV (RFC 5297) of all rows at once, in the wire form of Tink's deterministic AEAD.

A value becomes `01 | key id (4) | SIV (16) | ciphertext`. Associated data is one component, the same for the whole
column, so everything S2V makes of it is folded into tables; then one CMAC chain gives the SIVs and one call of AES
all counters.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from strongroom.core.secret import Secret
from strongroom.protect.aes import (
    KEEP,
    LONG,
    PART_BYTES,
    PART_ROWS,
    Aes,
    Cmac,
    Laid,
    Tables,
    double,
    gather,
    lay,
    pad,
    table,
    void,
    windows,
    xor_bytes,
)
from strongroom.protect.rows import BLOCK, Blocks, Bytes, Flags, Numbers, Rows, parts

PREFIX = 5
HEADER = PREFIX + BLOCK

# Bits 63 and 31 of the counter, counted from its end, are cleared (RFC 5297, 2.5): no carry ever leaves the low half
# word.
CLEAR = np.frombuffer(b"\xff" * 8 + b"\x7f\xff\xff\xff" * 2, np.uint64)


def prefix(key_id: int) -> bytes:
    """What every output under that key starts with: Tink's version byte and the key's id."""
    return b"\x01" + key_id.to_bytes(4)


class Siv:
    """AES-256-SIV under one key (64 bytes) and one associated data."""

    __slots__ = ("_associated", "_ctr", "_mac", "_one", "_tables")

    def __init__(self, key: Secret, *, associated: bytes) -> None:
        data = key.reveal()
        self._mac, self._ctr = Cmac(Secret(data[:32])), Aes(data[32:])
        self._one, self._associated = AESSIV(data), [associated]
        mixed = xor_bytes(double(self._mac.one(bytes(BLOCK))), self._mac.one(associated))
        self._tables = s2v_tables(mixed, subkeys=self._mac.subkeys())

    def encrypt(self, rows: Rows, *, key_id: int) -> tuple[Bytes, Numbers]:
        """The encrypted values one after the other, and their lengths."""
        lengths = rows.lengths + HEADER
        starts = np.cumsum(lengths) - lengths
        out = np.zeros(int(lengths.sum()) + BLOCK, np.uint8)
        for which in short_parts(rows.lengths):
            self._encrypt_part(rows.pick(which), out, starts[which])
        for index in np.flatnonzero(rows.lengths > LONG):
            sealed = np.frombuffer(self._one.encrypt(rows.value(index), self._associated), np.uint8)
            place = int(starts[index]) + PREFIX
            out[place : place + sealed.size] = sealed
        mark = np.frombuffer(prefix(key_id), np.dtype("V5"))
        windows(out, size=PREFIX)[starts] = mark
        return out, lengths

    def _encrypt_part(self, rows: Rows, out: Bytes, places: Numbers) -> None:
        laid = lay(rows)
        tags = self._mac.chain(laid, tables=self._tables)
        laid.blocks[:] ^= self._keystream(tags, laid)
        if laid.order is not None:
            places = places[laid.order]
        view = windows(out)
        for step, blocks in laid.steps():
            # A last block spills up to 15 bytes into the next value's header, which is always written later.
            view[places[: len(blocks)] + (HEADER + step * BLOCK)] = void(blocks)
        view[places + PREFIX] = void(tags)

    def _keystream(self, tags: Blocks, laid: Laid) -> Blocks:
        """The counter blocks of every row, encrypted, laid out like the rows' own blocks."""
        counters = np.empty_like(laid.blocks)
        start = tags & CLEAR
        low = start.view(">u4")[:, 3].astype(np.uint32)
        for step, part in laid.steps(counters):
            part[:] = start[: len(part)]
            if step:
                part.view(">u4")[:, 3] = low[: len(part)] + np.uint32(step)
        return self._ctr(counters)

    def decrypt(self, rows: Rows) -> tuple[Bytes, Numbers, Flags]:
        """The values one after the other, their lengths, and which are genuine; the others come out empty.

        `rows` are whole encrypted values of at least 21 bytes, whose prefix is known to be this key's.
        """
        lengths = rows.lengths - HEADER
        starts = np.cumsum(lengths) - lengths
        out = np.zeros(int(lengths.sum()) + BLOCK, np.uint8)
        genuine = np.ones(len(lengths), np.bool_)
        for which in short_parts(lengths):
            genuine[which] = self._decrypt_part(rows.pick(which), out, starts[which])
        for index in np.flatnonzero(lengths > LONG):
            try:
                value = self._one.decrypt(rows.value(index)[PREFIX:], self._associated)
            except InvalidTag:
                genuine[index] = False
            else:
                out[starts[index] : starts[index] + len(value)] = np.frombuffer(value, np.uint8)
        if not genuine.all():  # what does not verify is never given out
            out, lengths = out[:-BLOCK][np.repeat(genuine, lengths)], np.where(genuine, lengths, 0)
        return out, lengths, genuine

    def _decrypt_part(self, rows: Rows, out: Bytes, places: Numbers) -> Flags:
        inner = Rows(rows.data, rows.starts + HEADER, rows.lengths - HEADER)
        claimed = gather(rows.data, rows.starts + PREFIX)
        laid = lay(inner)
        sorted_claims = claimed if laid.order is None else claimed[laid.order]
        laid.blocks[:] ^= self._keystream(sorted_claims, laid)
        tags = self._mac.chain(laid, tables=self._tables)
        wrong = tags ^ sorted_claims
        genuine = (wrong[:, 0] | wrong[:, 1]) == 0
        write_blocks(laid, out, places)
        found: Flags = laid.back(genuine)
        return found


def write_blocks(laid: Laid, out: Bytes, places: Numbers) -> None:
    """The values of laid rows, written one after the other with nothing between them.

    A last block spills up to 15 bytes over what follows its value. So the last blocks go first, in the order of the
    rows: each repairs the start of its own value. The other blocks, which never spill, repair the rest.
    """
    view = windows(out)
    lasts = np.zeros((len(laid.tails), 2), np.uint64)
    for step, blocks in laid.steps():
        then = laid.active[step + 1]
        lasts[then : len(blocks)] = blocks[then:]
    full = (laid.lengths > 0).nonzero()[0]
    last_places = places + ((np.maximum(laid.lengths, 1) - 1) & ~(BLOCK - 1))
    view[last_places[full]] = void(laid.back(lasts)[full])
    ordered = places if laid.order is None else places[laid.order]
    for step, blocks in laid.steps():
        then = laid.active[step + 1]
        view[ordered[:then] + step * BLOCK] = void(blocks[:then])


def short_parts(lengths: Numbers) -> Iterator[Numbers]:
    """Row numbers of the values that are worked on together, in order, a cache's load at a time."""
    short = np.flatnonzero(lengths <= LONG)
    for part in parts(lengths[short], rows=PART_ROWS, size=PART_BYTES):
        yield short[part]


def s2v_tables(mixed: bytes, *, subkeys: tuple[bytes, bytes]) -> Tables:
    """S2V's last step (RFC 5297, 2.4) folded into CMAC's tables.

    `mixed` is D before the value. A value of a block or more has D XORed to its last 16 bytes, wherever these fall in
    its last two blocks; a shorter one is padded and XORed to `dbl(D)`, which makes a whole block.
    """
    whole, padded_key = subkeys
    only, last, before = [], [], []
    for tail in range(BLOCK + 1):
        rest = mixed[BLOCK - tail :] + bytes(BLOCK - tail)
        ends = xor_bytes(rest, xor_bytes(pad(tail), whole if tail == BLOCK else padded_key))
        last.append(ends)
        only.append(ends if tail == BLOCK else xor_bytes(xor_bytes(double(mixed), pad(tail)), whole))
        before.append(bytes(tail) + mixed[: BLOCK - tail])
    return Tables(KEEP, table(only), table(last), table(before))
