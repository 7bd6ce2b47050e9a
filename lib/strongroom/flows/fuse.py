"""The one pass: read → judge → protect → tally, one Arrow batch at a time. It imports no Spark and no clock.

Spark carries it by `mapInArrow`. A row leaves as one of three kinds, told apart by `EXTRA.verdict`:
a good row (EXTRA is null) with its protected columns, a `bad` row (only EXTRA: reasons, file, the sealed row), and one
`tally` row a task (only EXTRA: counts that merge).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import ACROSS, Column, Contract
from strongroom.core.key import KeyHandle
from strongroom.core.silence import no_values
from strongroom.flows.places import Places, in_words, some
from strongroom.flows.sealed_rows import as_json, from_json
from strongroom.protect import output_type, protector, seal, unseal
from strongroom.protect.marks import leaving, marker, shows_equality
from strongroom.protect.row_key import Protector, row_keys_of
from strongroom.quality.distinct import Distinct
from strongroom.quality.judge import Judge, compile_rules
from strongroom.quality.labels import is_open
from strongroom.quality.sketches import Sketcher, sketches_of
from strongroom.quality.tally import Tally
from strongroom.quality.typed import read_batch
from strongroom.stores.keys import keyring_of
from strongroom.stores.sources import CORRUPT, FILE

EXTRA = "__extra"
EXTRA_TYPE = pa.struct(
    [
        ("verdict", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("file", pa.string()),
        ("position", pa.string()),
        ("sealed", pa.binary()),
        ("tally", pa.string()),
    ]
)
UNPARSED = "row.parse"
"""The reason of a row that is no row of its format at all: a torn line, a record of another length."""
UNOPENED = "row.sealed"
"""The reason of a quarantined row that this keyring does not open: another key, or bytes that somebody changed."""
MARK = "__breaks_"
"""Prefix of the boolean columns that say whether a rule of ACROSS is broken; what follows is the rule's place."""


@dataclass(frozen=True, slots=True)
class Pass:
    """All that a worker needs, and no key in clear: it travels in Spark's closure."""

    contract: Contract
    table: str
    keys: KeyHandle
    textual: bool
    sketched: bool = True


def output_schema(contract: Contract) -> pa.Schema:
    """The protected columns in the contract's order, dropped ones left out."""
    kept = [(column, output_type(column)) for column in contract.columns]
    return pa.schema([pa.field(column.name, kind) for column, kind in kept if kind is not None])


def stage_schema(contract: Contract) -> pa.Schema:
    """What leaves the pass: the protected columns and EXTRA."""
    return output_schema(contract).append(pa.field(EXTRA, EXTRA_TYPE))


