"""Values in Arrow's columns: each by itself, so that two that lie side by side in memory make no third."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.types import plain
from strongroom.proof.wanted import Wanted

_FULL_DAY = pa.date32()


class Leaf(NamedTuple):
    """The values of one path in a batch, flat: those of arrays one behind the other, or a dictionary of all."""

    path: str
    values: pa.Array
    dictionary: bool = False


def leaves(batch: pa.RecordBatch) -> Iterator[Leaf]:
    """All that a batch holds, by path: `address.city`, `tags[]` for the items of an array, `.key` and `.value`."""
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        yield from _leaves(name, array)


def _leaves(path: str, array: pa.Array) -> Iterator[Leaf]:
    kind, types = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaves(path, array.storage)
    elif types.is_dictionary(kind):
        for leaf in _leaves(path, array.dictionary):  # all that stands in it, used or not
            yield leaf._replace(dictionary=True)
    elif types.is_run_end_encoded(kind):
        yield from _leaves(path, array.values)
    elif types.is_struct(kind) or types.is_union(kind):
        for number in range(kind.num_fields):
            yield from _leaves(f"{path}.{kind.field(number).name}", array.field(number))
    elif types.is_map(kind):
        first, last = (array.offsets[0].as_py(), array.offsets[-1].as_py()) if len(array) else (0, 0)
        yield from _leaves(f"{path}.key", array.keys[first:last])
        yield from _leaves(f"{path}.value", array.items[first:last])
    elif types.is_nested(kind):
        yield from _leaves(f"{path}[]", array.flatten())
    else:
        yield Leaf(path, plain(array))


def in_leaf(values: pa.Array, wanted: Wanted, *, named: bool) -> Iterator[tuple[int, str, int]]:
    """Place, form and needle of each value in a flat array.

    Args:
        values: of one type.
        wanted: what is looked for.
        named: whether values too short to be searched are compared here.
    """
    kind, types = values.type, pa.types
    text = buffers.is_text(kind)
    if text or types.is_binary(kind) or types.is_large_binary(kind):
        bounds = buffers.offsets(values)
        yield from _by_bytes(buffers.data(values), bounds - bounds[0], wanted)
    elif types.is_fixed_size_binary(kind):
        width = kind.byte_width
        data = np.frombuffer(values.buffers()[1] or b"", np.uint8)[values.offset * width :][: len(values) * width]
        yield from _by_bytes(data, np.arange(len(values) + 1) * width, wanted)
    for array in (values, values.cast(_FULL_DAY)) if types.is_timestamp(kind) else (values,):
        for compared in wanted.sets(array.type, named=named):
            which = pc.index_in(array, compared.values)
            for at in np.flatnonzero(buffers.valid(which)).tolist():
                yield from ((at, compared.form, needle) for needle in compared.owners[which[at].as_py()])


def _by_bytes(data: np.ndarray, bounds: np.ndarray, wanted: Wanted) -> Iterator[tuple[int, str, int]]:
    for hit in wanted.find(data, bounds):
        yield int(np.searchsorted(bounds, hit.start, "right")) - 1, hit.form, hit.needle
