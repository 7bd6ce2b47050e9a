"""A session on a Spark Connect server: `--master sc://HOST:PORT`. The job needs no Java; the server has the JVM.

The server runs what we send it, so it must have started with Delta and with encrypted shuffle files, and it must reach
the same lake and the same key provider as the job. It gets our package once a session.
"""

from __future__ import annotations

import atexit
import re
import socket
import tempfile
import warnings
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from strongroom.core.errors import ConfigError, EnvironmentFault, Problem
from strongroom.stores.spark import package_zip

SCHEME = "sc://"
PORT = 15002
PATIENCE = 5.0
"""Seconds that a server may take to answer at all."""

DELTA = "io.delta.sql.DeltaSparkSessionExtension"
ENCRYPTED = "spark.io.encryption.enabled"

HIDDEN = "spark.sql.redaction.string.regex"
"""The server writes each operation down, as text, into its event log and its UI, rows and model parameters included."""

RUNTIME = {HIDDEN: r"(?<=\b(?:string|data|binary|command|bytes): \").*"}
"""Set on a session there besides what every session gets: what stands in quotes after these words is not written."""

_RETRIES, _LONGEST = 8, 5000  # milliseconds

_known: weakref.WeakSet[Any] = weakref.WeakSet()


def is_connect(master: str) -> bool:
    """Whether a master is a Connect server."""
    return master.startswith(SCHEME)


def is_session(spark: Any) -> bool:
    """Whether a session is one of Connect, whoever has opened it."""
    return type(spark).__module__.startswith("pyspark.sql.connect.")


def address(master: str) -> tuple[str, int]:
    """Host and port of a master.

    Raises:
        ConfigError: it is no such address, or it holds a token, which would be seen in settings and process lists.
    """
    found = re.fullmatch(r"sc://(\[[0-9A-Fa-f:.]+\]|[^/:;\[\]]+)(?::(\d{1,5}))?(?:/(?:;(.*))?)?", master)
    if found is None:
        raise ConfigError(
            [Problem("this is no Spark Connect server", "spark.master", "Write sc://HOST:PORT.", "settings.master")]
        )
    if re.search(r"(^|;)token=", found[3] or ""):
        todo = "Leave it out and export SPARK_CONNECT_AUTHENTICATE_TOKEN."
        raise ConfigError(
            [Problem("the address holds a token, which others would see", "spark.master", todo, "settings.credential")]
        )
    return found[1].strip("[]"), int(found[2] or PORT)


def open_remote(settings: Mapping[str, str]) -> Any:
    """A new session on the server that `spark.master` names; it ends with this process.

    Raises:
        ConfigError: the address is none.
        EnvironmentFault: nobody answers there, or the server lacks what our jobs need.
    """
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy

    master = settings["spark.master"]
    host, port = address(master)
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError:
        todo = "Start it, or correct --master (docs/install.md)."
        raise EnvironmentFault(
            "no Spark Connect server answers", where=f"{host}:{port}", todo=todo, code="spark.unreachable"
        ) from None
    spark: Any = SparkSession.builder.remote(master).getOrCreate()
    # About half a minute; the client's own way is ten. That it gives up is for the job to say.
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")
    spark.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES, max_backoff=_LONGEST)])
    atexit.register(_end, spark)
    _check(spark, settings, where=f"{host}:{port}")
    return spark


def _check(spark: Any, settings: Mapping[str, str], *, where: str) -> None:
    """What only the server's start could have set."""
    missing = []
    if DELTA not in spark.conf.get("spark.sql.extensions", ""):
        missing.append("Delta's extension and jars")
    if spark.conf.get(ENCRYPTED, "false") != "true" and settings.get(ENCRYPTED) != "false":
        missing.append(f"{ENCRYPTED}=true, without which its shuffle files hold rows in clear")
    if missing:
        todo = "Start it with these (docs/install.md)."
        raise EnvironmentFault(
            f"the Spark Connect server lacks {' and '.join(missing)}", where=where, todo=todo, code="spark.lacks"
        )


def send_package(spark: Any) -> bool:
    """Our package to the session's workers, once a session; whether it was sent now. Nothing goes to classic Spark."""
    if not is_session(spark) or spark in _known:
        return False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / package_zip.NAME
        file.write_bytes(package_zip.zipped())
        spark.addArtifacts(str(file), pyfile=True)
    _known.add(spark)
    return True


def note_servers_own(spark: Any, settings: Mapping[str, str], *, say: Callable[[str], None]) -> None:
    """Says which of the settings are the server's own and do not count here."""
    for name, value in settings.items():
        if name not in ("spark.master", ENCRYPTED) and spark.conf.get(name, "") != value:
            say(f"note: {name} is the Connect server's to set; what the settings say does not count")


def _end(spark: Any) -> None:
    """Nothing of ours goes on there, or stays, when the job is over. A server that is gone is not waited for again."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    with suppress(Exception):
        spark.client.set_retry_policies([DefaultPolicy(max_retries=1)])
        spark.interruptAll()
        spark.stop()
