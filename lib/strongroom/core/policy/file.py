"""Reads a policy file strictly: every problem at once, each with file, line and the nearest known word."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from strongroom.core import yaml
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import is_plain
from strongroom.core.expression import parser
from strongroom.core.keys.ring import reference
from strongroom.core.policy.fields import PRINCIPAL, SELECTOR, TABLE, WORD
from strongroom.core.policy.grants import GrantChecks
from strongroom.core.policy.model import ACTIONS, EVERYONE, MASKS, Columns, Deny, Expectation, Grant, Policy, Role
from strongroom.core.suggest import did_you_mean

_MASK_WORDS = {"null": "replace-with-null"} | {word: word for word in MASKS}
_GRANT_KEYS = (
    "role", "actions", "tables", "principals", "purposes", "columns", "rows", "from", "until", "enforce", "approval",
    "reason",
)  # fmt: skip
_DENY_KEYS = ("role", "actions", "tables", "purposes", "columns", "from", "until", "reason")
_DENIABLE = tuple(action for action in ACTIONS if action != "act")  # nobody acts as another without a grant anyway
_OS_GROUP = re.compile(r"[a-z_][a-z0-9_-]*|[0-9]+")
_EXPECT_KEYS = (
    "as", "action", "table", "purpose", "columns", "classifications", "tags", "encrypted", "at", "allowed", "mask",
    "rows",
)  # fmt: skip


def load_policy(path: str) -> Policy:
    """Read the policy file at `path`.

    Raises:
        ConfigError: the file cannot be read, or every problem found in it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        todo = "Name the policy file in the settings (policy: …), as UTF-8 text."
        raise ConfigError([Problem("The policy file cannot be read.", path, todo, "policy.unreadable")]) from error
    return parse_policy(text, _shown(path))


def parse_policy(text: str, file: str) -> Policy:
    """Read a policy from its text; `file` names it in messages and in every rule's `where`."""
    root = yaml.parse(text, file)
    reader = _Reader()
    policy = reader.policy(root)
    if reader.problems:
        raise ConfigError(sorted(reader.problems, key=lambda problem: int(problem.where.rpartition(":")[2])))
    return policy


