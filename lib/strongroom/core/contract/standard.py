"""Holds a contract against the JSON schema that the standard publishes of its edition, in words a reader can act on.

That of v3.1.0 ships in the Python package `open-data-contract-standard` 3.1.2, which is read as a file: importing it
would load much more than we need. Those of v3.0.2 and v3.2.0 stand beside this module, as the standard's repository has
them (Apache License 2.0; the latter in its draft of June 2026). A contract of v3.0 may be sound by v3.1.0 instead:
v3.0.0 to v3.0.2 differ by fields that the later ones added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from strongroom.core.errors import EnvironmentFault, Problem
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_CLOSED = ("additionalProperties", "unevaluatedProperties")
"""What a closed object says; it also says so of sound fields when another one of them is not."""

_TYPES = {
    "string": "a text", "boolean": "true or false", "integer": "a whole number", "number": "a number",
    "array": "a list", "object": "a mapping", "null": "null",
}  # fmt: skip


def schema_problems(root: Node) -> list[Problem]:
    """Everything the JSON schema has against the file, each at its line; empty when the file is valid."""
    edition = str(root.value.get("apiVersion")) if isinstance(root.value, dict) else ""
    told: list[list[Problem]] = []
    for name in _SCHEMAS.get(edition[:4], ("v3.1.0",)):
        findings = Findings()
        for node, value, kind in _levels(root):
            errors = _errors(name, kind, json.dumps(value))
            for error in errors:
                _note(error, node, errors, findings, name)
            if errors and not findings.problems:  # only what follows from something else: never let it pass for nothing
                what = f"Not valid in ODCS: {errors[0].validator}."
                findings.add(node.at(errors[0].absolute_path), what, "See the standard's JSON schema.", "standard")
        told.append(list(dict.fromkeys(findings.problems)))
    return min(told, key=bool)


_SCHEMAS = {"v3.0": ("v3.0.2", "v3.1.0"), "v3.2": ("v3.2.0",)}
"""Beginning of an edition → the schemas of which a contract has to be sound by one."""


@lru_cache(maxsize=2048)
def _errors(name: str, kind: str, text: str) -> tuple[Any, ...]:
    """What the schema has against a value, given as JSON: most parts of a contract are as they were when it was read
    last, or as in the contract beside it.
    """
    return tuple(error for error in _validator(name, kind).iter_errors(json.loads(text)) if not _of_no_type(error))


def _of_no_type(error: Any) -> bool:
    """Whether an error is the draft's of v3.2, which wants `map` of a property that names no logical type at all."""
    mine = isinstance(error.instance, dict) and "logicalType" not in error.instance
    return mine and error.validator == "required" and error.validator_value == ["map"]


def _levels(root: Node) -> Iterator[tuple[Node, Any, str]]:
    """The file in parts that the schema is asked of one by one, each with the name of its part of the schema.

    A property is asked without what is inside it, which comes by itself: the schema's `unevaluatedProperties` would
    look at each level anew for each level above it, and at the tenth take hours.
    """
    if not isinstance(root.value, dict):
        yield root, root.value, ""
        return
    tables = root.get("schema")
    items = tables.items if tables is not None else ()
    value = {**root.value, "schema": [_hollow(table.value) for table in items]} if items else root.value
    yield root, value, ""
    for table in items:
        yield from _inside(table)


def _inside(node: Node) -> Iterator[tuple[Node, Any, str]]:
    properties, item = node.get("properties"), node.get("items")
    for child in properties.items if properties is not None else ():
        yield child, _hollow(child.value), "SchemaProperty"
        yield from _inside(child)
    if item is not None and item.fields:
        yield item, _hollow(item.value), "SchemaItemProperty"
        yield from _inside(item)


def _hollow(value: Any) -> Any:
    """An element with as good as nothing in its `properties` and `items`, where these are what they should be."""
    if not isinstance(value, dict):
        return value
    empty: dict[str, Any] = {"properties": [], "items": {"logicalType": "string"}}
    return {
        key: empty[key] if key in empty and child and isinstance(child, type(empty[key])) else child
        for key, child in value.items()
    }


