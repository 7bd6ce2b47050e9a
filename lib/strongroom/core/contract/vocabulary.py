"""The vocabulary of a contract: which fields of ODCS v3 we run, which are documentation, and which we refuse.

The field names are those of the standard (https://bitol-io.github.io/open-data-contract-standard/v3.1.0/). Nothing is
skipped in silence: a field is in one of the three tables, or it is unknown and an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean, slip_of
from strongroom.core.yaml import Node

RUN: Mapping[str, tuple[str, ...]] = {
    "contract": ("apiVersion", "kind", "id", "version", "status", "servers", "schema", "slaDefaultElement",
                 "slaProperties", "customProperties"),
    "server": ("server", "type", "path", "location", "format", "delimiter", "customProperties"),
    "schema": ("name", "logicalType", "properties", "quality", "relationships", "customProperties"),
    "property": ("name", "physicalName", "logicalType", "logicalTypeOptions", "physicalType", "required", "unique",
                 "primaryKey", "primaryKeyPosition", "classification", "properties", "items", "quality",
                 "relationships", "customProperties"),
    "relationship": ("type", "from", "to", "customProperties"),
    "quality": ("type", "metric", "arguments", "unit", "query", "engine", "implementation", "id", "name", "severity",
                "dimension", "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan",
                "mustBeLessOrEqualTo", "mustBeBetween", "mustNotBeBetween", "customProperties"),
}  # fmt: skip
"""What changes a run. Every word here is read by one of the `contract_*` files."""

DOCUMENTATION: Mapping[str, tuple[str, ...]] = {
    "contract": ("name", "tenant", "tags", "dataProduct", "description", "domain", "support", "price", "team",
                 "roles", "authoritativeDefinitions", "contractCreatedTs", "context"),
    "server": ("id", "description", "environment", "roles"),
    "schema": ("id", "physicalName", "physicalType", "description", "businessName", "dataGranularityDescription",
               "authoritativeDefinitions", "tags", "context", "synonyms"),
    "property": ("enum", "semanticType", "synonyms", "partitioned", "partitionKeyPosition", "encryptedName", "id",
                 "description", "businessName", "authoritativeDefinitions", "tags", "examples",
                 "criticalDataElement", "transformSourceObjects", "transformLogic", "transformDescription"),
    "relationship": (),
    "quality": ("description", "authoritativeDefinitions", "businessImpact", "method", "schedule", "scheduler", "tags"),
}  # fmt: skip
"""What describes and changes nothing. Anything may stand inside these."""

REFUSED: Mapping[str, Mapping[str, str]] = {
    "server": {"endpointUrl": "Set the endpoint in the settings, under 'spark'."},
    "quality": {"rule": "Write 'metric'."},
}
"""What would promise something that does not happen, and what to do instead."""

CLASSIFICATIONS = ("public", "internal", "personal", "sensitive", "confidential", "restricted")
"""The words for how much a column tells of somebody."""

CUSTOM: Mapping[str, tuple[str, ...]] = {
    "contract": ("purposes", "dataSubjects", "label", "quarantineLimit", "curate", "legalBasis"),
    "server": ("options",),
    "schema": (),
    "property": ("protect", "subject", "about", "role", "read", "precision", "scale", "specialCategory"),
    "relationship": ("severity", "dimension", "description"),
    "quality": (),
}
"""Our own words, in `customProperties`."""
_ANYWHERE = ("protect", "subject", "purposes", "quarantineLimit", "legalBasis")
"""Words of ours that promise something wherever they stand: never taken for somebody else's."""


def check_words(node: Node, kind: str, findings: Findings) -> None:
    """Report every field of an ODCS object that we neither run nor take as documentation."""
    run, documentation, refused = RUN[kind], DOCUMENTATION[kind], REFUSED.get(kind, {})
    for name, child in node.fields.items():
        if name in refused and not _empty(name, child):
            findings.not_run(child, f"{name!r} is not run.", refused[name])
        elif name not in run and name not in documentation and name not in refused:
            findings.unknown_field(child, f"Unknown field {name!r}.", did_you_mean(name, (*run, *documentation)))


def _empty(name: str, child: Node) -> bool:
    """Whether a refused field says nothing: `partitioned: false`."""
    if name == "partitionKeyPosition":
        return bool(child.value == -1)
    return child.value in (False, None) or (isinstance(child.value, list) and not child.items)


def custom_properties(node: Node, kind: str, findings: Findings) -> dict[str, Node]:
    """Our custom properties of an ODCS object by name; doubled ones, and slips of our words, are reported.

    All others are somebody else's, and noted.
    """
    found: dict[str, Node] = {}
    entries = node.get("customProperties")
    for entry in entries.items if entries else ():
        name = text(entry, "property")
        value = entry.get("value")
        if name is None or value is None:
            continue  # the JSON schema says so
        if name not in CUSTOM[kind]:
            meant = slip_of(name, CUSTOM[kind]) or slip_of(name, _ANYWHERE)
            if meant or name in _ANYWHERE:
                todo = f"Did you mean {meant!r}?" if meant else "It means nothing in this place."
                findings.unknown_field(entry["property"], f"Unknown custom property {name!r}.", todo)
            else:
                findings.note(entry["property"], f"The custom property {name!r} is somebody else's.")
        elif name in found:
            findings.twice(entry["property"], f"The custom property {name!r} stands here twice.")
        else:
            found[name] = value
    return found


def text(node: Node, key: str) -> str | None:
    """The text at `key`, or None when it is missing or no text (which the JSON schema reports)."""
    child = node.get(key)
    return child.value if child is not None and isinstance(child.value, str) else None


def flag(node: Node, key: str) -> bool:
    """Whether `key` is there and true."""
    child = node.get(key)
    return child is not None and child.value is True


def is_number(value: object) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole(value: object) -> int | None:
    """The whole number that a value is, `2.0` included, as JSON schema counts; None when it is none."""
    return int(value) if is_number(value) and value == int(value) else None  # type: ignore[call-overload]


def check_keys(node: Node, known: Sequence[str], what: str, findings: Findings) -> bool:
    """Whether `node` is a mapping of `known` keys only; reports what it is not."""
    if not isinstance(node.value, dict):
        findings.wrong_type(
            node, f"{what} is a mapping.", f"Its keys: {', '.join(known)}." if known else "It has no keys."
        )
        return False
    for name, child in node.fields.items():
        if name not in known:
            findings.unknown_field(child, f"Unknown key {name!r} in {what}.", did_you_mean(name, known))
    return True
