"""Row expressions as Spark SQL: which rows a grant gives, as one predicate.

Everything is written anew from the parsed tree. Names are quoted, and a text that holds more than plain ASCII is
written as bytes, so nothing in a policy can end a literal or a name, whatever Spark's parser is set to. Arithmetic uses
the `try_` functions: what cannot be computed is unknown, and an unknown row is not given. A predicate means the same
on every machine and in every session, and the same as a contract's expression: neither the locale of the JVM nor the
session's time zone counts. docs/decisions/one-meaning.md says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from strongroom.core import lower_case
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.expression import parse
from strongroom.core.expression.tree import COMPARISONS, Binary, Call, In, IsNull, Literal, Name, Node
from strongroom.core.sql_text import identifier, path, text_literal

_TRY = {"+": "try_add", "-": "try_subtract", "*": "try_multiply", "/": "try_divide"}
_FUNCTIONS = {"length": "char_length({0})", "lower": "lower({0})", "not": "(NOT {0})", "-": "try_subtract(0, {0})"}
_TIMES, _FLOATS = ("date", "timestamp", "timestamp_ntz"), ("float", "double")
_AS_UTC = "timestampadd(MICROSECOND, unix_micros({0}), TIMESTAMP_NTZ'1970-01-01 00:00:00')"
_LONG = 2**63
_DIGITS = 38  # of Spark's decimal


def predicate(text: str, columns: Mapping[str, str], *, where: str, portable: bool = False) -> str:
    """A row expression as one Spark SQL predicate, true for the rows that are given.

    Args:
        text: the expression.
        columns: every column of the table → its type as Spark writes it.
        where: `file:line` of the grant, for errors.
        portable: any engine is to read it, by its own idea of lower case; else Spark alone.

    Raises:
        ConfigError: it is no condition, or names a column that is not there.
    """
    kinds = {path.lower(): kind for name, type_ in columns.items() for path, kind in _delicate(name, type_)}
    return _Writer({name.lower(): name for name in columns}, where, kinds, portable).sql(parse(text, where=where))


def fields_of(struct: str) -> list[tuple[str, str]]:
    """Names and types of a struct's fields, from what stands between its brackets as Spark writes it."""
    parts, depth = [""], 0
    for sign in struct:
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [(name, type_) for name, _, type_ in (part.partition(":") for part in parts)]


def _delicate(path: str, type_: str) -> Iterator[tuple[str, str]]:
    """Every leaf of a column, by its path, that Spark compares otherwise than a contract's rules do, and its type."""
    if type_ in (*_TIMES, *_FLOATS):
        yield path, type_
    elif type_.startswith("struct<"):
        for name, inside in fields_of(type_.removeprefix("struct<").removesuffix(">")):
            yield from _delicate(f"{path}.{name}", inside)


@dataclass(frozen=True, slots=True)
class _Writer:
    columns: Mapping[str, str]
    where: str
    kinds: Mapping[str, str]
    portable: bool

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
            form = lower_case.SPARK if node.function == "lower" and not self.portable else _FUNCTIONS[node.function]
            return form.format(self.sql(node.operand))
        return self.binary(node)

    def binary(self, node: Binary) -> str:
        left, right = self.beside(node.right, node.left), self.beside(node.left, node.right)
        if node.operator == "-" and {self.time(node.left), self.time(node.right)} == {"date"}:
            return f"datediff({left}, {right})"
        if node.operator in _TRY:
            return f"{_TRY[node.operator]}({left}, {right})"
        written = f"({left} {node.operator.upper()} {right})"
        if self.portable or node.operator not in COMPARISONS or not (self.floats(node.left) or self.floats(node.right)):
            return written
        nothing = f"(isnan({left}) OR isnan({right})) AND {left} IS NOT NULL AND {right} IS NOT NULL"
        return f"IF({nothing}, {str(node.operator == '<>').lower()}, {written})"

    def floats(self, node: Node) -> bool:
        """Whether a value may be NaN, which Spark takes for a number, and the largest of all."""
        if isinstance(node, Name):
            return self.kinds.get(node.path.lower(), "") in _FLOATS
        if isinstance(node, Binary):
            return self.floats(node.left) or self.floats(node.right)
        return isinstance(node, Call) and self.floats(node.operand)

    def beside(self, other: Node, node: Node) -> str:
        """A side of a comparison. A day is its first moment, and a moment without a zone one in UTC, whatever zone
        the session has: where the sides differ in kind, both are moments without a zone.
        """
        mine, its = self.time(node), self.time(other)
        if not mine or not its or mine == its:
            return self.sql(node)
        if isinstance(node, Literal):
            kind, zone = ("TIMESTAMP", "+00:00") if its == "timestamp" else ("TIMESTAMP_NTZ", "")
            moment = str(node.value) if isinstance(node.value, datetime) else f"{node.value} 00:00:00+00:00"
            return f"{kind}'{moment.removesuffix('+00:00')}{zone}'"
        written = self.sql(node)
        return _AS_UTC.format(written) if mine == "timestamp" and not isinstance(other, Literal) else written

    def time(self, node: Node) -> str:
        """`date`, `timestamp` or `timestamp_ntz`; empty when it is none."""
        if isinstance(node, Name):
            kind = self.kinds.get(node.path.lower(), "")
            return kind if kind in _TIMES else ""
        value = node.value if isinstance(node, Literal) else None
        return "timestamp" if isinstance(value, datetime) else "date" if isinstance(value, date) else ""

    def name(self, node: Name) -> str:
        if node.path.lower() in self.columns:
            return identifier(self.columns[node.path.lower()])
        first, *rest = node.path.split(".")
        if first.lower() not in self.columns:
            what = f"The rows of this grant depend on the column {node.path!r}, which the table does not have."
            raise ConfigError(
                [
                    Problem(
                        what, self.where, "Correct the expression, or the tables of the grant.", "policy.unknown-name"
                    )
                ]
            )
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
            raise ConfigError(
                [Problem(f"A number of more than {_DIGITS} digits.", self.where, "Spark has none.", "policy.not-run")]
            )
        return f"{written}BD"
