"""Says why an answer is no, and the smallest change of the policy that makes it yes.

Nothing here changes a policy: `follow` shows what a changed one would be, so that a test can hold the words to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from strongroom.core.decision import Decision, Request
from strongroom.core.errors import Refused
from strongroom.core.escaping import joined, json_text
from strongroom.core.policy import Columns, Deny, Grant, Policy, Role, last_day
from strongroom.core.policy_fields import SELECTOR, WORD
from strongroom.govern.columns import Selector, column_of
from strongroom.govern.names import canonical, canonical_principal
from strongroom.govern.policy import Engine, disappointments
from strongroom.govern.rules import compile_grant

_ENOUGH = 1_000  # no policy needs so many
_BARE = re.compile(r"(?!(?:null|true|false|yes|no|on|off|y|n)$)[A-Za-z_][\w.@-]*(:[\w.@-]+)*", re.IGNORECASE)
"""What YAML takes for a text without quotes, in any version of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of a policy: `before` gives way to `after`. Without `before` a rule is added, without `after` removed.

    `role` is a role that has to be added for it.
    """

    before: Grant | Deny | None
    after: Grant | Deny | None
    role: Role | None = None

    def __str__(self) -> str:
        if self.after is None:
            return f"remove {self.before.where}" if self.before else ""
        if self.before is None:
            role = (
                f"add the role '{_name(self.role.name)}: {{members: [{_name(self.role.members[0])}]}}' and "
                if self.role
                else ""
            )
            return f"{role}add the grant {line(self.after)}" if isinstance(self.after, Grant) else ""
        parts = []
        for word, before, after in zip(_WAYS, _closing(self.before), _closing(self.after), strict=True):
            if gone := [_name(name) for name in before if name not in after]:
                parts.append(f"take {', '.join(gone)} out of the columns {word} at {self.before.where}")
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and what would have to change for a yes. Near misses are grants that fail by one thing only.

    `breaks` are cases that the policy expects of itself and that would no longer come out: it is not taken like that.
    """

    decision: Decision
    changes: tuple[Change, ...] = ()
    near: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return joined(self.lines())

    def lines(self) -> list[str]:
        """The answer, and below it what would have to change."""
        lines = [self.decision.reason]
        lines += [f"  {hint}" for hint in self.near]
        if self.changes:
            lines.append("  To allow it: " + "; ".join(str(change) for change in self.changes) + ".")
        if self.breaks:
            lines.append(f"  That is not what is expected at {', '.join(self.breaks)}: change it there, too.")
        return lines


def explain(engine: Engine, request: Request) -> Explanation:
    """Why the answer is what it is. For a denial, doing every change it names makes the answer yes.

    Only a table or a principal whose name is none cannot be helped: then there are no changes.
    """
    decision = engine.decide(request)
    changes: list[Change] = []
    policy, answer = engine.policy, decision
    known = all(canonical_principal(name) for name in (request.principal, request.actor or request.principal))
    while known and not answer.allowed and answer.table and len(changes) < _ENOUGH:
        step = _removals(answer) or [_addition(engine, answer)]
        policy = follow(policy, step)
        changes += step
        answer = Engine(policy).decide(request)
    breaks = tuple(problem.where for problem in disappointments(Engine(policy))) if changes else ()
    return Explanation(decision, tuple(changes), _near_misses(engine, decision), breaks)


def follow(policy: Policy, changes: Iterable[Change]) -> Policy:
    """The policy as it would be after these changes."""
    roles, grants, denies = list(policy.roles), list(policy.grants), list(policy.denies)
    for change in changes:
        if change.role is not None:
            roles.append(change.role)
        rules: list[Grant] | list[Deny] = grants if isinstance(change.before or change.after, Grant) else denies
        if change.before is None:
            rules.append(change.after)  # type: ignore[arg-type]
        else:
            at = next(index for index, rule in enumerate(rules) if rule is change.before)
            rules[at : at + 1] = [] if change.after is None else [change.after]  # type: ignore[list-item]
    return replace(policy, roles=tuple(roles), grants=tuple(grants), denies=tuple(denies))


def refusal(engine: Engine, decision: Decision) -> Refused:
    """The error to raise for a denial: what, where, and what to ask for."""
    explanation = explain(engine, decision.request)
    wanted = "; ".join(str(change) for change in explanation.changes)
    where = ", ".join(rule.where for rule, _ in decision.denying) or engine.policy.file
    told = f"Whoever keeps the policy could {wanted}." if wanted else ""
    if explanation.breaks:
        told += f" That is not what is expected at {', '.join(explanation.breaks)}."
    todo = " ".join((*explanation.near, told))
    return Refused(decision.reason, where=where, todo=todo.strip())


