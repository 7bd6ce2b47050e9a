"""The entry of every job: arguments, settings, session, audit event, exit code. Nothing else reads the clock."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from strongroom.audit.log import AuditLog
from strongroom.audit.signing import seal_after_job
from strongroom.console import Parser, Telling, say
from strongroom.core import signals, workers
from strongroom.core.audit_event import ASSERTED, Event
from strongroom.core.errors import ConfigError, Refused, StoreError, StrongroomError, UsageError
from strongroom.core.escaping import is_unicode, one_line
from strongroom.core.options import refuse_unused
from strongroom.core.program import PACKAGE
from strongroom.core.run import Caller, Job, Outcome, Run
from strongroom.core.settings import Settings
from strongroom.core.settings.file import load_settings
from strongroom.core.settings.values import is_principal
from strongroom.reports.attempts import Attempt, attempt_of, recorded
from strongroom.reports.feeds.prometheus import Gauge
from strongroom.run_all import run_all
from strongroom.stores import storage
from strongroom.stores.identity import trust, whoami
from strongroom.stores.identity.settings_file import USUAL, VARIABLE, nearest, settings_file
from strongroom.stores.spark import session
from strongroom.stores.spark.error_translation import translate

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def main(name: str) -> NoReturn:
    """Runs a job of the table, and ends the process with its exit code."""
    telling = Telling(name, "", as_json="--json" in sys.argv, start=time.monotonic())
    signals.hold()
    _own_stderr()
    keep_quiet()
    workers.without_zips()
    _without_buttons()
    session.begin()
    flow = flow_of(name)
    try:
        signals.hear()
        code = run(flow, sys.argv[1:])
    except KeyboardInterrupt as stop:
        code = telling.stopped(stop)
    signals.leave()
    sys.exit(code)


def _without_buttons() -> None:
    """Buttons are no modules: Python looks in their folder first, and `profile` is a module of its own library."""
    folder = Path(sys.argv[0]).resolve().parent
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != folder]


def keep_quiet() -> None:
    """What libraries log of their errors, and warn of, may quote data."""
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)


def flow_of(name: str) -> ModuleType:
    """The flow of a job of the table."""
    return import_module(f"strongroom.flows.{name}")


def _own_stderr() -> None:
    """spark-submit sends its Python's stderr to stdout; where the system lets us, messages go to its real stderr."""
    theirs = Path(f"/proc/{os.getppid()}/fd/2")
    if "PYSPARK_GATEWAY_PORT" in os.environ and theirs.exists():
        with contextlib.suppress(OSError):
            sys.stderr = theirs.open("a", encoding="utf-8", buffering=1)


def run(flow: ModuleType, argv: Sequence[str]) -> int:
    """Runs a job as the command line would and returns the exit code; see `core/errors.py` for what it means.

    A flow is a module of `flows/`: its docstring is the help text, `run(job)` does the work, `arguments(parser)` is
    there when it has options of its own, and `BARE = True` when it runs without settings. One with an option
    `--all` says by `in_order(settings)` which contracts these are.
    """
    name = flow.__name__.rpartition(".")[2]
    start = time.monotonic()
    parser = parser_of(name, flow)
    try:
        if any(word.endswith("=--") for word in argv):  # argparse would take the value away and leave a list
            parser.error("'--' is no value of an option")
        args = parser.parse_intermixed_args(argv)
    except SystemExit as done:  # argparse has printed help or what is wrong
        code = int(done.code or 0)
        wrong = code and "--json" in argv
        return Telling(name, "", as_json=True, start=start).unread(parser.wrong, code=code) if wrong else code
    except OSError as full:  # there was no room for the help
        fault = translate(full) or StoreError("the help cannot be written")
        return Telling(name, "", as_json=False, start=start).failed(fault, code=fault.exit_code)
    run_id = args.run_id or new_run_id()
    verb = getattr(args, "verb", "") or ""
    telling = Telling(name, run_id, as_json=args.json, start=start, config=args.config, verb=verb)
    try:
        _check_words(argv)
        _check_run_id(run_id)
        refuse_unused(name, parser, args, argv)
        return telling.done(audited(flow, name, args, run_id))
    except KeyboardInterrupt as stop:
        return telling.stopped(stop)
    except BaseException as error:
        if heard := signals.came():
            return telling.stopped(heard)
        known = translate(error)
        if known is None and not isinstance(error, Exception):
            raise
        return telling.bug(error) if known is None else telling.failed(known, code=known.exit_code)


