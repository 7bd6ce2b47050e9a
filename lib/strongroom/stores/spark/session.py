"""The Spark session: found when there is one, else made with what every job needs."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from strongroom.core import program
from strongroom.core.errors import ConfigError, EnvironmentFault, Stopped, StrongroomError
from strongroom.core.settings import Settings, storage
from strongroom.stores.spark import connect, error_translation, run_folder, sockets
from strongroom.stores.spark.settings import JVM, MEANING, PROBES, READING, UNSET, WORK, refused

STATIC = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.showConsoleProgress": "false",
    "spark.io.encryption.enabled": "true",  # shuffle and spill files hold raw values
    # Over TCP, a task and its Python worker that both write may stand still for ever: docs/decisions/sockets.md.
    "spark.python.unix.domain.socket.enabled": "true",
}
"""Read once, when the JVM starts."""

ALONE = {"spark.authenticate": "true"}
"""The same where driver and executors are one process: its ports on 127.0.0.1, which every user of the machine reaches,
then ask for a secret that Spark makes for this run. On a standalone cluster somebody has to have given it one."""

_DRIVERS, _EXECUTORS = "spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"
_checked: weakref.WeakSet[Any] = weakref.WeakSet()

_NAME, _GATEWAY = "strongroom", "PYSPARK_GATEWAY_PORT"
HOSTED = "STRONGROOM_HOSTED"
"""A variable that is set where the launcher has said how a JVM is to be started, if the job comes to need one."""


def open_session(settings: Settings, spark: Any = None, *, say: Callable[[str], None] = lambda _: None) -> Any:
    """The session given, else the active one, else a new one, with our settings and the user's on it.

    Where `spark.master` is `sc://…` the new one is on that Spark Connect server. Any session of one gets our package.

    Raises:
        ConfigError: `spark.master` is no address of a server, or a setting is not for the file to say.
        EnvironmentFault: Spark cannot be started, the server lacks what a job needs, or others could connect to it.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        todo = "Run ./spark-submit.sh doctor: it names the command that brings it."
        raise EnvironmentFault("this work needs Spark, and pyspark is not here", todo=todo) from error

    if problems := list(refused(settings.spark, file=settings.file)):
        raise ConfigError(problems)
    try:
        spark = spark or SparkSession.getActiveSession() or _new(settings)
        _keep_quiet()
        _settle(spark, settings.spark)
        if not connect.is_session(spark):
            sockets.look_at_session(spark)
        _check(spark)
        if connect.send_package(spark):
            connect.note_servers_own(spark, settings.spark, say=say)
    except (PySparkException, RuntimeError, OSError) as error:
        raise _not_there(settings.spark, error) from error
    return spark


def active() -> Any:
    """The session that this thread has already, whoever made it; None without one, and without pyspark."""
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        return None
    return SparkSession.getActiveSession()


def begin() -> None:
    """Has the JVM that started this process make Spark's context while Python imports and looks at the sources.

    On one machine only, where that takes nothing from others. Who asks for the session waits for it, and is told of
    what went wrong.
    """
    if _GATEWAY in os.environ:
        import pyspark.sql  # noqa: F401  whole, and here: it imports in a circle, in which two threads would meet

        threading.Thread(target=_begun, daemon=True).start()


def _begun() -> None:
    with suppress(Exception):
        from pyspark import SparkConf, SparkContext

        conf = SparkConf().setAppName(_NAME)
        if is_local(conf.get("spark.master", "")):
            SparkContext.getOrCreate(conf)


def _settle(spark: Any, settings: Mapping[str, str]) -> None:
    """Our settings and the user's on a session, whoever made it; what only its maker can say is left to `_check`.

    Raises:
        EnvironmentFault: the session does not let one of ours be set.
    """
    from pyspark.errors import PySparkException

    ours = {**WORK, **MEANING, **(connect.RUNTIME if connect.is_session(spark) else {})}
    there = spark.conf.getAll
    for key in there:
        if key.startswith(UNSET) and key not in ours:
            spark.conf.unset(key)
    for key, value in {**ours, **settings}.items():
        if there.get(key) == value or (key not in ours and not spark.conf.isModifiable(key)):
            continue
        if spark.conf.get(key, None) == value:
            continue
        try:
            spark.conf.set(key, value)
        except PySparkException:
            todo = f"Set {key} to {value} where the session is made."
            raise EnvironmentFault(
                "this session does not let a setting be changed", where=key, todo=todo, code="spark.settings"
            ) from None


def check_reading(spark: Any) -> None:
    """Makes sure that a session of somebody's own reads published rows as they were written, and leaves it as it is.

    Raises:
        EnvironmentFault: it would give other rows or values.
    """
    for key in READING:
        if str(spark.conf.get(key)).lower() != MEANING[key].lower():
            todo = f'Run spark.conf.set("{key}", "{MEANING[key]}") first.'
            raise EnvironmentFault(
                "this session does not read rows as they were written", where=key, todo=todo, code="spark.settings"
            )
    _check(spark)


