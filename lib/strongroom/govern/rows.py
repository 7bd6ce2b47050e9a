"""Row expressions as Spark SQL: which rows a grant gives, as one predicate.

Everything is written anew from the parsed tree. Names are quoted, and a text that holds more than plain ASCII is
written as bytes, so nothing in a policy can end a literal or a name, whatever Spark's parser is set to. Arithmetic uses
the `try_` functions: what cannot be computed is unknown, and an unknown row is not given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.expression import parse
from strongroom.core.expression_tree import Binary, Call, In, IsNull, Literal, Name, Node
from strongroom.core.sql_text import identifier, path, text_literal

_TRY = {"+": "try_add", "-": "try_subtract", "*": "try_multiply", "/": "try_divide"}
_FUNCTIONS = {"length": "char_length", "lower": "lower"}
_LONG = 2**63
_DIGITS = 38  # of Spark's decimal


def predicate(text: str, columns: Mapping[str, str], *, where: str) -> str:
    """A row expression as one Spark SQL predicate, true for the rows that are given.

    Args:
        text: the expression.
        columns: every column of the table → its type as Spark writes it.
        where: `file:line` of the grant, for errors.

    Raises:
        ConfigError: it is no condition, or names a column that is not there.
    """
    moments = frozenset(name.lower() for name, kind in columns.items() if kind == "timestamp")
    return _Writer({name.lower(): name for name in columns}, where, moments).sql(parse(text, where=where))


@dataclass(frozen=True, slots=True)
class _Writer:
    columns: Mapping[str, str]
    where: str
    moments: Collection[str]

    def sql(self, node: Node) -> str:
        if isinstance(node, Literal):
            return self.literal(node)
        if isinstance(node, Name):
            return self.name(node)
        if isinstance(node, IsNull):
            return f"({self.sql(node.operand)} IS NULL)"
        if isinstance(node, In):
            items = (self.beside(node.operand, item) for item in node.items)
            return f"({self.sql(node.operand)} IN ({', '.join(items)}))"
        if isinstance(node, Call):
            operand = self.sql(node.operand)
            if node.function == "not":
                return f"(NOT {operand})"
            return f"try_subtract(0, {operand})" if node.function == "-" else f"{_FUNCTIONS[node.function]}({operand})"
        return self.binary(node)

    def binary(self, node: Binary) -> str:
        left, right = self.beside(node.right, node.left), self.beside(node.left, node.right)
        if node.operator in _TRY:
            return f"{_TRY[node.operator]}({left}, {right})"
        return f"({left} {node.operator.upper()} {right})"

    def beside(self, other: Node, node: Node) -> str:
        """A side of a comparison. A day beside a moment is its first one in UTC, whatever zone the session has."""
        day = node.value if isinstance(node, Literal) else None
        if isinstance(day, date) and not isinstance(day, datetime) and self.is_moment(other):
            return f"TIMESTAMP'{day.isoformat()} 00:00:00+00:00'"
        return self.sql(node)

    def is_moment(self, node: Node) -> bool:
        return isinstance(node, Name) and node.path.lower() in self.moments

    def name(self, node: Name) -> str:
        if node.path.lower() in self.columns:
            return identifier(self.columns[node.path.lower()])
        first, *rest = node.path.split(".")
        if first.lower() not in self.columns:
            what = f"The rows of this grant depend on the column {node.path!r}, which the table does not have."
            raise ConfigError([Problem(what, self.where, "Correct the expression, or the tables of the grant.")])
        return path(self.columns[first.lower()], *rest)

    def literal(self, node: Literal) -> str:
        value = node.value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | Decimal):
            return self.number(value)
        if isinstance(value, datetime):
            return f"TIMESTAMP'{value.isoformat(sep=' ')}'"
        if isinstance(value, date):
            return f"DATE'{value.isoformat()}'"
        return text_literal(value)

    def number(self, value: int | Decimal) -> str:
        if isinstance(value, int) and -_LONG < value < _LONG:
            return str(value)
        written = f"{Decimal(value):f}"
        if len(written.strip("-").replace(".", "")) > _DIGITS:
            raise ConfigError([Problem(f"A number of more than {_DIGITS} digits.", self.where, "Spark has none.")])
        return f"{written}BD"
