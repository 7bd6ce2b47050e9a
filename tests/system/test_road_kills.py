"""Each road with each of its processes killed with -9, at every named step and at random moments.

A road that goes on without the process ends well by itself; else the next run leaves what an undisturbed one does.
"""

import os
import random
import signal
import time
from contextlib import suppress

import pytest

from system.deaths import LOCAL, OPTIONS, Dying, begun
from system.dying import DRIVER_STEPS, WORKER_STEPS
from system.processes import commands, gone, members

pytestmark = pytest.mark.slow
SEED, KILLS = 20261130, int(os.environ.get("STRONGROOM_KILLS", "20"))
SPARK = (*OPTIONS, "--set", "spark.master=local[2,4]")  # of a task that dies four attempts, as a cluster makes
ROADS = {
    # how it is asked for, processes, who can be killed: what its command line has
    "alone": (LOCAL, 1, {"driver": "dying.py"}),
    "pool": (LOCAL, 2, {"worker": "multiprocessing.spawn", "parent": "dying.py"}),
    "spark": (
        SPARK,
        1,
        {"worker": "pyspark.daemon", "jvm": "org.apache.spark.deploy.SparkSubmit", "driver": "dying.py"},
    ),
}
CASES = [(road, who) for road, (_, _, whom) in ROADS.items() for who in whom]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return begun(tmp_path_factory.mktemp("scene"), unique=True)


@pytest.fixture(scope="module")
def seconds(scene):
    """How long each process works in a run of each road: from when it is seen at work to the end."""
    found = {}
    for road, who in CASES:
        scene.restore()
        job = at_work(scene, road, who)
        start = time.monotonic()
        done = job.result()
        assert done.code == 0, done.err
        found[road, who] = time.monotonic() - start
    return found


def at_work(scene, road, who):
    """A run that has begun, and a process that can be killed is there: workers come long after the JVM does."""
    options, processes, _ = ROADS[road]
    events = len(scene.place.audit())
    job = Dying(scene.place, *options, orders={"processes": processes})
    assert job.when(lambda: len(scene.place.audit()) > events and victims(job, road, who))
    return job


def victims(job, road, who):
    """The numbers of the processes of a job that this one can be."""
    named = commands(members(job.popen.pid, session=True))
    return [number for number, words in named.items() if ROADS[road][2][who] in words]


def ended(job):
    """Waits until no process of the job is left, whatever group it has made for itself."""
    gone(lambda: not members(job.popen.pid, session=True), what="every process of the job")


STEPS = [
    (road, who, step)
    for road, who in CASES
    for step in (*WORKER_STEPS, *(DRIVER_STEPS if who in ("driver", "parent") else ()))
]


@pytest.mark.parametrize(("road", "who", "step"), STEPS)
def test_killed_at_a_named_step(scene, capsys, road, who, step):
    scene.restore()
    options, processes, _ = ROADS[road]
    whom = "driver" if step in DRIVER_STEPS else who
    job = Dying(scene.place, *options, orders={"who": whom, "step": step, "processes": processes})
    assert job.died(), job.errors.read_text()
    ended(job)
    said = f"{road}, {who}, {step}"
    if who == "worker":
        assert job.popen.returncode == 0, f"{said}: {job.errors.read_text()}"
        scene.whole(said)
    else:
        assert job.popen.returncode != 0, said
    scene.mend(said, capsys)


@pytest.mark.parametrize(("road", "who"), CASES)
def test_killed_at_random_moments(scene, seconds, capsys, road, who):
    moments, killed, whole = random.Random(f"{SEED} {road} {who}"), 0, seconds[road, who]
    for attempt in range(KILLS):
        scene.restore()
        job = at_work(scene, road, who)
        moment = moments.uniform(0, whole)
        job.wait(moment)
        said = f"{road}, {who}, attempt {attempt}, {moment:.2f} s of {whole:.2f} s"
        there = victims(job, road, who)
        if there and job.running:
            with suppress(ProcessLookupError):
                os.kill(moments.choice(there), signal.SIGKILL)
                killed += 1
        job.died()
        ended(job)
        if who == "worker":
            assert job.popen.returncode == 0, f"{said}: {job.errors.read_text()}"
        scene.mend(said, capsys)
    assert killed >= KILLS // 3, "many runs were still at work when they were killed"


@pytest.mark.parametrize("road", ROADS)
def test_of_two_attempts_of_every_item_that_finish_one_counts(scene, capsys, road):
    scene.restore()
    options, processes, _ = ROADS[road]
    done = Dying(scene.place, *options, orders={"processes": processes, "twice": True}).result()
    assert done.code == 0, done.err
    scene.whole(road)
    scene.mend(road, capsys)
