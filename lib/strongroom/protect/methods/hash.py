"""`hash`: a keyed token. Equal values of one domain get equal tokens in every table, so that they still join.

A token is 28 characters, base64url of 21 bytes: `01 | key id (4) | tag (16)`. With the profile `aes-cmac` these are the
bytes of Tink's AES-CMAC with a 32-byte key, with `hmac-sha256` those of its HMAC-SHA256 with a 16-byte tag. Options:
`domain` (default: this very column of this table), `profile`, and `normalise: name`: all spellings of a name have one
token, the one that a redacted text of the domain has for it. Why this form: docs/decisions/tokens.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pybase64
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from strongroom.arrow.types import plain
from strongroom.core.contract import Column, Type
from strongroom.core.keys.ring import Keyring, purpose_info
from strongroom.core.secret import Secret
from strongroom.protect.cipher.aes import Blocks, Cmac
from strongroom.protect.cipher.blocks import lay, void
from strongroom.protect.cipher.byte_rows import BLOCK, Rows, fixed_array, room, windows
from strongroom.protect.cipher.encoding import token_rows
from strongroom.protect.cipher.siv import PREFIX, prefix
from strongroom.protect.methods.method import Kernel, once_per_value, options_of

Tags = Callable[[Rows], Iterator[tuple[Any, Blocks]]]
"""Which rows, and their tags; together, all rows."""

PROFILES = ("aes-cmac", "hmac-sha256")
LETTERS, BYTES = 28, PREFIX + BLOCK
IN_TEXT = r"(\[[A-Z_]+:)(A[Q-Za-f][A-Za-z0-9_-]{26})(\])"
"""A token in a redacted text, `[PERSON:TOKEN]`, and what stands around it."""


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function that turns values into tokens, under the primary key."""
    profile = str(options_of(column).get("profile", "aes-cmac"))
    key = keyring.derive(token_info(column, table=table), length=32)
    tokens = tokens_under(key, key_id=keyring.primary, type_=column.type, profile=profile)
    if options_of(column).get("normalise") != "name":
        return once_per_value(tokens, column=column)
    return once_per_value(lambda array: tokens(_names(array)), column=column)


def _names(array: pa.Array) -> pa.Array:
    """Each name in the one form of all its spellings."""
    from strongroom.text.redaction import canonical  # with the lists of words

    names = plain(array).to_pylist()
    return pa.array([None if name is None else canonical(name, "person") for name in names], pa.string())


def tokens_under(key: Secret, *, key_id: int, type_: Type, profile: str = PROFILES[0]) -> Kernel:
    """The function that turns values of a type into tokens under this very key."""
    tags_of = cmac_tags(key) if profile == PROFILES[0] else _hmac_tags(key)
    mark = prefix(key_id)

    def tokens(array: pa.Array) -> pa.Array:
        rows = token_rows(array, type_=type_)
        out = room(len(rows) * LETTERS)
        if len(rows):
            each = windows(out, size=LETTERS)[::LETTERS]
            for which, tags in tags_of(rows):
                each[which] = letters(tags, mark=mark)
        return fixed_array(out, LETTERS, valid=rows.valid, count=len(array), type_=pa.string())

    return tokens


def letters(tags: Blocks, *, mark: bytes) -> npt.NDArray[np.void]:
    """base64url of the mark and each tag. Their 21 bytes are whole groups of three, so all are written as one text."""
    laid = np.empty((len(tags), BYTES), np.uint8)
    windows(laid.reshape(-1), size=PREFIX)[::BYTES] = np.frombuffer(mark, f"V{PREFIX}")
    windows(laid.reshape(-1))[PREFIX::BYTES] = void(tags)
    return np.frombuffer(pybase64.b64encode(laid.data, altchars=b"-_"), f"V{LETTERS}")


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


def cmac_tags(key: Secret) -> Tags:
    """The function that gives AES-CMAC tags under this very key."""
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
