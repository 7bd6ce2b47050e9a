"""Environments of their own for programs that do not go with ours: made once for what they hold, and kept."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ.get("STRONGROOM_HOME") or Path(__file__).parents[2] / ".strongroom")


def environment(*requirements: str) -> Path:
    """The folder of programs of a virtual environment that holds these packages."""
    name = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:16]
    folder = HOME / "test-environments" / name
    done = folder / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        command = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *requirements], check=True)
        done.touch()
    return folder / "bin"
