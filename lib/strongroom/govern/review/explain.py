"""Says why an answer is no, who may decide otherwise, and the smallest grant that would make it a yes.

A grant is told only where adding it gives what was asked and nothing else, to whoever asked and to nobody else. Where a
rule takes something away, or a case of the policy expects the no, that rule is named, and whoever may change the policy
decides. Nothing here changes a policy: `follow` shows what a changed one would be, so that a test can hold the words
to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from strongroom.core.errors import Refused
from strongroom.core.escaping import joined, json_text
from strongroom.core.names import canonical, canonical_principal
from strongroom.core.policy import ADVISORY, FROZEN, Columns, Grant, Policy, Role, last_day
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.policy.fields import SELECTOR, WORD
from strongroom.govern.engine.compiled import POLICY, compile_grant
from strongroom.govern.engine.engine import Engine, disappointments
from strongroom.govern.levels.physical import members

_BARE = re.compile(r"(?!(?:null|true|false|yes|no|on|off|y|n)$)[A-Za-z_][\w.@-]*(:[\w.@-]+)*", re.IGNORECASE)
"""What YAML takes for a text without quotes, in any version of it."""
_NAMED = 5  # most people who are told by name


@dataclass(frozen=True, slots=True)
class Addition:
    """A grant to add to a policy, and a role to add for it where the principal has none of its own."""

    grant: Grant
    role: Role | None = None

    def __str__(self) -> str:
        new = f"add the role '{role_line(self.role)}' and " if self.role else ""
        return f"{new}add the grant {line(self.grant)}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and what there is to know about a no.

    Args:
        decision: the answer.
        addition: the grant that would give what was asked and nothing else; None where there is none.
        near: grants that fail by their purpose or dates only.
        expected: cases that the policy expects of itself and that such a grant would break.
        deciders: the roles that may change the policy, with who is in them.
    """

    decision: Decision
    addition: Addition | None = None
    near: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    deciders: str = ""

    @property
    def hints(self) -> tuple[str, ...]:
        """A sentence each."""
        if self.decision.allowed or not self.decision.table:
            return ()
        who = self.deciders or "whoever keeps the policy"
        if open_ := [rule.reason for rule, _ in self.decision.denying if f"{FROZEN}/" in rule.where]:
            told = f"Nobody reads it while {' and '.join(dict.fromkeys(open_))}: see incident list."
        elif self.addition is not None:
            told = f"To give just that, {who} could {self.addition}."
        elif self.expected:
            told = f"The policy expects this no at {', '.join(self.expected)}. Whether it stays: {who} decides."
        else:
            told = f"Whether it may be otherwise: {who} decides."
        return (*self.near, told)

    def __str__(self) -> str:
        return joined(self.lines())

    def lines(self) -> list[str]:
        """The answer, and below it what would have to change."""
        return [self.decision.reason, *(f"  {hint}" for hint in self.hints)]


def explain(engine: Engine, request: Request) -> Explanation:
    """Why the answer is what it is. For a denial that no rule wants, adding what it names makes the answer yes."""
    decision = engine.decide(request)
    if decision.allowed or not decision.table:
        return Explanation(decision)
    addition, expected = _helpful(engine, decision)
    return Explanation(decision, addition, _near_misses(engine, decision), expected, _deciders(engine, decision))


def follow(policy: Policy, addition: Addition) -> Policy:
    """The policy as it would be with the grant."""
    roles = (*policy.roles, addition.role) if addition.role is not None else policy.roles
    return replace(policy, roles=roles, grants=(*policy.grants, addition.grant))


def refusal(engine: Engine, decision: Decision) -> Refused:
    """The error to raise for a denial: what, where, and what to ask for."""
    explanation = explain(engine, decision.request)
    where = ", ".join(rule.where for rule, _ in decision.denying) or engine.policy.file
    return Refused(decision.reason, where=where, todo=" ".join(explanation.hints))


def role_line(role: Role) -> str:
    """A role as one line of the policy file."""
    return f"{_name(role.name)}: {{members: {_list(role.members)}}}"


def line(grant: Grant) -> str:
    """A grant as one line of the policy file."""
    parts = [f"role: {_name(grant.role)}", f"actions: {_list(grant.actions)}"]
    parts += [
        f"{key}: {_list(found)}" for key in ("tables", "principals", "purposes") if (found := getattr(grant, key))
    ]
    if grant.columns.allow != ("*",):
        parts.append(f"columns: {{allow: {_list(grant.columns.allow)}}}")
    return "{" + ", ".join(parts) + "}"


