"""Which keys values lie under, told by the first bytes that every protected value carries. Needs no key."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection

import numpy as np
import pyarrow as pa

from strongroom.protect.hash import ALPHABET, LETTERS
from strongroom.protect.rows import places_of, rows_of, windows
from strongroom.protect.siv import HEADER, PREFIX, prefix
from strongroom.protect.types import plain

_HEADS = {False: np.uint64((1 << 8 * PREFIX) - 1), True: np.uint64((1 << 56) - 1)}
"""What of a value's first eight bytes, as a little-endian number, tells the key: five bytes, or seven letters."""


def rows_by_key(array: pa.Array, keys: Collection[int]) -> dict[int, int]:
    """How many values of a text or binary array are tokens or encrypted values under each of these keys."""
    array = plain(array)
    rows = rows_of(array)
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    right = rows.lengths == LETTERS if text else rows.lengths >= HEADER
    starts = rows.starts if right.all() else rows.starts[right]
    if not len(starts):
        return {}
    heads = np.ascontiguousarray(windows(rows.data, size=8)[places_of(starts)]).view("<u8") & _HEADS[text]
    counts = {key_id: sum(int(np.count_nonzero(heads == head)) for head in _marks(key_id, text)) for key_id in keys}
    return {key_id: count for key_id, count in counts.items() if count}


def _marks(key_id: int, text: bool) -> list[np.uint64]:
    """What a value under that key may start with. Five bytes are six letters and two thirds of a seventh."""
    mark = prefix(key_id)
    if not text:
        return [np.uint64(int.from_bytes(mark, "little"))]
    letters, nibble = urlsafe_b64encode(mark)[:6], mark[-1] & 15
    return [
        np.uint64(int.from_bytes(letters + last.encode(), "little")) for last in ALPHABET[4 * nibble : 4 * nibble + 4]
    ]
