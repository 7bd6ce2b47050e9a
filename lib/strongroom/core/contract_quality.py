"""From the `quality` lists of ODCS to rules: what allows no bad row is a row rule, everything else a set rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf

from strongroom.core.contract import Column, Rule, SetRule
from strongroom.core.contract_rules import check_pattern
from strongroom.core.contract_values import in_json, typed
from strongroom.core.contract_words import Findings, check_keys, check_words, custom_properties, is_number, text
from strongroom.core.errors import ConfigError
from strongroom.core.expression import parse as parse_expression
from strongroom.core.expression_kinds import check_condition
from strongroom.core.expression_tree import names
from strongroom.core.words import did_you_mean
from strongroom.core.yaml import Node

OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip
SEVERITIES = ("error", "warning", "info")
UNITS = ("rows", "percent")
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
_QUERY = re.compile(r"(?is)\s*(select|with)\b[^;]*;?\s*")
_OPERATOR_KINDS = ("library", "sql")


def read_quality(
    node: Node, findings: Findings, *, table: str, columns: Mapping[str, Column], column: Column | None = None
) -> list[Rule | SetRule]:
    """The rules of a `quality` list.

    Args:
        node: the property or schema object that has it.
        findings: where problems go.
        table: the schema object's name, for the rules' ids.
        columns: every column and field by path.
        column: the column it belongs to, or None for the whole table.
    """
    rules: list[Rule | SetRule] = []
    quality = node.get("quality")
    for entry in quality.items if quality is not None else ():
        check_words(entry, "quality", findings)
        custom_properties(entry, "quality", findings)
        severity = text(entry, "severity")
        if severity is not None and severity not in SEVERITIES:
            findings.add(entry["severity"], f"Unknown severity {severity!r}.", did_you_mean(severity, SEVERITIES))
        kind = text(entry, "type") or "library"
        rule: Rule | SetRule | None = None
        if kind == "custom":
            rule = _condition(entry, findings, table=table, columns=columns, column=column)
        elif kind in _OPERATOR_KINDS:
            rule = _set_rule(entry, kind, findings, table=table, columns=columns, column=column)
            rule = _as_row_rule(rule) if rule is not None else None
        if isinstance(rule, SetRule) and column is not None and "[]" in column.path:
            findings.add(entry, "Items of an array are checked one by one only.", "Use a metric with 'mustBe: 0'.")
        elif rule is not None:
            rules.append(rule)
    return rules


def _set_rule(
    node: Node, kind: str, findings: Findings, *, table: str, columns: Mapping[str, Column], column: Column | None
) -> SetRule | None:
    """One rule with a metric or a query, and an operator."""
    own: tuple[str, ...] = (column.path,) if column is not None else ()
    unit = text(node, "unit") or "rows"
    if unit not in UNITS:
        findings.add(node["unit"], f"Unknown unit {unit!r}.", did_you_mean(unit, UNITS))
    arguments: dict[str, object] = {}
    if kind == "sql":
        metric, query = "sql", text(node, "query")
        arguments = {"query": query}
        for word in ("metric", "arguments", "unit"):
            if word in node:
                findings.add(node[word], f"{word!r} does not fit a query.")
        if query is not None and not _QUERY.fullmatch(query):
            findings.add(node["query"], "A query is one SELECT.", "It gives one number, which the operator judges.")
    else:
        metric = text(node, "metric") or ""
        if not _metric_fits(node, metric, findings, column=column):
            return None
        own, arguments = _arguments(node, metric, findings, columns=columns, column=column)
        if metric == "rowCount" and unit == "percent":
            findings.add(node["unit"], "'rowCount' counts rows.", "Remove 'unit'.")
    found = _bound(node, findings, most=100.0 if unit == "percent" else inf, counts=kind == "library")
    if found is None:
        return None
    return SetRule(
        _id(node, f"{column.path if column else table}.{metric}"),
        metric,
        own,
        operator=found[0],
        bound=found[1],
        unit=unit,
        arguments=arguments,
        severity=text(node, "severity") or "error",
        dimension=text(node, "dimension") or "",
        line=node.line,
    )


def _as_row_rule(rule: SetRule) -> Rule | SetRule:
    """The row rule that says the same as a set rule that allows no bad row; any other set rule as it is."""
    checks = {"nullValues": "required", "missingValues": "missingValues", "duplicateValues": "unique"}
    if rule.metric == "invalidValues":
        checks["invalidValues"] = next(iter(rule.arguments), "")
    check = checks.get(rule.metric)
    if check is None or (rule.operator, rule.bound, rule.unit) != ("mustBe", 0, "rows"):
        return rule
    return Rule(
        rule.id,
        check,
        rule.columns,
        argument=rule.arguments.get(check),
        severity=rule.severity,
        dimension=rule.dimension,
        line=rule.line,
    )


def _metric_fits(node: Node, metric: str, findings: Findings, *, column: Column | None) -> bool:
    for word in ("query", "engine", "implementation"):
        if word in node:
            findings.add(node[word], f"{word!r} does not fit a metric.")
    if not metric:
        findings.add(node, "A quality rule without 'metric'.", "Mark what is only said with 'type: text'.")
    elif metric not in _ARGUMENTS:
        findings.add(node["metric"], f"Unknown metric {metric!r}.", did_you_mean(metric, _ARGUMENTS))
    elif column is None and metric not in ("rowCount", "duplicateValues"):
        findings.add(node["metric"], f"{metric!r} is a rule of a column.", "Move it there.")
    elif column is not None and metric == "rowCount":
        findings.add(node["metric"], f"{metric!r} is a rule of the whole table.", "Move it there.")
    elif column is not None and metric != "nullValues" and column.type.name in ("struct", "array"):
        findings.add(node["metric"], f"{metric!r} does not fit {column.path!r}, which is {column.type.name}.")
    elif column is not None and metric == "duplicateValues" and "[]" in column.path:
        findings.add(node["metric"], f"{metric!r} does not fit items of an array.", "Use 'uniqueItems'.")
    else:
        return True
    return False


def _arguments(
    node: Node, metric: str, findings: Findings, *, columns: Mapping[str, Column], column: Column | None
) -> tuple[tuple[str, ...], dict[str, object]]:
    """The columns of a metric and its arguments, values in the column's own type."""
    given, known = node.get("arguments"), _ARGUMENTS[metric]
    if column is not None and metric == "duplicateValues":
        known = ()
    if given is not None and not check_keys(given, known, f"'arguments' of {metric!r}", findings):
        given = None
    named = [name for name in known if given is not None and name in given]
    if known and len(named) != 1:
        one = " or ".join(repr(name) for name in known)
        findings.add(given or node, f"{metric!r} wants the argument {one}.")
        return ((column.path,) if column else ()), {}
    if not named or given is None:
        return ((column.path,) if column else ()), {}
    argument = given[named[0]]
    if named[0] == "pattern":
        check_pattern(argument, findings)
        if column is not None and column.type.name != "string":
            findings.add(argument, f"A pattern does not fit {column.path!r}, which is {column.type.name}.")
        return ((column.path,) if column else ()), {"pattern": argument.value}
    if not argument.items:
        findings.add(argument, f"{named[0]!r} is a list that names something.")
    if column is None:
        return _key(argument, findings, columns=columns), {}
    return (column.path,), {named[0]: _values(argument, column, findings, null=metric == "missingValues")}


