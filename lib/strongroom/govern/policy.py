"""Decides: may this principal do this, with these columns of this table, for this purpose, at this moment?

Default deny; a deny beats a grant. Where several grants reach a request, they add tables, columns and rows, and what
they withhold or mask is withheld or masked whichever grant gave it: being in a second role never opens what the first
one closes. `docs/policy.md` says it for the people who write policies.
"""

from __future__ import annotations

from dataclasses import replace

from strongroom.core.decision import Decision, Request
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.policy import ACTIONS, EVERYONE, Expectation, Policy
from strongroom.govern.names import canonical, canonical_principal
from strongroom.govern.rules import Rule, compile_deny, compile_grant, containers
from strongroom.govern.weigh import all_columns, by_column, whole_table

_REMEMBERED = 50_000  # lists of candidates kept: every principal × table in use fits, and memory stays bounded

_Index = dict[tuple[str, str], list[Rule]]


class Engine:
    """A compiled policy. The same request always gets the same decision."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._containers = containers(policy)
        self._grants: _Index = {}
        self._denies: _Index = {}
        for grant in policy.grants:
            rule = compile_grant(grant)
            for action in grant.actions:
                self._grants.setdefault((grant.role, action), []).append(rule)
        for deny in policy.denies:
            rule = compile_deny(deny)
            for action in deny.actions:
                self._denies.setdefault((deny.role, action), []).append(rule)
        self._known: dict[tuple[str, str, str], tuple[str, tuple[Rule, ...], tuple[Rule, ...], tuple[Rule, ...]]] = {}

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
        table, grants, denies, duties = self._near(request.principal, request.action, request.table)
        at, purpose = request.at.timestamp(), request.purpose
        if not table:
            return Decision(request, False, "", flaw="this is not a plain name", withheld=request.columns)
        if request.actor and request.actor != request.principal:
            duties += self._near(request.actor, request.action, request.table)[3]
            if not any(rule.holds(at) for rule in self._near(request.actor, "act", request.principal)[1]):
                flaw = f"{request.actor} may not act as {request.principal}"
                return Decision(request, False, table, flaw=flaw, withheld=request.columns)
        if held := tuple((rule.rule, ()) for rule in dict.fromkeys(duties) if rule.holds(at)):
            flaw = (
                f"who may grant does not {request.action}, and {', '.join(rule.where for rule, _ in held)} gives grant"
            )
            return Decision(request, False, table, flaw=flaw, denying=held, withheld=request.columns)
        giving = [
            rule for rule in grants if rule.start <= at < rule.end and (not rule.purposes or purpose in rule.purposes)
        ]
        taking = [  # saying no purpose is no way around a deny for one
            rule
            for rule in denies
            if rule.start <= at < rule.end and (not rule.purposes or not purpose or purpose in rule.purposes)
        ]
        closing = tuple((rule.rule, ()) for rule in taking if rule.deny is None)
        if closing or not giving:
            return Decision(request, False, table, denying=closing, withheld=request.columns)
        if not taking and not any(rule.limits for rule in giving):
            return all_columns(request, table, giving)
        return (by_column if request.columns else whole_table)(request, table, giving, taking)

    def narrow(self, request: Request) -> Decision:
        """The answer for as many of the columns asked for as are given; allowed when any of them is."""
        decision = self.decide(request)
        if decision.allowed or not decision.columns:
            return decision
        return self.decide(replace(request, columns=decision.columns))

    def _near(
        self, principal: str, action: str, table: str
    ) -> tuple[str, tuple[Rule, ...], tuple[Rule, ...], tuple[Rule, ...]]:
        """The table's compared name, and the grants, denies and grants of `grant` that may bear on the request."""
        key = (principal, action, table)
        if key in self._known:
            return self._known[key]
        name = canonical_principal(table) if action == "act" else canonical(table)
        roles = self.roles(principal)
        duty = "grant" if action in ("read", "reveal") else ""
        found = (
            name,
            tuple(rule for role in roles for rule in self._grants.get((role, action), ()) if rule.means(name)),
            tuple(
                rule for role in (*roles, EVERYONE) for rule in self._denies.get((role, action), ()) if rule.means(name)
            ),
            tuple(rule for role in roles for rule in self._grants.get((role, duty), ()) if rule.means(name)),
        )
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = found
        return found


def compile_policy(policy: Policy) -> Engine:
    """An engine for many decisions, once every case the policy expects of itself comes out as it says.

    Raises:
        ConfigError: every expectation that does not hold.
    """
    engine = Engine(policy)
    problems = [problem for case in policy.expectations if (problem := _disappointment(engine, case))]
    if problems:
        raise ConfigError(problems)
    return engine


def decide(policy: Policy, request: Request) -> Decision:
    """The answer of a policy to one request. For many requests compile the policy once."""
    return Engine(policy).decide(request)


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
        )
    )
    if decision.allowed != case.allowed:
        wanted = "allowed" if case.allowed else "denied"
        return Problem(f"The policy was expected to answer {wanted}, but: {decision.reason}", case.where)
    if case.allowed and case.mask and dict(decision.masks) != dict(case.mask):
        shown = ", ".join(f"{name}: {how}" for name, how in decision.masks.items()) or "nothing"
        return Problem(f"The policy was expected to mask otherwise; it masks {shown}.", case.where)
    return None
