"""Row rules that follow from a column's own fields: `required`, `unique`, its type and `logicalTypeOptions`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from strongroom.core.contract.model import Column, Rule, Type
from strongroom.core.contract.protection import leaves_out
from strongroom.core.contract.types import written_length
from strongroom.core.contract.values import WHOLE, in_json, typed
from strongroom.core.contract.vocabulary import check_keys, whole
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

FORMATS = ("date", "date-time", "time", "email", "uuid", "uri", "hostname", "ipv4", "ipv6")
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "binary": ("minLength", "maxLength"),
    "boolean": (),
    "date": (*_BOUNDS, "format"),
    "timestamp": (*_BOUNDS, "format", "timezone", "defaultTimezone"),
    "struct": ("required",),
    "array": ("minItems", "maxItems", "uniqueItems"),
}
_NUMBER_OPTIONS = (*_BOUNDS, "multipleOf", "format")
_EXACT = 1 << 53
"""Below it a float is the number that was written."""
_ESCAPE = re.compile(r"\\(?P<letter>.)(?P<class>(?<=[pP])(?:\{\^?\w+\}|[A-Z]))?", re.DOTALL)
_ESCAPES = frozenset("123456789gkZuUN")  # what Python or ECMA-262 has and RE2 has not
_GROUP = re.compile(r"\(\?(?:<?[=!]|[>(#]|P=|[a-zA-Z-]*[aLux])|[*+?}]\+")
_REPEAT = re.compile(r"\{(\d+)?(?:,(\d+)?)?\}")


def column_rules(column: Column, node: Node, findings: Findings) -> list[Rule]:
    """The row rules of one column or field, without those of the fields inside it."""
    rules = []
    if column.required:
        place = node.get("required") or node.get("primaryKey") or node
        rules.append(_rule("required", column, None, place))
    if not column.type.fields and column.type.item is None:
        rules.append(_rule("type", column, None, node.get("logicalType") or node))
    rules += _option_rules(column, node, findings)
    if column.unique:
        rules.append(_rule("unique", column, None, node.get("unique") or node.get("primaryKey") or node))
    return rules


def check_pattern(node: Node, findings: Findings) -> None:
    """Report a regular expression that RE2 does not run; the whole truth is RE2's own, at the start of a run."""
    pattern = node.value
    if not isinstance(pattern, str):
        findings.wrong_type(node, "A pattern is a text.")
        return
    escaped = {match["letter"] for match in _ESCAPE.finditer(pattern)}
    bare = re.sub(r"\[[^\]]*(?:\]|\Z)", "x", _ESCAPE.sub("x", pattern))  # what is escaped or in brackets means itself
    if _GROUP.search(bare) or escaped & _ESCAPES:
        what = "The pattern looks around, refers back, or uses signs that RE2 does not know."
        findings.add(node, what, "Patterns run as RE2 runs them: https://github.com/google/re2/wiki/Syntax.", "pattern")
        return
    if any(int(bound) > 1000 for repeat in _REPEAT.findall(bare) for bound in repeat if bound):
        findings.add(node, "The pattern repeats more than 1000 times.", "Use minLength and maxLength.", "pattern")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(_in_python(pattern))
    except (re.error, Warning, OverflowError, RecursionError) as error:
        reason = f": {error.msg}" if isinstance(error, re.error) else ""
        findings.add(node, f"This is no regular expression{reason}.", kind="pattern")


def _in_python(pattern: str) -> str:
    """The pattern with RE2's own classes in Python's words, to see whether it is well-formed."""

    def plain(match: re.Match[str]) -> str:
        return "w" if match["class"] else "\\Z" if match["letter"] == "z" else match[0]

    named = re.sub(r"\(\?<(?=\w)", "(?P<", _ESCAPE.sub(plain, pattern))
    return re.sub(r"\[:\^?[a-z]+:\]", "w", named)


def _rule(check: str, column: Column, argument: object, node: Node) -> Rule:
    return Rule(f"{column.path}.{check}", check, (column.path,), argument=argument, line=node.line)


