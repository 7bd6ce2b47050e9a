"""Tells another platform who may do what, as files: everything, and what has changed since the last time.

access export --to unity-catalog --out exports --purpose model_training --only read
access export --to ranger --out exports --service lake_hive …        policies to import, with their dates
access export --to iceberg-restrictions --out exports --schemas DIR …   what the catalog answers to each user
access export … --dry-run                                             the plan alone

Nothing is applied: whoever keeps the platform does that. What it cannot say is refused, and then nothing is written.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.contract.legal_basis import objects
from strongroom.core.errors import UsageError
from strongroom.core.escaping import is_plain, joined
from strongroom.core.policy import ACTIONS, last_day
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import did_you_mean
from strongroom.flows.access.table_descriptions import described
from strongroom.flows.foundation.authorise import engine_of, permit
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export import Described, ExportPart, Plan, Scope, iceberg, plan, ranger, unity
from strongroom.govern.export.scope import left_out, next_change
from strongroom.stores.artefacts.policy_exports import read_export, write_export

_TABLE = "strongroom.policy"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Target:
    """How parts become the files of a platform: the name of the whole, and how whole and changes are written."""

    whole: str
    render: Callable[[Sequence[ExportPart]], str]
    changes: Callable[[Sequence[ExportPart], Sequence[ExportPart]], str]


_TARGETS = {
    "unity-catalog": _Target("grants.sql", unity.statements, unity.changes),
    "ranger": _Target("policies.json", ranger.policies, ranger.changes),
    "iceberg-restrictions": _Target("restrictions.json", iceberg.entries, iceberg.changes),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `access export` takes besides."""
    told = parser.add_argument_group("export")
    told.add_argument("--to", choices=tuple(_TARGETS), default="", help="the platform")
    told.add_argument("--only", metavar="A,B", default="", help="the actions to export; default all")
    told.add_argument("--as-of-now", action="store_true", help="export what holds now, where there are no dates")
    told.add_argument("--catalog", metavar="NAME", default="main", help="unity-catalog: default main")
    told.add_argument("--group", metavar="ROLE=GROUP", action="append", default=[], help="unity-catalog: another name")
    told.add_argument("--service", metavar="NAME", default="hive", help="ranger: the Hive service, default hive")
    told.add_argument("--schemas", metavar="DIR", default="", help="iceberg: schemas or metadata, for field ids")


def export(job: Job, contracts: Iterable[Contract], *, at: datetime) -> Outcome:
    """Writes what the platform is to be told, and says what changes. Writing needs a grant of `grant` on the policy.

    Raises:
        UsageError: no platform or folder is named, or an option is not understood.
        ConfigError: everything that the platform has no words for.
        Refused: the principal may not say who may what.
        StoreError: the last export is not as it was, or this one cannot be written.
    """
    target = _target(job)
    engine = engine_of(job.settings.policy)
    contracts = tuple(contracts)
    tables = described(job, contracts, schemas=job.args.schemas)
    scope = Scope(at, job.run.purpose, _actions(job), job.args.table.lower() or "*", job.args.as_of_now)
    parts = _parts(job, engine, tables, scope)
    before = read_export(job.args.out, job.args.to)
    changed = plan([ExportPart(**part) for part in before.get("parts", ())], parts)
    lines = [*changed.lines()] or ["Nothing changes."]
    lines += _notes(engine, tables, scope)
    lines += _asking(contracts, scope)
    told = _TARGETS[job.args.to].render(parts)
    facts: dict[str, object] = {
        "target": job.args.to,
        "policy": engine.policy.fingerprint,
        "export": hashlib.sha256(told.encode()).hexdigest(),
        "added": len(changed.added),
        "revoked": len(changed.revoked),
    }
    manifest = {"format": _FORMAT, "target": job.args.to, "policy": engine.policy.fingerprint}
    same = not changed and all(before.get(name) == value for name, value in manifest.items())
    if job.args.dry_run or same:
        return Outcome(summary=joined(lines), facts=facts, answer={**facts, "written": False})
    permit(job, "grant", _TABLE)
    event = Event.made(job.run, "export", table=_TABLE, policy=engine.policy.fingerprint, facts=facts)
    AuditLog.open(job.settings).append(event)
    number = int(before.get("number", 0)) + bool(changed)
    manifest |= {"number": number, "at": at.isoformat(), "parts": [asdict(part) for part in parts]}
    write_export(job.args.out, job.args.to, files=_files(target, told, changed, number), manifest=manifest)
    place = f"{job.args.out}/{job.args.to}"
    answer = {**facts, "written": True}
    return Outcome(report=place, summary=joined([*lines, f"Written to {place}."]), facts=facts, answer=answer)