@cache
def _validator(name: str, kind: str) -> Any:
    from jsonschema import Draft201909Validator  # a tenth of a second, which only contracts need

    schema = _schema(name)
    return Draft201909Validator({**schema, "$ref": f"#/$defs/{kind}", **_NO_FILE} if kind else schema)


_NO_FILE: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": True}
"""What takes from the schema of a file what it says of the file itself, so that one of its parts can be asked."""


@cache
def _schema(name: str) -> dict[str, Any]:
    try:
        if name == "v3.1.0":
            package = find_spec("open_data_contract_standard")
            folder = next(iter(package.submodule_search_locations or ()), "") if package else ""
            text = (Path(folder) / "schema.json").read_text(encoding="utf-8")
        else:
            text = files("strongroom.core.contract").joinpath(f"odcs-{name}.json").read_text(encoding="utf-8")
    except OSError:
        todo = "Install open-data-contract-standard==3.1.2."
        raise EnvironmentFault("The JSON schema of ODCS is missing.", todo=todo, code="packages.missing") from None
    schema: dict[str, Any] = json.loads(text)
    return schema


def _note(error: Any, root: Node, errors: Sequence[Any], findings: Findings, edition: str) -> None:
    """The problems behind one schema error; none when it only follows from another one of `errors`."""
    path = tuple(error.absolute_path)
    node = root.at(path)
    what = ("This entry" if isinstance(path[-1], int) else f"{path[-1]!r}") if path else "The file"
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties":
            known = tuple(dict.fromkeys(_known(error.schema, _schema(edition))))
            for name in re.findall(r"'([^']*)'", error.message):
                if name in node and name not in known:
                    findings.unknown_field(node[name], f"Unknown field {name!r}.", did_you_mean(name, known))
                elif name in node and not any(_causes(other, error) for other in errors):
                    todo = "Remove it, or correct 'type'."
                    findings.misfit(node[name], f"The field {name!r} does not fit here.", todo)
        case "type":
            kinds = error.validator_value
            kinds = [kinds] if isinstance(kinds, str) else kinds
            findings.wrong_type(node, f"{what} is {' or '.join(_TYPES[kind] for kind in kinds)}.", _hint(error))
        case "enum" | "const":
            allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
            todo = did_you_mean(str(error.instance), allowed)
            findings.unknown_name(node, f"{what} may not be {error.instance!r}.", todo)
        case "required":
            missing = re.match(r"'([^']*)'", error.message)
            findings.missing(node, f"{missing[1] if missing else 'A field'!r} is missing.", "Add it.")
        case "oneOf" | "anyOf" | "not":
            said = f"{what} has none of the forms that the standard allows."
            findings.add(node, said, "See docs/contract.md.", "standard")
        case _:
            said = f"{what} breaks the standard's rule {error.validator!r}."
            findings.add(node, said, f"{error.validator_value}", "standard")


def _causes(other: Any, closed: Any) -> bool:
    """Whether another error makes a closed object complain about sound fields: any inside it, or of another kind."""
    path, place = tuple(closed.absolute_path), tuple(other.absolute_path)
    return place[: len(path)] == path and (len(place) > len(path) or other.validator not in _CLOSED)


def _hint(error: Any) -> str:
    if error.validator_value == "boolean" and isinstance(error.instance, str):
        return "Write true or false; yes, no, on and off are texts."
    return (
        "Put it in quotes."
        if error.validator_value == "string" and not isinstance(error.instance, (dict, list))
        else ""
    )


def _known(schema: Any, whole: Any) -> Iterator[str]:
    """Every field name that a part of the schema speaks of, through its references and branches."""
    if not isinstance(schema, dict):
        return
    yield from schema.get("properties", {})
    if "$ref" in schema:
        target: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _known(target, whole)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            yield from _known(part, whole)
    yield from _known(schema.get("then"), whole)
