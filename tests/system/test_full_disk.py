"""A disk that fills up at any moment of a run: one clear message, a whole version for readers, and a good run after.

The disk is a small file system in memory, filled so that some kilobytes are left; each run stops somewhere else.
"""

import os
import subprocess

import pytest

from strongroom import run_job
from strongroom.flows import prepare
from support.lakes import Installation, install
from system.contents import quarantined, training, unknown_files

ENGINES = ("local", pytest.param("spark", marks=pytest.mark.spark))
LEFT = (0, 4, 12, 24, 40, 64, 96, 128)
"""Kilobytes left when a run starts; a run needs more than all of these."""
OPEN_GATE = ("--set", "prepare.quarantine_limit=1")


def mounted(folder, *, megabytes):
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("LOUD: no file system may be mounted here, so a full disk is not shown")


@pytest.fixture(scope="module", params=ENGINES)
def disk(request, tmp_path_factory):
    """An installation on a disk of its own, and what a good run leaves in its tables."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    root = tmp_path_factory.mktemp("disk") / "a"
    mounted(root / "lake", megabytes=24)
    try:
        place = install(root, None, sample=200, engine=request.param)
        options = ["--config", str(place.settings), *OPEN_GATE]
        assert run_job.run(prepare, options) == 0
        yield place, (training(place, "reviews"), quarantined(place, "reviews"))
    finally:
        subprocess.run(["umount", "--lazy", str(root / "lake")], check=True)


def fill(folder, *, left):
    """Writes until only so many kilobytes are left."""
    room = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize - left * 1024
    (folder / "filler").write_bytes(bytes(max(room, 0)))


def moments():
    """All of them without Spark; with it some, and the others in the slow suite."""
    for engine in ("local", "spark"):
        for place, left in enumerate(LEFT):
            marks = [pytest.mark.spark, *([pytest.mark.slow] if place % 3 != 1 else [])] if engine == "spark" else []
            yield pytest.param(engine, left, marks=marks)


@pytest.mark.parametrize(("disk", "left"), list(moments()), indirect=["disk"])
def test_a_disk_that_fills_up_is_said_and_nothing_is_half_there(disk, capsys, left):
    found, good = disk
    place = Installation(found.root, capsys)
    fill(place.lake, left=left)
    try:
        done = place.run(prepare, *OPEN_GATE)
        assert done.code == 7, done.err
        assert "disk is full" in done.err or "free space" in done.err, done.err
        assert "Traceback" not in done.out + done.err
        assert "bug in Strongroom" not in done.err
        assert (training(place, "reviews"), quarantined(place, "reviews")) == good, "readers see a whole version"
        assert place.audit()[-1].outcome == "failed"
    finally:
        (place.lake / "filler").unlink()
    assert place.run(prepare, *OPEN_GATE).code == 0
    assert (training(place, "reviews"), quarantined(place, "reviews")) == good
    assert not any(unknown_files(place, f"{zone}.reviews") for zone in ("training", "quarantine"))


def test_an_audit_log_on_a_full_disk_stops_the_job_before_it_starts(disk, capsys, tmp_path):
    found, _ = disk
    place = Installation(found.root, capsys)
    version = place.delta("training.reviews").version()
    fill(place.lake, left=0)
    try:
        done = place.run(prepare, *OPEN_GATE, "--set", f"audit={place.lake}/strongroom/audit")
    finally:
        (place.lake / "filler").unlink()
    assert done.code == 7, done.err
    assert "audit log cannot be written" in done.err
    assert place.delta("training.reviews").version() == version
