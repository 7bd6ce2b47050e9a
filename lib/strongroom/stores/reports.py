"""Reports of runs: a page for people, and the same content as JSON, JUnit XML, Prometheus text and OpenLineage."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.errors import StoreError
from strongroom.core.report import Report
from strongroom.stores import reports_json, reports_junit, reports_lineage, reports_page, reports_prometheus


def render_html(report: Report) -> str:
    """One self-contained page under 1 MB: no script, nothing loaded, everything from outside escaped."""
    return reports_page.page(report)


def render_json(report: Report) -> str:
    """Every fact of the report as one JSON object."""
    return reports_json.document(report)


def render_junit(report: Report) -> str:
    """JUnit XML with one test case per rule and set rule; it is red when the exit code is."""
    return reports_junit.document(report)


def render_prometheus(report: Report) -> str:
    """Prometheus text for node exporter's textfile collector."""
    return reports_prometheus.document(report)


def render_openlineage(report: Report) -> str:
    """OpenLineage events with data-quality facets, one JSON object a line: START, then COMPLETE or FAIL."""
    return reports_lineage.document(report)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a report was written."""

    html: Path
    json: Path
    junit: Path
    openlineage: Path
    prometheus: Path


def write(report: Report, folder: str | Path) -> Paths:
    """Writes the report in all formats; each file is whole or not there. The same run again replaces its own files.

    `<folder>/<table>/<run>.html`, `.json`, `.junit.xml` and `.openlineage.jsonl` belong to the run;
    `<folder>/prometheus/<table>.prom` to the table, so that one folder for node exporter holds the last run of each.

    Raises:
        StoreError: the folder cannot be written.
    """
    root, table, run = Path(folder), _file_name(report.table), _file_name(report.run.id)
    paths = Paths(
        html=root / table / f"{run}.html",
        json=root / table / f"{run}.json",
        junit=root / table / f"{run}.junit.xml",
        openlineage=root / table / f"{run}.openlineage.jsonl",
        prometheus=root / "prometheus" / f"{table}.prom",
    )
    texts = {
        paths.json: render_json(report),
        paths.junit: render_junit(report),
        paths.openlineage: render_openlineage(report),
        paths.prometheus: render_prometheus(report),
        paths.html: render_html(report),  # last: whoever sees the page finds the rest beside it
    }
    try:
        for path, text in texts.items():
            _replace(path, text)
    except OSError as error:
        raise StoreError(
            f"the report cannot be written: {error.strerror}", where=str(root), todo="Make the folder writable."
        ) from error
    return paths


def _file_name(text: str) -> str:
    """A name that is one plain file in any folder and system; other signs become a low line, long names are cut."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:120].lstrip(".") or "_"


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
