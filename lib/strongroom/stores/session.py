"""The Spark session: found when there is one, else made with what every job needs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.core.settings import Settings

STATIC = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.showConsoleProgress": "false",
    "spark.io.encryption.enabled": "true",  # shuffle and spill files hold raw values
}
"""Read once, when the JVM starts."""

RUNTIME = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.maxConcurrentOutputFileWriters": "3",  # good, bad and tally rows leave a task without a sort
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20),
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
}
"""Set on every session, also on one that somebody else has started."""


_SUBMITTED = "PYSPARK_GATEWAY_PORT" in os.environ
"""Whether `spark-submit` has started the JVM, with its own class path and master."""


def open_session(settings: Settings, spark: Any = None) -> Any:
    """The session given, else the active one, else a new one, with our settings and the user's on it.

    Raises:
        EnvironmentFault: Spark cannot be started.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    try:
        spark = spark or SparkSession.getActiveSession()
        if spark is None:
            spark = _start({**STATIC, **_jars(), **settings.spark})
        _keep_quiet()
        for key, value in {**RUNTIME, **settings.spark}.items():
            if spark.conf.isModifiable(key) or key in RUNTIME:
                spark.conf.set(key, value)
    except (PySparkException, RuntimeError, OSError) as error:
        raise EnvironmentFault("Spark does not start", todo="Run ./spark-submit.sh doctor.") from error
    return spark


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
