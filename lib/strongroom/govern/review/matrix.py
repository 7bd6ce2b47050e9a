"""Who can see which column, for which purpose, until when, and enforced how: every answer of a policy at one moment.

Principals in the same roles get the same answers, and so do purposes that the same rules reach; each different view of
a table is weighed once, with its columns as the bits of a number. A test holds every cell to what `decide` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from strongroom.core.contract.subject import TAG
from strongroom.core.policy import KEYS, LEVELS, Policy, last_day, weakest
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.compiled import Rule
from strongroom.govern.engine.engine import Engine, in_force
from strongroom.govern.engine.selectors import Selector, column_of
from strongroom.govern.table import ENCRYPTED, IN_CLEAR, Table

_FOREVER = float("inf")
_Rules = tuple[Rule, ...]
_STRICTEST = "replace-with-null"
OPENED, GIVEN, WHOLE = "in clear by keys", "given", "the table as a whole"
"""How a column is shown that keys open; and what an action that tells no columns apart is given, and of what."""
BY_COLUMN = ("read", "reveal")
"""Actions that are given column by column; the others are about a table, or a principal, as a whole."""


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Columns of a view that are shown alike: as they lie, in clear by keys, or masked; which rows, until which day."""

    columns: tuple[str, ...]
    how: str
    rows: str
    until: str


@dataclass(frozen=True, slots=True)
class ActionView:
    """What some principals may do with one table: its parts, who holds it for which purpose, and by which rules.

    `level` is the weakest of those rules that give any of it, `roles` are whose rules they are.
    """

    table: str
    parts: tuple[ShownPart, ...]
    holders: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    level: str = LEVELS[0]
    action: str = "read"
    roles: tuple[str, ...] = ()


def views(
    engine: Engine,
    tables: Iterable[Table],
    *,
    principals: Sequence[str],
    purposes: Sequence[str],
    at: datetime,
    action: str = "read",
) -> Iterator[ActionView]:
    """Every different view of every table. Who is given nothing of a table stands in no view of it.

    For `act` the tables are principals; for all actions but those of `BY_COLUMN` a view has one part, the whole.
    """
    moment = at.timestamp()
    alike: dict[tuple[str, ...], list[str]] = {}
    for principal in principals:
        alike.setdefault(engine.roles(principal), []).append(principal)
    for table in tables:
        weigher = _Weigher(table, at, action) if action in BY_COLUMN else _Whole(table, at, action)
        holders: dict[tuple[_Rules, _Rules, _Rules], list[tuple[str, str]]] = {}
        for same in alike.values():
            name, grants, denies, duties = engine.bearing(same[0], action, table.name)
            if not name or not grants or any(rule.holds(moment) for rule in duties):
                continue
            for purpose in purposes:
                if in_force(grants, denies, moment, purpose)[0]:
                    key = (*_to_weigh(grants, denies, moment, purpose), tuple(duties))
                    found = holders.setdefault(key, [])
                    found.extend([(principal, purpose) for principal in same])
        for (grants_, denies_, duties_), held in holders.items():
            giving = _holding(grants_, moment)
            if parts := weigher.parts(grants_, denies_, duties_, moment):
                level, rules = weigher.level(giving, parts), tuple(rule.rule.where for rule in giving)
                roles = tuple(dict.fromkeys(rule.rule.role for rule in giving))
                yield ActionView(table.name, parts, tuple(held), rules, level, action, roles)


def principals_of(policy: Policy) -> tuple[str, ...]:
    """Every user that the policy names, and every group whose members it does not."""
    named = {member for each in (*policy.roles, *policy.groups) for member in each.members}
    known = {f"group:{group.name}" for group in policy.groups}
    return tuple(sorted(named - known))


def purposes_of(policy: Policy) -> tuple[str, ...]:
    """Every purpose that the policy names, and the empty one: nothing said."""
    return ("", *sorted({purpose for rule in policy.rules for purpose in rule.purposes}))


