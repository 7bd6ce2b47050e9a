"""What a new policy gives and takes away, in words: "group:ml gains email in training.reviews for model_training".

Both policies are asked about the same principals, tables and purposes, now and at every later moment at which a rule of
either begins or ends; groups are named as they stand in the roles, so that one sentence speaks for all their members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from strongroom.core.policy import ACTIONS, LEVELS, MASKS, Deny, Grant, Policy, Role, first_day
from strongroom.govern.engine.compiled import compile_grant
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.matrix import GIVEN, OPENED, purposes_of, views
from strongroom.govern.table import IN_CLEAR, STAND_IN, UNKNOWN, Table, described, unknown

_State = tuple[str, str, str]  # how a column is shown, for which rows, until when
_Key = tuple[str, str, str, str]  # principal, action, table, purpose


_LYING = {UNKNOWN: "it lies", GIVEN: "given"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One sentence about one principal; `gains` is None where something is only shown in another way."""

    text: str
    gains: bool | None


def diff(old: Policy, new: Policy, *, tables: Sequence[Table], at: datetime) -> list[Difference]:
    """Every difference between two policies from a moment on, by principal. What is told of one day is not told again.

    Args:
        old: what held.
        new: what shall hold.
        tables: every table the lake knows, with its columns where they are known.
        at: grants that are over at that moment do not count.
    """
    asked = [*(described(table, (old, new)) for table in tables), *unknown(tables, (old, new))]
    found, told = _roles(old, new), set[tuple[str, ...]]()
    for moment in (at, *_edges(old, new, at)):
        here = [*_at(old, new, asked, moment, told), *_acting(old, new, moment, told)]
        since = "" if moment == at else f"from {first_day(moment)} on: "
        found += [replace(each, text=since + each.text) for each in here]
    return found or _unexplained(old, new)


def _edges(old: Policy, new: Policy, at: datetime) -> list[datetime]:
    """The later moments at which some rule begins or ends."""
    rules = (*old.rules, *new.rules)
    return sorted({edge for rule in rules for edge in (rule.since, rule.until) if edge is not None and edge > at})


def _at(
    old: Policy, new: Policy, asked: Sequence[Table], at: datetime, told: set[tuple[str, ...]]
) -> Iterator[Difference]:
    """The differences at one moment, but for what was told of an earlier one; `told` learns of them."""
    principals, purposes = _principals(old, new), sorted({*purposes_of(old), *purposes_of(new)})
    before = _states(Engine(old), asked, principals, purposes, at)
    after = _states(Engine(new), asked, principals, purposes, at)
    every = {table.name: set(table.columns) for table in asked}
    changes: dict[tuple[str, str, str], dict[tuple[str, ...], list[str]]] = {}
    for key in sorted({*before, *after}):
        was, will = ({c: s for c, s in each.get(key, {}).items() if (*key, c) not in told} for each in (before, after))
        told |= {(*key, column) for column in {*was, *will} if was.get(column) != will.get(column)}
        for how, columns in _changes(was, will, every[key[2]]):
            what = changes.setdefault(key[:3], {})
            what.setdefault((*how, *columns), []).append(key[3])
    for (who, action, table), hows in changes.items():
        for words, aims in hows.items():
            whole = len(aims) == len(purposes)
            yield _sentence(who, action, table, how=words[:3], columns=words[3:], purposes=aims, every=whole)


def _roles(old: Policy, new: Policy) -> list[Difference]:
    """Who opens a role's projections and keys in its name."""
    before, found = {role.name: role for role in old.roles}, []
    for role in new.roles:
        was = before.get(role.name, Role(role.name, ()))
        for what, one, other in (("os_group", was.os_group, role.os_group), ("key", was.key, role.key)):
            if one != other:
                found.append(
                    Difference(f"role {role.name}: its {what} is {other or 'none'} instead of {one or 'none'}", None)
                )
    return found


def _unexplained(old: Policy, new: Policy) -> list[Difference]:
    """Rules that are not the same though no answer is known to differ: nobody should take them for equal."""

    def plain(rule: Grant | Deny) -> Grant | Deny:
        said = replace(rule, where="", reason="")
        return replace(said, approval="") if isinstance(said, Grant) else said

    known = [[plain(rule) for rule in policy.rules] for policy in (old, new)]
    changed = [rule.where for rule in old.rules if plain(rule) not in known[1]]
    changed += [rule.where for rule in new.rules if plain(rule) not in known[0]]
    text = f"No answer is known to change, but these rules do: {', '.join(changed)}"
    return [Difference(text, None)] if changed else []


def _principals(old: Policy, new: Policy) -> list[str]:
    """Whoever stands in a role or a group by name, in the old or the new policy."""
    before, after = Engine(old), Engine(new)
    direct = {member for each in (*old.roles, *new.roles) for member in each.members}
    nested = {member for each in (*old.groups, *new.groups) for member in each.members}
    return sorted(direct | {member for member in nested if before.roles(member) != after.roles(member)})


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


def _acting(old: Policy, new: Policy, at: datetime, told: set[tuple[str, ...]]) -> Iterator[Difference]:
    """Who may act as whom, and may no longer."""
    before, after = Engine(old), Engine(new)
    for who in _principals(old, new):
        may = [
            {
                name
                for grant in engine.policy.grants
                if grant.role in engine.roles(who) and compile_grant(grant).holds(at.timestamp())
                for name in grant.principals
            }
            for engine in (before, after)
        ]
        for verb, names in (("gains", may[1] - may[0]), ("loses", may[0] - may[1])):
            fresh = [name for name in sorted(names) if (who, "act", name) not in told]
            told |= {(who, "act", name) for name in fresh}
            yield from (Difference(f"{who} {verb} acting as {name}", verb == "gains") for name in fresh)


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
            words = " instead of ".join(_shown(state) or _shown(state, lying=True) for state in (new, old))
            found.setdefault(("sees", words, ""), []).append(column)
    for how, columns in found.items():
        yield how, ("*",) if set(columns) == every else tuple(columns)


def _shown(state: _State, *, lying: bool = False) -> str:
    """How a column is shown and for which rows; how it lies is told only where that is the point."""
    (how, bracket, level), rows = state[0].partition(" ("), state[1]
    masked = how in MASKS or lying
    shown = how if how.startswith(OPENED) or (how == IN_CLEAR and lying) else f"as {_LYING.get(how, how)}" * masked
    return " ".join(part for part in (shown, bracket[1:] + level, f"where {rows}" if rows else "") if part)


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
    place = table.replace(STAND_IN, "*")
    what = "every column" if columns == ("*",) else " and ".join(", ".join(columns).rsplit(", ", 1))
    if action in ("read", "reveal"):
        what = f"{'revealing ' if action == 'reveal' else ''}{what} in {place}"
    else:
        what = f"{action} on {place}"
    aims = "" if every else f" for {' and '.join(purpose or 'no stated purpose' for purpose in purposes)}"
    ends = f" until {until}" if until and verb == "gains" else ""
    return Difference(f"{who} {verb} {what} {words}".rstrip() + aims + ends, {"gains": True, "loses": False}.get(verb))
