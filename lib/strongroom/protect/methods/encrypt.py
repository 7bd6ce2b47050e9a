"""`encrypt`: AES-256-SIV, to be opened again by whoever holds the key.

`mode: deterministic` (the default) gives equal values equal outputs within the column, so that they can be counted and
grouped; `mode: randomised` puts 16 random bytes before each value, so that they differ. Both are read by any Tink as
deterministic AEAD. Options: `mode`; `domain`, or `key: classification`, which name the key instead of table and column;
and `rowKey`, a column of the same row whose value is bound in, so that no value opens in another row. Then equality
does not show either.
"""

from __future__ import annotations

import os

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring, Keys, purpose_info
from strongroom.protect.cipher.byte_rows import valid_of
from strongroom.protect.cipher.encoding import decode, encode
from strongroom.protect.cipher.framing import Random, associated_data, close, open_all
from strongroom.protect.cipher.siv import Siv
from strongroom.protect.methods.method import Kernel, few_values, once_per_value, options_of, wrong
from strongroom.protect.methods.row_key import NO_ROW_KEYS, Opener, Protector, RowKeys, key_rows, known, row_key


def kernel(column: Column, *, table: str, keyring: Keyring, random: Random = os.urandom) -> Kernel:
    """The function that encrypts the column's values under the primary key.

    Raises:
        ConfigError: the values are to be bound to their rows; `binding` does that.
    """
    if row_key(column):
        raise wrong(column, "its values are bound to their rows", todo="Give the row keys along with them.")
    cipher = siv(column, table=table, keyring=keyring, key_id=keyring.primary)
    source = random if is_randomised(column) else None

    def encrypted(array: pa.Array) -> pa.Array:
        return close(encode(array, type_=column.type), cipher, key_id=keyring.primary, random=source)

    return encrypted if source else once_per_value(encrypted, column=column)


def binding(column: Column, *, table: str, keyring: Keyring, random: Random = os.urandom) -> Protector:
    """The function that encrypts the column's values under the primary key, each bound to its row's key."""
    cipher = siv(column, table=table, keyring=keyring, key_id=keyring.primary)
    source, name = random if is_randomised(column) else None, row_key(column)

    def encrypted(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> pa.Array:
        rows = encode(array, type_=column.type)
        bound = key_rows(row_keys[name], valid=rows.valid)
        return close(rows, cipher, key_id=keyring.primary, random=source, bound=bound)

    return encrypted


def opener(column: Column, *, table: str, keyring: Keys) -> Opener:
    """The function that opens the column's values again and says for each row whether that worked.

    A null is null and fine. A value that was tampered with, moved here from another column (or row, when it is bound to
    its own), cut short, or written under a key that is not enabled comes out null, with False beside it: a matter for
    quarantine, not a failed job.

    Raises:
        KeyFault: the keys are a role's, and this column's is not among them.
    """
    ids = keyring.opening(encryption_info(column, table=table))
    ciphers = {key_id: siv(column, table=table, keyring=keyring, key_id=key_id) for key_id in ids}
    randomised, name = is_randomised(column), row_key(column)

    def opened_all(array: pa.Array, keys: pa.Array | None = None) -> tuple[pa.Array, pa.BooleanArray]:
        array = plain(array)
        sealed = array if keys is None else known(array, keys)
        bound = None if keys is None else key_rows(keys, valid=valid_of(sealed))
        values, read = decode(open_all(sealed, ciphers, nonces=randomised, bound=bound), type_=column.type)
        return values, pa.array(read | array.is_null().to_numpy(zero_copy_only=False))

    def opened(array: pa.Array, row_keys: RowKeys = NO_ROW_KEYS) -> tuple[pa.Array, pa.BooleanArray]:
        if name:
            return opened_all(array, row_keys[name])
        found = few_values(array)
        if found is None:
            return opened_all(array)
        values, verdicts = opened_all(found.dictionary)
        return values.take(found.indices), verdicts.take(found.indices).fill_null(True)

    return opened


def siv(column: Column, *, table: str, keyring: Keys, key_id: int) -> Siv:
    """The cipher of this column under the key derived from that master key."""
    key = keyring.derive(encryption_info(column, table=table), length=64, key_id=key_id)
    return Siv(key, associated=bound_to(column, table=table))


def encryption_info(column: Column, *, table: str) -> str:
    """The name of the key that encrypts this column: by domain or classification, else by table and column."""
    domain = _domain(column)
    if "key" in options_of(column):
        return purpose_info("encryption", "classification", column.classification)
    return purpose_info("encryption", *(("domain", domain) if domain else ("column", table, column.path)))


def bound_to(column: Column, *, table: str) -> bytes:
    """The associated data of the column's values; what is randomised never opens as deterministic, nor the reverse.

    Of a column with a row key it is what comes before that. One more `|` keeps these apart from all others.
    """
    type_ = column.type.ddl + (" randomised" if is_randomised(column) else "")
    return associated_data(_domain(column), table, column.path, type_) + (b"|" if row_key(column) else b"")


def is_randomised(column: Column) -> bool:
    return options_of(column).get("mode", "deterministic") == "randomised"


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.binary()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "binary"


def _domain(column: Column) -> str:
    return str(options_of(column).get("domain", ""))
