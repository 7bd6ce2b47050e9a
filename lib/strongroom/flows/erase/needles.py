"""What is searched for when an erasure is proven: what the request knows of people, and all that stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from strongroom.core.contract import Column, Contract
from strongroom.core.keys.ring import Keyring
from strongroom.flows.erase.people import Person
from strongroom.proof.forms import Needle
from strongroom.protect import protector
from strongroom.protect.equality_marks import shows_equality
from strongroom.protect.subject_tags import aside_tagger
from strongroom.quality.reading.columns import read_text


def needles_of(people: Sequence[Person], tags: pa.Array, contracts: Sequence[Contract], ring: Keyring) -> list[Needle]:
    """The values, their tags, and what protected columns made of them under any key that still opens.

    Args:
        people: values by column.
        tags: of the people.
        contracts: whose columns the values may have been in.
        ring: makes what stands for values.
    """
    shared = {leaf.path for contract in contracts for leaf in contract.leaves() if not (leaf.personal or leaf.subject)}
    found = [*_values(people, shared), *_tags(tags, ring)]
    for contract in contracts:
        for leaf in contract.leaves():
            if leaf.method in ("hash", "encrypt") and shows_equality(leaf):
                found += _protected(people, leaf, contract, ring)
    return list(dict.fromkeys(found))


def _values(people: Sequence[Person], shared: set[str]) -> Iterator[Needle]:
    for number, person in enumerate(people):
        for column, value in person.items():
            yield Needle(number, column, value, "email" if "@" in value else "text", shared=column in shared)


def _tags(tags: pa.Array, ring: Keyring) -> Iterator[Needle]:
    for name, made in (("tag", tags), ("tag of a row set aside", aside_tagger(ring)(tags))):
        for number, tag in enumerate(made.to_pylist()):
            yield Needle(number, name, tag)


def _protected(people: Sequence[Person], leaf: Column, contract: Contract, ring: Keyring) -> Iterator[Needle]:
    """What a column made of the people's values, if they have any of it."""
    texts = pa.array([person.get(leaf.path) for person in people], pa.string())
    if texts.null_count == len(texts):
        return
    values, _ = read_text(texts, next(each for each in contract.as_read.leaves() if each.path == leaf.path))
    for key in ring.enabled:
        made = protector(leaf, table=contract.training, keyring=replace(ring, primary=key))(values)
        for number, value in enumerate(made.to_pylist()):
            if value:
                yield Needle(
                    number, f"{leaf.path}, protected", value, kind="token" if isinstance(value, str) else "text"
                )