def _key(node: Node, findings: Findings, *, columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The columns that are unique together."""
    for item in node.items:
        column = columns.get(str(item.value))
        if column is None:
            findings.add(item, f"There is no column {item.value!r}.", did_you_mean(str(item.value), columns))
        elif column.type.name in ("struct", "array") or "[]" in column.path:
            findings.add(item, f"{column.path!r} has no single value in each row.")
    return tuple(str(item.value) for item in node.items)


def _values(node: Node, column: Column, findings: Findings, *, null: bool) -> tuple[object, ...]:
    """Values of the column's type. Null counts where `null` says so; among valid values it changes nothing."""
    values: list[object] = []
    for item in node.items:
        value = typed(item.value, column.type, format_=column.read.format)
        if item.value is None:
            values += [None] if null else []
        elif value is None:
            findings.add(item, f"This value of {column.path!r} is no {column.type.name}.")
        elif in_json(value) in values:
            findings.add(item, "This value stands here twice.")
        else:
            values.append(in_json(value))
    return tuple(values)


def _bound(
    node: Node, findings: Findings, *, most: float, counts: bool
) -> tuple[str, float | tuple[float, float]] | None:
    """The one operator and its bound; `counts` says that the measure lies between 0 and `most`."""
    named = [word for word in OPERATORS if word in node]
    if len(named) != 1:
        what = f"{' and '.join(repr(word) for word in named)} together." if named else "The rule has no operator."
        findings.add(node, what, f"Exactly one of: {', '.join(OPERATORS)}.")
        return None
    operator, child = named[0], node[named[0]]
    if operator in ("mustBeBetween", "mustNotBeBetween"):
        pair = child.value
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(is_number, pair)) and pair[0] < pair[1]):
            findings.add(child, f"{operator!r} is a list of two numbers, the smaller one first.")
            return None
        low, high = pair
        never = counts and (high < 0 or low > most if operator == "mustBeBetween" else low <= 0 and high >= most)
    elif not is_number(child.value):
        findings.add(child, f"{operator!r} is a number.")
        return None
    else:
        value = child.value
        never = counts and {
            "mustBe": value < 0 or value > most,
            "mustBeGreaterThan": value >= most,
            "mustBeGreaterOrEqualTo": value > most,
            "mustBeLessThan": value <= 0,
            "mustBeLessOrEqualTo": value < 0,
        }.get(operator, False)
    if never:
        findings.add(child, f"{operator!r} can never be met.", "Correct the bound or the unit.")
    return operator, (tuple(child.value) if isinstance(child.value, list) else child.value)


