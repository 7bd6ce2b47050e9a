"""From the schema of a file or table to columns, as a draft that its rows are read by."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyarrow as pa

from strongroom.core.contract import Column, Type
from strongroom.quality.reading.parquet_types import is_list, plain


def columns_of_schema(
    fields: Iterable[pa.Field], *, uuids: Collection[str] = (), moments: Collection[str] = (), above: str = ""
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """The columns, and by path what no type of a contract holds (such are texts here, and not read).

    Args:
        fields: of a schema.
        uuids: paths in the file of what it says are UUIDs.
        moments: paths of timestamps that are moments, though the schema does not say so.
        above: path of what the fields lie in.
    """
    columns, unread = [], dict[str, str]()
    for field in fields:
        path = f"{above}.{field.name}" if above else field.name
        column, strange = _column(field.name, field.type, path, uuids, moments)
        columns.append(column)
        unread |= strange
    return tuple(columns), unread


def _column(
    name: str, kind: pa.DataType, path: str, uuids: Collection[str], moments: Collection[str]
) -> tuple[Column, dict[str, str]]:
    kind = plain(kind)
    if pa.types.is_struct(kind) and kind.num_fields:
        fields, unread = columns_of_schema(list(kind), uuids=uuids, moments=moments, above=path)
        return Column(name, path, Type("struct", fields=fields)), unread
    if is_list(kind):
        item, unread = _column("item", kind.value_type, f"{path}[]", uuids, moments)
        return Column(name, path, Type("array", item=item)), unread
    type_ = Type("string") if path in uuids else scalar_of(kind)
    if type_ is not None and type_.name == "timestamp_ntz" and path in moments:
        type_ = Type("timestamp")
    unread = {path: str(kind)} if type_ is None else {}
    return Column(name, path, type_ or Type("string")), unread


_BITS = {8: "tinyint", 16: "smallint", 32: "int", 64: "bigint"}


def scalar_of(kind: pa.DataType) -> Type | None:
    """The scalar type that holds every value of Arrow's, or None."""
    of = pa.types
    if of.is_integer(kind):
        bits = kind.bit_width * (1 if of.is_signed_integer(kind) else 2)
        return Type(_BITS[bits]) if bits in _BITS else Type("decimal", precision=20)
    if of.is_decimal(kind):
        fits = kind.precision <= 38 and 0 <= kind.scale <= kind.precision
        return Type("decimal", precision=kind.precision, scale=kind.scale) if fits else None
    if of.is_timestamp(kind):
        return Type("timestamp" if kind.tz else "timestamp_ntz")
    for says, name in (
        (of.is_boolean, "boolean"), (of.is_date, "date"), (of.is_float16, "float"), (of.is_float32, "float"),
        (of.is_float64, "double"), (of.is_string, "string"), (of.is_large_string, "string"),
        (of.is_string_view, "string"), (of.is_time, "string"), (of.is_null, "string"), (of.is_binary, "binary"),
        (of.is_large_binary, "binary"), (of.is_fixed_size_binary, "binary"), (of.is_binary_view, "binary"),
    ):  # fmt: skip
        if says(kind):
            return Type(name)
    return None
