"""Who may do what: ask the policy, see all of it at once, compare two, and find rules that do nothing. No Java.

access explain --as user:grace --table training.reviews --action read --columns email
access explain … --exit-code        … and end with 0 for yes, 5 for no
access explain … --subject-from FILE   … and whether these people's rows are read, and why: docs/consent.md
access matrix                       who may do what with which column, for which purpose, until when
access matrix --out matrix.html     … as a page to search (or .csv, .parquet, or a folder for a Delta table)
access diff OLD.yaml NEW.yaml       what the new policy gives and takes away, in words
access lint                         exit code 3 when there is something to say
access export --to PLATFORM         the policy in the words of another platform: flows/access/export.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

from strongroom.core.contract.file import contracts_in
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import joined
from strongroom.core.policy import ACTIONS
from strongroom.core.policy.file import load_policy
from strongroom.core.run import Job, Outcome
from strongroom.flows.access import export
from strongroom.flows.access.explain import explained
from strongroom.flows.access.matrix_page import page
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.known_tables import Known, known_tables
from strongroom.flows.foundation.role_keys import sealed_columns
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.cryptographic import role_keys
from strongroom.govern.review.diff import diff
from strongroom.govern.review.lint import lint
from strongroom.govern.review.matrix import ActionView, principals_of, purposes_of, views
from strongroom.govern.review.matrix_table import cells
from strongroom.govern.table import NOT_MADE, STAND_IN, UNREADABLE, Table, described, unknown
from strongroom.stores.artefacts.matrix_files import write_cells, write_lines


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `access` takes besides the options of every job."""
    parser.add_argument("verb", choices=("explain", "matrix", "diff", "lint", "export"))
    parser.add_argument("files", metavar="FILE", nargs="*", help="diff: the old policy and the new one")
    parser.add_argument("--exit-code", action="store_true", help="explain: end with 5 where the answer is no")
    parser.add_argument(
        "--table", metavar="NAME", default="", help="for example training.reviews; export: or training.*"
    )
    parser.add_argument("--action", choices=ACTIONS, default="", help="explain: default read; matrix: default all")
    parser.add_argument("--columns", metavar="A,B", default="", help="explain: default every column that is known")
    parser.add_argument("--at", metavar="DATE", default="", help="decide for that moment instead of now")
    parser.add_argument(
        "--out", metavar="FILE", default="", help="matrix: .html, .csv, .parquet or a Delta folder; export: a folder"
    )
    parser.add_argument(
        "--subject-from", metavar="FILE|-", default="",
        help="explain: also whether these people's rows are read, and why; a line each, - is standard input",
    )  # fmt: skip
    export.arguments(parser)


def run(job: Job) -> Outcome:
    """Does what the verb says. A policy is not secret, so asking it needs no grant; writing an export needs one."""
    verbs = {"explain": _explain, "matrix": _matrix, "diff": _diff, "lint": _lint, "export": _export}
    return verbs[job.args.verb](job)


def _explain(job: Job) -> Outcome:
    return explained(job, at=_moment(job))


def _matrix(job: Job) -> Outcome:
    engine, at, known = engine_of(job.settings.policy), _moment(job), known_tables(job.settings)
    purposes = (job.run.purpose,) if job.run.purpose else purposes_of(engine.policy)
    people = (job.args.principal,) if job.args.principal else principals_of(engine.policy)
    all_ = [*(described(table, (engine.policy,)) for table in known.tables), *unknown(known.tables, (engine.policy,))]
    tables = [table for table in all_ if job.args.table.lower() in ("", table.name.lower())]
    others = [Table(name, ()) for name in principals_of(engine.policy) if job.args.table in ("", name)]
    found = [
        view
        for action in ((job.args.action,) if job.args.action else ACTIONS)
        for view in views(
            engine, others if action == "act" else tables, principals=people, purposes=purposes, at=at, action=action
        )
    ]
    found = [replace(view, table=view.table.replace(STAND_IN, "*")) for view in found]
    counted = sum(len(view.holders) * len(part.columns) for view in found for part in view.parts)
    facts: dict[str, object] = {"views": len(found), "cells": counted, "policy": engine.policy.fingerprint}
    answer: dict[str, object] = {"cells": counted, "policy": engine.policy.fingerprint}
    notes = [*_narrowed(job), *_not_known(known, {view.table for view in found})]
    if not job.args.out:
        answer["views"] = [_plain(view) for view in found]
        return Outcome(summary="\n".join([_words(found), joined(notes)]), facts=facts, answer=answer)
    if job.args.out.endswith(".html"):
        write_lines(page(found, policy=engine.policy.fingerprint[:16], at=at, notes=notes), job.args.out)
    else:
        write_cells(cells(found), job.args.out)
    summary = joined([f"{counted:,} cells written to {job.args.out}.", *notes])
    return Outcome(report=job.args.out, summary=summary, facts=facts, answer=answer)


