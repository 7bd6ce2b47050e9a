"""Texts judged by their bytes, a whole batch at once, where a form is simple enough to be told that way.

RE2 takes 100 ns and more a text. The commonest forms are runs of one class of characters, `^[…]+$` or, with one other
character in between, `^[…]+@[…]+$`: there only the bytes outside the class count, and where they stand. The same goes
for most of what is an e-mail address by its standard. Valid UTF-8 is taken for granted, as `typed` leaves no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat

# A class of ASCII characters only, so that all others are outside of it, or inside when it is negated.
_CLASS = r"\[\^?(?:\\[sdw.\-]|[^\\\[\]^\x80-\U0010ffff])+\]"
_RUNS = re.compile(rf"\^({_CLASS})\+(?:(\\[^A-Za-z0-9\s]|[\w@:;,/=~#%&!<>\"' -])\1\+)?\$", re.ASCII)
_SURELY = 64  # bytes of an address within which neither its local part nor a label is too long

Ranges = tuple[tuple[int, int], ...]


def runs(expression: str) -> Callable[[Flat], Mask] | None:
    """Which values do not match a pattern of one of the two forms (nulls: anything); None for any other pattern."""
    found = _RUNS.fullmatch(expression)
    if found is None:
        return None
    inside = _members(found[1])
    between = ord(found[2][-1]) if found[2] else None
    if between is not None and inside[between]:
        return None  # where the run ends is then not told by its bytes
    others = _ranges(~inside)

    def fails(flat: Flat) -> Mask:
        starts, ends, data = _laid(flat)
        stops = np.flatnonzero(_among(data, others))
        if between is None:
            failed: Mask = starts == ends
            failed[_row_of(stops, starts)] = True
            return failed
        return ~_once(stops, starts, ends) if (data[stops] == between).all() else _not_one(stops, starts, ends, data)

    def _not_one(stops: np.ndarray, starts: np.ndarray, ends: np.ndarray, data: np.ndarray) -> Mask:
        failed = ~_once(stops, starts, ends)
        failed[_row_of(stops[data[stops] != between], starts)] = True
        return failed

    return fails


def plain_addresses(flat: Flat) -> Mask:
    """Which values surely are e-mail addresses (nulls: anything): letters and digits, with single dots and hyphens
    inside and one @, at most 64 bytes. Every such text is one by the standard; others may be.
    """
    starts, ends, data = _laid(flat)
    stops = np.flatnonzero(_among(data, _NOT_ALNUM))
    signs = data[stops]
    at = signs == ord("@")
    fine: Mask = _once(stops[at], starts, ends) & (ends - starts <= _SURELY)
    wrong = ~(at | (signs == ord(".")) | (signs == ord("-")))
    wrong[1:] |= stops[1:] == stops[:-1] + 1
    fine[_row_of(stops[wrong], starts)] = False
    if len(data):
        # One at an end of its row; an empty row has no @ and is out already.
        special = np.zeros(len(data) + 1, np.bool_)
        special[stops] = True
        fine &= ~(special[starts] | special[ends - 1])
    return fine


def _laid(flat: Flat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each text starts and ends in the bytes of all."""
    offsets = buffers.offsets(flat.values)
    offsets = offsets - offsets[0]
    return offsets[:-1], offsets[1:], buffers.data(flat.values)


def _row_of(places: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The row that each byte belongs to: the last that starts there or before, since empty ones own none."""
    return np.searchsorted(starts, places, side="right") - 1


def _once(places: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Mask:
    """Which rows have exactly one of these places, neither their first byte nor their last."""
    found: Mask
    if len(places) == len(starts):
        found = (starts < places) & (places < ends - 1)
        if found.all():
            return found
    rows = _row_of(places, starts)
    found = np.bincount(rows, minlength=len(starts)) == 1
    edge = (places == starts[rows]) | (places == ends[rows] - 1)
    found[rows[edge]] = False
    return found


def _among(data: np.ndarray, ranges: Ranges) -> Mask:
    """Which bytes lie in one of the ranges: comparisons of whole arrays, twenty times faster than a table."""
    found = np.zeros(len(data), np.bool_)
    for first, last in ranges:
        found |= data == first if first == last else (data - np.uint8(first)) <= last - first
    return found


def _members(characters: str) -> Mask:
    """Which bytes belong to a class, as RE2 has it; bytes beyond ASCII when it is negated."""
    table = np.full(256, characters.startswith("[^"))
    table[:128] = pc.match_substring_regex(ASCII, f"^{characters}$").to_pylist()
    return table


# Made of buffers, since `pa.array` of Python values imports pandas, as `to_numpy` does: half a second at every start.
ASCII = pa.Array.from_buffers(
    pa.string(), 128, [None, pa.py_buffer(np.arange(129, dtype=np.int32)), pa.py_buffer(np.arange(128, dtype=np.uint8))]
)


def _ranges(table: Mask) -> Ranges:
    """The runs of set bytes in a table: first and last of each."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], table, [False]))))
    return tuple((int(first), int(after) - 1) for first, after in edges.reshape(-1, 2))


_NOT_ALNUM = _ranges(~_members("[A-Za-z0-9]"))
