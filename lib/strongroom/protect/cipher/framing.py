"""What stands around the cipher: which key opens a value, what it is bound to, and the random bytes before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.keys.ring import bar_escape
from strongroom.protect.cipher.blocks import pack
from strongroom.protect.cipher.byte_rows import (
    BLOCK,
    Bytes,
    Flags,
    Numbers,
    Rows,
    binary_array,
    packed,
    places_of,
    rows_of,
    windows,
)
from strongroom.protect.cipher.siv import HEADER, PREFIX, Siv, prefix

Random = Callable[[int], bytes]
"""So many random bytes; `os.urandom` outside tests."""


def associated_data(domain: str, table: str, column: str, type_: str) -> bytes:
    """What a value is bound to: `v1|domain|table|column|type`, so that it opens nowhere else."""
    return "|".join(("v1", *map(bar_escape, (domain, table, column, type_)))).encode()


def close(rows: Rows, cipher: Siv, *, key_id: int, random: Random | None = None, bound: Rows | None = None) -> pa.Array:
    """The rows encrypted; with `random`, each with 16 bytes of it in front, so that equal values differ.

    `bound` ends the associated data of each of the values.
    """
    inner = rows if random is None else with_nonces(rows, random=random)
    data, lengths = cipher.encrypt(inner, key_id=key_id, bound=bound)
    return binary_array(data, lengths, valid=rows.valid)


def open_all(array: pa.Array, ciphers: Mapping[int, Siv], *, nonces: bool = False, bound: Rows | None = None) -> Rows:
    """The values that open under one of the keys; `valid` says which rows of the array they are.

    Nulls, and values that are too short, under another key, or not genuine, are not among them.
    """
    rows = rows_of(array)
    owner = owners(rows, ciphers, least=HEADER + (BLOCK if nonces else 0))
    if isinstance(owner, int):
        data, lengths, genuine = ciphers[owner].decrypt(rows, bound=bound)
        lengths = lengths if genuine.all() else lengths[genuine]
    else:
        data, lengths, genuine = _opened_by(rows, owner, ciphers, bound=bound)
    valid = genuine
    if rows.valid is not None:
        valid = rows.valid.copy()
        valid[valid] = genuine
    opened = Rows(data, packed(lengths), lengths, valid)
    return without_nonces(opened) if nonces else opened


def owners(rows: Rows, ciphers: Mapping[int, Siv], *, least: int) -> Numbers | int:
    """The id of the key that each value names, if it is one of these and the value is long enough; else 0.

    One number when all values name the same key, as they mostly do.
    """
    marks = {key_id: int.from_bytes(prefix(key_id), "little") for key_id in ciphers}
    if len(rows) and int(rows.lengths.min()) >= least:
        words = _first_words(rows.data, rows.starts)
        for key_id, mark in marks.items():
            if int(words[0]) == mark and bool((words == np.uint64(mark)).all()):
                return key_id
    owner = np.zeros(len(rows), np.int64)
    enough = np.flatnonzero(rows.lengths >= least)
    words = _first_words(rows.data, rows.starts[enough])
    for key_id, mark in marks.items():
        owner[enough[words == np.uint64(mark)]] = key_id
    return owner


def with_nonces(rows: Rows, *, random: Random) -> Rows:
    """The values, each with a block of random bytes in front."""
    data, lengths = pack(rows, gap=BLOCK), rows.lengths + BLOCK
    starts = packed(lengths)
    windows(data)[starts] = np.frombuffer(random(BLOCK * len(starts)), "V16")
    return Rows(data, starts, lengths, rows.valid)


def without_nonces(rows: Rows) -> Rows:
    """The values without the block in front, one after the other."""
    inner = Rows(rows.data, rows.starts + BLOCK, rows.lengths - BLOCK)
    return Rows(pack(inner), packed(inner.lengths), inner.lengths, rows.valid)


def _first_words(data: Bytes, starts: Numbers) -> npt.NDArray[np.uint64]:
    """The first five bytes of each value (of at least eight) as a number."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    words = windows(data, size=8)[places_of(starts)]
    return np.ascontiguousarray(words).view(np.uint64) & np.uint64((1 << 8 * PREFIX) - 1)


def _opened_by(
    rows: Rows, owner: Numbers, ciphers: Mapping[int, Siv], *, bound: Rows | None
) -> tuple[Bytes, Numbers, Flags]:
    """Values of several keys, opened and in the order of their rows; their lengths; which of all rows they are."""
    genuine, arrays, order = np.zeros(len(rows), np.bool_), [pa.array([], pa.binary())], [np.zeros(0, np.int64)]
    for key_id in np.unique(owner[owner > 0]).tolist():
        which = np.flatnonzero(owner == key_id)
        its = None if bound is None else bound.pick(which)
        data, lengths, good = ciphers[key_id].decrypt(rows.pick(which), bound=its)
        genuine[which] = good
        arrays.append(binary_array(data, lengths[good], valid=None))
        order.append(which[good])
    places = np.argsort(np.concatenate(order), kind="stable")
    merged = rows_of(pa.concat_arrays(arrays).take(pa.array(places)))
    return merged.data[: int(merged.lengths.sum())], merged.lengths, genuine
