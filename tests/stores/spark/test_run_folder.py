"""The folder of a run: private, and swept when the run is over; a living one's, or somebody else's, never."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.spark import run_folder

ROOT = Path(__file__).parents[3]
RUN = """
import sys, time
from strongroom.stores.spark.run_folder import make, sweep_after
folder, lock = make()
(folder / "spill").mkdir()
if sys.argv[1] == "swept":
    sweep_after(folder, lock)
print(folder, flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(monkeypatch):
    """A folder for temporary files with a short path."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield Path(made)


def started(temporary, way):
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT / "lib")}
    process = subprocess.Popen([sys.executable, "-c", RUN, way], env=environment, stdout=subprocess.PIPE, text=True)
    return process, Path(process.stdout.readline().strip())


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_it_is_private_whatever_the_mask_and_leaves_room_for_a_socket(temporary):
    before = os.umask(0)
    try:
        folder, lock = run_folder.make()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.parent == temporary.resolve()
    assert len(f"{folder}/.{'0' * 36}.sock") < 104
    os.close(lock)


def test_a_path_too_long_for_a_socket_goes_to_tmp(monkeypatch, temporary):
    (temporary / ("x" * 40)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / ("x" * 40)))
    assert run_folder.above() == Path("/tmp")


def test_it_is_gone_when_its_run_was_killed(temporary):
    process, folder = started(temporary, "swept")
    assert folder.is_dir()
    killed(process)
    end = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_next_run_sweeps_what_nobody_swept_and_only_that(temporary):
    dead, left = started(temporary, "left")
    killed(dead)
    alive, working = started(temporary, "left")
    assert left.exists() is False, "the second run has swept it"
    open_one, linked, other = (temporary / f"sr-{name}" for name in ("openmode", "alinkto_", "readable"))
    open_one.mkdir(mode=0o755)
    linked.symlink_to(open_one)
    other.write_text("")
    _, lock = run_folder.make()
    assert working.exists(), "its run is alive"
    assert (open_one.exists(), linked.is_symlink(), other.exists()) == (True, True, True), "none of ours"
    os.close(lock)
    killed(alive)


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT SHOWN HERE: only root can give a folder away; run as root")
def test_another_users_is_not_swept(temporary):
    theirs = temporary / "sr-theirown"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 61_001, 61_001)
    os.close(run_folder.make()[1])
    assert theirs.exists()


@pytest.mark.parametrize(("mode", "refused"), [(0o777, True), (0o1777, False), (0o755, False)])
def test_a_place_where_others_could_put_another_folder_is_refused(temporary, mode, refused):
    temporary.chmod(mode)
    if not refused:
        os.close(run_folder.make()[1])
        return
    with pytest.raises(EnvironmentFault, match="is not safe: everybody may write") as caught:
        run_folder.make()
    assert list(temporary.iterdir()) == []
    assert "TMPDIR" in caught.value.todo
