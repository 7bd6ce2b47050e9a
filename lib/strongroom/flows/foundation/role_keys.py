"""The encrypted columns of an installation, and whose keys open them: contracts and policy, put together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.protection import opens
from strongroom.core.policy import KEYS
from strongroom.core.settings import Settings
from strongroom.flows.foundation.projections import protected, sources_of
from strongroom.govern.engine.engine import Engine
from strongroom.govern.engine.selectors import is_encrypted
from strongroom.govern.levels.cryptographic import Sealed, role_keys
from strongroom.protect.methods.encrypt import encryption_info
from strongroom.protect.methods.row_key import row_keys_of


def sealed_columns(settings: Settings) -> tuple[Sealed, ...]:
    """Every encrypted column of every contract, leaf by leaf, as its training table holds it."""
    return tuple(each for contract in contracts_in(settings.contracts) for each in sealed_in(contract))


def sealed_in(contract: Contract) -> Iterator[Sealed]:
    """The encrypted leaves of a contract. What they are inside of counts with them, as in a rule that names it."""
    for column in contract.columns:
        yield from _inside(column, contract.training, frozenset(), ())


def _inside(column: Column, table: str, classes: frozenset[str], tags: tuple[str, ...]) -> Iterator[Sealed]:
    classes, tags = classes | {column.classification} - {""}, (*tags, *column.tags)
    inner = column.type.fields or ((column.type.item,) if column.type.item is not None else ())
    for part in inner:
        yield from _inside(part, table, classes, tags)
    if not inner and opens(column):
        key = encryption_info(column, table=table)
        yield Sealed(table, column.path, key, ",".join(sorted(classes)), tuple(dict.fromkeys(tags)))


def openable(
    engine: Engine, settings: Settings, table: str, *, principal: str, at: datetime, there: Collection[str]
) -> tuple[Contract | None, Mapping[str, str]]:
    """The columns of a table that a principal can open by a role's keys → that role; and the table's contract.

    Whether the policy gives them is another question; this one is which keys there are to be. `there` are the columns
    that the table has: what is bound to a row key opens only beside it.
    """
    if not any(rule.enforce == KEYS for rule in engine.bearing(principal, "read", table)[1]):
        return None, {}
    known = tuple(contracts_in(settings.contracts))
    contract = next((each for each in known if table.lower() in map(str.lower, sources_of(each))), None)
    if contract is None:
        return None, {}
    sealed = tuple(each for some in known for each in sealed_in(some))
    mine = [each for each in role_keys(engine, sealed, at=at) if each.role.name in engine.roles(principal)]
    found: dict[str, str] = {}
    for name, column in protected(contract, table).items():
        keys = {encryption_info(leaf, table=contract.training) for leaf in _encrypted(column)}
        if is_encrypted(column) and name in there and set(row_keys_of([column])) <= set(there):
            holder = next((each.role.name for each in mine if keys <= set(each.keys)), "")
            found |= {name: holder} if holder else {}
    return contract, found


def _encrypted(column: Column) -> Iterator[Column]:
    return filter(opens, column.leaves())
