"""What becomes of a table when its contract has changed: columns it gains, columns that get wider, and what cannot be.

Decided from the columns alone, before anything is read. What can be done loses no row and changes no value; what that
means for each kind of column: docs/contract.md, "When a contract changes".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from strongroom.arrow.types import type_of
from strongroom.core.contract import Column, Contract
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import preparing
from strongroom.flows.foundation.table_plans import MADE, made_of
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.stores.table_plan import plain_type

NEW, WIDER, LOOSE, SEALED = "new", "wider", "loose", "sealed"
"""Changes that can be: a column or field more; a type that holds more; null may be; the same of encrypted values."""
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_DIGITS = {"int8": 3, "int16": 5, "int32": 10, "int64": 19}
"""Digits that hold every value of a whole number."""
_EXACT = ("int8", "int16", "int32")
"""Whole numbers of which a double holds every one."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """What is to be done to a table.

    Args:
        schema: its columns afterwards: those it has, in its order, then the new ones.
        changes: path of a column or field → NEW, WIDER, LOOSE or SEALED.
        former: of SEALED ones, the type that their values have now.
    """

    schema: pa.Schema
    changes: Mapping[str, str] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)

    @property
    def rewritten(self) -> tuple[str, ...]:
        """Columns for whose sake every file is written anew."""
        return tuple(path for path, change in self.changes.items() if change in (WIDER, SEALED))

    @property
    def added(self) -> tuple[str, ...]:
        """Columns and fields that only the table's schema gains, and those that may be null from now on."""
        return tuple(path for path, change in self.changes.items() if change in (NEW, LOOSE))


def evolution(table: pa.Schema, plan: pa.Schema, contract: Contract, *, same: bool) -> Evolution:
    """What brings a table to a contract.

    Args:
        table: its columns.
        plan: what `tables.training` says of the contract's.
        contract: it.
        same: the table says that it was made by this very contract, so that what it does not say has not changed.

    Raises:
        ConfigError: what cannot be, all of it, each with its reason.
    """
    changes, former, problems = dict[str, str](), dict[str, str](), list[Problem]()
    columns = {column.name: column for column in contract.columns}
    for path, change in _changes(table, plan, columns, same=same):
        column = columns.get(path.partition(".")[0].removesuffix("[]"))
        kind, _, type_ = change.partition(" as ")
        if kind in (NEW, WIDER, LOOSE, SEALED):
            changes[path] = kind
            former |= {path: type_} if type_ else {}
        else:
            where = contract.file if column is None else f"{contract.file}:{column.line}"
            todo = f"Leave it as it was, or make all rows anew: {preparing(contract.name, mode='overwrite')}."
            problems.append(Problem(f"column {path!r} {change}", where, todo, "contract.change"))
    if problems:
        raise ConfigError(problems)
    kept = [plan.field(name).with_nullable(table.field(name).nullable or plan.field(name).nullable)
            for name in table.names]  # fmt: skip
    return Evolution(pa.schema([*kept, *(plan.field(n) for n in plan.names if n not in table.names)]), changes, former)


def _changes(
    table: pa.Schema, plan: pa.Schema, columns: Mapping[str, Column], *, same: bool
) -> Iterator[tuple[str, str]]:
    """Path and change of all that differs; a change that cannot be is a sentence about the column."""
    for name in table.names:
        if name not in plan.names:
            yield name, "is in the table, and the contract takes it from readers"
            continue
        old, new = table.field(name), plan.field(name)
        types = list(_types(name, plain_type(old.type), new.type))
        if types and name in row_keys_of(columns.values()) and not _same_text(plain_type(old.type), new.type):
            types = [
                (name, f"is a row key and {_word(old.type)} in the table: as {_word(new.type)} it would open no value")
            ]
        yield from types
        if new.nullable and not old.nullable:
            yield name, LOOSE
        if name == TAG and _noted(old) != _noted(new):
            yield name, "is the tag of another column, or within another domain, in the rows that are there"
        elif not types and name in columns:
            yield from _leaves(columns[name], _noted(old), same=same)
    for name in plan.names:
        if name not in table.names:
            yield (
                name,
                NEW if plan.field(name).nullable else "is new and required, and the rows that are there have none",
            )


def _noted(column: pa.Field) -> Mapping[str, list[object]] | None:
    """Type, method and options of what lies in a column, by leaf; None in a table from before that was noted."""
    text = (column.metadata or {}).get(MADE.encode())
    return None if text is None else dict(json.loads(text))


def _types(path: str, old: pa.DataType, new: pa.DataType) -> Iterator[tuple[str, str]]:
    """How the types of a column and of what is inside it differ."""
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        have, want = ({inner.name: inner.type for inner in kind} for kind in (old, new))
        for name in [*have, *(name for name in want if name not in have)]:
            if name not in want:
                yield f"{path}.{name}", "is in the table, and the contract takes it from readers"
            elif name not in have:
                yield f"{path}.{name}", NEW
            else:
                yield from _types(f"{path}.{name}", have[name], want[name])
    elif pa.types.is_list(old) and pa.types.is_list(new):
        yield from _types(f"{path}[]", old.value_type, new.value_type)
    elif old != new:
        yield (
            path,
            WIDER if _holds(new, old) else f"is {_word(old)} in the table, and not every such value is a {_word(new)}",
        )


def _word(kind: pa.DataType) -> str:
    """A type as contracts write it."""
    try:
        return type_of(plain_type(kind)).ddl
    except TypeError:
        return "an array" if pa.types.is_list(kind) else "an object" if pa.types.is_struct(kind) else str(kind)


def _holds(new: pa.DataType, old: pa.DataType) -> bool:
    """Whether every value of the one type is a value of the other."""
    if pa.types.is_decimal(new) and pa.types.is_decimal(old):
        return bool(new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale)
    if pa.types.is_decimal(new):
        return bool(new.precision - new.scale >= _DIGITS.get(str(old), 99))
    if pa.types.is_floating(new):
        return bool(new == pa.float64() and (old == pa.float32() or str(old) in _EXACT))
    return bool(pa.types.is_integer(new) and pa.types.is_integer(old) and new.bit_width > old.bit_width)


def _same_text(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether equal numbers of both types are written alike, as values bound to them need."""
    scales = [kind.scale if pa.types.is_decimal(kind) else 0 for kind in (old, new)]
    return scales[0] == scales[1] and not pa.types.is_floating(new)


def _leaves(column: Column, before: Mapping[str, list[object]] | None, *, same: bool) -> Iterator[tuple[str, str]]:
    """What differs in a column that looks alike: its leaves may be protected otherwise, or made of other values."""
    for path, (type_, method, options) in json.loads(made_of(column)).items():
        if before is None:
            if method == "encrypt" and type_ in _WHOLE and not same:
                why = "is encrypted, and the table does not say as which whole number"
                yield path, f"{why}: run once with the contract as it was"
            continue
        was_type, was_method, was_options = before.get(path, [type_, method, options])
        wider = type_ in _WHOLE and was_type in _WHOLE and _WHOLE.index(type_) > _WHOLE.index(str(was_type))
        if (was_method, was_options) != (method, options):
            yield path, f"is protected otherwise in the rows that are there ({was_method}), and they stay as they are"
        elif was_type == type_ or method == "keep":
            continue
        elif not wider:
            yield path, f"is made of {was_type} in the table: of {type_}, an equal value would look different"
        elif method == "encrypt":
            yield (
                path,
                f"{SEALED} as {was_type}"
                if path == column.name
                else f"is encrypted inside another column, as {was_type}",
            )
