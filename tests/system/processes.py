"""Jobs as processes of their own: started as a user starts them, watched, interrupted, killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from support.lakes import ROOT, Installation, Result

PATIENCE = float(os.environ.get("STRONGROOM_PATIENCE", "600"))
"""Seconds after which a job counts as hanging."""


def environment(**more: str) -> dict[str, str]:
    """What a login shell would have, and nothing of the tests' own session."""
    kept = ("PATH", "HOME", "LANG", "JAVA_HOME", "STRONGROOM_HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


class Process:
    """A job in a process group of its own: the driver, its JVM and their workers."""

    def __init__(self, place: Installation, job: str, *options: str, launcher=(), before=(), **more: str):
        """Options of the job; `launcher` are those that stand before it, `before` a program that starts all of it."""
        verb = f"{options[0]}-" if options and options[0].isalpha() else ""
        folder = Path(tempfile.mkdtemp(prefix=f"{job}-{verb}", dir=place.root))
        self.output, self.errors = folder / "out.log", folder / "err.log"
        words = [*before, str(ROOT / "spark-submit.sh"), *launcher, job]
        words += ["--config", str(place.settings), "--json", *options]
        with self.output.open("wb") as out, self.errors.open("wb") as err:
            self.popen = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=place.root, env=environment(**more),
                start_new_session=True,
            )  # fmt: skip

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the job ends."""
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)

    def result(self) -> Result:
        """How the job ended, once it has."""
        try:
            code = self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {PATIENCE:.0f} s: {said(self.errors)}") from None
        out = said(self.output)
        last = out.strip().rsplit("\n", 1)[-1]
        return Result(code, json.loads(last) if last.startswith("{") else {}, out, said(self.errors))

    def send(self, number: int) -> None:
        """The signal to the whole group, as a terminal's Ctrl-C would go."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """Driver, JVM and workers at once, and no goodbye; returns when none of them is left."""
        self.send(signal.SIGKILL)
        self.popen.wait()
        gone(lambda: not members(self.popen.pid), what="the group of a killed job")

    def when(self, seen: Callable[[], bool], *, pause: float = 0.005) -> bool:
        """Waits until something is seen; False when the job ended first."""
        while not seen():
            if not self.running:
                return False
            time.sleep(pause)
        return True


def said(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def run(place: Installation, job: str, *options: str, **more) -> Result:
    """A job from its start to its end."""
    return Process(place, job, *options, **more).result()


def gone(done: Callable[[], bool], *, what: str, seconds: float = 60.0) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def members(group: int, *, session: bool = False) -> list[int]:
    """The processes of a group, or of a session, that are not dead yet: pyspark's workers have groups of their own."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            state, _, *groups = stat.read_text().rpartition(")")[2].split()[:4]
            if int(groups[session]) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


def commands(numbers: list[int]) -> dict[int, str]:
    """What each of these processes was started as."""
    found = {}
    for number in numbers:
        with suppress(OSError):
            found[number] = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


assert sys.platform == "linux", "process groups are looked up in /proc"
