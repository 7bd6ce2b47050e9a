"""Who may read some of a table now, for what, and until when: the roles of a policy, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from strongroom.core.contract.subject import TAG
from strongroom.core.policy import Grant, Role
from strongroom.core.policy.decision import Request
from strongroom.core.report.front import Limits, Reader
from strongroom.govern.engine.engine import Engine
from strongroom.govern.table import Table


def readers(engine: Engine, table: Table, *, at: datetime, action: str = "read") -> tuple[Reader, ...]:
    """The roles a member of which may read (or reveal) some of the table's columns at a moment, for each purpose.

    An end is the last moment that a grant of the role is in force for that purpose; a deny that begins before is asked
    at its time, by whoever reads then.
    """
    found = list[Reader]()
    for role in engine.policy.roles:
        for purpose in dict.fromkeys(_purposes(engine, role.name, table.name, at, action)):
            if _reads(engine, role, table, purpose=purpose, at=at, action=action):
                found.append(Reader(role.name, purpose, _end(engine, role.name, table.name, purpose, at, action)))
    return tuple(found)


def limited(engine: Engine, table: Table, *, purposes: Sequence[str], at: datetime) -> tuple[Reader, ...]:
    """The roles whose members may read some of a table for one of these purposes, with what the role alone gives."""
    roles = engine.policy.roles
    alone = Engine(
        replace(engine.policy, roles=tuple(replace(role, members=(_only(role),)) for role in roles), groups=())
    )
    table = replace(table, columns=tuple(name for name in table.columns if name != TAG))
    found = list[Reader]()
    for role in roles:
        for purpose in purposes:
            read = _reads(engine, role, table, purpose=purpose, at=at)
            if read and (limits := _limits(alone, role, table, purpose, at)):
                end = _end(engine, role.name, table.name, purpose, at)
                found.append(Reader(role.name, purpose, end, limits))
    return tuple(found)


def _asked(principal: str, table: Table, purpose: str, at: datetime, action: str = "read") -> Request:
    """Whether somebody may read every column, by all that is known of them."""
    return Request(
        principal, action, table.name, at, table.columns, purpose, "", table.classifications, table.tags,
        table.encrypted,
    )  # fmt: skip


def _only(role: Role) -> str:
    return f"user:{role.name}"


def _limits(alone: Engine, role: Role, table: Table, purpose: str, at: datetime) -> Limits | None:
    """What the role's own grants give; None where all that its members read is another role's."""
    answer = alone.narrow(_asked(_only(role), table, purpose, at))
    if not answer.allowed:
        return None
    withheld = tuple(name for name in table.columns if name not in answer.columns)
    rows = dict.fromkeys((*answer.rows, *(row for rows in answer.conditions.values() for row in rows)))
    return Limits(len(answer.columns), withheld, dict(answer.masks), tuple(rows), answer.level)


def _purposes(engine: Engine, role: str, table: str, at: datetime, action: str) -> Iterator[str]:
    """Those of the role's grants; empty for every one."""
    for grant in _grants(engine, role, table, at, action):
        yield from grant.purposes or ("",)


def _grants(engine: Engine, role: str, table: str, at: datetime, action: str) -> Iterator[Grant]:
    about, _, _ = engine.about(action, table)
    for rule in about:
        if isinstance(rule.rule, Grant) and rule.rule.role == role and rule.holds(at.timestamp()):
            yield rule.rule


def _end(engine: Engine, role: str, table: str, purpose: str, at: datetime, action: str = "read") -> datetime | None:
    ends = [
        grant.until
        for grant in _grants(engine, role, table, at, action)
        if not grant.purposes or purpose in grant.purposes
    ]
    return None if None in ends else max(end for end in ends if end is not None)


def _reads(engine: Engine, role: Role, table: Table, *, purpose: str, at: datetime, action: str = "read") -> bool:
    """Whether a member of the role may read (or reveal) some of the columns then, for the purpose."""
    return any(engine.narrow(_asked(member, table, purpose, at, action)).allowed for member in role.members)
