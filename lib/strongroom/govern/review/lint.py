"""Rules of a policy that do nothing, or less than they seem to: each with file and line.

What to do about it is told where doing it changes no answer, or corrects a name. Where it would give somebody more or
take something away, that is for whoever keeps the policy to say, and so it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from strongroom.core.errors import Problem
from strongroom.core.expression import parse
from strongroom.core.expression.tree import names
from strongroom.core.names import canonical, folded, matcher, means
from strongroom.core.policy import ADVISORY, EVERYONE, KEYS, PHYSICAL, Deny, Expectation, Grant, Policy, last_day
from strongroom.core.suggest import did_you_mean, nearest
from strongroom.govern.engine.compiled import POLICY
from strongroom.govern.levels.physical import members
from strongroom.govern.table import Table, selectors

_GRAVE = ("reveal", "erase", "grant", "act")
_ANY_WORD = "0zq"
_KEEPER = "Whoever keeps the policy says"


def lint(policy: Policy, *, tables: Sequence[Table], at: datetime) -> list[Problem]:
    """What a careful reader would ask about.

    Args:
        policy: any sound policy.
        tables: every table the lake knows; a pattern that matches none of them is reported.
        at: now, for grants that are over.
    """
    found = [
        *_roles(policy),
        *(problem for rule in policy.rules for problem in _objects(rule, tables)),
        *(problem for grant in policy.grants if grant.rows for problem in _asked(grant, tables)),
        *(problem for grant in policy.grants for problem in _grant(grant, policy, at)),
        *(problem for deny in policy.denies for problem in _over(deny, at)),
        *(problem for case in policy.expectations for problem in _expected(case, tables)),
        *_duties(policy),
        *_weakened(policy),
        *_narrowed(policy),
        *(problem for grant in policy.grants if grant.enforce == KEYS for problem in _in_clear(grant, tables)),
    ]
    return sorted(dict.fromkeys(found), key=lambda problem: int(problem.where.rpartition(":")[2] or 0))


def _roles(policy: Policy) -> Iterator[Problem]:
    """Roles nobody is in, roles without a grant, and groups nobody uses or knows."""
    groups = {f"group:{group.name}": group for group in policy.groups}
    used = {member for each in (*policy.roles, *policy.groups) for member in each.members}
    granted = {rule.role for rule in policy.rules}
    for role in policy.roles:
        if role.name not in granted:
            yield Problem(f"No rule names the role {role.name!r}.", role.where, "Remove it.", "lint.unused")
        for member in role.members:
            if member.startswith("group:") and member not in groups:
                meant = nearest(member, groups)
                todo = f"Did you mean {meant!r}?" if meant else f"{_KEEPER} under 'groups' who that is."
                yield Problem(
                    f"The policy does not say who is in {member!r}, so nobody is.", role.where, todo, "lint.unknown"
                )
    for name, group in groups.items():
        if name not in used:
            yield Problem(f"No role holds the group {group.name!r}.", group.where, "Remove it.", "lint.unused")


def _objects(rule: Grant | Deny, tables: Sequence[Table]) -> Iterator[Problem]:
    """Tables and columns that are not there."""
    meant: list[Table] = []
    for pattern in rule.tables:
        match = matcher(pattern, deny=isinstance(rule, Deny))
        hit = [table for table in tables if means(match, canonical(table.name))]
        if not hit:
            todo = did_you_mean(pattern, [table.name for table in tables])
            yield Problem(f"No table is called {pattern!r}.", rule.where, todo, "lint.unknown")
        meant += hit
    described = [table for table in meant if table.columns]
    if not described:
        return  # no table's columns are known, so any name may be right
    unknown = len(described) < len(meant)  # of some they are not: then only what looks like a slip is told
    there = {path for table in described for path in table.paths}
    words = {
        "classification": {
            word for table in described for words in table.classifications.values() for word in words.split(",")
        },
        "tag": {word for table in described for tags in table.tags.values() for word in tags},
    }
    for selector in selectors(rule):
        kind, mark, word = selector.partition(":")
        if mark and kind in words:
            if word not in words[kind] and (not unknown or nearest(word, words[kind])):
                todo = did_you_mean(word, sorted(words[kind]))
                yield Problem(f"No column here has the {kind} {word!r}.", rule.where, todo, "lint.unknown")
        elif selector != "*" and folded(selector)[0] not in there and (not unknown or nearest(selector, there)):
            todo = did_you_mean(selector, sorted(there))
            yield Problem(f"No table here has a column {selector!r}.", rule.where, todo, "lint.unknown")
        elif isinstance(rule, Grant) and selector in rule.columns.allow and _is_part(selector, described):
            what = f"{selector!r} is a part of a column, and tables are read by whole columns: this gives none of it."
            yield Problem(what, rule.where, f"{_KEEPER} whether the column is meant.", "lint.nothing")


def _is_part(selector: str, tables: Iterable[Table]) -> bool:
    """Whether a selector names a field inside a column, and nowhere a column."""
    path = folded(selector)[0]
    return "." in path and not any(folded(name)[0] == path for table in tables for name in table.columns)


def _asked(grant: Grant, tables: Sequence[Table]) -> Iterator[Problem]:
    """Columns that a row condition asks and a table does not have: who reads that table gets an error."""
    matches = [matcher(pattern, deny=False) for pattern in grant.tables]
    asked = {name.path for name in names(parse(grant.rows, where=grant.where))}
    for table in tables:
        if table.columns and any(means(match, canonical(table.name)) for match in matches):
            for column in sorted(name for name in asked if folded(name)[0] not in table.paths):
                what = f"The condition of 'rows' asks {column!r}, which {table.name} does not have."
                yield Problem(what, grant.where, did_you_mean(column, sorted(table.paths)), "lint.unknown")


def _grant(grant: Grant, policy: Policy, at: datetime) -> Iterator[Problem]:
    """Grants that are over, hidden, told twice, or grave without anybody's word for it."""
    yield from _over(grant, at)
    others = [name for name in grant.columns.allow if name not in grant.columns.deny]
    for name in (name for name in grant.columns.allow if name not in others):
        todo = "Remove it from what is allowed." if others else ""  # to allow nothing by name is to allow everything
        yield Problem(f"{name!r} is allowed and denied here, so it is denied.", grant.where, todo, "lint.denied")
    if hidden := _hidden_by(grant, policy.denies):
        takes = grant.columns.deny or grant.columns.mask  # which would go with the grant
        todo = f"{_KEEPER} whether what it withholds stays." if takes else "Remove the grant."
        yield Problem(f"This grant never gives anything: {hidden} denies all of it.", grant.where, todo, "lint.nothing")
    for other in policy.grants:
        if (
            other is not grant
            and _covers(other, grant)
            and not (_covers(grant, other) and _later(other, grant, policy))
        ):
            yield Problem(f"This grant adds nothing to {other.where}.", grant.where, "Remove it.", "lint.nothing")
    if grave := [action for action in grant.actions if action in _GRAVE]:
        for word, said in (("approval", grant.approval), ("reason", grant.reason)):
            if not said:
                yield Problem(
                    f"A grant of {', '.join(grave)} without {word}.", grant.where, f"Add '{word}: …'.", "lint.reason"
                )


