"""Every table that a policy can be about: those that lie in the lake, as they lie, and those that contracts name.

What cannot be looked at is not guessed: its columns are not known, and its state says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strongroom.core.contract import Contract, raw_table
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.legal_basis import CONSENTS, REGISTER
from strongroom.core.settings import Settings
from strongroom.core.zones import DERIVED
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.table_plans import QUARANTINE
from strongroom.govern.table import ENCRYPTED, EVERY, IN_CLEAR, NOT_MADE, Table, table_of

_FILES = tuple(f"strongroom.{name}" for name in ("audit", "erasures", "incidents", "keys", "policy"))
"""What is no table but is granted like one."""
SEALED = {"row": ENCRYPTED}
"""The column of a quarantine that is no column of the data: the row as it was read."""
_KEPT = tuple(f"strongroom.{name}" for name in ("manifest", "metrics", "runs"))


@dataclass(frozen=True, slots=True)
class Known:
    """Tables by name, and what could not be looked into: a place and why."""

    tables: tuple[Table, ...]
    unread: tuple[tuple[str, str], ...] = ()

    def find(self, name: str) -> Table | None:
        """The table of a name, compared as the policy does."""
        return next((table for table in self.tables if table.name.lower() == name.lower()), None)


def known_tables(settings: Settings, *, looks: bool = True) -> Known:
    """Every table of the lake with its columns, and every one that contracts, roles and Strongroom itself may make.

    The lake itself is left alone without `looks`: one that is elsewhere may take long to answer.

    Raises:
        ConfigError: a contract is not sound.
    """
    contracts = contracts_in(settings.contracts)
    planned = {table.name.lower(): table for table in (*_planned(contracts, settings), *_raw(contracts))}
    if not looks or ("://" not in settings.lake and not Path(settings.lake).exists()):
        return Known(tuple(planned.values()))
    from strongroom.flows.foundation.lake_tables import look  # what opens tables takes a while to load

    lying, unread = look(settings.lake, contracts, planned)
    return Known(tuple({**planned, **lying}.values()), unread)


def _planned(contracts: Sequence[Contract], settings: Settings) -> Iterator[Table]:
    """Tables that somebody may make, as far as is known before."""
    for contract in contracts:
        yield table_of(contract, contract.training, protected=True, state=NOT_MADE)
        aside = tuple(QUARANTINE.names)
        yield Table(contract.quarantine, aside, lies={**dict.fromkeys(aside, IN_CLEAR), **SEALED}, state=NOT_MADE)
        yield from (Table(f"{zone}.{contract.name}", (), state=NOT_MADE) for zone in DERIVED)
    if all(contract.training != CONSENTS for contract in contracts):  # whose contract comes with the first one
        yield from (Table(f"{zone}.{REGISTER}", (), state=NOT_MADE) for zone in ("raw", "training", "quarantine"))
    roles = engine_of(settings.policy).policy.roles
    yield from (Table(f"projected.{role.name}", (), state=NOT_MADE) for role in roles)
    yield from (Table(name, (), state=NOT_MADE) for name in _KEPT)
    yield from (Table(name, (), lies={EVERY: IN_CLEAR}) for name in _FILES)


def _raw(contracts: Iterable[Contract]) -> Iterator[Table]:
    """Raw folders, as the policy names them, with the columns of every contract that reads them."""
    found: dict[str, Table] = {}
    for contract in contracts:
        for source in contract.sources:
            name = raw_table(source)
            here = table_of(contract, name, protected=False, state=NOT_MADE)
            found[name] = _merged(found[name], here) if name in found else here
    yield from found.values()


def _merged(one: Table, other: Table) -> Table:
    """What two contracts say of one folder; where they differ on a column, it has what either says."""
    words: dict[str, str] = {**one.classifications, **other.classifications}
    for name in one.classifications.keys() & other.classifications.keys():
        both = {*one.classifications[name].split(","), *other.classifications[name].split(",")} - {""}
        words[name] = ",".join(sorted(both))
    tags: Mapping[str, tuple[str, ...]] = {
        name: tuple(dict.fromkeys((*one.tags.get(name, ()), *other.tags.get(name, ()))))
        for name in {**one.tags, **other.tags}
    }
    return replace(
        one, columns=tuple(dict.fromkeys((*one.columns, *other.columns))), classifications=words, tags=tags,
        inside=one.inside | other.inside, lies={**one.lies, **other.lies}
    )  # fmt: skip
