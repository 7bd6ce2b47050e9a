"""The program that a job becomes: its words, Spark's settings, and what it finds in its environment."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom.stores import class_archive, modules
from strongroom.stores.home import ROOT, Home
from strongroom.stores.jars import Jar
from strongroom.stores.java import Java
from strongroom.stores.session import STATIC, with_jvm
from strongroom.stores.spark_settings import JVM

SMALL = {
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.executor.killOnFatalError.depth": "0",  # out of memory, the job ends with an error and not the JVM
    "spark.databricks.delta.snapshotPartitions": "2",  # else 50 tasks read a log of ten lines
}
"""Settings of a run on one machine; the settings file beats them, as it does all of ours."""

_APPENDED = {"spark.driver.extraJavaOptions": " ", "spark.driver.extraClassPath": ":"}


@dataclass(frozen=True, slots=True)
class Command:
    """A program's words, and what is added to its environment."""

    words: tuple[str, ...]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        """A line for the shell, broken before each option."""
        words = ["env", *(f"{name}={value}" for name, value in self.environment.items()), *self.words]
        lines: list[list[str]] = [[]]
        for number, word in enumerate(words):
            if word.startswith("--") or number == len(self.environment) + 1:
                lines.append([])
            lines[-1].append(shlex.quote(word))
        return " \\\n  ".join(" ".join(line) for line in lines)


def is_local(master: str) -> bool:
    """Whether driver and executors are one process here. `local-cluster[…]` is not."""
    return master == "local" or master.startswith("local[")


def plain(home: Home, words: Sequence[str]) -> Command:
    """Words for the environment's own Python, without Spark."""
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    lib = str(ROOT / "lib")
    environment = {
        "PYTHONPATH": os.pathsep.join([lib, *(folder for folder in path if folder not in ("", lib))]),
        "STRONGROOM_HOME": str(home.folder),
    }
    return Command((str(home.python), *words), environment)


def submitted(
    home: Home,
    words: Sequence[str],
    *,
    settings: Mapping[str, str],
    jars: Sequence[Jar],
    java: Java | None,
) -> Command:
    """Words for `spark-submit`: script first, then its options.

    Args:
        home: where packages and jars are.
        words: the script and its options.
        settings: Spark's settings, which beat ours; `spark.master` is one of them.
        jars: what goes on the class path.
        java: what runs it; None leaves the choice to JAVA_HOME and the PATH.
    """
    paths = [str(home.jars / jar.file) for jar in jars]
    master = settings["spark.master"]
    options = ["--master", master]
    environment = {
        **plain(home, ()).environment,
        "SPARK_HOME": str(home.spark),
        "PYSPARK_PYTHON": str(home.python),
        "PYSPARK_DRIVER_PYTHON": str(home.python),
        "LC_ALL": "C.UTF-8",  # else Java finds no file whose name is not ASCII
        "SPARK_LAUNCHER_OPTS": JVM,  # of the JVM that only writes the command for the other one
    }
    if java is not None:
        environment["JAVA_HOME"] = str(java.home)
    conf = {**STATIC, "spark.sql.session.timeZone": "UTC", "spark.driver.extraJavaOptions": _quiet()}
    if sys.stderr.isatty():  # who watches sees each stage's progress; a log file gets a line a stage
        conf["spark.ui.showConsoleProgress"] = "true"
    if is_local(master):
        conf |= SMALL | {
            "spark.sql.warehouse.dir": str(home.folder / "warehouse"),
            "spark.driver.extraClassPath": ":".join(paths),
        }
        conf["spark.driver.extraJavaOptions"] += " " + " ".join(class_archive.java_options(home, java))
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
    else:
        options += ["--jars", ",".join(paths), "--py-files", str(home.modules)]
    for name, value in settings.items():
        if name == "spark.master":
            continue
        own = conf.get(name)
        conf[name] = f"{own}{_APPENDED[name]}{value}" if own and name in _APPENDED else value
    conf = with_jvm(conf)
    for name in sorted(conf):
        options += ["--conf", f"{name}={conf[name]}"]
    return Command((str(home.venv / "bin" / "spark-submit"), *options, *words), environment)


def _quiet() -> str:
    return f"-Dlog4j2.configurationFile={(ROOT / 'conf/log4j2.properties').as_uri()}"


def spark_settings(file: str, overrides: Sequence[str]) -> dict[str, str]:
    """The `spark` section of a settings file.

    Raises:
        ConfigError: every problem of the file.
        UsageError: an override without `=`.
    """
    try:
        from strongroom.core.settings_file import load_settings
    except ModuleNotFoundError:  # before the set-up there is no YAML parser, and --print may install none
        return _spark_lines(Path(file), overrides)
    return dict(load_settings(file, overrides).spark)


def _spark_lines(file: Path, overrides: Sequence[str]) -> dict[str, str]:
    """What `spark_settings` says of a file in its usual form: one `spark.name: value` a line."""
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
    data = modules.zipped()
    if not home.modules.is_file() or home.modules.read_bytes() != data:
        temporary = home.modules.with_name(f".{home.modules.name}.{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(home.modules)
