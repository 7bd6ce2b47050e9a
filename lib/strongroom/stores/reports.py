"""Reports of runs: one page for people, and the same content as JSON."""

from __future__ import annotations

import dataclasses
import json
from html import escape

from strongroom.core.report import Report


def render_html(report: Report) -> str:
    """The report as one self-contained page."""
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}<td>{count:,}"
        for name, count in (("read", report.read), ("written", report.written), ("quarantined", report.quarantined))
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.table)}</title><h1>{escape(report.table)}: {escape(report.status)}</h1>"
        f"<table>{rows}</table></html>"
    )


def render_json(report: Report) -> str:
    """The report as one JSON object."""
    return json.dumps(dataclasses.asdict(report), default=str, ensure_ascii=False, indent=2)