class _Weigher:
    """Weighs rules for one table: which of its columns a rule means is asked once a rule, and kept as bits."""

    def __init__(self, table: Table, at: datetime, action: str) -> None:
        request = Request(
            "", action, table.name, at, table.columns, "", "", table.classifications, table.tags, table.encrypted
        )
        self.names = table.columns
        self.columns = [column_of(request, name) for name in table.columns]
        self.all = (1 << len(self.columns)) - 1
        self.untagged = sum(1 << place for place, column in enumerate(self.columns) if column.path != TAG)
        self.encrypted = sum(1 << place for place, column in enumerate(self.columns) if column.encrypted)
        self.ways: dict[str, int] = {}
        for place, name in enumerate(table.columns):
            way = table.way(name) if action == "read" else opened(table.way(name))
            self.ways[way] = self.ways.get(way, 0) | 1 << place
        self.known: dict[Rule, tuple[int, int, tuple[tuple[int, str], ...]]] = {}
        self.states: dict[tuple[_Rules, _Rules], dict[tuple[str, str], int]] = {}

    def bits(self, rule: Rule) -> tuple[int, int, tuple[tuple[int, str], ...]]:
        """What a rule gives, takes and masks."""
        found = self.known.get(rule)
        if found is None:
            found = self.known[rule] = (
                self.given(rule.allow) & (self.encrypted if rule.enforce == KEYS else self.all),
                self.taken(rule.deny),
                tuple((self.taken(selector), how) for selector, how in rule.mask),
            )
        return found

    def given(self, selector: Selector | None) -> int:
        if selector is None:
            return self.untagged
        return sum(1 << place for place, column in enumerate(self.columns) if selector.gives(column))

    def taken(self, selector: Selector | None) -> int:
        if selector is None:
            return 0
        return sum(1 << place for place, column in enumerate(self.columns) if selector.takes(column))

    def parts(self, grants: _Rules, denies: _Rules, duties: _Rules, moment: float) -> tuple[ShownPart, ...]:
        """The columns given, in parts that are shown alike and as long; in the table's order within a part."""
        now, found = self.state(_holding(grants, moment), _holding(denies, moment)), dict[tuple[str, str, str], int]()
        for (how, rows), bits in now.items():
            for until, lasting in self.lasting((how, rows), bits, grants, denies, duties, moment):
                found[how, rows, until] = found.get((how, rows, until), 0) | lasting
        return tuple(
            ShownPart(tuple([name for place, name in enumerate(self.names) if bits >> place & 1]), how, rows, until)
            for (how, rows, until), bits in found.items()
        )

    def lasting(
        self, state: tuple[str, str], bits: int, grants: _Rules, denies: _Rules, duties: _Rules, moment: float
    ) -> Iterator[tuple[str, int]]:
        """Columns that are shown alike now, by the last day on which they are: then some rule ends or begins."""
        rules = (*grants, *denies, *duties)
        for edge in sorted({each for rule in rules for each in (rule.start, rule.end) if moment < each < _FOREVER}):
            closed = any(rule.holds(edge) for rule in duties)
            then = {} if closed else self.state(_holding(grants, edge), _holding(denies, edge))
            if ended := bits & ~then.get(state, 0):
                yield last_day(datetime.fromtimestamp(edge, UTC)), ended
                bits &= ~ended
            if not bits:
                return
        if bits:
            yield "", bits

    def state(self, giving: _Rules, taking: _Rules) -> dict[tuple[str, str], int]:
        """The columns given at one moment, by how they are shown and for which rows."""
        key = (giving, taking)
        if key not in self.states:
            self.states[key] = self._state(giving, taking)
        return self.states[key]

    def _state(self, giving: Sequence[Rule], taking: Sequence[Rule]) -> dict[tuple[str, str], int]:
        if any(rule.deny is None for rule in taking):
            return {}
        given, masks = self.weighed(giving), dict[str, int]()
        left = clear = 0
        for rule, bits in given.items():
            left |= bits
            clear |= bits if rule.enforce == KEYS else 0
            for where, how in self.bits(rule)[2]:
                masks[how] = masks.get(how, 0) | where
        for rule in (*giving, *taking):
            left &= ~self.bits(rule)[1]
        return {
            (how, rows): limited
            for how, shown in _shown(masks, left, clear, self.ways)
            for rows, limited in self.limited(given, shown)
            if limited
        }

    def weighed(self, giving: Sequence[Rule]) -> dict[Rule, int]:
        """What each rule gives beside the others: what is masked for somebody is not given to them by keys."""
        masked = 0
        for rule in giving:
            for bits, _ in self.bits(rule)[2]:
                masked |= bits
        return {rule: self.bits(rule)[0] & (~masked if rule.enforce == KEYS else self.all) for rule in giving}

    def level(self, giving: Sequence[Rule], parts: Iterable[ShownPart]) -> str:
        """The weakest level among the rules that give any of these columns."""
        shown = {name for part in parts for name in part.columns}
        bits = sum(1 << place for place, name in enumerate(self.names) if name in shown)
        return weakest(rule.enforce for rule, given in self.weighed(giving).items() if given & bits)

    def limited(self, given: Mapping[Rule, int], bits: int) -> Iterator[tuple[str, int]]:
        """These columns, by the rows for which they are given."""
        if not any(rule.rows for rule in given):
            if bits:
                yield "", bits
            return
        found: dict[str, int] = {}
        for place in range(len(self.columns)):
            if bits >> place & 1:
                rows = [rule.rows for rule, each in given.items() if each >> place & 1]
                key = "" if "" in rows else " or ".join(dict.fromkeys(f"({row})" for row in rows))
                found[key] = found.get(key, 0) | 1 << place
        yield from found.items()