def _over(rule: Grant | Deny, at: datetime) -> Iterator[Problem]:
    if rule.until is not None and rule.until <= at:
        what = "grant" if isinstance(rule, Grant) else "deny"
        yield Problem(f"This {what} ended on {last_day(rule.until)}.", rule.where, "Remove it.", "lint.ended")


def _expected(case: Expectation, tables: Sequence[Table]) -> Iterator[Problem]:
    """Cases about tables and columns that are not there: that they are denied shows nothing."""
    if case.action == "act":
        return
    found = [table for table in tables if canonical(table.name) == canonical(case.table)]
    if not found:
        todo = did_you_mean(case.table, [table.name for table in tables])
        yield Problem(f"No table is called {case.table!r}.", case.where, todo, "lint.unknown")
    for table in found:
        for name in case.columns if table.columns else ():
            if folded(name)[0] not in table.paths:
                what = f"No table here has a column {name!r}."
                yield Problem(what, case.where, did_you_mean(name, sorted(table.paths)), "lint.unknown")


def _hidden_by(grant: Grant, denies: Iterable[Deny]) -> str:
    """The denies that together take everything a grant gives, or an empty text."""
    hiding = [deny for deny in denies if deny.role in (grant.role, EVERYONE) and _lasts(deny, grant)]
    hiding = [
        deny for deny in hiding if not deny.purposes or (grant.purposes and set(grant.purposes) <= set(deny.purposes))
    ]
    used: dict[str, None] = {}
    for action in grant.actions:
        for table in grant.tables:
            here = [deny for deny in hiding if action in deny.actions and _within(table, deny.tables, deny=True)]
            whole = [deny for deny in here if not deny.columns][:1]
            taken = {column for deny in here for column in deny.columns}
            if not whole and not set(grant.columns.allow) <= taken:
                return ""
            used |= dict.fromkeys(deny.where for deny in whole or here)
    return ", ".join(used)


def _covers(wide: Grant, narrow: Grant) -> bool:
    """Whether one grant gives everything that another one gives, and withholds nothing."""
    columns = wide.columns
    return (
        wide.role == narrow.role
        and wide.enforce == narrow.enforce
        and set(narrow.actions) <= set(wide.actions)
        and all(_within(table, wide.tables) for table in narrow.tables)
        and set(narrow.principals) <= set(wide.principals)
        and (not wide.purposes or (bool(narrow.purposes) and set(narrow.purposes) <= set(wide.purposes)))
        and ("*" in columns.allow or set(narrow.columns.allow) <= set(columns.allow))
        and wide.rows in ("", narrow.rows)
        and _lasts(wide, narrow)
        and not narrow.columns.deny
        and not narrow.columns.mask
    )


