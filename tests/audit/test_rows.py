"""Events can be had as rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from strongroom.audit.as_table import SCHEMA, export_rows
from strongroom.core.audit_event import Event

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_an_event_is_a_row():
    events = [
        Event(NOON, "r", "prepare", "user:ada", "run", "started"),
        Event(NOON.astimezone(timezone(timedelta(hours=3))), "r", "read", "user:ada", "read", "allowed",
              roles=("a",), columns=("x", "y"), table="t", facts={"b": 1, "a": "ö"}),
    ]  # fmt: skip
    table = export_rows(events)
    assert table.schema == SCHEMA
    first, second = table.to_pylist()
    assert first["time"] == second["time"] == NOON
    assert (first["table"], first["facts"], first["columns"]) == (None, None, [])
    assert (second["columns"], second["roles"], second["facts"]) == (["x", "y"], ["a"], '{"a": "ö", "b": 1}')


def test_no_event_is_a_table_all_the_same():
    assert export_rows([]).schema == SCHEMA
