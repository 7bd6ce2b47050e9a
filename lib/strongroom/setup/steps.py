"""What must be there before a job can run: each function has it when it returns, whatever was missing before."""

from __future__ import annotations

from collections.abc import Callable

from strongroom.core.errors import EnvironmentFault
from strongroom.core.program import ROOT
from strongroom.setup import class_archive, jars, packages, probes, spark_submit
from strongroom.setup.home import Home, alone
from strongroom.setup.java import Java, find_java
from strongroom.setup.os_packages import install
from strongroom.stores.spark import run_folder

LOCK = ROOT / "conf" / "jars.lock"


def ensure_packages(home: Home, *, tools: bool, say: Callable[[str], None]) -> None:
    """Have the Python packages of the lock files; `tools` adds those of the tests. Pip's own are its own affair.

    Raises:
        EnvironmentFault: they cannot be had, or one has a wrong hash.
    """
    if not home.installed and not packages.is_ready(home.venv, ROOT, tools=tools):
        with alone(home, say=say):
            if not packages.is_ready(home.venv, ROOT, tools=tools):
                packages.make_ready(home.venv, ROOT, tools=tools, say=say)


def present_spark(home: Home, *, cloud: str = "") -> Java:
    """The Java of a Spark that can start as things are; nothing is made.

    Raises:
        EnvironmentFault: something is missing; with the commands that bring it.
    """
    missing = [*probes.lacking(home, cloud=cloud)]
    java = find_java()
    if missing or java is None:
        what = "; ".join(f"{each.name}: {each.what}" for each in missing)
        raise EnvironmentFault(f"Spark cannot start here. {what}.", todo=f"Run: {' && '.join(e.mend for e in missing)}")
    return java


def ensure_spark(home: Home, *, say: Callable[[str], None], cloud: str = "") -> Java:
    """Have Java and the jars, those of the lake's cloud among them, each of the right hash.

    Raises:
        EnvironmentFault: what is missing cannot be had, or a jar is not the one it should be.
    """
    if home.installed and not home.submit.is_file():
        spark = probes.pyspark(home)
        raise EnvironmentFault(f"Spark is missing: {spark.what}.", todo=f"Run: {spark.mend}")
    java = find_java() or _install_java(home, say=say)
    lock = jars.read_lock(LOCK, cloud)
    if jars.absent(lock, home.jars):
        with alone(home, say=say):
            if missing := jars.absent(lock, home.jars):
                ivy = next((home.spark / "jars").glob("ivy-*.jar"))
                jars.fetch(missing, home.jars, java=java.program, ivy=ivy, say=say)
    jars.verify(lock, home.jars)
    return java


def ensure_archive(home: Home, java: Java, *, say: Callable[[str], None]) -> None:
    """Have the archive of classes. It pays after some five jobs: an explicit set-up makes it, and no job does."""
    if not class_archive.is_missing(home, java):
        return
    with alone(home, say=say):
        if class_archive.is_missing(home, java):
            words, settings = class_archive.warm_up(home)
            lock = jars.read_lock(LOCK)
            folder, _ = run_folder.make()
            run = spark_submit.submitted(home, words, settings=settings, jars=lock, java=java, folder=folder)
            class_archive.make(home, java, words=run.words, environment=run.environment, say=say)
            run_folder.remove(folder)


def _install_java(home: Home, *, say: Callable[[str], None]) -> Java:
    with alone(home, say=say):
        if find_java() is None:
            install("java", say=say)
    if (java := find_java()) is None:
        raise EnvironmentFault(
            "Java was installed, but is not where it was looked for.", todo="Set JAVA_HOME to it.", code="java.missing"
        )
    return java
