"""A run and what came of it: the words that tie table version, metrics, report and audit event together."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strongroom.core.settings import Settings

RUN = "strongroom.run"
"""In the note of every version of ours that a run made: its id."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and what proves it.

    Args:
        principal: `user:NAME`.
        proof: `system`, `databricks`, `token`, or empty where the name is only asserted.
    """

    principal: str
    proof: str


@dataclass(frozen=True, slots=True)
class Run:
    """Who does what, for which purpose, since when.

    Args:
        id: unique and sortable; the same id again is the same run.
        job: the job's word, for example `prepare`.
        principal: `user:ada` or `group:ml`; who the decision is about.
        actor: who really typed it, when that is somebody else; empty otherwise.
        purpose: one word, for example `model_training`; may be empty.
        started: aware, in UTC. Nothing else in a run reads the clock.
        proof: what proves who typed it, as a `Caller` has it; empty where the name is only asserted.
    """

    id: str
    job: str
    principal: str
    purpose: str
    started: datetime
    actor: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job did.

    Args:
        tables: each table that was written, or would be, and its path.
        rows: how many were read, written and so on.
        report: the file that was written for people.
        summary: what a person is told.
        facts: more of what happened, for the audit event; no values.
        answer: the same for programs, in plain JSON: of the form that `docs/answers/JOB.schema.json` gives.
        lines: the rows that were asked for; with `--json` each is a line of its own, and nobody is told the summary.
        exit_code: of a job that did its work; another than 0 where whoever asked wants the answer as one.
        status: the class of the error that such a code is of; `done` with 0, and with no other.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    report: str = ""
    summary: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    answer: Mapping[str, object] | None = None
    lines: Sequence[Mapping[str, object]] | None = None
    exit_code: int = 0
    status: str = "done"

    def __post_init__(self) -> None:
        if (self.status == "done") != (self.exit_code == 0):
            raise ValueError("a job is done, or ends with a code")


@dataclass(frozen=True, slots=True)
class Job:
    """What a flow is given: its run, its settings, its own arguments, a session on demand, and a voice.

    `spark()` starts or returns the session; a flow that never calls it starts no Java. `say(line)` prints one line of
    progress to stderr.
    """

    run: Run
    settings: Settings
    args: argparse.Namespace
    spark: Callable[[], Any]
    say: Callable[[str], None]
