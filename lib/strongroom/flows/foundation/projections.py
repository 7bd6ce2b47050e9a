"""Which projections a table has: its columns as its schema tells them, its contract, and the policy, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deltalake import DeltaTable

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.protection import opens
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.policy.decision import Request
from strongroom.core.run import Run
from strongroom.core.settings import Settings
from strongroom.flows.foundation.table_plans import CLASSIFICATION, TAGS
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import People, Projection, projections

_FEATURES = ("", "_vocabulary", "_summary")


def reading_of(found: DeltaTable | None, table: str, run: Run) -> Request:
    """The run's request to read every column of a table; one that is not there has none."""
    columns = {column.name: column.metadata or {} for column in found.schema().fields} if found is not None else {}
    return Request(
        action="read",
        table=table,
        at=run.started,
        columns=tuple(columns),
        # A column whose schema says nothing is unknown to the policy, not free of classification.
        classifications={name: notes[CLASSIFICATION] for name, notes in columns.items() if CLASSIFICATION in notes},
        tags={name: tags_in(notes[TAGS]) for name, notes in columns.items() if TAGS in notes},
        principal=run.principal,
        purpose=run.purpose,
        actor=run.actor,
    )


def sources_of(contract: Contract) -> tuple[str, ...]:
    """The tables of a data set that projections are made of."""
    return (contract.training, contract.curated, *(f"features.{contract.name}{end}" for end in _FEATURES))


def contract_for(settings: Settings, table: str) -> Contract:
    """The contract of a table that a physical grant gives.

    Raises:
        ConfigError: there is none: projections are made of training, curated and feature tables.
    """
    for contract in contracts_in(settings.contracts):
        if table.lower() in map(str.lower, sources_of(contract)):
            return contract
    todo = "Write its contract."
    raise ConfigError(
        [Problem(f"no contract tells how {table} is protected", settings.contracts, todo, "contract.unknown")]
    )


def protected(contract: Contract, table: str) -> Mapping[str, Column]:
    """The contract's columns by name, where the table holds them as they lie in the training table."""
    here = table.lower() in map(str.lower, contract.holding)
    return {column.name: column for column in contract.columns} if here else {}


def projections_of(
    engine: Engine, request: Request, contract: Contract, people: People | None = None
) -> tuple[Projection, ...]:
    """The projections of a table. Encrypted columns are given only by a grant that names them, `people` are whose rows.

    Raises:
        ConfigError: two of them would lie in one folder.
    """
    # Not the tags: files of a role would join with those of every other by them.
    request = replace(request, columns=tuple(name for name in request.columns if name != TAG))
    sealed = {name for name, column in protected(contract, request.table).items() if _sealed(column)}
    found = tuple(projections(engine, request, sealed=sealed, people=people))
    for each in found:
        if sum(other.table == each.table for other in found) > 1:
            what = f"two sets of purposes would share the folder of {each.table}"
            raise ConfigError(
                [Problem(what, each.role.where, "Rename a purpose: 'any' and '--' are ours.", "policy.contradicts")]
            )
    return found


def _sealed(column: Column) -> bool:
    return any(map(opens, column.leaves()))


def tags_in(words: str) -> tuple[str, ...]:
    """Tags as a column's metadata keeps them."""
    return tuple(tag for tag in words.split(",") if tag)
