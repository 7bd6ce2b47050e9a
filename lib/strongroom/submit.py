"""From a command line to a running job: makes what is missing, then becomes the job.

`spark-submit.sh` starts this with any Python that fits: until the packages are there, only the standard library counts.
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from strongroom.core.errors import EnvironmentFault, StrongroomError, UsageError
from strongroom.core.words import did_you_mean
from strongroom.stores import jars, packages
from strongroom.stores.java import Java, find_java
from strongroom.stores.system import install

ROOT = Path(__file__).resolve().parents[2]
_BARE = {"--dry-run", "--help", "-h"}  # with one of these a job touches nothing, so that it needs no Spark


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


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies that was made here: STRONGROOM_HOME, else `.strongroom` in the project."""

    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def jars(self) -> Path:
        return self.folder / "jars"

    @property
    def spark(self) -> Path:
        return self.venv / f"lib/python3.{sys.version_info.minor}/site-packages/pyspark"


@dataclass(frozen=True, slots=True)
class Command:
    """A program to become: its words, and what is added to the environment."""

    words: tuple[str, ...]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        pairs = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        lines = [f"env {' '.join(pairs)}", self.words[0]]
        for word in self.words[1:]:
            if word.startswith("-") or lines[-1] == self.words[0]:
                lines.append(shlex.quote(word))
            else:
                lines[-1] += f" {shlex.quote(word)}"
        return " \\\n  ".join(lines)


