"""Grants and denies, compiled: dates as numbers, patterns as matchers, columns as selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from strongroom.core.contract.subject import TAG
from strongroom.core.names import Match, folded, matcher, means, principal_matcher
from strongroom.core.policy import KEYS, LEVELS, Deny, Grant, Policy
from strongroom.govern.engine.selectors import SeenColumn, Selector

_FOREVER = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A grant or a deny, equal only to itself.

    `limits` says that it tells columns apart; `allow` and `deny` are None where it does not, but for the tags of data
    subjects, which only their name gives.
    """

    rule: Grant | Deny
    objects: tuple[str | Match, ...]
    order: int
    start: float
    end: float
    purposes: frozenset[str]
    rows: str = ""
    limits: bool = False
    allow: Selector | None = None
    deny: Selector | None = None
    mask: tuple[tuple[Selector, str], ...] = ()
    enforce: str = LEVELS[0]

    def gives(self, column: SeenColumn) -> bool:
        """Whether it gives the whole column. What keys enforce gives only what lies encrypted."""
        given = column.path != TAG if self.allow is None else self.allow.gives(column)
        return given and (self.enforce != KEYS or column.encrypted)

    def means(self, name: str) -> bool:
        """Whether the rule is about this table, or this principal for `act`."""
        return any(means(each, name) for each in self.objects)

    def holds(self, at: float) -> bool:
        """Whether the rule is in force at that moment, in seconds since 1970."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """The rules of one principal for one action, found by table: exact names by hash, patterns one by one."""

    exact: dict[str, list[Rule]] = field(default_factory=dict)
    patterns: list[tuple[Match, Rule]] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> RuleIndex:
        """A shelf with these rules."""
        shelf = cls()
        for rule in rules:
            for each in rule.objects:
                if isinstance(each, str):
                    shelf.exact.setdefault(each, []).append(rule)
                else:
                    shelf.patterns.append((each, rule))
        return shelf

    def find(self, name: str) -> list[Rule]:
        """The rules about this name, in the order of the policy."""
        found = self.exact.get(name, [])
        more = [rule for match, rule in self.patterns if match(name)]
        return sorted({*found, *more}, key=_order) if more else found


def _order(rule: Rule) -> int:
    return rule.order


def compile_grant(grant: Grant, order: int = 0) -> Rule:
    """A grant ready to be weighed; `order` is its place among the grants."""
    objects = [*map(matcher, grant.tables), *map(principal_matcher, grant.principals)]
    columns = grant.columns
    tagged = any(folded(each)[0] == TAG for each in columns.allow)
    everything = "*" in columns.allow and grant.enforce != KEYS and not tagged
    allow = None if everything else Selector.of(columns.allow)
    deny = Selector.of(columns.deny) if columns.deny else None
    mask = tuple((Selector.of((selector,)), how) for selector, how in columns.mask.items())
    return Rule(
        rule=grant,
        objects=tuple(dict.fromkeys(objects)),  # two spellings may be one name
        order=order,
        start=_seconds(grant.since, -_FOREVER),
        end=_seconds(grant.until, _FOREVER),
        purposes=frozenset(grant.purposes),
        rows=grant.rows,
        limits=bool(allow or deny or mask),
        allow=allow,
        deny=deny,
        mask=mask,
        enforce=grant.enforce,
    )


POLICY = "strongroom.policy"
"""The table that stands for the policy itself."""


def closing(rule: Rule) -> Rule:
    """A grant of `grant` as it closes reading: whoever may change the policy itself reads no table at all."""
    return replace(rule, objects=(_any,)) if rule.means(POLICY) else rule


def _any(name: str) -> bool:  # noqa: ARG001  every table is meant
    return True


def compile_deny(deny: Deny, order: int = 0) -> Rule:
    """A deny ready to be weighed; without columns its `deny` is None, and it takes the whole table."""
    objects = dict.fromkeys(matcher(pattern, deny=True) for pattern in deny.tables)
    spared = tuple(matcher(pattern) for pattern in deny.spares)
    return Rule(
        rule=deny,
        objects=tuple(partial(_meant, each, spared) for each in objects) if spared else tuple(objects),
        order=order,
        start=_seconds(deny.since, -_FOREVER),
        end=_seconds(deny.until, _FOREVER),
        purposes=frozenset(deny.purposes),
        limits=True,
        deny=Selector.of(deny.columns) if deny.columns else None,
    )


def _meant(match: str | Match, spared: tuple[str | Match, ...], name: str) -> bool:
    return means(match, name) and not any(means(each, name) for each in spared)


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
