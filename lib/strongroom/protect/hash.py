"""`hash`: a keyed token. Equal values of one domain get equal tokens in every table, so that they still join.

A token is 28 characters, base64url of 21 bytes: `01 | key id (4) | tag (16)`. With the profile `aes-cmac` these are the
bytes of Tink's AES-CMAC with a 32-byte key, with `hmac-sha256` those of its HMAC-SHA256 with a 16-byte tag. Options:
`domain` (default: this very column of this table) and `profile`. Why this form: docs/decisions/tokens.md.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from strongroom.core.contract import Column
from strongroom.core.key import Keyring, purpose_info
from strongroom.core.secret import Secret
from strongroom.protect.aes import Blocks, Cmac, lay
from strongroom.protect.encoding import token_rows
from strongroom.protect.method import Kernel, once_per_value, options_of
from strongroom.protect.rows import Rows, fixed_array, room, windows
from strongroom.protect.siv import prefix

Tags = Callable[[Rows], Iterator[tuple[Any, Blocks]]]
"""Which rows, and their tags; together, all rows."""

PROFILES = ("aes-cmac", "hmac-sha256")
LETTERS = 28
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# Twelve bits → two letters. What is looked up is public: tokens are what everybody may see.
PAIRS = np.array([int.from_bytes(f"{one}{two}".encode(), "little") for one, two in product(ALPHABET, repeat=2)], "<u2")


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function that turns values into tokens, under the primary key."""
    profile = str(options_of(column).get("profile", "aes-cmac"))
    key = keyring.derive(token_info(column, table=table), length=32)
    tags_of = _cmac_tags(key) if profile == "aes-cmac" else _hmac_tags(key)
    mark = prefix(keyring.primary)
    start, lead = np.frombuffer(urlsafe_b64encode(mark[:3]), "V4"), int.from_bytes(mark[3:])

    def tokens(array: pa.Array) -> pa.Array:
        rows = token_rows(array, type_=column.type)
        out = room(len(rows) * LETTERS)
        if len(rows):
            windows(out, size=4)[::LETTERS] = start
            ends = windows(out, size=24)[4::LETTERS]
            for which, tags in tags_of(rows):
                ends[which] = letters(tags, lead=lead)
        return fixed_array(out, LETTERS, valid=rows.valid, count=len(array), type_=pa.string())

    return once_per_value(tokens, column=column)


def letters(tags: Blocks, *, lead: int) -> npt.NDArray[np.void]:
    """base64url of two bytes (the number `lead`) and a tag, for each tag: 24 letters."""
    high, low = (np.ascontiguousarray(half) for half in tags.byteswap().T)
    out = np.empty((len(high), 12), np.uint16)
    words = ((high >> 32) | np.uint64(lead << 32), ((high & 0xFFFFFFFF) << 16) | (low >> 48), low & 0xFFFFFFFFFFFF)
    for number, word in enumerate(words):
        for place, shift in enumerate((36, 24, 12, 0)):
            out[:, 4 * number + place] = PAIRS.take((word.view(np.int64) >> shift) & 0xFFF)
    return out.reshape(-1).view("V24")


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


def _cmac_tags(key: Secret) -> Tags:
    mac = Cmac(key)
    library = CMAC(algorithms.AES(key.reveal()))

    def tags(rows: Rows) -> Iterator[tuple[Any, Blocks]]:
        for which, part in rows.parts():
            laid = lay(part)
            found = mac.chain(laid, tables=mac.tables)
            if laid.order is not None:
                which = laid.order + which.start if isinstance(which, slice) else which[laid.order]
            yield which, found
        for index in rows.long():
            one = library.copy()
            one.update(rows.value(index).tobytes())
            yield [index], np.frombuffer(one.finalize(), np.uint64).reshape(1, 2)

    return tags


def _hmac_tags(key: Secret) -> Tags:
    # SHA-256 has no bulk call as AES has, so this profile goes value by value; a copy of the keyed state takes half the
    # time of a new HMAC.
    keyed = HMAC(key.reveal(), SHA256())

    def tags(rows: Rows) -> Iterator[tuple[Any, Blocks]]:
        first, ends = int(rows.starts[0]), rows.starts + rows.lengths
        data, copy, found = rows.data[first : int(ends[-1])].tobytes(), keyed.copy, []
        for start, end in zip((rows.starts - first).tolist(), (ends - first).tolist(), strict=True):
            mac = copy()
            mac.update(data[start:end])
            found.append(mac.finalize())
        yield slice(None), np.frombuffer(b"".join(found), np.uint64).reshape(-1, 4)[:, :2].copy()

    return tags
