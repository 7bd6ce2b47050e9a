"""The Spark session: found when there is one, else made with what every job needs."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from strongroom.core.errors import EnvironmentFault, StrongroomError
from strongroom.core.settings import Settings
from strongroom.stores import connect, faults, run_folder, sockets

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

RUNTIME = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.maxConcurrentOutputFileWriters": "3",  # good, bad and tally rows leave a task without a sort
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(32 << 20),  # a worker holds a few of these at once
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
}
"""Set on every session, also on one that somebody else has started."""


_SUBMITTED = "PYSPARK_GATEWAY_PORT" in os.environ
"""Whether `spark-submit` has started the JVM, with its own class path and master."""


def open_session(settings: Settings, spark: Any = None, *, say: Callable[[str], None] = lambda _: None) -> Any:
    """The session given, else the active one, else a new one, with our settings and the user's on it.

    Where `spark.master` is `sc://…` the new one is on that Spark Connect server. Any session of one gets our package.

    Raises:
        ConfigError: `spark.master` is no address of a server.
        EnvironmentFault: Spark cannot be started, the server lacks what a job needs, or others could connect to it.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    try:
        spark = spark or SparkSession.getActiveSession() or _new(settings.spark)
        _keep_quiet()
        remote = connect.is_session(spark)
        ours = {**RUNTIME, **connect.RUNTIME} if remote else RUNTIME
        for key, value in {**ours, **settings.spark}.items():
            if key in ours or spark.conf.isModifiable(key):
                spark.conf.set(key, value)
        if not remote:
            sockets.look_at_session(spark)
        if connect.send_package(spark):
            connect.note_servers_own(spark, settings.spark, say=say)
    except (PySparkException, RuntimeError, OSError) as error:
        raise _not_there(settings.spark, error) from error
    return spark


def _not_there(settings: Mapping[str, str], error: Exception) -> StrongroomError:
    known = faults.translate(error) if connect.is_connect(settings.get("spark.master", "")) else None
    return known or EnvironmentFault("Spark does not start", todo="Run ./spark-submit.sh doctor.")


def _new(settings: Mapping[str, str]) -> Any:
    if connect.is_connect(settings.get("spark.master", "")):
        return connect.open_remote(settings)
    return _start({**STATIC, **_jars(), **_private(settings), **settings})


def _private(settings: Mapping[str, str]) -> dict[str, str]:
    """A folder of this run alone for sockets and temporary files, and a secret for its ports, as the launcher gives."""
    if _SUBMITTED:
        return {}
    folder, _ = run_folder.make()  # locked until this process ends
    atexit.register(run_folder.remove, folder)
    return {
        "spark.python.unix.domain.socket.dir": str(folder),
        "spark.driver.defaultJavaOptions": f"-Djava.io.tmpdir={folder}",
        **(ALONE if settings.get("spark.master", "local").partition("[")[0] == "local" else {}),
    }


def _start(settings: Mapping[str, str]) -> Any:
    """A new session, and Ctrl-C as it was before: pyspark's own handler calls the JVM from inside the signal, breaks
    the call that was under way, and ends in stack traces.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    conf, handler = SparkConf().setAppName("strongroom"), signal.getsignal(signal.SIGINT)
    for key, value in settings.items():
        if key != "spark.master" or not _SUBMITTED:  # --master has beaten the settings already
            conf.set(key, value)
    SparkContext.getOrCreate(conf)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGINT, handler)
    return SparkSession.builder.getOrCreate()


def _keep_quiet() -> None:
    """Else pyspark writes a failed query to stderr, with the value it failed on; the job says what went wrong."""
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True


def no_session() -> Any:
    """For jobs that run without settings and so without Spark."""
    raise EnvironmentFault("this job has no Spark session", todo="Run it by ./spark-submit.sh with settings.")


def _jars() -> dict[str, str]:
    """Delta's jars on the class path, unless whoever started the JVM has put them there."""
    if _SUBMITTED:
        return {}
    home = Path(os.environ.get("STRONGROOM_HOME") or Path(__file__).parents[3] / ".strongroom")
    jars = sorted(str(jar) for jar in (home / "jars").glob("*.jar"))
    return {"spark.driver.extraClassPath": os.pathsep.join(jars)} if jars else {}
