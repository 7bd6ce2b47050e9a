"""What roles were given: which keys, to whom, under whose key-encryption key. Names and numbers, never a key.

It outlives the files of keys themselves: whoever once held a key may have kept it, and only this record still says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Held = Mapping[tuple[str, int], frozenset[str]]
"""Name of a key and id of its master key → every principal who was ever in a role that was given it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a role's file holds since it was last written.

    Args:
        keys: name of a key → the columns that it opened then.
        ids: of the master keys.
        members: of the role then.
        holder: reference of who held its key-encryption key then, and `mark` of that key, where it has one.
        digest: SHA-256 of the file.
    """

    keys: Mapping[str, tuple[str, ...]]
    ids: tuple[int, ...]
    members: tuple[str, ...]
    holder: str
    mark: str
    digest: str

    @property
    def columns(self) -> frozenset[str]:
        """Everything it opened."""
        return frozenset(name for opened in self.keys.values() for name in opened)


@dataclass(frozen=True, slots=True)
class Handed:
    """The record of an installation.

    Args:
        roles: what each role has now.
        held: who ever held which key.
        marks: mark of a key-encryption key → who was given it.
    """

    roles: Mapping[str, Given] = field(default_factory=dict)
    held: Held = field(default_factory=dict)
    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)
