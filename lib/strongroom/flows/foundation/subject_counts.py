"""How many people the rows of tables are of: tags counted, each person once, and no tag is kept or shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from numpy.typing import NDArray

from strongroom.core.contract.subject import TAG
from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake

Tags = NDArray[np.uint64]
"""Sorted, each once: the first eight bytes of tags. Of ten million people, two share these once in 300,000 lakes."""
NONE: Tags = np.empty(0, np.uint64)
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """Whose rows a table has: all rows, those of nobody that can be named, and the people."""

    rows: int
    untagged: int
    people: Tags


def held(lake: Lake, table: str, found: DeltaTable) -> Held:
    """Reads the column of tags of a table that has one, and no other; memory grows with people, eight bytes each.

    Raises:
        StoreError: the table cannot be read.
    """
    rows, untagged, waiting, people = 0, 0, list[Tags](), NONE
    try:
        for batch in pa.RecordBatchReader.from_stream(found.scan(columns=[TAG])):
            column = batch.column(0)
            rows, untagged = rows + len(column), untagged + column.null_count
            waiting.append(_firsts(column))
            if sum(map(len, waiting)) > _AT_ONCE:
                people, waiting = together((people, *waiting)), []
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise StoreError(
            "this table cannot be read", where=f"{table} ({lake.folder(table)})", code="table.unreadable"
        ) from error
    return Held(rows, untagged, together((people, *waiting)))


def together(sets: Iterable[Tags]) -> Tags:
    """Everybody of these, once."""
    return np.unique(np.concatenate((NONE, *sets)))


def _firsts(column: pa.Array) -> Tags:
    """The first eight bytes of each tag that is there, each once."""
    tags = column.drop_null().unique().cast(pa.binary())
    joined = b"".join(tag[:8].ljust(8, b"\0") for tag in tags.to_pylist())
    return np.unique(np.frombuffer(joined, np.uint64))
