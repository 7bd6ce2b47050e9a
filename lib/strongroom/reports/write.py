"""Reports of runs: a page for people, and the same content as JSON, JUnit XML, Prometheus text and OpenLineage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.fs as pafs

from strongroom.core.errors import StoreError
from strongroom.core.escaping import file_name
from strongroom.core.report import Report
from strongroom.core.report.front import FrontPage
from strongroom.core.run import Run
from strongroom.reports.feeds import json, junit, openlineage, prometheus
from strongroom.reports.page import front as front_page
from strongroom.reports.page import page
from strongroom.stores.artefacts.report_files import put
from strongroom.stores.lake import filesystem_of

FRONT = "index.html"


def render_html(report: Report) -> str:
    """One self-contained page under 1 MB: no script, nothing loaded, everything from outside escaped."""
    return page.page(report)


def render_json(report: Report) -> str:
    """Every fact of the report as one JSON object."""
    return json.document(report)


def render_junit(report: Report) -> str:
    """JUnit XML with one test case per rule and set rule; it is red when the exit code is."""
    return junit.document(report)


def render_prometheus(report: Report) -> str:
    """Prometheus text for node exporter's textfile collector."""
    return prometheus.document(report)


def render_openlineage(report: Report) -> str:
    """OpenLineage events with data-quality facets, one JSON object a line: START, then COMPLETE or FAIL."""
    return openlineage.document(report)


def start_event(run: Run, dataset: str) -> str:
    """The first of those events, which can be told before anything is read."""
    return openlineage.start_event(run, dataset)


def end_event(report: Report) -> str:
    """The last of those events."""
    return openlineage.end_event(report)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a report was written: paths, or URIs for a folder that is one."""

    html: str
    json: str
    junit: str
    openlineage: str
    prometheus: str


def write(report: Report, folder: str | Path) -> Paths:
    """Writes the report in all formats; each file is whole or not there. The same run again replaces its own files.

    `<folder>/<table>/<run>.html`, `.json`, `.junit.xml` and `.openlineage.jsonl` belong to the run;
    `<folder>/prometheus/<table>.prom` to the table: figures of the last run that came to its gate.

    Raises:
        StoreError: the folder cannot be written.
    """
    paths = paths_of(report, folder)
    texts = {
        paths.json: render_json(report),
        paths.junit: render_junit(report),
        paths.openlineage: render_openlineage(report),
        paths.prometheus: render_prometheus(report),
        paths.html: render_html(report),  # last: whoever sees the page finds the rest beside it
    }
    if report.read is None:
        del texts[paths.prometheus]  # what was not measured does not replace what was
    try:
        for path, text in texts.items():
            put(path, text, mode=0o644 if path == paths.prometheus else None)  # node exporter is another user
    except OSError as error:
        why = f": {error.strerror}" if error.strerror else ""  # an object store's own message may quote what it likes
        raise StoreError(
            f"the report cannot be written{why}",
            where=str(folder),
            todo="Make the folder writable.",
            code="output.unwritable",
        ) from error
    return paths


def write_front(front: FrontPage, folder: str | Path) -> str:
    """Writes the front page of all reports, and returns its path.

    Raises:
        OSError: the folder cannot be written.
    """
    path = f"{str(folder).rstrip('/')}/{FRONT}"
    put(path, front_page.page(front))
    return path


def paths_of(report: Report, folder: str | Path) -> Paths:
    """Where the report's files stand, or would stand."""
    root, table, run = str(folder).rstrip("/"), file_name(report.table), file_name(report.run.id)
    return Paths(
        html=f"{root}/{table}/{run}.html",
        json=f"{root}/{table}/{run}.json",
        junit=f"{root}/{table}/{run}.junit.xml",
        openlineage=f"{root}/{table}/{run}.openlineage.jsonl",
        prometheus=f"{root}/prometheus/{table}.prom",
    )


def is_written(report: Report, folder: str | Path) -> bool:
    """Whether the run has its page already."""
    filesystem, path = filesystem_of(paths_of(report, folder).html)
    return bool(filesystem.get_file_info(path).type == pafs.FileType.File)
