"""The tree of an expression: nouns only. `core/expression/parser.py` makes it from text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Value = bool | int | Decimal | str | date | datetime

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
FUNCTIONS = ("length", "lower")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written: whole numbers are int, others Decimal; a timestamp is aware, in UTC unless it says."""

    value: Value
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A column, by its path."""

    path: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of `FUNCTIONS` of one argument; also `not` and the sign `-`."""

    function: str
    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`and`, `or`, one of `COMPARISONS`, or one of `+ - * /`."""

    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is one of some literals."""

    operand: Node
    items: tuple[Literal, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether there is no value; never unknown."""

    operand: Node
    at: int = field(default=0, compare=False)


Node = Literal | Name | Call | Binary | In | IsNull


def names(node: Node) -> Iterator[Name]:
    """Every mention of a column, from left to right."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Binary):
        yield from names(node.left)
        yield from names(node.right)
    elif not isinstance(node, Literal):
        yield from names(node.operand)
