"""Where people of a domain are: read off the map of the lake, what cannot be reached, and what may stay and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.core.lineage import NOBODY, PEOPLE, LakeMap, Node
from strongroom.core.zones import PROJECTED

RAW, SEALED, TAGGED, SHOWN, MODEL = KINDS = ("raw", "sealed", "tagged", "projected", "model")
"""How people are found: by reading raw files; by opening sealed rows; by tags; in files whose source file has gone;
in a model, which is only answered for."""
ORDER = (MODEL, SEALED, TAGGED, SHOWN, RAW)
"""In which order places are done: models while the versions that they are of can still be read, projections once their
sources are done."""


@dataclass(frozen=True, slots=True)
class Place:
    """One table, model or source: its name on the map, how people are found there, and what it was made from."""

    name: str
    kind: str
    node: Node
    sources: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where people of a domain are.

    Args:
        all: in the order in which they are done.
        unreached: name → why nobody can reach it.
        stays: name → why it stays.
    """

    all: tuple[Place, ...]
    unreached: dict[str, str]
    stays: dict[str, str]


def places_of(known: LakeMap, within: tuple[str, ...]) -> Places:
    """The places of a domain."""
    found, unreached, stays = list[Place](), {gap.where: gap.what for gap in known.gaps}, dict[str, str]()
    for node in known.nodes:
        kind = _kind(node, within)
        if kind:
            edges = tuple((edge.source, edge.version) for edge in known.into(node.name))
            found.append(Place(node.name, kind, node, edges))
        elif node.whose.answer == PEOPLE and node.whose.within == within:
            unreached.setdefault(node.name, "its rows carry no tag of whose they are: make it anew by its job")
        elif node.whose.answer == PEOPLE:
            stays[node.name] = f"its people are those of another column ({node.whose.column}): a request of its own"
        elif node.whose.answer == NOBODY:
            stays[node.name] = f"it has no row of anybody: {node.holds}"
    found.sort(key=lambda place: (ORDER.index(place.kind), place.name))
    return Places(tuple(found), unreached, stays)


def _kind(node: Node, within: tuple[str, ...]) -> str:
    if node.whose.answer != PEOPLE or node.whose.within != within:
        return ""
    if node.kind == "quarantine":
        return SEALED
    if node.kind in (RAW, PROJECTED):
        return node.kind
    if node.kind == "models":
        return MODEL
    return TAGGED if node.whose.tag else ""


def recipients(known: LakeMap, places: Places) -> Iterator[str]:
    """The roles that hold files or keys of their own: whom Art. 19 GDPR has told."""
    for place in places.all:
        if place.kind == SHOWN:
            yield place.name.split(".")[1]
    for node in known.nodes:
        if node.kind == "keys" and node.name.startswith("role-keys/"):
            yield node.name.partition("/")[2]
