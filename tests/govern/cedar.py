"""Our policies in the Cedar language (https://docs.cedarpolicy.com), as far as Cedar can say them, to compare answers.

A request for one column is one Cedar request: the column, its classification, the purpose and the time are its context.
Not said: masks and rows (they change what is given, not whether), tags, names that need folding, requests for a table
as it lies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from strongroom.core.policy import EVERYONE, Deny, Grant, Policy
from strongroom.core.policy.decision import Request


def entities(policy: Policy, tables: Iterable[str], principals: Iterable[str]) -> list[dict[str, object]]:
    """Users in groups in roles, and tables with their names."""
    parents: dict[str, list[dict[str, str]]] = {}
    for kind, sets in (("Group", policy.groups), ("Role", policy.roles)):
        for each in sets:
            for member in each.members:
                parents.setdefault(member, []).append({"type": kind, "id": each.name})
    people = {*principals, *parents, *(f"group:{group.name}" for group in policy.groups)}
    found = [{"uid": _uid(name), "attrs": {}, "parents": parents.get(name, [])} for name in sorted(people)]
    found += [{"uid": {"type": "Role", "id": role.name}, "attrs": {}, "parents": []} for role in policy.roles]
    found += [{"uid": {"type": "Table", "id": name}, "attrs": {"name": name}, "parents": []} for name in tables]
    return found


def policies(policy: Policy) -> str:
    """The policy text. A grant's own denied columns, and separate duties, are forbidden as rules of their own."""
    texts = []
    for grant in policy.grants:
        reached = [_tables(grant.tables), _purposes(grant), *_dates(grant)]
        texts.append(_rule("permit", grant.role, grant.actions, [*reached, _columns(grant.columns.allow)]))
        if grant.columns.deny:
            texts.append(_rule("forbid", grant.role, grant.actions, [*reached, _columns(grant.columns.deny)]))
        if "grant" in grant.actions:
            texts.append(_rule("forbid", grant.role, ("read", "reveal"), [_tables(grant.tables), *_dates(grant)]))
    for deny in policy.denies:
        conditions = [_tables(deny.tables), _purposes(deny), *_dates(deny)]
        texts.append(_rule("forbid", deny.role, deny.actions, [*conditions, _columns(deny.columns or ("*",))]))
    return "\n".join(texts)


def request(asked: Request) -> dict[str, object]:
    """One request for one column whose classification is known."""
    (column,) = asked.columns
    return {
        "principal": _entity(asked.principal),
        "action": f'Action::"{asked.action}"',
        "resource": f'Table::"{asked.table}"',
        "context": {
            "column": column,
            "classification": asked.classifications[column],
            "purpose": asked.purpose,
            "at": int(asked.at.timestamp()),
        },
    }


def _rule(effect: str, role: str, actions: Iterable[str], conditions: Iterable[str]) -> str:
    who = "principal" if role == EVERYONE else f'principal in Role::"{role}"'
    named = ", ".join(f'Action::"{action}"' for action in actions)
    when = " && ".join(condition for condition in conditions if condition) or "true"
    return f"{effect}({who}, action in [{named}], resource) when {{ {when} }};"


def _tables(patterns: Iterable[str]) -> str:
    return "(" + " || ".join(f'resource.name like "{pattern}"' for pattern in patterns) + ")"


def _purposes(rule: Grant | Deny) -> str:
    if not rule.purposes:
        return ""
    none_said = 'context.purpose == "" || ' if isinstance(rule, Deny) else ""
    return f"({none_said}{json.dumps(list(rule.purposes))}.contains(context.purpose))"


def _dates(rule: Grant | Deny) -> list[str]:
    since = [f"context.at >= {int(rule.since.timestamp())}"] if rule.since else []
    return since + ([f"context.at < {int(rule.until.timestamp())}"] if rule.until else [])


def _columns(selectors: Iterable[str]) -> str:
    if "*" in selectors:
        return ""
    names = [name for name in selectors if ":" not in name]
    words = [name.partition(":")[2] for name in selectors if ":" in name]
    return f"({json.dumps(names)}.contains(context.column) || {json.dumps(words)}.contains(context.classification))"


def _entity(name: str) -> str:
    found = _uid(name)
    return f'{found["type"]}::"{found["id"]}"'


def _uid(name: str) -> dict[str, str]:
    kind, _, word = name.partition(":")
    return {"type": kind.capitalize(), "id": word}
