"""What an export to another platform is made of, and what every platform is asked first.

A platform is told parts: a statement or a document each, with what takes it back. Comparing the parts of two exports is
the plan. Nothing here knows a platform; `govern/export_*.py` does, one file each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.core.errors import Problem
from strongroom.core.policy import ACTIONS, Deny, Grant, Policy, last_day
from strongroom.govern.matrix import Table
from strongroom.govern.names import canonical, matcher, means
from strongroom.govern.rules import Rule, compile_deny, compile_grant

NARROW = "Leave it out with --only, or with --table."
_NOW = "Give --as-of-now to export what holds at this moment, and export again before that day."


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
class Part:
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

    added: tuple[Part, ...] = ()
    revoked: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.revoked)

    @property
    def gone(self) -> tuple[Part, ...]:
        """What is taken back and not merely replaced."""
        kept = {part.name for part in self.added}
        return tuple(part for part in self.revoked if part.name not in kept)

    def lines(self) -> Iterator[str]:
        """The plan for people, what is taken back first: as statements where the platform has them, else in words."""
        for part in self.revoked:
            yield f"- {part.undo} ({part.words})" if part.undo else f"- {part.words}"
        for part in self.added:
            first = part.text.partition("\n")[0]
            yield f"+ {first} ({part.words})" if part.undo else f"+ {part.words}"


def plan(old: Iterable[Part], new: Iterable[Part]) -> Plan:
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


def objections(policy: Policy, tables: Sequence[Described], *, scope: Scope, platform: Platform) -> Iterator[Problem]:
    """Every grant and deny within the scope that the platform has no words for, whatever its rows and columns."""
    for grant in policy.grants:
        rule = compile_grant(grant)
        if "grant" in grant.actions and "read" in scope.actions and _wanted(grant, tables, scope, duty=True):
            yield from _dated(rule, scope, platform)  # it closes reading while it holds
        if not _wanted(grant, tables, scope):
            continue
        if grant.purposes and not scope.purpose:
            aims = ", ".join(grant.purposes)
            what = f"The grant to {grant.role!r} is for {aims} only, and {platform.name} knows no purposes."
            yield Problem(what, grant.where, "Say with --purpose what the platform is used for.")
            continue
        if grant.purposes and scope.purpose not in grant.purposes:
            continue
        if platform.users:
            yield from _unnamed(grant, policy, platform)
        yield from _unspeakable(grant, scope, platform)
        yield from _unknown(grant, tables, scope)
        yield from _dated(rule, scope, platform)
        if rule.limits and {"write", "delete"} & set(grant.actions) & set(scope.actions):
            what = f"{platform.name} cannot limit writing to some columns (role {grant.role!r})."
            yield Problem(what, grant.where, NARROW)
    for rule in map(compile_deny, policy.denies):
        if _wanted(rule.rule, tables, scope) and (
            not rule.purposes or not scope.purpose or scope.purpose in rule.purposes
        ):
            yield from _dated(rule, scope, platform)


def next_change(policy: Policy, tables: Sequence[Described], *, scope: Scope) -> datetime | None:
    """When a rule within the scope next starts or ends."""
    rules = [rule for rule in policy.rules if _wanted(rule, tables, scope, duty=True)]
    edges = {edge for rule in rules for edge in (rule.since, rule.until) if edge is not None and edge > scope.at}
    return min(edges, default=None)


def left_out(policy: Policy, tables: Sequence[Described], *, scope: Scope) -> list[str]:
    """Where the grants stand that are in force or to come, and not exported since the caller said so."""
    return [
        grant.where
        for grant in policy.grants
        if (grant.until is None or grant.until > scope.at)
        and (
            not _wanted(grant, tables, scope)
            or not set(grant.actions) <= set(scope.actions)
            or (scope.purpose and grant.purposes and scope.purpose not in grant.purposes)
        )
    ]


def bearing(policy: Policy, action: str, table: str) -> tuple[list[Rule], list[Rule], list[Rule]]:
    """The grants and denies of an action on a table, whoever they are for, and the grants of `grant`."""
    name, duty = canonical(table), "grant" if action == "read" else ""
    grants = [compile_grant(grant, order) for order, grant in enumerate(policy.grants)]
    denies = [compile_deny(deny, order) for order, deny in enumerate(policy.denies)]
    return (
        [rule for rule in grants if action in rule.rule.actions and rule.means(name)],
        [rule for rule in denies if action in rule.rule.actions and rule.means(name)],
        [rule for rule in grants if duty in rule.rule.actions and rule.means(name)],
    )


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


def _wanted(rule: Grant | Deny, tables: Sequence[Described], scope: Scope, *, duty: bool = False) -> bool:
    """Whether a rule that is not over lies within the scope; with `duty`, whatever it allows."""
    if rule.until is not None and rule.until <= scope.at:
        return False
    if not duty and not set(rule.actions) & set(scope.actions):
        return False
    if scope.tables == "*" or "act" in rule.actions:
        return True
    return any(scope.covers(found.table.name) for found in _meant(rule, tables)) or any(map(scope.covers, rule.tables))


def _meant(rule: Grant | Deny, tables: Sequence[Described]) -> list[Described]:
    matches = [matcher(pattern, deny=isinstance(rule, Deny)) for pattern in rule.tables]
    return [found for found in tables if any(means(match, canonical(found.table.name)) for match in matches)]


def _unspeakable(grant: Grant, scope: Scope, platform: Platform) -> Iterator[Problem]:
    asked = [action for action in grant.actions if action in scope.actions and action not in platform.actions]
    if asked:
        what = f"{platform.name} has no word for {', '.join(asked)} (role {grant.role!r})."
        yield Problem(what, grant.where, f"Export the rest with --only {','.join(platform.actions)}.")


def _unnamed(grant: Grant, policy: Policy, platform: Platform) -> Iterator[Problem]:
    """Groups whose members only a directory knows: there they may be more people than here, where they are nobody."""
    for member in members(policy).get(grant.role, ()):
        if member.startswith("group:"):
            what = f"The policy does not say who is in {member!r} (role {grant.role!r}); {platform.name} is told users."
            yield Problem(what, grant.where, "Add the group under 'groups'.")


def _unknown(grant: Grant, tables: Sequence[Described], scope: Scope) -> Iterator[Problem]:
    """Tables granted by name of which neither a contract nor the lake says what they are.

    A pattern means the tables that are there, and those that come are in the next export.
    """
    known = {canonical(found.table.name) for found in tables}
    for pattern in grant.tables:
        if "*" not in pattern and canonical(pattern) not in known and scope.covers(pattern):
            what = f"Neither the contracts nor the lake know a table {pattern!r}, so it cannot be granted by name."
            yield Problem(what, grant.where, "Make the table first, or leave it out with --table.")


def _dated(rule: Rule, scope: Scope, platform: Platform) -> Iterator[Problem]:
    if platform.dates or scope.as_of_now:
        return
    starts, ends = rule.rule.since, rule.rule.until
    if starts is not None and starts > scope.at:
        what = f"This rule starts at {starts.isoformat()}, and {platform.name} knows no dates."
        yield Problem(what, rule.rule.where, _NOW)
    elif ends is not None:
        what = f"This rule ends after {last_day(ends)}, and {platform.name} knows no dates."
        yield Problem(what, rule.rule.where, _NOW)
