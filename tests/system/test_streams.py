"""A job whose stdin, stdout or stderr is full, closed or read by nobody: its exit code still says how it ended."""

import json
import subprocess

import pytest

from support.lakes import ROOT, install
from system.processes import environment

FULL = 7
CASES = [
    ("access matrix >/dev/full", FULL, "what was asked for did not arrive"),
    ("check --json >/dev/full", FULL, "nor did the document"),
    ("check --help >/dev/full", FULL, "nor the help"),
    ("check >/dev/null 2>/dev/full", 0, "nobody is left to tell"),
    ("check --nothing 2>/dev/full", 2, "the code still says it"),
    ("nothing 2>/dev/full", 2, "the launcher's too"),
    ("check >&-", 0, "whoever closes it wants nothing of it"),
    ("check --nothing 2>&-", 2, "the same"),
    ("check <&- >&- 2>&-", 0, "all three"),
    ("check --show | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, "whoever stops reading has read enough"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return install(tmp_path_factory.mktemp("streams") / "a", None, sample=100)


def shell(place, command, **more):
    words = ["bash", "-c", f"'{ROOT}/spark-submit.sh' {command}"]
    return subprocess.run(words, env=environment(STRONGROOM_CONFIG=str(place.settings)), text=True, **more)


@pytest.mark.parametrize(("command", "code", "why"), CASES)
def test_the_exit_code_says_how_it_ended(place, command, code, why):
    done = shell(place, command, stderr=subprocess.PIPE)
    assert done.returncode == code, (why, done.stderr)
    assert "Traceback" not in done.stderr


def test_no_file_of_the_lake_becomes_the_stream_that_was_closed(place):
    """The next file that a process opens has the number of the one that is closed."""
    done = shell(place, "prepare --contract reviews --set prepare.quarantine_limit=1 <&- >&- 2>&-")
    assert done.returncode == 0
    shown = shell(place, "audit verify --json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert json.loads(shown.stdout)["exit_code"] == 0, shown.stderr
    for file in (place.root / "lake/training/reviews/_delta_log").glob("*.json"):
        assert all(json.loads(line) for line in file.read_text().splitlines())
