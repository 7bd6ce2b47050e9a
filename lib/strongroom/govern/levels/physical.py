"""What a projection holds: one role's view of one table, given in files of its own and never from the table itself.

Whoever is in the role may open its files, so they hold what **every** member may have: what a deny, a mask or another
role's grant takes from one of them is taken from all. So nobody finds in a projection what the policy withholds from
them, however many roles they are in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.core.names import folded
from strongroom.core.policy import PHYSICAL, Grant, Policy, Role
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.policy.grants import everybody
from strongroom.govern.engine.combine import by_column
from strongroom.govern.engine.compiled import Rule
from strongroom.govern.engine.engine import Engine, in_force

ANY = "any"


@dataclass(frozen=True, slots=True)
class People:
    """Whose rows of a table may be read, by purpose: words that tell one answer from another.

    `others` is of every purpose that is not among them; None: those are not read at all.
    """

    by_purpose: Mapping[str, str]
    others: str | None = None

    def of(self, purpose: str) -> str:
        """The words of a purpose."""
        return self.by_purpose.get(purpose, self.others or "")

    def apart(self, purposes: Sequence[str]) -> tuple[str, ...]:
        """Of purposes that the policy weighs apart (the empty one is any other) those that are read, each by itself."""
        if "" in purposes:
            purposes = tuple(sorted({*purposes, *self.by_purpose}))
        return tuple(purpose for purpose in purposes if purpose in self.by_purpose or self.others is not None)


@dataclass(frozen=True, slots=True)
class Projection:
    """One role's view of one table for purposes that see the same.

    Args:
        role: whose.
        source: the table, as the policy compares names.
        purposes: the empty one stands for every purpose that is not weighed apart.
        apart: every purpose that is weighed by itself, for this projection, another one of the role, or none.
        decision: what it gives.
        people: whose rows, in words that tell one answer from another; empty: everybody's.
    """

    role: Role
    source: str
    purposes: tuple[str, ...]
    apart: tuple[str, ...]
    decision: Decision
    people: str = ""

    def answers(self, purpose: str) -> bool:
        """Whether it is read for that purpose."""
        return purpose in self.purposes or ("" in self.purposes and purpose not in self.apart)

    @property
    def table(self) -> str:
        """The table that holds it: `projected.ROLE.PURPOSES.ZONE.NAME`."""
        words = ANY if "" in self.purposes else "--".join(self.purposes)
        return f"projected.{self.role.name}.{words}.{self.source}"

    @property
    def content(self) -> str:
        """Tells two contents apart: the SHA-256 of all that the policy says about it, and of whose rows it has."""
        return content_of(self.decision, self.people)


def content_of(decision: Decision, people: str = "") -> str:
    """The SHA-256 of what a decision gives: columns, masks, rows, conditions; and of whose rows."""
    given = [
        decision.columns, sorted(decision.masks.items()), sorted(decision.rows),
        sorted((name, sorted(rows)) for name, rows in decision.conditions.items()), *([people] if people else []),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(given, ensure_ascii=False).encode()).hexdigest()


def members(policy: Policy, role: Role) -> tuple[str, ...]:
    """Every user in a role, through nested groups. In a group that the policy does not describe there is nobody."""
    return tuple(name for name in everybody(role, policy.groups) if name.startswith("user:"))


def projections(
    engine: Engine, request: Request, *, sealed: Collection[str] = (), people: People | None = None
) -> Iterator[Projection]:
    """Every projection of a table at that moment, by role. What nobody is in, or gives no column, is none.

    Args:
        engine: the policy.
        request: a read of all the table's columns; its principal and purpose do not matter.
        sealed: columns that are given only by a grant that names them.
        people: whose rows are read; None: everybody's.
    """
    for role in engine.policy.roles:
        holders = members(engine.policy, role)
        weighed = Bearing.of(engine, role, holders, request) if holders else None
        if weighed is None:
            continue
        alike: dict[tuple[str, str], list[tuple[str, Decision]]] = {}
        apart = weighed.purposes() if people is None else people.apart(weighed.purposes())
        for purpose in apart:
            asked = replace(request, principal=holders[0], actor="", purpose=purpose)
            decision = weighed.decide(asked, sealed=sealed)
            if decision.columns:
                whose = "" if people is None else people.of(purpose)
                alike.setdefault((content_of(decision), whose), []).append((purpose, decision))
        for (_, whose), same in alike.items():
            purposes = tuple(sorted(purpose for purpose, _ in same))
            yield Projection(role, weighed.table, purposes, apart, same[0][1], whose)


def projection_for(found: Iterable[Projection], decision: Decision) -> Projection | None:
    """The projection that answers a read: of the first of the roles that gave it, for its purpose."""
    fits = {each.role.name: each for each in found if each.answers(decision.request.purpose)}
    return next((fits[role] for role in decision.roles if role in fits), None)


@dataclass(frozen=True, slots=True)
class Bearing:
    """The rules that bear on what a role's members may have together of a table at one moment, at one level."""

    table: str
    giving: tuple[Rule, ...]
    beside: tuple[Rule, ...]
    denies: tuple[Rule, ...]
    at: float

    @classmethod
    def of(
        cls, engine: Engine, role: Role, people: Iterable[str], request: Request, *, level: str = PHYSICAL
    ) -> Bearing | None:
        """None when no such grant of the role is in force, or a member may grant here and so may not read."""
        at = request.at.timestamp()
        borne = [engine.bearing(name, "read", request.table) for name in people]
        grants = [rule for rule in dict.fromkeys(rule for each in borne for rule in each[1]) if rule.holds(at)]
        denies = [rule for rule in dict.fromkeys(rule for each in borne for rule in each[2]) if rule.holds(at)]
        giving = tuple(rule for rule in grants if rule.enforce == level and rule.rule.role == role.name)
        if not giving or any(rule.holds(at) for each in borne for rule in each[3]):
            return None
        return cls(borne[0][0], giving, tuple(rule for rule in grants if rule not in giving), tuple(denies), at)

    def purposes(self) -> tuple[str, ...]:
        """Every purpose that may be answered in its own way; the empty one where a grant holds for any."""
        named = {purpose for rule in self.giving for purpose in rule.purposes}
        if all(rule.purposes for rule in self.giving):
            return tuple(sorted(named))
        others = {purpose for rule in (*self.beside, *self.denies) for purpose in rule.purposes}
        return ("", *sorted(named | others))

    def decide(self, request: Request, *, sealed: Collection[str] = ()) -> Decision:
        """What the role's grants of the level give for one purpose, less what any rule takes from any member."""
        giving, taking = in_force([*self.giving], [*self.denies], self.at, request.purpose)
        if not giving or any(rule.deny is None for rule in taking):
            return Decision(request, False, self.table)
        beside, _ = in_force([*self.beside], [], self.at, request.purpose)
        named = {name for rule in giving if isinstance(rule.rule, Grant) for name in rule.rule.columns.allow}
        named = {folded(name)[0] for name in named}
        columns = tuple(name for name in request.columns if name not in sealed or folded(name)[0] in named)
        found = by_column(replace(request, columns=columns), self.table, giving, taking, beside)
        return replace(found, allowed=bool(found.columns))
