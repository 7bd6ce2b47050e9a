"""An Airflow DAG (Airflow 3): each job a task, tried again only where that may help.

Copy it into the folder of DAGs. STRONGROOM is the project's folder on the workers, where `./spark-submit.sh doctor` is
content; with a package of pip's, START is its command and STRONGROOM the folder that holds `conf/local.yaml`.
"""

from __future__ import annotations

import os
import shlex
from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

STRONGROOM = os.environ.get("STRONGROOM_PROJECT", "/opt/strongroom")
START = "./spark-submit.sh"
AGAIN = {4: "the environment", 7: "a source or a target", 130: "stopped", 143: "stopped"}
"""Exit codes after which the same may go well. The others are for a person: a bug (1), a mistake (2, 3), the policy's
answer (5), data that does not pass its gate (6)."""


class Job(BaseOperator):
    """A job of Strongroom, as its command line runs it."""

    template_fields = ("words",)

    def __init__(self, *, words: list[str], **more: Any) -> None:
        super().__init__(**more)
        self.words = words
        self.hook = SubprocessHook()

    def execute(self, context: Any) -> str:  # noqa: ARG002  Airflow's own word
        """Runs it; its lines go to the task's log, and hold no value of the data."""
        command = ["bash", "-c", f"exec {START} {shlex.join(self.words)}"]
        code = self.hook.run_command(command, cwd=STRONGROOM).exit_code
        code = 128 - code if code < 0 else code  # ended by a signal, as a shell says it
        if code in AGAIN:
            raise AirflowException(f"exit {code}: {AGAIN[code]}; another try takes up what failed, and only that")
        if code:
            raise AirflowFailException(f"exit {code}: docs/operations.md says what that means; no other try will help")
        return self.words[0]

    def on_kill(self) -> None:
        """SIGTERM: the job stops as by Ctrl-C, and readers keep the last whole version."""
        self.hook.send_sigterm()


with DAG(
    "strongroom_nightly",
    schedule="15 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,  # one night reads all that is new, however many were missed
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=15)},
    tags=["strongroom"],
) as dag:
    run = ["--run-id", "night-{{ (logical_date or dag_run.run_after).strftime('%Y%m%dT%H%M%S') }}"]
    prepare = Job(task_id="prepare", words=["prepare", "--all", "--set", "prepare.mode=append", *run])
    vectorize = Job(task_id="vectorize", words=["vectorize", *run])
    project = Job(task_id="project", words=["project"])
    prepare >> [vectorize, project]
    # By itself: after the others, as a task that always runs, its success would be the night's.
    Job(task_id="verify", words=["audit", "verify"], retries=0)
