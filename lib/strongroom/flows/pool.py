"""Work in processes of our own: each dies with its parent, and what a dead one had begun is begun anew by another."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

import pyarrow as pa

from strongroom.core.errors import EnvironmentFault
from strongroom.flows.engines import Function, numbers_of

_ATTEMPTS = 4
"""How often a number is begun before a run gives up: as often as Spark begins a task."""
_PR_SET_PDEATHSIG = 1


def run_in_pool(function: Function, count: int, processes: int) -> Iterator[pa.Table]:
    """What the function gives for each number below `count`, each in a call of its own, in any order.

    Raises:
        EnvironmentFault: processes died again and again.
        StrongroomError: what the function raised.
    """
    left = set(range(count))
    for _ in range(_ATTEMPTS):
        with _pool(min(processes, len(left))) as pool:
            begun: dict[Future[pa.Table], int] = {}
            try:
                begun = {pool.submit(partial(_one, function), number): number for number in sorted(left)}
                while begun:
                    done, _ = wait(begun, return_when=FIRST_EXCEPTION)
                    for future in done:
                        number = begun.pop(future)
                        yield future.result()
                        left.discard(number)
            except BrokenProcessPool:
                for future, number in begun.items():  # what is whole already is not done twice
                    if future.done() and not future.cancelled() and future.exception() is None:
                        yield future.result()
                        left.discard(number)
            except BaseException:
                _stop(pool)
                raise
        if not left:
            return
    todo = "See the system's log: the memory may not be enough. --set prepare.engine=spark goes by Spark."
    raise EnvironmentFault("worker processes died again and again", todo=todo)


def _one(function: Function, number: int) -> pa.Table:
    batches = list(function([numbers_of([number])]))
    return pa.Table.from_batches(batches) if batches else pa.table({})


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(), list(sys.path))
    )


def _begin(parent: int, path: list[str]) -> None:
    """Ties this process to its parent: nobody is left with a key in memory when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, too, and ends us
    sys.path[:] = path
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Ends the processes at once: what they have written so far is in nobody's answer."""
    processes = list(pool._processes.values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
