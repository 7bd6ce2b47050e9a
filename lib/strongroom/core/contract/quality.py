"""From the `quality` lists of ODCS to rules: what allows no bad row is a row rule, everything else a set rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from types import MappingProxyType

from strongroom.core.contract.conditions import check_condition
from strongroom.core.contract.metrics import Place, read_metric
from strongroom.core.contract.model import Rule, SetRule
from strongroom.core.contract.operators import OPERATORS, read_bound
from strongroom.core.contract.vocabulary import check_keys, check_words, custom_properties, text
from strongroom.core.errors import ConfigError
from strongroom.core.expression import parse as parse_expression
from strongroom.core.expression.tree import names
from strongroom.core.findings import Findings
from strongroom.core.sql_text import path
from strongroom.core.suggest import did_you_mean, nearest
from strongroom.core.yaml import Node

SEVERITIES = ("error", "warning", "info")
_SAME = {"warn": "warning"}
"""Words of others for a severity that mean one of ours and nothing else."""
UNITS = ("rows", "percent")
_BLANK = re.compile(r"\$?\{([A-Za-z_]\w*)\}")
_FILLED = ("object", "table", "model", "property", "column", "field")
"""What stands in braces in a query: the data set, by three words, and for a rule of a column that column."""
_QUERY = re.compile(r"(?is)\s*((?:select|with)\b(?:[^;']|'[^']*')*);?\s*")
_ONLY = {
    "library": ("metric", "arguments", "unit", *OPERATORS),
    "sql": ("query", *OPERATORS),
    "custom": ("engine", "implementation"),
    "text": (),
}
"""Type of a quality rule → the fields that belong to it alone."""


def read_quality(
    node: Node, place: Place, findings: Findings, leave: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> list[Rule | SetRule]:
    """The rules of the `quality` list of a property or schema object; what an overlay leaves is noted instead."""
    rules: list[Rule | SetRule] = []
    entries = node["quality"].items if "quality" in node else ()
    for entry in entries:
        kind = text(entry, "type") or "library"
        if left := _left(entry, kind, place, leave):
            findings.note(entry, f"Not checked: {left}.", left=True)
            continue
        _check_entry(entry, kind, entries, findings)
        rule: Rule | SetRule | None = None
        if kind == "custom":
            rule = _condition(entry, place, findings)
        elif kind in ("library", "sql"):
            rule = _set_rule(entry, kind, place, findings)
            rule = _as_row_rule(rule) if rule is not None else None
        if isinstance(rule, SetRule) and "[]" in place.name:
            findings.not_run(entry, "Items of an array are checked one by one only.", "Use a metric with 'mustBe: 0'.")
        elif rule is not None:
            rules.append(rule)
    return rules


def rule_names(node: Node, place: Place) -> list[str]:
    """What an overlay may call the rules of the `quality` list of a property or schema object."""
    entries = node["quality"].items if "quality" in node else ()
    return [_name(entry, text(entry, "type") or "library", place) for entry in entries]


def _name(node: Node, kind: str, place: Place) -> str:
    return _id(node, f"{place.name}.{text(node, 'metric') or kind}")


def _left(node: Node, kind: str, place: Place, leave: Mapping[str, Sequence[str]]) -> str:
    """What rule this is, where an overlay leaves it: by its own id, or by the engine that it is written for."""
    id_, engine = _name(node, kind, place), text(node, "engine") or ""
    if id_ in leave.get("rules", ()):
        return f"the rule {id_!r}"
    if kind == "custom" and engine in leave.get("engines", ()):
        return f"{id_!r}, a rule of {engine}"
    if kind == "sql" and leave.get("queries") and (why := _unread(node, place)):
        return f"{id_!r}, a query {why.removesuffix('.')}"
    return ""


def _unread(node: Node, place: Place) -> str:
    """Why a query is none before anybody looks at what it asks, in words; empty where it is one."""
    findings = Findings()
    if read_bound(node, findings, most=inf, counts=False) is not None:
        _query(node, place, findings)
    return f"that cannot be run here: {findings.problems[0].what}" if findings.problems else ""


def _check_entry(entry: Node, kind: str, entries: Sequence[Node], findings: Findings) -> None:
    """What must hold of every quality rule."""
    check_words(entry, "quality", findings)
    custom_properties(entry, "quality", findings)
    first = next(other for other in entries if other.value == entry.value)
    if first is not entry:
        findings.twice(entry, "This rule stands here twice.", f"It is on line {first.line} too.")
    foreign = {word for words in _ONLY.values() for word in words} - set(_ONLY.get(kind, ()))
    for word, child in entry.fields.items():
        if kind in _ONLY and word in foreign:
            findings.misfit(child, f"{word!r} does not fit a quality rule of type {kind!r}.")
    severity = text(entry, "severity")
    if severity is not None and severity not in (*SEVERITIES, *_SAME):
        findings.unknown_name(entry["severity"], f"Unknown severity {severity!r}.", did_you_mean(severity, SEVERITIES))


def _set_rule(node: Node, kind: str, place: Place, findings: Findings) -> SetRule | None:
    """One rule with a metric or a query, and an operator."""
    unit = text(node, "unit") or "rows"
    if unit not in UNITS:
        findings.unknown_name(node["unit"], f"Unknown unit {unit!r}.", did_you_mean(unit, UNITS))
    read = _query(node, place, findings) if kind == "sql" else read_metric(node, place, findings)
    if read is None:
        return None
    metric, paths, arguments = read
    if metric == "rowCount" and unit == "percent":
        findings.misfit(node["unit"], "'rowCount' counts rows.", "Remove 'unit'.")
    found = read_bound(node, findings, most=100.0 if unit == "percent" else inf, counts=kind == "library")
    if found is None:
        return None
    return SetRule(
        _id(node, f"{place.name}.{metric}"),
        metric,
        paths,
        operator=found[0],
        bound=found[1],
        unit=unit,
        arguments=arguments,
        severity=_severity(node),
        dimension=text(node, "dimension") or "",
        line=node["query"].line if "query" in node else node.line,
    )


def _query(node: Node, place: Place, findings: Findings) -> tuple[str, tuple[str, ...], dict[str, object]]:
    """The query with its blanks filled in; what it asks is read by `quality/query`, once all tables are known."""
    query = text(node, "query")
    if query is not None and not _QUERY.fullmatch(query):
        findings.wrong_type(node["query"], "A query is one SELECT.", "It gives one number, which the operator judges.")
    for word in _BLANK.findall(query or ""):
        known = _FILLED if place.paths else _FILLED[:3]
        if word not in known:
            findings.unknown_name(node["query"], f"Nothing is filled in for {word!r} here.", did_you_mean(word, known))
    filled = {**dict.fromkeys(_FILLED[:3], place.table), **dict.fromkeys(_FILLED[3:], ".".join(place.paths))}
    said = _BLANK.sub(lambda found: path(*filled.get(found[1], "").split(".")), query or "")
    return "sql", place.paths, {"query": said.rstrip().removesuffix(";")}


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


def _condition(node: Node, place: Place, findings: Findings) -> Rule | None:
    """A row condition of our own: `{check: row, expression: …}`."""
    engine, made = text(node, "engine"), node.get("implementation")
    if engine is None or made is None:
        return None
    if engine != "strongroom":
        near = "Use 'engine: strongroom', a metric, or 'type: text' for what is only said."
        meant = did_you_mean(engine, ("strongroom",)) if nearest(engine, ("strongroom",)) else near
        findings.not_run(node["engine"], f"The engine {engine!r} is not run.", meant)
        return None
    if not check_keys(made, ("check", "expression"), "'implementation'", findings):
        return None
    check, expression = made.get("check"), made.get("expression")
    if check is None or check.value != "row":
        findings.not_run(check or made, "'check' is 'row'.", "Other checks are metrics or queries.")
    if expression is None or not isinstance(expression.value, str) or not expression.value.strip():
        findings.wrong_type(expression or made, "'expression' is a condition.", "For example: start_date <= end_date.")
        return None
    try:
        tree = parse_expression(expression.value, where=expression.where)
        check_condition(tree, place.columns, where=expression.where)
    except ConfigError as error:
        findings.problems += error.problems
        return None
    return Rule(
        _id(node, f"{place.name}.expression"),
        "expression",
        tuple(dict.fromkeys(name.path for name in names(tree))),
        argument=expression.value,
        severity=_severity(node),
        dimension=text(node, "dimension") or "",
        line=expression.line,
    )


def _severity(node: Node) -> str:
    said = text(node, "severity") or "error"
    return _SAME.get(said, said)


def _id(node: Node, otherwise: str) -> str:
    """The rule's own id or name, fit for a report, else the readable default."""
    own = text(node, "id") or text(node, "name") or ""
    return re.sub(r"[^\w.-]+", "-", own).strip("-")[:100] or otherwise
