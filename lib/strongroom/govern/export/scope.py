"""What of a policy an export is about, and what a platform cannot be told whatever its rows and columns are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from strongroom.core.errors import Problem
from strongroom.core.escaping import is_plain
from strongroom.core.names import canonical, matcher, means
from strongroom.core.policy import ADVISORY, Deny, Grant, Policy, last_day
from strongroom.govern.engine.compiled import POLICY, Rule, compile_deny, compile_grant
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export.parts import NARROW, Described, Platform, Scope, members

_NOW = "Give --as-of-now to export what holds at this moment, and export again before that day."


def objections(engine: Engine, tables: Sequence[Described], *, scope: Scope, platform: Platform) -> Iterator[Problem]:
    """Every grant and deny within the scope that the platform has no words for, whatever its rows and columns."""
    policy = engine.policy
    for found in tables:
        if scope.covers(found.table.name) and not all(
            map(is_plain, (found.table.name, *found.types, *found.types.values()))
        ):
            what = "A table has a column whose name holds a sign that nobody sees, and that a file would act on."
            yield Problem(
                what,
                f"{policy.file}: {found.table.name}",
                "Rename the column, or leave the table out.",
                "export.not-said",
            )
    for grant in policy.grants:
        rule = compile_grant(grant)
        if "grant" in grant.actions and "read" in scope.actions and _wanted(grant, tables, scope, duty=True):
            yield from _dated(rule, scope, platform)  # it closes reading while it holds
        if not _wanted(grant, tables, scope):
            continue
        if grant.purposes and not scope.purpose:
            aims = ", ".join(grant.purposes)
            what = f"The grant to {grant.role!r} is for {aims} only, and {platform.name} knows no purposes."
            yield Problem(what, grant.where, "Say with --purpose what the platform is used for.", "export.not-said")
            continue
        if grant.purposes and scope.purpose not in grant.purposes:
            continue
        if platform.users:
            yield from _unnamed(grant, policy, platform)
        if grant.enforce != ADVISORY and "read" in scope.actions:
            what = f"{platform.name} would give the table itself where {grant.role!r} is given it {grant.enforce!r}."
            yield Problem(
                what,
                grant.where,
                "Leave the table out with --table, or give it at the advisory level.",
                "export.not-said",
            )
        yield from _unspeakable(grant, scope, platform)
        yield from _unknown(grant, tables, scope)
        yield from _dated(rule, scope, platform)
        if rule.limits and {"write", "delete"} & set(grant.actions) & set(scope.actions):
            what = f"{platform.name} cannot limit writing to some columns (role {grant.role!r})."
            yield Problem(what, grant.where, NARROW, "export.not-said")
    for deny in policy.denies:
        rule = compile_deny(deny)
        if _wanted(deny, tables, scope) and deny.columns:
            yield from _partly(deny, engine, tables, scope, platform)
        if _wanted(deny, tables, scope) and (not rule.purposes or not scope.purpose or scope.purpose in rule.purposes):
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


def _wanted(rule: Grant | Deny, tables: Sequence[Described], scope: Scope, *, duty: bool = False) -> bool:
    """Whether a rule that is not over lies within the scope; with `duty`, whatever it allows."""
    if rule.until is not None and rule.until <= scope.at:
        return False
    if not duty and not set(rule.actions) & set(scope.actions):
        return False
    if scope.tables == "*" or "act" in rule.actions:
        return True
    if duty and "grant" in rule.actions and any(means(matcher(pattern), POLICY) for pattern in rule.tables):
        return True  # who may change the policy itself reads no table at all
    return any(scope.covers(found.table.name) for found in _meant(rule, tables)) or any(map(scope.covers, rule.tables))


def _meant(rule: Grant | Deny, tables: Sequence[Described]) -> list[Described]:
    matches = [matcher(pattern, deny=isinstance(rule, Deny)) for pattern in rule.tables]
    return [found for found in tables if any(means(match, canonical(found.table.name)) for match in matches)]


def _unspeakable(grant: Grant, scope: Scope, platform: Platform) -> Iterator[Problem]:
    asked = [action for action in grant.actions if action in scope.actions and action not in platform.actions]
    if asked:
        what = f"{platform.name} has no word for {', '.join(asked)} (role {grant.role!r})."
        yield Problem(
            what, grant.where, f"Export the rest with --only {','.join(platform.actions)}.", "export.not-said"
        )


def _partly(
    deny: Deny, engine: Engine, tables: Sequence[Described], scope: Scope, platform: Platform
) -> Iterator[Problem]:
    """A deny of writing some columns only, where somebody may write."""
    actions = {"write", "delete"} & set(deny.actions) & set(scope.actions)
    if any(engine.about(action, found.table.name)[0] for action in actions for found in _meant(deny, tables)):
        what = f"{platform.name} cannot deny writing some columns only (role {deny.role!r})."
        yield Problem(what, deny.where, NARROW, "export.not-said")


def _unnamed(grant: Grant, policy: Policy, platform: Platform) -> Iterator[Problem]:
    """Groups whose members only a directory knows: there they may be more people than here, where they are nobody."""
    for member in members(policy).get(grant.role, ()):
        if member.startswith("group:"):
            what = f"The policy does not say who is in {member!r} (role {grant.role!r}); {platform.name} is told users."
            yield Problem(what, grant.where, "Add the group under 'groups'.", "export.not-said")


def _unknown(grant: Grant, tables: Sequence[Described], scope: Scope) -> Iterator[Problem]:
    """Tables granted by name of which neither a contract nor the lake says what they are.

    A pattern means the tables that are there, and those that come are in the next export.
    """
    known = {canonical(found.table.name) for found in tables}
    for pattern in grant.tables:
        if "*" not in pattern and canonical(pattern) not in known and scope.covers(pattern):
            what = f"Neither the contracts nor the lake know a table {pattern!r}, so it cannot be granted by name."
            yield Problem(what, grant.where, "Make the table first, or leave it out with --table.", "export.not-said")


def _dated(rule: Rule, scope: Scope, platform: Platform) -> Iterator[Problem]:
    if platform.dates or scope.as_of_now:
        return
    starts, ends = rule.rule.since, rule.rule.until
    if starts is not None and starts > scope.at:
        what = f"This rule starts at {starts.isoformat()}, and {platform.name} knows no dates."
        yield Problem(what, rule.rule.where, _NOW, "export.not-said")
    elif ends is not None:
        what = f"This rule ends after {last_day(ends)}, and {platform.name} knows no dates."
        yield Problem(what, rule.rule.where, _NOW, "export.not-said")
