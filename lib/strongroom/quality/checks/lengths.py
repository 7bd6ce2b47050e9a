"""Is the text of a fitting length? `minLength` and `maxLength`, in Unicode code points; binary values in bytes."""

from __future__ import annotations

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check, whole


def min_length(argument: object, column: Column) -> Check:
    """Fails where the value is shorter."""
    least, in_bytes = whole(argument), _in_bytes(column)

    def fails(flat: Flat) -> Mask | None:
        # One character has one to four bytes: the byte lengths, which cost nothing, often settle it.
        if flat.bytes.min(initial=4 * least) >= 4 * least:
            return None
        lengths = flat.bytes if in_bytes or least <= 1 else flat.characters
        return buffers.some(flat.given(lengths < least))

    return fails


def max_length(argument: object, column: Column) -> Check:
    """Fails where the value is longer."""
    most, in_bytes = whole(argument), _in_bytes(column)

    def fails(flat: Flat) -> Mask | None:
        if flat.bytes.max(initial=0) <= most:
            return None
        return buffers.some(flat.given((flat.bytes if in_bytes else flat.characters) > most))

    return fails


def _in_bytes(column: Column) -> bool:
    if column.type.name not in ("string", "binary"):
        raise ValueError(f"needs text, and the column is {column.type.ddl}")
    return column.type.name == "binary"
