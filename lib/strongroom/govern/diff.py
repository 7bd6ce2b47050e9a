"""What a new policy gives and takes away, in words: "group:ml gains email in training.reviews for model_training".

Both policies are asked about the same principals, tables and purposes; groups are named as they stand in the roles, so
that one sentence speaks for all their members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from strongroom.core.policy import ACTIONS, LEVELS, Deny, Policy
from strongroom.govern.matrix import AS_STORED, IN_CLEAR, Table, purposes_of, views
from strongroom.govern.names import canonical, matcher, means
from strongroom.govern.policy import Engine
from strongroom.govern.rules import compile_grant

OTHERS = "other columns"
_STAND_IN = "0zq"  # a name that a pattern without any known table stands for

_State = tuple[str, str, str]  # how a column is shown, for which rows, until when
_Key = tuple[str, str, str, str]  # principal, action, table, purpose


@dataclass(frozen=True, slots=True)
class Difference:
    """One sentence about one principal; `gains` is None where something is only shown in another way."""

    text: str
    gains: bool | None


def diff(old: Policy, new: Policy, *, tables: Sequence[Table], at: datetime) -> list[Difference]:
    """Every difference between two policies at one moment, by principal.

    Args:
        old: what held.
        new: what shall hold.
        tables: every table the lake knows, with its columns where they are known.
        at: grants that are over or not yet begun at that moment do not count.
    """
    principals = _principals(old, new)
    purposes = sorted({*purposes_of(old), *purposes_of(new)})
    asked = [*(_described(table, old, new) for table in tables), *_unknown(tables, old, new)]
    before = _states(Engine(old), asked, principals, purposes, at)
    after = _states(Engine(new), asked, principals, purposes, at)
    every = {table.name: set(table.columns) for table in asked}
    changes: dict[tuple[str, str, str], dict[tuple[str, ...], list[str]]] = {}
    for principal, action, table, purpose in sorted({*before, *after}):
        key = (principal, action, table, purpose)
        for how, columns in _changes(before.get(key, {}), after.get(key, {}), every[table]):
            what = changes.setdefault((principal, action, table), {})
            what.setdefault((*how, *columns), []).append(purpose)
    found = [
        _sentence(who, action, table, how=key[:3], columns=key[3:], purposes=aims, every=len(aims) == len(purposes))
        for (who, action, table), hows in changes.items()
        for key, aims in hows.items()
    ]
    return [*found, *_acting(old, new, principals, at)]


def _principals(old: Policy, new: Policy) -> list[str]:
    """Whoever stands in a role or a group by name, in the old or the new policy."""
    before, after = Engine(old), Engine(new)
    direct = {member for each in (*old.roles, *new.roles) for member in each.members}
    nested = {member for each in (*old.groups, *new.groups) for member in each.members}
    return sorted(direct | {member for member in nested if before.roles(member) != after.roles(member)})


def _described(table: Table, old: Policy, new: Policy) -> Table:
    """The table; where its columns are not known, with those that the policies speak of."""
    if table.columns:
        return table
    named: dict[str, None] = {}
    for rule in (*old.rules, *new.rules):
        columns = (
            rule.columns if isinstance(rule, Deny) else (*rule.columns.allow, *rule.columns.deny, *rule.columns.mask)
        )
        named |= dict.fromkeys(name for name in columns if ":" not in name and name != "*")
    return Table(table.name, (*named, OTHERS))


def _unknown(tables: Sequence[Table], old: Policy, new: Policy) -> Iterator[Table]:
    """A table for every pattern that means none of the known ones."""
    patterns = dict.fromkeys(pattern for rule in (*old.rules, *new.rules) for pattern in rule.tables)
    for pattern in patterns:
        if not any(means(matcher(pattern), canonical(table.name)) for table in tables):
            yield _described(Table(pattern.replace("*", _STAND_IN), ()), old, new)


def _states(
    engine: Engine, tables: Iterable[Table], principals: Sequence[str], purposes: Sequence[str], at: datetime
) -> dict[_Key, dict[str, _State]]:
    """How every column is shown to everybody; for actions other than reading and revealing, the table as a whole."""
    found: dict[_Key, dict[str, _State]] = {}
    for table in tables:
        for action in ACTIONS[:-1]:
            for view in views(engine, [table], principals=principals, purposes=purposes, at=at, action=action):
                for principal, purpose in view.holders:
                    states = found.setdefault((principal, action, table.name, purpose), {})
                    level = "" if view.level == LEVELS[0] else f" ({view.level})"
                    for part in view.parts:
                        states |= dict.fromkeys(part.columns, (part.how + level, part.rows, part.until))
    return found


def _acting(old: Policy, new: Policy, principals: Iterable[str], at: datetime) -> Iterator[Difference]:
    """Who may act as whom, and may no longer."""
    before, after = Engine(old), Engine(new)
    for who in principals:
        may = [
            {
                name
                for grant in engine.policy.grants
                if grant.role in engine.roles(who) and compile_grant(grant).holds(at.timestamp())
                for name in grant.principals
            }
            for engine in (before, after)
        ]
        yield from (Difference(f"{who} gains acting as {name}", True) for name in sorted(may[1] - may[0]))
        yield from (Difference(f"{who} loses acting as {name}", False) for name in sorted(may[0] - may[1]))


def _changes(
    before: dict[str, _State], after: dict[str, _State], every: set[str]
) -> Iterator[tuple[tuple[str, str, str], tuple[str, ...]]]:
    """`(gains|loses|changes, words, until)` and the columns it is true of; `*` for every column."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for column in dict.fromkeys((*before, *after)):
        old, new = before.get(column), after.get(column)
        if old == new:
            continue
        if new is None or old is None:
            state = new or old or ("", "", "")
            found.setdefault(("loses" if new is None else "gains", _shown(state), state[2]), []).append(column)
        elif old[:2] == new[:2]:
            found.setdefault(("keeps", f"until {_until(new[2])} instead of {_until(old[2])}", ""), []).append(column)
        else:
            found.setdefault(
                ("sees", f"{_shown(new) or 'as stored'} instead of {_shown(old) or 'as stored'}", ""), []
            ).append(column)
    for how, columns in found.items():
        yield how, ("*",) if set(columns) == every else tuple(columns)


def _shown(state: _State) -> str:
    how, rows, _ = state
    plain = how.removeprefix(AS_STORED).strip() if how.startswith(AS_STORED) else f"as {how}"
    shown = how if how.startswith(IN_CLEAR) else plain
    return " ".join(part for part in (shown, f"where {rows}" if rows else "") if part)


def _until(day: str) -> str:
    return day or "further notice"


def _sentence(
    who: str,
    action: str,
    table: str,
    *,
    how: tuple[str, ...],
    columns: tuple[str, ...],
    purposes: Sequence[str],
    every: bool,
) -> Difference:
    """`gains` and `loses` speak of the action; reading is what is meant when none is named."""
    verb, words, until = how
    place = table.replace(_STAND_IN, "*")
    what = "every column" if columns == ("*",) else " and ".join(", ".join(columns).rsplit(", ", 1))
    if action in ("read", "reveal"):
        what = f"{'revealing ' if action == 'reveal' else ''}{what} in {place}"
    else:
        what = f"{action} on {place}"
    aims = "" if every else f" for {' and '.join(purpose or 'no stated purpose' for purpose in purposes)}"
    ends = f" until {until}" if until and verb == "gains" else ""
    return Difference(f"{who} {verb} {what} {words}".rstrip() + aims + ends, {"gains": True, "loses": False}.get(verb))
