"""The one pass: read → judge → protect → tally, one block of rows at a time. It imports no Spark and no clock.

A row leaves as a good one, with its protected columns, or set aside: reasons, place, and the row sealed. What is
counted on the way merges, so that blocks, tasks and files add up to the run in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.contract import ACROSS, Column, Contract
from strongroom.core.key import KeyHandle
from strongroom.flows.places import in_words
from strongroom.flows.sealed_rows import as_json, as_record
from strongroom.protect import output_type, protector, seal
from strongroom.protect.marks import leaving, marker, shows_equality
from strongroom.protect.row_key import Protector, row_keys_of
from strongroom.quality.distinct import Distinct
from strongroom.quality.failures import Failures
from strongroom.quality.judge import Judge, compile_rules
from strongroom.quality.labels import is_open
from strongroom.quality.reading.blocks import Block, Numbers, Torn
from strongroom.quality.reading.encodings import original
from strongroom.quality.sketches import Sketcher, sketches_of
from strongroom.quality.tally import Tally
from strongroom.quality.typed import Typed, read_batch
from strongroom.stores.keys import keyring_of

UNPARSED = "row.parse"
"""The reason of a row that is no row of its format at all: a torn line, a record of another length."""
UNTRUSTED = "row.untrusted"
"""The reason of what stands behind a broken quote in a CSV file: it may look like rows, and nobody can tell."""
UNOPENED = "row.sealed"
"""The reason of a quarantined row that this keyring does not open: another key, or bytes that somebody changed."""

Flags = npt.NDArray[np.bool_]
Broken = Mapping[int, Numbers]
"""Rules of ACROSS by their place → numbers of the rows in a part that break them, ascending."""


@dataclass(frozen=True, slots=True)
class Pass:
    """All that a worker needs, and no key in clear: it travels in Spark's closure."""

    contract: Contract
    table: str
    keys: KeyHandle
    sketched: bool = True

    @property
    def across(self) -> tuple[str, ...]:
        """The ids of the rules of ACROSS, each at its place."""
        return tuple(rule.id for rule in self.contract.rules if rule.check in ACROSS)


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows that are set aside: lists of texts, text, text or null, binary; one of each a row.

    `batch` is that in which they were read, where it is not the run's own.
    """

    reasons: pa.Array
    file: pa.Array
    position: pa.Array
    sealed: pa.Array
    batch: pa.Array | None = None


def output_schema(contract: Contract) -> pa.Schema:
    """The protected columns in the contract's order, dropped ones left out."""
    kept = [(column, output_type(column)) for column in contract.columns]
    return pa.schema([pa.field(column.name, kind) for column, kind in kept if kind is not None])


