"""The Java that Spark runs on: 17 or 21, found without starting it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from strongroom.setup.programs import run_program

FITTING = (17, 21)
_FOLDERS = (
    "/usr/lib/jvm",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Library/Java/JavaVirtualMachines",
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime: its home folder and its feature release, for example 17."""

    home: Path
    release: int

    @property
    def program(self) -> Path:
        return self.home / "bin" / "java"


def find_java() -> Java | None:
    """The first fitting Java: that of JAVA_HOME, that on the PATH, else any in the usual folders."""
    seen: set[Path] = set()
    for home in _homes():
        if home not in seen and os.access(home / "bin" / "java", os.X_OK):
            seen.add(home)
            if (release := _release(home)) in FITTING:
                return Java(home, release)
    return None


def _homes() -> Iterator[Path]:
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named).resolve()
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent
    for folder in _FOLDERS:
        for child in sorted(Path(folder).glob("*")):
            yield child.resolve()
            yield (child / "libexec/openjdk.jdk/Contents/Home").resolve()  # Homebrew
            yield (child / "Contents/Home").resolve()  # macOS


def _release(home: Path) -> int:
    """The feature release from the runtime's `release` file, or by asking it; 0 when neither tells."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        command = (str(home / "bin" / "java"), "-version")
        try:
            text = run_program(command, seconds=30).stderr
        except OSError:
            return 0
    version = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(version[1]) if version else 0
