"""The folder of what a set-up makes and can make again: packages, jars, archive of classes. Keys are not of those."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.spark import package_zip

ROOT = Path(__file__).resolve().parents[3]
"""The project."""


@dataclass(frozen=True, slots=True)
class Home:
    """STRONGROOM_HOME, else `.strongroom` in the project."""

    folder: Path

    @classmethod
    def named(cls) -> Home:
        return cls(Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom").absolute())

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def spark(self) -> Path:
        """What Spark calls SPARK_HOME: pip's pyspark."""
        return self.venv / f"lib/python3.{sys.version_info.minor}/site-packages/pyspark"

    @property
    def jars(self) -> Path:
        return self.folder / "jars"

    @property
    def modules(self) -> Path:
        """Our own modules, zipped for the executors of a cluster."""
        return self.folder / package_zip.NAME


@contextmanager
def alone(home: Home, *, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of the set-up, after waiting for another one to end.

    The kernel frees the lock when the last process that holds it is gone. Children started with `close_fds=False` hold
    it too, so that nobody starts while the pip of a killed set-up still writes.

    Raises:
        EnvironmentFault: when the folder cannot be made or written.
    """
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        file = (home.folder / "setup.lock").open("w")
    except OSError as error:
        raise EnvironmentFault(
            f"Nothing can be written there: {error.strerror}.",
            where=str(home.folder),
            todo="Make it writable, or name another folder: export STRONGROOM_HOME=FOLDER",
        ) from None
    with file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
