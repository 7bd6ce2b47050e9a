"""Sealing whole rows for quarantine: randomised, under keys of their own purpose, bound to the table."""

from __future__ import annotations

import os

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.keys.ring import Keyring, purpose_info
from strongroom.protect.cipher.byte_rows import binary_array, rows_of
from strongroom.protect.cipher.framing import Random, associated_data, close, open_all
from strongroom.protect.cipher.siv import Siv


def seal(values: pa.Array, *, table: str, keyring: Keyring, random: Random = os.urandom) -> pa.Array:
    """Binary values, encrypted so that equal ones differ. Nulls stay null."""
    cipher = _siv(table, keyring=keyring, key_id=keyring.primary)
    return close(rows_of(plain(values)), cipher, key_id=keyring.primary, random=random)


def unseal(values: pa.Array, *, table: str, keyring: Keyring) -> tuple[pa.Array, pa.BooleanArray]:
    """What was sealed, and for each row whether it could be opened; one that could not is null."""
    values = plain(values)
    ciphers = {key_id: _siv(table, keyring=keyring, key_id=key_id) for key_id in keyring.enabled}
    rows = open_all(values, ciphers, nonces=True)
    opened = binary_array(rows.data, rows.lengths, valid=rows.valid)
    return opened, pa.array(rows.valid | values.is_null().to_numpy(zero_copy_only=False))


def _siv(table: str, *, keyring: Keyring, key_id: int) -> Siv:
    key = keyring.derive(purpose_info("quarantine", table), length=64, key_id=key_id)
    return Siv(key, associated=associated_data("quarantine", table, "", "binary randomised"))
