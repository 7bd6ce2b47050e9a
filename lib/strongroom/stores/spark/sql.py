"""The one place where text becomes Spark SQL that runs: what was written anew from the policy's parsed trees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from strongroom.core.errors import StoreError


def rows_where(rows: Any, condition: str) -> Any:
    """The rows for which an SQL condition holds, as `govern/sql/row_filters.py` writes one; empty means all of them.

    Raises:
        StoreError: Spark would read something else from it.
    """
    asked = _as_it_stands(condition)
    return rows.where(asked) if asked else rows


def columns_as(rows: Any, expressions: Iterable[str]) -> Any:
    """One column for each SQL expression, as `govern/sql/select.py` writes them.

    Raises:
        StoreError: Spark would read something else from one.
    """
    shown = [_as_it_stands(each) for each in expressions]
    return rows.selectExpr(*shown)


def _as_it_stands(text: str) -> str:
    """The text, unless Spark would fill in a variable (`${env:NAME}`), which it does within quoted names, too."""
    if "${" in text:
        what = "a column's name holds '${', where Spark would put in a variable of its own"
        raise StoreError(what, todo="Rename the column.")
    return text