def _later(first: Grant, second: Grant, policy: Policy) -> bool:
    """Whether the first of two grants that say the same stands behind the second: only one of them is reported."""
    places: Mapping[int, int] = {id(grant): place for place, grant in enumerate(policy.grants)}
    return places[id(first)] > places[id(second)]


def _within(pattern: str, wide: Iterable[str], *, deny: bool = False) -> bool:
    """Whether a pattern's names are all among those of the wider ones: tried with one that stands for them."""
    name = pattern.lower().replace("*", _ANY_WORD)
    return any(pattern == other or means(matcher(other, deny=deny), name) for other in wide)


def _lasts(wide: Grant | Deny, narrow: Grant | Deny) -> bool:
    """Whether one rule is in force whenever another is."""
    starts = wide.since is None or (narrow.since is not None and wide.since <= narrow.since)
    ends = wide.until is None or (narrow.until is not None and narrow.until <= wide.until)
    return starts and ends


def _duties(policy: Policy) -> Iterator[Problem]:
    """Reading that a role can never do, since it grants, or that somebody in it cannot."""
    people = {role.name: set(members(policy, role)) for role in policy.roles}
    for grant in (each for each in policy.grants if "grant" in each.actions):
        rules_all = _within(POLICY, grant.tables)
        for other in policy.grants:
            here = rules_all or any(_within(table, grant.tables) for table in other.tables)
            if not here or not {"read", "reveal"} & set(other.actions):
                continue
            both = sorted(people.get(grant.role, set()) & people.get(other.role, set()))
            if other.role == grant.role or both:
                who, them = (f"The role {grant.role!r}", "it") if other.role == grant.role else (both[0], "them")
                what = f"{who} never reads here: {grant.where} lets {them} grant, which excludes reading."
                yield Problem(what, other.where, f"{_KEEPER} which of the two it is.", "lint.nothing")


def _in_clear(grant: Grant, tables: Sequence[Table]) -> Iterator[Problem]:
    """Columns that are to be given by keys and have none, since they lie in clear or under another protection."""
    matches = [matcher(pattern) for pattern in grant.tables]
    meant = [table for table in tables if any(means(match, canonical(table.name)) for match in matches)]
    lying = {folded(name)[0] for table in meant for name in table.columns}
    encrypted = {folded(name)[0] for table in meant for name in table.encrypted}
    todo = "Protect it with encrypt in its contract."
    for name in grant.columns.allow:
        if folded(name)[0] in lying - encrypted:
            yield Problem(f"{name!r} is not encrypted, so keys cannot give it.", grant.where, todo, "lint.nothing")
    if meant and not encrypted:
        yield Problem(
            "No table of this grant has a column that is encrypted, and keys give no other.",
            grant.where,
            todo,
            "lint.nothing",
        )


def _strong(policy: Policy) -> Iterator[tuple[Grant, Grant]]:
    """Each grant above the advisory level with every other grant of reading on tables that both may mean."""
    for grant in policy.grants:
        for other in policy.grants if grant.enforce != ADVISORY else ():
            if other is not grant and "read" in other.actions and _meet(grant, other):
                yield grant, other


def _weakened(policy: Policy) -> Iterator[Problem]:
    """Physical grants of tables that the same role may read at their source anyway."""
    for grant, other in _strong(policy):
        if grant.enforce == PHYSICAL and other.role == grant.role and other.enforce == ADVISORY:
            what = f"{other.where} lets the same role read at the source, so this grant's level is worth nothing there."
            yield Problem(what, grant.where, f"{_KEEPER} which of the two it is.", "lint.level")


def _narrowed(policy: Policy) -> Iterator[Problem]:
    """Grants in files or by keys that give less than they say, since a member is in a role from which more is taken."""
    people = {role.name: set(members(policy, role)) for role in policy.roles}
    for grant, other in _strong(policy):
        both = sorted(people.get(grant.role, set()) & people.get(other.role, set()))
        if other.role != grant.role and both and (other.columns.deny or other.columns.mask):
            held = "these keys" if grant.enforce == KEYS else "this projection"
            what = f"{both[0]} is in {other.role!r}, too, and what {other.where} takes is taken from {held}."
            yield Problem(what, grant.where, f"{_KEEPER} whether that is meant.", "lint.level")


def _meet(one: Grant, other: Grant) -> bool:
    return any(_within(table, other.tables) for table in one.tables) or any(
        _within(table, one.tables) for table in other.tables
    )
