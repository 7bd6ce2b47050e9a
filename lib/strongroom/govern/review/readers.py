"""Who may read some of a table now, for what, and until when: the roles of a policy, in its order."""

from __future__ import annotations

from datetime import datetime

from strongroom.core.report.front import Reader
from strongroom.govern.engine.engine import Engine, in_force


def readers(engine: Engine, table: str, *, at: datetime) -> tuple[Reader, ...]:
    """The roles with a grant to read the table that holds then, and a member whom no deny keeps from all of it."""
    found = list[Reader]()
    for role in engine.policy.roles:
        held = dict.fromkeys(given for member in role.members for given in _given(engine, member, role.name, table, at))
        if held:
            everything = any(not purpose for purpose, _ in held)
            ends = [until for _, until in held]
            found.append(
                Reader(
                    role.name,
                    () if everything else tuple(dict.fromkeys(purpose for purpose, _ in held)),
                    None if None in ends else max(end for end in ends if end is not None),
                )
            )
    return tuple(found)


def _given(engine: Engine, member: str, role: str, table: str, at: datetime) -> list[tuple[str, datetime | None]]:
    """Purpose and end of each grant of the role that gives a member something; the purpose is empty for every one."""
    _, grants, denies, duties = engine.bearing(member, "read", table)
    now = at.timestamp()
    if any(rule.holds(now) for rule in duties):
        return []
    return [
        (purpose, grant.until)
        for grant in engine.policy.grants
        if grant.role == role
        for rule in grants
        if rule.rule is grant
        for purpose in grant.purposes or ("",)
        if in_force([rule], [], now, purpose)[0]
        and not any(deny.deny is None for deny in in_force([], denies, now, purpose)[1])
    ]
