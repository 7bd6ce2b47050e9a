"""Rows of a quarantine as a pass reads them again: opened, and read as their source's format says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import ACROSS
from strongroom.core.silence import no_values
from strongroom.flows.feeds import Stretch
from strongroom.flows.fuse import Aside, Pass, Worker
from strongroom.flows.road import Work, pass_all, settle_worker
from strongroom.flows.sealed_rows import from_json, is_record
from strongroom.protect import unseal
from strongroom.quality.reading.blocks import Block, Numbers, Seen
from strongroom.quality.typed import read_batch
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import filesystem_of
from strongroom.stores.sources import CORRUPT

_ROWS = 20_000
_COLUMNS = ("batch", "reasons", "source_file", "source_position", "row")


@dataclass(frozen=True, slots=True)
class Opened:
    """Some rows of one quarantine file: their numbers in it, their columns there, and the rows as they were read.

    `block` has those that open and are rows; `rows` tells which of the batch these are, `torn` which are none still,
    `closed` which do not open.
    """

    batch: pa.RecordBatch
    block: Block
    rows: Numbers
    torn: Numbers
    closed: Numbers


@dataclass(frozen=True, slots=True)
class Sealed:
    """A quarantine's files, by number, for whoever has the key."""

    plan: Pass
    files: tuple[str, ...]

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """The rows that open, file by file; numbered as they lie there (`feeds.Feed`)."""
        for file in self.numbered(batches):
            blocks = (opened.block for opened in self.opened(file))
            yield Stretch(0, file, 0, Seen(), blocks if only is None else map(partial(_only, names=only), blocks))

    def numbered(self, batches: Iterable[pa.RecordBatch]) -> Iterator[str]:
        """The files whose numbers a task is handed."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield self.files[number]

    def opened(self, file: str) -> Iterator[Opened]:
        """Its rows, some at a time."""
        ring, before = keyring_of(self.plan.keys), 0
        filesystem, path = filesystem_of(file)
        with filesystem.open_input_file(path) as raw, pq.ParquetFile(raw, pre_buffer=True) as parquet:
            have = [name for name in _COLUMNS if name in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(_ROWS, columns=have, use_threads=False):
                clear, valid = unseal(batch.column("row"), table=self.plan.table, keyring=ring)
                yield self._read(_whole(batch), clear, np.asarray(valid), before)
                before += batch.num_rows

    def _read(self, batch: pa.RecordBatch, clear: pa.Array, valid: np.ndarray, before: int) -> Opened:
        opens, closed = np.flatnonzero(valid), np.flatnonzero(~valid)
        record = np.asarray(is_record(clear))
        rows = opens[~record[opens]]
        columns = from_json(clear.take(pa.array(rows)), self.plan.contract.columns)
        parsed = np.asarray(columns.pop(CORRUPT).is_null())
        found = pa.RecordBatch.from_pydict(columns).filter(pa.array(parsed))
        torn = np.concatenate([rows[~parsed], opens[record[opens]]])
        return Opened(batch, Block(found, rows[parsed] + before + 1), rows[parsed], np.sort(torn), closed)


def _only(block: Block, *, names: Collection[str]) -> Block:
    return Block(block.rows.select([name for name in block.rows.schema.names if name in names]), block.numbers)


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With the places, which quarantines of before do not have."""
    if "source_position" in batch.schema.names:
        return batch
    return batch.append_column("source_position", pa.nulls(batch.num_rows, pa.string()))


def retry(what: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pass over rows of a quarantine, as `road.work`; what still breaks a rule is set aside anew.

    A row that was a duplicate stays one as long as the contract has that rule. A row that cannot be opened stays
    sealed as it is, with the reason `row.sealed`.
    """
    settle_worker()
    with no_values("the pass"):
        feed = what.feed
        if not isinstance(feed, Sealed):
            raise TypeError("a retry is fed with sealed rows")
        told = pass_all(what, lambda worker: _again(what, worker, feed, batches))
        if told.num_rows:
            yield told


def _again(
    what: Work, worker: Worker, feed: Sealed, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch | Aside]:
    across = [rule for rule in what.plan.contract.rules if rule.check in ACROSS]
    for file in feed.numbered(batches):
        broken = what.broken.get((file, 0), {})
        for opened in feed.opened(file):
            if len(opened.closed):
                yield worker.unopened(opened.batch.take(pa.array(opened.closed)))
            if len(opened.torn):
                yield worker.unparsed(opened.batch.take(pa.array(opened.torn)))
            if not len(opened.rows):
                continue
            theirs = opened.batch.take(pa.array(opened.rows))
            typed = read_batch(opened.block.rows, what.plan.contract)
            before = theirs.column("reasons").to_pylist()
            marks = {}
            for place, rule in enumerate(across):
                stays = np.array([rule.check == "unique" and rule.id in (reasons or ()) for reasons in before])
                marks[rule.id] = stays | np.isin(opened.block.numbers, broken.get(place, ()))
            yield from worker.judged(
                opened.block, typed.batch, typed.unreadable, marks, file=theirs.column("source_file"),
                position=theirs.column("source_position"), sealed=theirs.column("row"),
            )  # fmt: skip
