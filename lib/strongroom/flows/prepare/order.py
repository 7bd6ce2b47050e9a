"""In which order `prepare --all` takes the contracts: what a contract refers to comes before it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.file import read_contract
from strongroom.core.contract.references import referenced
from strongroom.core.contract_files import files_in, name_of
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.settings import Settings
from strongroom.core.yaml import read_text
from strongroom.flows.foundation.contracts import doubled


def in_order(settings: Settings) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names of all contracts in their order, and the circles in it, each cut at its first name.

    Of two that do not refer to each other the first by name comes first. One that cannot be read refers to nothing.

    Raises:
        ConfigError: there is no contract, or two make one table.
    """
    found = {file: _read(file) for file in files_in(settings.contracts)}
    if not found:
        todo = "Correct the setting 'contracts'."
        raise ConfigError([Problem("No contract here.", settings.contracts, todo, "contract.unknown")])
    if problems := list(doubled([contract for contract in found.values() if contract is not None])):
        raise ConfigError(problems)
    needs = {name_of(file): set(referenced(each)) if each is not None else set() for file, each in found.items()}
    return ordered({name: others & needs.keys() for name, others in sorted(needs.items())})


def _read(file: Path) -> Contract | None:
    """The contract of a file, as far as it can be read; what is wrong with it is told when its turn comes."""
    with suppress(ConfigError):
        return read_contract(read_text(str(file)), str(file))[0]
    return None


def ordered(needs: Mapping[str, set[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Each name after those that it needs, and the circles that had to be cut for that."""
    left, circles = {name: set(needs[name]) for name in sorted(needs)}, []
    while True:
        sorter = TopologicalSorter(left)
        try:
            sorter.prepare()
        except CycleError as error:
            around = error.args[1][:-1]  # each is needed by the next, and the last by the first
            start = around.index(min(around))
            around = (*around[start:], *around[:start])
            left[around[0]].discard(around[-1])
            circles.append(around)
            continue
        found: list[str] = []
        while ready := sorted(sorter.get_ready()):
            sorter.done(*ready)
            found += ready
        return tuple(found), tuple(circles)
