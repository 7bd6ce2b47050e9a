"""A virtual environment of its own for each tool that stands beside ours: below `.strongroom/tools`, made once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.session import ROOT


def python_of(tool: str, packages: Sequence[str]) -> Path:
    """The tool's own Python, made when it is missing or when other packages are asked for.

    Raises:
        subprocess.CalledProcessError: the packages do not install; `stderr` says why.
    """
    home = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom") / "tools" / tool
    python, mark = home / "bin/python", home / "made"
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True, capture_output=True, text=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, capture_output=True, text=True)
        mark.write_text(wanted)
    return python


def last_line(text: str) -> str:
    """Of what a tool said before it failed."""
    lines = [line for line in (text or "").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
