"""From another system's schema to the columns of a first contract: names and types as it says them, no row read.

SQL is read by sqlglot and Avro by fastavro (the extra `schemas`), references of JSON Schema by referencing, Delta and
Parquet by their own libraries. What a schema says of nothing (whose a column is) is told by the columns' names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from strongroom.core.contract import Type
from strongroom.core.errors import EnvironmentFault, StoreError
from strongroom.quality.profile.arrow_types import scalar_of
from strongroom.quality.profile.meaning import Meaning, meaning_of
from strongroom.quality.profile.proposal import Proposed, safe_names
from strongroom.quality.profile.propose import DEEPEST, NOTHING, settled, too_deep
from strongroom.quality.profile.shape import LOGICAL, Shape
from strongroom.quality.profile.tally import Tally
from strongroom.quality.profile.tree import MOST_NAMES
from strongroom.quality.reading.parquet_rows import footer_of
from strongroom.quality.reading.parquet_types import is_list, plain
from strongroom.stores.sources import place_of

_DIALECTS = ("", "postgres", "mysql", "tsql", "snowflake", "bigquery", "oracle", "databricks")
_NAMED = Tally(rows=1, given=1)
"""Of a column nothing is known but its name."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a schema says of one column.

    Args:
        name: the source's.
        type: a scalar; None for an object, an array, or what no contract has a word for (`strange` names it).
        fields: of an object.
        item: of an array.
        required: it is never null.
        key: it is the whole primary key.
        most: characters of a text at most.
        format: of a text.
        strange: a type that no contract has a word for.
    """

    name: str
    type: Type | None = None
    fields: tuple[Said, ...] = ()
    item: Said | None = None
    required: bool = False
    key: bool = False
    most: int | None = None
    format: str = ""
    strange: str = ""


def columns_from(path: str) -> tuple[Proposed, ...]:
    """The columns of a schema.

    Raises:
        StoreError: it cannot be read, or it is none that is known.
        EnvironmentFault: the library that reads it is not installed.
    """
    try:
        columns = _proposed(_said(path))
    except (RecursionError, AttributeError, TypeError, KeyError, ValueError) as error:  # of what is nearly a schema
        raise _unreadable(path) from error
    if not columns:
        raise StoreError("this schema has no columns", where=path, todo="Give one that has.", code="source.type")
    return settled(columns)


def format_of(path: str, columns: Sequence[Proposed]) -> str:
    """The format of files that are yet to be described: by their name, else Parquet."""
    for ends, name in (((".csv", ".tsv", ".txt"), "csv"), ((".json", ".jsonl", ".ndjson"), "json")):
        if path.lower().removesuffix(".gz").endswith(ends) and not (
            name == "csv" and any(each.nested for each in columns)
        ):
            return name
    return "parquet"


def _said(path: str) -> Sequence[Said]:
    if Path(path, "_delta_log").is_dir():
        try:
            return _of_arrow(pa.schema(DeltaTable(path).schema().to_arrow()))
        except (DeltaError, OSError) as error:
            raise _unreadable(path) from error
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise StoreError(
            f"this schema cannot be read: {error.strerror}", where=path, code="source.unreadable"
        ) from error
    if data.startswith(b"PAR1"):
        filesystem, inside = place_of(str(Path(path).absolute()))
        with filesystem.open_input_file(inside) as opened:
            return _of_arrow(footer_of(opened, path=path).schema.to_arrow_schema())
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path) from error
    if not text.lstrip().startswith(("{", "[", '"')):
        return _of_sql(text, path)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _unreadable(path) from error
    return _of_json(found, text, path)


def _of_json(found: Any, text: str, path: str) -> Sequence[Said]:
    """Avro, Delta or JSON Schema, by the words that each has."""
    if isinstance(found, dict) and found.get("type") == "struct" and "fields" in found:
        try:
            return _of_arrow(pa.schema(Schema.from_json(text).to_arrow()))
        except (DeltaError, ValueError, TypeError, KeyError) as error:
            raise _unreadable(path) from error
    if isinstance(found, dict) and found.get("type") == "record":
        return _of_avro(found, path)
    if isinstance(found, dict) and ("properties" in found or "$ref" in found or "$schema" in found):
        try:
            return _of_json_schema(found)
        except (Unresolvable, AttributeError, TypeError, KeyError, RecursionError) as error:
            raise _unreadable(path) from error
    raise _unreadable(path)


def _unreadable(path: str) -> StoreError:
    todo = "Give SQL DDL, JSON Schema, an Avro or Delta schema as JSON, a Parquet file or a Delta table."
    return StoreError("this is no schema that is read", where=path, todo=todo, code="source.type")


def _of_arrow(schema: pa.Schema) -> tuple[Said, ...]:
    return tuple(_arrow(field.name, field.type, required=not field.nullable) for field in schema)


def _arrow(name: str, kind: pa.DataType, *, required: bool) -> Said:
    kind = plain(kind)
    if pa.types.is_struct(kind) and kind.num_fields:
        fields = tuple(_arrow(each.name, each.type, required=not each.nullable) for each in kind)
        return Said(name, fields=fields, required=required)
    if is_list(kind):
        return Said(name, item=_arrow("", kind.value_type, required=False), required=required)
    type_ = scalar_of(kind)
    return Said(name, type_, required=required, strange="" if type_ else str(kind))


_AVRO = {
    "boolean": "boolean", "int": "int", "long": "bigint", "float": "float", "double": "double", "bytes": "binary",
    "string": "string", "enum": "string", "fixed": "binary", "null": "string",
}  # fmt: skip
_AVRO_LOGICAL = {
    "date": "date", "uuid": "string", "timestamp-millis": "timestamp", "timestamp-micros": "timestamp",
    "local-timestamp-millis": "timestamp_ntz", "local-timestamp-micros": "timestamp_ntz",
}  # fmt: skip


def _of_avro(found: Mapping[str, Any], path: str) -> tuple[Said, ...]:
    try:
        from fastavro.schema import SchemaParseException, UnknownType, expand_schema
    except ImportError as error:
        raise _lacking("fastavro") from error
    try:
        whole: Any = expand_schema(dict(found))
        return tuple(_avro(field["name"], field["type"]) for field in whole["fields"])
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable(path) from error


def _avro(name: str, kind: Any) -> Said:
    if isinstance(kind, list):
        others = [each for each in kind if each != "null"]
        one = _avro(name, others[0]) if len(others) == 1 else Said(name, strange="a union")
        return replace(one, required="null" not in kind)
    if isinstance(kind, str):
        return Said(name, Type(_AVRO[kind]), required=kind != "null") if kind in _AVRO else Said(name, strange=kind)
    word, logical = kind["type"], kind.get("logicalType", "")
    if word == "record":
        return Said(name, fields=tuple(_avro(each["name"], each["type"]) for each in kind["fields"]), required=True)
    if word == "array":
        return Said(name, item=_avro("", kind["items"]), required=True)
    if logical == "decimal":
        return replace(_decimal(name, kind["precision"], kind.get("scale", 0)), required=True)
    if logical in _AVRO_LOGICAL:
        return Said(name, Type(_AVRO_LOGICAL[logical]), required=True, format="uuid" if logical == "uuid" else "")
    return replace(_avro(name, word) if word != "map" else Said(name, strange="a map"), required=True)


_JSON = {"string": "string", "integer": "bigint", "number": "double", "boolean": "boolean"}
_TEXT_FORMATS = ("email", "uuid", "uri", "hostname", "ipv4", "ipv6", "time")


def _length(said: object) -> int | None:
    """A length that a contract may have."""
    return said if type(said) is int and 0 < said < 1 << 31 else None


def _decimal(name: str, precision: object, scale: object) -> Said:
    """A decimal, where the lake has one with so many digits."""
    if type(precision) is int and type(scale) is int and 0 < precision <= 38 and 0 <= scale <= precision:
        return Said(name, Type("decimal", precision, scale))
    return Said(name, strange="a number of more digits than 38")


def _of_json_schema(found: Mapping[str, Any]) -> tuple[Said, ...]:
    resource = Resource.from_contents(dict(found), default_specification=DRAFT202012)
    resolver = Registry().with_resource(found.get("$id", ""), resource).resolver(base_uri=found.get("$id", ""))

    left = MOST_NAMES

    def read(name: str, node: Mapping[str, Any], *, required: bool, deep: int = 0) -> Said:
        for _ in range(20):
            if "$ref" not in node:
                break
            node = resolver.lookup(node["$ref"]).contents
        kinds = node.get("type", "object" if "properties" in node else [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        one = [kind for kind in kinds if kind != "null"]
        must = required and "null" not in kinds
        nonlocal left
        left -= 1
        if left < 0:
            what = f"this schema has more than {MOST_NAMES:,} fields"
            raise StoreError(what, todo="Give the part of it that is meant.", code="source.type")
        if deep > DEEPEST + 1 or len(one) != 1 or (one[0] == "object" and not node.get("properties")):
            return Said(name, strange="of several types" if len(one) != 1 else "an object of any names")
        if one[0] == "object":
            need = node.get("required", [])
            fields = (
                read(each, inner, required=each in need, deep=deep + 1) for each, inner in node["properties"].items()
            )
            return Said(name, fields=tuple(fields), required=must)
        if one[0] == "array":
            return Said(name, item=read("", node.get("items", {}), required=False, deep=deep + 1), required=must)
        form = node.get("format", "")
        type_ = Type(
            {"date": "date", "date-time": "timestamp"}.get(form, "string") if one[0] == "string" else _JSON[one[0]]
        )
        kept = form if form in _TEXT_FORMATS and type_.name == "string" else ""
        return Said(name, type_, required=must, most=_length(node.get("maxLength")), format=kept)

    return read("", found, required=True).fields


_SQL = {
    "TINYINT": "tinyint", "UTINYINT": "smallint", "SMALLINT": "smallint", "USMALLINT": "int", "MEDIUMINT": "int",
    "INT": "int", "UINT": "bigint", "BIGINT": "bigint", "SERIAL": "int", "BIGSERIAL": "bigint",
    "SMALLSERIAL": "smallint",
    "FLOAT": "float", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date", "DATETIME": "timestamp_ntz",
    "TIMESTAMPNTZ": "timestamp_ntz", "TIMESTAMP": "timestamp_ntz", "TIMESTAMPTZ": "timestamp",
    "TIMESTAMPLTZ": "timestamp",
    "DATETIME2": "timestamp_ntz", "SMALLDATETIME": "timestamp_ntz",
    "CHAR": "string", "NCHAR": "string", "VARCHAR": "string", "NVARCHAR": "string", "TEXT": "string", "UUID": "string",
    "TINYTEXT": "string", "MEDIUMTEXT": "string", "LONGTEXT": "string", "NAME": "string", "ENUM": "string",
    "TIME": "string", "BINARY": "binary", "VARBINARY": "binary", "BLOB": "binary", "LONGBLOB": "binary",
}  # fmt: skip


def _of_sql(text: str, path: str) -> tuple[Said, ...]:
    """The columns of the first table that the text creates, in the first dialect that understands it."""
    try:
        import sqlglot
        from sqlglot import exp
        from sqlglot.errors import SqlglotError
    except ImportError as error:
        raise _lacking("sqlglot") from error
    for dialect in _DIALECTS:
        try:
            trees = sqlglot.parse(text, dialect=dialect or None)
        except SqlglotError:
            continue
        for tree in trees:
            schema = tree.find(exp.Schema) if isinstance(tree, exp.Create) and tree.kind == "TABLE" else None
            columns = list(schema.find_all(exp.ColumnDef)) if schema is not None else []
            if columns and schema is not None:
                together = [each.name for keys in schema.find_all(exp.PrimaryKey) for each in keys.expressions]
                return tuple(_sql(column, together) for column in columns if column.parent is schema)
    raise _unreadable(path)


def _sql(column: Any, together: Sequence[str]) -> Said:
    from sqlglot import exp

    kinds = {type(each.kind) for each in column.constraints}
    alone = exp.PrimaryKeyColumnConstraint in kinds or list(together) == [column.name]
    required = alone or column.name in together or exp.NotNullColumnConstraint in kinds
    return replace(_sql_type(column.name, column.args.get("kind")), required=required, key=alone)


def _sql_type(name: str, kind: Any) -> Said:
    if kind is None:
        return Said(name, strange="nothing")
    word = kind.this.name if hasattr(kind.this, "name") else str(kind.this)
    sizes = [int(each.name) for each in kind.expressions if each.name.isdigit()]
    if word in ("DECIMAL", "NUMERIC", "MONEY"):
        precision, scale = ([*sizes, 0] if len(sizes) == 1 else sizes or [38, 10])[:2]
        return _decimal(name, precision, scale)
    if word in ("ARRAY", "LIST") and kind.expressions:
        return Said(name, item=_sql_type("", kind.expressions[0]))
    if word not in _SQL:
        return Said(name, strange=kind.sql())
    most = _length(sizes[0]) if sizes and "CHAR" in word else None
    return Said(name, Type(_SQL[word]), most=most, format="uuid" if word == "UUID" else "")


def _lacking(package: str) -> EnvironmentFault:
    todo = f"Install it: pip install {package}, or 'strongroom[schemas]'."
    return EnvironmentFault(
        f"this schema is read by {package}, which is not installed", todo=todo, code="packages.missing"
    )


def _proposed(columns: Iterable[Said], deep: int = 0) -> tuple[Proposed, ...]:
    said = tuple(columns)
    names = safe_names(each.name for each in said)
    return tuple(replace(_one(each, deep + 1), name=name) for each, name in zip(said, names, strict=True))


def _one(said: Said, deep: int) -> Proposed:
    if deep > DEEPEST and (said.fields or said.item is not None):
        return too_deep(said.name, said.name)
    if said.fields:
        inner = _proposed(said.fields, deep)
        return Proposed(said.name, said.name, nested="object", inner=inner, required=said.required)
    if said.item is not None:
        item = replace(_one(replace(said.item, name=said.name), deep + 1), name="")
        return Proposed(said.name, said.name, nested="array", inner=(item,), required=said.required)
    shape, meaning = _leaf(said)
    return Proposed(said.name, said.name, shape, meaning, key=said.key)


def _leaf(said: Said) -> tuple[Shape, Meaning]:
    if said.type is None:
        notes = (f"the schema has {said.strange}, which no type of a contract holds",)
        return Shape(Type("string"), "string", notes=notes), NOTHING
    logical, physical = LOGICAL[said.type.name]
    shape = Shape(
        said.type,
        logical,
        physical=said.type.ddl if said.type.name == "decimal" else physical,
        format=said.format,
        required=said.required,
        most=said.most,
    )
    return shape, meaning_of(said.name, said.type, _NAMED, birth_before=0, seen=False)