def _plain(view: ActionView) -> dict[str, object]:
    """A view for programs."""
    holders = [{"principal": who, "purpose": purpose} for who, purpose in view.holders]
    return {**asdict(view), "holders": holders}


def _narrowed(job: Job) -> list[str]:
    """What the answer is limited to, by whoever asked."""
    asked = {"to": job.args.principal, "of": job.args.table, "for": job.run.purpose, "by": job.args.action}
    said = ", ".join(f"{word} {text}" for word, text in asked.items() if text)
    return [f"Only what is given {said}." if said else "Nothing else is given."]


def _not_known(known: Known, shown: set[str]) -> list[str]:
    """Which of the tables shown do not lie in the lake, and what nobody knows of it."""
    here = [table for table in known.tables if table.name in shown]
    made = [table.name for table in here if table.state == NOT_MADE]
    read = [table.name for table in here if table.state == UNREADABLE]
    lines = [f"Not made yet: {', '.join(made)}."] if made else []
    lines += [f"Not read, so columns and what is in them are not known: {', '.join(read)}."] if read else []
    return [*lines, *(f"Not known: what lies in {place} ({why})." for place, why in known.unread)]


def _words(found: list[ActionView]) -> str:
    """The matrix for the screen: a line for each way in which somebody is given a table."""
    lines = []
    for view in found:
        people = ", ".join(dict.fromkeys(who for who, _ in view.holders))
        aims = ", ".join(dict.fromkeys(purpose or "(none said)" for _, purpose in view.holders))
        for part in view.parts:
            rows = f" where {part.rows}" if part.rows else ""
            ends = f" until {part.until}" if part.until else ""
            what = f"{view.action} {view.table}: {', '.join(part.columns)}: {part.how}"
            lines.append(f"{what}{rows}: {people}: {aims}{ends}")
    return joined(lines) or "Nobody is given anything."


def _diff(job: Job) -> Outcome:
    if len(job.args.files) != 2:
        raise UsageError("Which two policies?", todo="Give the old file and the new one.")
    old, new = (load_policy(file) for file in job.args.files)
    found = diff(old, new, tables=known_tables(job.settings).tables, at=_moment(job))
    lines = [each.text for each in found] or ["Nothing changes."]
    answer = {"differences": [asdict(each) for each in found]}
    return Outcome(summary=joined(lines), facts={"differences": len(found)}, answer=answer)


def _lint(job: Job) -> Outcome:
    engine, at = engine_of(job.settings.policy), _moment(job)
    policy = engine.policy
    if problems := [*lint(policy, tables=known_tables(job.settings).tables, at=at), *_barred(job, engine, at)]:
        raise ConfigError(problems)
    facts = {"policy": policy.fingerprint}
    return Outcome(summary=f"Nothing to say about {policy.file}.", facts=facts, answer=facts)


def _barred(job: Job, engine: Engine, at: datetime) -> Iterator[Problem]:
    """Keys that a role is not given since they open more than it is given."""
    for each in role_keys(engine, sealed_columns(job.settings), at=at):
        for inside, outside in each.barred.values():
            what = f"{', '.join(inside)} cannot be given by keys: the same key opens {', '.join(outside)}."
            yield Problem(what, each.role.where, "Set their keys apart in the contracts.", "lint.barred")


def _export(job: Job) -> Outcome:
    return export.export(job, contracts_in(job.settings.contracts), at=_moment(job))


def _moment(job: Job) -> datetime:
    """`--at`, or the start of the run."""
    if not job.args.at:
        return job.run.started
    try:
        found = datetime.fromisoformat(job.args.at)
    except ValueError:
        raise UsageError("--at is not a date.", todo="Write it as 2027-06-30 or 2027-06-30T12:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
