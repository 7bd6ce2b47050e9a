"""What a Python worker of Spark does before each of our tasks, wherever the task is from."""

from __future__ import annotations

import sys
import zipimport


def settle() -> None:
    """Has imports look at no zip again; in any other process than a worker of Spark it does nothing.

    Before each task pyspark's worker calls `importlib.invalidate_caches()` (worker_util.py), and in Python 3.11 that
    has every zip on the path read anew, pyspark's own and Spark's jar among them: 70 ms of CPU a task. No zip changes
    under a worker at work. From the second task of a worker on that is saved.
    """
    if "pyspark.worker" in sys.modules or "pyspark.daemon" in sys.modules:
        zipimport.zipimporter.invalidate_caches = _nothing  # type: ignore[method-assign, assignment]


def _nothing(_: object) -> None:
    """Nothing is read anew."""
