"""The map of a lake: everything that holds a person, and what each was made from. Pure data, for text, pages, programs,
and for whoever has to walk it; `flows/foundation/lake_map.py` reads it off a lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from strongroom.core.errors import Problem

PEOPLE, NOBODY, UNKNOWN = "people", "nobody", "unknown"
"""Whose the rows of something are: of data subjects, of nobody, or nothing says it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose the rows are.

    Args:
        answer: `PEOPLE`, `NOBODY` or `UNKNOWN`.
        column: of the data subject, as the contract calls it.
        within: where equal values are one person: `domain` and its name, or `column`, a table and its column.
        tag: the column of tags, by which a person's rows are found; empty where there is none.
    """

    answer: str
    column: str = ""
    within: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """How something was made, as it says itself.

    Args:
        purpose: what for, of several with commas.
        basis: purpose → on what it rests, where a contract says so.
        contract: its id; `contract_version` and `fingerprint` beside it.
        recipe: fingerprint of what was asked.
        refresh: how it is brought up to date.
        run: the run that last wrote it.
    """

    purpose: str = ""
    basis: Mapping[str, str] = field(default_factory=dict)
    contract: str = ""
    contract_version: str = ""
    fingerprint: str = ""
    recipe: str = ""
    refresh: str = ""
    run: str = ""

    def purposes(self) -> tuple[str, ...]:
        """What for, each with what it rests on."""
        found = filter(None, self.purpose.split(","))
        return tuple(f"{one} on {self.basis[one]}" if one in self.basis else one for one in found)


@dataclass(frozen=True, slots=True)
class Node:
    """Something that holds data: a table, raw files, a model, reports, keys.

    Args:
        name: of a table `zone.name`; no other node has it.
        kind: of a table its zone; else `raw`, `models`, `reports`, `keys`, `audit`.
        holds: in a few words.
        places: where it lies; of raw files each place that a contract names.
        whose: whose its rows are.
        made: how it was made, where it says so.
        version: of a table, the newest; None where there are none.
    """

    name: str
    kind: str
    holds: str
    places: tuple[str, ...]
    whose: Whose
    made: Made = Made()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` was made from `source`, of which that version was read; None where it has none, or nothing says it."""

    source: str
    target: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class LakeMap:
    """The map. `gaps` are what it does not know, each with its code: whoever must reach everything stops at them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[Problem, ...] = ()

    def node(self, name: str) -> Node | None:
        """The node of a name, compared as the policy does."""
        return next((node for node in self.nodes if node.name.lower() == name.lower()), None)

    def into(self, name: str) -> Iterator[Edge]:
        """What a node was made from."""
        return (edge for edge in self.edges if edge.target == name)

    def out_of(self, name: str) -> Iterator[Edge]:
        """What was made from a node."""
        return (edge for edge in self.edges if edge.source == name)

    def above(self, name: str) -> tuple[str, ...]:
        """Everything that a node was made from, near ones first, each once."""
        return tuple(_reached(name, lambda here: (edge.source for edge in self.into(here))))

    def below(self, name: str) -> tuple[str, ...]:
        """Everything that was made from a node, near ones first, each once."""
        return tuple(_reached(name, lambda here: (edge.target for edge in self.out_of(here))))

    def around(self, name: str) -> LakeMap:
        """The part of the map that a node is in: what it was made from, what was made from it, and every gap."""
        kept = {name, *self.above(name), *self.below(name)}
        nodes = tuple(node for node in self.nodes if node.name in kept)
        edges = tuple(edge for edge in self.edges if {edge.source, edge.target} <= kept)
        return LakeMap(nodes, edges, self.gaps)

    def roots(self) -> tuple[Node, ...]:
        """What was made from nothing of this map."""
        made = {edge.target for edge in self.edges}
        return tuple(node for node in self.nodes if node.name not in made)


def _reached(name: str, step: Callable[[str], Iterable[str]]) -> Iterator[str]:
    seen, ahead = {name}, [name]
    while ahead:
        fresh = [each for each in dict.fromkeys(n for here in ahead for n in step(here)) if each not in seen]
        yield from fresh
        seen.update(fresh)
        ahead = fresh
