"""From a command line to a running job: makes what is missing, then becomes the job.

`spark-submit.sh` starts this with any Python that fits: until the packages are there, only the standard library counts.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from strongroom import __version__, console
from strongroom.core import signals
from strongroom.core.errors import ConfigError, EnvironmentFault, StrongroomError, UsageError
from strongroom.core.jobs import JOBS
from strongroom.core.program import INSTALLED, ROOT
from strongroom.core.settings import Settings, storage
from strongroom.core.settings.values import master_fault
from strongroom.core.suggest import nearest
from strongroom.setup import spark_submit, variables
from strongroom.setup.home import Home
from strongroom.setup.jars import read_lock
from strongroom.setup.java import Java, find_java
from strongroom.setup.spark_submit import Command
from strongroom.setup.steps import LOCK, ensure_archive, ensure_packages, ensure_spark, present_spark
from strongroom.stores.identity.settings_file import VARIABLE, settings_file
from strongroom.stores.permissions import mask, masked
from strongroom.stores.spark import run_folder
from strongroom.stores.spark.connect import is_connect
from strongroom.stores.spark.session import is_local

_WRITABLE = "Free space or mend permissions there, then run the same again."
_TESTED = "s3"
"""The cloud whose jars the tests start Spark with."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command line, taken apart. `job` may be empty only with `setup_only`."""

    job: str
    options: tuple[str, ...]
    master: str = ""
    setup_only: bool = False
    show: bool = False
    tools: bool = False
    no_spark: bool = False
    version: bool = False

    @property
    def script(self) -> Path:
        return ROOT / "jobs" / f"{self.job}.py"

    @property
    def words(self) -> tuple[str, ...]:
        """What Python is told: the job's script and the job's options."""
        return (str(self.script), *self.options)


def main(argv: Sequence[str]) -> NoReturn:
    """Run the command line; ends the process, or becomes the job."""
    start = time.monotonic()
    try:
        _without_gaps()
        signals.hear()
        launch(argv)
        sys.exit(0)
    except StrongroomError as error:
        sys.exit(_failed(argv, error, start=start))
    except OSError as error:  # a disk that is full or read-only, a folder that is somebody else's
        fault = EnvironmentFault(f"{error.strerror or error}.", where=str(error.filename or ""), todo=_WRITABLE)
        sys.exit(_failed(argv, fault, start=start))
    except KeyboardInterrupt as stop:
        sys.exit(_telling(argv, start).stopped(stop))


