"""What must hold of a SELECT as a whole: where aggregates and subqueries stand, what rows are joined and grouped by."""

from __future__ import annotations

from collections.abc import Iterator

from strongroom.quality.query.kinds import Unfit
from strongroom.quality.query.tree import (
    Ask,
    Call,
    Field,
    Join,
    Literal,
    Node,
    Select,
    Total,
    Within,
    children,
    is_total,
    walk,
)


def check_shape(query: Select) -> None:
    """Make sure that a SELECT means something, and the same on every engine.

    Raises:
        Unfit: it does not.
    """
    for join in query.joins:
        _check_join(join)
    if query.where is not None and is_total(query.where):
        raise Unfit("WHERE is about single rows", "Write HAVING.")
    if query.having is not None and not query.group:
        raise Unfit("HAVING without GROUP BY")
    if any(is_total(node) or not any(isinstance(each, Field) for each in walk(node)) for node in query.group):
        raise Unfit("rows are grouped by columns and what is made of them")
    having = [query.having] if query.having is not None else []
    _check_totals([*query.items, *having], query.group)
    _check_within([*query.items, *query.group, *having], query.where)


def _check_join(join: Join) -> None:
    linked = any(_links(each, join.source.source) for each in _conjuncts(join.on))
    if is_total(join.on) or not linked:
        todo = "Write ON one.column = other.column, and what more there is after AND."
        raise Unfit("a join has no equality between its two sides", todo)


def _check_totals(nodes: list[Node], group: tuple[Node, ...]) -> None:
    """Aggregates stand in no aggregates, and beside them only what is grouped by."""
    totals = [each for node in nodes for each in walk(node) if isinstance(each, Total)]
    if any(is_total(arg) for each in totals for arg in each.args):
        raise Unfit("an aggregate in an aggregate", "Use a subquery in FROM.")
    if (group or totals) and not all(_grouped(node, group) for node in nodes):
        raise Unfit("a column stands beside an aggregate", "Group by it, or put it into an aggregate.")


def _check_within(nodes: list[Node], where: Node | None) -> None:
    """`in (select …)` stands in WHERE, alone or after AND: elsewhere Spark refuses it, or takes null for a no."""
    rest = list(nodes)
    for each in _conjuncts(where) if where is not None else ():
        found = each.args[0] if isinstance(each, Call) and each.form == "not" else each
        rest.append(found.operand if isinstance(found, Within) else each)
    if any(isinstance(each, Within) for node in rest for each in walk(node)):
        raise Unfit("a list of a subquery may not stand here", "Write it in WHERE, alone or after AND; or join.")


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.form == "and":
        for each in node.args:
            yield from _conjuncts(each)
    else:
        yield node


def _links(node: Node, joined: int) -> bool:
    """Whether a condition is an equality of the source joined with others."""
    if not isinstance(node, Call) or node.form != "=":
        return False
    one, other = ({each.source for each in walk(side) if isinstance(each, Field)} for side in node.args)
    return bool(one and other) and ((one == {joined}) != (other == {joined})) and not (one & other)


def _grouped(node: Node, group: tuple[Node, ...]) -> bool:
    if node in group or isinstance(node, Total | Literal | Ask):
        return True
    return not isinstance(node, Field) and all(_grouped(child, group) for child in children(node))
