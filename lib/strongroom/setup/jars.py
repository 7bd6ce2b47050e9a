"""Delta's jars and those of the lake's cloud: a lock of their hashes, and where they come from.

They are fetched by Apache Ivy, which ships inside pyspark, from the place that is Ivy's own default; or from the mirror
that STRONGROOM_MAVEN_MIRROR names. Only the standard library is used: this runs before any package is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from strongroom.core.errors import EnvironmentFault
from strongroom.setup.programs import run_program

MIRROR = "STRONGROOM_MAVEN_MIRROR"


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock. A cloud's lie in a folder of its name, so that Delta's are the same for every lake."""

    group: str
    module: str
    version: str
    sha256: str
    classifier: str = ""
    cloud: str = ""

    @property
    def name(self) -> str:
        return f"{self.module}-{self.version}{f'-{self.classifier}' if self.classifier else ''}.jar"

    @property
    def file(self) -> str:
        """The name below the folder of jars."""
        return f"{self.cloud}/{self.name}" if self.cloud else self.name


def read_lock(path: Path, cloud: str = "") -> tuple[Jar, ...]:
    """The jars of a lock file that every lake needs, and those of this cloud.

    `group module version[:classifier] sha256` a line, `[cloud]` begins those of one, `#` starts a comment.

    Raises:
        EnvironmentFault: when the file is missing or a line is not of that form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        todo = f"Bring it back: git checkout -- {path}"
        raise EnvironmentFault(
            f"The lock of the jars cannot be read: {error.strerror}.", where=str(path), todo=todo, code="jars.fault"
        ) from None
    jars, here = [], ""
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if len(words) == 4:
            group, module, (version, _, classifier), sha256 = words[0], words[1], words[2].partition(":"), words[3]
            jars.append(Jar(group, module, version, sha256, classifier, here))
        elif len(words) == 1 and (heading := re.fullmatch(r"\[([a-z0-9]+)\]", words[0])):
            here = heading[1]
        elif words:
            raise EnvironmentFault(
                "A line of the lock is not 'group module version sha256'.", where=f"{path}:{number}", code="jars.fault"
            )
    return tuple(jar for jar in jars if jar.cloud in ("", cloud))


def absent(jars: Sequence[Jar], folder: Path) -> tuple[Jar, ...]:
    """The jars that are not in the folder."""
    return tuple(jar for jar in jars if not (folder / jar.file).is_file())


def altered(jars: Sequence[Jar], folder: Path) -> tuple[Jar, ...]:
    """The jars that are in the folder with another hash than the lock's."""
    return tuple(jar for jar in jars if (folder / jar.file).is_file() and _sha256(folder / jar.file) != jar.sha256)


def verify(jars: Sequence[Jar], folder: Path) -> None:
    """Delete every jar whose hash is wrong.

    Raises:
        EnvironmentFault: when there was one.
    """
    if wrong := altered(jars, folder):
        for jar in wrong:
            (folder / jar.file).unlink(missing_ok=True)
        names = ", ".join(jar.file for jar in wrong)
        raise EnvironmentFault(
            f"{names} has another sha256 than conf/jars.lock says. It was deleted.",
            where=str(folder),
            todo="Run ./spark-submit.sh --setup-only to fetch it anew, and find out who changed it.",
            code="jars.fault",
        )


