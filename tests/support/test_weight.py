"""Which files are marked `whole` is told by what they import, and the marks keep to it."""

import os
import subprocess
import sys

import pytest

from support.weight import TESTS, needs_spark, whole_files

ROOT = TESTS.parent


@pytest.mark.parametrize(
    ("file", "whole", "why"),
    [
        ("flows/keys/test_keys.py", True, "it installs a lake and runs jobs"),
        ("flows/cross_row/test_rules.py", True, "so does a module of tests that it imports"),
        ("flows/profile/test_privacy.py", True, "so does the conftest.py of its folder"),
        ("setup/test_spark_submit.py", True, "it starts programs"),
        ("protect/methods/test_mask.py", False, "a kernel"),
        ("core/contract/test_refusals.py", False, "a text is read"),
    ],
)
def test_a_file_is_whole_by_what_it_stands_on(file, whole, why):
    assert (TESTS / file).is_file()
    assert (TESTS / file in whole_files()) is whole, why


def test_a_file_without_tests_for_spark_is_left_out_of_that_part():
    assert needs_spark(TESTS / "learn/features/test_tfidf.py")
    assert not needs_spark(TESTS / "protect/methods/test_mask.py")


SLOW = """
import subprocess, sys, time
import pytest

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass

def test_long():
    spin(0.7)
def test_program():
    subprocess.run([sys.executable, "-c", ""], check=True)
def test_quick():
    pass
@pytest.mark.whole
def test_marked():
    spin(0.7)
"""


@pytest.mark.whole
def test_a_test_that_is_not_quick_and_not_marked_fails_when_asked(tmp_path):
    (tmp_path / "test_slow.py").write_text(SLOW)
    words = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--strict-times", "-rf", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": f"{ROOT}/lib{os.pathsep}{TESTS}"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    for name in ("test_long", "test_program"):
        assert f"::{name} - " in done.stdout
    assert "2 failed, 2 passed" in done.stdout
