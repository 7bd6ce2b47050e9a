"""What an export to another platform is made of, and what every platform is asked first.

A platform is told parts: a statement or a document each, with what takes it back. Comparing the parts of two exports is
the plan. Nothing here knows a platform; the files beside it do, one file each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.core.escaping import one_line
from strongroom.core.names import canonical, matcher, means
from strongroom.core.policy import ACTIONS, Policy
from strongroom.govern.table import Table

NARROW = "Leave it out with --only, or with --table."


@dataclass(frozen=True, slots=True)
class Described:
    """A table with what a platform must know of it besides: each column's type in Spark's words, its Iceberg field id
    where it has one, and which columns are never null.
    """

    table: Table
    types: Mapping[str, str]
    ids: Mapping[str, int] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is exported.

    Args:
        at: the moment; what is over by then is left out.
        purpose: what the platform is used for; grants for another purpose are left out.
        actions: what the caller wants exported; everything else is left out because the caller said so.
        tables: a pattern, likewise.
        as_of_now: export what holds at the moment although it will change, where a platform knows no dates.
    """

    at: datetime
    purpose: str = ""
    actions: tuple[str, ...] = ACTIONS
    tables: str = "*"
    as_of_now: bool = False

    def covers(self, table: str) -> bool:
        """Whether the caller wants this table."""
        return means(matcher(self.tables, deny=True), canonical(table))


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform can hold at all: which actions, whether it knows from and until, and whether it is told single
    users, so that every group must be spelled out.
    """

    name: str
    actions: tuple[str, ...]
    dates: bool = False
    users: bool = False


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One thing the platform is told.

    Args:
        name: what it is about; the same name with another text is a change, not one thing more.
        words: the same for people.
        text: the statement or document that says it.
        undo: the statement that takes it back; empty where leaving out the document does.
        rank: parts are given in this order, and taken back in the other one.
    """

    name: str
    words: str
    text: str
    undo: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What turns one export into the next. A part that changes is in `revoked` as it was and in `added` as it is."""

    added: tuple[ExportPart, ...] = ()
    revoked: tuple[ExportPart, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.revoked)

    @property
    def gone(self) -> tuple[ExportPart, ...]:
        """What is taken back and not merely replaced."""
        kept = {part.name for part in self.added}
        return tuple(part for part in self.revoked if part.name not in kept)

    def lines(self) -> Iterator[str]:
        """The plan for people, what is taken back first: as statements where the platform has them, else in words."""
        for part in self.revoked:
            yield one_line(f"- {part.undo} ({part.words})" if part.undo else f"- {part.words}")
        for part in self.added:
            first = part.text.partition("\n")[0]
            yield one_line(f"+ {first} ({part.words})" if part.undo else f"+ {part.words}")


def plan(old: Iterable[ExportPart], new: Iterable[ExportPart]) -> Plan:
    """What is to be revoked and added so that a platform with the old parts has the new ones."""
    before, after = ({part.name: part for part in parts} for parts in (old, new))
    return Plan(
        added=tuple(part for part in after.values() if part != before.get(part.name)),
        revoked=tuple(part for part in before.values() if part != after.get(part.name)),
    )


def listed(documents: Iterable[str]) -> str:
    """JSON documents as one list, each on a line of its own, so that two exports compare line by line."""
    inside = ",\n".join(f" {text}" for text in documents)
    return f"[\n{inside}\n]" if inside else "[]"


def members(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """Role → everybody in it, through nested groups too; a group that the policy does not describe stands as it is."""
    groups = {f"group:{group.name}": group.members for group in policy.groups}
    found = {}
    for role in policy.roles:
        seen: dict[str, None] = {}
        ahead = list(role.members)
        while ahead:
            name = ahead.pop()
            if name in groups:
                ahead += [member for member in groups[name] if member not in seen]
            else:
                seen[name] = None
        found[role.name] = tuple(sorted(seen))
    return found
