"""The report as JSON: every field of `core/report`, the verdict, and the shares a reader would otherwise compute."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from strongroom import __version__
from strongroom.core.report import Report, share
from strongroom.reports.phrases import unaccounted, verdict

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT = "strongroom.report/1"
"""Grows by one when a field is renamed or changes its meaning; new fields leave it as it is."""


def document(report: Report) -> str:
    """One JSON object with an end of line. None is null, and so is a number that JSON does not have."""
    shares = {
        "written": share(report.written, report.read),
        "quarantined": share(report.quarantined, report.read),
        "unaccounted": share(unaccounted(report), report.read),
    }
    whole = {
        "format": FORMAT,
        "strongroom": __version__,
        "verdict": _plain(verdict(report)),
        **_fields(report),
        "shares": shares,
        "rules": [{**_fields(rule), "share": share(rule.failures, report.read)} for rule in report.rules],
        "columns": [
            {
                **_fields(column),
                "null_share_before": share(column.nulls_before, report.read),
                "null_share_after": share(column.nulls_after, report.passed),
            }
            for column in report.columns
        ],
    }
    return json.dumps(whole, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _fields(noun: DataclassInstance) -> dict[str, object]:
    return {field.name: _plain(getattr(noun, field.name)) for field in dataclasses.fields(noun)}


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
