"""The newest value of a date or timestamp column, task by task: in microseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Contract
from strongroom.core.no_values import no_values
from strongroom.flows.cross_row.fingerprints import leaf_at, only_with
from strongroom.flows.row_pass.feeds import Feed
from strongroom.flows.row_pass.road import settle_worker
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.lake.table_files import batches_of

NEWEST = pa.schema([("micros", pa.int64())])


@dataclass(frozen=True, slots=True)
class OfRows:
    """Of raw rows: what the contract reads at `path`."""

    contract: Contract
    feed: Feed
    path: str


@dataclass(frozen=True, slots=True)
class OfTable:
    """Of a table's files, by number; without files of the rows that the task is handed."""

    files: tuple[str, ...]
    path: str


def newest_of_rows(what: OfRows, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """NEWEST of each block of rows that has one."""
    settle_worker()
    with no_values("the scan of a column"):
        contract = only_with(what.contract, [what.path])
        for stretch in what.feed.stretches(batches, only=[column.name for column in contract.columns]):
            for block in stretch.blocks:
                yield from _newest(leaf_at(read_batch(block.rows, contract).batch, what.path))


def newest_of_table(what: OfTable, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """NEWEST of each batch that has one."""
    settle_worker()
    with no_values("the scan of a column"):
        for batch in batches_of(what.files, (what.path,), batches):
            yield from _newest(leaf_at(batch, what.path))


def newest_in(found: pa.Table) -> datetime | None:
    """The newest of all."""
    last = pc.max(found.column("micros")).as_py()
    return None if last is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=last)


def _newest(values: pa.Array) -> Iterator[pa.RecordBatch]:
    last = pc.max(values)
    if last.is_valid:
        micros = pa.array([last]).cast(pa.timestamp("us")).cast(pa.int64())
        yield pa.RecordBatch.from_arrays([micros], schema=NEWEST)
