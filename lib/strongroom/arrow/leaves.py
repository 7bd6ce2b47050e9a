"""Any column or nested field of a batch as one flat array, and the way back from its values to the rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.core.contract import Column, Contract

Steps = tuple[int | None, ...]
"""The way to a field: the number of the column, then numbers of struct fields; None goes into an array's items."""


class Flat:
    """The values of one path in one batch; what is asked more than once is computed once.

    Args:
        values: the values; of a path inside arrays, those of all rows one after another.
        parents: the row of each value, or None when value i belongs to row i.
        absent: where the struct around the value is null, so that there is nothing to require; None for nowhere.
        rows: how many rows the batch has.
    """

    def __init__(self, values: pa.Array, *, parents: np.ndarray | None, absent: Mask | None, rows: int) -> None:
        self.values, self.parents, self.absent, self.rows = values, parents, absent, rows

    @functools.cached_property
    def valid(self) -> Mask | None:
        """Where a value is not null, or None when none is."""
        return buffers.valid(self.values) if self.values.null_count else None

    @functools.cached_property
    def ascii_only(self) -> bool:
        """Whether characters are bytes here."""
        return buffers.is_ascii(self.values)

    @functools.cached_property
    def bytes(self) -> np.ndarray:
        """Length of each value in bytes."""
        return buffers.lengths(self.values)

    @functools.cached_property
    def characters(self) -> np.ndarray:
        """Length of each value in Unicode code points."""
        return self.bytes if self.ascii_only else buffers.char_lengths(self.values)

    @functools.cached_property
    def words(self) -> pa.DictionaryArray:
        """The values as places in a dictionary, for columns of few different ones."""
        return buffers.one_zero(self.values).dictionary_encode()

    def first_in(self, table: Mask) -> Mask:
        """Whether the first byte of a text is in a table of 256; an empty text has none. Anything for a null."""
        starts, characters = buffers.offsets(self.values)[:-1], buffers.data(self.values)
        if not len(characters):
            return np.zeros(len(self.values), np.bool_)
        first = characters[np.minimum(starts - starts[0], len(characters) - 1)]
        known: Mask = table[first] & (self.bytes > 0)
        return known

    def among(self, places: Mask, fails: Callable[[pa.Array], pa.BooleanArray]) -> Mask | None:
        """Which values at these places fail; a kernel that costs something sees no others, and no nulls."""
        chosen = np.nonzero(self.given(places))[0]
        if not len(chosen):
            return None
        everything = len(chosen) == len(self.values)
        found = buffers.bools(fails(self.values if everything else self.values.take(pa.array(chosen))))
        if everything or not found.any():
            return buffers.some(found)
        failed = np.zeros(len(self.values), np.bool_)
        failed[chosen] = found
        return failed

    def given(self, mask: Mask) -> Mask:
        """The mask without the nulls."""
        return mask if self.valid is None else mask & self.valid

    def to_rows(self, mask: Mask) -> Mask:
        """Which rows have a value in the mask."""
        if self.parents is None:
            return mask
        rows = np.zeros(self.rows, np.bool_)
        rows[self.parents[mask]] = True
        return rows


class Leaves:
    """One typed batch, its fields by path."""

    def __init__(self, batch: pa.RecordBatch, steps: dict[str, Steps]) -> None:
        self.batch, self._steps, self._flat = batch, steps, dict[str, Flat]()

    def __getitem__(self, path: str) -> Flat:
        if path not in self._flat:
            self._flat[path] = self._follow(self._steps[path])
        return self._flat[path]

    def _follow(self, steps: Steps) -> Flat:
        values, parents, absent = self.batch.column(steps[0]), None, None
        for step in steps[1:]:
            if step is None:
                items = pc.list_parent_indices(values).to_numpy()
                parents = items if parents is None else parents[items]
                values, absent = pc.list_flatten(values), None
            else:
                absent = ~buffers.valid(values) if values.null_count else None
                values = pc.struct_field(values, [step])
        return Flat(values, parents=parents, absent=absent, rows=self.batch.num_rows)


def steps_of(contract: Contract) -> dict[str, Steps]:
    """The way to every column, field and item of a contract, by path."""
    return steps_in(contract.columns)


def steps_in(columns: Sequence[Column]) -> dict[str, Steps]:
    """The same for the columns of a batch, in its order."""
    return {column.path: steps for place, top in enumerate(columns) for column, steps in _walk(top, (place,))}


def every(contract: Contract) -> dict[str, Column]:
    """Every column, field and item of a contract by path, the structs and arrays too."""
    return {column.path: column for top in contract.columns for column, _ in _walk(top, ())}


def _walk(column: Column, steps: Steps) -> Iterator[tuple[Column, Steps]]:
    yield column, steps
    for place, field in enumerate(column.type.fields):
        yield from _walk(field, (*steps, place))
    if column.type.item is not None:
        yield from _walk(column.type.item, (*steps, None))


def put_back(batch: pa.RecordBatch, steps: Steps, values: pa.Array) -> pa.RecordBatch:
    """The batch with other values in a leaf, those of `Leaves` one by one; nulls around them stay."""
    place = steps[0]
    array = _with(batch.column(place), steps[1:], values)
    return batch.set_column(place, batch.schema.field(place).with_type(array.type), array)


def _with(array: pa.Array, steps: Steps, values: pa.Array) -> pa.Array:
    if not steps:
        return values
    mask = array.is_null() if array.null_count else None
    if steps[0] is None:
        ends = np.zeros(len(array) + 1, np.int32)
        np.cumsum(pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False), out=ends[1:])
        items = _with(pc.list_flatten(array), steps[1:], values)
        kind = pa.list_(array.type.value_field.with_type(items.type))
        return pa.ListArray.from_arrays(pa.array(ends), items, type=kind, mask=mask)
    inner = [pc.struct_field(array, [number]) for number in range(array.type.num_fields)]
    inner[steps[0]] = _with(inner[steps[0]], steps[1:], values)
    fields = [array.type.field(number).with_type(one.type) for number, one in enumerate(inner)]
    return pa.StructArray.from_arrays(inner, fields=fields, mask=mask)
