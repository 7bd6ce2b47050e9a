"""A data set as Croissant 1.1 (JSON-LD), with what the vocabulary of responsible AI asks of it.

Sources: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html. A lake's table is live: its files change with each
run, so no checksum is given, and readers come through the policy. Properties that nobody has said are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strongroom.core.contract import Column
from strongroom.core.contract.protection import METHODS
from strongroom.flows.report.card import personal
from strongroom.flows.report.facts import Facts, basis_of, retention_of
from strongroom.flows.report.tables import Described

CROISSANT, RAI = "http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"
_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty",
    "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
    "subField", "transform",
)  # fmt: skip
CONTEXT: Mapping[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{term: f"cr:{term}" for term in _TERMS},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "sc": "https://schema.org/",
}
"""The context that the specification gives."""
_TYPES = {
    "string": "sc:Text", "boolean": "sc:Boolean", "byte": "cr:Int8", "short": "cr:Int16", "integer": "cr:Int32",
    "long": "cr:Int64", "float": "cr:Float32", "double": "cr:Float64", "date": "sc:Date", "timestamp": "sc:DateTime",
    "timestamp_ntz": "sc:DateTime", "binary": "sc:Text",
}  # fmt: skip
"""A type of Delta → of Croissant; what is encrypted is a text of bytes to it."""


def document(facts: Facts, table: Described) -> dict[str, Any]:
    """The document."""
    contract, said = table.contract, facts.settings.jobs.get("report", {})
    files = "table-files"
    fields = [_field(table, each, "rows", [], files) for each in table.columns]
    whole: dict[str, Any] = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "name": table.name,
        "description": contract.description,
        "conformsTo": [CROISSANT, RAI],
        "isLiveDataset": True,
        "version": f"{table.version}.0.0",
        "dateModified": _date(table),
        "keywords": [*contract.purposes, *([contract.label] if contract.label else [])],
        "creator": {"@type": "sc:Organization", "name": said["controller"]} if said.get("controller") else None,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "table",
                "name": "table",
                "description": "The table's folder in the lake: Delta, of which the log names the files that count.",
                "contentUrl": f"{table.name.replace('.', '/')}/",
                "encodingFormat": "application/vnd.delta",
            },
            {
                "@type": "cr:FileSet",
                "@id": files,
                "name": files,
                "description": "Its files of Parquet.",
                "containedIn": {"@id": "table"},
                "encodingFormat": "application/vnd.apache.parquet",
                "includes": "**/*.parquet",
            },
        ],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
        **_responsible(facts, table),
    }
    return {name: value for name, value in whole.items() if value not in (None, "", [])}


def _responsible(facts: Facts, table: Described) -> dict[str, object]:
    """What the vocabulary of responsible AI asks, as far as anybody has said it."""
    contract = table.contract
    above = ", ".join(facts.known.above(table.name))
    protocol = [
        f"{leaf.path}: {METHODS[leaf.method].said}" for leaf in contract.leaves() if leaf.method not in ("keep", "")
    ]
    protocol += [f"Each row keeps {len(contract.rules)} rules; one that breaks a rule of severity error is left out"]
    uses = [
        f"{purpose}{f', resting on {basis}' if (basis := basis_of(contract, purpose)) else ''}"
        for purpose in contract.purposes
    ]
    kept = retention_of(contract)
    return {
        "rai:dataCollection": f"Made from {above}." if above else "",
        "rai:dataPreprocessingProtocol": protocol,
        "rai:dataUseCases": uses,
        "rai:dataLimitations": [contract.limitations] if contract.limitations else [],
        "rai:personalSensitiveInformation": list(personal(contract)),
        "rai:dataReleaseMaintenancePlan": f"Kept {kept}." if kept else "",
    }


def _date(table: Described) -> str:
    started = table.run.get("started")
    return f"{started:%Y-%m-%d}" if started is not None else ""


def _field(table: Described, said: Mapping[str, Any], parent: str, above: list[str], files: str) -> dict[str, Any]:
    """A column, or a field inside one, with those inside it."""
    path = [*above, str(said["name"])]
    kind, repeated = said["type"], False
    while isinstance(kind, dict) and kind["type"] == "array":
        kind, repeated = kind["elementType"], True
    found: dict[str, Any] = {"@type": "cr:Field", "@id": f"{parent}/{said['name']}", "name": str(said["name"])}
    if description := _description(table, ".".join(path)):
        found["description"] = description
    if repeated:
        found |= {"isArray": True, "arrayShape": "-1"}
    if isinstance(kind, dict) and kind["type"] == "struct":
        found["subField"] = [_field(table, each, found["@id"], path, files) for each in kind["fields"]]
        return found
    name = kind if isinstance(kind, str) else str(kind["type"])
    found["dataType"] = "sc:Float" if name.startswith("decimal") else _TYPES.get(name, "sc:Text")
    found["source"] = {"fileSet": {"@id": files}, "extract": {"column": ".".join(path)}}
    return found


def _description(table: Described, path: str) -> str:
    """What the contract says of a column, and how it is protected."""
    column = next((each for each in _all(table.contract.columns) if each.path == path), None)
    if column is None:
        return ""
    said = METHODS[column.method].said if column.protect and column.method != "keep" else ""
    return ". ".join(filter(None, (column.description, said)))


def _all(columns: tuple[Column, ...]) -> Iterator[Column]:
    for column in columns:
        yield column
        yield from _all(column.type.fields)
