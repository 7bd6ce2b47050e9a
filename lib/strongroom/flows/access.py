"""Who may do what: ask the policy, see all of it at once, compare two, and find rules that do nothing. No Java.

access explain --as user:grace --table training.reviews --action read --columns email
access matrix                       who sees which column, for which purpose, until when
access matrix --out matrix.html     … as a page to search (or .csv, .parquet, or a folder for a Delta table)
access diff OLD.yaml NEW.yaml       what the new policy gives and takes away, in words
access lint                         exit code 3 when there is something to say
access export --to PLATFORM         the policy in the words of another platform: flows/access_export.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from strongroom.core.decision import Decision, Request
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import joined
from strongroom.core.policy import ACTIONS, PHYSICAL, last_day
from strongroom.core.policy_file import load_policy
from strongroom.core.run import Job, Outcome
from strongroom.flows import access_export
from strongroom.flows.access_page import page
from strongroom.flows.known_tables import contracts_of, known_tables
from strongroom.flows.permit import engine_of
from strongroom.flows.projections import contract_for, projections_of
from strongroom.flows.role_keys import openable, sealed_columns
from strongroom.govern.cells import cells
from strongroom.govern.diff import diff
from strongroom.govern.explain import explain
from strongroom.govern.lint import lint
from strongroom.govern.matrix import AS_STORED, IN_CLEAR, View, principals_of, purposes_of, views
from strongroom.govern.policy import Engine
from strongroom.govern.projection import projection_for
from strongroom.govern.role_keys import role_keys
from strongroom.stores.access import write_cells, write_lines
from strongroom.stores.keys_role import file_of
from strongroom.stores.lake import Lake


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `access` takes besides the options of every job."""
    parser.add_argument("verb", choices=("explain", "matrix", "diff", "lint", "export"))
    parser.add_argument("files", metavar="FILE", nargs="*", help="diff: the old policy and the new one")
    parser.add_argument(
        "--table", metavar="NAME", default="", help="for example training.reviews; export: or training.*"
    )
    parser.add_argument("--action", choices=ACTIONS, default="read", help="explain, matrix: default read")
    parser.add_argument("--columns", metavar="A,B", default="", help="explain: default every column that is known")
    parser.add_argument("--at", metavar="DATE", default="", help="decide for that moment instead of now")
    parser.add_argument(
        "--out", metavar="FILE", default="", help="matrix: .html, .csv, .parquet or a Delta folder; export: a folder"
    )
    access_export.arguments(parser)


def run(job: Job) -> Outcome:
    """Does what the verb says. A policy is not secret, so asking it needs no grant; writing an export needs one."""
    verbs = {"explain": _explain, "matrix": _matrix, "diff": _diff, "lint": _lint, "export": _export}
    return verbs[job.args.verb](job)


def _explain(job: Job) -> Outcome:
    if not job.args.table:
        raise UsageError("Which table?", todo="Give --table, for example training.reviews.")
    engine = engine_of(job.settings.policy)
    known = next((table for table in known_tables(job.settings) if table.name == job.args.table.lower()), None)
    columns = tuple(name.strip() for name in job.args.columns.split(",") if name.strip())
    if known is not None and not columns and job.args.action in ("read", "reveal"):
        columns = known.columns
    request = Request(
        principal=job.run.principal,  # asking what somebody may do is not acting for them
        action=job.args.action,
        table=job.args.table,
        at=_moment(job),
        columns=columns,
        purpose=job.run.purpose,
        classifications=known.classifications if known else {},
        tags=known.tags if known else {},
        encrypted=known.encrypted if known else (),
    )
    found = explain(engine, request)
    decision = found.decision if found.decision.allowed else engine.narrow(request)
    lines = [*found.lines(), *_given(decision)]
    if decision.allowed and decision.level == PHYSICAL and known is not None:
        lines += _projected(job, engine, replace(request, columns=known.columns), decision)
    if decision.clear and decision.allowed:
        lines += _by_keys(job, engine, decision)
    return Outcome(summary=joined(lines), facts={"allowed": found.decision.allowed})


def _given(decision: Decision) -> list[str]:
    """What a decision gives: columns, masks, rows, and the rules with their ends and reasons."""
    if not decision.allowed:
        return []
    lines = []
    for name in decision.columns:
        shown = IN_CLEAR if name in decision.clear else decision.masks.get(name, AS_STORED)
        limited = f", where {' or '.join(decision.conditions[name])}" if name in decision.conditions else ""
        lines.append(f"  {name}: {shown}{limited}")
    if decision.rows:
        lines.append(f"  rows: {' or '.join(decision.rows)}")
    for grant in decision.grants:
        ends = f" until {last_day(grant.until)}" if grant.until else ""
        said = [f"approved by {grant.approval}" if grant.approval else "", grant.reason]
        how = "" if grant.enforce == decision.level else f" ({grant.enforce})"
        lines.append(f"  by {grant.where}, role {grant.role}{how}{ends} {'; '.join(filter(None, said))}".rstrip())
    return [*lines, f"  enforced: {decision.level} (docs/threat-model.md says what that does not stop)"]


