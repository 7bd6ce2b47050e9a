"""Reads the conformance cases (`cases/*.yaml`, format in `cases/README.md`) and asks DuckDB what must fail."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from strongroom.core.contract import Column, Contract, Rule, SetRule, Type
from strongroom.core.contract.file import parse_contract
from strongroom.core.yaml import parse
from strongroom.quality.reading.columns import arrow_type

_FIELDS = {"why", "rows", "values", "fails", "gate", "facts", "sql"}
CASES = Path(__file__).parent / "cases"
TABLE = "t"


@dataclass(frozen=True)
class Case:
    """One table and what must come of it."""

    name: str
    why: str
    contract: dict[str, Any]
    rows: list[list[Any]]
    fails: dict[str, list[int]]
    gate: dict[str, list[Any]]
    facts: dict[str, float]
    sql: dict[str, Any] | bool
    text: bool
    others: dict[str, dict[str, Any]]
    """By its name, each table that the rows refer to: its contract, and its rows."""


def groups() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(CASES.glob("*.yaml")):
        for group in parse(file.read_text(), file.name).value["groups"]:
            yield file.stem, group


def cases() -> Iterator[Case]:
    for file, group in groups():
        for case in group.get("cases", ()):
            assert case.keys() <= _FIELDS, f"{file}: {case.keys() - _FIELDS} is read by nobody"
            fails = case["fails"]
            yield Case(
                f"{file}: {case['why']}",
                case["why"],
                odcs(group),
                case["rows"] if "rows" in case else [[value] for value in case["values"]],
                {group["rule"]: fails} if isinstance(fails, list) else fails,
                case.get("gate", {}),
                {name: float(fact) for name, fact in case.get("facts", {}).items()},
                case.get("sql", group.get("sql", {})),
                group.get("text", False),
                {
                    name: odcs(other, name) | {"rows": other["rows"]}
                    for name, other in group.get("references", {}).items()
                },
            )


def refused() -> Iterator[tuple[str, dict[str, Any]]]:
    for _, group in groups():
        if "refused" in group:
            yield group["refused"], odcs(group)


def odcs(group: dict[str, Any], name: str = TABLE) -> dict[str, Any]:
    """The whole contract around a fragment: a name for a lone column, and `keep` for every leaf."""
    properties = [_kept({"name": "v", **column}) for column in group["properties"]]
    limit = [{"property": "quarantineLimit", "value": group["quarantineLimit"]}] if "quarantineLimit" in group else []
    form = "json" if group.get("text") else "parquet"
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": name, "name": name, "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "raw", "type": "local", "path": f"raw/{name}.{form}", "format": form}],
        "schema": [{"name": name, "properties": properties, "quality": group.get("quality", []),
                    "relationships": group.get("relationships", [])}],
        "customProperties": [{"property": "purposes", "value": ["model_training"]}, *limit],
    }  # fmt: skip


def contract_of(case: dict[str, Any]) -> Contract:
    return _parsed(json.dumps(case))


@functools.cache
def _parsed(text: str) -> Contract:
    return parse_contract(text, "case.yaml")


def _kept(column: dict[str, Any]) -> dict[str, Any]:
    if "properties" in column:
        return {**column, "properties": [_kept(field) for field in column["properties"]]}
    if "items" in column:
        return {**column, "items": _kept(column["items"])}
    keep = {"property": "protect", "value": {"method": "keep"}}
    return {**column, "customProperties": [*column.get("customProperties", ()), keep]}


def batch_of(case: Case, contract: Contract) -> pa.RecordBatch:
    """The rows as they would arrive: of text, or typed."""
    return _batch(case.rows, contract, text=case.text)


def others_of(case: Case) -> Iterator[tuple[Contract, pa.RecordBatch]]:
    """The tables that the rows refer to."""
    for other in case.others.values():
        contract = contract_of({key: value for key, value in other.items() if key != "rows"})
        yield contract, _batch(other["rows"], contract, text=False)


def _batch(rows: list[list[Any]], contract: Contract, *, text: bool) -> pa.RecordBatch:
    arrays = []
    for place, column in enumerate(contract.columns):
        values = [row[place] for row in rows]
        if text:
            arrays.append(pa.array(values, _textual(column.type)))
        else:
            arrays.append(pa.array([_python(value, column.type) for value in values], arrow_type(column.type)))
    return pa.RecordBatch.from_arrays(arrays, [column.name for column in contract.columns])


def _textual(kind: Type) -> pa.DataType:
    if kind.name == "struct":
        return pa.struct([(field.name, _textual(field.type)) for field in kind.fields])
    return pa.list_(_textual(kind.item.type)) if kind.item is not None else pa.string()


def _python(value: Any, kind: Type) -> Any:
    if value is None:
        return None
    if kind.name == "struct":
        return {field.name: _python(value.get(field.name), field.type) for field in kind.fields}
    if kind.item is not None:
        return [_python(item, kind.item.type) for item in value]
    read = {
        "double": float, "float": float, "decimal": lambda text: Decimal(str(text)), "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat, "timestamp_ntz": datetime.fromisoformat, "binary": str.encode,
    }.get(kind.name, lambda same: same)  # fmt: skip
    return read(value)


def failing(rule: Rule, column: Column | None, *, text: bool) -> str | None:
    """DuckDB's words for the rows that break a rule, or None where it has none."""
    if rule.check == "expression":
        return f"({_condition(str(rule.argument))}) is false"
    if column is None or column.path.count("[]") > 1:
        return None
    where, name = _place(column.path, raw=rule.check == "type")
    if rule.check == "type":
        said = _unreadable(name, column.type) if text else "false"
    elif rule.check == "required" and "." in column.path and "[]" not in column.path:
        said = f"{name} is null and {_place(column.path.rpartition('.')[0])[1]} is not null"
    else:
        said = _SQL[rule.check](name, rule.argument, column.type) if rule.check in _SQL else None
    if said is None:
        return None
    return where.format(f"{name} is not null and ({said})" if rule.check in ("type", "format") else said)


