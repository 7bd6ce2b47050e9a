"""The road of a row: a worker reads parts of files, has them pass, and writes what leaves; only counts come back.

Spark's tasks and a process of our own run the same function. What one returns is believed only as a whole: files of an
attempt that died are in nobody's answer, and are swept with the stage.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any
from uuid import uuid4

import pyarrow as pa

from strongroom.core import workers
from strongroom.core.contract import Contract
from strongroom.core.no_values import no_values
from strongroom.flows.foundation import table_plans
from strongroom.flows.row_pass.feeds import Feed, Stretch
from strongroom.flows.row_pass.process import Aside, Broken, PassPlan, Placed, Worker, output_schema
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Seen, Unknown
from strongroom.stores.lake.parquet_sink import ParquetSink, Place, Written
from strongroom.stores.sources.origins import Form

ANSWER = pa.schema(
    [
        ("kind", pa.string()), ("path", pa.string()), ("source", pa.int32()), ("start", pa.int64()),
        ("size", pa.int64()), ("rows", pa.int64()), ("modified", pa.int64()), ("said", pa.string()),
        ("task", pa.string()),
    ]
)  # fmt: skip
"""What a task answers, a row each: its `good` and `bad` files, each `part` that it read, a `tally`, `names` of JSON.

`task` is the same in all rows of one attempt.
"""


_ROWS, _BYTES = 20_000, 16 << 20
"""Rows and bytes of small blocks that pass together."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a task needs: it travels in Spark's closure.

    Args:
        plan: the pass.
        feed: where its rows come from.
        good: where rows go that pass; None where Spark writes what it is handed.
        bad: where those go that are set aside; likewise.
        run_id: of the run, as quarantine tells it.
        batch: likewise.
        broken: of parts by file and first byte, what is known of their rows from others.
    """

    plan: PassPlan
    feed: Feed
    good: Place | None
    bad: Place | None
    run_id: str
    batch: int
    broken: Mapping[tuple[str, int], Broken]


@dataclass(frozen=True, slots=True)
class PartSeen:
    """What a part turned out to hold, and how many of its rows were set aside."""

    source: int
    path: str
    start: int
    bad: int
    seen: Seen
    form: Form | None = None

    def merge(self, other: PartSeen) -> PartSeen:
        """Both together, of one part whose rows came in several stretches."""
        mine, theirs = self.seen, other.seen
        broken = theirs if mine.broken is None else mine
        seen = Seen(
            mine.records + theirs.records, mine.lines + theirs.lines, mine.blank + theirs.blank,
            mine.comments + theirs.comments, [*mine.unknown, *theirs.unknown],
            mine.open_quote or theirs.open_quote, broken.broken, broken.broken_line,
            mine.names | theirs.names,
        )  # fmt: skip
        return PartSeen(self.source, self.path, self.start, self.bad + other.bad, seen, self.form)

    def row(self) -> dict[str, object]:
        """As a row of ANSWER."""
        seen = {field.name: getattr(self.seen, field.name) for field in fields(self.seen)}
        del seen["names"]  # told once a task
        form = self.form.to_json() if self.form and self.bad else None
        said = json.dumps({**seen, "bad": self.bad, "form": form})
        return {"kind": "part", "path": self.path, "source": self.source, "start": self.start, "said": said}

    @classmethod
    def of_row(cls, row: Mapping[str, object]) -> PartSeen:
        """What `row` has told."""
        said = json.loads(str(row["said"]))
        bad, unknown, form = said.pop("bad"), [Unknown(*one) for one in said.pop("unknown")], said.pop("form")
        return cls(
            int(str(row["source"])), str(row["path"]), int(str(row["start"])), bad, Seen(**said, unknown=unknown),
            Form.of_json(form) if form else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the work: files of either kind, parts, and the counts of all rows.

    `names` are the contract's columns that JSON has, by the source's names.
    """

    good: tuple[Written, ...]
    bad: tuple[Written, ...]
    parts: tuple[PartSeen, ...]
    tally: Tally
    names: frozenset[str] = frozenset()