def refine(plan: Pass, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of raw rows in; batches of good and bad rows out, then one tally row.

    Raises:
        StrongroomError: with no data value in it; a foreign error is replaced by its class and place, since its message
            might quote one.
    """
    with no_values("the pass"):
        yield from _Worker(plan).run(batches)


def retry(plan: Pass, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same for rows of a quarantine table (all but its run and batch, and marks), opened and judged once more.

    A row that was a duplicate stays one as long as the contract has that rule. A row that cannot be opened stays
    sealed as it is, with the reason `row.sealed`.
    """
    with no_values("the pass"):
        yield from _Worker(plan).retry(batches)


class _Worker:
    """One task's compiled pass."""

    def __init__(self, plan: Pass) -> None:
        self.plan = plan
        self.columns = plan.contract.columns
        self.keyring = keyring_of(plan.keys)
        self.judge: Judge = compile_rules(plan.contract)
        self.across = [rule for rule in plan.contract.rules if rule.check in ACROSS]
        self.tally = Tally()
        self.places = Places()
        self.distinct: dict[str, Distinct] = {}
        sketched = sketches_of(plan.contract) if plan.sketched else {}
        self.sketcher = Sketcher(plan.contract, sketched)
        self.markers = {
            leaf.path: marker(leaf, table=plan.table, keyring=self.keyring)
            for leaf in plan.contract.leaves()
            if shows_equality(leaf) or (leaf.path in sketched and not is_open(leaf))
        }
        self.counted = [column for column in self.columns if any(leaf.path in self.markers for leaf in column.leaves())]
        self.schema = stage_schema(plan.contract)
        kept = [column for column in self.columns if output_type(column) is not None]
        self.protect: dict[str, Protector] = {
            column.name: protector(column, table=plan.table, keyring=self.keyring) for column in kept
        }
        self.row_keys = row_keys_of(kept)

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in batches:
            if batch.num_rows:
                rows += batch.num_rows
                yield from self.one(batch, self.places.of(batch))
        if rows:
            tally = replace(self.tally, distinct=self.distinct, sketches=self.sketcher.states())
            yield self.extra(["tally"], tally=[tally.to_json()])

    def retry(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                opened, valid = unseal(batch.column("row"), table=self.plan.table, keyring=self.keyring)
                if valid.false_count:
                    yield self.unopened(batch.filter(pc.invert(valid)))
                if valid.true_count:
                    again = batch.filter(valid)
                    yield from self.one(self.reopened(again, opened.filter(valid)), again.column("source_position"))
        yield self.extra(["tally"], tally=[self.tally.to_json()])

    def reopened(self, batch: pa.RecordBatch, opened: pa.Array) -> pa.RecordBatch:
        """Opened rows as a text source would deliver them, and which of them were duplicates."""
        columns = dict(from_json(opened, self.columns))
        columns[FILE] = batch.column("source_file")
        before = batch.column("reasons").to_pylist()
        for place, rule in enumerate(self.across):
            stays = pa.array([rule.check == "unique" and rule.id in (reasons or ()) for reasons in before])
            columns[f"{MARK}{place}"] = pc.or_(stays, batch.column(f"{MARK}{place}").fill_null(False))
        return pa.RecordBatch.from_pydict(columns)

    def unopened(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = batch.num_rows
        self.tally = self.tally.merge(Tally(rows=rows, bad=rows, failed={UNOPENED: rows}))
        reasons = pa.array([[UNOPENED]] * rows, pa.list_(pa.string()))
        file, position = batch.column("source_file"), batch.column("source_position")
        return self.extra(["bad"] * rows, reasons=reasons, file=file, position=position, sealed=batch.column("row"))

    def one(self, raw: pa.RecordBatch, places: pa.Array | None) -> Iterator[pa.RecordBatch]:
        parsed = raw.column(CORRUPT).is_null()
        if parsed.false_count:
            torn = pc.invert(parsed)
            yield self.unparsed(raw.filter(torn), some(places, torn))
            raw, places = raw.filter(parsed), some(places, parsed)
        typed = read_batch(raw, self.plan.contract, textual=self.plan.textual)
        failures = self.judge.judge(typed.batch, typed.unreadable, self.marked(raw))
        self.tally = self.tally.add(failures, self.plan.contract)
        self.sketcher.add(failures)
        if not failures.bad.any():
            yield self.good(typed.batch)
            return
        if not failures.bad.all():
            yield self.good(typed.batch.filter(pa.array(~failures.bad)))
        bad = pa.array(failures.bad)
        yield self.bad(raw.filter(bad), some(places, bad), reasons=failures.reasons())

    def unparsed(self, raw: pa.RecordBatch, places: pa.Array | None) -> pa.RecordBatch:
        rows = raw.num_rows
        self.tally = self.tally.merge(Tally(rows=rows, bad=rows, failed={UNPARSED: rows}))
        return self.bad(raw, places, reasons=pa.array([[UNPARSED]] * rows, pa.list_(pa.string())))

    def marked(self, raw: pa.RecordBatch) -> dict[str, np.ndarray]:
        marks = {rule.id: f"{MARK}{place}" for place, rule in enumerate(self.across)}
        return {rule: np.asarray(raw.column(mark).fill_null(False)) for rule, mark in marks.items()}

    def good(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        # Values are bound to row keys as these leave, so those columns come first; they are never bound themselves.
        protected = {name: self.protect[name](typed.column(name)) for name in self.row_keys}
        row_keys = dict(protected)
        for name, protect in self.protect.items():
            if name not in row_keys:
                protected[name] = protect(typed.column(name), row_keys)
        arrays = [protected[name] for name in self.protect]
        for column in self.counted:
            for leaf, values in leaving(column, protected[column.name]):
                if leaf.path in self.markers:
                    self.count(leaf, self.markers[leaf.path](values))
        return pa.RecordBatch.from_arrays([*arrays, pa.nulls(typed.num_rows, EXTRA_TYPE)], schema=self.schema)

    def count(self, leaf: Column, marks: np.ndarray) -> None:
        """One more batch of a leaf that is not open."""
        if shows_equality(leaf):
            self.distinct[leaf.path] = self.distinct.get(leaf.path, Distinct()).add(marks)
        self.sketcher.add_marks(leaf.path, marks)

    def bad(self, raw: pa.RecordBatch, places: pa.Array | None, *, reasons: pa.Array) -> pa.RecordBatch:
        """Rows to set aside; `places` as `Places` gives them, or already in words."""
        names = [column.name for column in self.columns]
        clear = as_json(raw.select([*names, CORRUPT]))
        sealed = seal(clear, table=self.plan.table, keyring=self.keyring)
        position = in_words(places) if isinstance(places, pa.StructArray) else places
        file = raw.column(FILE)
        return self.extra(["bad"] * raw.num_rows, reasons=reasons, file=file, position=position, sealed=sealed)

    def extra(self, verdict: list[str], **children: Any) -> pa.RecordBatch:
        rows = len(verdict)
        arrays = [
            pa.array(verdict) if field.name == "verdict" else _cast(children.get(field.name), field.type, rows)
            for field in EXTRA_TYPE
        ]
        extra = pa.StructArray.from_arrays(arrays, fields=list(EXTRA_TYPE))
        empty = [pa.nulls(rows, field.type) for field in self.schema][:-1]
        return pa.RecordBatch.from_arrays([*empty, extra], schema=self.schema)


def _cast(values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    array = values if isinstance(values, pa.Array) else pa.array(values, kind)
    return array if array.type == kind else array.cast(kind)
