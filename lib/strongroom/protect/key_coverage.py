"""Which keys values lie under, told by the first bytes that every protected value carries. Needs no key."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.protect.cipher.byte_rows import Bytes, Flags, Numbers, places_of, rows_of, valid_of, windows
from strongroom.protect.cipher.siv import HEADER, PREFIX, prefix
from strongroom.protect.methods.hash import LETTERS

Heads = npt.NDArray[np.uint64]
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
OTHERS = 0
"""Stands for every key that was not asked for: no key has this id."""

_SECOND = np.isin(np.arange(256), np.frombuffer(b"QRSTUVWXYZabcdef", np.uint8))
_TOKEN = f"^A[Q-Za-f][A-Za-z0-9_-]{{{LETTERS - 2}}}$"
"""What a token looks like: its first byte is 1, so its second letter is one of sixteen."""
_HEADS = {False: np.uint64((1 << 8 * PREFIX) - 1), True: np.uint64((1 << 56) - 1)}
"""What of a value's first eight bytes, as a little-endian number, tells the key: five bytes, or seven letters."""


def rows_by_key(array: pa.Array, keys: Collection[int]) -> dict[int, int]:
    """How many values of a text or binary array are tokens or encrypted values under each of these keys.

    Those that have the form of one, and the id of none of these keys, count as `OTHERS`.
    """
    viewed = pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type)
    array = array if viewed else plain(array)
    text = any(test(array.type) for test in _TEXTS)
    heads = (_viewed_heads if viewed else _heads)(array, text=text) & _HEADS[text]
    counts = {key_id: sum(int(np.count_nonzero(heads == head)) for head in _marks(key_id, text)) for key_id in keys}
    if (known := sum(counts.values())) < len(heads):
        counts[OTHERS] = _formed(array, heads, known, text=text) - known
    if text:
        for key_id, count in _in_texts(array, keys).items():
            counts[key_id] = counts.get(key_id, 0) + count
    return {key_id: count for key_id, count in counts.items() if count}


def _in_texts(array: pa.Array, keys: Collection[int]) -> dict[int, int]:
    """How many tokens stand in longer texts, as redaction leaves them there."""
    longer = pc.greater(pc.binary_length(array), LETTERS) if not pa.types.is_string_view(array.type) else None
    texts = (array if longer is None else array.filter(longer)).cast(pa.string())
    texts = texts.filter(pc.match_substring(texts, ":A"))
    if not len(texts):
        return {}
    counts = {
        key_id: _count(texts, f"(?:{'|'.join(_starts(key_id))})[A-Za-z0-9_-]{{{LETTERS - 7}}}") for key_id in keys
    }
    return {**counts, OTHERS: _count(texts, "A[Q-Za-f][A-Za-z0-9_-]{26}") - sum(counts.values())}


def _count(texts: pa.Array, token: str) -> int:
    return int(pc.sum(pc.count_substring_regex(texts, rf"\[[A-Z_]+:{token}\]")).as_py() or 0)


def _formed(array: pa.Array, heads: Heads, known: int, *, text: bool) -> int:
    """How many values have the form that every protected value has, whatever its key: `known` ones at least."""
    letters = heads.view(np.uint8).reshape(-1, 8)
    if not text:
        return int(np.count_nonzero(letters[:, 0] == 1))
    begun = int(np.count_nonzero((letters[:, 0] == ord("A")) & _SECOND[letters[:, 1]]))
    if begun == known:
        return known
    return int(pc.sum(pc.match_substring_regex(array.cast(pa.string()), _TOKEN)).as_py() or 0)


def _heads(array: pa.Array, *, text: bool) -> Heads:
    """The first eight bytes of each value that is long enough to be one of ours."""
    rows = rows_of(array)
    right = _right(rows.lengths, text)
    return _gathered(rows.data, rows.starts if right.all() else rows.starts[right])


def _viewed_heads(array: pa.Array, *, text: bool) -> Heads:
    """The same from Arrow's view layout, where a long value is four words: length, first bytes, buffer and place.

    Turned into the plain layout first, every text of the table would be copied to look at none of it.
    """
    _, views, *buffers = array.buffers()
    if not len(array) or views is None:
        return np.zeros(0, np.uint64)
    words = np.frombuffer(views, np.int32, 4 * len(array), 16 * array.offset).reshape(-1, 4)
    right = _right(words[:, 0], text)
    if (valid := valid_of(array)) is not None:
        right &= valid
    long = words if right.all() else words[right]
    found = [np.zeros(0, np.uint64)]
    for number, data in enumerate(buffers):
        starts = long[long[:, 2] == number, 3].astype(np.int64)
        if len(starts):
            found.append(_gathered(np.frombuffer(data, np.uint8), starts))
    return np.concatenate(found)


def _right(lengths: npt.NDArray[Any], text: bool) -> Flags:
    right: Flags = lengths == LETTERS if text else lengths >= HEADER
    return right


def _gathered(data: Bytes, starts: Numbers) -> Heads:
    if not len(starts):
        return np.zeros(0, np.uint64)
    return np.ascontiguousarray(windows(data, size=8)[places_of(starts)]).view("<u8")


def _marks(key_id: int, text: bool) -> list[np.uint64]:
    """What a value under that key may start with. Five bytes are six letters and two thirds of a seventh."""
    mark = prefix(key_id)
    if not text:
        return [np.uint64(int.from_bytes(mark, "little"))]
    return [np.uint64(int.from_bytes(letters.encode(), "little")) for letters in _starts(key_id)]


def _starts(key_id: int) -> list[str]:
    """The seven letters that a token under that key may start with."""
    return [urlsafe_b64encode(prefix(key_id) + bytes([more << 6]))[:7].decode() for more in range(4)]
