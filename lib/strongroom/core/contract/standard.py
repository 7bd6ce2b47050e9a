"""Holds a contract against the JSON schema that the standard publishes, in words a reader can act on.

The schema ships in the Python package `open-data-contract-standard` (3.1.2 carries that of ODCS v3.1.0). It is read as
a file: importing the package would load much more than we need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from strongroom.core.contract.vocabulary import API_VERSIONS
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
    value = root.value
    if isinstance(value, dict) and value.get("apiVersion") in API_VERSIONS:
        value = {**value, "apiVersion": API_VERSIONS[0]}  # a newer version may say nothing that this one does not know
    errors, findings = list(_validator().iter_errors(value)), Findings()
    for error in errors:
        _note(error, root, errors, findings)
    if errors and not findings.problems:  # only what follows from something else: never let it pass for nothing
        what = f"Not valid in ODCS: {errors[0].validator}."
        findings.add(root.at(errors[0].absolute_path), what, "See the standard's JSON schema.", "standard")
    return list(dict.fromkeys(findings.problems))


@cache
def _validator() -> Any:
    from jsonschema import Draft201909Validator  # a tenth of a second, which only contracts need

    return Draft201909Validator(_schema())


@cache
def _schema() -> dict[str, Any]:
    package = find_spec("open_data_contract_standard")
    folder = next(iter(package.submodule_search_locations or ()), "") if package else ""
    try:
        schema: dict[str, Any] = json.loads((Path(folder) / "schema.json").read_text(encoding="utf-8"))
    except OSError:
        todo = "Install open-data-contract-standard==3.1.2."
        raise EnvironmentFault("The JSON schema of ODCS is missing.", todo=todo, code="packages.missing") from None
    return schema


def _note(error: Any, root: Node, errors: list[Any], findings: Findings) -> None:
    """The problems behind one schema error; none when it only follows from another one of `errors`."""
    path = tuple(error.absolute_path)
    node = root.at(path)
    what = ("This entry" if isinstance(path[-1], int) else f"{path[-1]!r}") if path else "The file"
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties":
            known = tuple(dict.fromkeys(_known(error.schema)))
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


def _known(schema: Any) -> Iterator[str]:
    """Every field name that a part of the schema speaks of, through its references and branches."""
    if not isinstance(schema, dict):
        return
    yield from schema.get("properties", {})
    if "$ref" in schema:
        target: Any = _schema()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _known(target)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            yield from _known(part)
    yield from _known(schema.get("then"))
