"""What Spark and the operating system say, put into our error tree.

A foreign message may carry data values, so it is never shown: only its class, Spark's own condition name and the frames
of our code reach the reader.
"""

from __future__ import annotations

import errno
import os
import re
from itertools import chain, repeat
from typing import Any

from strongroom.core import errors
from strongroom.core.errors import EnvironmentFault, StoreError, StrongroomError

_OURS = re.compile(r"strongroom\.core\.errors\.(\w+): (.*?)(?:\n\s*\n|\n\tat |\nDriver stacktrace|\Z)", re.DOTALL)
_FORGOTTEN = re.compile(r"\bINVALID_HANDLE\.(SESSION|OPERATION)_|\bNO_ACTIVE_SESSION\b")
_ABSENT = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_FULL = ("No space left on device", "Disk quota exceeded")
_NO_DELTA = ("DELTA_CONFIGURE_SPARK_SESSION_WITH_EXTENSION_AND_CATALOG", "Failed to find the data source: delta")
_STOPPED = ("stopped SparkContext", "SparkContext was shut down", "NO_ACTIVE_OR_DEFAULT_SESSION", "Session is closed")
_NO_STORAGE = re.compile(r'No FileSystem for scheme "(\w+)"|Class org\.apache\.hadoop\.fs\.(\w+)\.\w+ not found')
_FREE = "Free some space and run again; readers see the last whole version."
_CONDITIONS = {
    "PATH_NOT_FOUND": ("store.missing", "a path is not there", "Check the contract's server and the lake."),
    "FAILED_READ_FILE": ("source.unreadable", "a source file cannot be read", "Replace or remove it, and run again."),
    "FILE_NOT_EXIST": ("source.missing", "a source file vanished while it was read", "Run again."),
    "PARQUET_COLUMN_DATA_TYPE_MISMATCH": (
        "source.type", "a source file has another type", "Make contract and data agree.",
    ),
    "CANNOT_READ_FILE_FOOTER": (
        "source.damaged", "a source file is no readable Parquet file", "Replace or remove it, and run again.",
    ),
    "TASK_WRITE_FAILED": (
        "table.unwritable", "a task could not write its rows", "Check free space and permission of the lake.",
    ),
}  # fmt: skip


def translate(error: BaseException) -> StrongroomError | None:
    """The error as one of ours, or None when it is a bug and should keep its stack trace."""
    if isinstance(error, StrongroomError):
        return error
    if isinstance(error, OSError):
        return _system(error)
    if type(error).__name__ == "PanicException":  # of a library in Rust; no Exception, and its text may quote data
        what = "a library has stopped where it should have told what is wrong"
        return StoreError(
            what, todo="Look at the names of the lake's folders and tables first: plain letters always do."
        )
    family = type(error).__module__.split(".")[0]
    if family == "grpc":  # between the job and a Connect server; what it says may quote a request
        return _server_gone()
    return _spark(error) if family in ("pyspark", "py4j") else None


def at_version(spark: Any, path: str, version: int) -> Any:
    """A version of a Delta table as a DataFrame, for callers whose session nobody has looked at.

    Raises:
        EnvironmentFault: the session has no Delta, or was stopped.
    """
    try:
        return spark.read.format("delta").option("versionAsOf", version).load(path)
    except Exception as error:
        raise translate(error) or error from None


def _system(error: OSError) -> StrongroomError | None:
    where = str(error.filename or "")
    if isinstance(error, ConnectionError):  # the only one that a job keeps open itself is that to its JVM
        return _gone()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError("the disk is full", where=where, todo=_FREE, code="store.disk-full")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError("no permission", where=where, todo="Check owner and mode.", code="store.permission")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR) and where:
        return StoreError(
            "this file or folder is not what it should be, or not there", where=where, code="store.missing"
        )
    if error.errno is None:  # not the system's: of a library, which may quote anything
        return None
    return StoreError(f"the system says: {os.strerror(error.errno)}", where=where[:200])


