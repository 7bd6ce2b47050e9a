"""The one place where text becomes Spark SQL that runs: what was written anew from the policy's parsed trees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def rows_where(rows: Any, condition: str) -> Any:
    """The rows for which an SQL condition holds, as `govern/rows.py` writes one; empty means all of them."""
    return rows.where(condition) if condition else rows


def columns_as(rows: Any, expressions: Iterable[str]) -> Any:
    """One column for each SQL expression, as `govern/enforce.py` writes them."""
    return rows.selectExpr(*expressions)