def _projected(job: Job, engine: Engine, request: Request, decision: Decision) -> list[str]:
    """Where the answer lies, and what of it does not: encrypted columns, and what another member may not have."""
    found = projection_for(projections_of(engine, request, contract_for(job.settings, request.table)), decision)
    if found is None:
        return ["  in no projection: its members may have nothing of it together"]
    gone = [name for name in decision.columns if name not in found.decision.columns]
    lines = [f"  in: {Lake(job.settings.lake).folder(found.table)}"]
    return [*lines, f"  not in it: {', '.join(gone)} (docs/policy.md says why)"] if gone else lines


def _by_keys(job: Job, engine: Engine, decision: Decision) -> list[str]:
    """Whose keys open what is given by keys, and what no role's keys open: not all of its members may have it."""
    asked = decision.request
    _, found = openable(
        engine, job.settings, decision.table, principal=asked.principal, at=asked.at, there=decision.request.columns
    )
    lines = []
    for role in dict.fromkeys(found[name] for name in decision.clear if name in found):
        names = ", ".join(name for name in decision.clear if found.get(name) == role)
        lines.append(f"  opened by the keys of {role}: {names} ({file_of(job.settings.role_keys, role)})")
    gone = [name for name in decision.clear if name not in found]
    return [*lines, f"  opened by no role's keys: {', '.join(gone)} (docs/policy.md says why)"] if gone else lines


def _matrix(job: Job) -> Outcome:
    engine, at = engine_of(job.settings.policy), _moment(job)
    purposes = (job.run.purpose,) if job.run.purpose else purposes_of(engine.policy)
    people = (job.args.principal,) if job.args.principal else principals_of(engine.policy)
    tables = [
        table for table in known_tables(job.settings) if not job.args.table or table.name == job.args.table.lower()
    ]
    found = list(views(engine, tables, principals=people, purposes=purposes, at=at, action=job.args.action))
    counted = sum(len(view.holders) * len(part.columns) for view in found for part in view.parts)
    facts: dict[str, object] = {"views": len(found), "cells": counted, "policy": engine.policy.fingerprint}
    if not job.args.out:
        return Outcome(summary=_words(found), facts=facts)
    if job.args.out.endswith(".html"):
        write_lines(page(found, policy=engine.policy.fingerprint[:16], at=at), job.args.out)
    else:
        write_cells(cells(found), job.args.out)
    return Outcome(report=job.args.out, summary=f"{counted:,} cells written to {job.args.out}.", facts=facts)


def _words(found: list[View]) -> str:
    """The matrix for the screen: a line for each way in which somebody sees a table."""
    lines = []
    for view in found:
        people = ", ".join(dict.fromkeys(who for who, _ in view.holders))
        aims = ", ".join(dict.fromkeys(purpose or "(none said)" for _, purpose in view.holders))
        for part in view.parts:
            rows = f" where {part.rows}" if part.rows else ""
            ends = f" until {part.until}" if part.until else ""
            lines.append(f"{view.table}: {', '.join(part.columns)}: {part.how}{rows}: {people}: {aims}{ends}")
    return joined(lines) or "Nobody sees anything."


def _diff(job: Job) -> Outcome:
    if len(job.args.files) != 2:
        raise UsageError("Which two policies?", todo="Give the old file and the new one.")
    old, new = (load_policy(file) for file in job.args.files)
    found = diff(old, new, tables=known_tables(job.settings), at=_moment(job))
    lines = [each.text for each in found] or ["Nothing changes."]
    return Outcome(summary=joined(lines), facts={"differences": len(found)})


def _lint(job: Job) -> Outcome:
    engine, at = engine_of(job.settings.policy), _moment(job)
    policy = engine.policy
    if problems := [*lint(policy, tables=known_tables(job.settings), at=at), *_barred(job, engine, at)]:
        raise ConfigError(problems)
    return Outcome(summary=f"Nothing to say about {policy.file}.", facts={"policy": policy.fingerprint})


def _barred(job: Job, engine: Engine, at: datetime) -> Iterator[Problem]:
    """Keys that a role is not given since they open more than it is given."""
    for each in role_keys(engine, sealed_columns(job.settings), at=at):
        for inside, outside in each.barred.values():
            what = f"{', '.join(inside)} cannot be given by keys: the same key opens {', '.join(outside)}."
            yield Problem(what, each.role.where, "Give all of them to all of the role's members, or set keys apart.")


def _export(job: Job) -> Outcome:
    return access_export.export(job, contracts_of(job.settings), at=_moment(job))


def _moment(job: Job) -> datetime:
    """`--at`, or the start of the run."""
    if not job.args.at:
        return job.run.started
    try:
        found = datetime.fromisoformat(job.args.at)
    except ValueError:
        raise UsageError("--at is not a date.", todo="Write it as 2027-06-30 or 2027-06-30T12:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