def counting(rule: SetRule, column: Column | None) -> str | None:
    """DuckDB's words for the rows that a set rule counts, or None where it has none."""
    if rule.metric == "rowCount":
        return "true"
    if column is None or "[]" in column.path or rule.metric not in ("nullValues", "missingValues", "invalidValues"):
        return None
    name = _place(column.path)[1]
    around = column.path.rpartition(".")[0]
    some = f"{_place(around)[1]} is not null and " if around else ""
    if rule.metric == "nullValues":
        return f"{some}{name} is null"
    check, argument = next(iter(rule.arguments.items()))
    said = _SQL[check](name, argument, column.type)
    return said if rule.metric == "missingValues" else f"{name} is not null and ({said})"


def _condition(text: str) -> str:
    """Our conditions are SQL, apart from `if … then …`."""
    text = text.replace("timestamp '", "timestamptz '")
    lower = text.lower()
    if lower.startswith("if "):
        middle = lower.index(" then ")
        return f"not ({text[3:middle]}) or ({text[middle + 6 :]})"
    return text.replace("`", '"')


def _place(path: str, *, raw: bool = False) -> tuple[str, str]:
    """What a predicate on a path is wrapped in, and the path's name inside it."""
    outer, _, inner = path.partition("[]")
    first, *rest = outer.split(".")
    name = ".".join(f'"{part}"' for part in (f"raw_{first}" if raw else first, *rest))
    if "[]" not in path:
        return "{}", name
    item = "x" + "".join(f'."{part}"' for part in inner.split(".") if part)
    return f"len(list_filter({name}, lambda x: {{}})) > 0", item


def _literal(value: object, kind: Type) -> str:
    quoted = f"'{value}'" if isinstance(value, str) else str(value)
    named = {"date": "DATE ", "timestamp": "TIMESTAMPTZ ", "timestamp_ntz": "TIMESTAMP "}.get(kind.name, "")
    return named + quoted + {"float": "::FLOAT", "double": "::DOUBLE"}.get(kind.name, "")


