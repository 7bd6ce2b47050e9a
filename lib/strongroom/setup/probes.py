"""What can be seen of the machine: a probe looks at one thing, changes nothing, and knows the command that mends it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from strongroom.core.errors import EnvironmentFault
from strongroom.core.escaping import shell_word
from strongroom.core.program import ROOT
from strongroom.setup import jars, packages
from strongroom.setup.home import Home
from strongroom.setup.java import find_java
from strongroom.setup.os_packages import by_hand
from strongroom.setup.programs import run_program
from strongroom.stores.identity.trust import cure, weakness

LEAST_FREE = 2 << 30
"""Bytes that a set-up or a small run may need."""

_SET_UP = "./spark-submit.sh --setup-only"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe saw. `mend` is the command that mends it, and empty when all is well."""

    name: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{'fail' if self.mend else 'ok':<6}{self.name:<9} {self.what}{f' → {self.mend}' if self.mend else ''}"


def probe(home: Home, folders: Mapping[str, str], *, cloud: str = "") -> Iterator[Finding]:
    """Look at everything; `folders` are the places the settings want to write to, by name, `cloud` is the lake's."""
    yield python(home)
    yield installed(home)
    if home.installed:
        yield pyspark(home)
    yield java()
    yield delta(home, cloud=cloud)
    for name, folder in {"home": str(home.folder), **folders}.items():
        yield writable(name, folder)
    for name, folder in {"disk": folders.get("lake", str(home.folder)), "scratch": tempfile.gettempdir()}.items():
        yield space(name, folder)
    yield loopback()
    yield hostname()


def python(home: Home) -> Finding:
    """Whether this Python is the environment's own."""
    what = f"{platform.python_version()} in {sys.prefix}"
    if Path(sys.prefix).resolve() != home.venv.resolve():
        return Finding("python", f"{what} is not the environment in {home.venv}", _SET_UP)
    return Finding("python", what)


def installed(home: Home) -> Finding:
    """Whether every package has the version that the lock names; of those that pip has, whether they are there."""
    if home.installed:
        return _by_pip()
    lock = (ROOT / packages.RUNTIME).read_text(encoding="utf-8")
    wanted = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock, re.MULTILINE))
    wrong = []
    for name, version in wanted.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found != version:
            wrong.append(f"{name} {found} instead of {version}")
    if wrong:
        return Finding("packages", ", ".join(wrong), f"rm {shell_word(str(packages.stamp(home.venv)))} && {_SET_UP}")
    return Finding("packages", f"{len(wanted)} as {packages.RUNTIME} says")


def _by_pip() -> Finding:
    """Whether what this package needs is there, but for Spark, in the versions that it names."""
    needed = _needs("")
    wrong = [each for each in needed if not _is_here(each)]
    if wrong:
        return Finding("packages", f"missing or of another version: {', '.join(wrong)}", _pip(wrong))
    return Finding("packages", f"{len(needed)} as this one needs them")


def pyspark(home: Home) -> Finding:
    """Whether there is a Spark as pip brings it, of the version that Delta's jars are for."""
    needed = _needs("spark")
    if not home.submit.is_file():
        return Finding("pyspark", f"none of pip's for {home.python}", _pip(needed))
    if wrong := [each for each in needed if not _is_here(each)]:
        return Finding("pyspark", f"missing or of another version: {', '.join(wrong)}", _pip(wrong))
    return Finding("pyspark", f"in {home.spark}")


def lacking(home: Home, *, cloud: str = "") -> Iterator[Finding]:
    """What Spark cannot start without and is not here."""
    if not home.submit.is_file():
        yield pyspark(home)
    yield from (finding for finding in (_java_is_here(), delta(home, cloud=cloud)) if finding.mend)


def _needs(extra: str) -> list[str]:
    """What pip was told that this package needs, of one of its extras or without any."""
    try:
        told = metadata.requires("strongroom") or []
    except metadata.PackageNotFoundError:  # not by pip: a zip, or a platform's own way
        return []
    parts = [each.partition(";") for each in told]
    return [need.strip() for need, _, mark in parts if (f'"{extra}"' in mark if extra else "extra" not in mark)]


def _is_here(need: str) -> bool:
    name, version = re.match(r"[A-Za-z0-9._-]+", need), re.search(r"==([\w.]+)", need)
    try:
        found = metadata.version(name[0] if name else need)
    except metadata.PackageNotFoundError:
        return False
    return version is None or found == version[1]


