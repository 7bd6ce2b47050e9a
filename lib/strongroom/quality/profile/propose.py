"""From a tree to the columns of a first contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from strongroom.core.contract import Type
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import StoreError
from strongroom.quality.profile.evidence import shares_of
from strongroom.quality.profile.meaning import Meaning, meaning_of
from strongroom.quality.profile.names import parts_of
from strongroom.quality.profile.proposal import Proposed, safe_names
from strongroom.quality.profile.shape import Shape, shape_of_text, shape_of_typed
from strongroom.quality.profile.tree import Tree

_KEYS = frozenset(
    ("id", "key", "nr", "no", "number", "nummer", "code", "uuid", "guid", "num", "numero", "ref", "sku", "isbn")
)
NOTHING = Meaning("unplaced", "", "", {"method": "drop"}, "Nothing is known of it: decide.")


@dataclass(frozen=True, slots=True)
class Seen:
    """How a tree was seen.

    Args:
        whole: all rows were.
        json: the source is JSON.
        birth_before: as of `meaning_of`.
    """

    whole: bool
    json: bool
    birth_before: int


def columns_of(tree: Tree, seen: Seen) -> tuple[Proposed, ...]:
    """The columns of a tree of rows, one of them the key if one may be."""
    columns = _fields(tree, seen, deep=0)
    key = _key(columns)
    return settled(tuple(replace(column, key=column is key) for column in columns))


def settled(columns: tuple[Proposed, ...]) -> tuple[Proposed, ...]:
    """The columns as one table: a subject at most, and one column at least that leaves.

    Raises:
        StoreError: one has the name that tables have for the tag of their subject.
    """
    if any(column.source.lower() == TAG for column in columns):
        what = f"a column here is called {TAG}, which is what tables call the tag of the data subject"
        raise StoreError(what, todo="Rename it at the source.", code="source.name")
    return _one_that_stays(_one_subject(columns))


def _one_that_stays(columns: tuple[Proposed, ...]) -> tuple[Proposed, ...]:
    """A table needs a column: where all would be left out the first that is read leaves as a token."""
    leaves = [leaf for column in columns for _, leaf in column.leaves()]
    if any(leaf.meaning is not None and leaf.meaning.protect["method"] != "drop" for leaf in leaves):
        return columns
    read = [leaf for leaf in leaves if leaf.meaning is not NOTHING]
    if not read:
        return (
            *columns,
            replace(_placeholder("nothing"), meaning=replace(NOTHING, protect={"method": "hash"}, ask=_STAYS)),
        )
    return tuple(_hashed(column, read[0]) for column in columns)


_STAYS = "All others are left out, and a table needs a column: which should stay?"


def _hashed(column: Proposed, leaf: Proposed) -> Proposed:
    if column is leaf and column.meaning is not None:
        return replace(column, meaning=replace(column.meaning, protect={"method": "hash"}, ask=_STAYS))
    return replace(column, inner=tuple(_hashed(inner, leaf) for inner in column.inner))


def _one_subject(columns: tuple[Proposed, ...]) -> tuple[Proposed, ...]:
    """Only the first person of a row is its subject, and only at the top."""
    found = False
    result = []
    for column in columns:
        meaning = column.meaning
        if meaning is not None and meaning.subject:
            column = replace(column, meaning=replace(meaning, subject=not found))
            found = True
        elif column.nested:
            column = replace(column, inner=tuple(map(_no_subject, column.inner)))
        result.append(column)
    return tuple(result)


def _no_subject(column: Proposed) -> Proposed:
    meaning = replace(column.meaning, subject=False) if column.meaning is not None else None
    return replace(column, meaning=meaning, inner=tuple(map(_no_subject, column.inner)))


def _key(columns: Sequence[Proposed]) -> Proposed | None:
    """The first column whose values are all different and there, and whose name says a number of something."""
    for column in columns:
        shape = column.shape
        if shape is not None and shape.all_different and shape.required and _KEYS & {*parts_of(column.source)}:
            return column
    return None


def _fields(tree: Tree, seen: Seen, *, deep: int) -> tuple[Proposed, ...]:
    names = safe_names(tree.fields)
    return tuple(
        _column(inner, name=name, source=source, seen=seen, deep=deep + 1)
        for name, (source, inner) in zip(names, tree.fields.items(), strict=True)
    )


def _column(tree: Tree, *, name: str, source: str, seen: Seen, deep: int) -> Proposed:
    if deep > DEEPEST and (tree.objects or tree.arrays):
        return too_deep(name, source)
    forms = [form for form, times in _FORMS.items() if getattr(tree, times)]
    if len(forms) > 1:
        note = f"{' and '.join(forms)} stand here, which no one type holds: nothing of it is read"
        return Proposed(name, source, Shape(Type("string"), "string", notes=(note,)), NOTHING)
    required = tree.rows > 0 and tree.nulls == 0
    if tree.objects:
        inner = _fields(tree, seen, deep=deep) or (_placeholder("empty"),)
        return Proposed(name, source, nested="object", inner=inner, required=required)
    if tree.arrays and tree.item is not None:
        item = _column(tree.item, name="", source=source, seen=seen, deep=deep + 1)
        return Proposed(name, source, nested="array", inner=(item,), required=required)
    shape, meaning = _leaf(tree, source, seen)
    return Proposed(name, source, shape, meaning, shares=shares_of(source, tree.tally))


DEEPEST = 20
"""Objects and arrays within each other that a contract says."""


def too_deep(name: str, source: str) -> Proposed:
    """What lies deeper than a contract says: nothing of it is read."""
    note = f"more than {DEEPEST} objects or arrays within each other: nothing of it is read"
    return Proposed(name, source, Shape(Type("string"), "string", notes=(note,)), NOTHING)


_FORMS = {"objects": "objects", "arrays": "arrays", "single values": "values"}


def _placeholder(name: str) -> Proposed:
    """What is in no row: an object needs a field, and a table a column."""
    shape = Shape(Type("string"), "string", notes=("nothing else was there to be read: this is in no row",))
    return Proposed(name, name, shape, NOTHING)


def _leaf(tree: Tree, source: str, seen: Seen) -> tuple[Shape, Meaning]:
    tally = tree.tally
    if tree.unread:
        shape = Shape(
            Type("string"), "string", notes=(f"the source has {tree.unread}, which no type of a contract holds",)
        )
        return shape, NOTHING
    if tree.type is None:
        shape = shape_of_text(tally, whole=seen.whole, json=seen.json)
    else:
        shape = shape_of_typed(tally, tree.type, whole=seen.whole)
    meaning = meaning_of(source, shape.type, tally, birth_before=seen.birth_before)
    return shape, meaning
