"""The lake's front page, `reports/index.html`: what `strongroom.runs` tells of every table, written after each run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from strongroom.audit.incidents import incidents
from strongroom.core.contract.subject import TAG
from strongroom.core.report.front import FrontPage, PastState, TableState
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.lake_tables import as_it_lies
from strongroom.flows.foundation.reporting import reports_folder
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.readers import readers
from strongroom.govern.table import Table
from strongroom.reports.write import write_front
from strongroom.stores.artefacts.report_files import get, put
from strongroom.stores.lake import Lake

COLUMNS = ("run_id", "dataset", "status", "started", "rows_written", "rows_quarantined", "table_version", "report")
_KNOWN = "index.json"
"""Beside the page: what the policy asks of each table at the version looked at; no run opens what others wrote."""
_RUNS = 10
"""Runs of a table that the page's facts keep."""

Row = Mapping[str, Any]


def write(job: Job, lake: Lake, rows: Sequence[Row]) -> None:
    """Writes the page of all runs' rows. A page that cannot be written costs a note: the run has ended well."""
    folder = reports_folder(lake)
    try:
        now = datetime.now(UTC)
        tables = _Tables(lake, _known(folder))
        states = tuple(_states(rows, engine_of(job.settings.policy), tables, folder=folder, at=now))
        still = tuple(each for each in incidents(job.settings) if each.closed is None)
        write_front(FrontPage(states, now, still), folder)
        put(f"{folder}/{_KNOWN}", json.dumps(tables.seen, indent=1) + "\n")
    except Exception as error:  # whatever a store's library says; nothing of it changes how the run ended
        job.say(f"note: the front page of reports is not brought up to date ({type(error).__name__})")


def _states(rows: Sequence[Row], engine: Engine, tables: _Tables, *, folder: str, at: datetime) -> Iterator[TableState]:
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
            readers=readers(engine, tables.of(table, version), at=at),
        )


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables as the policy knows them: one is opened where its last run has published since."""

    lake: Lake
    known: Mapping[str, Any]
    seen: dict[str, dict[str, object]] = field(default_factory=dict)

    def of(self, name: str, version: int | None) -> Table:
        """What readers may ask for at a version; without columns where there is no such table."""
        told: Any = self.known.get(name, {})
        if version is None or told.get("version") != version:
            found = self.lake.open(name)
            table = Table(name, ()) if found is None else as_it_lies(name, found, ())
            told = {
                "version": version,
                "columns": [column for column in table.columns if column != TAG],
                "classifications": dict(table.classifications),
                "tags": {column: list(tags) for column, tags in table.tags.items()},
            }
        self.seen[name] = told
        tags = {column: tuple(tags) for column, tags in told["tags"].items()}
        return Table(name, tuple(told["columns"]), told["classifications"], tags)


def _known(folder: str) -> Mapping[str, Any]:
    """What the last run has left; nothing where that cannot be read."""
    try:
        found = json.loads(get(f"{folder}/{_KNOWN}"))
        whole = all(each.keys() >= {"columns", "classifications", "tags"} for each in found.values())
        return found if whole else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _past(row: Row, folder: str) -> PastState:
    report = str(row["report"] or "")
    beside = report.removeprefix(f"{folder}/")
    link = "" if beside == report else quote(beside)  # a lake that was moved keeps its rows, and they lead elsewhere
    return PastState(str(row["run_id"]), row["started"], str(row["status"]), link)


def _count(found: object) -> int | None:
    return found if isinstance(found, int) else None