def line(grant: Grant) -> str:
    """A grant as one line of the policy file."""
    parts = [f"role: {_name(grant.role)}", f"actions: {_list(grant.actions)}"]
    parts += [
        f"{key}: {_list(found)}" for key in ("tables", "principals", "purposes") if (found := getattr(grant, key))
    ]
    if grant.columns.allow != ("*",):
        parts.append(f"columns: {{allow: {_list(grant.columns.allow)}}}")
    return "{" + ", ".join(parts) + "}"


_WAYS = ("denied", "masked")


def _closing(rule: Grant | Deny) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The selectors of columns that a rule takes away, and of those that it masks."""
    return (rule.columns, ()) if isinstance(rule, Deny) else (rule.columns.deny, tuple(rule.columns.mask))


def _removals(decision: Decision) -> list[Change]:
    """What has to go before any grant can help."""
    return [Change(rule, None if decision.flaw else _opened(rule, decision.request)) for rule, _ in decision.denying]


def _opened(rule: Grant | Deny, request: Request) -> Grant | Deny | None:
    """The rule without what withholds the columns asked for; None when nothing of it would be left.

    Who asks for the table as it lies is stopped by masks too.
    """
    asked = [column_of(request, name) for name in request.columns]

    def closes(selector: str) -> bool:
        compiled = Selector.of((selector,))
        return not asked or any(compiled.takes(column) for column in asked)

    if isinstance(rule, Deny):
        left = tuple(selector for selector in rule.columns if not closes(selector))
        return replace(rule, columns=left) if left else None
    deny = tuple(selector for selector in rule.columns.deny if not closes(selector))
    mask = rule.columns.mask if asked else {}
    return replace(rule, columns=replace(rule.columns, deny=deny, mask=mask))


def _addition(engine: Engine, decision: Decision) -> Change:
    """The smallest grant that is missing: one action, one object, one purpose, the columns withheld and no others."""
    request = decision.request
    if decision.flaw:  # acting for somebody else
        role, new = _role(engine, request.actor)
        return Change(None, Grant(role=role, actions=("act",), principals=(request.principal,)), new)
    role, new = _role(engine, request.principal)
    if request.action == "act":
        return Change(None, Grant(role=role, actions=("act",), principals=(request.table,)), new)
    grant = Grant(
        role=role,
        actions=(request.action,),
        tables=(decision.table,),
        purposes=(request.purpose,) if WORD.fullmatch(request.purpose) else (),
        columns=_columns(decision.withheld),
    )
    return Change(None, grant, new)


def _columns(names: tuple[str, ...]) -> Columns:
    """These columns by name; all of them where a rule cannot say a name, or would mean something else by it."""
    sayable = all(SELECTOR.fullmatch(name) and ":" not in name for name in names)
    return Columns(allow=names) if names and sayable else Columns()


def _role(engine: Engine, principal: str) -> tuple[str, Role | None]:
    """The principal's role with the fewest members, or a new one for it alone."""
    mine = engine.roles(principal)
    sizes = {role.name: len(role.members) for role in engine.policy.roles}
    if mine:
        return min(mine, key=lambda name: sizes[name]), None
    name = re.sub(r"\W+", "_", principal.partition(":")[2]).strip("_") or "new"
    while name in sizes:
        name += "_"
    return name, Role(name, (principal,))


def _near_misses(engine: Engine, decision: Decision) -> tuple[str, ...]:
    """Grants of the principal's roles that fail only by purpose or by date."""
    request, hints = decision.request, []
    if decision.allowed or decision.denying or decision.flaw or request.action == "act":
        return ()
    roles, at = engine.roles(request.principal), request.at.timestamp()
    for grant in engine.policy.grants:
        rule = compile_grant(grant)
        if grant.role not in roles or request.action not in grant.actions or not rule.means(canonical(request.table)):
            continue
        fits = not grant.purposes or request.purpose in grant.purposes
        if rule.holds(at) and not fits:
            hints.append(f"{grant.where} gives it for the purpose {' or '.join(grant.purposes)}.")
        elif fits and grant.until is not None and at >= rule.end:
            hints.append(f"{grant.where} gave it until {last_day(grant.until)}.")
        elif fits and grant.since is not None and at < rule.start:
            hints.append(f"{grant.where} gives it from {grant.since.date().isoformat()} on.")
    return tuple(hints)


def _name(word: str) -> str:
    return word if _BARE.fullmatch(word) else json_text(word)


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(_name(word) for word in words)}]"
