"""One person's rows, found by tag: in tables, sealed in a quarantine, and in raw files. No Spark.

Each place gives batches of the rows of this person alone; what of a place cannot be told is counted and never skipped
in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.contract.subject import TAG
from strongroom.core.errors import StoreError
from strongroom.protect.tag_sets import TagSet
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.table_files import files_at

_ROWS = 20_000


@dataclass(slots=True)
class Unplaced:
    """Rows of which nobody can tell whose they are, by why."""

    rows: dict[str, int] = field(default_factory=dict)

    def add(self, why: str, rows: int) -> None:
        """Count some."""
        if rows:
            self.rows[why] = self.rows.get(why, 0) + rows


def in_table(lake: Lake, name: str, found: DeltaTable, tags: TagSet) -> Iterator[pa.RecordBatch]:
    """The rows of a version of a table whose tag is in the set, file by file; of other files only tags are read.

    Raises:
        StoreError: only Spark reads this table, or a file of it is gone.
    """
    files = files_at(lake, found, name)
    if files.why_not:
        todo = "Ask its owner to take that off, as `check --lake` says."
        raise StoreError(f"only Spark reads this: {files.why_not}", where=name, todo=todo, code="table.owner")
    for path in files.paths:
        filesystem, inside = filesystem_of(path)
        try:
            with filesystem.open_input_file(inside) as raw:
                yield from _of_file(raw, tags)
        except (OSError, pa.ArrowException):
            raise StoreError(
                "a file of this table cannot be read", where=name, todo="Run `doctor`.", code="table.unreadable"
            ) from None


def _of_file(raw: pa.NativeFile, tags: TagSet) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(raw, coerce_int96_timestamp_unit="us")
    if TAG not in file.schema_arrow.names:
        return
    for group in range(file.num_row_groups):
        whose = file.read_row_group(group, columns=[TAG]).column(TAG).combine_chunks().cast(pa.binary())
        if tags.holds(whose).any():
            for batch in file.iter_batches(_ROWS, row_groups=[group]):
                mine = tags.holds(batch.column(TAG).cast(pa.binary()))
                if mine.any():
                    yield batch.filter(pa.array(mine))


def mine_of(batch: pa.RecordBatch, tags: pa.Array, wanted: TagSet) -> pa.RecordBatch:
    """The rows of a batch whose tags, row by row, are in the set."""
    return batch.filter(pa.array(np.asarray(wanted.holds(tags), np.bool_)))
