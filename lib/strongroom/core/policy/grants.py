"""Checks what a grant of a policy file promises against what it can keep, by itself and at its level."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from strongroom.core import yaml
from strongroom.core.policy.fields import PRINCIPAL, Fields
from strongroom.core.policy.model import ADVISORY, EVERYONE, KEYS, LEVELS, Grant, Role
from strongroom.core.suggest import did_you_mean

_FOLDER = re.compile(r"[A-Za-z0-9_-]+")


def everybody(role: Role, groups: Iterable[Role]) -> tuple[str, ...]:
    """Every user and group in a role, through nested groups; a group stands before its members."""
    inside = {f"group:{group.name}": group.members for group in groups}
    found, ahead = dict[str, None](), [*role.members]
    while ahead:
        name = ahead.pop(0)
        if name not in found:
            found[name] = None
            ahead += inside.get(name, ())
    return tuple(found)


class GrantChecks(Fields):
    """Every method adds a Problem where a grant promises what could not be kept."""

    def sound(self, node: yaml.Node, grant: Grant, roles: Mapping[str, Role], groups: Iterable[Role]) -> None:
        """Report parts of a grant that contradict each other: what could not be kept must not be promised."""
        if grant.role == EVERYONE:
            self.add(
                node.at(["role"]), "A grant to everyone.", "Name a role; only a deny may hold for all.", "everyone"
            )
        if "act" in grant.actions and (len(grant.actions) > 1 or grant.tables or grant.rows or "columns" in node):
            self.add(
                node, "A grant of 'act' is about principals, not tables.", "Give 'act' in a grant of its own.", "acting"
            )
        if "act" not in grant.actions and grant.principals:
            self.add(
                node.at(["principals"]),
                "Only a grant of 'act' names principals.",
                "Put members into the role.",
                "acting",
            )
        if grant.rows and not {"read", "reveal"} >= set(grant.actions):
            todo = "Give the other actions in a grant of their own."
            self.add(node.at(["rows"]), "Rows limit reading and revealing, nothing else.", todo, "rows-and-masks")
        if grant.columns.mask and set(grant.actions) != {"read"}:
            todo = "Give the other actions in a grant of their own."
            self.add(node.at(["columns"]), "A mask limits reading, nothing else.", todo, "rows-and-masks")
        if grant.since and grant.until and grant.since >= grant.until:
            self.add(node.at(["until"]), "The grant ends before it starts.", "Check from and until.", "date")
        if grant.approval and not PRINCIPAL.fullmatch(grant.approval):
            self.add(node.at(["approval"]), "The approval does not name a principal.", "Write it as user:NAME.", "name")
        if grant.approval and grant.role in roles and grant.approval in everybody(roles[grant.role], groups):
            self.add(
                node.at(["approval"]),
                "A member of the role approved its own grant.",
                "Let somebody else approve.",
                "approval",
            )
        if grant.enforce != ADVISORY:
            self.strong(node, grant)
        if grant.enforce == KEYS:
            self.by_keys(node, grant, roles)

    def level(self, node: yaml.Node) -> str:
        entry, found = node.get("enforce"), self.text(node.get("enforce"), "enforce")
        if entry is not None and found and found not in LEVELS:
            self.unknown_name(entry, f"Unknown level {found!r}.", did_you_mean(found, LEVELS))
        return found if found in LEVELS else ADVISORY

    def strong(self, node: yaml.Node, grant: Grant) -> None:
        """Report what a stronger level than advisory cannot keep: it is about reading, and its names become folders."""
        if set(grant.actions) != {"read"}:
            todo = "Give the other actions in a grant of their own."
            self.add(node["enforce"], f"Only reading can be {grant.enforce}.", todo, "level")
        named = [("role", (grant.role,))] + ([("purposes", grant.purposes)] if grant.enforce != KEYS else [])
        for key, words in named:
            if any(not _FOLDER.fullmatch(word) for word in words):
                todo = "Use letters of ASCII, digits, '_' and '-'."
                what = "the file of the role's keys" if grant.enforce == KEYS else "a folder of the projection"
                self.add(node.at([key]), f"This names {what}, and cannot.", todo, "level")

    def by_keys(self, node: yaml.Node, grant: Grant, roles: Mapping[str, Role]) -> None:
        """Report what keys cannot keep: a key opens every value of a column, whole, for whoever holds it."""
        todo = "Give it at the advisory or physical level."
        if grant.rows:
            self.add(node.at(["rows"]), "Keys cannot limit rows: one key opens a column in all of them.", todo, "level")
        if grant.columns.mask:
            self.add(node.at(["columns"]), "Keys cannot mask: a value opens as a whole or not at all.", todo, "level")
        if grant.role in roles and not roles[grant.role].key:
            what = f"The role {grant.role!r} has no key, so there is nothing to wrap what it is given under."
            self.add(node.at(["role"]), what, "Add 'key: file:PATH' (or another provider) to the role.", "role-key")
