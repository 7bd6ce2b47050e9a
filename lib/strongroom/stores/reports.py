"""Reports of runs: one page for people, and the same content as JSON."""

from __future__ import annotations

import dataclasses
import json

from strongroom.core.report import Report
from strongroom.stores.reports_page import page


def render_html(report: Report) -> str:
    """The report as one self-contained page."""
    return page(report)


def render_json(report: Report) -> str:
    """The report as one JSON object."""
    return json.dumps(dataclasses.asdict(report), default=str, ensure_ascii=False, indent=2)
