"""The policy as a catalog of Apache Iceberg's REST protocol hands it out: read restrictions for each user and table.

The catalog answers `loadTable` with the entry of whoever asks, and refuses the table to whoever has none. Restrictions
know no column that is withheld, so that one is null (a required one gets the fixed value of its type). Columns go by
field id. Iceberg's predicates are true or false and never unknown, so every comparison also says that there is a
value, and `not` is pushed down to the comparisons: a row is given where our expression is true, and nowhere else.

Sources: https://github.com/apache/iceberg/pull/13879 (ReadRestrictions), `format/expressions-spec.md` of apache/iceberg
at 7f879b11 (predicates, their JSON, null and NaN), `open-api/rest-catalog-open-api.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from struct import pack, unpack
from typing import Any

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import json_text
from strongroom.core.expression import parse
from strongroom.core.expression.tree import COMPARISONS, Binary, Call, In, IsNull, Literal, Name, Node
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export.parts import NARROW, Described, ExportPart, Platform, Scope, listed
from strongroom.govern.export.scope import objections
from strongroom.govern.export.views import Sight, spans
from strongroom.govern.sql.masks import masked

PLATFORM = Platform("Iceberg's read restrictions", ("read",), users=True)

Json = Any
_WORDS = {"=": "eq", "<>": "not-eq", "<": "lt", "<=": "lt-eq", ">": "gt", ">=": "gt-eq"}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TYPES = {
    "tinyint": "int", "smallint": "int", "int": "int", "bigint": "long", "timestamp": "timestamptz",
    "timestamp_ntz": "timestamp", **{name: name for name in ("string", "boolean", "float", "double", "date")},
}  # fmt: skip
_FLOATS = ("float", "double")
_WHOLE = ("int", "long")


def iceberg(engine: Engine, tables: Sequence[Described], *, scope: Scope) -> list[ExportPart]:
    """One entry for each user and table: its `read-restrictions`.

    Args:
        engine: the policy.
        tables: every table whose columns are known, with their field ids.
        scope: what of it.

    Raises:
        ConfigError: everything that read restrictions have no words for.
    """
    problems = list(objections(engine, tables, scope=scope, platform=PLATFORM))
    parts: list[ExportPart] = []
    try:
        for span in spans(engine, tables, scope=scope, dates=False):
            if not span.sight.columns:
                continue
            try:
                told = _restrictions(span.found, span.sight, engine.policy.file)
            except ConfigError as error:
                problems += error.problems
                continue
            parts += [_part(span.found.table.name, user, told, span.sight) for user in span.users]
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return sorted(parts, key=lambda part: part.name)


def _part(table: str, user: str, told: Json, sight: Sight) -> ExportPart:
    *namespace, name = table.split(".")
    entry = {"namespace": namespace, "name": name, "principal": user, "read-restrictions": told}
    masks = dict(sight.masks)
    shown = ", ".join(f"{column} ({masks[column]})" if column in masks else column for column in sight.columns)
    rows = f" where {' or '.join(sight.rows)}" if sight.rows else ""
    return ExportPart(f"{table} {user}", f"{user} reads {table}: {shown}{rows}", json_text(entry))


def _restrictions(found: Described, sight: Sight, file: str) -> Json:
    """The `read-restrictions` of one sight; empty where everything is given."""
    where, table = next(iter(sight.wheres), file), found.table
    if missing := [name for name in table.columns if name not in found.ids]:
        what = f"The field ids of {table.name} are not known ({', '.join(missing)})."
        raise ConfigError(
            [
                Problem(
                    what, where, "Give --schemas with its Iceberg metadata, or map its columns by id.", "export.schema"
                )
            ]
        )
    masks = dict(sight.masks)
    actions = {name: masks.get(name, "") if name in sight.columns else "replace-with-null" for name in table.columns}
    for name, how in actions.items():
        if how and name in found.required and how == "replace-with-null":
            actions[name] = "mask-to-fixed-value"  # a required field has no null
        elif how:
            masked(name, found.types[name], how, where=where)
    told: dict[str, Json] = {}
    if any(actions.values()):
        told["required-column-projections"] = [
            {"field-id": found.ids[name], "action": how} for name, how in actions.items() if how
        ]
    if sight.rows:
        writer = _Writer(found, where)
        told["required-row-filter"] = _any([writer.true(parse(text, where=where)) for text in sight.rows])
    return told


class _Writer:
    """A row expression as an Iceberg predicate: that it is true, or that it is false; unknown is neither."""

    def __init__(self, found: Described, where: str) -> None:
        self.found, self.where = found, where
        self.columns = {name.lower(): name for name in found.table.columns}

    def true(self, node: Node) -> Json:
        return self.says(node, truth=True)

    def says(self, node: Node, *, truth: bool) -> Json:
        """That the expression is true, or with `truth=False` that it is false."""
        if isinstance(node, Literal) and isinstance(node.value, bool):
            return node.value is truth
        if isinstance(node, Call) and node.function == "not":
            return self.says(node.operand, truth=not truth)
        if isinstance(node, Binary) and node.operator in ("and", "or"):
            both = [self.says(side, truth=truth) for side in (node.left, node.right)]
            return _all(both) if (node.operator == "and") is truth else _any(both)
        if isinstance(node, IsNull) and isinstance(node.operand, Name):
            return {"type": "is-null" if truth else "not-null", "child": self.reference(node.operand)}
        if isinstance(node, Name) and self.type(node) == "boolean":
            return self.compared("=", node, Literal(truth))
        if isinstance(node, In) and isinstance(node.operand, Name):
            kind = self.type(node.operand)
            values = [self.value(item, kind) for item in node.items]
            told = {"type": "literals", "values": values, "data-type": kind}
            child = self.reference(node.operand)
            return _all([{"type": "in" if truth else "not-in", "child": child, "values": told}, _there(child)])
        if isinstance(node, Binary) and node.operator in COMPARISONS:
            return self.compared(node.operator if truth else _OPPOSITE[node.operator], node.left, node.right)
        raise self.refused("length, lower, arithmetic and what is computed")

    def compared(self, operator: str, left: Node, right: Node) -> Json:
        if isinstance(left, Literal):
            left, right = right, left
            operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
        if not isinstance(left, Name) or not isinstance(right, Name | Literal):
            raise self.refused("length, lower, arithmetic and what is computed")
        kind, child = self.type(left), self.reference(left)
        if isinstance(right, Literal):
            value = {"type": "literal", "value": self.value(right, kind), "data-type": kind}
            told: Json = {"type": _WORDS[operator], "left": child, "right": value}
            if kind in _FLOATS and operator in (">", ">="):  # for us, as for Spark, NaN is the greatest number
                told = _any([told, {"type": "is-nan", "child": child}])
            return _all([told, _there(child)])
        if self.type(right) != kind or kind in _FLOATS:
            raise self.refused("comparing columns of different types, or of fractions")
        other = self.reference(right)
        return _all([{"type": _WORDS[operator], "left": child, "right": other}, _there(child), _there(other)])

    def column(self, name: Name) -> str:
        if name.path.lower() not in self.columns:
            raise self.refused(f"{name.path!r}, which is no top-level column of {self.found.table.name}")
        return self.columns[name.path.lower()]

    def reference(self, name: Name) -> Json:
        return {"type": "reference", "id": self.found.ids[self.column(name)]}

    def type(self, name: Name) -> str:
        """The column's type in Iceberg's words."""
        ddl = self.found.types[self.column(name)]
        kind = ddl if ddl.startswith("decimal") else _TYPES.get(ddl, "")
        if not kind:
            raise self.refused(f"comparing a {ddl}")
        return kind.replace(",", ", ") if kind.startswith("decimal") else kind

    def value(self, literal: Literal, kind: str) -> Json:
        """A literal as Iceberg writes a single value of that type.

        Raises:
            ConfigError: it has another type, or does not fit into it.
        """
        value = literal.value
        if isinstance(value, bool) == (kind == "boolean") and isinstance(value, bool | str):
            if kind in ("boolean", "string"):
                return value
        elif isinstance(value, datetime):
            if kind in ("timestamptz", "timestamp"):
                text = value.isoformat()
                return text if kind == "timestamptz" else text.removesuffix("+00:00")
        elif isinstance(value, date):
            if kind == "date":
                return value.isoformat()
        elif isinstance(value, int | Decimal):
            return self.number(Decimal(value), kind)
        raise self.refused(f"comparing a {kind} with something else")

    def number(self, value: Decimal, kind: str) -> Json:
        if kind in _WHOLE and value == value.to_integral_value():
            bits = 31 if kind == "int" else 63
            if -(2**bits) <= value < 2**bits:
                return int(value)
        if kind in _FLOATS and (kind == "double" or _fits_float(value)) and isfinite(float(value)):
            return float(value)  # as Spark takes a fraction beside a double; beside a float it compares as doubles
        if kind.startswith("decimal"):
            precision, scale = (int(part) for part in kind[8:-1].split(", "))
            fixed = round(value, scale)
            if fixed == value and abs(value) < Decimal(10) ** (precision - scale):
                return f"{fixed:f}"
        raise self.refused(f"a number that is no {kind}")

    def refused(self, what: str) -> ConfigError:
        said = f"The row expression uses {what}; Iceberg's predicates have no word for it."
        return ConfigError([Problem(said, self.where, f"Write it with plain comparisons. {NARROW}", "export.not-said")])


def _fits_float(value: Decimal) -> bool:
    """Whether a number is one of 32 bits, so that it compares alike as float and as double."""
    return abs(value) < 2**100 and Decimal(unpack("f", pack("f", float(value)))[0]) == value


def _there(child: Mapping[str, Json]) -> Json:
    return {"type": "not-null", "child": child}


def _all(terms: Sequence[Json]) -> Json:
    return _joined("and", terms)


def _any(terms: Sequence[Json]) -> Json:
    return _joined("or", terms)


def _joined(word: str, terms: Sequence[Json]) -> Json:
    found = terms[-1]
    for term in reversed(terms[:-1]):
        found = {"type": word, "left": term, "right": found}
    return found


def entries(parts: Sequence[ExportPart]) -> str:
    """Every entry on a line of its own, in one JSON list."""
    return listed(part.text for part in parts) + "\n"


def changes(gone: Sequence[ExportPart], added: Sequence[ExportPart]) -> str:
    """Who loses a table, and the entries that are new or different."""
    lost = [{name: json.loads(part.text)[name] for name in ("namespace", "name", "principal")} for part in gone]
    told = listed(part.text for part in added)
    return f'{{"delete": {listed(json_text(each) for each in lost)},\n"entries": {told}}}\n'