def parser_of(name: str, flow: ModuleType) -> Parser:
    """The options of a job: those of every job, and the flow's own."""
    parser = Parser(
        prog=f"./spark-submit.sh {name}", description=flow.__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    common = parser.add_argument_group("every job")
    common.add_argument("--config", metavar="FILE", default="", help=f"settings (else {VARIABLE}, else {USUAL})")
    common.add_argument(
        "--contract", metavar="NAME|FILE", default="", help="the data set's contract; NAME#OBJECT for one object"
    )
    common.add_argument("--server", metavar="NAME", default="", help="the contract's server to read, of several")
    common.add_argument(
        "--as", dest="principal", metavar="PRINCIPAL", default="", help="act as user:NAME or group:NAME"
    )
    common.add_argument("--purpose", metavar="WORD", default="", help="what for, as the policy names it")
    common.add_argument("--set", dest="overrides", metavar="SECTION.KEY=VALUE", action="append", default=[])
    common.add_argument("--run-id", metavar="ID", default="", help="the same id again is the same run")
    common.add_argument("--dry-run", action="store_true", help="say what would be done; touch nothing")
    common.add_argument("--json", action="store_true", help="stdout is JSON: docs/json.md")
    if hasattr(flow, "arguments"):
        flow.arguments(parser)
    return parser


def audited(flow: ModuleType, name: str, args: argparse.Namespace, run_id: str, *, spark: Any = None) -> Outcome:
    """Runs the flow between two audit events. A job that cannot write its event does not run.

    `spark` is the session of whoever calls from inside one; without it the flow finds or starts its own.
    """
    started = datetime.now(UTC)
    work: Callable[[Job], Outcome] = flow.run
    args.config = args.config or _settings_file(flow)
    settings = load_settings(args.config, args.overrides) if not getattr(flow, "BARE", False) else None
    if settings is None:  # a job that looks after the installation itself must run when the settings are broken
        nobody = Run(run_id, name, "", args.purpose, started)
        return work(Job(nobody, _NO_SETTINGS, args, session.no_session, say))
    if getattr(args, "all", False):
        return _each(flow, name, args, run_id, settings=settings, spark=spark)
    attempt = attempt_of(name, args, settings, started=started)
    if args.dry_run:
        with storage.settled(settings):
            return _logged(work, attempt, args, settings, run_id, spark=spark)
    with storage.settled(settings), recorded(attempt, settings, now=lambda: datetime.now(UTC), say=say):
        return _logged(work, attempt, args, settings, run_id, spark=spark)


def _each(
    flow: ModuleType, name: str, args: argparse.Namespace, run_id: str, *, settings: Settings, spark: Any
) -> Outcome:
    """The job for every contract: each run has its own events and figures, as if it were the only one."""
    contracts, circles = flow.in_order(settings)

    def one(contract: str) -> Outcome:
        alone = argparse.Namespace(**{**vars(args), "all": False, "contract": contract})
        return audited(flow, name, alone, run_id, spark=spark)

    return run_all(contracts, circles, job=name, run_id=run_id, config=args.config, one=one, dry_run=args.dry_run)


def _settings_file(flow: ModuleType) -> str:
    """The settings where none are named. A job that runs without says itself what is wrong with those that are near."""
    script = Path(sys.argv[0]).resolve().parents[1] / USUAL
    if not PACKAGE.is_dir() and script.is_file():  # this package came as a zip, beside a project's button
        return str(script)
    try:
        return settings_file(say=say)
    except ConfigError:
        if getattr(flow, "BARE", False):
            return str(nearest() or USUAL)
        raise


def _logged(
    work: Callable[[Job], Outcome], attempt: Attempt, args: argparse.Namespace, settings: Settings, run_id: str, *,
    spark: Any,
) -> Outcome:  # fmt: skip
    """The flow between its two audit events; gauges of its end may be added to the attempt."""
    trust.hold(settings, say=say)
    name, started = attempt.command.partition(" ")[0], attempt.started
    caller = _caller(Run(run_id, name, _NOBODY, args.purpose, started), settings, args, attempt, spark=spark)
    principal = args.principal or caller.principal
    actor = caller.principal if caller.principal != principal else ""
    run = Run(run_id, name, principal, args.purpose, started, actor=actor, proof=caller.proof)
    job = Job(run, settings, args, lambda: session.open_session(settings, spark, say=say), say)
    if args.dry_run:
        return work(job)
    log = AuditLog.open(settings)
    about = {"dataset": attempt.contract} if attempt.contract else {}
    log.append(_event(run, "started", facts={"identity": run.proof or ASSERTED, **about}))
    try:
        outcome = work(job)
    except BaseException as error:
        known = translate(error)
        ending = _ENDINGS.get(known.exit_code if known else 1, "failed")
        log.append(_event(run, ending, error=known or error, facts={**_why(known), **about}))
        raise
    else:
        log.append(_event(run, "done", facts=outcome.facts))
        return outcome
    finally:
        _seal(log, settings, attempt)


def _caller(run: Run, settings: Settings, args: argparse.Namespace, attempt: Attempt, *, spark: Any) -> Caller:
    """Who is asking. That somebody could not prove it is an event, too.

    Raises:
        Refused: the proof is no good.
        UsageError: a name is no principal.
    """
    try:
        caller = whoami(settings, lambda: spark or session.open_session(settings))
    except Refused as refused:
        if not args.dry_run:
            log = AuditLog.open(settings)
            log.append(_event(run, "refused", error=refused, facts=_why(refused)))
            _seal(log, settings, attempt)
        raise
    for given, where in ((args.principal, "--as"), (caller.principal, settings.file)):
        if given and not is_principal(given):
            raise UsageError("this is no principal", where=where, todo="Write user:NAME or group:NAME.")
    return caller


def _seal(log: AuditLog, settings: Settings, attempt: Attempt) -> None:
    """Signs what the log holds now, so that nothing before it can be changed unseen. What was done stays done."""
    sealed = Gauge("audit_sealed", "1 if the audit log was signed at the end of the last attempt, else 0.", [({}, 0.0)])
    try:
        if seal_after_job(log, settings):
            attempt.gauges.append(replace(sealed, samples=[({}, 1.0)]))
    except StrongroomError as error:
        say(f"warning: the audit log is not sealed: {one_line(str(error))} Run './spark-submit.sh audit verify'.")
        attempt.gauges.append(sealed)


def _why(error: StrongroomError | None) -> dict[str, object]:
    """What the audit log keeps of an error: the sentences are ours and hold no value."""
    if error is None:
        return {}
    return {"what": error.what[:900], "where": error.where[:90]}


_NOBODY = "user:?"
"""In the audit log, who could not prove a name."""
_ENDINGS = {5: "refused", 6: "gate"}
_NO_SETTINGS = Settings(file="", lake="", keys="", keyring="", policy="", contracts="")


def _event(run: Run, ending: str, *, error: BaseException | None = None, facts: Any = None) -> Event:
    kind = type(error).__name__ if error is not None else ""
    return Event.made(run, "run", ending, time=datetime.now(UTC), error=kind, facts=dict(facts or {}))


def _check_words(argv: Sequence[str]) -> None:
    """What is typed is text: bytes that are no UTF-8 arrive as halves of characters, which no file takes."""
    if not all(is_unicode(word) and "\0" not in word for word in argv):
        raise UsageError("an option is no text in UTF-8", todo="Type it anew.")


def _check_run_id(run_id: str) -> None:
    """A run's id becomes part of folder names, so it is a plain word."""
    if not _RUN_ID.fullmatch(run_id):
        todo = "Use letters, digits, dots, dashes and low lines, at most 64."
        raise UsageError("this is no run id", where="--run-id", todo=todo)


def new_run_id() -> str:
    """A run id that no other run has; ids sort by their time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
