"""From `logicalType` and `physicalType` to a type in the words of Spark SQL."""

from __future__ import annotations

import re

from strongroom.core.contract.model import Column, Type
from strongroom.core.contract.physical import MONEY, NESTED, Physical, read_physical, usual_digits
from strongroom.core.contract.values import strptime_format
from strongroom.core.contract.vocabulary import text
from strongroom.core.findings import Findings
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

_MOMENTS = ("date", "timestamp", "timestamp_ntz")
"""What one system holds as a moment, and another as its text."""

_FORMATS = {
    "integer": {"i8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint"},
    "number": {"f32": "float", "f64": "double"},
}


def logical_type(node: Node, system: str = "") -> str | None:
    """The logical type of a property; where it names none, the one that its physical type means in any case."""
    logical = text(node, "logicalType")
    if logical is not None or "logicalType" in node:
        return logical
    physical = read_physical(text(node, "physicalType") or "", system)
    if re.match(r"map\b", physical.name):
        return "map"
    kind = physical.kind
    return "number" if kind == "decimal" else next((word for word, fits in _FITS.items() if kind in fits), None)


def read_type(
    node: Node, findings: Findings, *, system: str = "", fields: tuple[Column, ...] = (), item: Column | None = None
) -> Type:
    """The type of a property; a `string` stands in when a problem was found."""
    logical = logical_type(node, system)
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
    return _scalar(node, logical, findings, system)


def holds_bits(node: Node, type_: Type, system: str) -> bool:
    """Whether a boolean is stored as a number of one digit or bit: 0 or 1."""
    written = read_physical(text(node, "physicalType") or "", system)
    return type_.name == "boolean" and _is_bit(written)


def _is_bit(written: Physical) -> bool:
    one = written.first == 1 and not written.second
    return written.name == "bit" or written.kind == "tinyint" or (written.kind == "decimal" and one)


def is_money(node: Node, type_: Type, system: str) -> bool:
    """Whether what is to be a number is stored as money, which PostgreSQL writes with the sign of a currency."""
    written = read_physical(text(node, "physicalType") or "", system)
    return written.name == "money" and written.kind == "string" and type_.name != "string"


def holds_nested(node: Node, type_: Type, system: str) -> bool:
    """Whether a text may be a value with others inside it: JSON, an array, an object of which nothing is said."""
    written = (text(node, "physicalType") or "").lower()
    name = read_physical(re.split(r"[<(]", written, maxsplit=1)[0], system).name
    closed = logical_type(node, system) in ("object", "array", "map")
    return type_.name == "string" and (closed or name in NESTED or name.endswith("[]"))


def written_length(node: Node) -> int | None:
    """The n of a physical type `varchar(n)` or `char(n)`."""
    return read_physical(text(node, "physicalType") or "").length


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


def _scalar(node: Node, logical: str, findings: Findings, system: str) -> Type:
    by_option = _by_option(node, logical, findings)
    physical = node.get("physicalType")
    usual = Type(by_option or _FITS[logical][0])
    if physical is None or not isinstance(physical.value, str):
        return usual
    written = read_physical(physical.value, system)
    if written.kind == "decimal" and written.kind in _FITS[logical] and not by_option:
        return _decimal(node, written, logical, findings, system)
    if written.slip:
        findings.unknown_name(physical, f"Nobody knows the type {physical.value!r}.", f"Did you mean {written.slip!r}?")
    elif not written.kind:
        findings.note(physical, f"{physical.value!r} says nothing here: read as {usual.name}.")
    elif logical == "boolean" and _is_bit(written):
        findings.note(physical, f"{physical.value!r}: 0 is false, and 1 is true.")
    elif written.kind == "array" and logical == "string":
        findings.note(physical, f"{physical.value!r} is one value, read as text.")
    elif written.name == "money" and logical == "number" and written.kind == "string":
        pass  # a warning, where it is not dropped: see `is_money`
    elif (written.kind == "string" and logical in _MOMENTS) or (logical == "string" and written.kind in _MOMENTS):
        findings.note(physical, f"Stored as {physical.value!r}, and read as {usual.name}.")
    elif written.kind not in _FITS[logical]:
        findings.contradicts(physical, f"{physical.value!r} contradicts the logical type {logical!r}.")
    elif by_option and by_option != written.kind:
        findings.contradicts(
            physical, f"{physical.value!r} contradicts the logicalTypeOptions, which say {by_option!r}."
        )
    else:
        return Type(written.kind)
    return usual


def time_of_day(node: Node, findings: Findings) -> Type:
    """A time of day, which Spark has no type for: text as it stands, of which nothing is asked."""
    findings.note(node.get("logicalType") or node, "A time of day is read as text.")
    options = node.get("logicalTypeOptions")
    if options is not None and options.value:
        findings.not_run(options, "Nothing is asked of a time of day.", "Make it a string with a 'pattern'.")
    return Type("string")


def _decimal(node: Node, written: Physical, logical: str, findings: Findings, system: str) -> Type:
    """A decimal, whose digits stand in the physical type or beside it as custom properties."""
    beside = {name: _beside(node, name, findings) for name in ("precision", "scale")}
    digits = MONEY.get(written.name) or usual_digits(system)
    digits = digits or ((10, 0) if written.name in ("decimal", "dec") else None)
    if written.first is None and beside["precision"] is None and (digits is None or written.name[:3] == "big"):
        usual = _FITS[logical][0]
        findings.note(node["physicalType"], f"{written.name!r} does not tell its digits here: read as {usual}.")
        return Type(usual)
    precision = written.first or beside["precision"] or (digits or (10, 0))[0]
    said = written.first is not None or beside["precision"] is not None
    scale = written.second or (0 if written.first else beside["scale"]) or (0 if said else (digits or (10, 0))[1])
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
    if isinstance(value.value, str) and value.value.isdecimal() and len(value.value) < 3:
        return int(value.value)
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


def _nested(node: Node, type_: Type, findings: Findings) -> Type:
    """An object or array; what its physical type says of what is inside has to be what the properties say."""
    physical = node.get("physicalType")
    if physical is None or not isinstance(physical.value, str):
        return type_
    written = physical.value.strip()
    outer = read_physical(re.split(r"[<(]", written, maxsplit=1)[0])
    inner = "<" in written and outer.kind == type_.name and _spelled(written) != _spelled(type_.ddl)
    if outer.kind not in ("", "string", type_.name) or inner:
        todo = f"Write {type_.name!r}."
        findings.contradicts(physical, f"{physical.value!r} contradicts what the properties say.", todo)
    elif outer.kind != type_.name:
        findings.note(physical, f"{physical.value!r} says nothing here: what is inside stands in the contract.")
    return type_


def _spelled(ddl: str) -> str:
    """A nested type spelled out, with `:` between name and type, and each type in our words."""
    said = re.sub(r"\s*([<>,:])\s*", r"\1", ddl.lower().replace("`", ""))
    said = re.sub(r"(?<=[<,])(\w+) (?=\w)", r"\1:", said)
    return re.sub(r"(?<=[<:,])[^<>:,]+(?=[<>,])", lambda found: read_physical(found[0]).kind or found[0], said)


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
