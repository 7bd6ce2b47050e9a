"""Turns a decision into the Spark SQL that keeps it: one predicate for rows, one expression for each column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from strongroom.core.policy.decision import Decision
from strongroom.core.sql_text import identifier
from strongroom.govern.sql.masks import masked
from strongroom.govern.sql.row_filters import predicate


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader gets: `where` is a predicate (empty for all rows), `select` one expression for each column.

    Apply `where` first: it looks at the values as they lie.
    """

    where: str
    select: tuple[str, ...]


def reading(decision: Decision, types: Mapping[str, str], *, portable: bool = False) -> Reading:
    """The SQL for what a decision gives.

    Args:
        decision: of a read; only what it gives is selected, whether or not everything asked for was.
        types: every column of the table → its type as Spark writes it (`decimal(10,2)`).
        portable: masks and rows as any engine reads them, as an export writes them.

    Raises:
        ConfigError: a row expression names a column that the table does not have, or a mask does not fit a type.
        ValueError: the decision gives a column that is not among `types`.
    """
    if not set(decision.columns) <= set(types):
        raise ValueError("a column was decided on that the table does not have")
    return Reading(
        _any(decision, decision.rows, types, portable),
        tuple(f"{_shown(decision, column, types, portable)} AS {identifier(column)}" for column in decision.columns),
    )


def _shown(decision: Decision, column: str, types: Mapping[str, str], portable: bool) -> str:
    """A column in clear or behind its mask, and null in the rows for which only other columns are given."""
    shown = identifier(column)
    if mask := decision.masks.get(column):
        where = ", ".join(grant.where for grant in decision.grants if grant.columns.mask)
        shown = masked(column, types[column], mask, where=where, portable=portable)
    if rows := decision.conditions.get(column):
        return f"CASE WHEN {_any(decision, rows, types, portable)} THEN {shown} END"
    return shown


def _any(decision: Decision, rows: Iterable[str], types: Mapping[str, str], portable: bool) -> str:
    """Rows that any of these expressions gives."""
    where = {grant.rows: grant.where for grant in decision.grants}
    return " OR ".join(predicate(text, types, where=where[text], portable=portable) for text in rows)
