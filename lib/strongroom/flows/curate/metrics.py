"""What a run leaves in `strongroom.metrics`: how many rows each reason took."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.run import Job
from strongroom.stores.lake import Lake, commits

_METRICS = pa.schema(
    [
        ("run_id", pa.string()), ("dataset", pa.string()), ("about", pa.string()), ("name", pa.string()),
        ("metric", pa.string()), ("value", pa.float64()), ("started", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


def write(job: Job, lake: Lake, contract: Contract, counts: Mapping[str, int], reasons: Mapping[str, int]) -> None:
    """One row per count, once for a run."""
    found = [("rows", contract.curated, name, count) for name, count in counts.items()]
    found += [("reason", name, "dropped", count) for name, count in reasons.items()]
    of = {"run_id": job.run.id, "dataset": contract.curated, "started": job.run.started}
    rows = [of | dict(zip(("about", "name", "metric", "value"), row, strict=True)) for row in found]
    commits.append(lake, "strongroom.metrics", pa.Table.from_pylist(rows, _METRICS), once=(f"curate/{job.run.id}", 1))
