"""Which keys values lie under, told by the first bytes that every protected value carries. Needs no key."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from strongroom.protect.rows import Rows, places_of, rows_of, windows
from strongroom.protect.siv import HEADER, prefix
from strongroom.protect.types import plain

TOKEN_DIGITS = 42


def rows_by_key(array: pa.Array, keys: Collection[int]) -> dict[int, int]:
    """How many values of a text or binary array are tokens or encrypted values under each of these keys."""
    array = plain(array)
    rows = rows_of(array)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        marked = rows.pick(rows.lengths == TOKEN_DIGITS)
        marks = {key_id: prefix(key_id).hex().encode() for key_id in keys}
    else:
        marked = rows.pick(rows.lengths >= HEADER)
        marks = {key_id: prefix(key_id) for key_id in keys}
    return {key_id: found for key_id, mark in marks.items() if (found := _starting(marked, mark))}


def _starting(rows: Rows, mark: bytes) -> int:
    if not len(rows):
        return 0
    starts = np.ascontiguousarray(windows(rows.data, size=len(mark))[places_of(rows.starts)])
    return int((starts.view(np.uint8).reshape(-1, len(mark)) == np.frombuffer(mark, np.uint8)).all(axis=1).sum())
