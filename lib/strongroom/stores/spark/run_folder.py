"""The folder of one run, of mode 0700: its sockets, spill and temporary files. It goes with the run, killed or not.

Spark's Python sockets ask nobody who they are: whoever may connect has code run in the job. What lies in this folder
nobody else reaches, whatever mask the process has. The folder is locked (`flock`) as long as its run lives; the kernel
frees the lock of a killed one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.identity.trust import weakness

PREFIX = "sr-"
_LONGEST = 49
"""Bytes of the path above: a socket's address has 104 on macOS (108 on Linux), 12 are the folder's and 43 Spark's."""


def make() -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock; what dead runs of this user have left is swept first.

    The run lives as long as any process has that descriptor open.

    Raises:
        EnvironmentFault: others could move the folder away and put their own in its place.
    """
    place = above()
    if weak := weakness(place / PREFIX):
        todo = "Name another by TMPDIR, or set its sticky bit (chmod +t)."
        raise EnvironmentFault(f"the folder for temporary files is not safe: {weak}", where=str(place), todo=todo)
    for left in place.glob(f"{PREFIX}????????"):
        _sweep(left)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # a file system without locks: there nothing is swept, which is safe
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():  # else another run took it for a dead one's, between these two lines
            return folder, lock
        os.close(lock)


def sweep_after(folder: Path, lock: int) -> None:
    """Leaves a process behind that deletes the folder once nobody holds its lock any more; this one gives it on."""
    os.set_inheritable(lock, True)
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        os.setsid()  # out of the job's group: neither Ctrl-C nor its caller's wait concerns it
        if os.fork() == 0:
            os.chdir("/")
            os.closerange(0, 1024)  # the lock, and whatever its caller waits to see the end of
            _sweep(folder, wait=True)
    finally:
        os._exit(0)


def remove(folder: Path) -> None:
    """Deletes the folder of a run that ends with this process."""
    shutil.rmtree(folder, ignore_errors=True)


def above() -> Path:
    """Where temporary files go, if a socket's address has room for it."""
    named = Path(tempfile.gettempdir()).resolve()
    return named if len(os.fsencode(named)) <= _LONGEST else Path("/tmp")  # noqa: S108  the folder in it is private


def _sweep(folder: Path, *, wait: bool = False) -> None:
    """Deletes a folder of ours whose run is dead; with `wait` as soon as it is."""
    with suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            entry = os.fstat(lock)
            if entry.st_uid == os.geteuid() and stat.S_IMODE(entry.st_mode) == 0o700:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
