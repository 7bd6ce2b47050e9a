"""The words of a question to the policy and of its answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from strongroom.core.policy.model import Deny, Grant, weakest

_NONE: Mapping[str, str] = MappingProxyType({})
_NO_TAGS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_ROWS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """May `principal` do `action` with these columns of `table`, for `purpose`, at that moment?

    Args:
        principal: who the decision is about: `user:ada` or `group:ml`.
        action: one of `core.policy.ACTIONS`. For `act`, `table` names the principal to act as.
        table: for example `training.reviews`; compared as Spark compares names, without regard to case.
        at: aware; grants and denies with dates are weighed at that moment.
        columns: names or paths. Empty means the table as it lies: every column, in clear.
        purpose: one word; empty when nothing is said.
        actor: who really asks, when that is somebody else; needs a grant to act as the principal.
        classifications: column → classification, empty where a column has none, several with commas where the fields
            inside it differ. A column that is missing here is unknown, and a deny or mask by classification takes it.
        tags: column → tags, likewise.
        encrypted: columns that lie there encrypted, all of them that is kept. Only these can be given by keys.
    """

    principal: str
    action: str
    table: str
    at: datetime
    columns: tuple[str, ...] = ()
    purpose: str = ""
    actor: str = ""
    classifications: Mapping[str, str] = field(default_factory=lambda: _NONE)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_TAGS)
    encrypted: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer.

    Args:
        request: what was asked.
        allowed: whether every column asked for is given, perhaps masked and not for every row.
        table: the name as the policy compares it. Open this one, not the request's.
        columns: what is given, in the request's spelling and order; for a denial the part that would be.
        masks: column → mask, for given columns that are not shown in clear.
        rows: row expressions; a row is given when any of them is true. Empty is every row.
        clear: given columns that keys open: shown in clear though they lie encrypted.
        conditions: column → row expressions, for a column that is given for fewer rows than `rows` says.
        roles: the roles that gave it.
        grants: the grants that gave it.
        denying: denies, or grants that withhold a column, each with what it withholds (empty: everything).
        withheld: columns asked for and not given.
        flaw: why no rule could be weighed at all: a name that is none, or a duty that must stay separate.
    """

    request: Request
    allowed: bool
    table: str
    columns: tuple[str, ...] = ()
    masks: Mapping[str, str] = field(default_factory=lambda: _NONE)
    rows: tuple[str, ...] = ()
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_ROWS)
    clear: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    denying: tuple[tuple[Grant | Deny, tuple[str, ...]], ...] = ()
    withheld: tuple[str, ...] = ()
    flaw: str = ""

    @property
    def level(self) -> str:
        """How strongly the answer is enforced: as the weakest of the grants that gave it."""
        return weakest(grant.enforce for grant in self.grants)

    @property
    def reason(self) -> str:
        """The answer in one sentence, pointing at the rules behind it."""
        asked = self.request
        what = f"{asked.principal} {'may' if self.allowed else 'may not'} {asked.action} {asked.table}"
        for_what = f" for {asked.purpose}" if asked.purpose else ""
        if self.allowed:
            return f"{what}{for_what}: {', '.join(rule.where for rule in self.grants)}."
        if self.flaw:
            return f"{what}{for_what}: {self.flaw}."
        columns = f" ({', '.join(self.withheld)})" if self.withheld else ""
        if self.denying:
            return f"{what}{columns}{for_what}: denied by {', '.join(rule.where for rule, _ in self.denying)}."
        return f"{what}{columns}{for_what}: no grant gives it."
