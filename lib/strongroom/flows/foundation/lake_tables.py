"""Tables of the lake as whoever asks the policy knows them: read off their own schemas, without Java."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable

from strongroom.core.contract import Contract, raw_table
from strongroom.core.errors import StoreError
from strongroom.core.names import folded
from strongroom.flows.foundation.known_tables import SEALED
from strongroom.flows.foundation.projections import protected, tags_in
from strongroom.flows.foundation.table_plans import CLASSIFICATION, PROTECTION, TAGS
from strongroom.govern.engine.selectors import is_encrypted
from strongroom.govern.table import IN_CLEAR, NOT_MADE, UNREADABLE, Table, methods_of, ways
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.listing import tables_in

_OURS = ("quarantine", "curated", "dropped", "features", "strongroom")
"""Zones whose columns are ours: what no contract names there is a count, a name or a place, in clear."""


def look(
    root: str, contracts: Sequence[Contract], planned: Mapping[str, Table]
) -> tuple[dict[str, Table], tuple[tuple[str, str], ...]]:
    """What lies in a lake: its tables and raw folders by name, and what could not be looked into, each with why.

    Args:
        root: of the lake.
        contracts: of the installation.
        planned: what is known of tables before they are looked at, by name.

    Raises:
        ConfigError: the lake is of a kind that is not served.
    """
    lake = Lake(root)
    found = {name: replace(planned[name], state=state) for name, state in _raw(lake, contracts).items()}
    try:
        listing = tables_in(lake, without=("raw",))
    except StoreError as fault:
        unseen = {name: replace(table, state=UNREADABLE) for name, table in planned.items() if table.state}
        return unseen, ((root, fault.what),)
    for name in listing.tables:
        try:
            table = lake.open(name)
        except StoreError:
            found[name.lower()] = Table(name, (), state=UNREADABLE)
            continue
        if table is not None:
            found[name.lower()] = as_it_lies(name, table, contracts)
    return found, listing.unread


def _raw(lake: Lake, contracts: Iterable[Contract]) -> dict[str, str]:
    """The state of each raw folder: whether something lies where its sources are read from."""
    found: dict[str, str] = {}
    for source in (source for contract in contracts for source in contract.sources):
        name, state = raw_table(source), _state(lake, source.path)
        found[name] = found[name] and state if name in found else state
    return found


def _state(lake: Lake, path: str) -> str:
    """Of a source's path; of a glob, whether its folder is there."""
    place = path if "://" in path or path.startswith("/") else f"{lake.root.rstrip('/')}/{path}"
    try:
        filesystem, inside = filesystem_of(place)
        fixed = inside.split("*")[0].rpartition("/")[0] if "*" in inside else inside
        info: Any = filesystem.get_file_info(fixed or "/")
    except (OSError, pa.ArrowException):
        return UNREADABLE
    return NOT_MADE if info.type == pafs.FileType.NotFound else ""


def as_it_lies(name: str, found: DeltaTable, contracts: Sequence[Contract]) -> Table:
    """The table's newest version.

    Args:
        name: its name.
        found: the table.
        contracts: of the installation; what its schema does not say of a column is looked up in the one it is made by.
    """
    fields = fields_of(found)
    notes = {field["name"]: field.get("metadata") or {} for field in fields}
    zone = name.partition(".")[0]
    contract = _made_by(found, contracts)
    mine = next((each for each in contracts if zone != "raw" and name.lower() in _names_of(each)), None)
    sealed = {column for column, each in (protected(mine, name) if mine else {}).items() if is_encrypted(each)}
    lies = {column: way for column, note in notes.items() if (way := _way(column, note, zone, contract))}
    if zone == "quarantine":
        lies |= {column: way for column, way in SEALED.items() if column in notes}
    known = {column: note[CLASSIFICATION] for column, note in notes.items() if CLASSIFICATION in note}
    tags = {column: tags_in(note[TAGS]) for column, note in notes.items() if TAGS in note}
    inside = frozenset(path for field in fields for path in _inside(field["name"], field["type"]))
    return Table(name, tuple(notes), known, tags, frozenset(sealed & notes.keys()), inside, lies)


def fields_of(found: DeltaTable) -> list[dict[str, Any]]:
    """The fields of a table's schema, as the Delta protocol writes them."""
    fields: list[dict[str, Any]] = json.loads(found.schema().to_json())["fields"]
    return fields


def _way(column: str, note: Mapping[str, str], zone: str, contract: Contract | None) -> str:
    """How a column's values lie; empty where nothing says it."""
    if PROTECTION in note:
        return ways(note[PROTECTION].split(","))
    if contract is not None:
        mine = next((each for each in contract.columns if each.name == column), None)
        if mine is not None and zone in ("training", "curated", "dropped", "features"):
            return ways(methods_of(mine))
    return IN_CLEAR if zone in _OURS else ""


def _made_by(found: DeltaTable, contracts: Iterable[Contract]) -> Contract | None:
    """The contract that the table says it was made by, where it is still what it was."""
    made = found.metadata().configuration.get("strongroom.contract_fingerprint", "")
    return next((contract for contract in contracts if contract.fingerprint == made), None)


def _names_of(contract: Contract) -> tuple[str, ...]:
    return tuple(map(str.lower, contract.holding))


def _inside(path: str, kind: Any) -> Iterator[str]:
    """The paths of everything inside a column, as they are compared: the items of an array are named like it."""
    if isinstance(kind, str):
        return
    if kind["type"] == "array":
        yield from _inside(path, kind["elementType"])
    elif kind["type"] == "map":
        yield from _inside(path, kind["valueType"])
    for field in kind.get("fields", ()):
        below = f"{path}.{field['name']}"
        yield folded(below)[0]
        yield from _inside(below, field["type"])
