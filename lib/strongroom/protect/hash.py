"""`hash`: a keyed token. Equal values of one domain get equal tokens in every table, so that they still join.

A token is 42 hexadecimal digits: `01 | key id (4 bytes) | tag (16 bytes)`. With the profile `aes-cmac` these are the
bytes of Tink's AES-CMAC with a 32-byte key, with `hmac-sha256` those of its HMAC-SHA256 with a 16-byte tag. Options:
`domain` (default: this very column of this table) and `profile`.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from strongroom.core.contract import Column
from strongroom.core.key import Keyring, purpose_info
from strongroom.core.secret import Secret
from strongroom.protect.aes import Cmac, lay
from strongroom.protect.encoding import token_rows
from strongroom.protect.method import Kernel, once_per_value, options_of
from strongroom.protect.rows import BLOCK, Rows, binary_array, room, windows
from strongroom.protect.siv import prefix

TagWriter = Callable[[Rows, npt.NDArray[np.void]], None]
TAG = np.dtype("V32")

PROFILES = ("aes-cmac", "hmac-sha256")
DIGITS = 42


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function that turns values into tokens, under the primary key."""
    options = options_of(column)
    profile = str(options.get("profile", "aes-cmac"))
    key = keyring.derive(token_info(column, table=table), length=32)
    write = _cmac_tags(key) if profile == "aes-cmac" else _hmac_tags(key)
    start = np.frombuffer(prefix(keyring.primary).hex().encode(), "V10")

    def tokens(array: pa.Array) -> pa.Array:
        rows = token_rows(array, type_=column.type)
        out = room(len(rows) * DIGITS)
        if len(rows):
            windows(out, size=10)[::DIGITS] = start
            write(rows, windows(out, size=32)[10::DIGITS])
        return binary_array(out, np.full(len(rows), DIGITS, np.int64), valid=rows.valid, type_=pa.string())

    return once_per_value(tokens, column=column)


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

    def write(rows: Rows, out: npt.NDArray[np.void]) -> None:
        for which, part in rows.parts():
            laid = lay(part)
            tags = mac.chain(laid, tables=mac.tables)
            out[which] = laid.back(np.frombuffer(hexlify(tags.data), TAG))
        for index in rows.long():
            one = library.copy()
            one.update(rows.value(index).tobytes())
            out[index] = np.frombuffer(one.finalize().hex().encode(), TAG)[0]

    return write


def _hmac_tags(key: Secret) -> TagWriter:
    # SHA-256 has no bulk call as AES has, so this profile goes value by value. Both ends of HMAC (RFC 2104) start from
    # the same block each time; copies of these two states take less than half the time of a whole HMAC.
    block = key.reveal().ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def tag(value: memoryview) -> bytes:
        first, last = inner.copy(), outer.copy()
        first.update(value)
        last.update(first.digest())
        return last.digest()[:BLOCK]

    def write(rows: Rows, out: npt.NDArray[np.void]) -> None:
        data, ends = rows.data.data, (rows.starts + rows.lengths).tolist()
        tags = [tag(data[start:end]) for start, end in zip(rows.starts.tolist(), ends, strict=True)]
        out[:] = np.frombuffer(hexlify(b"".join(tags)), TAG)

    return write
