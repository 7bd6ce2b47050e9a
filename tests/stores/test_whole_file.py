"""A whole file is there as it was or as it will be, whoever writes, dies or is in the way."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from strongroom.stores import whole_file
from strongroom.stores.whole_file import write_first, write_whole

LIB = Path(__file__).parents[2] / "lib"
SCHEMES = re.compile(r"os\.link\(|os\.replace\(|O_EXCL|os\.rename\(|mkstemp|(draft|temporary)\.(replace|rename)\(")
"""How a file is put in place by hand."""
BY_HAND = {
    "whole_file.py": "the one place",
    "policy_exports.py": "a link to a folder",
    "staging.py": "a second name",
    "raw.py": "the manifest is told of the new file before it takes the old one's place",
}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("mode", "umask", "becomes"),
    [(0o600, 0o000, 0o600), (0o644, 0o077, 0o644), (None, 0o027, 0o640), (None, 0o022, 0o644)],
)
def test_a_file_has_the_mode_that_was_asked_for(tmp_path, mode, umask, becomes):
    before = os.umask(umask)
    try:
        write_whole({tmp_path / "file": b"one"}, mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == becomes
    assert names(tmp_path) == ["file"]


def test_of_several_files_none_takes_its_place_before_all_are_written(tmp_path):
    (tmp_path / "one").write_bytes(b"old")
    (tmp_path / "two").mkdir()
    with pytest.raises(OSError, match="irectory"):
        write_whole({tmp_path / "one": b"new", tmp_path / "none" / "three": b"new"})
    assert (tmp_path / "one").read_bytes() == b"old"
    assert names(tmp_path) == ["one", "two"]


@pytest.mark.parametrize("stops_at", ["fsync", "replace"])
def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, stops_at):
    write_whole({tmp_path / "file": b"old"})

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync") if stops_at == "fsync" else (Path, "replace")), full)
        with pytest.raises(OSError, match="No space"):
            write_whole({tmp_path / "file": b"new"})
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_first_one_wins(tmp_path):
    assert write_first(tmp_path / "key", b"one", mode=0o600)
    assert not write_first(tmp_path / "key", b"two", mode=0o600)
    assert (tmp_path / "key").read_bytes() == b"one"
    assert names(tmp_path) == ["key"]


@pytest.mark.parametrize(
    ("left", "hours", "stays", "why"),
    [
        (".key.PID", 0, True, "somebody may be at work on it"),
        (".key.PID", 2, False, "a process of a container that has this number too"),
        (".key.0123456789ab", 2, False, "a killed process of today"),
        (".key.0123456789ab", 0, True, "somebody is at work on it"),
        (".key.bak", 2, True, "nobody's draft"),
        ("key.0123456789ab", 2, True, "nobody's draft"),
        (".other.0123456789ab", 2, True, "of another file"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_a_killed_process_left_is_in_nobodys_way_and_goes(tmp_path, left, hours, stays, why, first):
    left = left.replace("PID", str(os.getpid()))
    (tmp_path / left).write_text("half")
    then = time.time() - hours * 3_600
    os.utime(tmp_path / left, (then, then))
    _ = write_first(tmp_path / "key", b"one", mode=0o600) if first else write_whole({tmp_path / "key": b"one"})
    assert (tmp_path / "key").read_bytes() == b"one"
    assert (tmp_path / left).exists() is stays, why


def test_a_draft_that_is_a_link_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "victim").write_bytes(b"mine")
    monkeypatch.setattr(whole_file.secrets, "token_hex", lambda size: "0" * 12)
    (tmp_path / f".file.{'0' * 12}").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        write_whole({tmp_path / "file": b"new"})
    assert (tmp_path / "victim").read_bytes() == b"mine"


WRITER = """
import sys
from pathlib import Path
from strongroom.stores.whole_file import write_whole
while True:
    for sign in (b"a", b"b"):
        write_whole({Path(sys.argv[1]): sign * 500_000})
"""


def test_of_writers_that_are_killed_the_reader_sees_whole_files_only(tmp_path):
    file = tmp_path / "file"
    write_whole({file: b"a" * 500_000})
    path = {**os.environ, "PYTHONPATH": str(LIB)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file)], env=path) for _ in range(3)]
    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert len(set(file.read_bytes())) == 1
    for each in writers:
        each.kill()
        each.wait()
    found = file.read_bytes()
    assert (len(found), len(set(found))) == (500_000, 1)


def test_whole_files_are_written_in_one_place():
    found = {path.name for path in LIB.rglob("*.py") if SCHEMES.search(path.read_text(encoding="utf-8"))}
    assert found == set(BY_HAND)
