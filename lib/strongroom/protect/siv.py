"""AES-256-SIV (RFC 5297) of all rows at once, in the wire form of Tink's deterministic AEAD.

A value becomes `01 | key id (4) | SIV (16) | ciphertext`. Associated data is one component, the same for the whole
column, so everything S2V makes of it is folded into tables; then one CMAC chain gives the SIVs and one call of AES all
counters.
"""

from __future__ import annotations

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from strongroom.core.secret import Secret
from strongroom.protect.aes import (
    Aes,
    Blocks,
    Cmac,
    Laid,
    Tables,
    clear_tails,
    double,
    lay,
    pad,
    table,
    void,
    xor_bytes,
)
from strongroom.protect.rows import BLOCK, Bytes, Flags, Numbers, Rows, moved, packed, places_of, room, windows

PREFIX = 5
HEADER = PREFIX + BLOCK

# Bits 63 and 31 of the counter, counted from its end, are cleared (RFC 5297, 2.5): no carry ever leaves the last word.
CLEAR_HIGH_BITS = np.frombuffer(b"\x7f\xff\xff\xff" * 2, np.uint64)[0]


def prefix(key_id: int) -> bytes:
    """What every output under that key starts with: Tink's version byte and the key's id."""
    return b"\x01" + key_id.to_bytes(4)


class Siv:
    """AES-SIV under one key (64 bytes: AES-256-SIV) and one associated data."""

    __slots__ = ("_associated", "_ctr", "_mac", "_one", "_tables")

    def __init__(self, key: Secret, *, associated: bytes) -> None:
        data = key.reveal()
        half = len(data) // 2
        self._mac, self._ctr = Cmac(Secret(data[:half])), Aes(data[half:])
        self._one, self._associated = AESSIV(data), [associated]
        mixed = xor_bytes(double(self._mac.one(bytes(BLOCK))), self._mac.one(associated))
        self._tables = s2v_tables(mixed, subkeys=self._mac.subkeys())

    def encrypt(self, rows: Rows, *, key_id: int) -> tuple[Bytes, Numbers]:
        """The encrypted values one after the other, and their lengths."""
        lengths = rows.lengths + HEADER
        starts = packed(lengths)
        out = room(int(lengths.sum()) + BLOCK)
        mark = prefix(key_id)
        for which, part in rows.parts():
            self._encrypt_part(part, out, starts[which], mark=mark)
        for index in rows.long():
            sealed = mark + self._one.encrypt(rows.value(index).tobytes(), self._associated)
            out[starts[index] : starts[index] + len(sealed)] = np.frombuffer(sealed, np.uint8)
        return out, lengths

    def _encrypt_part(self, rows: Rows, out: Bytes, starts: Numbers, *, mark: bytes) -> None:
        laid = lay(rows)
        tags = self._mac.chain(laid, tables=self._tables)
        laid.blocks[:] ^= self._keystream(tags, laid)
        header = np.empty((len(tags), HEADER), np.uint8)
        windows(header.reshape(-1), size=PREFIX)[::HEADER] = np.frombuffer(mark, "V5")
        windows(header.reshape(-1))[PREFIX::HEADER] = void(tags)
        places = places_of(laid.sort(starts))
        view = windows(out)
        for step, blocks in laid.steps():
            # A last block spills up to 16 bytes into the next value's header, which is always written later.
            view[moved(places, HEADER + step * BLOCK, count=len(blocks))] = void(blocks)
        windows(out, size=HEADER)[places] = header.reshape(-1).view(f"V{HEADER}")

    def _keystream(self, tags: Blocks, laid: Laid) -> Blocks:
        """The counter blocks of every row, encrypted, laid out like the rows' own blocks."""
        counters = np.empty_like(laid.blocks)
        first = tags.copy()
        first[:, 1] &= CLEAR_HIGH_BITS
        low = first.view(">u4")[:, 3].astype(np.uint32) if len(laid.active) > 3 else None
        for step, part in laid.steps(counters):
            part[:] = first[: len(part)]
            if low is not None and step:
                part.view(">u4")[:, 3] = low[: len(part)] + np.uint32(step)
        return self._ctr(counters)

    def decrypt(self, rows: Rows) -> tuple[Bytes, Numbers, Flags]:
        """The values one after the other, their lengths, and which are genuine; the others come out empty.

        `rows` are whole encrypted values of at least 21 bytes, whose prefix is known to be this key's.
        """
        lengths = rows.lengths - HEADER
        starts = packed(lengths)
        inner = Rows(rows.data, rows.starts + HEADER, lengths)
        out = room(int(lengths.sum()) + BLOCK)
        genuine = np.ones(len(lengths), np.bool_)
        for which, part in inner.parts():
            genuine[which] = self._decrypt_part(part, out, starts[which])
        for index in inner.long():
            try:
                value = self._one.decrypt(rows.value(index)[PREFIX:].tobytes(), self._associated)
            except InvalidTag:
                genuine[index] = False
            else:
                out[starts[index] : starts[index] + len(value)] = np.frombuffer(value, np.uint8)
        if not genuine.all():  # what does not verify is never given out
            out, lengths = out[:-BLOCK][np.repeat(genuine, lengths)], np.where(genuine, lengths, 0)
        return out, lengths, genuine

    def _decrypt_part(self, rows: Rows, out: Bytes, starts: Numbers) -> Flags:
        laid = lay(rows)
        places = places_of(laid.sort(rows.starts))
        claimed = windows(rows.data)[moved(places, -BLOCK, count=len(rows))]
        tags = np.ascontiguousarray(claimed).view(np.uint64).reshape(-1, 2)
        laid.blocks[:] ^= self._keystream(tags, laid)
        clear_tails(laid)
        wrong = self._mac.chain(laid, tables=self._tables) ^ tags
        write_blocks(laid, out, starts, lengths=rows.lengths)
        genuine: Flags = laid.back((wrong[:, 0] | wrong[:, 1]) == 0)
        return genuine


def write_blocks(laid: Laid, out: Bytes, starts: Numbers, *, lengths: Numbers) -> None:
    """The values of laid rows, written one after the other with nothing between them.

    The last blocks go first, in the order of the rows: each spills over what follows its value, and the next one
    repairs the start of its own. The other blocks never spill, and repair the rest.
    """
    if isinstance(laid.tails, int):
        _write_even(laid, out, starts, tail=laid.tails)
        return
    lasts = np.empty((len(starts), 2), np.uint64)
    places, view = laid.sort(starts), windows(out)
    for step, blocks in laid.steps():
        then = laid.active[step + 1]
        lasts[then : len(blocks)] = blocks[then:]
    view[starts + ((np.maximum(lengths, 1) - 1) & -BLOCK)] = laid.back(void(lasts))
    for step, blocks in laid.steps():
        then = laid.active[step + 1]
        view[places[:then] + step * BLOCK] = void(blocks[:then])


def _write_even(laid: Laid, out: Bytes, starts: Numbers, *, tail: int) -> None:
    """The same for values of one length, whose last blocks can be written without a spill."""
    if not tail:
        return
    places = places_of(starts)
    for step, blocks in laid.steps():
        size = BLOCK if laid.active[step + 1] else tail
        values = windows(blocks.reshape(-1).view(np.uint8), size=size)[::BLOCK]
        windows(out, size=size)[moved(places, step * BLOCK, count=len(starts))] = values


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
