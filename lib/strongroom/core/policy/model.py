"""The words of a policy: who is in which role, and what a role may do with which table, column and row.

Nouns only. `core/policy/file.py` makes them from a file and refuses what it does not understand;
`govern/engine/engine.py` decides with them. `where` is always `file:line`, so that every answer can point at the rule
that gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

ACTIONS = ("read", "write", "delete", "reveal", "erase", "grant", "act")
"""`reveal` opens protected values, `erase` forgets a person, `grant` may change who may what, `act` acts as another."""

MASKS = (
    "replace-with-null", "mask-alphanum", "mask-to-fixed-value", "show-first-4", "show-last-4",
    "truncate-to-year", "truncate-to-month", "sha-256-global",
)  # fmt: skip
"""How a column may be shown instead of in clear: the words of Iceberg's read restrictions. `null` means the first."""

LEVELS = ("advisory", "physical", "cryptographic")
"""How a grant may be enforced, the weakest first: by our code in the caller's session; by giving a projection and never
the source; by keys that only the role holds. docs/threat-model.md says what each does not stop.
"""

ADVISORY, PHYSICAL, KEYS = LEVELS

EVERYONE = "*"
"""The role of a deny that holds for every principal. No grant may name it."""

FROZEN = ".frozen"
"""What a policy file's name is followed by in that of the folder beside it where freezes lie: `freezes.py`."""


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of principals: `user:NAME` and `group:NAME`. A group is a role that grants cannot name.

    `os_group` is the operating system's group that may open the role's projections; empty is none. `key` refers to who
    holds the role's key-encryption key, under which `keys wrap` gives it the keys of columns; it is never a key.
    """

    name: str
    members: tuple[str, ...]
    where: str = ""
    os_group: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a grant gives.

    A selector is a column's name or path (`address` covers `address.city`), `classification:WORD`, `tag:WORD`, or `*`.

    Args:
        allow: what is given.
        deny: what is withheld from whoever the grant reaches, by this grant and by every other.
        mask: selector → one of `MASKS`: shown like that to whoever the grant reaches.
    """

    allow: tuple[str, ...] = ("*",)
    deny: tuple[str, ...] = ()
    mask: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do. Without purposes it holds for every purpose, without dates for all time.

    Args:
        role: who.
        actions: some of `ACTIONS`.
        tables: names or patterns (`training.*`); empty for a grant of `act`.
        principals: whom the role may act as, for a grant of `act` only: `user:ada`, or `user:*` for any user.
        purposes: one of them must be the request's.
        columns: which columns, and how.
        rows: a row expression; only rows where it is true are given. Empty is all.
        since: the first moment it holds.
        until: the first moment it no longer holds.
        enforce: how: one of `LEVELS`.
        approval: the principal that approved it, never a member of the role.
        reason: why it exists, for people.
    """

    role: str
    actions: tuple[str, ...]
    tables: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    columns: Columns = Columns()
    rows: str = ""
    since: datetime | None = None
    until: datetime | None = None
    enforce: str = LEVELS[0]
    approval: str = ""
    reason: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Deny:
    """What a role may not do, whatever is granted. `columns` are selectors; none means the whole table.

    A deny for some purposes also holds for a request that names none. `spares` are tables and patterns that it is not
    about; only a freeze has some.
    """

    role: str
    actions: tuple[str, ...]
    tables: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    where: str = ""
    spares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """A case that the policy must decide as it says, or the policy is not taken.

    `mask` and `rows` are what a yes comes with, each as a whole; None where the case says nothing of it.
    """

    principal: str
    action: str
    table: str
    at: datetime
    allowed: bool
    columns: tuple[str, ...] = ()
    purpose: str = ""
    classifications: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encrypted: tuple[str, ...] = ()
    mask: Mapping[str, str] | None = None
    rows: tuple[str, ...] | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file, read and checked. `fingerprint` is the SHA-256 of the parsed file in canonical JSON."""

    file: str
    fingerprint: str
    roles: tuple[Role, ...]
    groups: tuple[Role, ...] = ()
    grants: tuple[Grant, ...] = ()
    denies: tuple[Deny, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    @property
    def rules(self) -> tuple[Grant | Deny, ...]:
        """Grants, then denies."""
        return (*self.grants, *self.denies)


def weakest(levels: Iterable[str]) -> str:
    """The weakest of some levels: an answer is enforced no better than that."""
    return min(levels, key=LEVELS.index, default=LEVELS[0])


def last_day(until: datetime) -> str:
    """The end of a grant in the words of the policy file: the last day it holds, or the exact end when it has one."""
    until = until.astimezone(UTC)
    if until.hour == until.minute == until.second == until.microsecond == 0:
        return (until - timedelta(days=1)).date().isoformat()
    return until.isoformat()


def first_day(since: datetime) -> str:
    """The start of a rule in the words of the policy file: a day, or the exact moment when it is within one."""
    since = since.astimezone(UTC)
    whole = since.hour == since.minute == since.second == since.microsecond == 0
    return since.date().isoformat() if whole else since.isoformat()
