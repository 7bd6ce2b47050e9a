"""Reports of runs: a page for people, and the same content as JSON, JUnit XML, Prometheus text and OpenLineage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.fs as pafs

from strongroom.core.errors import StoreError
from strongroom.core.escaping import file_name
from strongroom.core.report import Report
from strongroom.core.report.front import FrontPage
from strongroom.reports.feeds import json, junit, openlineage, prometheus
from strongroom.reports.page import front as front_page
from strongroom.reports.page import page
from strongroom.stores.artefacts.report_files import put
from strongroom.stores.lake import filesystem_of

FRONT = "index.html"


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
        paths.json: json.document(report),
        paths.junit: junit.document(report),
        paths.openlineage: openlineage.document(report),
        paths.prometheus: prometheus.document(report),
        paths.html: page.page(report),  # last: whoever sees the page finds the rest beside it
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
