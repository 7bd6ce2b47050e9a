"""Which keys a role has: those that open nothing but what every member of it may see in clear.

A key opens its columns for whoever holds it, in every row, for every purpose, for ever. So a role is given a key only
when its grants of the level `cryptographic` give **every** column that this key opens to **every** member, for a
purpose that they name or for none, and nothing that the policy says to any of them then takes or masks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from strongroom.core.keys.handed_out import Handed, Held
from strongroom.core.policy import KEYS, Policy, Role
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import Bearing, members


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted column, or a leaf inside one, as the policy and the keys know it.

    Args:
        table: that its values are bound to, for example `training.reviews`.
        path: within the table.
        key: the name of the key that encrypts it: the info it is derived by.
        classification: of it and of all that it is inside of, with commas between.
        tags: likewise; None is unknown.
    """

    table: str
    path: str
    key: str
    classification: str = ""
    tags: tuple[str, ...] | None = ()

    @property
    def name(self) -> str:
        """Table and path."""
        return f"{self.table}.{self.path}"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one role is to hold.

    Args:
        role: whose.
        members: who is in it at that moment.
        keys: name of a key → every column that it opens.
        barred: name of a key that the role is not given → columns that are given, and those that are not and that the
            same key would open.
    """

    role: Role
    members: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    barred: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)


def role_keys(engine: Engine, columns: Iterable[Sealed], *, at: datetime) -> tuple[Holding, ...]:
    """What each role with a grant by keys in force is to hold; roles that are to hold nothing are among them.

    Args:
        engine: the policy.
        columns: **every** encrypted column of the installation: a key is weighed by all that it opens.
        at: the moment.
    """
    known = tuple(columns)
    found = []
    for role in keyed(engine.policy):
        people = members(engine.policy, role)
        given = set(_given(engine, role, people, known, at=at))
        by_key: dict[str, list[Sealed]] = {}
        for each in known:
            by_key.setdefault(each.key, []).append(each)
        keys, barred = dict[str, tuple[str, ...]](), dict[str, tuple[tuple[str, ...], tuple[str, ...]]]()
        for key, opened in by_key.items():
            inside = tuple(each.name for each in opened if each in given)
            if len(inside) == len(opened):
                keys[key] = inside
            elif inside:
                barred[key] = (inside, tuple(each.name for each in opened if each not in given))
        found.append(Holding(role, people, keys, barred))
    return tuple(found)


def keyed(policy: Policy) -> tuple[Role, ...]:
    """The roles that some grant gives something by keys, in force or not."""
    named = {grant.role for grant in policy.grants if grant.enforce == KEYS}
    return tuple(role for role in policy.roles if role.name in named)


def _given(
    engine: Engine, role: Role, people: Sequence[str], columns: Sequence[Sealed], *, at: datetime
) -> Iterable[Sealed]:
    """The columns that every member may see in clear for some purpose, by this role's grants alone."""
    tables: dict[str, dict[str, Sealed]] = {}
    for each in columns:
        tables.setdefault(each.table, {})[each.path] = each
    for table, inside in tables.items():
        paths = tuple(inside)
        request = Request(
            principal=people[0] if people else "",
            action="read",
            table=table,
            at=at,
            columns=paths,
            classifications={path: inside[path].classification for path in paths},
            tags={path: tags for path in paths if (tags := inside[path].tags) is not None},
            encrypted=paths,
        )
        weighed = Bearing.of(engine, role, people, request, level=KEYS) if people else None
        if weighed is None:
            continue
        for purpose in {purpose for rule in weighed.giving for purpose in rule.purposes or ("",)}:
            for path in weighed.decide(replace(request, purpose=purpose)).clear:
                yield inside[path]


def kept(record: Handed, wanted: Iterable[Holding]) -> Held:
    """Keys that somebody may have kept who may no longer see what they open: name and master key → who."""
    may: dict[str, set[str]] = {}
    for each in wanted:
        for name in each.keys:
            may.setdefault(name, set()).update(each.members)
    found = {key: people - may.get(key[0], set()) for key, people in record.held.items()}
    return {key: people for key, people in found.items() if people}


def strangers(record: Handed, each: Holding, mark: str) -> frozenset[str]:
    """Who was given the role's key-encryption key and is not in the role; nobody where a service holds it."""
    return record.marks.get(mark, frozenset()) - set(each.members) if mark else frozenset()


def handing(record: Handed, each: Holding, ids: Iterable[int], mark: str) -> Handed:
    """The record once a role's members have these keys, of each of these master keys."""
    people = frozenset(each.members)
    fresh = {(name, key_id): people for name in each.keys for key_id in ids}
    held = {**record.held, **{key: record.held.get(key, frozenset()) | people for key in fresh}}
    marks = {**record.marks, mark: record.marks.get(mark, frozenset()) | people} if mark else record.marks
    return replace(record, held=held, marks=marks)
