"""A job inside a Python that is at work already, with the session it has: a task of Databricks, or of anything like it.

The launcher starts a process for a job; where a platform has started one, with Spark in it, this takes the same words:
`strongroom-task prepare --all`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from strongroom import run_job
from strongroom.console import Telling
from strongroom.core.errors import UsageError
from strongroom.core.jobs import JOBS
from strongroom.core.suggest import did_you_mean


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the job that the words name. A task goes on after exit code 0, and ends with any other."""
    words = list(sys.argv[1:] if argv is None else argv)
    job, options = (words[0], words[1:]) if words else ("", [])
    run_job.keep_quiet()
    if job not in JOBS:
        wrong = UsageError("no job is named first", todo=did_you_mean(job, JOBS))
        code = Telling("", "", as_json="--json" in words, start=time.monotonic()).failed(wrong, code=2)
    else:
        code = run_job.run(run_job.flow_of(job), options)
    if code:  # Databricks takes a SystemExit for a failure, also that of 0
        sys.exit(code)
