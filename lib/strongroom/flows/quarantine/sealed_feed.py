"""Rows of a quarantine as a pass reads them again: opened, and read as they were read the first time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import ACROSS, Contract
from strongroom.core.contract.subject import ASIDE
from strongroom.core.keys.ring import KeyHandle
from strongroom.flows.quarantine.records import Again, by_schema, read_again, together, values_again
from strongroom.flows.row_pass.feeds import Stretch, runs_of
from strongroom.flows.row_pass.process import UNOPENED, UNPARSED, UNTRUSTED, Aside, PassPlan, Worker
from strongroom.flows.row_pass.road import Work, passed_on
from strongroom.flows.row_pass.row_json import RECORD, of_record, starts_with
from strongroom.flows.row_pass.row_json import UNTRUSTED as NEVER
from strongroom.protect import unseal
from strongroom.quality.reading.blocks import Block, Numbers, Seen
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.sources.origins import Form, origins_of

_ROWS = 20_000
COLUMNS = ("batch", "reasons", "source_file", "source_position", "row", ASIDE)


@dataclass(frozen=True, slots=True)
class Opened:
    """Some rows of one quarantine file.

    Args:
        aside: their columns there.
        again: those of them that are rows.
        others: which are none, by the reason.
        before: rows of the file before these.
    """

    aside: pa.RecordBatch
    again: Again
    others: Mapping[str, Numbers]
    before: int


Opening = tuple[str, int, Opened]
"""A quarantine file, the byte from which its rows are counted (0: its beginning), and some of its rows."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A quarantine's rows for whoever has the key.

    Args:
        plan: the pass.
        forms: by batch and source file, how its records are read.
        files: the quarantine's, of which a task is handed numbers; none where it is handed rows, FILE and POSITION.
    """

    plan: PassPlan
    forms: Mapping[tuple[int, str], Form]
    files: tuple[str, ...] = ()

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """The rows that open, numbered as they lie there (`feeds.Feed`)."""
        for file, start, opened in self.openings(batches):
            rows, places = opened.again.rows, opened.again.places
            if not len(places):
                continue
            names = [name for name in rows.schema.names if only is None or name in only]
            block = Block(rows.select(names), places + opened.before + 1)
            yield Stretch(0, file, start, Seen(), iter([block]))

    def openings(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Opening]:
        """All rows, some at a time."""
        ring = keyring_of(self.plan.keys)
        for file, start, before, aside in self._lying(batches) if self.files else _handed(batches):
            clear, valid = unseal(aside.column("row"), table=self.plan.table, keyring=ring)
            for opened in self._read(aside, clear, np.asarray(valid), before):
                yield file, start, opened

    def _lying(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, int, int, pa.RecordBatch]]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                before, (filesystem, path) = 0, filesystem_of(self.files[number])
                with filesystem.open_input_file(path) as raw, pq.ParquetFile(raw, pre_buffer=True) as parquet:
                    have = [name for name in COLUMNS if name in parquet.schema_arrow.names]
                    for rows in parquet.iter_batches(_ROWS, columns=have, use_threads=False):
                        yield self.files[number], 0, before, _whole(rows)
                        before += rows.num_rows

    def _read(self, aside: pa.RecordBatch, clear: pa.Array, valid: np.ndarray, before: int) -> Iterator[Opened]:
        """Rows of a text source, and what is no row; then those of typed sources, a schema at a time."""
        columns = self.plan.contract.as_read.columns
        record, never = (np.asarray(starts_with(clear, mark)) & valid for mark in (RECORD, NEVER))
        records, values = list[Again](), list[Again]()
        for form, which in self._by_form(aside, np.flatnonzero(record)):
            again = read_again(of_record(clear.take(pa.array(which))), columns, form)
            records += [replace(part, places=which[part.places]) for part in again]
        for form, which in self._by_form(aside, np.flatnonzero(valid & ~record & ~never)):
            again = values_again(clear.take(pa.array(which)), columns, form)
            values += [replace(part, places=which[part.places]) for part in again]
        torn = valid & ~never
        for part in (*records, *values):
            torn[part.places] = False
        others = {UNOPENED: np.flatnonzero(~valid), UNTRUSTED: np.flatnonzero(never), UNPARSED: np.flatnonzero(torn)}
        yield Opened(aside, together(records, columns), others, before)
        for alike in by_schema(values):
            yield Opened(aside, together(alike, columns), {}, before)

    def _by_form(self, aside: pa.RecordBatch, which: Numbers) -> Iterator[tuple[Form | None, Numbers]]:
        """Records with how they are read, those of one file together."""
        keys = zip(aside.column("batch").to_pylist(), aside.column("source_file").to_pylist(), strict=True)
        groups: dict[tuple[int, str], list[int]] = {}
        chosen = set(which.tolist())
        for place, key in enumerate(keys):
            if place in chosen:
                groups.setdefault(key, []).append(place)
        for key, places in groups.items():
            yield self.forms.get(key), np.array(places, np.int64)


def openings_of(
    lake: Lake, contract: Contract, keys: KeyHandle, *, files: Sequence[str], batches: Iterable[int | None]
) -> Iterator[Opening]:
    """All rows of some files of a contract's quarantine, read as those batches read them; on the driver, without Spark.

    Args:
        lake: where it lies.
        contract: of its rows.
        keys: open them.
        files: with their whole paths.
        batches: all that rows of these files are of.
    """
    kept = origins_of(lake, contract.name, sorted({batch for batch in batches if batch is not None}))
    forms = {key: origin.form for key, origin in kept.items() if origin.form is not None}
    feed = Sealed(PassPlan(contract, contract.training, keys), forms, tuple(files))
    return feed.openings([pa.record_batch({"number": pa.array(range(len(files)), pa.int64())})])


def _handed(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, int, int, pa.RecordBatch]]:
    counted: dict[tuple[str, int], int] = {}
    for batch in batches:
        for path, start, numbers, rows in runs_of(batch, counted):
            yield path, start, int(numbers[0]) - 1, _whole(rows)


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With places and tags, which quarantines of before do not have."""
    for name, kind in (("source_position", pa.string()), (ASIDE, pa.binary())):
        if name not in batch.schema.names:
            batch = batch.append_column(name, pa.nulls(batch.num_rows, kind))
    return batch


def retry(what: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pass over rows of a quarantine, as `road.work`; what still breaks a rule is set aside anew.

    A row that was a duplicate stays one as long as the contract has that rule. A row that cannot be opened stays
    sealed as it is, with the reason `row.sealed`.
    """
    feed = what.feed
    if not isinstance(feed, Sealed):
        raise TypeError("a retry is fed with sealed rows")
    yield from passed_on(what, lambda worker, _: _again(what, worker, feed, batches))


def _again(
    what: Work, worker: Worker, feed: Sealed, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch | Aside]:
    across = [rule for rule in what.plan.contract.rules if rule.check in ACROSS]
    for file, start, opened in feed.openings(batches):
        broken, places = what.broken.get((file, start), {}), opened.again.places
        for reason, others in opened.others.items():
            if len(others):
                yield worker.closed(opened.aside.take(pa.array(others)), reason)
        if not len(places):
            continue
        theirs = opened.aside.take(pa.array(places))
        before, numbers = theirs.column("reasons").to_pylist(), places + opened.before + 1
        marks = {}
        for place, rule in enumerate(across):
            stays = np.array([rule.check == "unique" and rule.id in (reasons or ()) for reasons in before])
            marks[rule.id] = stays | np.isin(numbers, broken.get(place, ()))
        yield from worker.again(opened.again.rows, theirs, marks, unreadable=opened.again.unreadable)
