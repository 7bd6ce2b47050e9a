"""The tables an export can spell out: those of the lake as they lie, and those that contracts say will be there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deltalake import Schema

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.run import Job
from strongroom.core.sql_text import identifier
from strongroom.flows.foundation.projections import tags_in
from strongroom.flows.foundation.table_plans import CLASSIFICATION, TAGS, quarantine, training
from strongroom.govern.export import Described
from strongroom.govern.table import Table
from strongroom.stores.lake import Lake
from strongroom.stores.lake.listing import tables_in

_MAPPED = "delta.columnMapping.id"
_DDL = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}


def described(job: Job, contracts: Iterable[Contract], *, schemas: str = "") -> list[Described]:
    """Every table whose columns are known, by name.

    Args:
        job: its settings name the lake.
        contracts: of the data sets; a table that is not made yet is taken to be what its contract says.
        schemas: a folder of Iceberg schemas or table metadata (`training.reviews.json`), for field ids.

    Raises:
        ConfigError: a file of `schemas` is no Iceberg schema.
        StoreError: a table of the lake cannot be read.
    """
    lake, found = Lake(job.settings.lake), dict[str, Schema]()
    lying = [name for name in tables_in(lake).tables if name.count(".") == 1]  # a projection is given by our level only
    for contract in contracts:
        for zone, plan in (("training", training(contract)), ("quarantine", quarantine(contract))):
            found[f"{zone}.{contract.name}"] = Schema.from_arrow(plan.schema)
        made = ("curated", "dropped", "features", "revealed")
        found.update({f"{zone}.{contract.name}": None for zone in made})  # type: ignore[misc]
    for name in (*found, *lying):
        if (table := lake.open(name)) is not None:
            found[name] = table.schema()
    return [
        _described(name, schema, _iceberg(schemas, name))
        for name, schema in sorted(found.items())
        if schema is not None
    ]


def _described(name: str, schema: Schema, iceberg: Mapping[str, tuple[int, bool]]) -> Described:
    fields = json.loads(schema.to_json())["fields"]
    notes = {field["name"]: field.get("metadata") or {} for field in fields}
    names = tuple(notes)
    table = Table(
        name,
        names,
        {column: notes[column][CLASSIFICATION] for column in names if CLASSIFICATION in notes[column]},
        {column: tags_in(notes[column][TAGS]) for column in names if TAGS in notes[column]},
    )
    mapped = {column: int(notes[column][_MAPPED]) for column in names if _MAPPED in notes[column]}
    return Described(
        table,
        types={field["name"]: ddl(field["type"]) for field in fields},
        ids={column: found[0] for column, found in iceberg.items()} or mapped,
        required=frozenset(column for column, found in iceberg.items() if found[1])
        or frozenset(field["name"] for field in fields if not field["nullable"]),
    )


def ddl(type_: Any) -> str:
    """A type of the Delta protocol in Spark's words."""
    if isinstance(type_, str):
        return _DDL.get(type_, type_)
    if type_["type"] == "struct":
        inside = ",".join(f"{identifier(field['name'])}:{ddl(field['type'])}" for field in type_["fields"])
        return f"struct<{inside}>"
    if type_["type"] == "array":
        return f"array<{ddl(type_['elementType'])}>"
    return f"map<{ddl(type_['keyType'])},{ddl(type_['valueType'])}>"


def _iceberg(schemas: str, table: str) -> dict[str, tuple[int, bool]]:
    """Column → field id, and whether it is required, of the newest schema in a table's Iceberg metadata."""
    file = Path(schemas) / f"{table}.json"
    if not schemas or not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        found = found.get("metadata", found)
        if "schemas" in found:
            found = next(each for each in found["schemas"] if each["schema-id"] == found["current-schema-id"])
        return {field["name"]: (int(field["id"]), bool(field["required"])) for field in found["fields"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        todo = "Give a schema, or the table's metadata, as the Iceberg spec writes them."
        raise ConfigError(
            [Problem("This is no schema of an Iceberg table.", str(file), todo, "export.schema")]
        ) from error
