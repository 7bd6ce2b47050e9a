"""The one pass: read → judge → redact → protect → tally, one block of rows at a time. It imports no Spark and no clock.

A row leaves as a good one, with its protected columns, or set aside: reasons, place, and the row sealed. What is
counted on the way merges, so that blocks, tasks and files add up to the run in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.contract import ACROSS, Column, Contract
from strongroom.core.contract.redaction import redacted_leaves
from strongroom.core.contract.subject import ASIDE, TAG, subject_of
from strongroom.core.keys.ring import KeyHandle, Keyring
from strongroom.flows.row_pass.correcting import Correction, Corrector
from strongroom.flows.row_pass.person_gates import TOO_OLD, Gates, PersonGate, too_old
from strongroom.flows.row_pass.row_json import as_json, as_record
from strongroom.flows.row_pass.source_positions import in_words
from strongroom.protect import output_type, protector, seal, subject_tags
from strongroom.protect.equality_marks import leaving, marker, shows_equality
from strongroom.protect.methods.row_key import Protector, row_keys_of
from strongroom.quality.counts.failures import Failures
from strongroom.quality.counts.kmv import Distinct
from strongroom.quality.counts.labels import is_open
from strongroom.quality.counts.sketches import Sketcher, sketches_of
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Block, Numbers, Torn
from strongroom.quality.reading.columns import Typed, read_batch
from strongroom.quality.reading.encodings import original
from strongroom.quality.row_rules import Judge, compile_rules
from strongroom.stores.keys import keyring_of

if TYPE_CHECKING:
    from strongroom.flows.row_pass.redacting import Redactor

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
class PassPlan:
    """All that a worker needs, and no key in clear: it travels in Spark's closure.

    `shared` are fingerprints of known values that many rows share, by path of their column; `run_id` names their key.
    `people` are the gates that rows pass before they are judged, in this order; of a contract that says how long rows
    are kept, those of before `kept_since` do not pass (None: all do). `corrections` are what people had put right.
    """

    contract: Contract
    table: str
    keys: KeyHandle
    sketched: bool = True
    shared: Mapping[str, bytes] = field(default_factory=dict)
    run_id: str = ""
    people: tuple[PersonGate, ...] = ()
    kept_since: datetime | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def across(self) -> tuple[str, ...]:
        """The ids of the rules of ACROSS, each at its place."""
        return tuple(rule.id for rule in self.contract.rules if rule.check in ACROSS)


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows that are set aside: lists of texts, text, text or null, binary; one of each a row.

    All are of one part of a file, which begins at `start`; or lay in a quarantine before, and then `batch` is that in
    which each was read. `whose` are tags of theirs, as a quarantine has them; None: nobody can tell.
    """

    reasons: pa.Array
    file: pa.Array
    position: pa.Array
    sealed: pa.Array
    start: int = 0
    batch: pa.Array | None = None
    whose: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A block, and where it is from.

    Args:
        block: rows and their numbers in a part of a file.
        file: the file.
        start: the byte at which the part begins; rows of a part that is not the first are counted from there.
        broken: what is known of these rows from other rows.
        encoding: of a text file: what is sealed of it is its own bytes.
    """

    block: Block
    file: str
    start: int = 0
    broken: Broken | None = None
    encoding: str = "UTF-8"


def output_schema(contract: Contract) -> pa.Schema:
    """The protected columns in the contract's order, dropped ones left out, and the subject's tag behind them."""
    kept = [(column, output_type(column)) for column in contract.columns]
    fields = [pa.field(column.name, kind) for column, kind in kept if kind is not None]
    return pa.schema(fields if subject_of(contract) is None else [*fields, pa.field(TAG, subject_tags.TYPE)])


class Worker:
    """One task's compiled pass."""

    def __init__(self, plan: PassPlan) -> None:
        self.plan = plan
        self.columns = plan.contract.columns
        self._read = plan.contract.as_read
        self.keyring = keyring_of(plan.keys)
        self.judge: Judge = compile_rules(self._read)
        self.across = plan.across
        self._tally = Tally()
        self._distinct: dict[str, Distinct] = {}
        sketched = sketches_of(plan.contract) if plan.sketched else {}
        self._sketcher = Sketcher(self._read, sketched)
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
        self._redactor = _redactor(plan, self.keyring)
        self._tag = subject_tags.row_tagger(self._read, table=plan.table, keyring=self.keyring)
        self._aside_tag = subject_tags.aside_tagger(self.keyring) if self._tag is not None else None
        self._gates = Gates(plan.people)
        self._corrector = corrector_of(plan, self.keyring)

    @property
    def tally(self) -> Tally:
        """What has been counted so far."""
        redactions = self._redactor.counts if self._redactor is not None else {}
        return replace(self._tally, distinct=self._distinct, sketches=self._sketcher.states(), redactions=redactions)

    def process(self, *placed: Placed) -> Iterator[pa.RecordBatch | Aside]:
        """The good rows of some blocks as one batch of `schema`, if there are any, and what is set aside of each.

        The blocks have columns of the same types. To take small ones together costs little more than one of them.
        """
        for one in placed:
            if one.block.torn is not None and len(one.block.torn.numbers):
                yield self._unparsed(one.block.torn, one)
        given = [one for one in placed if one.block.rows.num_rows]
        if not given:
            return
        rows = given[0].block.rows if len(given) == 1 else pa.concat_batches([one.block.rows for one in given])
        typed = read_batch(rows, self._read)
        tags = self._tags(typed)
        left = self._left_out(typed, tags)
        if left:
            stay = ~np.logical_or.reduce([*left.values()])
            self._tally = self._tally.merge(Tally(left_out={why: int(which.sum()) for why, which in left.items()}))
            typed, tags, given = typed.only(stay), _those(tags, stay), [*_only(given, stay)]
            if not given:
                return
        ends = np.cumsum([0, *(one.block.rows.num_rows for one in given)])
        marks = {
            rule: np.concatenate([np.isin(one.block.numbers, (one.broken or {}).get(place, _NONE)) for one in given])
            for place, rule in enumerate(self.across)
        }
        failures = self._judged(typed, _unreadable(given), marks)
        if failures.bad.any():
            reasons, whose = failures.reasons(), self._whose(_those(tags, failures.bad))
            for one, first, last in zip(given, ends[:-1], ends[1:], strict=True):
                bad = failures.bad[first:last]
                if bad.any():
                    before = int(np.count_nonzero(failures.bad[:first]))
                    count = int(np.count_nonzero(bad))
                    mine = None if whose is None else whose.slice(before, count)
                    yield replace(self._broken(one, bad, reasons.slice(before, count)), whose=mine)
        yield from self._passing(typed, tags, ~failures.bad)

    def _passing(self, typed: Typed, tags: pa.Array | None, good: Flags) -> Iterator[pa.RecordBatch]:
        """The good rows, if there are any."""
        if good.all():
            yield self._good(typed.batch, tags)
        elif good.any():
            yield self._good(typed.batch.filter(pa.array(good)), _those(tags, good))

    def _tags(self, typed: Typed) -> pa.Array | None:
        """Whose each row is; once, for the gates, for what is set aside and for what passes."""
        return None if self._tag is None else self._tag(typed.batch)

    def _left_out(self, typed: Typed, tags: pa.Array | None) -> Mapping[str, Flags]:
        """By reason, which rows do not pass the gates; no row has two reasons."""
        left = dict(self._gates.left_out(tags, typed.batch)) if self._gates and tags is not None else {}
        retention, since = self.plan.contract.retention, self.plan.kept_since
        if retention is not None and since is not None:
            old = too_old(typed.batch.column(retention.path), since)
            for others in left.values():
                old &= ~others
            if old.any():
                left[TOO_OLD] = old
        return left

    def _whose(self, tags: pa.Array | None) -> pa.Array | None:
        """The tags as rows have them that are set aside."""
        return None if tags is None or self._aside_tag is None else self._aside_tag(tags)

    def _broken(self, one: Placed, bad: Flags, reasons: pa.Array) -> Aside:
        """The rows of a block that break a rule."""
        which, block = pa.array(bad), one.block
        if block.raw is None:
            clear = as_json(block.rows.filter(which))
        else:
            clear = as_record(original(block.raw.filter(which), one.encoding))
        places = in_words(block.numbers[bad], one.start, lines=None if block.lines is None else block.lines[bad])
        return Aside(reasons, _repeated(one.file, len(clear)), places, self._sealed(clear), one.start)

    def again(
        self,
        rows: pa.RecordBatch,
        aside: pa.RecordBatch,
        marks: Mapping[str, Flags],
        *,
        unreadable: Mapping[str, Flags],
    ) -> Iterator[pa.RecordBatch | Aside]:
        """The same of rows that lie in a quarantine: `aside` has its columns, and what is bad still stays as it is.

        So do rows that do not pass the gates of people.
        """
        typed = read_batch(rows, self._read)
        tags = self._tags(typed)
        left = self._left_out(typed, tags)
        for reason, which in left.items():
            yield self.closed(aside.filter(pa.array(which)), reason)
        if left:
            stay = ~np.logical_or.reduce([*left.values()])
            typed, tags, aside = typed.only(stay), _those(tags, stay), aside.filter(pa.array(stay))
            marks, unreadable = ({name: which[stay] for name, which in masks.items()} for masks in (marks, unreadable))
        failures = self._judged(typed, unreadable, marks)
        if failures.bad.any():
            still = aside.filter(pa.array(failures.bad))
            yield _staying(still, failures.reasons(), self._whose(_those(tags, failures.bad)))
        yield from self._passing(typed, tags, ~failures.bad)

    def _judged(self, typed: Typed, unreadable: Mapping[str, Flags], marks: Mapping[str, Flags]) -> Failures:
        bad = typed.unreadable
        for path, mask in unreadable.items():
            bad[path] = mask | bad[path] if path in bad else mask
        failures = self.judge.judge(typed.batch, bad, dict(marks))
        self._tally = self._tally.add(failures, self._read)
        self._sketcher.add(failures)
        return failures

    def closed(self, aside: pa.RecordBatch, reason: str) -> Aside:
        """Rows of a quarantine that are no rows still: they stay as they are, for this one reason."""
        self._count_bad(aside.num_rows, reason)
        there = aside.column(ASIDE) if ASIDE in aside.schema.names else None
        return _staying(aside, _reasons(reason, aside.num_rows), there)

    def _unparsed(self, torn: Torn, one: Placed) -> Aside:
        rows, reason = len(torn.numbers), UNTRUSTED if torn.untrusted else UNPARSED
        self._count_bad(rows, reason)
        sealed = self._sealed(as_record(original(torn.raw, one.encoding), trusted=not torn.untrusted))
        places = in_words(torn.numbers, one.start, lines=torn.lines)
        return Aside(_reasons(reason, rows), _repeated(one.file, rows), places, sealed, one.start)

    def _count_bad(self, rows: int, reason: str) -> None:
        self._tally = self._tally.merge(Tally(rows=rows, bad=rows, failed={reason: rows}))

    def _sealed(self, clear: pa.Array) -> pa.Array:
        return seal(clear, table=self.plan.table, keyring=self.keyring)

    def _good(self, typed: pa.RecordBatch, tags: pa.Array | None) -> pa.RecordBatch:
        if self._redactor is not None:
            typed = self._redactor.redacted(typed)
        if (
            self._corrector is not None and tags is not None
        ):  # after texts were looked at for what the raw data say of the person
            typed = self._corrector.corrected(typed, tags)
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
        columns = [*(protected[name] for name in self._protect), *([] if tags is None else [tags])]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _count(self, leaf: Column, marks: np.ndarray) -> None:
        """One more batch of a leaf that is not open."""
        if shows_equality(leaf):
            self._distinct[leaf.path] = self._distinct.get(leaf.path, Distinct()).add(marks)
        self._sketcher.add_marks(leaf.path, marks)


