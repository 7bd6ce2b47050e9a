"""One part of a raw file as blocks of rows: the format's reader, over the storage that this process reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Contract
from strongroom.core.errors import StoreError
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.stores.lake import filesystem_of
from strongroom.stores.work_items import Part


def blocks_of(part: Part, contract: Contract, seen: Seen, *, only: Collection[str] | None = None) -> Iterator[Block]:
    """The part's rows, with the columns that its folders say; with `only` no others than these.

    Raises:
        StoreError: the file cannot be read.
    """
    filesystem, path = filesystem_of(part.path)
    try:
        with filesystem.open_input_file(path) as raw, pq.ParquetFile(raw, pre_buffer=True) as file:
            columns = [column for column in contract.columns if only is None or column.name in only]
            yield from _parquet(file, part, columns, seen)
    except (OSError, pa.ArrowException) as error:
        raise StoreError("this file cannot be read", where=part.path, todo="Replace or remove it.") from error


def _parquet(file: pq.ParquetFile, part: Part, columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    import numpy as np

    from strongroom.quality.typed import arrow_type

    names = [c.name for c in columns if c.name in file.schema_arrow.names]
    groups = list(part.groups) or list(range(file.num_row_groups))
    number = part.first
    for batch in file.iter_batches(20000, row_groups=groups, columns=names, use_threads=False):
        arrays = [
            batch.column(c.name) if c.name in names else pa.nulls(batch.num_rows, arrow_type(c.type)) for c in columns
        ]
        rows = pa.RecordBatch.from_arrays(arrays, [c.name for c in columns])
        yield Block(rows, np.arange(number + 1, number + 1 + batch.num_rows))
        number += batch.num_rows
        seen.records += batch.num_rows
