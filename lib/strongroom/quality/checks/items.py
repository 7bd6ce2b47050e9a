"""Are the items of an array as many, and as different, as they should be? `minItems`, `maxItems`, `uniqueItems`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check, whole


def min_items(argument: object, column: Column) -> Check:
    """Fails where an array has fewer items, nulls included; a null array passes."""
    least = whole(_of_array(argument, column))
    return lambda flat: buffers.some(flat.given(buffers.lengths(flat.values) < least))


def max_items(argument: object, column: Column) -> Check:
    """Fails where an array has more items."""
    most = whole(_of_array(argument, column))
    return lambda flat: buffers.some(flat.given(buffers.lengths(flat.values) > most))


def unique_items(argument: object, column: Column) -> Check:
    """Fails where an array has the same item twice; nulls are the same item, and so are structs of the same fields."""
    if argument not in (None, True):
        raise ValueError("is true or is left out")
    _of_array(argument, column)
    if any("[]" in leaf.path.removeprefix(f"{column.path}[]") for leaf in column.leaves()):
        raise ValueError("does not look into arrays of arrays")
    return _repeated


def _of_array(argument: object, column: Column) -> object:
    if column.type.name != "array":
        raise ValueError(f"needs an array, and the column is {column.type.ddl}")
    return argument


def _repeated(flat: Flat) -> Mask | None:
    parents = pc.list_parent_indices(flat.values).to_numpy()
    keys = np.stack([parents, _codes(pc.list_flatten(flat.values))])
    order = np.lexsort(keys[::-1])
    ordered = keys[:, order]
    again = np.zeros(len(flat.values), np.bool_)
    again[ordered[0, 1:][(ordered[:, 1:] == ordered[:, :-1]).all(axis=0)]] = True
    return buffers.some(again)


def _codes(items: pa.Array) -> np.ndarray:
    """A number per item, the same for the same item."""
    if pa.types.is_struct(items.type):
        fields = [_codes(pc.struct_field(items, [place])) for place in range(items.type.num_fields)]
        parts = np.stack([items.is_null().to_numpy(zero_copy_only=False).astype(np.int64), *fields])
        return np.unique(parts, axis=1, return_inverse=True)[1].reshape(-1)
    codes: np.ndarray = buffers.one_zero(items).dictionary_encode().indices.fill_null(-1).to_numpy()
    return codes.astype(np.int64)
