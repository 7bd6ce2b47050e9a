"""From `logicalType` and `physicalType` to a type in the words of Spark SQL."""

from __future__ import annotations

import re

from strongroom.core.contract.model import Column, Type
from strongroom.core.contract.values import strptime_format
from strongroom.core.contract.vocabulary import text
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_FITS = {
    "string": ("string", "binary"),
    "integer": ("bigint", "int", "smallint", "tinyint", "decimal"),
    "number": ("double", "float", "decimal", "bigint", "int", "smallint", "tinyint"),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": ("timestamp", "timestamp_ntz"),
    "object": ("struct",),
    "array": ("array",),
}
"""Logical type → the types it may have in Spark, the default first."""

_PHYSICAL = {name: name for fits in _FITS.values() for name in fits} | {
    "varchar": "string",
    "char": "string",
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "real": "float",
    "dec": "decimal",
    "numeric": "decimal",
    "timestamp_ltz": "timestamp",
    # in SQL
    "double precision": "double",
    "character varying": "string",
    "character": "string",
    "timestamp with time zone": "timestamp",
    "timestamp without time zone": "timestamp_ntz",
    # in Parquet
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
}
"""Names and synonyms → ours: of Spark SQL (https://spark.apache.org/docs/4.1.0/sql-ref-datatypes.html), and of others
where they mean one thing only."""
_TEXTS = ("varchar", "char", "character varying", "character")

_FORMATS = {
    "integer": {"i8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint"},
    "number": {"f32": "float", "f64": "double"},
}
_WRITTEN = re.compile(r"([a-z_]+[0-9]*(?: [a-z]+)*)\s*(?:\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\))?")


def read_type(node: Node, findings: Findings, *, fields: tuple[Column, ...] = (), item: Column | None = None) -> Type:
    """The type of a property; a `string` stands in when a problem was found."""
    logical = text(node, "logicalType")
    if logical is None:
        if "logicalType" not in node:
            findings.missing(node, "'logicalType' is missing.", f"One of: {', '.join(_FITS)}.")
        return Type("string")
    if logical not in _FITS:
        if logical in ("time", "map", "vector"):
            findings.not_run(node["logicalType"], f"The type {logical!r} is not run.", "Use string, object or array.")
        return Type("string")
    if logical == "object":
        return _nested(node, Type("struct", fields=fields), findings)
    if logical == "array":
        return _nested(node, Type("array", item=item), findings) if item else Type("string")
    return _scalar(node, logical, findings)


def written_length(node: Node) -> int | None:
    """The n of a physical type `varchar(n)` or `char(n)`."""
    written = _WRITTEN.fullmatch((text(node, "physicalType") or "").strip().lower())
    return int(written[2]) if written and written[1] in _TEXTS and written[2] else None


def read_format(node: Node, type_: Type, findings: Findings) -> str:
    """The format of a date or timestamp in strptime's words, or an empty text."""
    options = node.get("logicalTypeOptions")
    pattern = text(options, "format") if options else None
    if options is None or pattern is None or type_.name not in ("date", "timestamp", "timestamp_ntz"):
        return ""
    format_ = strptime_format(pattern)
    if not format_:
        findings.add(
            options["format"],
            "This date format cannot be read.",
            "Use yyyy, MM, dd, HH, mm, ss, SSS and XXX.",
            "date-format",
        )
    return format_


def _scalar(node: Node, logical: str, findings: Findings) -> Type:
    by_option = _by_option(node, logical, findings)
    physical = node.get("physicalType")
    if physical is None or not isinstance(physical.value, str):
        return Type(by_option or _FITS[logical][0])
    written = _WRITTEN.fullmatch(physical.value.strip().lower())
    name = _PHYSICAL.get(written[1], "") if written else ""
    if written is None or not name:
        near = did_you_mean(written[1] if written else physical.value, _PHYSICAL)
        findings.unknown_name(physical, f"{physical.value!r} is no type of Spark SQL.", near)
    elif name not in _FITS[logical]:
        findings.contradicts(physical, f"{physical.value!r} contradicts the logical type {logical!r}.")
    elif by_option and by_option != name:
        findings.contradicts(
            physical, f"{physical.value!r} contradicts the logicalTypeOptions, which say {by_option!r}."
        )
    elif name == "decimal":
        return _decimal(node, written, logical, findings)
    elif written[2] and written[1] not in _TEXTS:
        findings.add(physical, f"{physical.value!r}: only decimal, varchar and char have a length.", kind="misfit")
    elif written[3]:
        findings.add(physical, f"{physical.value!r} has one length.", kind="misfit")
    else:
        return Type(name)
    return Type(_FITS[logical][0])