def main(argv: Sequence[str]) -> NoReturn:
    """Run the command line; ends the process, or becomes the job."""
    try:
        launch(argv)
        sys.exit(0)
    except StrongroomError as error:
        print(f"strongroom: {error}", file=sys.stderr)
        if "--json" in argv:
            print(json.dumps({"job": "", "status": type(error).__name__, "exit_code": error.exit_code}))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def launch(argv: Sequence[str]) -> None:
    request = parse(argv)
    home = Home(Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom").absolute())
    if request.show:
        print(command(request, home, java=find_java()))
        return
    ensure_packages(request, home)
    spark = needs_spark(request)
    java = ensure_java(home) if spark else None
    if request.setup_only:
        say(
            f"ready: Python packages in {home.venv}"
            + (f", Delta jars in {home.jars}, Java {java.release} in {java.home}" if java else "")
        )
        return
    become(command(request, home, java=java))


def parse(argv: Sequence[str]) -> Request:
    """Take the command line apart: what stands before the job is the launcher's, what follows is the job's."""
    known = job_titles()
    listing = "\n".join(f"  {name:<12}{title}" for name, title in known.items())
    parser = argparse.ArgumentParser(
        prog="./spark-submit.sh",
        usage="%(prog)s [launcher options] JOB [job options]",
        description="Starts a job, and first makes what it needs: Python packages, Java, the Delta jars.",
        epilog=f"jobs:\n{listing}\n\n./spark-submit.sh JOB --help shows the job's own options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--master", default="", metavar="URL", help="Spark's master (default: spark.master of the settings)"
    )
    parser.add_argument("--setup-only", action="store_true", help="make what is missing, run no job")
    parser.add_argument(
        "--print", action="store_true", dest="show", help="print the final command; install and run nothing"
    )
    parser.add_argument("--tools", action="store_true", help="set up what the tests need too")
    parser.add_argument("--no-spark", action="store_true", help="with --setup-only: leave Java and the jars out")
    cut = next(
        (i for i, word in enumerate(argv) if not word.startswith("-") and (i == 0 or argv[i - 1] != "--master")),
        len(argv),
    )
    own = parser.parse_args(argv[:cut])
    job, options = (argv[cut], tuple(argv[cut + 1 :])) if cut < len(argv) else ("", ())
    if not job and not own.setup_only:
        parser.print_help(sys.stderr)
        raise UsageError("No job is named.", todo="For example: ./spark-submit.sh doctor")
    if job and job not in known:
        raise UsageError(f"There is no job {job!r}.", todo=f"{did_you_mean(job, known)}\njobs:\n{listing}")
    return Request(job, options, **vars(own))


def job_titles() -> dict[str, str]:
    """Every job and the first line of its docstring."""
    titles = {}
    for path in sorted((ROOT / "jobs").glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        titles[path.stem] = text.partition("\n")[0].partition(";")[0]
    return titles


def needs_spark(request: Request) -> bool:
    """Whether what is asked for starts Java."""
    if not request.job:
        return not request.no_spark
    text = (ROOT / "jobs" / f"{request.job}.py").read_text(encoding="utf-8")
    return "spark=True" in text and not _BARE.intersection(request.options)


def ensure_packages(request: Request, home: Home) -> None:
    """Have the Python packages, and be run by the environment's own Python."""
    if not packages.is_ready(home.venv, ROOT, tools=request.tools):
        with alone(home):
            if not packages.is_ready(home.venv, ROOT, tools=request.tools):
                packages.make_ready(home.venv, ROOT, tools=request.tools, say=say)


def ensure_java(home: Home) -> Java:
    """Have Java and the jars, each jar of the right hash."""
    java = find_java()
    if java is None:
        with alone(home):
            if find_java() is None:
                install("java", say=say)
        java = find_java()
        if java is None:
            raise EnvironmentFault("Java was installed but cannot be found.", todo="Set JAVA_HOME to it.")
    lock = jars.read_lock(ROOT / "conf/jars.lock")
    if jars.absent(lock, home.jars):
        with alone(home):
            home.jars.mkdir(exist_ok=True)
            if missing := jars.absent(lock, home.jars):
                ivy = next((home.spark / "jars").glob("ivy-*.jar"))
                jars.fetch(missing, home.jars, java=java.program, ivy=ivy, say=say)
    jars.verify(lock, home.jars)
    return java


def command(request: Request, home: Home, *, java: Java | None) -> Command:
    """The program that runs the job."""
    script = str(ROOT / "jobs" / f"{request.job}.py")
    environment = {"PYTHONPATH": os.environ.get("PYTHONPATH") or str(ROOT / "lib"), "STRONGROOM_HOME": str(home.folder)}
    if not needs_spark(request):
        return Command((str(home.python), script, *request.options), environment)
    settings = spark_settings(request.options)
    master = request.master or settings.get("spark.master", "local[*]")
    local = master == "local" or master.startswith("local[")
    lock = jars.read_lock(ROOT / "conf/jars.lock")
    paths = [str(home.jars / jar.file) for jar in lock]
    conf = defaults(home, paths, local=local) | settings
    conf.pop("spark.master", None)
    words = [str(home.venv / "bin/spark-submit"), "--master", master]
    if not local:
        words += ["--jars", ",".join(paths), "--py-files", str(home.folder / "strongroom.zip")]
    for name, value in sorted(conf.items()):
        words += ["--conf", f"{name}={value}"]
    environment |= {
        "SPARK_HOME": str(home.spark),
        "PYSPARK_PYTHON": str(home.python),
        "PYSPARK_DRIVER_PYTHON": str(home.python),
        "JAVA_HOME": str(java.home) if java else os.environ.get("JAVA_HOME", ""),
    }
    if local:
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
    return Command((*words, script, *request.options), environment)


def defaults(home: Home, paths: Sequence[str], *, local: bool) -> dict[str, str]:
    """Spark's settings unless the settings file says otherwise: those a JVM reads when it starts, and Delta's."""
    log = (ROOT / "conf/log4j2.properties").as_uri()
    conf = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.io.encryption.enabled": "true",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log}",
    }
    if local:
        conf["spark.driver.extraClassPath"] = ":".join(paths)
        conf["spark.driver.extraJavaOptions"] += " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        conf["spark.driver.memory"] = "2g"
        conf["spark.sql.warehouse.dir"] = str(home.folder / "warehouse")
        conf["spark.ui.enabled"] = "false"
    return conf


def spark_settings(options: Sequence[str]) -> dict[str, str]:
    """The `spark` section of the settings file that the job's options name."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", default=str(ROOT / "conf/local.yaml"))
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    own, _ = parser.parse_known_args(options)
    from strongroom.core.settings_file import load_settings

    return dict(load_settings(own.config, own.overrides).spark)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold the lock of the set-up; waits for another one to end. The kernel frees it however we end."""
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        file = (home.folder / "setup.lock").open("w")
    except OSError as error:
        todo = "Make it writable, or name another folder by STRONGROOM_HOME."
        raise EnvironmentFault(
            f"Nothing can be written there: {error.strerror}.", where=str(home.folder), todo=todo
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def become(program: Command) -> NoReturn:
    """Replace this process, so that signals and exit codes are the job's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program.words[0], program.words, {**os.environ, **program.environment})  # noqa: S606 - no shell is the point


def say(line: str) -> None:
    print(f"strongroom: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
