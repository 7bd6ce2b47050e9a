"""From the `relationships` of ODCS to rules `reference`: what a key names must be there in another data set's table.

What one contract can tell is checked when it is read (`read_references`); whether both ends can be compared at all is
known when the other data set's contract is read, too (`reference_problems`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from strongroom.core.contract.metrics import Place
from strongroom.core.contract.model import Column, Contract, Protect, Reference, Rule
from strongroom.core.contract.quality import SEVERITIES
from strongroom.core.contract.vocabulary import check_words, custom_properties
from strongroom.core.errors import Problem
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_SHORT = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)", re.ASCII)
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_NO_KEYS = ("float", "double", "binary", "struct", "array")
DIMENSIONS = ("accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness")


def read_references(node: Node, place: Place, findings: Findings, leave: Sequence[str] = ()) -> list[Rule]:
    """The rules of the `relationships` of a property or schema object; those to tables in `leave` are noted instead."""
    rules = []
    entries = node.get("relationships")
    seen: list[object] = []
    for entry in entries.items if entries else ():
        if not isinstance(entry.value, dict):
            continue  # the JSON schema says so
        if entry.value in seen:
            findings.twice(entry, "This relationship stands here twice.", "Remove one.")
        seen.append(entry.value)
        if (table := _target(entry)) in leave:
            findings.note(entry, f"Not checked: the reference to {table!r}.", left=True)
            continue
        check_words(entry, "relationship", findings)
        rule = _reference(entry, place, findings)
        rules += [rule] if rule is not None else []
    return rules


def _target(entry: Node) -> str:
    """The table that a relationship refers to, as far as it says so in the usual way."""
    node = entry.get("to")
    first = node.items[0].value if node is not None and node.items else node.value if node is not None else ""
    return str(first).partition(".")[0]


def _reference(entry: Node, place: Place, findings: Findings) -> Rule | None:
    custom = custom_properties(entry, "relationship", findings)
    severity, dimension = (
        _word(custom.get(name), name, words, findings)
        for name, words in (("severity", SEVERITIES), ("dimension", DIMENSIONS))
    )
    before = len(findings.problems)
    paths = _from(entry, place, findings)
    target = _to(entry, place, findings)
    if target is None or len(findings.problems) > before:
        return None
    if len(paths) != len(target.columns):
        what = f"{len(paths)} columns refer to {len(target.columns)}."
        findings.add(entry["to"], what, "Name them in pairs, in the same order.", "reference")
        return None
    name = paths[0] if len(paths) == 1 else place.table
    return Rule(
        f"{name}.reference",
        "reference",
        paths,
        argument=target,
        severity=severity or "error",
        dimension=dimension or "consistency",
        line=entry.line,
    )


def _word(node: Node | None, name: str, known: Sequence[str], findings: Findings) -> str:
    if node is None:
        return ""
    if node.value not in known:
        findings.unknown_name(node, f"Unknown {name} {node.value!r}.", did_you_mean(str(node.value), known))
    return str(node.value)


def _from(entry: Node, place: Place, findings: Findings) -> tuple[str, ...]:
    """The columns that refer: the property itself, or those that `from` names, as `table.column`."""
    if place.column is not None:
        _check_key(place.column, entry, findings)
        return place.paths
    paths = []
    for node, table, name in _names(entry, "from", findings):
        column = place.columns.get(name)
        if table != place.table:
            findings.add(node, f"{table!r} is another table.", f"'from' names columns of {place.table!r}.", "reference")
        elif column is None:
            findings.unknown_name(node, f"There is no column {name!r}.", did_you_mean(name, place.columns))
        elif name in paths:
            findings.twice(node, f"The column {name!r} stands here twice.")
        else:
            _check_key(column, node, findings)
        paths.append(name)
    return tuple(paths)


def _to(entry: Node, place: Place, findings: Findings) -> Reference | None:
    tables: list[str] = []
    columns: list[str] = []
    for node, table, name in _names(entry, "to", findings):
        if table == place.table:
            findings.not_run(node, "A reference of a table to itself is not run.", "Say it in a rule of 'type: sql'.")
        elif tables and table != tables[0]:
            findings.add(
                node, f"One relationship refers to {tables[0]!r} and to {table!r}.", "Write one for each.", "reference"
            )
        elif name in columns:
            findings.twice(node, f"The column {name!r} stands here twice.")
        tables.append(table)
        columns.append(name)
    return Reference(tables[0], tuple(columns)) if tables else None


def _names(entry: Node, key: str, findings: Findings) -> Iterator[tuple[Node, str, str]]:
    """Node, table and column of each name under `from` or `to`."""
    node = entry.get(key)
    if node is None:
        findings.missing(entry, f"{key!r} is missing.", "Write it as table.column.")
        return
    nodes = node.items if isinstance(node.value, list) else (node,)
    if not nodes:
        findings.wrong_type(node, f"{key!r} names nothing.", "Write it as table.column.")
    for each in nodes:
        short = _SHORT.fullmatch(each.value) if isinstance(each.value, str) else None
        if short is None:
            findings.not_run(
                each, "A reference is written as table.column.", "Paths and addresses of files are not run."
            )
        else:
            yield each, short[1], short[2]


def _check_key(column: Column, node: Node, findings: Findings) -> None:
    """Report a column whose values cannot be looked for in another table."""
    if column.type.name in _NO_KEYS or "[]" in column.path:
        findings.misfit(node, f"{column.path!r}, which is {column.type.name}, cannot refer to anything.")
    elif column.protect is not None and not _comparable(column.protect):
        what = f"{column.path!r} leaves by {column.protect.method}, so nobody can compare it with another table."
        findings.misfit(node, what, "Keep it, or hash it with a 'domain' that both tables name.")


def _comparable(protect: Protect) -> bool:
    return protect.method == "keep" or (protect.method == "hash" and bool(protect.options.get("domain")))


def reference_problems(contract: Contract, known: Sequence[Contract]) -> Iterator[Problem]:
    """What keeps the references of a contract from being checked, `known` being the contracts of the other tables."""
    for rule in contract.rules:
        if not isinstance(rule.argument, Reference):
            continue
        where, target = f"{contract.file}:{rule.line}", rule.argument
        other = next((other for other in known if other.name == target.table), None)
        if other is None:
            near = did_you_mean(target.table, [other.name for other in known]) if known else ""
            todo = near or "It says how the other columns are protected: put it beside this one."
            yield Problem(
                f"There is no contract of {target.table!r}, which {rule.id!r} refers to.",
                where,
                todo,
                "contract.unknown",
            )
            continue
        leaves = {leaf.path: leaf for leaf in other.leaves()}
        mine = {leaf.path: leaf for leaf in contract.leaves()}
        for path, name in zip(rule.columns, target.columns, strict=True):
            if name not in leaves:
                what = f"{target.table!r} has no column {name!r}."
                yield Problem(what, where, did_you_mean(name, leaves), "contract.unknown-name")
            elif why := _unlike(mine[path], leaves[name]):
                what = f"{path!r} and {target.table}.{name} cannot be compared: {why}."
                yield Problem(
                    what,
                    where,
                    f"Make them alike; {other.file}:{leaves[name].line} is the other end.",
                    "contract.misfit",
                )


def _unlike(one: Column, other: Column) -> str:
    """Why values of two columns cannot be compared as they lie in their tables, or an empty text."""
    kinds = ["bigint" if column.type.name in _WHOLE else column.type.ddl for column in (one, other)]
    if kinds[0] != kinds[1]:
        return f"one is {one.type.ddl}, the other {other.type.ddl}"
    if one.protect is None or other.protect is None or one.protect.method != other.protect.method:
        ways = [column.protect.method if column.protect else "nothing" for column in (one, other)]
        return f"one leaves by {ways[0]}, the other by {ways[1]}"
    for option in ("domain", "profile", "normalise"):
        if one.protect.options.get(option) != other.protect.options.get(option):
            return f"their hashes differ in {option}"
    return ""


def referenced(contract: Contract) -> tuple[str, ...]:
    """The data sets that a contract refers to, each once."""
    return tuple(dict.fromkeys(rule.argument.table for rule in contract.rules if isinstance(rule.argument, Reference)))
