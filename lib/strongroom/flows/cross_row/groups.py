"""Rows that share a key, or whose key is nowhere: found among the fingerprints of one range, told by their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.flows.cross_row.fingerprints import BLOBS, KeyColumns
from strongroom.flows.row_pass.process import Broken
from strongroom.protect.fingerprints import Prints
from strongroom.quality.reading.blocks import Numbers

FOUND = pa.schema([field for field in BLOBS if field.name not in ("range", "theirs", "prints")])
"""Rows that break a rule, under one variant of its keys."""
SHARED = pa.schema([("shared", pa.int64())])


def offenders(blobs: pa.Table, *, refers: frozenset[int]) -> pa.Table:
    """FOUND of one range: rows whose key another row or a table has; of rules that refer, those whose key it lacks."""
    rows = list[dict[str, object]]()
    for place in pc.unique(blobs.column("place")).to_pylist():
        mine, group, counts, theirs = _grouped(blobs.filter(pc.equal(blobs.column("place"), place)))
        broken = theirs[group] == 0 if place in refers else (counts[group] > 1) | (theirs[group] > 0)
        rows += [{**told, "numbers": numbers.tobytes()} for told, numbers in _by_blob(mine, broken)]
    return pa.Table.from_pylist(rows, FOUND)


def sharing(blobs: pa.Table) -> pa.Table:
    """SHARED of one range: how many rows share their key with another one."""
    _, _, counts, others = _grouped(blobs)
    both = counts + others
    return pa.table([[int(both[both > 1].sum())]], SHARED)


def meeting(blobs: pa.Table) -> pa.Table:
    """SHARED of one range: how many keys of place 0 are at place 1, too."""
    sides = [_prints(blobs.filter(pc.equal(blobs.column("place"), place)).to_pylist()) for place in (0, 1)]
    both = np.concatenate([np.unique(side, axis=0) for side in sides])
    return pa.table([[len(both) - len(np.unique(both, axis=0))]], SHARED)


def broken_of(found: pa.Table, asked: Sequence[KeyColumns], *, refers: frozenset[int]) -> dict[tuple[str, int], Broken]:
    """Of each part, the rows that break a rule.

    Where a table has values under several master keys, a key refers to nothing if it does under each of them.
    """
    parts: dict[tuple[str, int], dict[int, list[Numbers]]] = {}
    for row in found.to_pylist():
        of = parts.setdefault((row["path"], row["start"]), {})
        of.setdefault(row["place"], []).append(np.frombuffer(row["numbers"], np.int64))
    variants = {key.place: max(1, len(key.keys)) for key in asked}
    result: dict[tuple[str, int], Broken] = {}
    for part, of in parts.items():
        rules = {}
        for place, numbers in of.items():
            each, count = np.unique(np.concatenate(numbers), return_counts=True)
            rules[place] = each[count == variants[place]] if place in refers else each
        result[part] = rules
    return result


@dataclass(frozen=True, slots=True)
class _Mine:
    """The blobs of our own rows, where each begins among all, and the numbers of all."""

    blobs: list[Mapping[str, object]]
    edges: Numbers
    numbers: Numbers


def _grouped(blobs: pa.Table) -> tuple[_Mine, Numbers, Numbers, Numbers]:
    """Our rows; the group of equal keys that each is in; and how many of ours and of theirs each group has."""
    told = blobs.to_pylist()
    ours, others = [row for row in told if not row["theirs"]], [row for row in told if row["theirs"]]
    together = np.concatenate([_prints(ours), _prints(others)])
    edges = np.cumsum([0, *(len(row["prints"]) // 16 for row in ours)])
    order = np.lexsort((together[:, 1], together[:, 0]))
    ranked = together[order]
    new = np.ones(len(ranked), np.bool_)
    new[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    group = np.empty(len(ranked), np.int64)
    group[order] = np.cumsum(new) - 1
    size = int(new.sum())
    count = int(edges[-1])
    numbers = np.concatenate([np.frombuffer(row["numbers"], np.int64) for row in ours] or [np.zeros(0, np.int64)])
    mine = _Mine(ours, edges, numbers)
    return mine, group[:count], np.bincount(group[:count], minlength=size), np.bincount(group[count:], minlength=size)


def _prints(rows: Sequence[Mapping[str, Any]]) -> Prints:
    found = [np.frombuffer(row["prints"], np.uint64).reshape(-1, 2) for row in rows]
    return np.concatenate(found) if found else np.zeros((0, 2), np.uint64)


def _by_blob(mine: _Mine, broken: np.ndarray) -> Iterator[tuple[dict[str, object], Numbers]]:
    for number, row in enumerate(mine.blobs):
        here = slice(int(mine.edges[number]), int(mine.edges[number + 1]))
        if (flags := broken[here]).any():
            yield {name: row[name] for name in ("place", "variant", "path", "start")}, mine.numbers[here][flags]
