"""Which keys values lie under, told by the first bytes that every protected value carries. Needs no key."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from strongroom.protect.hash import ALPHABET, LETTERS
from strongroom.protect.rows import Bytes, places_of, rows_of, windows
from strongroom.protect.siv import HEADER, PREFIX, prefix
from strongroom.protect.types import plain


def rows_by_key(array: pa.Array, keys: Collection[int]) -> dict[int, int]:
    """How many values of a text or binary array are tokens or encrypted values under each of these keys."""
    array = plain(array)
    rows = rows_of(array)
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    marked = rows.pick(rows.lengths == LETTERS if text else rows.lengths >= HEADER)
    if not len(marked):
        return {}
    size = 7 if text else PREFIX
    starts = np.ascontiguousarray(windows(marked.data, size=size)[places_of(marked.starts)])
    heads = _sextets(starts.view(np.uint8).reshape(-1, size)) if text else starts.view(np.uint8).reshape(-1, size)
    found = {}
    for key_id in keys:
        mark = np.frombuffer(prefix(key_id), np.uint8)
        if rows_marked := int((heads == mark).all(axis=1).sum()):
            found[key_id] = rows_marked
    return found


_PLACES = np.full(256, 255, np.uint8)
_PLACES[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(64, dtype=np.uint8)


def _sextets(letters: Bytes) -> Bytes:
    """The first five bytes that seven letters of base64url stand for; other letters give what no key id starts with."""
    found = _PLACES[letters]
    bits = np.unpackbits(found[:, :, None], axis=2)[:, :, 2:].reshape(len(found), -1)
    out = np.packbits(bits[:, : 8 * PREFIX], axis=1)
    out[(found > 63).any(axis=1), 0] = 255
    return out