Leaving = Callable[[Worker, "Parts"], Iterator[pa.RecordBatch | Aside]]
"""What leaves a worker, row by row; the parts that were read are told on the way."""
Parts = dict[tuple[str, int], "PartSeen"]


def work(what: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Does what the feed makes of these batches: see `passed_on`."""
    yield from passed_on(what, lambda worker, parts: _passed(what, worker, what.feed.stretches(batches), parts))


def passed_on(what: Work, leaving: Leaving) -> Iterator[pa.RecordBatch]:
    """One batch of ANSWER, if there is anything. What leaves is written; or comes first, where it is Spark that writes.

    Raises:
        StrongroomError: with no data value in it; what this attempt wrote is deleted as far as that can be done.
    """
    settle_worker()
    with no_values("the pass"):
        worker, parts = Worker(what.plan), Parts()
        if what.good is None or what.bad is None:
            for rows in leaving(worker, parts):
                yield handed(rows, worker.schema, run_id=what.run_id, batch=what.batch)
            if told := _told(worker, parts):
                yield handed(pa.RecordBatch.from_pylist(told, ANSWER), worker.schema)
            return
        good, bad = ParquetSink(what.good, worker.schema), ParquetSink(what.bad, table_plans.QUARANTINE)
        try:
            for rows in leaving(worker, parts):
                if isinstance(rows, Aside):
                    bad.write(quarantined(rows, run_id=what.run_id, batch=what.batch))
                else:
                    good.write(rows)
            files = [("good", file) for file in good.close()] + [("bad", file) for file in bad.close()]
        except BaseException:
            good.abandon()
            bad.abandon()
            raise
        told = [
            {"kind": kind, "path": file.name, "size": file.size, "rows": file.rows, "modified": file.modified}
            for kind, file in files
        ]
        told += _told(worker, parts)
        if told:
            task = uuid4().hex
            yield pa.RecordBatch.from_pylist([{**row, "task": task} for row in told], ANSWER)


def _told(worker: Worker, parts: Parts) -> list[dict[str, object]]:
    rows = [part.row() for part in parts.values()]
    if names := sorted(set[str]().union(*(part.seen.names for part in parts.values()))):
        rows.append({"kind": "names", "said": json.dumps(names)})
    return [*rows, {"kind": "tally", "said": worker.tally.to_json()}] if worker.tally.counts_any else rows


def settle_worker() -> None:
    """What every task of ours does first: its work is one thread's, and imports look at no zip again."""
    workers.settle()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)


def _passed(what: Work, worker: Worker, stretches: Iterator[Stretch], parts: Parts) -> Iterator[pa.RecordBatch | Aside]:
    """What leaves; `parts` says in the end what each part was. Small blocks pass together, of whatever files."""
    bad, held, rows, size = Counter[tuple[str, int]](), list[Placed](), 0, 0

    def passing() -> Iterator[pa.RecordBatch | Aside]:
        for leaving in worker.process(*held):
            if isinstance(leaving, Aside):
                bad[leaving.file[0].as_py(), leaving.start] += len(leaving.sealed)
            yield leaving
        held.clear()

    for stretch in stretches:
        place = stretch.path, stretch.start
        encoding = stretch.form.encoding if stretch.form else "UTF-8"
        for block in stretch.blocks:
            rows, size = rows + block.rows.num_rows, size + block.rows.nbytes
            if held and (rows > _ROWS or size > _BYTES or held[0].block.rows.schema != block.rows.schema):
                yield from passing()
                rows, size = block.rows.num_rows, block.rows.nbytes
            held.append(Placed(block, stretch.path, stretch.start, what.broken.get(place), encoding))
        part = PartSeen(stretch.source, stretch.path, stretch.start, 0, stretch.seen, stretch.form)
        parts[place] = parts[place].merge(part) if place in parts else part
    yield from passing()
    for place, count in bad.items():
        parts[place] = replace(parts[place], bad=count)


