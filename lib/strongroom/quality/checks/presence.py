"""Is there a value? `required`, and the metrics that count what is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.compute as pc

from strongroom.core.contract import Column
from strongroom.quality import buffers
from strongroom.quality.buffers import Mask
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.values import value_set
from strongroom.quality.flat import Flat


def required(_argument: object, _column: Column) -> Check:
    """Fails where the value is null, but not where the struct around it is null: of nothing, nothing is required."""
    return _null


def missing(argument: object, column: Column) -> Check:
    """Counts a null, and any of the values that mean "missing" (`missingValues` of the metric)."""
    listed = argument.get("missingValues", ()) if isinstance(argument, Mapping) else ()
    known = value_set([value for value in listed if value is not None], column)
    if not len(known):
        return _null

    def fails(flat: Flat) -> Mask | None:
        listed_here = pc.is_in(flat.values, value_set=known)
        return buffers.some(buffers.bools(pc.or_(listed_here, flat.values.is_null())))

    return fails


def _null(flat: Flat) -> Mask | None:
    if flat.valid is None:
        return None
    return buffers.some(~flat.valid if flat.absent is None else ~flat.valid & ~flat.absent)
