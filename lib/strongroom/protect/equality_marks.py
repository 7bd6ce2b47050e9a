"""Marks of protected values: eight bytes by which equal ones are known and counted, and no clear value is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column, Protect, Type
from strongroom.core.contract.protection import is_kept
from strongroom.core.keys.ring import Keyring
from strongroom.protect.cipher.byte_rows import places_of, rows_of, windows
from strongroom.protect.cipher.siv import HEADER, PREFIX
from strongroom.protect.columns import output_type
from strongroom.protect.methods.hash import LETTERS
from strongroom.protect.methods.hash import kernel as token_kernel
from strongroom.protect.methods.method import options_of

Words = npt.NDArray[np.uint64]


def shows_equality(leaf: Column) -> bool:
    """Whether equal values of a leaf leave as equal ones that hide them: tokens and deterministic encryption.

    What is bound to its row differs from row to row.
    """
    method, options = leaf.method, options_of(leaf)
    return method == "hash" or (method == "encrypt" and options.get("mode") != "randomised" and "rowKey" not in options)


def leaving(column: Column, array: pa.Array) -> Iterator[tuple[Column, pa.Array]]:
    """Each leaf of a top-level column that leaves, with its values in the column's protected array."""
    if column.type.name == "struct":
        kept = [field for field in column.type.fields if output_type(field) is not None]
        for field, values in zip(kept, plain(array).flatten() if kept else (), strict=True):
            yield from leaving(field, values)
    elif column.type.item is not None:
        if output_type(column) is not None:
            yield from leaving(column.type.item, plain(array).flatten())
    elif output_type(column) is not None:
        yield column, array


def marker(leaf: Column, *, table: str, keyring: Keyring) -> Callable[[pa.Array], Words]:
    """The function that marks what leaves of a leaf: equal values alike, and so that no value can be tried.

    What equality shows is marked as it is; the rest (masked, generalised, or kept for a reason) is hashed first, by a
    key that makes nothing else: no table holds such tokens.
    """
    if shows_equality(leaf):
        return marks_of
    hashed = replace(leaf, type=leaf.type if is_kept(leaf) else Type("string"), protect=Protect("hash"))
    tokens = token_kernel(hashed, table=f"sketch:{table}", keyring=keyring)
    return lambda array: marks_of(tokens(array))


def marks_of(array: pa.Array) -> Words:
    """The mark of each token or encrypted value that is not null: evenly spread, and equal where the values are.

    An encrypted value is marked by the start of its SIV, a token by eight letters of its tag, stirred.
    """
    array = plain(array)
    rows = rows_of(array)
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    right = rows.lengths == LETTERS if text else rows.lengths >= HEADER
    starts = rows.starts if right.all() else rows.starts[right]
    if not len(starts):
        return np.zeros(0, np.uint64)
    places = places_of(starts, more=8 if text else PREFIX)
    words: Words = np.ascontiguousarray(windows(rows.data, size=8)[places]).view(np.uint64)
    return _stirred(words) if text else words


def _stirred(words: Words) -> Words:
    """A fixed one-to-one mix of 64 bits (the finaliser of SplitMix64), since letters are not evenly spread."""
    words = words ^ (words >> np.uint64(30))
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words
