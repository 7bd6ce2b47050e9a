"""A lake as another version left it, unpacked where it was made: its manifest names files by their whole paths.

There is one such place on a machine, so whoever uses it holds a lock; it is empty before and after.
"""

import fcntl
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.lakes import Installation

PLACE = Path("/tmp/strongroom-older")
LOCK = PLACE.with_suffix(".lock")
ARCHIVES = sorted(Path(__file__).parent.glob("*.tar.xz"))
PATIENCE = 900.0
"""Seconds that a process waits for another one, of whatever user, to leave the place."""


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else on this machine uses the place.

    Raises:
        AssertionError: somebody did for too long, or it is another user's and lies there unused.
    """
    try:
        lock = os.open(LOCK, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
        os.fchmod(lock, 0o644)
    except FileExistsError:  # perhaps another user's: a lock needs no right to write
        lock = os.open(LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        end = time.monotonic() + PATIENCE
        while not _locked(lock):
            assert time.monotonic() < end, f"another process uses {PLACE} (lock {LOCK}): let it end, and run again"
            time.sleep(0.2)
        clear()
        yield
        clear()
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def clear() -> None:
    """Takes away what a process that was killed has left there. Raises AssertionError when it is another user's."""
    if PLACE.is_symlink() or PLACE.exists():
        owner = PLACE.lstat().st_uid
        assert owner == os.getuid(), f"{PLACE} is another user's ({owner}): let them take it away"
        assert not PLACE.is_symlink(), f"{PLACE} leads elsewhere: take it away"
        shutil.rmtree(PLACE)


def unpack(archive: Path, capsys: object) -> Installation:
    """The installation in an archive, with the times of its files."""
    clear()
    PLACE.mkdir(mode=0o700)
    with tarfile.open(archive) as packed:
        packed.extractall(PLACE, filter="data")
    return Installation(PLACE, capsys)


def pack(place: Installation, archive: Path) -> None:
    """All of an installation but what its processes said."""
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for entry in sorted(place.root.iterdir()):
            if not any(entry.glob("err.log")):
                packed.add(entry, arcname=entry.name, filter=_of_nobody)


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
