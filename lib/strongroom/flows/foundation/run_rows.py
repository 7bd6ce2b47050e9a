"""`strongroom.runs`: one row for each table that a run was to write, and how that ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.run import Job, Run
from strongroom.core.sql_text import all_of, equals
from strongroom.flows.foundation import front_page
from strongroom.flows.foundation.authorise import policy_of
from strongroom.stores.lake import Lake, commits

RUNS = "strongroom.runs"
_RUNS = pa.schema(
    [
        ("run_id", pa.string()), ("dataset", pa.string()), ("batch", pa.int64()), ("mode", pa.string()),
        ("status", pa.string()), ("principal", pa.string()), ("actor", pa.string()), ("purpose", pa.string()),
        ("contract", pa.string()), ("contract_version", pa.string()), ("contract_fingerprint", pa.string()),
        ("policy_fingerprint", pa.string()), ("key", pa.string()), ("rows_read", pa.int64()),
        ("rows_written", pa.int64()), ("rows_quarantined", pa.int64()), ("failures", pa.int64()),
        ("table_version", pa.int64()), ("report", pa.string()), ("started", pa.timestamp("us", "UTC")),
        ("seconds", pa.float64()), ("notes", pa.list_(pa.string())),
    ]
)  # fmt: skip


def append(
    lake: Lake, job: Job, contract: Contract, dataset: str, *, status: str, once: tuple[str, int] | None = None,
    **more: object,
) -> None:  # fmt: skip
    """One row more: whose run it is, by which contract and policy, how long it took so far, and what else is named; and
    the front page of all of them.

    Args:
        lake: where the table lies.
        job: the run's.
        contract: of the data set.
        dataset: the contract's name in rows of `prepare`, and a table's in those of jobs that derive.
        status: how it ended.
        once: (writer, number), which writes a single time.
        more: other columns; what is not named is null.
    """
    run = job.run
    row = {
        "run_id": run.id, "dataset": dataset, "status": status, "principal": run.principal, "actor": run.actor,
        "purpose": run.purpose, "contract": contract.id, "contract_version": contract.version,
        "contract_fingerprint": contract.fingerprint, "policy_fingerprint": policy_of(job), "started": run.started,
        "seconds": seconds_of(run), **more,
    }  # fmt: skip
    commits.append(lake, RUNS, pa.Table.from_pylist([row], _RUNS), once=once)
    found = lake.read(RUNS, front_page.COLUMNS)
    front_page.write(job, lake, [] if found is None else found.to_pylist())


def seconds_of(run: Run) -> float:
    """Wall time since a run started."""
    return (datetime.now(UTC) - run.started).total_seconds()


def holds(lake: Lake, *, run_id: str, dataset: str) -> bool:
    """Whether the run's row about a data set or table is there: the last that it leaves."""
    found = lake.read(RUNS, ("run_id",), where=all_of(equals("run_id", run_id), equals("dataset", dataset)))
    return found is not None and found.num_rows > 0
