"""What kind of value an expression gives, checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from strongroom.core.contract.model import Column
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.expression.tree import COMPARISONS, Binary, Call, In, IsNull, Literal, Name, Node
from strongroom.core.suggest import did_you_mean

_KINDS = {
    "string": "text", "boolean": "boolean", "date": "date", "timestamp": "timestamp", "timestamp_ntz": "timestamp",
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"), "number"),
}  # fmt: skip
_LITERALS = {bool: "boolean", int: "number", Decimal: "number", str: "text", datetime: "timestamp", date: "date"}
_TIMES = {"date", "timestamp"}


def check_condition(node: Node, columns: Mapping[str, Column], *, where: str) -> None:
    """Make sure that an expression is a condition on these columns.

    Args:
        node: the tree.
        columns: every column and field by path.
        where: `file:line` for errors.

    Raises:
        ConfigError: a column is not there or has no single value, or an operator does not fit its operands.
    """

    def refuse(what: str, at: int, todo: str = "") -> ConfigError:
        return ConfigError([Problem(f"The expression, character {at}: {what}.", where, todo, "expression.invalid")])

    if (kind := _kind(node, columns, refuse)) != "boolean":
        raise refuse(f"it is a {kind} and no condition", node.at, "Compare it with something.")


_Refuse = Callable[..., ConfigError]


def _kind(node: Node, columns: Mapping[str, Column], refuse: _Refuse) -> str:
    """`number, text, boolean, date` or `timestamp`."""
    if isinstance(node, Literal):
        return _LITERALS[type(node.value)]
    if isinstance(node, Name):
        return _of_column(node, columns, refuse)
    if isinstance(node, IsNull):
        if isinstance(node.operand, Name):
            _column(node.operand, columns, refuse)
        else:
            _kind(node.operand, columns, refuse)
        return "boolean"
    if isinstance(node, In):
        kind = _kind(node.operand, columns, refuse)
        for item in node.items:
            if _LITERALS[type(item.value)] != kind:
                raise refuse(f"a {kind} is no {_LITERALS[type(item.value)]}", item.at, _hint(kind))
        return "boolean"
    if isinstance(node, Call):
        takes, gives = {
            "not": ("boolean", "boolean"), "-": ("number", "number"),
            "length": ("text", "number"), "lower": ("text", "text"),
        }[node.function]  # fmt: skip
        if (kind := _kind(node.operand, columns, refuse)) != takes:
            raise refuse(f"{node.function!r} wants a {takes}, not a {kind}", node.at)
        return gives
    return _of_operator(node, _kind(node.left, columns, refuse), _kind(node.right, columns, refuse), refuse)


def _of_operator(node: Binary, left: str, right: str, refuse: _Refuse) -> str:
    both = {left, right}
    if node.operator in ("and", "or"):
        if both != {"boolean"}:
            raise refuse(f"{node.operator!r} joins conditions, not a {(both - {'boolean'}).pop()}", node.at)
        return "boolean"
    if node.operator in COMPARISONS:
        if len(both) > 1 and both != _TIMES:
            raise refuse(f"a {left} is not comparable with a {right}", node.at, _hint(*both))
        if left == "boolean" and node.operator not in ("=", "<>"):
            raise refuse(f"{node.operator!r} has no meaning between booleans", node.at)
        return "boolean"
    if both != {"number"} and not (node.operator == "-" and both == {"date"}):
        raise refuse(f"{node.operator!r} does not join a {left} and a {right}", node.at)
    return "number"


def _column(name: Name, columns: Mapping[str, Column], refuse: _Refuse) -> Column:
    if name.path not in columns:
        raise refuse(f"there is no column {name.path!r}", name.at, did_you_mean(name.path, columns))
    if "[]" in name.path:
        raise refuse(f"{name.path!r} has no single value in a row", name.at)
    return columns[name.path]


def _of_column(name: Name, columns: Mapping[str, Column], refuse: _Refuse) -> str:
    column = _column(name, columns, refuse)
    if column.type.name not in _KINDS:
        raise refuse(f"{name.path!r} is {column.type.name}: only 'is null' can be asked of it", name.at)
    return _KINDS[column.type.name]


def _hint(*kinds: str) -> str:
    return "Moments are written date '2024-01-31' and timestamp '2024-01-31 12:00:00'." if _TIMES & {*kinds} else ""
