"""The contract's types in Arrow's words."""

from __future__ import annotations

import pyarrow as pa

from strongroom.core.contract import Type

SCALARS = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "binary": pa.binary(),
}


def arrow_type(type_: Type) -> pa.DataType:
    """The Arrow type of a column: what Spark hands over for it, timestamps in UTC."""
    if type_.name == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    if type_.name == "struct":
        return pa.struct([pa.field(column.name, arrow_type(column.type)) for column in type_.fields])
    if type_.item is not None:
        return pa.list_(arrow_type(type_.item.type))
    return SCALARS[type_.name]


def type_of(kind: pa.DataType) -> Type:
    """The scalar type in the contract's words; a timestamp of any zone is `timestamp`.

    Raises:
        TypeError: no scalar column of a contract is of this type.
    """
    if pa.types.is_decimal128(kind):
        return Type("decimal", precision=kind.precision, scale=kind.scale)
    if pa.types.is_timestamp(kind) and kind.tz:
        return Type("timestamp")
    plainly = {pa.large_string(): pa.string(), pa.string_view(): pa.string()}
    plainly |= {pa.large_binary(): pa.binary(), pa.binary_view(): pa.binary()}
    for name, scalar in SCALARS.items():
        if scalar == plainly.get(kind, kind):
            return Type(name)
    raise TypeError(f"{kind} is not a type that one key protects: name a scalar column or field")


def plain(array: pa.Array) -> pa.Array:
    """The array without dictionary or view encoding, which the kernels do not read."""
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    if pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    if pa.types.is_binary_view(array.type):
        return array.cast(pa.binary())
    return array
