"""Adds up the rules that bear on one request: which columns are given, masked how, for which rows.

Grants add columns and rows. What any of them withholds or masks is withheld or masked whichever grant gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from strongroom.core.policy import KEYS, Deny, Grant
from strongroom.core.policy.decision import Decision, Request
from strongroom.govern.engine.compiled import Rule
from strongroom.govern.engine.selectors import column_of

_STRICTEST = "replace-with-null"


def all_columns(request: Request, table: str, grants: Sequence[Rule]) -> Decision:
    """The answer when no rule tells columns apart: everything asked for, for the rows of any grant."""
    return Decision(request, True, table, request.columns, rows=_rows(grants), **_by(grants))


def whole_table(request: Request, table: str, grants: Sequence[Rule], denies: Sequence[Rule]) -> Decision:
    """The answer for a table as it lies, when some rule tells columns apart: every column in clear, or nothing."""
    closing = [rule for rule in (*grants, *denies) if rule.deny is not None or rule.mask]
    givers = [rule for rule in grants if rule.allow is None]
    if closing or not givers:
        return Decision(request, False, table, denying=tuple((rule.rule, ()) for rule in closing))
    return Decision(request, True, table, rows=_rows(givers), **_by(givers))


def by_column(
    request: Request, table: str, grants: Sequence[Rule], denies: Sequence[Rule], beside: Sequence[Rule] = ()
) -> Decision:
    """The answer column by column. Grants that stand `beside` give nothing here, but withhold and mask all the same."""
    givers: dict[str, list[Rule]] = {}
    masks: dict[str, str] = {}
    denying: dict[int, tuple[Grant | Deny, list[str]]] = {}
    withheld = []
    for name in dict.fromkeys(request.columns):
        column = column_of(request, name)
        shown = {how for rule in (*grants, *beside) for selector, how in rule.mask if selector.takes(column)}
        # Keys show a value whole, so what is masked for somebody is not given to them by keys.
        giving = [rule for rule in grants if rule.gives(column) and not (shown and rule.enforce == KEYS)]
        taking = [rule for rule in (*grants, *beside, *denies) if rule.deny is not None and rule.deny.takes(column)]
        for rule in taking:
            denying.setdefault(id(rule), (rule.rule, []))[1].append(name)
        if taking or not giving:
            withheld.append(name)
            continue
        givers[name] = giving
        if shown:
            masks[name] = shown.pop() if len(shown) == 1 else _STRICTEST
    used = {id(rule) for rules in givers.values() for rule in rules}
    giving = [rule for rule in grants if id(rule) in used]
    rows = _rows(giving)
    narrower = {name: found for name, rules in givers.items() if (found := _rows(rules)) and set(found) != set(rows)}
    return Decision(
        request,
        not withheld,
        table,
        tuple(givers),
        masks=masks,
        rows=rows,
        conditions=narrower,
        clear=tuple(name for name, rules in givers.items() if any(rule.enforce == KEYS for rule in rules)),
        denying=tuple((rule, tuple(names)) for rule, names in denying.values()),
        withheld=tuple(withheld),
        **_by(giving),
    )


def _by(grants: Iterable[Rule]) -> dict[str, Any]:
    """Who gave it."""
    found = tuple([rule.rule for rule in grants])
    return {"grants": found, "roles": tuple(dict.fromkeys([grant.role for grant in found]))}


def _rows(grants: Iterable[Rule]) -> tuple[str, ...]:
    """Every row expression of these grants, or none when one of them gives every row."""
    found: dict[str, None] = {}
    for rule in grants:
        if not rule.rows:
            return ()
        found[rule.rows] = None
    return tuple(found)
