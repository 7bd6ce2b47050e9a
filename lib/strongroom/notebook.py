"""The entry of notebooks, as `run_job.py` is that of jobs: the same arguments, audit events and errors, in a session.

A notebook passes the flow in, and gets back what the job would have ended with:

    from strongroom.flows import prepare
    from strongroom.notebook import run_flow

    outcome = run_flow(prepare, spark=spark, contract="reviews", settings={"prepare.mode": "append"})
    print(outcome.summary)

`dbutils`, `display` and `displayHTML` are Databricks' own there; `./spark-submit.sh notebook FILE` stands in for them
(`databricks/dbutils.py`).
"""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Any

from strongroom import console, run_job
from strongroom.core.errors import StrongroomError, UsageError
from strongroom.core.program import typed
from strongroom.core.run import Outcome
from strongroom.stores.spark.error_translation import translate

_NOTHING: Mapping[str, object] = MappingProxyType({})


def run_flow(
    flow: ModuleType, *, spark: Any, config: str = "", contract: str = "", purpose: str = "",
    principal: str = "", run_id: str = "", settings: Mapping[str, object] = _NOTHING, options: Sequence[str] = (),
    dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Runs a flow as its job would, in this session, and returns what came of it.

    Args:
        flow: a module of `strongroom.flows`.
        spark: the notebook's session.
        config: the settings file; empty takes that of a job that is told none.
        contract: name or file; empty leaves it to the settings. So do `purpose`, `principal` and `run_id`.
        purpose: what for, as the policy names it.
        principal: `user:NAME` or `group:NAME` to act as; on Databricks the one who acts is always the user logged in.
        run_id: the same id again is the same run.
        settings: `section.key` → value, instead of what the file says.
        options: the job's own options, as on the command line.
        dry_run: say what would be done; touch nothing.

    Raises:
        StrongroomError: of the class that the job's exit code stands for. A bug keeps its place and loses its message,
            since that may quote a value of the data, and a notebook keeps what it shows.
    """
    name = flow.__name__.rpartition(".")[2]
    named = {"--config": config, "--contract": contract, "--purpose": purpose, "--as": principal, "--run-id": run_id}
    argv = [f"{option}={value}" for option, value in named.items() if value]
    argv += [f"--set={key}={value}" for key, value in settings.items()]
    argv += ["--dry-run"] if dry_run else []
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            args = run_job.parser_of(name, flow).parse_intermixed_args([*argv, *options])
    except SystemExit:
        what = said.getvalue().strip().rpartition("error: ")[2].splitlines() or ["these are not its options"]
        raise UsageError(what[0], where=f"run_flow({name}, …)", todo=f"See ./spark-submit.sh {name} --help.") from None
    try:
        return run_job.audited(flow, name, args, run_id or run_job.new_run_id(), spark=spark)
    except Exception as error:
        raise told(error, name) from None  # a notebook shows what an error came from, and that may quote data


def told(error: Exception, name: str) -> StrongroomError:
    """The error as one of ours, its commands as they are typed here."""
    known = translate(error)
    if known is not None:
        known.args = (typed(str(known)),)
        return known
    console.debug(error, console.say)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return StrongroomError(
        f"this is a bug in Strongroom: {name} stopped with {type(error).__name__}",
        where=f"{frame.filename}:{frame.lineno}",
        todo="The message is withheld, since it might quote data; STRONGROOM_DEBUG=1 prints it.",
        code="run.bug",
    )
