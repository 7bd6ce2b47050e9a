"""The folder of what a set-up makes and can make again: packages, jars, archive of classes. Keys are not of those."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strongroom.core import program
from strongroom.core.errors import EnvironmentFault
from strongroom.stores.spark import package_zip


@dataclass(frozen=True, slots=True)
class Home:
    """STRONGROOM_HOME, else `.strongroom` in the project, else one of the user's own.

    Args:
        folder: where it is.
        installed: whether the packages are those of the environment that pip has put this one into, and not ours.
    """

    folder: Path
    installed: bool = False

    @classmethod
    def named(cls) -> Home:
        return cls(program.home(), program.INSTALLED)

    @property
    def venv(self) -> Path:
        return Path(sys.prefix) if self.installed else self.folder / "venv"

    @property
    def python(self) -> Path:
        return Path(sys.executable) if self.installed else self.venv / "bin" / "python"

    @property
    def spark(self) -> Path:
        """What Spark calls SPARK_HOME: pip's pyspark."""
        if self.installed and (found := importlib.util.find_spec("pyspark")) and found.origin:
            return Path(found.origin).parent
        return self.venv / f"lib/python3.{sys.version_info.minor}/site-packages/pyspark"

    @property
    def submit(self) -> Path:
        """Spark's own launcher."""
        return self.spark / "bin" / "spark-submit"

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