def _target(job: Job) -> _Target:
    if not job.args.to:
        raise UsageError("Export to which platform?", todo=f"Give --to {'|'.join(_TARGETS)}.")
    if not job.args.out:
        raise UsageError("Export to which folder?", todo="Give --out, for example --out exports.")
    for option in ("catalog", "service"):
        if not is_plain(getattr(job.args, option)):
            raise UsageError("This is no name: it has a sign in it that nobody sees.", where=f"--{option}")
    return _TARGETS[job.args.to]


def _parts(job: Job, engine: Engine, tables: Sequence[Described], scope: Scope) -> list[ExportPart]:
    if job.args.to == "ranger":
        return ranger.ranger(engine, tables, scope=scope, service=job.args.service)
    if job.args.to == "iceberg-restrictions":
        return iceberg.iceberg(engine, tables, scope=scope)
    return unity.unity(engine, tables, scope=scope, catalog=job.args.catalog, groups=_groups(job, engine))


def _actions(job: Job) -> tuple[str, ...]:
    """`--only`, or every action."""
    named = tuple(word.strip() for word in job.args.only.split(",") if word.strip()) or ACTIONS
    for word in named:
        if word not in ACTIONS:
            raise UsageError(f"{word!r} is no action.", where="--only", todo=did_you_mean(word, ACTIONS))
    return named


def _groups(job: Job, engine: Engine) -> dict[str, str]:
    """`--group ROLE=GROUP`, for known roles, each to a group of its own."""
    roles, found = {role.name for role in engine.policy.roles}, dict[str, str]()
    for word in job.args.group:
        role, mark, group = word.partition("=")
        if not mark or not group.strip() or not is_plain(group):
            raise UsageError("This names no group.", where="--group", todo="Write --group ROLE=GROUP.")
        if role not in roles:
            raise UsageError(f"Unknown role {role!r}.", where="--group", todo=did_you_mean(role, roles))
        found[role] = group
    named = [found.get(role, role) for role in roles]
    if len(set(named)) < len(named):
        raise UsageError("Two roles would be one group.", where="--group", todo="Give each role a group of its own.")
    return found


def _notes(engine: Engine, tables: Sequence[Described], scope: Scope) -> list[str]:
    """What whoever runs the export must know besides the plan."""
    lines = []
    if out := left_out(engine.policy, tables, scope=scope):
        lines.append(f"Left out, as you said: {', '.join(out)}.")
    until = next_change(engine.policy, tables, scope=scope) if scope.as_of_now else None
    if until is not None:
        lines.append(f"This holds until {until.isoformat()} (after {last_day(until)}). Export again before then.")
    return lines


def _asking(contracts: Iterable[Contract], scope: Scope) -> list[str]:
    """Which tables a platform gives with rows that no reader here is given: nothing there joins what people say."""
    asked = [
        contract.training
        for contract in contracts
        if scope.covers(contract.training) and any(map(objects, contract.legal_basis.values()))
    ]
    told = "The platform does not join what people have said (docs/consent.md), and gives all rows of"
    return [f"{told} {', '.join(asked)}."] if asked and "read" in scope.actions else []


def _files(target: _Target, whole: str, changed: Plan, number: int) -> dict[str, str]:
    files = {target.whole: whole}
    if changed:
        files[f"changes/{number:04}{target.whole[target.whole.index('.') :]}"] = target.changes(
            changed.gone, changed.added
        )
    return files