def _option_rules(column: Column, node: Node, findings: Findings) -> list[Rule]:
    options = node.get("logicalTypeOptions")
    rules: list[Rule] = []
    length = None if leaves_out(column) else written_length(node)
    if options is not None and isinstance(options.value, dict):
        kind = column.type.name.removesuffix("_ntz")
        known = _OPTIONS.get(kind, _NUMBER_OPTIONS)
        check_keys(options, known, f"'logicalTypeOptions' of {column.type.name}", findings)
        for name, child in options.fields.items():
            if name in known:
                rules += _option_rule(name, child, column, findings)
        _check_bounds(column, options, findings)
    if length is not None and not any(rule.check == "maxLength" for rule in rules):
        rules.append(_rule("maxLength", column, length, node["physicalType"]))
    elif any(rule.check == "maxLength" and length is not None and rule.argument > length for rule in rules):  # type: ignore[operator]
        findings.contradicts(node["physicalType"], "The physical type is shorter than 'maxLength'.")
    if any(rule.check == "minLength" and length is not None and rule.argument > length for rule in rules):  # type: ignore[operator]
        findings.contradicts(node["physicalType"], "The physical type is shorter than 'minLength'.")
    return rules


def _option_rule(name: str, node: Node, column: Column, findings: Findings) -> list[Rule]:
    value = node.value
    if name in (*_BOUNDS, "multipleOf"):
        whole_step = name == "multipleOf" and column.type.name in WHOLE  # which may be beyond the type
        if column.type.name in WHOLE and isinstance(value, float) and abs(value) < _EXACT:
            value = whole(value) or value  # 1299.0, as JSON schema counts
        bound = typed(value, Type("bigint") if whole_step else column.type, format_=column.read.format)
        if bound is None:
            findings.misfit(node, f"{name!r} of {column.path!r} is no {column.type.name}.")
        return [_rule(name, column, in_json(bound), node)] if bound is not None else []
    if name == "pattern":
        check_pattern(node, findings)
        return [_rule(name, column, value, node)]
    if name == "format" and column.type.name == "string":
        if value not in FORMATS:
            findings.not_run(node, f"The format {value!r} is not run.", did_you_mean(str(value), FORMATS))
        return [_rule(name, column, value, node)]
    if name == "uniqueItems":
        return [_rule(name, column, None, node)] if value is True else []
    if name in ("minLength", "maxLength", "minItems", "maxItems"):
        return [_rule(name, column, number, node)] if (number := whole(value)) is not None else []
    if name == "defaultTimezone" and value not in ("UTC", "Etc/UTC"):
        findings.not_run(
            node, "Times without a zone are read as UTC.", "Remove 'defaultTimezone', or convert at the source."
        )
    if name == "required":
        names = [field.name for field in column.type.fields]
        for item in node.items:
            if item.value not in names:
                findings.unknown_name(
                    item, f"{column.path!r} has no field {item.value!r}.", did_you_mean(str(item.value), names)
                )
    return []


def _check_bounds(column: Column, options: Node, findings: Findings) -> None:
    """Report bounds that no value can meet."""
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems")):
        least, most = (whole(options.value.get(word)) for word in (low, high))
        if least is not None and most is not None and least > most:
            findings.contradicts(options[high], f"{high!r} is below {low!r}.")
    for low in ("minimum", "exclusiveMinimum"):
        for high in ("maximum", "exclusiveMaximum"):
            lowest, highest = (
                typed(options.value.get(word), column.type, format_=column.read.format) for word in (low, high)
            )
            if lowest is not None and highest is not None and _nothing_between(lowest, highest, low, high):
                findings.contradicts(options[high], f"{high!r} leaves nothing above {low!r}.")


def _nothing_between(lowest: Any, highest: Any, low: str, high: str) -> bool:
    """Whether no value lies between two bounds, which may themselves be out."""
    out = low.startswith("exclusive") + high.startswith("exclusive")
    if isinstance(lowest, int):
        return bool(highest - lowest < out)
    if isinstance(lowest, date) and not isinstance(lowest, datetime):
        return bool((highest - lowest).days < out)
    return bool(highest <= lowest if out else highest < lowest)
