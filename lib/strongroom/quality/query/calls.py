"""What calls become: functions, aggregates, `case` and `in`, once their arguments are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from strongroom.quality.query.forms import FUNCTIONS
from strongroom.quality.query.kinds import SUMMED, Unfit, alike, arithmetic, cast, named, summed
from strongroom.quality.query.tree import (
    BOOLEAN,
    COUNT,
    DATE,
    DOUBLE,
    TIMESTAMP,
    Call,
    Kind,
    Literal,
    Node,
    Select,
    Total,
    Within,
)

_FAR = 10**9


def total(name: str, node: Node, *, distinct: bool) -> Node:
    """The aggregate of that name."""
    if name == "count":
        return Total(COUNT, "count distinct" if distinct else "count", (node,))
    if name == "count_if":
        return Total(COUNT, "count", (Call(COUNT, "case", (node, Literal(Kind("exact", 1), 1))),))
    if name == "avg":
        node = cast(node, DOUBLE) if node.kind.digits > SUMMED else node
        sums, rows = Total(summed(node), "sum", (node,)), Total(COUNT, "count", (node,))
        return arithmetic("/", sums, rows)
    return Total(summed(node) if name == "sum" else node.kind, name, (node,))


def function(name: str, nodes: Sequence[Node]) -> Node:
    """The function of that name of these values."""
    known = FUNCTIONS[name]
    if not known.takes:
        if len(nodes) < 2 or (name == "nullif" and len(nodes) > 2):
            raise Unfit(f"{name!r} has two arguments")
        same = alike(nodes)
        return Call(same[0].kind, known.form, tuple(same))
    if len(nodes) != len(known.takes):
        raise Unfit(f"{name!r} has {len(known.takes)} argument{'s' * (len(known.takes) > 1)}")
    args = [_argument(name, node, kinds) for node, kinds in zip(nodes, known.takes, strict=True)]
    if name == "substring":
        places = [arg.value for arg in args[1:] if isinstance(arg, Literal) and isinstance(arg.value, int)]
        if len(places) < 2 or not 1 <= places[0] < _FAR or not 0 <= places[1] < _FAR:
            raise Unfit("'substring' takes two written numbers: from which sign, counted from 1, and how many")
    gives = Kind("exact", known.gives) if known.gives else BOOLEAN if known.form == "isnan" else args[0].kind
    return Call(gives, known.form, tuple(args))


def _argument(name: str, node: Node, kinds: str) -> Node:
    if {node.kind.name, kinds} == {"date", "timestamp"}:
        return cast(node, DATE if kinds == "date" else TIMESTAMP)
    if node.kind.name not in kinds.split("|"):
        raise Unfit(f"the argument of {name!r} is {named(kinds)}, not a {node.kind.name}")
    return node


def case(conditions: Sequence[Node], values: Sequence[Node]) -> Node:
    """The first value whose condition is true; a value without one stands last."""
    pairs = [node for pair in zip(conditions, values, strict=False) for node in pair]
    return Call(values[0].kind, "case", (*pairs, *values[len(conditions) :]))


def within(left: Node, query: Select) -> Node:
    """Whether the value is among those of the query."""
    mine, theirs = alike((left, query.items[0]))
    return Within(BOOLEAN, mine, replace(query, items=(theirs,)))
