"""What stands around the cipher: which key opens a value, what it is bound to, and the random bytes before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from strongroom.core.key import bar_escape
from strongroom.protect.aes import LONG, lay, windows
from strongroom.protect.rows import BLOCK, Bytes, Flags, Numbers, Rows, binary_array, rows_of
from strongroom.protect.siv import HEADER, PREFIX, Siv, prefix, short_parts, write_blocks

Random = Callable[[int], bytes]
"""So many random bytes; `os.urandom` outside tests."""


def associated_data(domain: str, table: str, column: str, type_: str) -> bytes:
    """What a value is bound to: `v1|domain|table|column|type`, so that it opens nowhere else."""
    return "|".join(("v1", *map(bar_escape, (domain, table, column, type_)))).encode()


def close(rows: Rows, cipher: Siv, *, key_id: int, random: Random | None = None) -> pa.Array:
    """The rows encrypted; with `random`, each with 16 bytes of it in front, so that equal values differ."""
    if random is not None:
        data = pack(rows, room=BLOCK)
        lengths = rows.lengths + BLOCK
        starts = np.cumsum(lengths) - lengths
        windows(data)[starts] = np.frombuffer(random(BLOCK * len(starts)), "V16")
        rows = Rows(data, starts, lengths, rows.valid)
    data, lengths = cipher.encrypt(rows, key_id=key_id)
    return binary_array(data, lengths, valid=rows.valid)


def open_all(array: pa.Array, ciphers: Mapping[int, Siv], *, nonces: bool = False) -> Rows:
    """The values that open under one of the keys; `valid` says which rows of the array they are.

    Nulls, and values that are too short, under another key, or not genuine, are not among them.
    """
    rows = rows_of(array)
    owner = owners(rows, ciphers, least=HEADER + (BLOCK if nonces else 0))
    valid = np.ones(len(array), np.bool_) if rows.valid is None else rows.valid.copy()
    found = [(which, ciphers[int(key_id)].decrypt(rows.pick(which))) for key_id, which in by_owner(owner)]
    if len(found) == 1:
        which, (data, lengths, genuine) = found[0]
        lengths, which = lengths[genuine], which[genuine]
    else:
        data, lengths, which = _merged(found)
    opened = np.zeros(len(owner), np.bool_)
    opened[which] = True
    valid[valid] = opened
    starts = np.cumsum(lengths) - lengths
    if not nonces:
        return Rows(data, starts, lengths, valid)
    inner = Rows(data, starts + BLOCK, lengths - BLOCK)
    return Rows(pack(inner), np.cumsum(inner.lengths) - inner.lengths, inner.lengths, valid)


def owners(rows: Rows, ciphers: Mapping[int, Siv], *, least: int) -> Numbers:
    """The id of the key that each value names, if it is one of these and the value is long enough; else 0."""
    owner = np.zeros(len(rows.lengths), np.int64)
    enough = np.flatnonzero(rows.lengths >= least)
    marks = windows(rows.data, size=PREFIX)[rows.starts[enough]]
    matrix = marks.view(np.uint8).reshape(-1, PREFIX)
    ids = np.ascontiguousarray(matrix[:, 1:]).view(">u4").astype(np.int64)[:, 0]
    known = (matrix[:, 0] == prefix(1)[0]) & np.isin(ids, list(ciphers))
    owner[enough[known]] = ids[known]
    return owner


def by_owner(owner: Numbers) -> list[tuple[int, Numbers]]:
    """Row numbers for each key id but 0."""
    return [(int(key_id), np.flatnonzero(owner == key_id)) for key_id in np.unique(owner) if key_id]


def pack(rows: Rows, *, room: int = 0) -> Bytes:
    """The values one after the other with so many free bytes before each, and a block of room at the end."""
    lengths = rows.lengths + room
    starts = np.cumsum(lengths) - lengths + room
    out = np.zeros(int(lengths.sum()) + BLOCK, np.uint8)
    for which in short_parts(rows.lengths):
        write_blocks(lay(rows.pick(which)), out, starts[which])
    for index in np.flatnonzero(rows.lengths > LONG):
        start, stop = int(starts[index]), int(starts[index] + rows.lengths[index])
        out[start:stop] = rows.data[rows.starts[index] : rows.starts[index] + rows.lengths[index]]
    return out


def _merged(found: list[tuple[Numbers, tuple[Bytes, Numbers, Flags]]]) -> tuple[Bytes, Numbers, Numbers]:
    """Values of several keys in the order of their rows."""
    if not found:
        return np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64)
    arrays = [binary_array(data, lengths[genuine], valid=None) for _, (data, lengths, genuine) in found]
    which = np.concatenate([rows[genuine] for rows, (_, _, genuine) in found])
    order = np.argsort(which, kind="stable")
    rows = rows_of(pa.concat_arrays(arrays).take(pa.array(order)))
    return rows.data[int(rows.starts[0]) if len(order) else 0 :], rows.lengths, which[order]
