"""In which order `prepare --all` takes the contracts: what a contract refers to comes before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.file import Asked, lakes_parts, overlay_beside, read_contract
from strongroom.core.contract.references import referenced
from strongroom.core.contract_files import files_in, misnamed, name_of
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.settings import Settings
from strongroom.core.yaml import read_text
from strongroom.flows.foundation.contracts import doubled

_WHOLE: tuple[str, ...] = ("",)
"""The parts of a file that cannot be read."""


def in_order(settings: Settings) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names of all contracts in their order, and the circles in it, each cut at its first name.

    Of two that do not refer to each other the first by name comes first. One that cannot be read refers to nothing.

    Raises:
        ConfigError: there is no contract, two files have one name, or two contracts make one table.
    """
    if problems := misnamed(settings.contracts):
        raise ConfigError(problems)
    found = {name: each for file in files_in(settings.contracts) for name, each in _read(file)}
    if not found:
        todo = "Correct the setting 'contracts'."
        raise ConfigError([Problem("No contract here.", settings.contracts, todo, "contract.unknown")])
    if problems := list(doubled([contract for contract in found.values() if contract is not None])):
        raise ConfigError(problems)
    makes = {each.name: name for name, each in found.items() if each is not None}
    needs = {name: referenced(each) if each is not None else () for name, each in sorted(found.items())}
    return ordered({name: {makes[other] for other in others if other in makes} for name, others in needs.items()})


def _read(file: Path) -> Iterator[tuple[str, Contract | None]]:
    """The contracts of a file by what `--contract` calls each, as far as they can be read.

    What is wrong with one is told when its turn comes.
    """
    name, parts = name_of(file), _WHOLE
    with suppress(ConfigError):
        parts = lakes_parts(file)
    for part in parts:
        contract = None
        with suppress(ConfigError):
            asked = Asked(part, overlay=overlay_beside(file, part))
            contract = read_contract(read_text(str(file)), str(file), asked)[0]
        yield (f"{name}#{part}" if part else name), contract


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
