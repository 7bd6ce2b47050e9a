"""Grants and denies, compiled: dates as numbers, patterns as matchers, columns as selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strongroom.core.policy import Deny, Grant, Policy
from strongroom.govern.columns import Selector
from strongroom.govern.names import Match, matcher, principal_matcher

_FOREVER = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A grant or a deny, equal only to itself.

    `limits` says that it tells columns apart; `allow` and `deny` are None where it does not.
    """

    rule: Grant | Deny
    objects: tuple[Match, ...]
    start: float
    end: float
    purposes: frozenset[str]
    rows: str = ""
    limits: bool = False
    allow: Selector | None = None
    deny: Selector | None = None
    mask: tuple[tuple[Selector, str], ...] = ()

    def means(self, name: str) -> bool:
        """Whether the rule is about this table, or this principal for `act`."""
        return any(match(name) for match in self.objects)

    def holds(self, at: float) -> bool:
        """Whether the rule is in force at that moment, in seconds since 1970."""
        return self.start <= at < self.end


def compile_grant(grant: Grant) -> Rule:
    """A grant ready to be weighed."""
    objects = [matcher(pattern) for pattern in grant.tables] + [principal_matcher(name) for name in grant.principals]
    columns = grant.columns
    allow = None if "*" in columns.allow else Selector.of(columns.allow)
    deny = Selector.of(columns.deny) if columns.deny else None
    mask = tuple((Selector.of((selector,)), how) for selector, how in columns.mask.items())
    return Rule(
        rule=grant,
        objects=tuple(objects),
        start=_seconds(grant.since, -_FOREVER),
        end=_seconds(grant.until, _FOREVER),
        purposes=frozenset(grant.purposes),
        rows=grant.rows,
        limits=bool(allow or deny or mask),
        allow=allow,
        deny=deny,
        mask=mask,
    )


def compile_deny(deny: Deny) -> Rule:
    """A deny ready to be weighed; without columns its `deny` is None, and it takes the whole table."""
    return Rule(
        rule=deny,
        objects=tuple(matcher(pattern, deny=True) for pattern in deny.tables),
        start=_seconds(deny.since, -_FOREVER),
        end=_seconds(deny.until, _FOREVER),
        purposes=frozenset(deny.purposes),
        limits=True,
        deny=Selector.of(deny.columns) if deny.columns else None,
    )


def containers(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """Principal → the groups (`group:NAME`) and roles (`role:NAME`) it stands in by name."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, sets in (("group", policy.groups), ("role", policy.roles)):
        for each in sets:
            for member in each.members:
                found[member] = (*found.get(member, ()), f"{kind}:{each.name}")
    return found


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()
