"""Decides: may this principal do this, with these columns of this table, for this purpose, at this moment?

Default deny; a deny beats a grant. Where several grants reach a request, they add tables, columns and rows, and what
they withhold or mask is withheld or masked whichever grant gave it: being in a second role never opens what the first
one closes. `docs/policy.md` says it for the people who write policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.names import canonical, canonical_principal
from strongroom.core.policy import ACTIONS, EVERYONE, PHYSICAL, Deny, Expectation, Policy
from strongroom.core.policy.decision import Decision, Request
from strongroom.govern.engine.combine import all_columns, by_column, whole_table
from strongroom.govern.engine.compiled import Rule, RuleIndex, closing, compile_deny, compile_grant, containers
from strongroom.govern.engine.selectors import is_tag

_REMEMBERED = 50_000  # entries of each cache: every principal × table in use fits, and memory stays bounded

_Rules = list[Rule]


class Engine:
    """A compiled policy. The same request always gets the same decision."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._containers = containers(policy)
        self._grants: dict[tuple[str, str], _Rules] = {}
        self._denies: dict[tuple[str, str], _Rules] = {}
        self._duties: dict[str, _Rules] = {}  # of roles: who grants does not read
        for order, grant in enumerate(policy.grants):
            rule = compile_grant(grant, order)
            for action in grant.actions:
                self._grants.setdefault((grant.role, action), []).append(rule)
            if "grant" in grant.actions:
                self._duties.setdefault(grant.role, []).append(closing(rule))
        for order, deny in enumerate(policy.denies):
            rule = compile_deny(deny, order)
            for action in deny.actions:
                self._denies.setdefault((deny.role, action), []).append(rule)
        self._shelves: dict[tuple[str, str], tuple[RuleIndex, RuleIndex, RuleIndex]] = {}
        self._near: dict[tuple[str, str, str], tuple[str, _Rules, _Rules, _Rules]] = {}

    def roles(self, principal: str) -> tuple[str, ...]:
        """The roles a principal is in, through nested groups too, in the policy's order."""
        principal = canonical_principal(principal)
        seen, ahead = {principal}, [principal]
        while ahead:
            fresh = {outer for name in ahead for outer in self._containers.get(name, ())} - seen
            seen |= fresh
            ahead = list(fresh)
        return tuple(role.name for role in self.policy.roles if f"role:{role.name}" in seen)

    def decide(self, request: Request) -> Decision:
        """The answer to a request.

        Raises:
            ValueError: the request names an action that there is not, or a time without zone: a bug of the caller.
        """
        if request.at.tzinfo is None or request.action not in ACTIONS:
            raise ValueError("a request needs a known action and a time with its zone")
        table, grants, denies, duties = self.bearing(request.principal, request.action, request.table)
        at, purpose = request.at.timestamp(), request.purpose
        if not table:
            return Decision(request, False, "", flaw="this is not a plain name", withheld=request.columns)
        if (request.actor and request.actor != request.principal) or duties:
            flawed = self._flawed(request, table, at=at, duties=duties)
            if flawed is not None:
                return flawed
        giving, taking = in_force(grants, denies, at, purpose)
        closing = tuple([(rule.rule, ()) for rule in taking if rule.deny is None]) if taking else ()
        if closing or not giving:
            return Decision(request, False, table, denying=closing, withheld=request.columns)
        if taking or any(map(is_tag, request.columns)) or any(rule.limits for rule in giving):
            return (by_column if request.columns else whole_table)(request, table, giving, taking)
        return all_columns(request, table, giving)

    def narrow(self, request: Request) -> Decision:
        """The answer for as many of the columns asked for as are given; allowed when any of them is."""
        decision = self.decide(request)
        if decision.allowed or not decision.columns:
            return decision
        return self.decide(replace(request, columns=decision.columns))

    def at_source(self, request: Request) -> Decision:
        """The answer as far as the table itself is given: what only a physical grant gives lies elsewhere."""
        table, grants, denies, _ = self.bearing(request.principal, request.action, request.table)
        giving, taking = in_force(grants, denies, request.at.timestamp(), request.purpose)
        here = [rule for rule in giving if rule.enforce != PHYSICAL]
        answer = by_column(request, table, here, taking, [rule for rule in giving if rule not in here])
        return replace(answer, allowed=bool(answer.columns))

    def _flawed(self, request: Request, table: str, *, at: float, duties: _Rules) -> Decision | None:
        """A denial before any rule is weighed: for somebody else's name, or duties that stay separate."""
        if request.actor and request.actor != request.principal:
            duties = duties + self.bearing(request.actor, request.action, request.table)[3]
            if not any(rule.holds(at) for rule in self.bearing(request.actor, "act", request.principal)[1]):
                flaw = f"{request.actor} may not act as {request.principal}"
                return Decision(request, False, table, flaw=flaw, withheld=request.columns)
        held = tuple((rule.rule, ()) for rule in dict.fromkeys(duties) if rule.holds(at))
        if not held:
            return None
        flaw = f"who may grant does not {request.action}, and {', '.join(rule.where for rule, _ in held)} gives grant"
        return Decision(request, False, table, flaw=flaw, denying=held, withheld=request.columns)

    def bearing(self, principal: str, action: str, table: str) -> tuple[str, _Rules, _Rules, _Rules]:
        """The table's compared name, and the grants, denies and grants of `grant` that may bear on the request."""
        found = self._near.get((principal, action, table))
        if found is None:
            name = canonical_principal(table) if action == "act" else canonical(table)
            grants, denies, duties = self._shelf(principal, action)
            found = (name, grants.find(name), denies.find(name), duties.find(name)) if name else ("", [], [], [])
            if len(self._near) >= _REMEMBERED:
                self._near.clear()
            self._near[principal, action, table] = found
        return found

    def about(self, action: str, table: str) -> tuple[_Rules, _Rules, _Rules]:
        """The grants and denies of an action on a table, whoever they are for, and the grants of `grant` on it."""
        name = canonical(table)

        def of(rules: Iterable[Rule]) -> _Rules:
            return sorted((rule for rule in rules if rule.means(name)), key=lambda rule: rule.order)

        grants, denies = (
            of(rule for (_, each), rules in shelf.items() if each == action for rule in rules)
            for shelf in (self._grants, self._denies)
        )
        return grants, denies, of(rule for role in self._duties for rule in self._closing(role, action))

    def _closing(self, role: str, action: str) -> _Rules:
        return self._duties.get(role, []) if action in ("read", "reveal") else []

    def _shelf(self, principal: str, action: str) -> tuple[RuleIndex, RuleIndex, RuleIndex]:
        """Everything that may bear on a principal doing one action, on any table."""
        found = self._shelves.get((principal, action))
        if found is None:
            roles = self.roles(principal)
            found = (
                RuleIndex.of(rule for role in roles for rule in self._grants.get((role, action), ())),
                RuleIndex.of(rule for role in (*roles, EVERYONE) for rule in self._denies.get((role, action), ())),
                RuleIndex.of(rule for role in roles for rule in self._closing(role, action)),
            )
            if len(self._shelves) >= _REMEMBERED:
                self._shelves.clear()
            self._shelves[principal, action] = found
        return found


