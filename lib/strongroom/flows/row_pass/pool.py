"""Work in processes of our own: each dies with its parent, and what a dead one had begun is begun anew by another."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import pyarrow as pa

from strongroom.core.errors import EnvironmentFault
from strongroom.flows.row_pass.engines import Function, numbers_of

_ATTEMPTS = 4
"""How often a number is begun before a run gives up: as often as Spark begins a task."""
_GRACE = 5.0
"""Seconds in which a process that is told to end gives up what it writes."""
_PR_SET_PDEATHSIG = 1


class Stopped(BaseException):
    """Another process of the pool has failed, so this one is to give up its own work."""


@dataclass(slots=True)
class _State:
    """Of a process of the pool: whether it does the function's work, and whether it was told to end."""

    working: bool = False
    told: bool = False


_state = _State()


def run_in_pool(function: Function, count: int, processes: int) -> Iterator[pa.RecordBatch]:
    """What the function gives for each number below `count`, each in a call of its own, in any order.

    Raises:
        EnvironmentFault: processes died again and again.
        StrongroomError: what the function raised.
    """
    left = set(range(count))
    for _ in range(_ATTEMPTS):
        with _pool(min(processes, len(left))) as pool:
            begun: dict[Future[list[pa.RecordBatch]], int] = {}
            try:
                begun = {pool.submit(partial(_one, function), number): number for number in sorted(left)}
                while begun:
                    done, _ = wait(begun, return_when=FIRST_EXCEPTION)
                    for future in done:
                        number = begun.pop(future)
                        yield from future.result()
                        left.discard(number)
            except BrokenProcessPool:
                for future, number in begun.items():  # what is whole already is not done twice
                    if future.done() and not future.cancelled() and future.exception() is None:
                        yield from future.result()
                        left.discard(number)
            except BaseException:
                _stop(pool)
                raise
        if not left:
            return
    todo = "See the system's log: the memory may not be enough. Run the same with --set prepare.engine=spark."
    raise EnvironmentFault("worker processes died again and again", todo=todo, code="spark.workers")


def _one(function: Function, number: int) -> list[pa.RecordBatch]:
    if _state.told:
        raise Stopped
    _state.working = True
    try:
        return list(function([numbers_of([number])]))
    finally:
        _state.working = False


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(), list(sys.path))
    )


def _begin(parent: int, path: list[str]) -> None:
    """Ties this process to its parent: nobody is left with a key in memory when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, too, and ends us
    signal.signal(signal.SIGTERM, _stopped)
    signal.signal(signal.SIGALRM, _stopped)
    sys.unraisablehook = _swallowed
    sys.path[:] = path
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _stopped(_: int, __: object) -> None:
    """Out of the function's work, and of nothing else: half an answer in the pipe would stop the parent."""
    first, _state.told = not _state.told, True
    if first and _state.working:
        raise Stopped


def _swallowed(lost: sys.UnraisableHookArgs) -> None:
    """A stop that came in a callback or destructor, where Python lets nothing through, comes once more in a moment."""
    if not isinstance(lost.exc_value, Stopped):
        sys.__unraisablehook__(lost)
        return
    _state.told = False
    signal.setitimer(signal.ITIMER_REAL, 0.01)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Ends the processes: each gives up what it writes, since on an object store a killed one leaves parts of a file
    that nobody sees and somebody pays for. What they have written so far is in nobody's answer.
    """
    processes = list(pool._processes.values())
    for process in processes:
        process.terminate()
    pool.shutdown(wait=False, cancel_futures=True)
    end = time.monotonic() + _GRACE
    for process in processes:
        process.join(max(0.0, end - time.monotonic()))
        process.kill()
