"""What Python processes that Spark starts do first, and workers before each of our tasks, wherever these are from."""

from __future__ import annotations

import os
import sys
import zipimport
from pathlib import Path
from typing import IO, Any


def without_zips() -> None:
    """Has pyspark come from the installed package, where that is the one that Spark runs from.

    Spark puts a zip of the same before it on the path, from which each process compiles every module anew: 0.6 s of CPU
    in a job, and as much in the daemon of its workers.
    """
    home = Path(os.environ.get("SPARK_HOME") or "/")
    if str(home.parent) in sys.path:
        for path in [path for path in sys.path if Path(path).is_relative_to(home) and Path(path).is_file()]:
            sys.path.remove(path)
            sys.path_importer_cache.pop(path, None)


def settle() -> None:
    """Has imports look at no zip again, and a worker end in silence; in any other process it does nothing.

    Before each task pyspark's worker calls `importlib.invalidate_caches()` (worker_util.py), and in Python 3.11 that
    has every zip on the path read anew, pyspark's own and Spark's jar among them: 70 ms of CPU a task. No zip changes
    under a worker at work. From the second task of a worker on that is saved.
    """
    if "pyspark.worker" in sys.modules or "pyspark.daemon" in sys.modules:
        zipimport.zipimporter.invalidate_caches = _nothing  # type: ignore[method-assign, assignment]
        _end_in_silence()


def _nothing(_: object) -> None:
    """Nothing is read anew."""


def _end_in_silence() -> None:
    """At a run's end Spark closes the socket of a worker that waits. pyspark's worker takes that for an error, tells it
    into the closed socket, and has its daemon print a traceback of that (BrokenPipeError) after a good job.
    """
    worker = sys.modules.get("pyspark.worker")
    tells = getattr(worker, "handle_worker_exception", None)
    if worker is None or tells is None or getattr(tells, "__module__", "") == __name__:
        return

    def tell(error: BaseException, out: IO[bytes], *more: Any) -> None:
        tells(error, out, *more)
        try:
            out.flush()
        except OSError:
            os._exit(1)  # nobody is there to be told

    worker.handle_worker_exception = tell  # type: ignore[attr-defined]
