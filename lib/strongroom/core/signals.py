"""Ctrl-C and SIGTERM, heard from the first moment to the last.

While one program becomes the next, and while modules load (where a stop is lost, or ends in a library's words), both
are held back: a signal that waits outlives `execve`. Whoever can say how a run ended then hears them.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from strongroom.core.errors import Terminated

_ENDING = (signal.SIGINT, signal.SIGTERM)
_EAR = "STRONGROOM_EAR"
_GRACE = 5.0
"""Seconds in which an ending is left alone: Ctrl-C pressed twice breaks none. Later the process ends without a word."""


class _State:
    since = 0.0
    stop: KeyboardInterrupt | None = None


def hold() -> None:
    """From here on neither is heard; one that comes waits."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def hear() -> None:
    """From here on each raises, also one that has waited.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    atexit.register(_ignore)
    sys.unraisablehook = _lost
    for number in _ENDING:
        signal.signal(number, _stop)
    if _was_heard():
        os.kill(os.getpid(), signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def came() -> KeyboardInterrupt | None:
    """The one that was heard, also where a library has made an error of its own of it."""
    return _State.stop


def leave() -> None:
    """How the run ended is told, and stays so: what is left to do takes a moment."""
    _State.since = time.monotonic()
    for number in _ENDING:
        signal.signal(number, _again)


def _lost(found: Any) -> None:
    """What a destructor raised, and Python only prints: a stop that came in one is raised once more, a moment later."""
    if not isinstance(found.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(found)
        return
    signal.signal(signal.SIGALRM, _once_more)
    signal.setitimer(signal.ITIMER_REAL, 0.01)


def _once_more(*_: object) -> NoReturn:
    raise _State.stop or KeyboardInterrupt


def _ignore() -> None:
    """While Python takes itself apart its own handlers are gone, and a signal would end it with another exit code."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _stop(number: int, _: object) -> NoReturn:
    leave()
    _State.stop = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
    raise _State.stop


def _again(number: int, _: object) -> None:
    if time.monotonic() - _State.since > _GRACE:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def hear_for(file: Path) -> None:
    """Leaves a process behind that notes Ctrl-C in this file, then empty no more, until the job has heard of it.

    Spark's own start takes a second or more and ignores Ctrl-C: it would be lost there.
    """
    file.touch()
    os.environ[_EAR] = str(file)
    job = os.getpid()  # which the program that follows keeps
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        if os.fork() == 0:  # nobody's child, and in the group of the job
            os.chdir("/")
            os.closerange(0, 1024)
            signal.signal(signal.SIGINT, lambda *_: os.truncate(file, 1) if file.exists() else None)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            while file.exists():  # its folder goes with the run
                os.kill(job, 0)  # raises once it is gone, killed with no moment to clean up
                time.sleep(0.1)
    finally:
        os._exit(0)


def _was_heard() -> bool:
    """Whether there was a Ctrl-C before this process."""
    try:
        file = Path(os.environ.pop(_EAR, ""))
        heard = file.stat().st_size > 0
        file.unlink()
    except OSError:
        return False
    return heard
