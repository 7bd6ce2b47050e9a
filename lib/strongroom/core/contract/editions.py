"""Contracts of every edition of ODCS 3 in the words of one: what an older or newer edition says otherwise is said anew.

- v3.0 has no `timestamp` and no `time`: a `date` whose physical type or format tells a time of day is the one, and one
  whose physical type is a time of day the other. Contracts of later editions still say so, too.
- v3.0 calls a metric `rule`.
- v3.0 writes formats of dates in words of JSON Schema, too: `date` and `date-time` are ISO 8601.
- v3.2 lists a column's values under `enum`: that is the rule `invalidValues` with these as `validValues`.

Lines stay what they are, so that problems are told where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from strongroom.core.contract.physical import read_physical
from strongroom.core.contract.vocabulary import text
from strongroom.core.escaping import is_plain
from strongroom.core.findings import Findings
from strongroom.core.yaml import Node

EDITIONS = ("v3.1.0", "v3.0.0", "v3.0.1", "v3.0.2", "v3.2.0")
"""Every `apiVersion` that is read; the first is the one whose words the others are brought to."""
_TIMES = ("timestamp", "timestamp_ntz")
_HOURS = ("H", "h", "K", "k")


def in_one_edition(root: Node, system: str, findings: Findings, *, rename: bool = False) -> Node:
    """The contract in the words of `EDITIONS[0]`; `system` is the type of its server, or empty.

    With `rename` a column whose name no table can have gets one: `_` for each sign that is no letter, digit or `_`.
    """
    version = text(root, "apiVersion")
    if version not in EDITIONS:
        return root
    reader = _Edition(version.startswith("v3.0."), system, findings, rename=rename)
    tables = root.get("schema")
    return root if tables is None or not tables.items else _with(root, schema=reader.each(tables))


class _Edition:
    def __init__(self, old: bool, system: str, findings: Findings, *, rename: bool) -> None:
        self.old, self.system, self.findings, self.rename = old, system, findings, rename

    def each(self, nodes: Node) -> Node:
        items = tuple(self.element(node) for node in nodes.items)
        return replace(nodes, value=[item.value for item in items], items=items) if nodes.items else nodes

    def element(self, node: Node) -> Node:
        """A schema object, property or item, with all that is inside it."""
        changed: dict[str, Node] = {}
        if "properties" in node:
            changed["properties"] = self.each(node["properties"])
        if "items" in node:
            changed["items"] = self.element(node["items"])
        if rules := _rules(node, old=self.old):
            changed["quality"] = rules
        if text(node, "logicalType") == "date":
            changed |= self.moment(node)
        if self.rename:
            changed |= self.name(node)
        return _with(node, **changed) if changed else node

    def name(self, node: Node) -> dict[str, Node]:
        """A name that a column can have, where its own is none; the source keeps its own."""
        name = text(node, "name") or ""
        fit = re.sub(r"[^\w-]", "_", name)
        if fit == name or not is_plain(name):
            return {}
        self.findings.note(node["name"], f"{name!r} is called {fit!r} here.")
        changed = {"name": replace(node["name"], value=fit)}
        return changed if "physicalName" in node else {**changed, "physicalName": node["name"]}

    def moment(self, node: Node) -> dict[str, Node]:
        """What a `date` really is, and its format without words of JSON Schema."""
        options = node.get("logicalTypeOptions")
        format_ = (text(options, "format") if options else None) or ""
        physical = read_physical(text(node, "physicalType") or "", self.system)
        kind = physical.kind
        changed: dict[str, Node] = {}
        if options is not None and format_ in ("date", "date-time"):
            changed["logicalTypeOptions"] = _without(options, "format")
        if kind in _TIMES or format_ == "date-time" or any(letter in format_ for letter in _HOURS):
            changed["logicalType"] = replace(node["logicalType"], value="timestamp")
            self.findings.note(node["logicalType"], "A date with a time of day: read as a timestamp, as v3.1 calls it.")
        elif physical.name.split(" ")[0] in ("time", "timetz") and options is None:
            changed["logicalType"] = replace(node["logicalType"], value="time")
        return changed


def _rules(node: Node, *, old: bool) -> Node | None:
    """The quality rules of an element where they have to be said anew, else None."""
    entries, listed = node.get("quality"), node.get("enum")
    items = entries.items if entries is not None else ()
    named = [old and "rule" in entry and "metric" not in entry for entry in items]
    if listed is None and not any(named):
        return None
    anew = [
        _with(_without(entry, "rule"), metric=entry["rule"]) if says else entry
        for entry, says in zip(items, named, strict=True)
    ]
    if listed is not None:
        values = [entry["value"] for entry in listed.items if "value" in entry]
        anew.append(_valid(listed, values))
    return Node([item.value for item in anew], node.file, (entries or listed or node).line, items=tuple(anew))


def _valid(listed: Node, values: list[Node]) -> Node:
    def node(value: object, fields: Mapping[str, Node] | None = None, items: tuple[Node, ...] = ()) -> Node:
        return Node(value, listed.file, listed.line, fields or {}, items)

    few = node([each.value for each in values], items=tuple(values))
    arguments = node({"validValues": few.value}, {"validValues": few})
    return node(
        {"metric": "invalidValues", "mustBe": 0, "arguments": arguments.value},
        {"metric": node("invalidValues"), "mustBe": node(0), "arguments": arguments},
    )


def _with(node: Node, **changed: Node) -> Node:
    fields = {**node.fields, **changed}
    return replace(node, value={name: child.value for name, child in fields.items()}, fields=fields)


def _without(node: Node, name: str) -> Node:
    fields = {key: child for key, child in node.fields.items() if key != name}
    return replace(node, value={key: child.value for key, child in fields.items()}, fields=fields)
