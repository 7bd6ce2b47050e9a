"""What is seen of records, however deep: a tally for each leaf, and how often each place holds what.

The same tree is made of columns (CSV, Parquet, Delta) and of parsed JSON; trees of parts merge in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.core.contract import Column, Type
from strongroom.core.errors import StoreError
from strongroom.quality.profile import entities
from strongroom.quality.profile.names import label_of
from strongroom.quality.profile.tally import Tally, tally_typed
from strongroom.quality.profile.text_tally import tally_text
from strongroom.quality.reading.json_strict import Fraction, Whole
from strongroom.text.cells import name_persons

MOST_NAMES = 2_000
"""Names of one object: more are values that stand where names should."""
_BEYOND = "days or moments beyond microseconds or the years 1 to 9999"


@dataclass(frozen=True, slots=True)
class Tree:
    """What is seen at one place.

    Args:
        rows: how often there was such a place.
        nulls: how often it was empty.
        objects: how often it held an object.
        arrays: how often it held an array.
        tally: of the single values.
        fields: of the objects, by the source's names, in the order in which they came.
        item: of the arrays.
        type: of single values, where the source says it.
        unread: a type of the source that no contract has a word for.
    """

    rows: int = 0
    nulls: int = 0
    objects: int = 0
    arrays: int = 0
    tally: Tally = field(default_factory=Tally)
    fields: Mapping[str, Tree] = field(default_factory=dict)
    item: Tree | None = None
    type: Type | None = None
    unread: str = ""

    def merge(self, other: Tree) -> Tree:
        """Both parts together; who has not got a field had nothing there."""
        names = list(dict.fromkeys((*self.fields, *other.fields)))
        _check_names(names)
        fields = {
            name: _filled(self.fields.get(name), self.objects).merge(_filled(other.fields.get(name), other.objects))
            for name in names
        }
        item = self.item.merge(other.item) if self.item and other.item else self.item or other.item
        return Tree(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            objects=self.objects + other.objects,
            arrays=self.arrays + other.arrays,
            tally=self.tally.merge(other.tally),
            fields=fields,
            item=item,
            type=wider(self.type, other.type),
            unread=self.unread or other.unread,
        )

    @property
    def values(self) -> int:
        """How often it held a single value."""
        return self.rows - self.nulls - self.objects - self.arrays

    def leaves(self) -> Iterator[Tree]:
        """Every place that holds single values."""
        if self.values or not (self.fields or self.item):
            yield self
        for inner in (*self.fields.values(), *((self.item,) if self.item else ())):
            yield from inner.leaves()


def _filled(tree: Tree | None, places: int) -> Tree:
    return tree or Tree(rows=places, nulls=places, tally=Tally(rows=places, nulls=places))


def _check_names(names: Sequence[str]) -> None:
    """Names must be names: what stands there is written into the contract.

    Raises:
        StoreError: there are too many, or some are values of persons.
    """
    if len(names) > MOST_NAMES or _name_persons(tuple(names)):
        what = "the names of an object here are values (too many, or such as name persons)"
        raise StoreError(what, todo="Write it as an array of objects: {name, value}.", code="source.type")


@lru_cache(maxsize=64)
def _name_persons(names: tuple[str, ...]) -> bool:
    return name_persons(names, strict=False)


def wider(one: Type | None, other: Type | None) -> Type | None:
    """The type that holds both; a text where nothing else does."""
    if one is None or other is None or one == other:
        return other if one is None else one
    whole = ("tinyint", "smallint", "int", "bigint")
    if one.name in whole and other.name in whole:
        return max(one, other, key=lambda type_: whole.index(type_.name))
    if {one.name, other.name} <= {"float", "double"}:
        return Type("double")
    if one.name == other.name == "decimal":
        scale = max(one.scale, other.scale)
        return Type("decimal", max(one.precision - one.scale, other.precision - other.scale) + scale, scale)
    return Type("string")


def tree_of_batch(batch: pa.RecordBatch, columns: Sequence[Column], prior: Tree) -> Tree:
    """The tree of some rows.

    Args:
        batch: rows by the columns' names.
        columns: of the draft that they were read by; leaves are text or typed.
        prior: of what came before, which tells what need not be looked for any more.
    """
    fields = {
        column.name: _of_array(array, column, prior.fields.get(column.name), label_of(column.name))
        for column, array in zip(columns, batch.columns, strict=True)
    }
    return Tree(rows=batch.num_rows, objects=batch.num_rows, fields=fields)


def _of_array(array: pa.Array, column: Column, prior: Tree | None, label: str) -> Tree:
    there = array.drop_null() if array.null_count else array
    rows, nulls = len(array), len(array) - len(there)
    before = prior.fields if prior is not None else {}
    if column.type.fields:
        fields = {
            field.name: _of_array(inner, field, before.get(field.name), label_of(field.name))
            for field, inner in zip(column.type.fields, there.flatten(), strict=True)
        }
        return Tree(rows, nulls, objects=len(there), fields=fields)
    if column.type.item is not None:
        item = _of_array(there.flatten(), column.type.item, prior.item if prior is not None else None, label)
        return Tree(rows, nulls, arrays=len(there), item=item)
    if pa.types.is_large_string(array.type) and column.type.name != "string":
        return Tree(rows, nulls, tally=Tally(rows, nulls, given=rows - nulls, few=None, keys=None), unread=_BEYOND)
    earlier = prior.tally if prior is not None else None
    if buffers.is_text(array.type):
        text = array.cast(pa.string()) if pa.types.is_large_string(array.type) else array
        return Tree(rows, nulls, tally=tally_text(text, prior=earlier, label=label))
    tally = tally_typed(array)
    if pa.types.is_integer(array.type) and len(there):
        tally = replace(tally, found={**tally.found, **_integers(there, tally, earlier, label)})
    return Tree(rows, nulls, tally=tally)


def _integers(there: pa.Array, tally: Tally, earlier: Tally | None, label: str) -> Mapping[str, int]:
    """What numbers are that a source holds as such: those of five digits at most are of no sort."""
    low, high = tally.ends["typed"]
    if max(-low, high) < _SHORT:
        return {}
    counted = pc.value_counts(there)
    counts = counted.field("counts").to_numpy(zero_copy_only=False)
    looked = earlier.found.get("looked", 0) if earlier is not None else 0
    return entities.count(counted.field("values").cast(pa.string()), counts, label=label, looked=looked)


_SHORT = 10**5


def tree_of_records(records: Sequence[Any], prior: Tree | None = None, label: str = "") -> Tree:
    """The tree of parsed JSON: objects as `json_strict.parse(…, apart=True)` gives them.

    Args:
        records: what stands at one place.
        prior: of what came before.
        label: what the name of the place says, as a word before a value.
    """
    objects = [value for value in records if isinstance(value, dict)]
    arrays = [value for value in records if isinstance(value, list)]
    texts, numbers, words = list[str](), list[str](), list[str]()
    for value in records:
        if isinstance(value, Whole | Fraction):
            numbers.append(value)
        elif isinstance(value, str):
            texts.append(value)
        elif isinstance(value, bool):
            words.append("true" if value else "false")
    nulls = len(records) - len(objects) - len(arrays) - len(texts) - len(numbers) - len(words)
    earlier = prior.tally if prior is not None else None
    tally = Tally(rows=nulls, nulls=nulls)
    for some, tokens in ((texts, "text"), (numbers, "number"), (words, "boolean")):
        if some:
            tally = tally.merge(tally_text(pa.array(some, pa.string()), prior=earlier, tokens=tokens, label=label))
    names = list(dict.fromkeys(chain.from_iterable(objects)))
    _check_names(names)
    before = prior.fields if prior is not None else {}
    fields = {
        name: tree_of_records([each.get(name) for each in objects], before.get(name), label_of(name)) for name in names
    }
    items = [item for array in arrays for item in array]
    item = tree_of_records(items, prior.item if prior is not None else None, label) if arrays else None
    return Tree(len(records), nulls, len(objects), len(arrays), tally, fields, item)


def with_types(tree: Tree, columns: Sequence[Column], unread: Mapping[str, str]) -> Tree:
    """The tree with the types that the source says, by the paths of its leaves."""
    fields = {
        column.name: _typed(tree.fields[column.name], column, unread)
        for column in columns
        if column.name in tree.fields
    }
    return replace(tree, fields=fields)


def _typed(tree: Tree, column: Column, unread: Mapping[str, str]) -> Tree:
    if column.type.fields:
        return with_types(tree, column.type.fields, unread)
    if column.type.item is not None:
        return replace(tree, item=_typed(tree.item, column.type.item, unread) if tree.item else None)
    return replace(tree, type=column.type, unread=unread.get(column.path, "") or tree.unread)
