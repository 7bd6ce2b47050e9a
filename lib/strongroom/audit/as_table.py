"""Events as rows, for people who want to query them. The log itself stays the file: a table has no proofs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import pyarrow as pa

from strongroom.core.audit_event import Event

_TEXTS = ("run", "job", "principal", "actor", "action", "outcome", "table", "purpose", "contract", "policy", "error")
SCHEMA = pa.schema(
    [
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        pa.field("roles", pa.list_(pa.string())),
        pa.field("columns", pa.list_(pa.string())),
        pa.field("facts", pa.string()),
    ]
)
"""One row an event; `facts` is JSON, and an empty text is null."""


def export_rows(events: Iterable[Event]) -> pa.Table:
    """Events as a table, in their order."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for event in events:
        columns["time"].append(event.time.astimezone(UTC))
        for name in _TEXTS:
            columns[name].append(getattr(event, name) or None)
        columns["roles"].append(list(event.roles))
        columns["columns"].append(list(event.columns))
        columns["facts"].append(
            json.dumps(dict(event.facts), sort_keys=True, ensure_ascii=False) if event.facts else None
        )
    return pa.table(columns, schema=SCHEMA)