def corrector_of(plan: PassPlan, keyring: Keyring) -> Corrector | None:
    """What keeps a data set's corrections, where it has any.

    Raises:
        ConfigError: one of them is no value of its column any more.
        KeyFault: one does not open.
    """
    given = plan.corrections
    return Corrector(plan.contract, given, table=plan.table, keyring=keyring) if given else None


def _redactor(plan: PassPlan, keyring: Keyring) -> Redactor | None:
    """What redacts a contract's texts, where it has any that are: only then are the lists of words loaded."""
    if not redacted_leaves(plan.contract):
        return None
    from strongroom.flows.row_pass.redacting import Redactor, Shared

    return Redactor(
        plan.contract,
        table=plan.table,
        keyring=keyring,
        shared=Shared(plan.shared, plan.run_id) if plan.shared else None,
        sketched=plan.sketched,
    )


_NONE: Numbers = np.zeros(0, np.int64)


def _unreadable(given: Sequence[Placed]) -> dict[str, Flags]:
    """What readers have marked in any of the blocks, for the rows of all."""
    paths = {path for one in given for path in one.block.unreadable}
    return {
        path: np.concatenate(
            [one.block.unreadable.get(path, np.zeros(one.block.rows.num_rows, np.bool_)) for one in given]
        )
        for path in paths
    }


def _those(tags: pa.Array | None, which: Flags) -> pa.Array | None:
    return None if tags is None else tags.filter(pa.array(which))


def _only(given: Sequence[Placed], stay: Flags) -> Iterator[Placed]:
    """The blocks, with these of all their rows: those that have any."""
    first = 0
    for one in given:
        last = first + one.block.rows.num_rows
        if stay[first:last].any():
            yield replace(one, block=one.block.only(stay[first:last]))
        first = last


def _staying(aside: pa.RecordBatch, reasons: pa.Array, whose: pa.Array | None) -> Aside:
    """Rows of a quarantine, for other reasons."""
    file, position, row, batch = (aside.column(name) for name in ("source_file", "source_position", "row", "batch"))
    return Aside(reasons, file, position, row, batch=batch, whose=whose)


def _repeated(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def _reasons(reason: str, rows: int) -> pa.Array:
    return pa.array([[reason]] * rows, pa.list_(pa.string()))
