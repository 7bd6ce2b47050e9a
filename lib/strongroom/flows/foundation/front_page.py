"""The lake's front page, `reports/index.html`: what `strongroom.runs` tells of every table, written after each run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from strongroom.stores.artefacts.report_files import get, put
from strongroom.stores.lake import Lake

COLUMNS = ("run_id", "dataset", "status", "started", "rows_written", "rows_quarantined", "table_version", "report")
_KNOWN = "index.json"
"""Beside the page: each table's columns at the version that was looked at, so that no run opens what others wrote."""
_RUNS = 10
"""Runs of a table that the page's facts keep."""

Row = Mapping[str, Any]


def write(job: Job, lake: Lake, rows: Sequence[Row]) -> None:
    """Writes the page of all runs' rows. A page that cannot be written costs a note: the run has ended well."""
    folder = reports_folder(lake)
    try:
        now = datetime.now(UTC)
        columns = _Columns(lake, _known(folder))
        states = tuple(_states(rows, engine_of(job.settings.policy), columns, folder=folder, at=now))
        write_front(FrontPage(states, now), folder)
        put(f"{folder}/{_KNOWN}", json.dumps(columns.seen, indent=1) + "\n")
    except Exception as error:  # whatever a store's library says; nothing of it changes how the run ended
        job.say(f"note: the front page of reports is not brought up to date ({type(error).__name__})")


def _states(
    rows: Sequence[Row], engine: Engine, columns: _Columns, *, folder: str, at: datetime
) -> Iterator[TableState]:
    by_table: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: str(row["started"]), reverse=True):
        dataset = str(row["dataset"])
        by_table.setdefault(dataset if "." in dataset else f"training.{dataset}", []).append(row)
    for table, mine in by_table.items():
        last = next((row for row in mine if row["table_version"] is not None), None)
        version = None if last is None else _count(last["table_version"])
        yield TableState(
            table,
            tuple(_past(row, folder) for row in mine[:_RUNS]),
            version=version,
            published=None if last is None else _past(last, folder),
            written=None if last is None else _count(last["rows_written"]),
            quarantined=_count(mine[0]["rows_quarantined"]),
            readers=readers(engine, table, columns=columns.of(table, version), at=at),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns that readers may ask for, by table: a table is opened where its last run has published since."""

    lake: Lake
    known: Mapping[str, Any]
    seen: dict[str, dict[str, object]] = field(default_factory=dict)

    def of(self, table: str, version: int | None) -> tuple[str, ...]:
        """Those of a version; none of a table that is not there."""
        names: Any = self.known.get(table, {})
        if version is not None and names.get("version") == version:
            columns = tuple(map(str, names["columns"]))
        else:
            found = self.lake.open(table)
            columns = () if found is None else tuple(each.name for each in found.schema().fields if each.name != TAG)
        self.seen[table] = {"version": version, "columns": columns}
        return columns


def _known(folder: str) -> Mapping[str, Any]:
    """What the last run has left; nothing where that cannot be read."""
    try:
        found = json.loads(get(f"{folder}/{_KNOWN}"))
        return found if all(isinstance(each["columns"], list) for each in found.values()) else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _past(row: Row, folder: str) -> PastState:
    report = str(row["report"] or "")
    beside = report.removeprefix(f"{folder}/")
    link = "" if beside == report else quote(beside)  # a lake that was moved keeps its rows, and they lead elsewhere
    return PastState(str(row["run_id"]), row["started"], str(row["status"]), link)


def _count(found: object) -> int | None:
    return found if isinstance(found, int) else None
