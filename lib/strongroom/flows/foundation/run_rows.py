"""`strongroom.runs`: one row for each table that a run was to write, and how that ended."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

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


def append(lake: Lake, row: Mapping[str, object], *, once: tuple[str, int] | None = None) -> None:
    """One row more; what it does not name is null.

    Args:
        lake: where the table lies.
        row: by column; `dataset` is a contract's name in rows of `prepare`, and a table's in those of jobs that derive.
        once: (writer, number), which writes a single time.
    """
    commits.append(lake, RUNS, pa.Table.from_pylist([dict(row)], _RUNS), once=once)
