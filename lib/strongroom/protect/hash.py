"""`hash`: a keyed token. Equal values of one domain get equal tokens in every table, so that they still join.

A token is 42 hexadecimal digits: `01 | key id (4 bytes) | tag (16 bytes)`. With the profile `aes-cmac` these are the
bytes of Tink's AES-CMAC with a 32-byte key, with `hmac-sha256` those of its HMAC-SHA256 with a 16-byte tag. Options:
`domain` (default: this very column of this table) and `profile`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from strongroom.core.contract import Column
from strongroom.core.key import Keyring, purpose_info
from strongroom.core.secret import Secret
from strongroom.protect.aes import LONG, Cmac, lay
from strongroom.protect.encoding import token_rows
from strongroom.protect.method import Kernel, options_of
from strongroom.protect.rows import BLOCK, Bytes, Rows, binary_array
from strongroom.protect.siv import prefix, short_parts

TagWriter = Callable[[Rows, Bytes], None]

PROFILES = ("aes-cmac", "hmac-sha256")
DIGITS = 42

# Two bytes → four digits, as they lie in memory. Tokens are public, so this table is indexed by nothing secret.
HEX = np.array([np.frombuffer(low.to_bytes(2, "little").hex().encode(), np.uint32)[0] for low in range(1 << 16)])


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function that turns values into tokens, under the primary key."""
    options = options_of(column)
    profile = str(options.get("profile", "aes-cmac"))
    key = keyring.derive(token_info(column, table=table), length=32)
    tags = _cmac_tags(key) if profile == "aes-cmac" else _hmac_tags(key)
    start = np.frombuffer(prefix(keyring.primary).hex().encode(), np.uint8)

    def tokens(array: pa.Array) -> pa.Array:
        rows = token_rows(array, type_=column.type)
        out = np.empty((len(rows.lengths), DIGITS), np.uint8)
        out[:, :10] = start
        tags(rows, out)
        lengths = np.full(len(out), DIGITS, np.int64)
        return binary_array(out.reshape(-1), lengths, valid=rows.valid, type_=pa.string())

    return tokens


def token_info(column: Column, *, table: str) -> str:
    """The name of the key that makes this column's tokens: by domain when there is one, else by table and column."""
    options = options_of(column)
    profile, domain = str(options.get("profile", "aes-cmac")), str(options.get("domain", ""))
    where = ("domain", domain) if domain else ("column", table, column.path)
    return purpose_info("token", profile, *where)


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.string()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "string"


def _cmac_tags(key: Secret) -> TagWriter:
    mac = Cmac(key)
    library = CMAC(algorithms.AES(key.reveal()))

    def write(rows: Rows, out: Bytes) -> None:
        for which in short_parts(rows.lengths):
            laid = lay(rows.pick(which))
            found = laid.back(mac.chain(laid, tables=mac.tables))
            out[which, 10:] = np.take(HEX, found.view(np.uint16)).view(np.uint8)
        for index in np.flatnonzero(rows.lengths > LONG):
            one = library.copy()
            one.update(rows.value(index))
            out[index, 10:] = np.frombuffer(one.finalize().hex().encode(), np.uint8)

    return write


def _hmac_tags(key: Secret) -> TagWriter:
    def write(rows: Rows, out: Bytes) -> None:
        for index in range(len(rows.lengths)):
            tag = hmac.digest(key.reveal(), rows.value(index), hashlib.sha256)[:BLOCK]
            out[index, 10:] = np.frombuffer(tag.hex().encode(), np.uint8)

    return write
