"""`generalise`: a coarser value that many people share, as text. Just one of these options:

- `bands: {width, min, max}`: numbers in bands of one width, from `min` to below `max`; what lies outside is coded
  together: with width 10, min 20 and max 40, `<20`, `20-29`, `30-39`, `40+`.
- `bands: {edges: [18, 30, 65]}`: `<18`, `18-29`, `30-64`, `65+`.
- `date: month|quarter|year` of a date or timestamp: `2024-03`, `2024-Q1`, `2024`.
- `prefix: n`: the first n characters, and one `*` for whatever follows: `12345` and `123` both give `12*`.

Bands of whole numbers name their last whole number; others name the next edge: `1.5-<3`. NaN is `NaN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.method import Kernel, once_per_value, options_of, wrong

WHOLE = ("tinyint", "smallint", "int", "bigint")
NUMBERS = (*WHOLE, "float", "double", "decimal")
DATES = ("date", "timestamp", "timestamp_ntz")
"""Types of the columns that bands and dates are for; `prefix` is for text."""

MOST_BANDS = 10_000


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    """The function that makes the column's values coarser.

    Raises:
        ConfigError: there is not just one of the options, or it does not fit the column's type.
    """
    options = options_of(column)
    given = [word for word in ("bands", "date", "prefix") if word in options]
    if len(given) != 1:
        raise wrong(column, "generalise needs just one of bands, date, prefix", todo="Keep one of them.")
    if given == ["bands"] and column.type.name in NUMBERS:
        return once_per_value(bands(_edges(column, options["bands"]), whole=column.type.name in WHOLE), column=column)
    if given == ["date"] and column.type.name in DATES and options["date"] in PERIODS:
        return once_per_value(period(str(options["date"])), column=column)
    if given == ["prefix"] and column.type.name == "string" and str(options["prefix"]).isdigit():
        return once_per_value(prefix(int(str(options["prefix"]))), column=column)
    raise wrong(
        column,
        f"generalise by {given[0]} does not fit a column of type {column.type.ddl}",
        todo="bands are for numbers, date (month, quarter, year) for dates and timestamps, prefix (a number) for text.",
    )


def bands(edges: Sequence[Decimal], *, whole: bool) -> Kernel:
    """The function that names the band of each number: below the first edge, between two, or from the last on."""
    names = pa.array([*labels(edges, whole=whole), "NaN"])
    exact = [int(edge) for edge in edges] if whole else [float(edge) for edge in edges]

    def banded(array: pa.Array) -> pa.Array:
        array = plain(array)
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        numbers = array.cast(pa.int64() if whole else pa.float64(), safe=False).fill_null(0).to_numpy()
        places = np.searchsorted(np.array(exact), numbers, side="right")
        places[np.isnan(numbers)] = len(edges) + 1
        return names.take(pa.array(places, mask=~valid))

    return banded


def labels(edges: Sequence[Decimal], *, whole: bool) -> list[str]:
    """The names of the bands, from below the first edge to the last edge and up."""
    names = [f"{edge.normalize():f}" for edge in edges]
    between = [f"{low}-<{high}" for low, high in pairwise(names)]
    if whole:
        between = [f"{low}-{high - 1}" if high - low > 1 else f"{low}" for low, high in pairwise(map(int, edges))]
    return [f"<{names[0]}", *between, f"{names[-1]}+"]


PERIODS = {"month": "%Y-%m", "year": "%Y", "quarter": "%Y-Q"}


def period(word: str) -> Kernel:
    """The function that names the month, quarter or year of each date; timestamps in UTC."""

    def named(array: pa.Array) -> pa.Array:
        array = plain(array)
        if pa.types.is_timestamp(array.type) and array.type.tz:
            array = array.cast(pa.timestamp("us", tz="UTC"))
        text = pc.strftime(array, format=PERIODS[word])
        if word != "quarter":
            return text
        return pc.binary_join_element_wise(text, pc.quarter(array).cast(pa.string()), "")

    return named


def prefix(count: int) -> Kernel:
    """The function that keeps the first characters and hides what follows them, its length too."""

    def cut(array: pa.Array) -> pa.Array:
        array = plain(array)
        rest = pc.if_else(pc.greater(pc.utf8_length(array), count), "*", "")
        return pc.binary_join_element_wise(pc.utf8_slice_codeunits(array, 0, count), rest, "")

    return cut


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.string()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "string"


def _edges(column: Column, bands_option: object) -> tuple[Decimal, ...]:
    """The edges of the bands, rising.

    Raises:
        ConfigError: they are not numbers, do not rise, or are too many.
    """
    todo = "Write bands: {width: 10, min: 20, max: 90} or bands: {edges: [18, 30, 65]}."
    if not isinstance(bands_option, dict):
        raise wrong(column, "bands is not a map", todo=todo)
    try:
        if "edges" in bands_option:
            edges = tuple(Decimal(str(edge)) for edge in bands_option["edges"])
        else:
            low, high, width = (Decimal(str(bands_option[word])) for word in ("min", "max", "width"))
            count = int((high - low) / width) if width > 0 else 0
            edges = tuple(low + width * step for step in range(min(count, MOST_BANDS) + 1))
            edges = edges if edges[-1] == high else ()
    except (KeyError, TypeError, ArithmeticError):
        edges = ()
    if not all(edge.is_finite() for edge in edges):
        edges = ()
    whole = column.type.name not in WHOLE or all(edge == int(edge) for edge in edges)
    if not edges or not whole or any(low >= high for low, high in pairwise(edges)):
        raise wrong(column, "the bands do not make rising edges of the column's type", todo=todo)
    return edges