def quarantined(aside: Aside, *, run_id: str, batch: int) -> pa.RecordBatch:
    """Rows of the quarantine table."""
    count = len(aside.sealed)
    read_in = pa.repeat(pa.scalar(batch, pa.int64()), count) if aside.batch is None else aside.batch
    arrays = [
        pa.repeat(pa.scalar(run_id, pa.string()), count), read_in,
        aside.reasons, aside.file, aside.position, aside.sealed,
    ]  # fmt: skip
    kinds = [field.type for field in table_plans.QUARANTINE]
    return pa.RecordBatch.from_arrays(
        [array.cast(kind) for array, kind in zip(arrays, kinds, strict=True)], schema=table_plans.QUARANTINE
    )


EXTRA = pa.field("__extra", pa.struct([*table_plans.QUARANTINE, pa.field("answer", pa.struct(list(ANSWER)))]))
"""Beside the protected columns of what Spark is to write: null for a good row, else all that it says."""


def handed_schema(contract: Contract) -> pa.Schema:
    """What Spark is handed to write."""
    return output_schema(contract).append(EXTRA)


def handed(rows: pa.RecordBatch | Aside, schema: pa.Schema, *, run_id: str = "", batch: int = 0) -> pa.RecordBatch:
    """Rows as Spark is handed them: good ones, those set aside, or answers."""
    whole = schema.append(EXTRA)
    if not isinstance(rows, Aside) and rows.schema != ANSWER:
        return pa.RecordBatch.from_arrays([*rows.columns, pa.nulls(rows.num_rows, EXTRA.type)], schema=whole)
    if isinstance(rows, Aside):
        told = quarantined(rows, run_id=run_id, batch=batch)
        columns = [*told.columns, pa.nulls(told.num_rows, EXTRA.type[-1].type)]
    else:
        told = rows
        answer = pa.StructArray.from_arrays(rows.columns, fields=list(ANSWER))
        columns = [*(pa.nulls(rows.num_rows, field.type) for field in table_plans.QUARANTINE), answer]
    extra = pa.StructArray.from_arrays(columns, fields=list(EXTRA.type))
    empty = [pa.nulls(told.num_rows, field.type) for field in schema]
    return pa.RecordBatch.from_arrays([*empty, extra], schema=whole)


def answers_of(rows: pa.Table) -> list[Answer]:
    """Each task's answer."""
    tasks: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        tasks.setdefault(row["task"], []).append(row)
    return [answer_of(told) for told in tasks.values()]


def answer_of(told: Sequence[Mapping[str, Any]]) -> Answer:
    """What these rows of ANSWER say together."""
    files = {
        kind: tuple(
            Written(row["path"], row["size"], row["rows"], row["modified"]) for row in told if row["kind"] == kind
        )
        for kind in ("good", "bad")
    }
    parts = _in_order(PartSeen.of_row(row) for row in told if row["kind"] == "part")
    tallies = (Tally.from_json(row["said"]) for row in told if row["kind"] == "tally")
    names = (json.loads(row["said"]) for row in told if row["kind"] == "names")
    return Answer(
        files["good"], files["bad"], parts, reduce(Tally.merge, tallies, Tally()), frozenset[str]().union(*names)
    )


def _in_order(parts: Iterable[PartSeen]) -> tuple[PartSeen, ...]:
    """So that what is told of them first is the same whoever did the work."""
    return tuple(sorted(parts, key=lambda part: (part.path, part.start)))


def together(answers: Sequence[Answer]) -> Answer:
    """Answers of several inputs as one."""
    return Answer(
        tuple(file for answer in answers for file in answer.good),
        tuple(file for answer in answers for file in answer.bad),
        _in_order(part for answer in answers for part in answer.parts),
        reduce(Tally.merge, (answer.tally for answer in answers), Tally()),
        frozenset[str]().union(*(answer.names for answer in answers)),
    )
