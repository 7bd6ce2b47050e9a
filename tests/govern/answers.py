"""Everything that a policy answers, so that a test can see what a change of it gave and took."""

from __future__ import annotations

from strongroom.core.policy import ACTIONS
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.matrix import principals_of, purposes_of, views
from strongroom.govern.review.matrix_table import cells
from strongroom.govern.table import Table


def answers(policy, *, tables, at, purposes=(), people=()):
    """Who may do what with which column of these tables, for which purpose, how and in which rows."""
    people = sorted({*principals_of(policy), *people})
    purposes = sorted({*purposes_of(policy), *purposes})
    found = set()
    for action in ACTIONS:
        about = [Table(name, ()) for name in people] if action == "act" else tables
        shown = views(Engine(policy), about, principals=people, purposes=purposes, at=at, action=action)
        for row in cells(shown).to_pylist():
            found.add(tuple(row[name] for name in ("principal", "action", "table", "column", "purpose", "how", "rows")))
    return found
