"""Which types of a file can become which types of the contract, and what to write where they cannot.

A pair that stands here is judged value by value: what does not fit breaks `type` in its row, and nothing is rounded.
"""

from __future__ import annotations

import pyarrow as pa

from strongroom.core.contract import Type
from strongroom.quality.reading.numbers import BITS

_CONTRACT = {
    "bool": "logicalType: boolean",
    "float": "logicalType: number, physicalType: float",
    "double": "logicalType: number, physicalType: double",
    "text": "logicalType: string",
    "bytes": "logicalType: string, physicalType: binary",
    "date": "logicalType: date",
    "time": "logicalType: string",
    "struct": "logicalType: object, with its 'properties'",
    "list": "logicalType: array, with its 'items'",
}
_FAMILIES = {
    "string": ("text", "time", "uuid"),
    "binary": ("bytes", "text", "uuid"),
    "boolean": ("bool",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "timestamp_ntz": ("timestamp",),
    "decimal": ("decimal", "whole"),
    "float": ("half", "float", "whole"),
    "double": ("half", "float", "double", "whole"),
    **dict.fromkeys(BITS, ("whole", "decimal")),
}

_LISTS = {
    kind.id for kind in (pa.list_(pa.null()), pa.large_list(pa.null()), pa.list_(pa.null(), 1), pa.list_view(pa.null()),
                         pa.large_list_view(pa.null()))
}  # fmt: skip


def plain(kind: pa.DataType) -> pa.DataType:
    """A type without what only says how it is stored: dictionaries and extensions."""
    while isinstance(kind, pa.BaseExtensionType) or pa.types.is_dictionary(kind):
        kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind.value_type
    return kind


def is_list(kind: pa.DataType) -> bool:
    """Whether a type is one of Arrow's lists, of whatever offsets."""
    return kind.id in _LISTS


def leaves(kind: pa.DataType) -> int:
    """How many of the file's columns hold a type."""
    kind = plain(kind)
    if pa.types.is_struct(kind):
        return sum(leaves(field.type) for field in kind)
    if pa.types.is_map(kind):
        return leaves(kind.key_type) + leaves(kind.item_type)
    return leaves(kind.value_type) if is_list(kind) else 1


def suits(found: pa.DataType, wanted: Type, *, uuid: bool = False, bits: bool = False) -> bool:
    """Whether values of one scalar type can be ones of the other.

    Args:
        found: the file's.
        wanted: the contract's.
        uuid: the file says so of its 16 bytes.
        bits: the contract says that booleans are stored as numbers, 0 and 1.
    """
    if bits and _family(found) in ("whole", "decimal"):
        return True
    return pa.types.is_null(found) or ("uuid" if uuid else _family(found)) in _FAMILIES.get(wanted.name, ())


def _family(found: pa.DataType) -> str:
    of = pa.types
    for name, says in (
        ("whole", of.is_integer), ("decimal", of.is_decimal), ("date", of.is_date), ("timestamp", of.is_timestamp),
        ("time", of.is_time), ("bool", of.is_boolean), ("half", of.is_float16), ("float", of.is_float32),
        ("double", of.is_float64), ("struct", of.is_struct), ("map", of.is_map), ("list", is_list),
    ):  # fmt: skip
        if says(found):
            return name
    if of.is_string(found) or of.is_large_string(found) or of.is_string_view(found):
        return "text"
    sorts = (of.is_binary, of.is_large_binary, of.is_fixed_size_binary, of.is_binary_view)
    return "bytes" if any(says(found) for says in sorts) else ""


def written(found: pa.DataType, *, uuid: bool = False) -> str:
    """A type of the file in words."""
    return "uuid" if uuid else str(found)


def advice(found: pa.DataType, wanted: Type, *, uuid: bool = False) -> str:
    """What to write in the contract, or how to write the file, so that they agree."""
    fragment = _fragment(found, uuid=uuid)
    change = f"Write in the contract {{{fragment}}}" if fragment else "No type of a contract holds this"
    return f"{change}, or write the file with this column as {_in_arrow(wanted)}; method drop leaves it out."


def _fragment(found: pa.DataType, *, uuid: bool) -> str:
    family = "uuid" if uuid else _family(found)
    if family == "whole":
        bits = found.bit_width * (1 if pa.types.is_signed_integer(found) else 2)
        if bits > 64:
            return "logicalType: integer, physicalType: 'decimal(20,0)'"
        return f"logicalType: integer, physicalType: {next(name for name, size in BITS.items() if size >= bits)}"
    if family == "decimal" and found.precision <= 38 and found.scale >= 0:
        return f"logicalType: number, physicalType: 'decimal({found.precision},{found.scale})'"
    if family == "timestamp":
        return f"logicalType: timestamp, physicalType: {'timestamp' if found.tz else 'timestamp_ntz'}"
    return _CONTRACT.get({"uuid": "text", "half": "float"}.get(family, family), "")


def _in_arrow(wanted: Type) -> str:
    if wanted.name == "struct":
        return "a struct of the contract's fields"
    if wanted.name == "array" and wanted.item is not None:
        return f"a list of {wanted.item.type.ddl}"
    return {"timestamp_ntz": "a timestamp", "binary": "bytes", "string": "text"}.get(wanted.name, wanted.ddl)