def _condition(
    node: Node, findings: Findings, *, table: str, columns: Mapping[str, Column], column: Column | None
) -> Rule | None:
    """A row condition of our own: `{check: row, expression: …}`."""
    for word in ("metric", "arguments", "unit", "query", *OPERATORS):
        if word in node:
            findings.add(node[word], f"{word!r} does not fit a condition.")
    engine, made = text(node, "engine"), node.get("implementation")
    if engine is None or made is None:
        return None
    if engine != "strongroom":
        near = "Use 'engine: strongroom', a metric, or 'type: text' for what is only said."
        findings.add(node["engine"], f"The engine {engine!r} is not run.", near)
        return None
    if not check_keys(made, ("check", "expression"), "'implementation'", findings):
        return None
    check, expression = made.get("check"), made.get("expression")
    if check is None or check.value != "row":
        findings.add(check or made, "'check' is 'row'.", "Other checks are metrics or queries.")
    if expression is None or not isinstance(expression.value, str) or not expression.value.strip():
        findings.add(expression or made, "'expression' is a condition.", "For example: start_date <= end_date.")
        return None
    try:
        tree = parse_expression(expression.value, where=expression.where)
        check_condition(tree, columns, where=expression.where)
    except ConfigError as error:
        findings.problems += error.problems
        return None
    return Rule(
        _id(node, f"{column.path if column else table}.expression"),
        "expression",
        tuple(dict.fromkeys(name.path for name in names(tree))),
        argument=expression.value,
        severity=text(node, "severity") or "error",
        dimension=text(node, "dimension") or "",
        line=expression.line,
    )


def _id(node: Node, otherwise: str) -> str:
    """The rule's own id or name, fit for a report, else the readable default."""
    own = text(node, "id") or text(node, "name") or ""
    return re.sub(r"[^\w.-]+", "-", own).strip("-")[:100] or otherwise
