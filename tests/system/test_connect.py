"""On a Spark Connect server jobs write what they write here; a server that will not do, or that dies, is told of."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from strongroom.flows import prepare
from support.lakes import ROOT, Installation, install
from system.contents import quarantined, training
from system.every_job import OPEN_GATE, PATTERN
from system.processes import Process, run
from system.standalone import ConnectServer

pytestmark = pytest.mark.spark
PIA = ("--set", "principal=user:pia", "--purpose", "data_subject_request")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ConnectServer(tmp_path_factory.mktemp("server") / "a") as started:
        yield started


@pytest.fixture(scope="module")
def both(tmp_path_factory, server):
    """One installation, one keyring, two lakes of the same raw data: one to prepare here, one there."""
    here = install(tmp_path_factory.mktemp("installation"), None, sample=200, engine="spark")
    there = Installation(here.root / "there", None)
    shutil.copytree(here.lake, there.lake)
    shutil.copy(here.settings, there.settings)
    (here.root / "keys").mkdir()
    for name in ("policy.yaml", "contracts", "keys"):
        (there.root / name).symlink_to(here.root / name)
    return here, there


def test_prepare_writes_the_same_tables_there_as_here(both, server, capsys, spark):
    here, there = both
    assert Installation(here.root, capsys).run(prepare, *OPEN_GATE).code == 0
    settings = ("--set", "spark.driver.memory=3g")
    done = run(there, "prepare", *OPEN_GATE, *settings, launcher=("--master", server.master), JAVA_HOME="/nowhere")
    assert done.code == 0, done.err
    assert done.err.count("spark.driver.memory is the Connect server's to set") == 1
    assert training(there, "reviews") == training(here, "reviews")
    assert quarantined(there, "reviews") == quarantined(here, "reviews")
    assert len(training(here, "reviews")) > 100


@pytest.mark.slow
def test_the_other_jobs_of_spark_run_there_too(both, server):
    _, there = both
    there.edit("contracts/reviews.yaml", PATTERN, "pattern: '.'")
    jobs = [
        ("prepare", "--set", f"spark.master={server.master}"),  # the settings name it as well as --master does
        ("vectorize",), ("reveal", "--columns", "email", *PIA), ("quarantine", "retry"),
        ("notebook", f"{ROOT}/notebooks/03_vectorize.py"),
    ]  # fmt: skip
    for job, *options in jobs:
        launcher = () if any("spark.master" in word for word in options) else ("--master", server.master)
        done = run(there, job, *options, launcher=launcher)
        assert done.code == 0, f"{job}: {done.err}"
    assert len(there.rows("features.reviews")) == len(there.rows("training.reviews"))
    opened = [row["email"] for row in there.rows("revealed.reviews") if row["email"]]
    raw = "".join(file.read_text() for file in (there.lake / "raw/reviews").glob("*.json"))
    assert len(opened) > 100
    assert [email for email in opened if json.dumps(email) not in raw] == [], "each is one that was read, to the letter"


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True], ids=["by the settings", "a session of one's own"])
def test_python_reads_there_without_java(both, server, own):
    _, there = both
    assert run(there, "prepare", *OPEN_GATE, launcher=("--master", server.master)).code == 0
    settings = there.root / "python.yaml"
    master = "" if own else f"  spark.master: {server.master}\n"
    settings.write_text(there.settings.read_text().replace("spark:\n", f"spark:\n{master}"))
    begin = f"from pyspark.sql import SparkSession; SparkSession.builder.remote('{server.master}').getOrCreate()\n"
    code = (
        f"{begin if own else ''}import strongroom\ndf = strongroom.read('training.reviews', purpose='model_training')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(type(df).__module__, df.count())"],
        env=os.environ | {"STRONGROOM_CONFIG": str(settings), "JAVA_HOME": "/nowhere", "PATH": "/nowhere"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["pyspark.sql.connect.dataframe", str(len(there.rows("training.reviews")))], (
        done.stderr
    )


@pytest.mark.slow
def test_a_server_that_lacks_what_jobs_need_is_refused_before_anything_is_read(both, tmp_path):
    _, there = both
    settings = {"spark.sql.extensions": "", "spark.io.encryption.enabled": "false"}
    with ConnectServer(tmp_path / "poor", **settings) as poor:
        poor_one = run(there, "prepare", *OPEN_GATE, launcher=("--master", poor.master))
    assert poor_one.code == 4
    assert "rows in clear" in poor_one.err
    assert "Traceback" not in poor_one.err


@pytest.mark.slow
def test_ctrl_c_ends_a_job_there_as_it_does_here(both, server):
    _, there = both
    job = Process(there, "prepare", *OPEN_GATE, launcher=("--master", server.master))
    assert job.when(lambda: "reading" in job.errors.read_text())
    job.send(signal.SIGINT)
    done = job.result()
    assert done.code == 130, done.err
    assert "stopped by Ctrl-C" in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_server_that_dies_is_told_in_a_minute_and_readers_keep_what_they_had(both, server, tmp_path):
    _, there = both
    assert run(there, "prepare", *OPEN_GATE, launcher=("--master", server.master)).code == 0
    before = there.delta("training.reviews").version()

    def stages():
        return set((there.lake / "training/reviews").glob("_stage-*"))

    published = stages()
    with ConnectServer(tmp_path / "dying") as dying:
        job = Process(there, "prepare", *OPEN_GATE, launcher=("--master", dying.master))
        assert job.when(lambda: stages() != published), "the server writes a stage of its own"
        dying.stop(9)
        start = time.monotonic()
        done = job.result()
    assert (done.code, time.monotonic() - start < 90) == (4, True), done.err
    assert "went away" in done.err or "no Spark Connect server answers" in done.err, done.err
    assert "Traceback" not in done.err
    assert there.delta("training.reviews").version() == before
