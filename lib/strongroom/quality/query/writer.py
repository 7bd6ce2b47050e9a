"""Writes a query's tree for an engine. Names of tables and columns stand in quotes; all others are of our making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strongroom.core.contract import Type
from strongroom.quality.query.forms import FORMS, TOTALS
from strongroom.quality.query.tree import (
    Ask,
    Call,
    Derived,
    Field,
    Kind,
    Literal,
    Node,
    Query,
    Scan,
    Select,
    Total,
    Within,
)

_LONG = 2**63


@dataclass(frozen=True, slots=True)
class _Engine:
    """What engines say differently.

    Args:
        number: place in the pairs of `FORMS`.
        quote: what stands around a name.
        text: the type of text.
        moment: a column of the type given as microseconds since 1970 in UTC.
        literal: a text.
        operand: an exact number as an operand of `+ - *` and sums.
        double: an exact number as the nearest double.
    """

    number: int
    quote: str
    moment: Callable[[str, str], str]
    literal: Callable[[str], str]
    operand: Callable[[str, Kind], str]
    double: Callable[[str], str]


_SPARK = _Engine(
    0,
    "`",
    # A timestamp without a zone is not cast to one with: that would go by the session's zone.
    lambda sql, name: (
        f"unix_micros({sql})"
        if name == "timestamp"
        else f"timestampdiff(MICROSECOND, TIMESTAMP_NTZ'1970-01-01 00:00:00', {sql})"
    ),
    lambda text: f"CAST(X'{text.encode().hex()}' AS STRING)",
    lambda sql, kind: f"CAST({sql} AS DECIMAL({kind.digits},{kind.scale}))",
    lambda sql: f"CAST({sql} AS DOUBLE)",
)
_DUCKDB = _Engine(
    1,
    '"',
    lambda sql, name: f"epoch_us({sql})",  # noqa: ARG005  both are moments in UTC
    lambda text: "'" + text.replace("'", "''") + "'",
    lambda sql, kind: f"CAST({sql} AS DECIMAL(38,{kind.scale}))",  # it works on fewer digits where types have fewer
    lambda sql: f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)",  # by itself it divides, and rounds twice
)


def spark_sql(query: Query, tables: Mapping[str, str]) -> str:
    """The query for Spark; `tables` says under which name each data set lies there."""
    return _Writer(_SPARK, tables).select(query.select)


def duckdb_sql(query: Query, tables: Mapping[str, str]) -> str:
    """The query for DuckDB, likewise."""
    return _Writer(_DUCKDB, tables).select(query.select)


@dataclass(frozen=True, slots=True)
class _Writer:
    engine: _Engine
    tables: Mapping[str, str]

    def name(self, *parts: str) -> str:
        quote = self.engine.quote
        return ".".join(quote + part.replace(quote, quote * 2) + quote for part in parts)

    def select(self, query: Select) -> str:
        items = ", ".join(f"{self.value(item)} AS c{number}" for number, item in enumerate(query.items))
        sql = f"SELECT {'DISTINCT ' * query.distinct}{items}"
        if query.source is not None:
            sql += f" FROM {self.source(query.source)}"
        for join in query.joins:
            sql += f" {join.side.upper()} JOIN {self.source(join.source)} ON {self.value(join.on)}"
        if query.where is not None:
            sql += f" WHERE {self.value(query.where)}"
        if query.group:
            sql += f" GROUP BY {', '.join(self.value(node) for node in query.group)}"
        return sql if query.having is None else f"{sql} HAVING {self.value(query.having)}"

    def source(self, source: Scan | Derived) -> str:
        if isinstance(source, Derived):
            return f"({self.select(source.query)}) AS s{source.source}"
        columns = (self.column(path, type_) for path, type_ in source.columns)
        items = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(columns)) or "1 AS c0"
        return f"(SELECT {items} FROM {self.name(self.tables[source.table])}) AS s{source.source}"  # noqa: S608  quoted

    def column(self, path: str, type_: Type) -> str:
        """A column in the one form of its kind: whole numbers of 64 bits, doubles, moments as microseconds."""
        sql = self.name(*path.split("."))
        if type_.name in ("tinyint", "smallint", "int"):
            return f"CAST({sql} AS BIGINT)"
        if type_.name in ("float", "double"):
            return f"CAST({sql} AS DOUBLE)"
        return self.engine.moment(sql, type_.name) if type_.name.startswith("timestamp") else sql

    def value(self, node: Node) -> str:
        if isinstance(node, Field):
            return f"s{node.source}.c{node.number}"
        if isinstance(node, Literal):
            return self.literal(node)
        if isinstance(node, Ask):
            return f"({self.select(node.query)})"
        if isinstance(node, Within):
            return f"({self.value(node.operand)} IN ({self.select(node.query)}))"
        args = [self.value(arg) for arg in node.args]
        exact = bool(node.args) and node.kind.name == "exact"
        if isinstance(node, Total):
            summed = node.form == "sum" and exact
            return TOTALS[node.form].format(*(map(self.engine.operand, args, _kinds(node)) if summed else args))
        if exact and node.form in ("+", "-", "*", "%", "negative", "abs"):
            args = [self.operand(node.form, sql, kind) for sql, kind in zip(args, _kinds(node), strict=True)]
        return self.call(node, args)

    def operand(self, form: str, sql: str, kind: Kind) -> str:
        return f"CAST({sql} AS HUGEINT)" if form == "%" and self.engine is _DUCKDB else self.engine.operand(sql, kind)

    def call(self, node: Call, args: list[str]) -> str:
        if node.form in ("and", "or"):
            return f"({f' {node.form.upper()} '.join(args)})"
        if node.form == "in":
            return f"({args[0]} IN ({', '.join(args[1:])}))"
        if node.form == "coalesce":
            return f"coalesce({', '.join(args)})"
        if node.form == "case":
            pairs = zip(args[: len(args) // 2 * 2 : 2], args[1::2], strict=True)
            last = f" ELSE {args[-1]}" if len(args) % 2 else ""
            return f"(CASE{''.join(f' WHEN {when} THEN {then}' for when, then in pairs)}{last} END)"
        if node.form == "cast":
            return self.cast(args[0], node.args[0].kind, node.kind)
        return FORMS[node.form][self.engine.number].format(*args)

    def cast(self, sql: str, kind: Kind, to: Kind) -> str:
        if to.name != "exact":
            return self.engine.double(sql)
        # Whole numbers of any width go together as they are, and comparing them as decimals costs three times as much.
        return f"CAST({sql} AS DECIMAL({to.digits},{to.scale}))" if kind.scale or to.scale else sql

    def literal(self, node: Literal) -> str:
        value = node.value
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str):
            return self.engine.literal(value)
        if isinstance(value, date):
            return f"DATE '{value.isoformat()}'"
        if isinstance(value, float):
            return f"CAST('{value!r}' AS DOUBLE)"
        if isinstance(value, int) and abs(value) < _LONG:
            return str(value) if value >= 0 else f"({value})"
        return f"CAST('{Decimal(value):f}' AS DECIMAL({node.kind.digits},{node.kind.scale}))"


def _kinds(node: Call | Total) -> list[Kind]:
    return [arg.kind for arg in node.args]