def _pip(needs: Iterable[str]) -> str:
    return " ".join([shell_word(sys.executable), "-m", "pip", "install", *map(shell_word, needs)])


def java() -> Finding:
    """Whether a fitting Java starts."""
    found = find_java()
    if found is None:
        return _java_is_here()
    try:
        done = run_program((found.program, "-version"), seconds=60)
    except OSError as error:
        return Finding("java", f"{found.program} does not start: {type(error).__name__}", by_hand("java"))
    if done.returncode:
        return Finding("java", f"{found.program} ends with code {done.returncode}", by_hand("java"))
    version = re.search(r'version "([^"]+)"', done.stderr)
    return Finding("java", f"{version[1] if version else found.release} in {found.home}")


def _java_is_here() -> Finding:
    """Whether there is a fitting Java; it is not started."""
    if found := find_java():
        return Finding("java", f"{found.release} in {found.home}")
    return Finding("java", "neither 17 nor 21 is here", by_hand("java"))


def delta(home: Home, *, cloud: str = "") -> Finding:
    """Whether Delta's jars and those of the lake's cloud are there and are the ones that the lock names."""
    try:
        lock = jars.read_lock(ROOT / "conf" / "jars.lock", cloud)
    except EnvironmentFault as error:
        return Finding("jars", error.what, "git checkout -- conf/jars.lock")
    if absent := jars.absent(lock, home.jars):
        return Finding("jars", f"{_few(absent)} missing in {home.jars}", _SET_UP)
    if altered := jars.altered(lock, home.jars):
        files = " ".join(shell_word(str(home.jars / jar.file)) for jar in altered)
        return Finding("jars", f"{files}: not the sha256 of conf/jars.lock", f"rm {files} && {_SET_UP}")
    return Finding("jars", f"{len(lock)} of the right sha256 in {home.jars}")


def _few(absent: Sequence[jars.Jar]) -> str:
    names = [jar.file for jar in absent[:3]]
    return ", ".join(names) + (f" and {len(absent) - 3} more" if len(absent) > 3 else "")


def writable(name: str, folder: str) -> Finding:
    """Whether a file could be made in a folder, or in the nearest one that exists above it."""
    if "://" in folder:
        return Finding(name, f"{folder} is not on this machine; not probed")
    place = _existing(Path(folder))
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding(name, f"{folder} can be written")
    except OSError as error:
        mend = f'sudo chown "$(id -un)" {place}' if place.is_dir() else f"mv {place} {place}.old"
        return Finding(name, f"{folder} cannot be written: {error.strerror}", mend)


def ours_alone(paths: Iterable[str]) -> Finding:
    """Whether nobody but its owner may write what lies there: code, keys, or what says who may do what."""
    found = [*dict.fromkeys(paths)]
    weak = {weakness(path): cure(path) for path in found}
    weak.pop("", None)
    if weak:
        return Finding("writers", "; ".join(weak), " && ".join(f"sudo {command}" for command in weak.values()))
    return Finding("writers", f"{len(found)} files and folders of code, keys and rules are their owners' to write")


def space(name: str, folder: str) -> Finding:
    """Whether there is room where a folder is or will be."""
    place = _existing(Path(folder)) if "://" not in folder else Path.cwd()
    free = shutil.disk_usage(place).free
    what = f"{free / (1 << 30):.1f} GB free at {place}"
    if free < LEAST_FREE:
        return Finding(name, f"{what}, less than {LEAST_FREE >> 30} GB", f"du -xh {place} | sort -h | tail")
    return Finding(name, what)


def loopback() -> Finding:
    """Whether a port of 127.0.0.1 can be had: driver, workers and Python talk through it."""
    try:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            one.listen(1)
            with socket.create_connection(one.getsockname(), timeout=5):
                return Finding("loopback", "127.0.0.1 answers")
    except OSError as error:
        return Finding("loopback", f"127.0.0.1 does not answer: {error.strerror}", "sudo ip link set lo up")


def hostname() -> Finding:
    """Whether the machine's own name has an address: Hadoop asks for it."""
    name = socket.gethostname()
    try:
        return Finding("hostname", f"{name} is {socket.gethostbyname(name)}")
    except OSError:
        return Finding("hostname", f"{name} has no address", f'echo "127.0.1.1 {name}" | sudo tee -a /etc/hosts')


def _existing(folder: Path) -> Path:
    """The folder, or the nearest place above it that exists."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
