"""AES-256-SIV (RFC 5297) of all rows at once, in the wire form of Tink's deterministic AEAD.

A value becomes `01 | key id (4) | SIV (16) | ciphertext`. Associated data is one component: the same for the whole
column, and then everything S2V makes of it is folded into tables; or that with each row's own bytes behind it. One CMAC
chain gives the SIVs and one call of AES all counters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from strongroom.core.secret import Secret
from strongroom.protect.cipher.aes import Aes, Blocks, Cmac, double, xor_bytes
from strongroom.protect.cipher.blocks import Laid, lay, pack, void
from strongroom.protect.cipher.byte_rows import BLOCK, Bytes, Flags, Numbers, Rows, packed, places_of, room, windows
from strongroom.protect.cipher.s2v import RowS2v, row_ends, s2v_tables

PREFIX = 5
HEADER = PREFIX + BLOCK

# Bits 63 and 31 of the counter, counted from its end, are cleared (RFC 5297, 2.5): no carry ever leaves the last word.
CLEAR_HIGH_BITS = np.frombuffer(b"\x7f\xff\xff\xff" * 2, np.uint64)[0]


def prefix(key_id: int) -> bytes:
    """What every output under that key starts with: Tink's version byte and the key's id."""
    return b"\x01" + key_id.to_bytes(4)


class Siv:
    """AES-SIV under one key (64 bytes: AES-256-SIV) and one associated data, or what that starts with in each row."""

    __slots__ = ("_associated", "_bound", "_ctr", "_mac", "_one", "_tables")

    def __init__(self, key: Secret, *, associated: bytes) -> None:
        data = key.reveal()
        half = len(data) // 2
        self._mac, self._ctr = Cmac(Secret(data[:half])), Aes(data[half:])
        self._one, self._associated = AESSIV(data), associated
        self._bound = RowS2v(Secret(data[:half]), mac=self._mac, associated=associated)
        mixed = xor_bytes(double(self._mac.one(bytes(BLOCK))), self._mac.one(associated))
        self._tables = s2v_tables(mixed, subkeys=self._mac.subkeys())

    def encrypt(self, rows: Rows, *, key_id: int, bound: Rows | None = None) -> tuple[Bytes, Numbers]:
        """The encrypted values one after the other, and their lengths; `bound` ends each row's associated data."""
        mixed = None if bound is None else self._bound.mixed(bound)
        lengths = rows.lengths + HEADER
        starts = packed(lengths)
        out = room(int(lengths.sum()) + BLOCK)
        headers = np.empty((len(rows), HEADER), np.uint8)
        windows(headers.reshape(-1), size=PREFIX)[::HEADER] = np.frombuffer(prefix(key_id), "V5")
        sivs = windows(headers.reshape(-1))[PREFIX::HEADER]
        for which, part in rows.parts():
            laid = lay(part)
            tags = self._tags(laid, mixed=mixed, which=which)
            places = laid.sort(starts[which])
            for start, stop, keys in self._keystream(tags, laid):
                keys ^= laid.blocks[start:stop, : keys.shape[1]]
                # A last block spills up to 16 bytes into the next value's header: headers are written afterwards.
                size = BLOCK * keys.shape[1]
                windows(out, size=size)[places_of(places[start:stop], more=HEADER)] = keys.reshape(-1).view(f"V{size}")
            sivs[which] = laid.back(void(tags))
        for index in rows.long():
            sealed = np.frombuffer(self._one.encrypt(rows.value(index).tobytes(), self._data(index, bound)), np.uint8)
            headers[index, PREFIX:] = sealed[:BLOCK]
            out[starts[index] + HEADER : starts[index] + lengths[index]] = sealed[BLOCK:]
        if len(rows):
            windows(out, size=HEADER)[places_of(starts)] = headers.reshape(-1).view(f"V{HEADER}")
        return out, lengths

    def _tags(self, laid: Laid, *, mixed: Blocks | None, which: npt.NDArray[Any] | slice) -> Blocks:
        """The SIVs of a part of the rows, as laid."""
        if mixed is None:
            return self._mac.chain(laid, tables=self._tables)
        ends = row_ends(laid.sort(mixed[which]), laid)
        return self._mac.chain(laid, tables=self._bound.tables, ends=ends)

    def _data(self, index: int, bound: Rows | None) -> list[bytes]:
        """The associated data of one row, as the library takes it."""
        return [self._associated if bound is None else self._associated + bound.value(index).tobytes()]

    def _keystream(self, tags: Blocks, laid: Laid) -> Iterator[tuple[int, int, npt.NDArray[np.uint64]]]:
        """Each group's first row, row after the last, and counter blocks, encrypted: (rows, blocks, 2)."""
        first = tags.copy()
        first[:, 1] &= CLEAR_HIGH_BITS
        low = first.view(">u4")[:, 3].astype(np.uint32) if laid.blocks.shape[1] > 1 else None
        counters = np.empty((sum((stop - start) * blocks for start, stop, blocks in laid.groups), 2), np.uint64)
        for start, stop, part in _grouped(counters, laid):
            fill(void(part), void(first[start:stop]))
            if low is not None and part.shape[1] > 1:
                part.view(">u4")[:, 1:, 3] = low[start:stop, None] + np.arange(1, part.shape[1], dtype=np.uint32)
        yield from _grouped(self._ctr(counters), laid)

    def decrypt(self, rows: Rows, *, bound: Rows | None = None) -> tuple[Bytes, Numbers, Flags]:
        """The values one after the other, their lengths, and which are genuine; the others come out empty.

        `rows` are whole encrypted values of at least 21 bytes, whose prefix is known to be this key's; `bound` is as
        when they were encrypted.
        """
        mixed = None if bound is None else self._bound.mixed(bound)
        inner = Rows(rows.data, rows.starts + HEADER, rows.lengths - HEADER)
        genuine = np.ones(len(rows), np.bool_)

        def opened(which: npt.NDArray[Any] | slice, part: Rows) -> Laid:
            laid = lay(part)
            claimed = np.ascontiguousarray(windows(rows.data)[places_of(laid.sort(part.starts), more=-BLOCK)])
            tags = claimed.view(np.uint64).reshape(-1, 2)
            for start, stop, keys in self._keystream(tags, laid):
                laid.blocks[start:stop, : keys.shape[1]] ^= keys
            wrong = self._tags(laid, mixed=mixed, which=which) ^ tags
            genuine[which] = laid.back((wrong[:, 0] | wrong[:, 1]) == 0)
            return laid

        def opened_alone(index: int) -> Bytes:
            try:
                value = self._one.decrypt(rows.value(index)[PREFIX:].tobytes(), self._data(index, bound))
            except InvalidTag:
                genuine[index] = False
                return np.zeros(int(inner.lengths[index]), np.uint8)
            return np.frombuffer(value, np.uint8)

        out = pack(inner, blocks=opened, alone=opened_alone)
        if genuine.all():
            return out, inner.lengths, genuine
        # What does not verify is never given out.
        return out[:-BLOCK][np.repeat(genuine, inner.lengths)], np.where(genuine, inner.lengths, 0), genuine


def _grouped(blocks: Blocks, laid: Laid) -> Iterator[tuple[int, int, npt.NDArray[np.uint64]]]:
    """Blocks that lie group after group, as one array a group."""
    at = 0
    for start, stop, number in laid.groups:
        size = (stop - start) * number
        yield start, stop, blocks[at : at + size].reshape(stop - start, number, 2)
        at += size


def fill(blocks: npt.NDArray[np.void], first: npt.NDArray[np.void]) -> None:
    """Every block of a row made the row's first; a few columns are faster one by one."""
    if blocks.shape[1] > 8:
        blocks[:] = first[:, None]
    else:
        for column in range(blocks.shape[1]):
            blocks[:, column] = first