def _without_gaps() -> None:
    """Where stdin, stdout or stderr is closed (`>&-`), the next file that is opened would be it, and be written to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def launch(argv: Sequence[str]) -> None:
    """The order of the steps: packages, then the settings, then (for Spark) Java and the jars, then the job."""
    request, home = parse(argv), Home.named()
    if request.version:
        console.tell(f"strongroom {__version__}")
        return
    own = os.umask(0o022)
    os.umask(own | 0o022)  # what is installed is code: whatever the caller's mask, nobody else may write it
    variables.without_breaking()
    if request.show:
        console.tell(str(shown(request, home, own)))
        return
    ensure_packages(home, tools=request.tools, say=say)
    if os.path.realpath(sys.prefix) != os.path.realpath(home.venv):
        os.umask(own)
        become(spark_submit.again(home, argv))  # from here on in the environment's own Python
    if request.setup_only:
        set_up(request, home)
        return
    try:
        settings = read_settings(request, say=say)
    except (ConfigError, UsageError):  # the job reads the same settings, and says in its own way what is wrong
        if request.master:  # but of this it is not told
            raise
        become(spark_submit.plain(home, request.words))
    variables.settle(settings, home)
    java = java_for(request, settings, home) if needs_java(request, settings) else None
    if java is not None and not is_local(settings.spark["spark.master"]):
        spark_submit.zip_modules(home)
    os.umask(run := mask(own, settings))
    if java is None:
        become(plain(request, settings, home))
    # Ctrl-C is for the job alone: a JVM that knows the signal would be gone before the job has said how it ended.
    signals.hold()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # JVM and job write to stderr each on its own; in a file (2> FILE) they would write over each other's lines.
    fcntl.fcntl(2, fcntl.F_SETFL, fcntl.fcntl(2, fcntl.F_GETFL) | os.O_APPEND)
    folder, lock = run_folder.make()
    run_folder.sweep_after(folder, lock)
    signals.hear_for(folder / "ear")  # until there is a job
    become(submitted(request, home, masked(settings, run), java=java, folder=folder))


def shown(request: Request, home: Home, own: int) -> Command:
    """What `launch` would become for a caller of that umask, with nothing made or run."""
    if not request.job:
        return spark_submit.again(home, ("--setup-only",))
    settings = read_settings(request) if needs_spark(request) else _readable(request)
    given = variables.settle(settings, home) if settings else {}
    if settings is None or not needs_java(request, settings):
        command = plain(request, settings, home)
    else:
        folder = run_folder.above() / f"{run_folder.PREFIX}RUN"
        found = masked(settings, mask(own, settings))
        command = submitted(request, home, found, java=find_java(), folder=folder)
    if settings is None or not settings.identity.get("provider"):
        return command
    kept = tuple(name for name in os.environ if name not in {**given, **command.environment})
    return replace(command, environment={**given, **command.environment}, kept=kept)


def set_up(request: Request, home: Home) -> None:
    """Make what any job needs, and say where it is."""
    ready = [f"Python packages in {home.venv}"]
    if not request.no_spark:
        settings = _readable(request)  # of the lake at hand: which cloud's jars
        cloud = storage.cloud_of(settings.lake) if settings else ""
        java = ensure_spark(home, say=say, cloud=cloud or (_TESTED if request.tools else ""))
        ready += [f"Delta jars in {home.jars}", f"Java {java.release} in {java.home}"]
        ensure_archive(home, java, say=say)
    say(f"ready: {', '.join(ready)}")


def parse(argv: Sequence[str]) -> Request:
    """Take the command line apart: what stands before the job is the launcher's, what follows is the job's.

    Raises:
        UsageError: an unknown option or job, or no job at all.
    """
    cut = next(
        (at for at, word in enumerate(argv) if not word.startswith("-") and argv[max(at - 1, 0)] != "--master"),
        len(argv),
    )
    own = _parser().parse_args(argv[:cut])
    what, todo = master_fault(own.master) if own.master else ("", "")
    if what:
        raise UsageError(what, where="--master", todo=todo)
    job, options = (argv[cut], tuple(argv[cut + 1 :])) if cut < len(argv) else ("", ())
    request = Request(job, options, **vars(own))
    if not job and not (own.setup_only or own.version):
        console.say_lines(_parser().format_help())
        raise UsageError("No job is named.", todo="Name one, for example ./spark-submit.sh doctor")
    if job and job not in JOBS:
        console.say_lines(f"jobs:\n{_listing()}\n")
        near = nearest(job, JOBS)
        raise UsageError(
            f"There is no job {job!r}.", todo=f"Did you mean {near!r}?" if near else "Name one of the above."
        )
    return request


class _Parser(console.Parser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(
            f"{message[0].upper()}{message[1:]}.",
            where="options before the job",
            todo="A job's own options stand after its name. See ./spark-submit.sh --help",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="./spark-submit.sh",
        usage="%(prog)s [launcher options] JOB [job options]",
        description="Starts a job."
        if INSTALLED
        else "Starts a job, and first makes what it needs: Python packages, Java, the Delta jars.",
        epilog=f"jobs:\n{_listing()}\n\n./spark-submit.sh JOB --help shows the job's own options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--master", default="", metavar="URL", help="Spark's master (else spark.master of the settings)"
    )
    parser.add_argument("--setup-only", action="store_true", help="make what is missing and say where; run no job")
    parser.add_argument(
        "--print", action="store_true", dest="show", help="print the final command; make and run nothing"
    )
    if INSTALLED:
        parser.set_defaults(tools=False)
    else:
        parser.add_argument("--tools", action="store_true", help="have what the tests need, too")
    parser.add_argument("--no-spark", action="store_true", help="with --setup-only: leave Java and the jars out")
    parser.add_argument("--version", action="store_true", help="say which version this is")
    return parser


def _listing() -> str:
    return "\n".join(f"  {name:<12}{job.title}" for name, job in JOBS.items())


def needs_spark(request: Request) -> bool:
    """Whether the job is one of Spark, and is really to run."""
    return JOBS[request.job].needs_spark(request.options)


def needs_java(request: Request, settings: Settings) -> bool:
    """Whether the job is one of Spark with a JVM here, and not on a Connect server."""
    connect = is_connect(settings.spark["spark.master"])
    return needs_spark(request) and not connect and engine_of(request, settings) != "local"


def java_for(request: Request, settings: Settings, home: Home) -> Java | None:
    """The Java of a job that may need one: a project's set-up has it made, pip's environment has it or says what lacks.

    None where it is missing and the engine may do without: a job that comes to need Spark then says so.

    Raises:
        EnvironmentFault: something is missing, and cannot be had.
    """
    if not INSTALLED:
        return ensure_spark(home, say=say, cloud=storage.cloud_of(settings.lake))
    try:
        return present_spark(home, cloud=storage.cloud_of(settings.lake))
    except EnvironmentFault:
        if engine_of(request, settings) == "auto":
            return None
        raise


def engine_of(request: Request, settings: Settings) -> str:
    """Who does the work, as far as it is known before the job: `spark`, `local`, or `auto`."""
    moved = JOBS[request.job].local and not request.master and is_local(settings.spark["spark.master"])
    return str(settings.jobs["prepare"]["engine"]) if moved and settings.jobs else "spark"


def read_settings(request: Request, *, say: Callable[[str], None] = lambda _: None) -> Settings:
    """The settings that the job's options name, or those nearest, with `--master` as the last of the overrides.

    Raises:
        ConfigError: every problem of the settings file; there is none; or `--master` may not be that.
        UsageError: an option without its value.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", default="")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    own, _ = parser.parse_known_args(request.options)
    master = [f"spark.master={request.master}"] if request.master else []
    try:
        settings = spark_submit.read_settings(own.config or settings_file(say=say), [*own.overrides, *master])
    except ConfigError as error:
        if not master:
            raise
        moved = (replace(each, where=each.where.replace("--set spark.master", "--master")) for each in error.problems)
        raise ConfigError(moved) from None
    return replace(settings, spark={"spark.master": "local[*]", **settings.spark})


