"""On a real cluster an executor is killed at any moment: the run goes on or is run again, and rows are the same."""

import os
import random
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from support.lakes import Installation, install
from system.contents import quarantined, stages_left, training, unknown_files
from system.processes import Process, run
from system.standalone import Cluster

pytestmark = pytest.mark.slow
SEED, KILLS = 20261130, int(os.environ.get("STRONGROOM_KILLS", "20"))
SMALL = (
    "--set", "spark.executor.memory=500m", "--set", "spark.driver.memory=700m", "--set", "prepare.quarantine_limit=1",
)  # fmt: skip


def executors(cluster):
    """The processes of the cluster's executors: what was started in one of its workers' folders."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            line = (cwd.parent / "cmdline").read_bytes()
            if cwd.resolve().is_relative_to(cluster.work) and b"CoarseGrainedExecutorBackend" in line:
                found.append(int(cwd.parent.name))
    return found


def test_rows_are_those_of_an_undisturbed_run_whichever_executor_is_killed_and_when(tmp_path):
    place = install(tmp_path / "whole", None, sample=3_000, engine="spark")
    kept = tmp_path / "kept"
    with Cluster(tmp_path / "cluster") as cluster:
        shutil.copytree(place.root, kept)
        on = ("--master", cluster.master)
        whole = run(place, "prepare", *SMALL, launcher=on)
        assert whole.code == 0, whole.err
        shutil.copytree(place.root / "keys", kept / "keys", dirs_exist_ok=True)
        wanted = training(place, "reviews"), quarantined(place, "reviews")
        moments, killed = random.Random(SEED), 0
        for attempt in range(KILLS):
            mine = Installation(tmp_path / f"a{attempt}", None)
            shutil.copytree(kept, mine.root)
            process = Process(mine, "prepare", *SMALL, launcher=on)
            assert process.when(lambda: bool(executors(cluster)), pause=0.05)
            process.wait(moments.uniform(0, 8))
            there = executors(cluster)
            if process.running and there:
                os.kill(moments.choice(there), signal.SIGKILL)
                killed += 1
            done = process.result()
            said = f"attempt {attempt}: {done.err}"
            if done.code:
                assert "this is a bug" not in done.err, said
                again = run(mine, "prepare", *SMALL, launcher=on)
                assert again.code == 0, f"{said}\n{again.err}"
            assert (training(mine, "reviews"), quarantined(mine, "reviews")) == wanted, said
            for table in ("training.reviews", "quarantine.reviews"):
                assert (unknown_files(mine, table), stages_left(mine, table)) == (set(), []), said
            shutil.rmtree(mine.root)
    assert killed > KILLS // 2, "most runs were at work when one was killed"
