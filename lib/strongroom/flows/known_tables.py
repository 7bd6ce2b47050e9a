"""Every table that a policy can be about, as contracts and Strongroom itself make them; no data is looked at."""

from __future__ import annotations

from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract_file import load_contract
from strongroom.core.settings import Settings
from strongroom.flows.permit import engine_of
from strongroom.govern.matrix import Table, tables_of

_OF_CONTRACTS = ("raw", "training")
_OWN = tuple(f"strongroom.{name}" for name in ("audit", "keys", "manifest", "metrics", "policy", "runs"))


def known_tables(settings: Settings) -> list[Table]:
    """Every table that contracts and Strongroom itself make; columns are empty where nothing describes them.

    Raises:
        ConfigError: a contract is not sound.
    """
    found: list[Table] = []
    for contract in contracts_of(settings):
        found += tables_of(contract, _OF_CONTRACTS)
        found += [Table(f"{zone}.{contract.name}", ()) for zone in ("quarantine", "features", "revealed")]
    roles = engine_of(settings.policy).policy.roles
    return [*found, *(Table(f"projected.{role.name}", ()) for role in roles), *(Table(name, ()) for name in _OWN)]


def contracts_of(settings: Settings) -> list[Contract]:
    """Every contract of an installation."""
    files = sorted(Path(settings.contracts).glob("*.y*ml"))
    return [load_contract(str(file)) for file in files]
