"""The program that a job becomes: its words, Spark's settings, and what it finds in its environment."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strongroom.core.escaping import shell_word
from strongroom.core.program import INSTALLED, ROOT
from strongroom.core.settings import Settings, storage
from strongroom.setup import class_archive
from strongroom.setup.home import Home
from strongroom.setup.jars import Jar, read_lock
from strongroom.setup.java import Java
from strongroom.stores.spark import package_zip
from strongroom.stores.spark.session import ALONE, HOSTED, STATIC, is_local, with_jvm
from strongroom.stores.spark.settings import JVM
from strongroom.stores.whole_file import write_whole

SMALL = {
    **ALONE,
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.python.daemon.module": "strongroom.stores.spark.daemon",
    "spark.executor.killOnFatalError.depth": "0",  # out of memory, the job ends with an error and not the JVM
    "spark.databricks.delta.snapshotPartitions": "2",  # else 50 tasks read a log of ten lines
}
"""Settings of a run on one machine; the settings file beats them, as it does all of ours."""

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from strongroom.launcher import main; main(sys.argv[1:])"
_APPENDED = {"spark.driver.extraJavaOptions": " ", "spark.driver.extraClassPath": ":", "spark.jars": ","}


@dataclass(frozen=True, slots=True)
class Command:
    """A program's words, and what is added to its environment.

    `kept` are the names of the variables that it has of its caller's besides; None is all of them.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str]
    kept: tuple[str, ...] | None = None

    def __str__(self) -> str:
        """A line for the shell, broken before each option. What is the caller's own is named and not shown."""
        caller = () if self.kept is None else ("-i", *(f'{name}="${name}"' for name in self.kept))
        given = [f"{name}={shell_word(value)}" for name, value in self.environment.items()]
        lines: list[list[str]] = [["env", *caller, *given], []]
        for word in self.words:
            if word.startswith("--"):
                lines.append([])
            lines[-1].append(shell_word(word))
        return " \\\n  ".join(" ".join(line) for line in lines)


def plain(home: Home, words: Sequence[str]) -> Command:
    """Words for the environment's own Python, without Spark."""
    environment = {"STRONGROOM_HOME": str(home.folder)}
    if not INSTALLED:
        path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        lib = str(ROOT / "lib")
        environment["PYTHONPATH"] = os.pathsep.join([lib, *(folder for folder in path if folder not in ("", lib))])
    return Command((str(home.python), *words), environment)


def again(home: Home, words: Sequence[str]) -> Command:
    """The launcher itself in the environment's own Python, isolated as spark-submit.sh has started it."""
    start = ("-m", "strongroom") if INSTALLED else ("-I", "-c", _START, str(ROOT / "lib"))
    return Command((str(home.python), *start, *words), {"STRONGROOM_HOME": str(home.folder)})


