"""A person's rows as values for the person: opened, told what each column is by now, and without what is of others."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa

from strongroom.arrow.types import plain as plain_array
from strongroom.core.contract import Column, Contract
from strongroom.core.contract.protection import METHODS, opens
from strongroom.core.contract.subject import of_others
from strongroom.core.keys.ring import Keyring
from strongroom.core.person import Shown, Withheld
from strongroom.flows.person.places import OTHERS, TABLE, Lying
from strongroom.flows.row_pass.row_json import as_json
from strongroom.protect import revealer, unseal
from strongroom.protect.methods.row_key import row_keys_of

Row = dict[str, object]
UNOPENED = "does not open with this keyring"


def clear_rows(lying: Lying, keyring: Keyring) -> list[Row]:
    """The rows in JSON's types, column by column that is shown; what tells of others is not in them."""
    contract = lying.place.contract
    shown = {each.name for each in columns_of(lying)[0]}
    others = [leaf.path for leaf in of_others(contract)] if contract is not None else []
    rows: list[Row] = []
    for batch in lying.rows:
        rows += _opened(lying, batch, keyring) if lying.place.kind == TABLE else _as_came(batch)
    kept = [{name: value for name, value in row.items() if name in shown} for row in rows]
    for row in kept:
        for path in others:
            _without(row, path.split("."))
    return kept


def columns_of(lying: Lying) -> tuple[tuple[Shown, ...], tuple[Withheld, ...]]:
    """What is shown of a place, each column with what its values are, and what is not."""
    contract = lying.place.contract
    leaves = {leaf.path for leaf in of_others(contract)} if contract is not None else set[str]()
    known = {column.name: column for column in contract.columns} if contract is not None else {}
    shown, withheld = list[Shown](), list(lying.withheld)
    for name in lying.columns:
        column = known.get(name)
        theirs = [leaf.path for leaf in column.leaves() if leaf.path in leaves] if column is not None else []
        withheld += [Withheld(path, OTHERS) for path in theirs]
        if column is None or len(theirs) < len(list(column.leaves())):
            shown.append(Shown(name, _how(lying, name, column)))
    return tuple(shown), tuple(withheld)


def _how(lying: Lying, name: str, column: Column | None) -> str:
    """What a column's values are, in words."""
    if lying.place.kind != TABLE:
        return "as it came"
    if column is None:
        return "opened for this answer" if _corrected(lying) and name == "row" else "made from the row"
    if not _lies(lying.place.name, lying.place.contract):
        return "in clear, or as it lies in the training table"
    said = (_words(leaf) for leaf in column.leaves())
    return ", ".join(dict.fromkeys(said))


def _words(leaf: Column) -> str:
    if leaf.original_of:
        return f"{leaf.original_of} as it came, opened for this answer"
    if opens(leaf):
        return "opened for this answer; it lies encrypted"
    if leaf.method == "hash":
        return "a pseudonym (keyed hash): what it stands for is not kept here"
    return METHODS[leaf.method].said


def _corrected(lying: Lying) -> bool:
    """Whether these are what the person had put right: sealed as a whole, like a row of a quarantine."""
    contract = lying.place.contract
    return contract is not None and lying.place.name.lower() == contract.corrections.lower()


def _lies(table: str, contract: Contract | None) -> bool:
    """Whether columns lie here as they left into the training table."""
    return contract is not None and table.lower() in map(str.lower, contract.holding)


def _opened(lying: Lying, batch: pa.RecordBatch, keyring: Keyring) -> Iterator[Row]:
    """Rows of a table; what does not open says so."""
    contract, there = lying.place.contract, batch.schema.names
    known: Mapping[str, Column] = {}
    row_keys: dict[str, pa.Array] = {}
    if contract is not None and _lies(lying.place.name, contract):
        known = {column.name: column for column in contract.columns}
        missing = pa.nulls(batch.num_rows, pa.string())
        keys = row_keys_of(contract.columns)
        row_keys = {name: plain_array(batch.column(name)) if name in there else missing for name in keys}
    values: dict[str, list[object]] = {}
    for name in lying.columns:
        if name not in there:
            continue
        array, column = plain_array(batch.column(name)), known.get(name)
        if contract is not None and _corrected(lying) and name == "row":
            opened, _ = unseal(array, table=contract.training, keyring=keyring)
            values[name] = [json.loads(line) if line else {"unopened": UNOPENED} for line in opened.to_pylist()]
            continue
        if column is None or contract is None:
            values[name] = [plain(value) for value in array.to_pylist()]
            continue
        clear, fine = revealer(column, table=contract.training, keyring=keyring)(array, row_keys)
        pairs = zip(clear.to_pylist(), fine.to_pylist(), strict=True)
        values[name] = [plain(value) if good else {"unopened": UNOPENED} for value, good in pairs]
    for at in range(batch.num_rows):
        yield {name: column[at] for name, column in values.items()}


def _as_came(batch: pa.RecordBatch) -> Iterable[Row]:
    return (json.loads(line) for line in as_json(batch).to_pylist())


def plain(value: object) -> object:
    """A value in JSON's types: moments in ISO 8601, exact numbers as text, bytes in base64."""
    match value:
        case dict():
            return {str(name): plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case float():
            return value if math.isfinite(value) else str(value)
    return value


def _without(value: object, steps: Sequence[str]) -> None:
    """Takes a path out of a value, also inside lists (`friends[].name`)."""
    name, *rest = steps
    name, inside = name.removesuffix("[]"), name.endswith("[]")
    if not isinstance(value, dict) or name not in value:
        return
    if not rest:
        del value[name]
        return
    for inner in value[name] if inside and isinstance(value[name], list) else [value[name]]:
        _without(inner, rest)