class _Whole(_Weigher):
    """Weighs rules for an action that is given for a table as it lies or not at all: no rule may tell columns apart."""

    def __init__(self, table: Table, at: datetime, action: str) -> None:
        super().__init__(replace(table, columns=(WHOLE,), lies={WHOLE: GIVEN}), at, action)

    def _state(self, giving: Sequence[Rule], taking: Sequence[Rule]) -> dict[tuple[str, str], int]:
        if taking or any(rule.deny is not None or rule.mask for rule in giving):
            return {}
        return super()._state(giving, taking)


def opened(way: str) -> str:
    """How values that lie that way are shown once they are revealed."""
    return " and ".join(dict.fromkeys(IN_CLEAR if each == ENCRYPTED else each for each in way.split(" and ")))


def _to_weigh(
    grants: Iterable[Rule], denies: Iterable[Rule], at: float, purpose: str
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules about that purpose that hold at that moment or later; of denies as `in_force` has it."""
    giving = [rule for rule in grants if at < rule.end and (not rule.purposes or purpose in rule.purposes)]
    taking = [
        rule for rule in denies if at < rule.end and (not rule.purposes or not purpose or purpose in rule.purposes)
    ]
    return tuple(giving), tuple(taking)


def _holding(rules: _Rules, at: float) -> _Rules:
    return tuple([rule for rule in rules if rule.holds(at)])


def _shown(masks: Mapping[str, int], bits: int, clear: int, ways: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """These columns, by how they are shown; two masks that differ make null."""
    twice = seen = 0
    for masked in masks.values():
        twice |= seen & masked
        seen |= masked
    for how in sorted({*masks, _STRICTEST} if twice else masks):
        here = bits & masks.get(how, 0) & ~twice
        yield how, here | (bits & twice if how == _STRICTEST else 0)
    yield OPENED, bits & ~seen & clear
    for how, lying in ways.items():
        yield how, bits & ~seen & ~clear & lying