def _helpful(engine: Engine, decision: Decision) -> tuple[Addition | None, tuple[str, ...]]:
    """The grant that helps and does nothing else, or else the expected cases that it would break."""
    addition = _addition(engine, decision)
    if addition is None:
        return None, ()
    after = Engine(follow(engine.policy, addition))
    if not after.decide(decision.request).allowed:
        return None, ()
    before = disappointments(engine)  # while something is frozen, the cases about that come out otherwise
    broken = tuple(problem.where for problem in disappointments(after) if problem not in before)
    return (None, broken) if broken else (addition, ())


def _addition(engine: Engine, decision: Decision) -> Addition | None:
    """One action, one object, one purpose, the columns withheld and no others, for the principal alone.

    None where a rule withholds something; where no rule can say it as narrowly; where the grant would close what is
    open (`grant` closes reading); and where files or keys are given, which a grant of the table itself stands before.
    """
    request = decision.request
    if decision.denying or decision.flaw or request.action == "grant" or not canonical_principal(request.principal):
        return None
    if request.purpose and not WORD.fullmatch(request.purpose):
        return None
    if not all(SELECTOR.fullmatch(name) and ":" not in name and name != "*" for name in decision.withheld):
        return None
    if any(rule.enforce != ADVISORY for rule in engine.bearing(request.principal, request.action, request.table)[1]):
        return None
    if not request.purpose and request.action != "act":
        return None if _is_for_purposes(engine, request) else _granting(engine, decision, ())
    return _granting(engine, decision, (request.purpose,) if request.purpose else ())


def _is_for_purposes(engine: Engine, request: Request) -> bool:
    """Whether rules about the table name purposes: a grant for any would give more than to say none."""
    grants, denies, _ = engine.about(request.action, request.table)
    return any(rule.purposes for rule in (*grants, *denies))


def _granting(engine: Engine, decision: Decision, purposes: tuple[str, ...]) -> Addition:
    role, new = _role(engine, decision.request.principal)
    if decision.request.action == "act":
        return Addition(Grant(role=role, actions=("act",), principals=(decision.request.table,)), new)
    allow = tuple(dict.fromkeys(decision.withheld)) or ("*",)
    grant = Grant(
        role=role,
        actions=(decision.request.action,),
        tables=(decision.table,),
        purposes=purposes,
        columns=Columns(allow=allow),
    )
    return Addition(grant, new)


def _role(engine: Engine, principal: str) -> tuple[str, Role | None]:
    """A role that the principal is in alone, or a new one."""
    alone = next((role.name for role in engine.policy.roles if role.members == (principal,)), "")
    if alone:
        return alone, None
    name = re.sub(r"\W+", "_", principal.partition(":")[2]).strip("_") or "new"
    while any(role.name == name for role in engine.policy.roles):
        name += "_"
    return name, Role(name, (principal,))


def _deciders(engine: Engine, decision: Decision) -> str:
    """The roles that may say who may what about the table, with their members."""
    at, names = decision.request.at.timestamp(), [POLICY]
    if decision.request.action != "act":
        names.append(decision.table)
    rules = [rule.rule for name in names for rule in engine.about("grant", name)[0] if rule.holds(at)]
    roles = {role.name: role for role in engine.policy.roles}
    found = []
    for role in dict.fromkeys(rule.role for rule in rules):
        people = members(engine.policy, roles[role])
        some = ", ".join(people[:_NAMED]) + (", …" if len(people) > _NAMED else "")
        found.append(f"the role {role} ({some or 'nobody'})")
    return " or ".join(found)


def _near_misses(engine: Engine, decision: Decision) -> tuple[str, ...]:
    """Grants of the principal's roles that fail only by purpose or by date."""
    request, hints = decision.request, []
    if decision.denying or decision.flaw or request.action == "act":
        return ()
    roles, at = engine.roles(request.principal), request.at.timestamp()
    for grant in engine.policy.grants:
        rule = compile_grant(grant)
        if grant.role not in roles or request.action not in grant.actions or not rule.means(canonical(request.table)):
            continue
        fits = not grant.purposes or request.purpose in grant.purposes
        if rule.holds(at) and not fits:
            aims = [aim for aim in grant.purposes if engine.decide(replace(request, purpose=aim)).allowed]
            if aims:
                hints.append(f"{grant.where} gives it for the purpose {' or '.join(aims)}.")
        elif fits and grant.until is not None and at >= rule.end:
            hints.append(f"{grant.where} gave it until {last_day(grant.until)}.")
        elif fits and grant.since is not None and at < rule.start:
            hints.append(f"{grant.where} gives it from {grant.since.date().isoformat()} on.")
    return tuple(hints)


def _name(word: str) -> str:
    return word if _BARE.fullmatch(word) else json_text(word)


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(_name(word) for word in words)}]"