def submitted(
    home: Home,
    words: Sequence[str],
    *,
    settings: Mapping[str, str],
    jars: Sequence[Jar],
    java: Java | None,
    folder: Path,
) -> Command:
    """Words for `spark-submit`: script first, then its options.

    Args:
        home: where packages and jars are.
        words: the script and its options.
        settings: Spark's settings, which beat ours; `spark.master` is one of them.
        jars: what goes on the class path.
        java: what runs it; None leaves the choice to JAVA_HOME and the PATH.
        folder: of this run alone, for sockets and temporary files of driver and job.
    """
    paths = [str(home.jars / jar.file) for jar in jars if not jar.cloud]
    clouds = [str(home.jars / jar.file) for jar in jars if jar.cloud]
    master = settings["spark.master"]
    options = ["--master", master]
    environment = {
        **plain(home, ()).environment,
        "SPARK_HOME": str(home.spark),
        "PYSPARK_PYTHON": str(home.python),
        "PYSPARK_DRIVER_PYTHON": str(home.python),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",  # else Java finds no file whose name is not ASCII
        "SPARK_LAUNCHER_OPTS": JVM,  # of the JVM that only writes the command for the other one
    }
    if java is not None:
        environment["JAVA_HOME"] = str(java.home)
    conf = {**STATIC, "spark.sql.session.timeZone": "UTC", "spark.driver.extraJavaOptions": _quiet()}
    conf["spark.driver.extraJavaOptions"] += f" -Djava.io.tmpdir={folder}"  # here the driver's sockets lie, too
    if sys.stderr.isatty():  # who watches sees each stage's progress; a log file gets a line a stage
        conf["spark.ui.showConsoleProgress"] = "true"
    if is_local(master):
        conf |= SMALL | {
            "spark.sql.warehouse.dir": str(folder / "warehouse"),  # its catalog does not outlive the run either
            "spark.driver.extraClassPath": ":".join(paths),
            "spark.python.unix.domain.socket.dir": str(folder),  # not on a cluster: executors have no such folder
        }
        conf["spark.driver.extraJavaOptions"] += " " + " ".join(class_archive.java_options(home, java))
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        if clouds:  # and not on the class path: an archive of classes serves only the one it was made with
            conf["spark.jars"] = ",".join(clouds)
    else:
        options += ["--jars", ",".join([*paths, *clouds]), "--py-files", str(home.modules)]
    for name, value in settings.items():
        if name == "spark.master":
            continue
        own = conf.get(name)
        conf[name] = f"{own}{_APPENDED[name]}{value}" if own and name in _APPENDED else value
    conf = with_jvm(conf)
    for name in sorted(conf):
        options += ["--conf", f"{name}={conf[name]}"]
    return Command((str(home.submit), *options, *words), environment)


def hosted(home: Home, command: Command, words: Sequence[str]) -> Command:
    """The job as plain Python that starts the JVM of this command by itself, if it comes to need one."""
    options = command.words[1 : len(command.words) - len(words)]
    environment = {**command.environment, "PYSPARK_SUBMIT_ARGS": f"{shlex.join(options)} pyspark-shell", HOSTED: "1"}
    return replace(plain(home, words), environment=environment)


def session(home: Home, java: Java, *, settings: Settings, folder: Path) -> Mapping[str, str]:
    """The variables by which a Python that is at work already starts the JVM that a job would have."""
    own = {"spark.master": "local[*]", **storage.spark(settings, os.environ), **settings.spark}
    if not is_local(own["spark.master"]):
        zip_modules(home)
    lock = read_lock(ROOT / "conf" / "jars.lock", storage.cloud_of(settings.lake))
    command = submitted(home, (), settings=own, jars=lock, java=java, folder=folder)
    return hosted(home, command, ()).environment


def _quiet() -> str:
    return f"-Dlog4j2.configurationFile={(ROOT / 'conf/log4j2.properties').as_uri()}"


def read_settings(file: str, overrides: Sequence[str]) -> Settings:
    """A settings file with its overrides; before the set-up, when there is no YAML parser, only its `spark` section.

    Raises:
        ConfigError: every problem of the file.
        UsageError: an override without `=`.
    """
    try:
        from strongroom.core.settings.file import load_settings
    except ModuleNotFoundError:  # only --print comes here, and it may install nothing
        spark = _spark_lines(Path(file), overrides)
        return Settings(file=file, lake="", keys="", keyring="", policy="", contracts="", spark=spark)
    return load_settings(file, overrides)


def _spark_lines(file: Path, overrides: Sequence[str]) -> dict[str, str]:
    """What `read_settings` says of Spark in a file in its usual form: one `spark.name: value` a line."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = re.findall(r"^ +(spark\.[\w.]+): *(?:\"([^\"]*)\"|'([^']*)'|(.*?))(?: +#.*)?$", text, re.MULTILINE)
    settings = {name: double or single or bare for name, double, single, bare in found}
    for override in overrides:
        name, _, value = override.partition("=")
        if name.startswith("spark."):
            settings[name.removeprefix("spark.") if name.startswith("spark.spark.") else name] = value
    return settings


def zip_modules(home: Home) -> None:
    """Zip the package for the executors of a cluster; an equal zip is left alone."""
    data = package_zip.zipped()
    if not home.modules.is_file() or home.modules.read_bytes() != data:
        write_whole({home.modules: data})
