"""What the operating system's own package manager can bring: Java and Python's venv module."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping

from strongroom.core.errors import EnvironmentFault
from strongroom.setup.programs import run_program

_PACKAGES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apt-get": {
        "java": ("openjdk-17-jre-headless", "openjdk-21-jre-headless"),
        "venv": (f"python3.{sys.version_info.minor}-venv", "python3-venv"),
    },
    "dnf": {"java": ("java-17-openjdk-headless", "java-21-openjdk-headless"), "venv": ("python3",)},
    "brew": {"java": ("openjdk@17",), "venv": ("python@3.13",)},
}
_MISSING = {"java": "Java 17 or 21 is missing.", "venv": "Python's venv module is missing."}
_IN_WORDS = {"java": "a Java 17 or 21 runtime", "venv": "Python 3.11 or newer with its venv module"}
_INSTALL = {
    "apt-get": ("apt-get", "install", "-y", "-q", "--no-install-recommends"),
    "dnf": ("dnf", "install", "-y", "-q"),
    "brew": ("brew", "install", "--quiet"),
}


def by_hand(need: str) -> str:
    """The command that installs `java` or `venv` here, for a person to run."""
    manager = _manager()
    if manager is None:
        return f"install {_IN_WORDS[need]}"
    sudo = () if manager == "brew" or os.geteuid() == 0 else ("sudo",)
    return shlex.join((*sudo, *_INSTALL[manager], _choose(manager, need)))


def install(need: str, *, say: Callable[[str], None]) -> None:
    """Install `java` or `venv` by apt-get, dnf or brew.

    Raises:
        EnvironmentFault: when this user may not, there is no such manager, or it failed; with the command to run.
    """
    what = _MISSING[need]
    manager = _manager()
    prefix = _prefix(manager) if manager else None
    if manager is None or prefix is None:
        raise EnvironmentFault(what, todo=f"Run this, then the same again: {by_hand(need)}", code="packages.missing")
    say(f"{what} Installing it by {manager} (once) …")
    if manager == "apt-get" and not _run((*prefix, "apt-get", "update", "-q")):
        say("apt-get update failed; going on with the lists that are here …")
    package = _choose(manager, need)
    if not _run((*prefix, *_INSTALL[manager], package)):
        raise EnvironmentFault(
            f"{what} {manager} could not install {package}.",
            todo=f"Run this to see why, then the same again: {by_hand(need)}",
            code="packages.missing",
        )


def _manager() -> str | None:
    return next((name for name in _INSTALL if shutil.which(name)), None)


def _prefix(manager: str) -> tuple[str, ...] | None:
    """What goes before the command so that it may install; None when nothing does."""
    if manager == "brew" or os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and _run(("sudo", "-n", "true")):
        return ("sudo", "-n")
    return None


def _choose(manager: str, need: str) -> str:
    """The first package the manager knows, or simply the first."""
    names = _PACKAGES[manager][need]
    if manager == "apt-get":
        for name in names:
            found = run_program(("apt-cache", "policy", name))
            if "Candidate:" in found.stdout and "Candidate: (none)" not in found.stdout:
                return name
    return names[0]


def _run(command: tuple[str, ...]) -> bool:
    return run_program(command, environment=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}).returncode == 0