class _Reader(GrantChecks):
    """Turns nodes into nouns and collects what is wrong with them on the way."""

    def policy(self, root: yaml.Node) -> Policy:
        self.keys(root, ("roles", "groups", "grants", "denies", "expect"), required=("roles",))
        self.folder = Path(root.file).absolute().parent
        roles = self.roles(root.get("roles"), "role")
        groups = self.roles(root.get("groups"), "group")
        self.circles(root, groups)
        known = {role.name: role for role in roles}
        return Policy(
            file=root.file,
            fingerprint=_fingerprint(root.value),
            roles=roles,
            groups=groups,
            grants=tuple(self.grant(node, known, groups) for node in self.items(root.get("grants"), "grants")),
            denies=tuple(self.deny(node, known) for node in self.items(root.get("denies"), "denies")),
            expectations=tuple(self.expectation(node) for node in self.items(root.get("expect"), "expect")),
        )

    def roles(self, node: yaml.Node | None, what: str) -> tuple[Role, ...]:
        found: list[Role] = []
        for name, entry in self.mapping(node, f"{what}s").items():
            if not WORD.fullmatch(name):
                self.add(
                    entry, f"The {what} {name!r} is not a plain word.", "Use letters, digits, '_', '-' and '.'.", "name"
                )
            known = ("members", "os_group", "key") if what == "role" else ("members",)
            self.keys(entry, known, required=("members",))
            os_group = self.text(entry.get("os_group"), "os_group")
            if os_group and not _OS_GROUP.fullmatch(os_group):
                self.add(
                    entry["os_group"], "This is no group of the operating system.", "Write its name or number.", "name"
                )
            people = self.principals(entry.get("members"), "members")
            found.append(Role(name, people, entry.where, os_group, self.holder(entry.get("key"), found)))
        return tuple(found)

    def holder(self, node: yaml.Node | None, others: Iterable[Role]) -> str:
        """Who holds a role's key-encryption key. Two roles with one key would be one role."""
        text = self.text(node, "key")
        found = reference(text, folder=self.folder) if text else ""
        if node is not None and text and not found:
            self.add(
                node,
                "'key' names who holds the role's key.",
                "Write file:PATH or env:NAME, never a key itself.",
                "role-key",
            )
        if node is not None and found:
            for other in others:
                if other.key == found:
                    self.add(
                        node,
                        f"The role {other.name!r} has this key, too.",
                        "Give each role a key of its own.",
                        "role-key",
                    )
        return found

    def circles(self, root: yaml.Node, groups: Iterable[Role]) -> None:
        """Report every group that contains itself."""
        inside = {f"group:{group.name}": group.members for group in groups}
        for group in groups:
            seen: set[str] = set()
            ahead = [f"group:{group.name}"]
            while ahead:
                fresh = [member for name in ahead for member in inside.get(name, ()) if member not in seen]
                seen.update(fresh)
                ahead = fresh
            if f"group:{group.name}" in seen:
                self.add(
                    root["groups"][group.name],
                    f"The group {group.name!r} contains itself.",
                    "Break the circle.",
                    "circle",
                )

    def grant(self, node: yaml.Node, roles: Mapping[str, Role], groups: Iterable[Role]) -> Grant:
        acting = "act" in (node.value.get("actions") or ()) if isinstance(node.value, dict) else False
        self.keys(node, _GRANT_KEYS, required=("role", "actions", "principals" if acting else "tables"))
        role = self.role(node, roles)
        actions = self.actions(node, ACTIONS)
        grant = Grant(
            role=role,
            actions=actions,
            tables=self.words(node.get("tables"), "tables", TABLE, "a table or pattern"),
            principals=self.principals(node.get("principals"), "principals", star=True),
            purposes=self.words(node.get("purposes"), "purposes", WORD, "a purpose"),
            columns=self.columns(node.get("columns")),
            rows=self.rows(node.get("rows")),
            since=self.moment(node.get("from"), "from"),
            until=self.moment(node.get("until"), "until", end=True),
            enforce=self.level(node),
            approval=self.text(node.get("approval"), "approval"),
            reason=self.text(node.get("reason"), "reason"),
            where=node.where,
        )
        self.sound(node, grant, roles, groups)
        return grant

    def deny(self, node: yaml.Node, roles: Mapping[str, Role]) -> Deny:
        self.keys(node, _DENY_KEYS, required=("role", "actions", "tables"))
        return Deny(
            role=self.role(node, roles),
            actions=self.actions(node, _DENIABLE),
            tables=self.words(node.get("tables"), "tables", TABLE, "a table or pattern"),
            purposes=self.words(node.get("purposes"), "purposes", WORD, "a purpose"),
            columns=self.words(node.get("columns"), "columns", SELECTOR, "a column"),
            since=self.moment(node.get("from"), "from"),
            until=self.moment(node.get("until"), "until", end=True),
            reason=self.text(node.get("reason"), "reason"),
            where=node.where,
        )

    def expectation(self, node: yaml.Node) -> Expectation:
        self.keys(node, _EXPECT_KEYS, required=("as", "action", "table", "at", "allowed"))
        action, allowed = self.text(node.get("action"), "action"), node.get("allowed")
        if action and action not in ACTIONS:
            self.unknown_name(node["action"], f"Unknown action {action!r}.", did_you_mean(action, ACTIONS))
        if allowed is not None and not isinstance(allowed.value, bool):
            self.wrong_type(allowed, "'allowed' is true or false.")
        principal = self.text(node.get("as"), "as")
        if principal and not (PRINCIPAL.fullmatch(principal) and is_plain(principal)):
            self.add(node["as"], "'as' does not name a principal.", "Write it as user:NAME or group:NAME.", "name")
        classes = self.mapping(node.get("classifications"), "classifications")
        return Expectation(
            principal=principal,
            action=action,
            table=self.text(node.get("table"), "table"),
            at=self.moment(node.get("at"), "at") or datetime.min.replace(tzinfo=UTC),
            allowed=bool(allowed and allowed.value),
            columns=self.words(node.get("columns"), "columns", SELECTOR, "a column"),
            purpose=self.text(node.get("purpose"), "purpose"),
            classifications={name: self.text(entry, "a classification") for name, entry in classes.items()},
            tags={
                name: self.words(entry, "tags", WORD, "a tag")
                for name, entry in self.mapping(node.get("tags"), "tags").items()
            },
            encrypted=self.words(node.get("encrypted"), "encrypted", SELECTOR, "a column"),
            mask=self.masks(node["mask"]) if "mask" in node else None,
            rows=self.filters(node["rows"]) if "rows" in node else None,
            where=node.where,
        )

    def columns(self, node: yaml.Node | None) -> Columns:
        if node is None:
            return Columns()
        self.keys(node, ("allow", "deny", "mask"), required=())
        allow = self.words(node.get("allow"), "allow", SELECTOR, "a column")
        deny = self.words(node.get("deny"), "deny", SELECTOR, "a column")
        return Columns(allow or ("*",), deny, self.masks(node.get("mask")))

    def rows(self, node: yaml.Node | None) -> str:
        text = self.text(node, "rows")
        if node is not None and text:
            try:
                parser.parse(text, where=node.where)
            except ConfigError as error:
                self.problems += error.problems
        return text

    def filters(self, node: yaml.Node) -> tuple[str, ...]:
        """Row expressions of an expected case: one, several, or none of them (`[]`)."""
        if isinstance(node.value, list):
            return tuple(self.rows(each) for each in node.items)
        return (self.rows(node),)

    def masks(self, node: yaml.Node | None) -> dict[str, str]:
        found = {}
        for selector, entry in self.mapping(node, "mask").items():
            if not SELECTOR.fullmatch(selector):
                self.add(entry, "This is not a column.", kind="name")
            if not isinstance(entry.value, str):
                self.wrong_type(entry, "A mask is a text.", 'Put it in quotes: "null".' if entry.value is None else "")
            elif entry.value not in _MASK_WORDS:
                self.unknown_name(entry, f"Unknown mask {entry.value!r}.", did_you_mean(entry.value, _MASK_WORDS))
            else:
                found[selector] = _MASK_WORDS[entry.value]
        return found

    def role(self, node: yaml.Node, roles: Mapping[str, Role]) -> str:
        name = self.text(node.get("role"), "role")
        if name and name != EVERYONE and name not in roles:
            self.unknown_name(node["role"], f"Unknown role {name!r}.", did_you_mean(name, roles))
        return name

    def actions(self, node: yaml.Node, known: tuple[str, ...]) -> tuple[str, ...]:
        return self.one_of(node.get("actions"), "actions", known)


def _shown(path: str) -> str:
    """The path as a reader types it: relative where the file is below the working directory."""
    file = Path(path)
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else path


def _fingerprint(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