def in_force(grants: _Rules, denies: _Rules, at: float, purpose: str) -> tuple[_Rules, _Rules]:
    """The rules that hold at that moment for that purpose. Saying no purpose is no way around a deny for one."""
    giving = [
        rule for rule in grants if rule.start <= at < rule.end and (not rule.purposes or purpose in rule.purposes)
    ]
    taking = [
        rule
        for rule in denies
        if rule.start <= at < rule.end and (not rule.purposes or not purpose or purpose in rule.purposes)
    ]
    return giving, taking


def compile_policy(policy: Policy, frozen: Iterable[Deny] = ()) -> Engine:
    """An engine for many decisions, once every case the policy expects of itself comes out as it says.

    What is `frozen` beside it is denied on top of it, and no case of the policy's is about that.

    Raises:
        ConfigError: every expectation that does not hold.
    """
    engine = Engine(policy)
    if problems := disappointments(engine):
        raise ConfigError(problems)
    more = tuple(frozen)
    return Engine(replace(policy, denies=(*policy.denies, *more))) if more else engine


def disappointments(engine: Engine) -> list[Problem]:
    """What is wrong with the policy in the eyes of the cases that it expects of itself."""
    return [problem for case in engine.policy.expectations if (problem := _disappointment(engine, case))]


def _disappointment(engine: Engine, case: Expectation) -> Problem | None:
    """What is wrong with the policy in the eyes of one expected case, if anything."""
    decision = engine.decide(
        Request(
            principal=case.principal,
            action=case.action,
            table=case.table,
            at=case.at,
            columns=case.columns,
            purpose=case.purpose,
            classifications=case.classifications,
            tags=case.tags,
            encrypted=case.encrypted,
        )
    )
    if decision.allowed != case.allowed:
        wanted = "allowed" if case.allowed else "denied"
        return Problem(
            f"The policy was expected to answer {wanted}, but: {decision.reason}", case.where, code="policy.expectation"
        )
    if case.allowed and case.rows is not None and set(decision.rows) != set(case.rows):
        shown = " or ".join(decision.rows) or "every row"
        return Problem(
            f"The policy was expected to give other rows; it gives {shown}.", case.where, code="policy.expectation"
        )
    if case.allowed and case.mask is not None and dict(decision.masks) != dict(case.mask):
        shown = ", ".join(f"{name}: {how}" for name, how in decision.masks.items()) or "nothing"
        return Problem(
            f"The policy was expected to mask otherwise; it masks {shown}.", case.where, code="policy.expectation"
        )
    return None
