"""`encrypt`: AES-256-SIV, to be opened again by whoever holds the key.

`mode: deterministic` (the default) gives equal values equal outputs within the column, so that they can be counted and
grouped; `mode: randomised` puts 16 random bytes before each value, so that they differ. Both are read by any Tink as
deterministic AEAD. Options: `mode`, and `domain`, which names the key instead of table and column.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.core.key import Keyring, purpose_info
from strongroom.protect.encoding import decode, encode
from strongroom.protect.envelope import Random, associated_data, close, open_all
from strongroom.protect.method import Kernel, few_values, once_per_value, options_of
from strongroom.protect.siv import Siv
from strongroom.protect.types import plain

Opener = Callable[[pa.Array], tuple[pa.Array, pa.BooleanArray]]

MODES = ("deterministic", "randomised")


def kernel(column: Column, *, table: str, keyring: Keyring, random: Random = os.urandom) -> Kernel:
    """The function that encrypts the column's values under the primary key."""
    cipher = siv(column, table=table, keyring=keyring, key_id=keyring.primary)
    source = random if is_randomised(column) else None

    def encrypted(array: pa.Array) -> pa.Array:
        return close(encode(array, type_=column.type), cipher, key_id=keyring.primary, random=source)

    return encrypted if source else once_per_value(encrypted, column=column)


def opener(column: Column, *, table: str, keyring: Keyring) -> Opener:
    """The function that opens the column's values again and says for each row whether that worked.

    A null is null and fine. A value that was tampered with, moved here from another column, cut short, or written under
    a key that is not enabled comes out null, with False beside it: a matter for quarantine, not a failed job.
    """
    ciphers = {key_id: siv(column, table=table, keyring=keyring, key_id=key_id) for key_id in keyring.enabled}
    randomised = is_randomised(column)

    def opened_all(array: pa.Array) -> tuple[pa.Array, pa.BooleanArray]:
        array = plain(array)
        values, read = decode(open_all(array, ciphers, nonces=randomised), type_=column.type)
        return values, pa.array(read | array.is_null().to_numpy(zero_copy_only=False))

    def opened(array: pa.Array) -> tuple[pa.Array, pa.BooleanArray]:
        found = few_values(array)
        if found is None:
            return opened_all(array)
        values, verdicts = opened_all(found.dictionary)
        return values.take(found.indices), verdicts.take(found.indices).fill_null(True)

    return opened


def decrypt(array: pa.Array, column: Column, *, table: str, keyring: Keyring) -> tuple[pa.Array, pa.BooleanArray]:
    """One array's values again, and for each row whether it could be opened; see `opener`, which compiles once."""
    return opener(column, table=table, keyring=keyring)(array)


def siv(column: Column, *, table: str, keyring: Keyring, key_id: int) -> Siv:
    """The cipher of this column under the key derived from that master key."""
    key = keyring.derive(encryption_info(column, table=table), length=64, key_id=key_id)
    return Siv(key, associated=bound_to(column, table=table))


def encryption_info(column: Column, *, table: str) -> str:
    """The name of the key that encrypts this column: by domain when there is one, else by table and column."""
    domain = _domain(column)
    return purpose_info("encryption", *(("domain", domain) if domain else ("column", table, column.path)))


def bound_to(column: Column, *, table: str) -> bytes:
    """The associated data of the column's values; what is randomised never opens as deterministic, nor the reverse."""
    type_ = column.type.ddl + (" randomised" if is_randomised(column) else "")
    return associated_data(_domain(column), table, column.path, type_)


def is_randomised(column: Column) -> bool:
    return options_of(column).get("mode", "deterministic") == "randomised"


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.binary()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "binary"


def _domain(column: Column) -> str:
    return str(options_of(column).get("domain", ""))
