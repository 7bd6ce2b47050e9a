"""The tree of a query: nouns only. Every value in it has a kind, and no text of its author is left but literals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strongroom.core.contract import Type


@dataclass(frozen=True, slots=True)
class Table:
    """A table that may be asked.

    Args:
        name: the data set's.
        columns: path → type, of all that has one value in a row, as it lies in the table.
        absent: path → why a column of the contract cannot be asked.
    """

    name: str
    columns: Mapping[str, Type]
    absent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: `exact` (with digits, of which `scale` after the point), `double`, `text`, `boolean`, `date`,
    `timestamp` (microseconds since 1970 in UTC) or `binary`.
    """

    name: str
    digits: int = 0
    scale: int = 0

    @property
    def whole(self) -> int:
        """Digits before the point."""
        return self.digits - self.scale


BOOLEAN, DOUBLE, TEXT, DATE, TIMESTAMP, BINARY = map(Kind, ("boolean", "double", "text", "date", "timestamp", "binary"))
COUNT = Kind("exact", 19)
MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written; a timestamp is its microseconds."""

    kind: Kind
    value: bool | int | Decimal | float | str | date


@dataclass(frozen=True, slots=True)
class Field:
    """Column number `number` of the source `source`."""

    kind: Kind
    source: int
    number: int


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function over values of one row; `form` is a key of `forms.FORMS`."""

    kind: Kind
    form: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """An aggregate over the rows of a group; `form` is a key of `forms.TOTALS`."""

    kind: Kind
    form: str
    args: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """The one value of a query that has one row."""

    kind: Kind
    query: Select


@dataclass(frozen=True, slots=True)
class Within:
    """Whether a value is among those of a query's one column."""

    kind: Kind
    operand: Node
    query: Select


Node = Literal | Field | Call | Total | Ask | Within


@dataclass(frozen=True, slots=True)
class Scan:
    """A table, of which these paths are read, in the order of the fields' numbers."""

    source: int
    table: str
    columns: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """A query in FROM; its items are the fields, in order."""

    source: int
    query: Select


@dataclass(frozen=True, slots=True)
class Join:
    """What is joined to the sources before it: `inner` or `left`, on a condition."""

    side: str
    source: Scan | Derived
    on: Node


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Node, ...]
    distinct: bool = False
    source: Scan | Derived | None = None
    joins: tuple[Join, ...] = ()
    where: Node | None = None
    group: tuple[Node, ...] = ()
    having: Node | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A query that gives one number, and what it reads: table → path → type; no path of a table that it only counts."""

    select: Select
    reads: Mapping[str, Mapping[str, Type]]


def children(node: Node) -> tuple[Node, ...]:
    """The values that a value is made of, in the same row or group."""
    if isinstance(node, Call | Total):
        return node.args
    return (node.operand,) if isinstance(node, Within) else ()


def walk(node: Node) -> Iterator[Node]:
    """A value and all it is made of."""
    stack = [node]
    while stack:
        stack += children(found := stack.pop())
        yield found


def is_total(node: Node) -> bool:
    """Whether an aggregate is in it."""
    return any(isinstance(each, Total) for each in walk(node))
