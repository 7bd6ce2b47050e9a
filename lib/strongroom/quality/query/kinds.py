"""Kinds of values: what goes together, what comes out, and where nothing could be exact any more.

Whole numbers and decimals are exact up to 38 digits, counted before anything runs; so nothing overflows, wraps around
or is cut while it runs. What meets a double is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from strongroom.core.contract import Type
from strongroom.quality.query.tree import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    MOST_DIGITS,
    TEXT,
    TIMESTAMP,
    Call,
    Kind,
    Literal,
    Node,
)

_KINDS = {
    "string": TEXT, "boolean": BOOLEAN, "date": DATE, "timestamp": TIMESTAMP, "timestamp_ntz": TIMESTAMP,
    "binary": BINARY, "float": DOUBLE, "double": DOUBLE,
    "tinyint": Kind("exact", 3), "smallint": Kind("exact", 5), "int": Kind("exact", 10), "bigint": Kind("exact", 19),
}  # fmt: skip
_AS_DOUBLE = "Write CAST(… AS DOUBLE)."
SUMMED = MOST_DIGITS - 10
"""Digits of what can be summed over ten thousand million rows."""


class Unfit(Exception):
    """Values that do not go together: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what, self.todo = what, todo


def kind_of(type_: Type) -> Kind:
    """The kind of a column's values."""
    return Kind("exact", type_.precision, type_.scale) if type_.name == "decimal" else _KINDS[type_.name]


def is_number(kind: Kind) -> bool:
    return kind.name in ("exact", "double")


def cast(node: Node, kind: Kind) -> Node:
    """The value as another kind, for pairs that lose nothing but a double's last digits.

    Raises:
        Unfit: it cannot become one.
    """
    pair = (node.kind.name, kind.name)
    if node.kind == kind:
        return node
    if pair == ("exact", "double") and isinstance(node, Literal):
        return Literal(DOUBLE, float(node.value))  # type: ignore[arg-type]
    if pair == ("exact", "double"):
        return Call(DOUBLE, "cast", (node,))
    if pair == ("exact", "exact") and kind.scale >= node.kind.scale and kind.whole >= node.kind.whole:
        return Call(kind, "cast", (node,))
    if pair == ("date", "timestamp"):
        return Call(TIMESTAMP, "timestamp of date", (node,))
    if pair == ("timestamp", "date"):
        return Call(DATE, "date of timestamp", (node,))
    raise Unfit(f"{_a(node.kind)} is not made {_a(kind)}", _cast_hint(node.kind, kind))


def alike(nodes: Sequence[Node]) -> list[Node]:
    """The values in one kind, so that they can be compared or stand for each other.

    Raises:
        Unfit: they have none in common.
    """
    names = {node.kind.name for node in nodes}
    if len(names) == 1 and names != {"exact"}:
        return list(nodes)
    if names == {"exact"}:
        scale = max(node.kind.scale for node in nodes)
        digits = max(node.kind.whole for node in nodes) + scale
        if digits > MOST_DIGITS:
            raise Unfit(f"these numbers need {digits} digits together, and there are {MOST_DIGITS}", _AS_DOUBLE)
        return [cast(node, Kind("exact", digits, scale)) for node in nodes]
    if names == {"exact", "double"}:
        return [cast(node, DOUBLE) for node in nodes]
    if names == {"date", "timestamp"}:
        return [cast(node, TIMESTAMP) for node in nodes]
    first, second = sorted(names)[:2]
    raise Unfit(f"{_a(Kind(first))} does not go with {_a(Kind(second))}", _hint(names))


def arithmetic(sign: str, left: Node, right: Node) -> Node:
    """`left sign right`: exact of exact numbers but for `/`, which is of doubles.

    Raises:
        Unfit: they are no numbers, or the result could have more digits than there are.
    """
    if sign == "-" and (left.kind, right.kind) == (DATE, DATE):
        return Call(Kind("exact", 7), "days between", (left, right))
    for node in (left, right):
        if not is_number(node.kind):
            raise Unfit(f"{sign!r} joins numbers, and one side is {_a(node.kind)}", _hint({node.kind.name}))
    if sign == "/" or DOUBLE in (left.kind, right.kind):
        if sign == "%":
            raise Unfit("'%' is of whole numbers")
        return Call(DOUBLE, sign, (cast(left, DOUBLE), cast(right, DOUBLE)))
    one, other = left.kind, right.kind
    if sign == "%":
        if one.scale or other.scale or max(one.digits, other.digits) > 19:
            raise Unfit("'%' is of whole numbers")
        return Call(Kind("exact", min(one.digits, other.digits)), "%", (left, right))
    scale = one.scale + other.scale if sign == "*" else max(one.scale, other.scale)
    whole = one.whole + other.whole if sign == "*" else max(one.whole, other.whole) + 1
    if whole + scale + (1 if sign == "*" and scale else 0) > MOST_DIGITS:
        raise Unfit(f"{sign!r} could give more than {MOST_DIGITS} digits here", _AS_DOUBLE)
    return Call(Kind("exact", whole + scale, scale), sign, (left, right))


def summed(node: Node) -> Kind:
    """What the sum of a number is.

    Raises:
        Unfit: it could have more digits than there are.
    """
    if node.kind == DOUBLE:
        return DOUBLE
    if node.kind.digits > SUMMED:
        raise Unfit(f"a sum of numbers of {node.kind.digits} digits could have more than {MOST_DIGITS}", _AS_DOUBLE)
    return Kind("exact", node.kind.digits + 10, node.kind.scale)


def negative(node: Node) -> Node:
    """The number with the other sign; a literal stays one."""
    if not is_number(node.kind):
        raise Unfit(f"'-' is of numbers, and this is {_a(node.kind)}")
    if isinstance(node, Literal):
        return Literal(node.kind, -node.value)  # type: ignore[operator]
    return Call(node.kind, "negative", (node,))


def named(kinds: str) -> str:
    """Kinds that fit, in words: `exact|double` is "a number"."""
    words = kinds.replace("exact|double", "number").replace("exact", "whole number").split("|")
    return " or ".join(f"a {word}" for word in words)


def _a(kind: Kind) -> str:
    words = {"exact": "a number", "double": "a double"}
    return words.get(kind.name, f"a {kind.name}")


def _cast_hint(kind: Kind, to: Kind) -> str:
    if kind == TEXT:
        return "Text is read once, when rows are: give the column the type."
    return _AS_DOUBLE if kind.name == "exact" and to.name == "exact" else ""


def _hint(names: set[str]) -> str:
    if names & {"date", "timestamp"}:
        return "Moments are written date '2024-01-31' and timestamp '2024-01-31 12:00:00'."
    return "Text stands in single quotes." if "text" in names else ""
