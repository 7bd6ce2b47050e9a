"""Tokens become other tokens, under a key of one reader: equal ones stay equal to each other and to no other reader's.

A re-keyed token is the token (docs/encryption.md, profile `aes-cmac`) of the token's own 28 letters, under the key that
`rekey_info` names. So the tables of one reader still join, and two readers find no partner for theirs.
Tokens that stand in redacted texts are re-keyed there.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column, Type
from strongroom.core.contract.redaction import writes_tokens
from strongroom.core.keys.ring import Keyring, purpose_info
from strongroom.protect.columns import output_type
from strongroom.protect.methods.hash import IN_TEXT, tokens_under
from strongroom.protect.methods.method import Kernel, few_values

_TOKEN = re.compile(IN_TEXT)


def rekey_info(reader: str) -> str:
    """The name of the key that makes a reader's tokens."""
    return purpose_info("projection", reader)


def holds_tokens(column: Column) -> bool:
    """Whether a top-level column holds tokens, at any depth, or texts with tokens in them."""
    return any(leaf.method == "hash" or writes_tokens(leaf) for leaf in column.leaves())


def rekeyer(column: Column, *, reader: str, keyring: Keyring) -> Kernel:
    """The function that re-keys every token in a top-level column's protected arrays; everything else stays."""
    key = keyring.derive(rekey_info(reader), length=32)
    return _kernel(column, tokens_under(key, key_id=keyring.primary, type_=Type("string")))


def _kernel(column: Column, tokens: Kernel) -> Kernel:
    if not holds_tokens(column):
        return lambda array: array
    if column.type.name == "struct":
        return _struct(column, tokens)
    if column.type.item is not None:
        return _list(_kernel(column.type.item, tokens))
    if writes_tokens(column):
        return lambda array: _texts(array, tokens)
    return lambda array: _once_per_token(array, tokens)


def _texts(array: pa.Array, tokens: Kernel) -> pa.Array:
    """Texts with their tokens re-keyed; each different token once."""
    texts = plain(array).to_pylist()
    there = dict.fromkeys(match[2] for text in texts if text for match in _TOKEN.finditer(text))
    made = dict(zip(there, tokens(pa.array(list(there), pa.string())).to_pylist(), strict=True))
    return pa.array(
        [text and _TOKEN.sub(lambda match: f"{match[1]}{made[match[2]]}{match[3]}", text) for text in texts],
        pa.string(),
    )


def _once_per_token(array: pa.Array, tokens: Kernel) -> pa.Array:
    found = few_values(array)
    return tokens(array) if found is None else tokens(found.dictionary).take(found.indices)


def _struct(column: Column, tokens: Kernel) -> Kernel:
    kept = [field for field in column.type.fields if output_type(field) is not None]
    inner = {field.name.lower(): _kernel(field, tokens) for field in kept}

    def rekeyed(array: pa.Array) -> pa.Array:
        array = plain(array)
        names = [field.name for field in array.type]
        found = [inner[name.lower()](values) for name, values in zip(names, array.flatten(), strict=True)]
        return pa.StructArray.from_arrays(found, names=names, mask=array.is_null() if array.null_count else None)

    return rekeyed


def _list(inner: Kernel) -> Kernel:
    def rekeyed(array: pa.Array) -> pa.Array:
        array = plain(array)
        ends = np.concatenate(([0], np.cumsum(array.value_lengths().fill_null(0).to_numpy())))
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), inner(array.flatten()), mask=mask)

    return rekeyed