def _decimal(node: Node, written: re.Match[str], logical: str, findings: Findings) -> Type:
    """A decimal, whose digits stand in the physical type or beside it as custom properties."""
    beside = {name: _beside(node, name, findings) for name in ("precision", "scale")}
    precision = int(written[2] or beside["precision"] or 10)
    scale = int(written[3] or (0 if written[2] else beside["scale"]) or 0)
    if any(value not in (None, mine) for value, mine in zip(beside.values(), (precision, scale), strict=True)):
        findings.contradicts(
            node["customProperties"], "'precision' and 'scale' contradict the physical type.", "Say it once."
        )
    node = node["physicalType"]
    if not 1 <= precision <= 38 or scale > precision:
        findings.add(node, "A decimal has 1 to 38 digits, and not more of them after the point.", kind="misfit")
    elif logical == "integer" and scale:
        findings.contradicts(node, f"{node.value!r} contradicts the logical type 'integer'.")
    return Type("decimal", precision=precision, scale=scale)


def _beside(node: Node, name: str, findings: Findings) -> int | None:
    """The whole number that a custom property gives."""
    entries = node["customProperties"].items if "customProperties" in node else ()
    value = next((entry.get("value") for entry in entries if text(entry, "property") == name), None)
    if value is None:
        return None
    if not isinstance(value.value, int) or isinstance(value.value, bool):
        findings.wrong_type(value, f"{name!r} is a whole number.", "It tells the digits of a decimal.")
        return None
    return value.value


def _by_option(node: Node, logical: str, findings: Findings) -> str:
    """The type that `logicalTypeOptions` asks for, or an empty text."""
    options = node.get("logicalTypeOptions")
    if options is None:
        return ""
    if logical == "timestamp":
        zone = options.get("timezone")
        if zone is not None and zone.value is not True and re.search(r"[XxZzVO]", _unquoted(text(options, "format"))):
            findings.add(
                options["format"],
                "A time without a zone has a zone in its format.",
                "Say timezone: true.",
                "date-format",
            )
        return "" if zone is None else "timestamp" if zone.value is True else "timestamp_ntz"
    format_, known = text(options, "format"), _FORMATS.get(logical, {})
    if known and format_ is not None and format_ not in known:
        findings.not_run(options["format"], f"The format {format_!r} is not run.", f"Known: {', '.join(known)}.")
    return known.get(format_ or "", "")


def _unquoted(format_: str | None) -> str:
    """A date format without what it takes literally."""
    return re.sub(r"'[^']*'", "", format_ or "")


_NESTED = {"array": ("list",), "struct": ("object", "record")}
"""What other systems call them; Parquet says LIST."""


def _nested(node: Node, type_: Type, findings: Findings) -> Type:
    physical = node.get("physicalType")
    if physical is not None and isinstance(physical.value, str):
        written = physical.value.strip().lower()
        if written not in (type_.name, *_NESTED[type_.name]) and _plain(written) != _plain(type_.ddl):
            findings.contradicts(
                physical, f"{physical.value!r} contradicts what the properties say.", f"Write {type_.name!r}."
            )
    return type_


def _plain(ddl: str) -> str:
    return re.sub(r"[\s`]", "", ddl).lower()


DECIMAL = (".", ",")
THOUSANDS = (".", ",", " ", "'", "\u2019", "\u00a0", "\u202f")
"""Signs that somebody writes between whole and fraction, and between thousands: the apostrophe, typed or set, and the
blank, breaking or not, wide or narrow, are both."""
_WHOLE, _BROKEN = ("tinyint", "smallint", "int", "bigint"), ("float", "double", "decimal")


def number_signs(read: Node, type_: Type, findings: Findings) -> dict[str, str]:
    """`decimal` and `thousands` of a column's `read`, as words of `Read`."""
    signs = {"decimal": ".", "thousands": ""}
    for name, known, kinds in (("decimal", DECIMAL, _BROKEN), ("thousands", THOUSANDS, (*_WHOLE, *_BROKEN))):
        child = read.get(name)
        if child is None:
            continue
        if child.value not in known:
            findings.unknown_name(child, f"{name!r} is one of {' '.join(map(repr, known))}.", "Put it in quotes.")
        elif type_.name not in kinds:
            findings.misfit(child, f"{name!r} does not fit {type_.name}.", f"It wants one of {', '.join(kinds)}.")
        else:
            signs[name] = child.value
    if signs["decimal"] == signs["thousands"]:
        findings.contradicts(read["thousands"], f"{signs['decimal']!r} would be both signs.", "Say 'decimal' as well.")
    return signs