def _bound(operator: str) -> Any:
    def said(name: str, argument: object, kind: Type) -> str:
        nan = f" or isnan({name})" if kind.name in ("float", "double") else ""
        return f"({name} {operator} {_literal(argument, kind)}{nan})"

    return said


def _length(operator: str) -> Any:
    def said(name: str, argument: object, kind: Type) -> str:
        return f"{'octet_length' if kind.name == 'binary' else 'length'}({name}) {operator} {argument}"

    return said


def _listed(name: str, values: Any, kind: Type) -> str:
    return f"{name} in ({', '.join(_literal(value, kind) for value in values if value is not None)})"


def _missing(name: str, values: Any, kind: Type) -> str:
    parts = [f"{name} is null"] * (None in values) + [_listed(name, values, kind)] * (set(values) != {None})
    return f"({' or '.join(parts)})"


def _host(name: str) -> str:
    labels = f"list_bool_and(list_transform(string_split({name}, '.'), lambda p: length(p) between 1 and 63"
    return labels + " and regexp_full_match(p, '[A-Za-z0-9-]+') and p[1] <> '-' and p[-1] <> '-'))"


_FORMATS = {
    "uuid": "not regexp_full_match({0}, '.{{8}}-.{{4}}-.{{4}}-.{{4}}-.{{12}}') or try_cast({0} as UUID) is null",
    "date": "length({0}) <> 10 or {0} < '0001' or {0} not similar to '[0-9-]*' or try_cast({0} as DATE) is null",
    "ipv4": "length({0}) - length(replace({0}, '.', '')) <> 3 or not list_bool_and(list_transform("
    "string_split({0}, '.'), lambda p: coalesce(try_cast(p as UTINYINT)::VARCHAR = p, false)))",
}


def _format(name: str, form: Any, _: Type) -> str | None:
    if form == "hostname":
        return f"length({name}) > 253 or not {_host(name)}"
    if form == "email":
        local, host = f"split_part({name}, '@', 1)", f"split_part({name}, '@', 2)"
        atom = f"regexp_full_match({local}, '[A-Za-z0-9.!#$%&''*+/=?^_`{{|}}~-]+')"
        parts = f"len(string_split({name}, '@')) = 2 and length({local}) <= 64 and length({name}) <= 254"
        return f"not ({parts} and {atom} and {_host(host)})"
    return _FORMATS[form].format(name) if form in _FORMATS else None


_SQL: dict[str, Any] = {
    "required": lambda name, _, __: f"{name} is null",
    "missingValues": _missing,
    "validValues": lambda name, values, kind: f"not {_listed(name, values, kind)}",
    "minimum": _bound("<"),
    "maximum": _bound(">"),
    "exclusiveMinimum": _bound("<="),
    "exclusiveMaximum": _bound(">="),
    "minLength": _length("<"),
    "maxLength": _length(">"),
    "multipleOf": lambda name, step, _: f"{name} % {step} <> 0",
    "pattern": lambda name, form, _: f"not regexp_matches({name}, '{form}')",
    "format": _format,
    "minItems": lambda name, number, _: f"len({name}) < {number}",
    "maxItems": lambda name, number, _: f"len({name}) > {number}",
    "uniqueItems": lambda name, _, __: f"len({name}) <> len(list_distinct({name}))",
}


def _unreadable(name: str, kind: Type) -> str | None:
    if kind.name in ("tinyint", "smallint", "int", "bigint"):
        whole = f"try_cast(ltrim({name}, '+') as {kind.name.upper()}) is null"
        return f"(not regexp_full_match({name}, '[+-]?[0-9]+') or {whole})"
    if kind.name in ("float", "double"):
        number = f"try_cast(ltrim({name}, '+') as {kind.name.upper()})"
        form = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
        return f"(not regexp_full_match({name}, '{form}') or {number} is null or isinf({number}))"
    if kind.name == "boolean":
        return f"lower({name}) not in ('true', 'false')"
    if kind.name == "date":
        return f"({_FORMATS['date'].format(name)})"
    return "false" if kind.name == "string" else None
