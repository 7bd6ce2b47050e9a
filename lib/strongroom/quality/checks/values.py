"""Is it one of the listed values? `validValues`; text is compared as it is, case and blanks included."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check
from strongroom.quality.reading.columns import arrow_type


def valid_values(argument: object, column: Column) -> Check:
    """Fails where the value is none of the list."""
    if not isinstance(argument, Sequence) or isinstance(argument, str):
        raise ValueError("needs a list of values")
    known = value_set([value for value in argument if value is not None], column)

    def fails(flat: Flat) -> Mask | None:
        # A column with valid values has few different ones: its dictionary is judged, and shared with the tally.
        allowed = pc.is_in(flat.words.dictionary, value_set=known)
        if pc.all(allowed, min_count=0).as_py():
            return None
        wrong = np.append(~buffers.bools(allowed), False)
        return buffers.some(wrong[flat.words.indices.fill_null(-1).to_numpy()])

    return fails


def value_set(listed: Sequence[object], column: Column) -> pa.Array:
    """Values of a contract in the column's Arrow type.

    Raises:
        ValueError: a value is not of that type; the message has its place in the list.
    """
    kind = arrow_type(column.type)
    try:
        return buffers.one_zero(pa.array([literal(value, column) for value in listed], kind))
    except (pa.ArrowException, ArithmeticError, TypeError) as error:
        raise ValueError(f"has a value that is no {column.type.ddl}") from error


def literal(value: object, column: Column) -> object:
    """One value of a contract as Python holds the column's type; moments may still be text, as ISO 8601 writes them.

    Raises:
        ValueError: it is not of that type.
    """
    name = column.type.name
    if name == "date" and isinstance(value, str):
        return datetime.date.fromisoformat(value)
    if name.startswith("timestamp"):
        moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime.datetime) or (name == "timestamp_ntz" and moment.tzinfo):
            raise ValueError(f"has a value that is no {name}")
        return moment if name == "timestamp_ntz" or moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    fits: tuple[type, ...] = _FITS.get(name, (int, float, Decimal))
    if name in ("binary", "struct", "array") or type(value) not in fits:
        raise ValueError(f"has a value that is no {column.type.ddl}")
    if name == "decimal":
        return Decimal(str(value))
    return float(str(value)) if name in ("float", "double") else value


_FITS = {"string": (str,), "boolean": (bool,), "date": (datetime.date,)}