def _readable(request: Request) -> Settings | None:
    try:
        return read_settings(request)
    except (ConfigError, UsageError):
        return None


def submitted(request: Request, home: Home, settings: Settings, *, java: Java | None, folder: Path) -> Command:
    """The `spark-submit` that runs the job."""
    lock, words = read_lock(LOCK, storage.cloud_of(settings.lake)), request.words
    spark = {**storage.spark(settings, os.environ), **settings.spark}
    command = spark_submit.submitted(home, words, settings=spark, jars=lock, java=java, folder=folder)
    command = _told(command, settings)
    return spark_submit.hosted(home, command, words) if engine_of(request, settings) == "auto" else command


def plain(request: Request, settings: Settings | None, home: Home) -> Command:
    """The job as plain Python. A client of a Spark Connect server finds it by its settings."""
    client = settings is not None and request.master and needs_spark(request)
    master = ("--set", f"spark.master={request.master}") if client else ()
    command = spark_submit.plain(home, (*request.words, *master))
    return command if settings is None else _told(command, settings)


def _told(command: Command, settings: Settings) -> Command:
    """The command, told which settings were read: what it looks up by itself is in them, too."""
    return replace(command, environment={**command.environment, VARIABLE: settings.file})


def become(program: Command) -> NoReturn:
    """Replace this process, so that signals and exit codes are the program's own; a signal meanwhile waits for it."""
    signals.hold()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os.execve(program.words[0], program.words, {**os.environ, **program.environment})  # noqa: S606 - no shell is meant


def say(line: str) -> None:
    """One line of progress."""
    console.say(f"strongroom: {line}")


def _failed(argv: Sequence[str], error: StrongroomError, *, start: float) -> int:
    """Say what is wrong, in the form of every job, and return the exit code."""
    return _telling(argv, start).failed(error, code=error.exit_code)


def _telling(argv: Sequence[str], start: float) -> console.Telling:
    job = next((word for word in argv if word in JOBS), "")
    return console.Telling(job, run_id="", as_json="--json" in argv, start=start)


if __name__ == "__main__":
    main(sys.argv[1:])
