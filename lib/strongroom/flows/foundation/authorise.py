"""May this run do that? The one question every flow asks before it touches a table."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.errors import Refused
from strongroom.core.policy import Deny
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.policy.file import load_policy
from strongroom.core.policy.freezes import freezes_beside, lying
from strongroom.core.run import Job
from strongroom.govern.engine.engine import Engine, compile_policy
from strongroom.govern.engine.selectors import classification_of, tags_of
from strongroom.govern.review.explain import refusal


def engine_of(path: str) -> Engine:
    """The compiled policy of a file, with what open incidents have frozen beside it; compiled anew only when one of
    these has changed.

    Raises:
        ConfigError: the policy is not sound, one of its own expectations fails, or nobody can tell what is frozen.
    """
    stat = Path(path).stat() if Path(path).exists() else None
    return _engine(path, (stat.st_mtime_ns, stat.st_size) if stat else None, lying(path))


@lru_cache(maxsize=8)
def _engine(path: str, version: object, frozen: object) -> Engine:  # noqa: ARG001  the versions are part of the key
    return compile_policy(load_policy(path), freezes_beside(path))


def policy_of(job: Job) -> str:
    """The fingerprint of the policy that the run obeys."""
    return engine_of(job.settings.policy).policy.fingerprint


def ask(
    job: Job, action: str, table: str, *, columns: Iterable[str] = (), contract: Contract | None = None
) -> Decision:
    """The policy's answer to this run; `contract` tells classification and tags of the columns."""
    known = contract.columns if contract else ()
    tags = {column.name: found for column in known if (found := tags_of(column)) is not None}
    return engine_of(job.settings.policy).decide(
        Request(
            principal=job.run.principal,
            action=action,
            table=table,
            at=job.run.started,
            columns=tuple(columns),
            purpose=job.run.purpose,
            actor=job.run.actor,
            classifications={column.name: classification_of(column) for column in known},
            tags=tags,
        )
    )


def permit(
    job: Job,
    action: str,
    table: str,
    *,
    columns: Iterable[str] = (),
    contract: Contract | None = None,
    shows: bool = False,
) -> Decision:
    """The same, when only yes will do; the audit log keeps the answer.

    `shows`: a dry run shows what the right is about, and so it leaves its event, too.

    Raises:
        Refused: says which grant is missing or which deny hit.
    """
    decision = ask(job, action, table, columns=columns, contract=contract)
    if decision.allowed:
        _keep(job, decision, contract, shows=shows)
        return decision
    raise refused(job, decision, contract, shows=shows)


def held(job: Job, table: str, *, contract: Contract | None = None) -> str:
    """By which denies of `delete` a table's rows stay, as `denials` says it: a legal hold."""
    return denials(ask(job, "delete", table, contract=contract))


def denials(decision: Decision) -> str:
    """The reasons of the denies that hit, each with its place; empty where none does."""
    denies = [rule for rule, _ in decision.denying if isinstance(rule, Deny)]
    return "; ".join(f"{rule.reason} ({rule.where})" for rule in denies)


def refused(job: Job, decision: Decision, contract: Contract | None = None, *, shows: bool = False) -> Refused:
    """The error to raise for a denial, once the audit log has it."""
    _keep(job, decision, contract, shows=shows)
    return refusal(engine_of(job.settings.policy), decision)


def _keep(job: Job, decision: Decision, contract: Contract | None, *, shows: bool) -> None:
    if shows or not job.args.dry_run:
        fingerprint = contract.fingerprint if contract else ""
        event = Event.decided(job.run, decision, policy=policy_of(job), contract=fingerprint)
        AuditLog.open(job.settings).append(event)
