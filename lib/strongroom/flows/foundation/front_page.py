"""The lake's front page, `reports/index.html`: what `strongroom.runs` tells of every table, written after each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from strongroom.core.contract.subject import TAG
from strongroom.core.report.front import FrontPage, PastState, TableState
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.reporting import reports_folder
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.readers import readers
from strongroom.reports.write import write_front
from strongroom.stores.lake import Lake

COLUMNS = ("run_id", "dataset", "status", "started", "rows_written", "rows_quarantined", "table_version", "report")
_RUNS = 10
"""Runs of a table that the page's facts keep."""

Row = Mapping[str, Any]


def write(job: Job, lake: Lake, rows: Sequence[Row]) -> None:
    """Writes the page of all runs' rows. A page that cannot be written costs a note: the run has ended well."""
    folder = reports_folder(lake)
    try:
        now = datetime.now(UTC)
        states = tuple(_states(rows, engine_of(job.settings.policy), lake, folder=folder, at=now))
        write_front(FrontPage(states, now), folder)
    except Exception as error:  # whatever a store's library says; nothing of it changes how the run ended
        job.say(f"note: the front page of reports is not brought up to date ({type(error).__name__})")


def _states(rows: Sequence[Row], engine: Engine, lake: Lake, *, folder: str, at: datetime) -> Iterator[TableState]:
    by_table: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: str(row["started"]), reverse=True):
        dataset = str(row["dataset"])
        by_table.setdefault(dataset if "." in dataset else f"training.{dataset}", []).append(row)
    for table, mine in by_table.items():
        last = next((row for row in mine if row["table_version"] is not None), None)
        yield TableState(
            table,
            tuple(_past(row, folder) for row in mine[:_RUNS]),
            version=None if last is None else _count(last["table_version"]),
            published=None if last is None else _past(last, folder),
            written=None if last is None else _count(last["rows_written"]),
            quarantined=_count(mine[0]["rows_quarantined"]),
            readers=readers(engine, table, columns=_columns(lake, table), at=at),
        )


def _columns(lake: Lake, table: str) -> tuple[str, ...]:
    """The columns that readers may ask for; none of a table that is not there."""
    found = lake.open(table)
    return () if found is None else tuple(field.name for field in found.schema().fields if field.name != TAG)


def _past(row: Row, folder: str) -> PastState:
    report = str(row["report"] or "")
    beside = report.removeprefix(f"{folder}/")
    link = "" if beside == report else quote(beside)  # a lake that was moved keeps its rows, and they lead elsewhere
    return PastState(str(row["run_id"]), row["started"], str(row["status"]), link)


def _count(found: object) -> int | None:
    return found if isinstance(found, int) else None
