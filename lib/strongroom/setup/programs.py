"""Programs that we start: words, never a line that a shell would read, and nothing to type into."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_HOW = {"stdin": subprocess.DEVNULL, "text": True, "errors": "replace", "close_fds": False}
"""What we hold open they hold, too: the lock of the set-up as long as one writes."""


def run_program(
    words: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, whatever its code, and keeps what it says.

    Args:
        words: the program and its arguments.
        environment: the whole of its environment; without it ours.
        seconds: how long it may take.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it took longer, and was ended.
    """
    try:
        return subprocess.run(words, env=environment, timeout=seconds, capture_output=True, check=False, **_HOW)  # type: ignore[call-overload, no-any-return]
    except subprocess.TimeoutExpired:
        raise TimeoutError("it took too long") from None


def start_program(words: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Starts a program whose lines are read from its `stdout` as it says them, its errors among them."""
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **_HOW)  # type: ignore[call-overload, no-any-return]
