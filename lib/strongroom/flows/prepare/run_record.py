"""What a run leaves behind besides its tables: metrics, and a row in `strongroom.runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.core.report.columns import AbsentColumn
from strongroom.core.run import Job, Run
from strongroom.core.sql_text import all_of, equals
from strongroom.flows.foundation import run_rows
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.flows.prepare import redactions
from strongroom.flows.prepare.absent import ABSENT, absent_values
from strongroom.flows.prepare.sketches import METRICS, state_rows
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import SetVerdict
from strongroom.stores.lake import Lake, commits
from strongroom.stores.sources import manifest
from strongroom.stores.sources.manifest import Batch
from strongroom.stores.table_plan import TablePlan

if TYPE_CHECKING:
    from strongroom.text.canaries import Misses

_METRICS = pa.schema(
    [
        ("run_id", pa.string()), ("dataset", pa.string()), ("batch", pa.int64()), ("about", pa.string()),
        ("name", pa.string()), ("metric", pa.string()), ("value", pa.float64()), ("passed", pa.bool_()),
        ("started", pa.timestamp("us", "UTC")), ("form", pa.string()), ("state", pa.binary()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of `prepare` did so far; `good` and `bad` are the files that it has staged for its two tables,
    `engine` says who did the work, `plan` what the training table is to be.

    `version` is that of the training table once it is published, `aside` that of the quarantine. `notes` name the
    receivers that were not reached, and why. `absent` are columns that no file has, None where nobody knows.
    `misses` tell what redaction missed of what was planted.
    """

    run: Run
    contract: Contract
    batch: Batch
    tally: Tally
    verdicts: tuple[SetVerdict, ...]
    key: int
    version: int | None = None
    aside: int | None = None
    report: str = ""
    notes: tuple[str, ...] = ()
    good: tuple[AddAction, ...] = ()
    bad: tuple[AddAction, ...] = ()
    engine: str = ""
    absent: tuple[AbsentColumn, ...] | None = None
    plan: TablePlan | None = None
    misses: Mapping[str, Misses] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether the gate keeps readers on the previous version."""
        return any(verdict.closes for verdict in self.verdicts)

    @property
    def seconds(self) -> float:
        """Wall time since the run started."""
        return run_rows.seconds_of(self.run)


def write_metrics(done: Done, *, lake: Lake) -> None:
    """One row per count, in the long form that dashboards group by; written once per batch, whatever happens after.

    A count that a sketch gave has the sketch beside it: `state`, and in `form` what it is.
    """
    tally, found = done.tally, list[tuple[str, str, str, float | None, bool | None]]()
    for metric, count in (("read", tally.rows), ("good", tally.kept), ("quarantined", tally.bad)):
        found.append(("rows", done.contract.name, metric, count, None))
    for reason, count in sorted(tally.left_out.items()):
        found.append(("rows", reason, "left_out", count, None))
    for rule, count in sorted(tally.failed.items()):
        found.append(("rule", rule, "failures", count, None))
    for path, column in sorted(tally.columns.items()):
        for metric, count in (("nulls", column.nulls), ("nulls_kept", column.nulls_kept), ("empty", column.empty)):
            found.append(("column", path, metric, count, None))
    found += redactions.metric_rows(done)
    if done.absent is not None:
        found += [("column", name, ABSENT, value, None) for name, value in absent_values(done.contract, done.absent)]
    for verdict in done.verdicts:
        found.append(("set", verdict.rule, "measured", verdict.measured, verdict.passed))
    of = {"run_id": done.run.id, "dataset": done.contract.name, "batch": done.batch.number, "started": done.run.started}
    names = ("about", "name", "metric", "value", "passed")
    rows = [of | dict(zip(names, row, strict=True)) for row in found] + [
        of | row for row in state_rows(done.contract, tally, key=done.key)
    ]
    once = (f"metrics/{done.contract.name}", done.batch.number)
    commits.append(lake, METRICS, pa.Table.from_pylist(rows, _METRICS), once=once)


def write_run(job: Job, done: Done, *, lake: Lake) -> None:
    """The run's row, last of all: it says how the run ended."""
    run_rows.append(
        lake, job, done.contract, done.contract.name, status="gate closed" if done.closed else "done",
        once=(f"runs/{done.contract.name}", done.batch.number), batch=done.batch.number, mode=done.batch.mode,
        key=f"{done.key:08x}", rows_read=done.tally.rows, rows_written=0 if done.closed else done.tally.kept,
        rows_quarantined=done.tally.bad, failures=sum(done.tally.failed.values()), table_version=done.version,
        report=done.report, notes=list(done.notes),
    )  # fmt: skip


def write_failed(job: Job, contract: Contract, *, lake: Lake, report: str, notes: Sequence[str]) -> None:
    """The row of a run that ended early: what it did not come to count is null, and so is its batch."""
    mode = str(job.settings.jobs["prepare"]["mode"])
    run_rows.append(lake, job, contract, contract.name, status="failed", mode=mode, report=report, notes=list(notes))


def former_keys(done: Done, *, lake: Lake) -> tuple[str, ...]:
    """Other keys that made tokens of rows which are in the training table still: those of appended batches before."""
    name, table = done.contract.name, lake.open(done.contract.training)
    if done.batch.mode == "overwrite" or table is None:
        return ()
    of_it = all_of(equals("dataset", name), equals("status", "done"))
    rows = lake.read(RUNS, ("batch", "key"), where=of_it)
    seen = {batch.number for batch in manifest.seen(manifest.batches(lake, name), table)}
    found = [
        str(row["key"]) for row in ([] if rows is None else rows.sort_by("batch").to_pylist()) if row["batch"] in seen
    ]
    return tuple(key for key in dict.fromkeys(found) if key != f"{done.key:08x}")