def _spark(error: BaseException) -> StrongroomError | None:
    try:
        text = str(error)
    except Exception:  # the text of a Java error is asked of the JVM, which is gone
        return _gone()
    if remote := _connect(error, text):
        return remote
    ours = _OURS.search(text)
    if ours:
        kind = getattr(errors, ours[1], StoreError)
        told, _, noted = ours[2].strip().partition("\ncode: ")
        codes = noted.split()
        if kind is errors.ConfigError:
            coded = zip(told.splitlines(), chain(codes, repeat(errors.INVALID)), strict=False)
            return errors.ConfigError([errors.Problem(*_placed(line), code=code) for line, code in coded])
        what, where = _placed(told)
        code = codes[0] if codes else ""
        return kind(what, where=where, code=code) if issubclass(kind, StrongroomError) else None
    if "OutOfMemoryError" in text or "exited with code 137" in text:
        return EnvironmentFault(
            "Spark ran out of memory", todo="Run the same with --set spark.driver.memory=4g.", code="spark.memory"
        )
    if any(phrase in text for phrase in _FULL):
        return StoreError("the disk is full", todo=_FREE, code="store.disk-full")
    if "Permission denied" in text or "AccessControlException" in text:
        return StoreError(
            "Spark has no permission", where=_path(text), todo="Check owner and mode.", code="store.permission"
        )
    for condition, (code, what, todo) in _CONDITIONS.items():
        if condition in text:
            return StoreError(what, where=_path(text), todo=todo, code=code)
    if "FileNotFoundException" in text:
        return StoreError(
            "a file vanished while it was read", where=_path(text), todo="Run again.", code="store.missing"
        )
    if "is not a Parquet file" in text or "ParquetDecodingException" in text:
        return StoreError(
            "a source file is no readable Parquet file",
            where=_path(text),
            todo="Replace or remove it.",
            code="source.damaged",
        )
    if any(phrase in text for phrase in _NO_DELTA):
        todo = "Start the session with Delta's jars, extension and catalog: docs/install.md has the settings."
        return EnvironmentFault("this Spark session has no Delta", todo=todo, code="spark.lacks")
    if absent := _NO_STORAGE.search(text):
        todo = "Put its jars on Spark's class path, by 'spark.jars.packages' in the settings for example."
        return EnvironmentFault(f"Spark has no file system for {absent[1] or absent[2]}", todo=todo, code="spark.lacks")
    if any(phrase in text for phrase in _STOPPED):
        return EnvironmentFault(
            "this Spark session was stopped", todo="Open another one, and run again.", code="spark.gone"
        )
    if "Connection refused" in text or type(error).__name__ == "Py4JNetworkError" or "sending or receiving" in text:
        return _gone()
    return None


def _placed(told: str) -> tuple[str, str]:
    """What an error of ours says that crossed as one text, and the file that it says it of, if it does."""
    where, _, what = told.partition(": ")
    return (what, where) if what and "/" in where else (told, "")


def _connect(error: BaseException, text: str) -> EnvironmentFault | None:
    """What only a Connect server says: that it is gone, has forgotten us, or does not let us in."""
    code = getattr(error, "getGrpcStatusCode", lambda: None)()
    status = getattr(code, "name", "")
    if status in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        todo = "Export SPARK_CONNECT_AUTHENTICATE_TOKEN, and add /;use_ssl=true where the server has TLS."
        return EnvironmentFault("the Spark Connect server does not let this job in", todo=todo, code="spark.refused")
    if status == "UNAVAILABLE" or _FORGOTTEN.search(text):
        return _server_gone()
    if absent := _ABSENT.search(text):
        todo = "Give its workers the packages of requirements.txt (docs/install.md)."
        return EnvironmentFault(
            f"the Python of Spark's workers has no module {absent[1]!r}", todo=todo, code="spark.workers"
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        todo = "Give the workers the same minor version, by PYSPARK_PYTHON where they start."
        return EnvironmentFault(
            "the Python of Spark's workers is of another version than the job's", todo=todo, code="spark.workers"
        )
    return None


def _server_gone() -> EnvironmentFault:
    todo = "See whether it still runs, and what its log says; then run again."
    return EnvironmentFault(
        "the Spark Connect server went away, or has forgotten the session", todo=todo, code="spark.gone"
    )


def _gone() -> EnvironmentFault:
    todo = "Most likely it ran out of memory: run the same with --set spark.driver.memory=4g."
    return EnvironmentFault("the Spark session went away", todo=todo, code="spark.gone")


def _path(text: str) -> str:
    """The first file path that Spark names, without its query or fragment, and of a local file the path alone."""
    found = re.search(r"(?:file|s3a?|hdfs|abfss?|gs):/+[^\s'\",;)]+", text)
    return re.sub("^file:/+", "/", found[0].rstrip(".")) if found else ""
