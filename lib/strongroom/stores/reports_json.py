"""The report as JSON: every field of `core/report.py`, the verdict, and the shares a reader would otherwise compute."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import datetime

from strongroom import __version__
from strongroom.core.report import Report, share
from strongroom.stores.reports_words import unaccounted, verdict

FORMAT = "strongroom.report/1"
"""Grows by one when a field is renamed or changes its meaning; new fields leave it as it is."""


def document(report: Report) -> str:
    """One JSON object with an end of line. None is null, and so is a number that JSON does not have."""
    fields = {field.name: _plain(getattr(report, field.name)) for field in dataclasses.fields(report)}
    shares = {
        "written": share(report.written, report.read),
        "quarantined": share(report.quarantined, report.read),
        "unaccounted": share(unaccounted(report), report.read),
    }
    whole = {
        "format": FORMAT,
        "strongroom": __version__,
        "verdict": _plain(verdict(report)),
        **fields,
        "shares": shares,
        "rules": [{**_fields(rule), "share": share(rule.failures, report.read)} for rule in report.rules],
        "columns": [
            {
                **_fields(column),
                "null_share_before": share(column.nulls_before, report.read),
                "null_share_after": share(column.nulls_after, report.written),
            }
            for column in report.columns
        ],
    }
    return json.dumps(whole, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _fields(noun: object) -> dict[str, object]:
    plain = _plain(noun)
    assert isinstance(plain, dict)  # noqa: S101  a dataclass always becomes one
    return plain


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
