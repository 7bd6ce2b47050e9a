"""Is there a value? `required` and `missingValues`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.values import value_set


def required(_argument: object, _column: Column) -> Check:
    """Fails where the value is null, but not where the struct around it is null: of nothing, nothing is required."""
    return _null


def missing_values(argument: object, column: Column) -> Check:
    """Fails where the value is one of those that mean "missing"; a null is one of them only if the list has null."""
    if not isinstance(argument, Sequence) or isinstance(argument, str):
        raise ValueError("needs a list of values")
    null, known = None in argument, value_set([value for value in argument if value is not None], column)
    if not len(known):
        return _null if null else lambda _: None

    texts = [value.encode() for value in known.to_pylist()] if pa.types.is_string(known.type) else []
    longest = max(map(len, texts), default=None)

    def listed(values: pa.Array) -> pa.BooleanArray:
        return pc.is_in(buffers.one_zero(values), value_set=known)

    def fails(flat: Flat) -> Mask | None:
        # A text longer than all of the list is none of it; most are.
        anywhere = np.ones(len(flat.values), np.bool_) if longest is None else flat.bytes <= longest
        failed, nulls = flat.among(anywhere, listed), _null(flat) if null else None
        return nulls if failed is None else failed if nulls is None else failed | nulls

    return fails


def _null(flat: Flat) -> Mask | None:
    if flat.valid is None:
        return None
    return buffers.some(~flat.valid if flat.absent is None else ~flat.valid & ~flat.absent)