class Worker:
    """One task's compiled pass."""

    def __init__(self, plan: Pass) -> None:
        self.plan = plan
        self.columns = plan.contract.columns
        self.keyring = keyring_of(plan.keys)
        self.judge: Judge = compile_rules(plan.contract)
        self.across = plan.across
        self._tally = Tally()
        self._distinct: dict[str, Distinct] = {}
        sketched = sketches_of(plan.contract) if plan.sketched else {}
        self._sketcher = Sketcher(plan.contract, sketched)
        self._markers = {
            leaf.path: marker(leaf, table=plan.table, keyring=self.keyring)
            for leaf in plan.contract.leaves()
            if shows_equality(leaf) or (leaf.path in sketched and not is_open(leaf))
        }
        self._counted = [
            column for column in self.columns if any(leaf.path in self._markers for leaf in column.leaves())
        ]
        self.schema = output_schema(plan.contract)
        kept = [column for column in self.columns if output_type(column) is not None]
        self._protect: dict[str, Protector] = {
            column.name: protector(column, table=plan.table, keyring=self.keyring) for column in kept
        }
        self._row_keys = row_keys_of(kept)

    @property
    def tally(self) -> Tally:
        """What has been counted so far."""
        return replace(self._tally, distinct=self._distinct, sketches=self._sketcher.states())

    def process(
        self, block: Block, *, file: str, start: int = 0, broken: Broken | None = None, encoding: str = ""
    ) -> Iterator[pa.RecordBatch | Aside]:
        """The block's good rows as one batch of `schema`, if there are any, and what is set aside of it.

        Args:
            block: rows and their numbers in a part of a file.
            file: the file.
            start: the byte at which the part begins; rows of a part that is not the first are counted from there.
            broken: what is known of these rows from other rows.
            encoding: of a text file: what is sealed of it is its own bytes.
        """
        if block.torn is not None and len(block.torn.numbers):
            yield self._unparsed(block.torn, file=file, start=start, encoding=encoding)
        if not block.rows.num_rows:
            return
        typed = read_batch(block.rows, self.plan.contract)
        marks = {
            rule: np.isin(block.numbers, numbers, assume_unique=True)
            for place, rule in enumerate(self.across)
            for numbers in ((broken or {}).get(place, _NONE),)
        }
        failures = self._judged(typed, block.unreadable, marks)
        if failures.bad.any():
            bad = pa.array(failures.bad)
            if block.raw is None:
                clear = as_json(block.rows.filter(bad))
            else:
                clear = as_record(original(block.raw.filter(bad), encoding))
            places = in_words(block.numbers[failures.bad], start)
            yield Aside(failures.reasons(), _repeated(file, len(clear)), places, self._sealed(clear))
        if not failures.bad.all():
            yield self._good(typed.batch.filter(pa.array(~failures.bad)) if failures.bad.any() else typed.batch)

    def again(
        self,
        rows: pa.RecordBatch,
        aside: pa.RecordBatch,
        marks: Mapping[str, Flags],
        *,
        unreadable: Mapping[str, Flags],
    ) -> Iterator[pa.RecordBatch | Aside]:
        """The same of rows that lie in a quarantine: `aside` has its columns, and what is bad still stays as it is."""
        typed = read_batch(rows, self.plan.contract)
        failures = self._judged(typed, unreadable, marks)
        if failures.bad.any():
            left = aside.filter(pa.array(failures.bad))
            yield _staying(left, failures.reasons())
        if not failures.bad.all():
            yield self._good(typed.batch.filter(pa.array(~failures.bad)))

    def _judged(self, typed: Typed, unreadable: Mapping[str, Flags], marks: Mapping[str, Flags]) -> Failures:
        bad = typed.unreadable
        for path, mask in unreadable.items():
            bad[path] = mask | bad[path] if path in bad else mask
        failures = self.judge.judge(typed.batch, bad, dict(marks))
        self._tally = self._tally.add(failures, self.plan.contract)
        self._sketcher.add(failures)
        return failures

    def closed(self, aside: pa.RecordBatch, reason: str) -> Aside:
        """Rows of a quarantine that are no rows still: they stay as they are, for this one reason."""
        self._count_bad(aside.num_rows, reason)
        return _staying(aside, _reasons(reason, aside.num_rows))

    def _unparsed(self, torn: Torn, *, file: str, start: int, encoding: str) -> Aside:
        rows, reason = len(torn.numbers), UNTRUSTED if torn.untrusted else UNPARSED
        self._count_bad(rows, reason)
        sealed = self._sealed(as_record(original(torn.raw, encoding), trusted=not torn.untrusted))
        return Aside(_reasons(reason, rows), _repeated(file, rows), in_words(torn.numbers, start), sealed)

    def _count_bad(self, rows: int, reason: str) -> None:
        self._tally = self._tally.merge(Tally(rows=rows, bad=rows, failed={reason: rows}))

    def _sealed(self, clear: pa.Array) -> pa.Array:
        return seal(clear, table=self.plan.table, keyring=self.keyring)

    def _good(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        # Values are bound to row keys as these leave, so those columns come first; they are never bound themselves.
        protected = {name: self._protect[name](typed.column(name)) for name in self._row_keys}
        row_keys = dict(protected)
        for name, protect in self._protect.items():
            if name not in row_keys:
                protected[name] = protect(typed.column(name), row_keys)
        for column in self._counted:
            for leaf, values in leaving(column, protected[column.name]):
                if leaf.path in self._markers:
                    self._count(leaf, self._markers[leaf.path](values))
        return pa.RecordBatch.from_arrays([protected[name] for name in self._protect], schema=self.schema)

    def _count(self, leaf: Column, marks: np.ndarray) -> None:
        """One more batch of a leaf that is not open."""
        if shows_equality(leaf):
            self._distinct[leaf.path] = self._distinct.get(leaf.path, Distinct()).add(marks)
        self._sketcher.add_marks(leaf.path, marks)


_NONE: Numbers = np.zeros(0, np.int64)


def _staying(aside: pa.RecordBatch, reasons: pa.Array) -> Aside:
    """Rows of a quarantine, for other reasons."""
    of = (aside.column(name) for name in ("source_file", "source_position", "row", "batch"))
    return Aside(reasons, *of)


def _repeated(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def _reasons(reason: str, rows: int) -> pa.Array:
    return pa.array([[reason]] * rows, pa.list_(pa.string()))