def _check(spark: Any) -> None:
    """Makes sure of what only a JVM's start decides, once a session. It asks the driver only: whatever we send to the
    executors means the same in any locale (docs/decisions/one-meaning.md).

    Raises:
        EnvironmentFault: it would judge rows, or write numbers, by another language's letters and digits.
    """
    ours = not connect.is_session(spark) and "_JAVA_OPTIONS" not in os.environ  # which beats what a JVM is started with
    if spark in _checked or (ours and spark.conf.get(_DRIVERS, "").endswith(JVM)):
        return
    answers = spark.sql(f"SELECT {', '.join(PROBES)}").first()
    if tuple(answers) != tuple(PROBES.values()):
        todo = f"Start it with {JVM} in {_DRIVERS} and {_EXECUTORS}, and without _JAVA_OPTIONS."
        raise EnvironmentFault(
            "the JVM of this Spark session has the letters or digits of another language",
            todo=todo,
            code="spark.settings",
        )
    _checked.add(spark)


def _not_there(settings: Mapping[str, str], error: Exception) -> StrongroomError:
    known = error_translation.translate(error) if connect.is_connect(settings.get("spark.master", "")) else None
    if known is None and _GATEWAY in os.environ and _jvm_ended():
        what = "stopped while Spark started: the JVM that this job came from was ended"
        return Stopped(what, todo="Run again; readers see the last whole version.")
    return known or EnvironmentFault("Spark does not start", todo="Run ./spark-submit.sh doctor.", code="spark.start")


def _jvm_ended() -> bool:
    """Whether the JVM that has started this process is no more; one that was told to end takes a moment."""
    for _ in range(30):
        name = Path(f"/proc/{os.getppid()}/comm")
        with suppress(OSError):
            if not name.read_text().startswith("java") if name.exists() else os.getppid() == 1:
                return True
        time.sleep(0.1)
    return False


def _submitted() -> bool:
    """Whether `spark-submit` has started the JVM, or will, with its own class path and master."""
    return _GATEWAY in os.environ or HOSTED in os.environ


def _new(known: Settings) -> Any:
    settings = known.spark
    if connect.is_connect(settings.get("spark.master", "")):
        return connect.open_remote(settings)
    settings = {**storage.spark(known, os.environ), **settings}
    return _start({**STATIC, **_jars(settings, storage.cloud_of(known.lake)), **_private(settings), **settings})


def _private(settings: Mapping[str, str]) -> dict[str, str]:
    """A folder of this run alone for sockets and temporary files, and a secret for its ports, as the launcher gives."""
    if _submitted():
        return {}
    folder, _ = run_folder.make()  # locked until this process ends
    atexit.register(run_folder.remove, folder)
    return {
        "spark.python.unix.domain.socket.dir": str(folder),
        "spark.driver.defaultJavaOptions": f"-Djava.io.tmpdir={folder}",
        **(ALONE if is_local(settings.get("spark.master", "local")) else {}),
    }


def is_local(master: str) -> bool:
    """Whether driver and executors are one process here. `local-cluster[…]` is not."""
    return master == "local" or master.startswith("local[")


def can_be_local(settings: Settings) -> bool:
    """Whether a run may do without Spark: the settings let it, and nobody has started a JVM or named a cluster."""
    engine, master = settings.jobs["prepare"]["engine"], settings.spark.get("spark.master", "local")
    return engine != "spark" and is_local(master) and _GATEWAY not in os.environ


def _start(settings: Mapping[str, str]) -> Any:
    """A new session, and Ctrl-C as it was before: pyspark's own handler calls the JVM from inside the signal, breaks
    the call that was under way, and ends in stack traces.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    conf, handler, submitted = SparkConf().setAppName(_NAME), signal.getsignal(signal.SIGINT), _submitted()
    for key, value in with_jvm(settings, started=submitted).items():
        if key != "spark.master" or not submitted:  # --master has beaten the settings already
            conf.set(key, value)
    SparkContext.getOrCreate(conf)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGINT, handler)
    return SparkSession.builder.getOrCreate()


def with_jvm(settings: Mapping[str, str], *, started: bool = False) -> dict[str, str]:
    """Spark's settings, and last among the options of each JVM that is not `started` yet, those of every JVM."""
    names = (_EXECUTORS,) if started else (_DRIVERS, _EXECUTORS)
    return {**settings, **{name: f"{settings.get(name, '')} {JVM}".strip() for name in names}}


def _keep_quiet() -> None:
    """Else pyspark writes a failed query to stderr, with the value it failed on; the job says what went wrong."""
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True


def no_session() -> Any:
    """For jobs that run without settings and so without Spark."""
    raise EnvironmentFault(
        "this job has no Spark session", todo="Run it by ./spark-submit.sh with settings.", code="spark.missing"
    )


def _jars(settings: Mapping[str, str], cloud: str) -> dict[str, str]:
    """Delta's jars on the class path and the cloud's beside it, unless whoever started the JVM has put them there.

    Raises:
        EnvironmentFault: there are none, and the settings name none either.
    """
    if _submitted():
        return {}
    folder = program.home() / "jars"
    jars = sorted(str(jar) for jar in folder.glob("*.jar"))
    if not jars and not {"spark.jars", "spark.jars.packages", "spark.driver.extraClassPath"} & settings.keys():
        todo = "Run ./spark-submit.sh --setup-only"
        raise EnvironmentFault("this work needs Spark, and Delta's jars are not here", where=str(folder), todo=todo)
    clouds = ",".join(sorted(str(jar) for jar in (folder / cloud).glob("*.jar"))) if cloud else ""
    return {
        **({"spark.driver.extraClassPath": os.pathsep.join(jars)} if jars else {}),
        **({"spark.jars": clouds} if clouds else {}),
    }