def fetch(jars: Sequence[Jar], folder: Path, *, java: Path, ivy: Path, say: Callable[[str], None]) -> None:
    """Bring the jars into the folder, each checked before it gets its name there.

    Raises:
        EnvironmentFault: when a source cannot be reached, or what it gave has another hash.
    """
    mirror = os.environ.get(MIRROR, "")
    named = " and ".join(jar.file for jar in jars) if len(jars) < 4 else f"{len(jars)} jars"
    say(f"fetching {named} into {folder} (once) …")
    for jar in jars:
        (folder / jar.file).parent.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob(".fetch-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
        for jar in jars:
            (Path(temporary) / jar.file).parent.mkdir(exist_ok=True)
        if mirror:
            for jar in jars:
                _from_mirror(jar, mirror, Path(temporary) / jar.file)
        else:
            _by_ivy(jars, Path(temporary), java=java, ivy=ivy)
        if wrong := altered(jars, Path(temporary)):
            raise EnvironmentFault(
                f"What came as {wrong[0].file} has another sha256 than conf/jars.lock says. It was deleted.",
                where=MIRROR if mirror else "Apache Ivy",
                todo="Do not trust that source or the network on the way to it; try from another.",
                code="jars.fault",
            )
        for jar in jars:
            (Path(temporary) / jar.file).replace(folder / jar.file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_mirror(jar: Jar, mirror: str, target: Path) -> None:
    url = f"{mirror.rstrip('/')}/{jar.group.replace('.', '/')}/{jar.module}/{jar.version}/{jar.name}"
    if reason := _download(url, target):
        raise EnvironmentFault(
            f"The mirror does not give {jar.file}: {reason}.",
            where=MIRROR,
            todo="Check the URL, or unset it.",
            code="jars.fault",
        )


def _by_ivy(jars: Sequence[Jar], folder: Path, *, java: Path, ivy: Path) -> None:
    """Let Ivy fetch them all; where it cannot (a proxy or a certificate that Java does not know), try its address."""
    wanted = folder / "ivy.xml"
    wanted.write_bytes(_ivy_file(jars))
    command = [str(java), *_proxy_options(), "-jar", str(ivy), "-cache", str(folder / "ivy"), "-ivy", str(wanted)]
    command += ["-confs", "default", "-retrieve", str(folder / "[artifact]-[revision](-[classifier]).[ext]")]
    done = run_program(command)
    log, said = folder.parent / "ivy.log", done.stdout + done.stderr
    log.write_text(said, encoding="utf-8")
    for jar in jars:
        target = folder / jar.file
        if (folder / jar.name).is_file():
            (folder / jar.name).replace(target)
            continue
        tried = re.findall(rf"https?://\S+/{re.escape(jar.name)}(?=\s)", said)
        if reason := _download(tried[0], target) if tried else "Apache Ivy did not run":
            raise EnvironmentFault(
                f"{jar.name} cannot be downloaded: {reason}.",
                where=str(log),
                todo=f"Check the network, run the same again; or name a mirror of Maven Central: export {MIRROR}=URL",
                code="jars.fault",
            )


def _ivy_file(jars: Sequence[Jar]) -> bytes:
    """What Ivy is to fetch: these files, and nothing that they depend on."""
    root = ElementTree.Element("ivy-module", {"version": "2.0", "xmlns:m": "http://ant.apache.org/ivy/maven"})
    ElementTree.SubElement(root, "info", organisation="strongroom", module="jars")
    ElementTree.SubElement(ElementTree.SubElement(root, "configurations"), "conf", name="default")
    wanted = ElementTree.SubElement(root, "dependencies")
    for jar in jars:
        named = {"org": jar.group, "name": jar.module, "rev": jar.version, "conf": "default->master(*)"}
        one = ElementTree.SubElement(wanted, "dependency", {**named, "transitive": "false"})
        if jar.classifier:
            ElementTree.SubElement(one, "artifact", {"name": jar.module, "type": "jar", "m:classifier": jar.classifier})
    return ElementTree.tostring(root)


def _download(url: str, target: Path) -> str:
    """Download a file; returns why that did not work, or an empty text."""
    import urllib.request  # 30 ms that no other start should pay

    try:
        with urllib.request.urlopen(url, timeout=60) as answer, target.open("wb") as file:  # noqa: S310 - set by its user
            shutil.copyfileobj(answer, file)
    except (OSError, ValueError) as error:
        target.unlink(missing_ok=True)
        cause = getattr(error, "reason", error)
        return str(getattr(cause, "strerror", None) or (cause if isinstance(cause, str) else type(cause).__name__))
    return ""


def _proxy_options() -> list[str]:
    """The proxies that every other program takes from the environment, in Java's words."""
    options = []
    for scheme in ("http", "https"):
        url = os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY") or ""
        if proxy := urlsplit(url if "//" in url else f"//{url}").hostname:
            port = urlsplit(url if "//" in url else f"//{url}").port or 80
            options += [f"-D{scheme}.proxyHost={proxy}", f"-D{scheme}.proxyPort={port}"]
    return options
