"""Workers, pools and whole jobs killed with -9 at named steps of the road, attempts that come second, writers that
nobody waits for any more: the next run leaves what an undisturbed one does. Without Spark; `test_kill.py` has the rest.
"""

import gzip
import os
import random
import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.errors import StoreError
from strongroom.flows.foundation import table_plans as plans
from strongroom.flows.row_pass.pool import run_in_pool
from strongroom.stores.lake import Lake, staging
from strongroom.stores.lake.parquet_sink import ParquetSink
from strongroom.stores.sources import manifest
from system.deaths import TABLES, Dying, again, begun, tables
from system.dying import DRIVER_STEPS
from system.processes import gone, members

SEED = 20261130
ROADS = {"alone": 1, "pool": 2}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return begun(tmp_path_factory.mktemp("scene"))


KILLS = [
    # road, who, step
    *(("alone", "worker", step) for step in ("footer", "answer", *DRIVER_STEPS)),
    ("pool", "worker", "footer"),
    pytest.param("pool", "worker", "answer", marks=pytest.mark.slow),
    ("pool", "parent", "group"),
    pytest.param("pool", "parent", "answer", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("road", "who", "step"), KILLS)
def test_after_kill_9_at_a_named_step_the_next_run_leaves_what_an_undisturbed_one_does(scene, capsys, road, who, step):
    scene.restore()
    job = Dying(scene.place, orders={"who": who, "step": step, "processes": ROADS[road]})
    assert job.died()
    gone(lambda: not members(job.popen.pid), what="every process of the job", seconds=10)
    if (road, who) == ("pool", "worker"):  # the pool begins its item anew
        assert job.popen.returncode == 0, job.errors.read_text()
        scene.whole(f"{road}, {step}")
    else:
        assert job.popen.returncode == -signal.SIGKILL
    scene.mend(f"{road}, {who}, {step}", capsys)
    assert not list((scene.place.root / "tmp").iterdir()), "temporary files"


@pytest.mark.parametrize("road", ROADS)
def test_after_kill_9_at_any_moment_the_next_run_leaves_what_an_undisturbed_one_does(scene, capsys, road):
    moments = random.Random(f"{SEED} {road}")
    for seconds in (moments.uniform(0, 2.5) for _ in range(2)):
        scene.restore()
        events = len(scene.place.audit())
        job = Dying(scene.place, orders={"processes": ROADS[road]})
        assert job.when(lambda before=events: len(scene.place.audit()) > before)
        job.wait(seconds)
        job.popen.kill()
        job.popen.wait()
        gone(lambda group=job.popen.pid: not members(group), what="every process of the job", seconds=10)
        scene.mend(f"{road}, {seconds:.2f} s", capsys)


@pytest.mark.parametrize("road", ROADS)
def test_of_two_attempts_of_every_item_that_finish_one_counts(scene, capsys, road):
    scene.restore()
    job = Dying(scene.place, orders={"twice": True, "processes": ROADS[road]})
    assert job.result().code == 0
    scene.whole(road)
    scene.mend(road, capsys)


FULL = [
    ("alone", "group"),
    ("pool", "footer"),
    *(pytest.param(*pair, marks=pytest.mark.slow) for pair in (("alone", "footer"), ("pool", "group"))),
]


@pytest.mark.parametrize(("road", "step"), FULL)
def test_a_worker_whose_disk_is_full_gives_its_files_up(scene, capsys, road, step):
    scene.restore()
    job = Dying(scene.place, orders={"step": step, "number": 0, "processes": ROADS[road]})
    done = job.result()
    assert (done.code, job.mark.exists()) == (7, True), done.err
    assert "disk is full" in done.err
    assert "Traceback" not in done.out + done.err
    left = [file for table in TABLES for file in folder_of(scene.place, table).glob("_stage-*/*")]
    assert road == "pool" or not left
    for file in left:  # of items that were whole before; of none that was under way
        assert pq.read_metadata(file).num_rows
    assert tables(scene.place) == scene.before
    scene.mend(f"{road}, {step}", capsys)


@pytest.mark.parametrize("road", [pytest.param("alone", marks=pytest.mark.slow), "pool"])
def test_a_file_in_the_middle_that_cannot_be_read_stops_the_run_and_leaves_nothing(scene, capsys, road):
    scene.restore()
    place = scene.place
    place.edit("contracts/reviews.yaml", "raw/reviews/*.json,", "raw/reviews/*.json*,")
    torn = place.lake / "raw/reviews/part-0002.json.gz"
    whole = (place.lake / "raw/reviews/part-0002.json").read_bytes()
    torn.write_bytes(gzip.compress(whole)[:-2000])
    done = Dying(place, orders={"processes": ROADS[road]}).result()
    assert done.code == 7, done.err
    assert torn.name in done.err
    assert "Traceback" not in done.out + done.err
    assert tables(place) == scene.before
    torn.unlink()
    scene.mend(road, capsys)


def folder_of(place, table):
    return Path(place.lake, *table.split("."))


@pytest.mark.parametrize("published", [False, True])
def test_what_a_zombie_writes_after_the_sweep_is_in_no_table_and_does_not_stay(scene, capsys, published):
    """One has a file open when its run's stage goes, another begins one then."""
    scene.restore()
    place, lake = scene.place, Lake(str(scene.place.lake))
    job = Dying(place, orders={"step": "published" if published else "between"})
    assert job.died()
    batch = manifest.batches(lake, "reviews")[-1]
    zombies = []
    for table in TABLES:
        for opened in (True, False):
            sink = ParquetSink(staging.place(lake, table, batch.stage, stats=()), plans.QUARANTINE)
            sink._open = sink._begin() if opened else None
            zombies.append(sink)
    assert again(place, capsys)[0] == 0
    for sink in zombies:
        sink.write(pa.RecordBatch.from_pylist([dict.fromkeys(plans.QUARANTINE.names)], plans.QUARANTINE))
        with pytest.raises(StoreError, match=r"is gone|No such file"):
            sink.close()
    scene.mend(f"published: {published}", capsys)


def late(numbers):
    """One item fails at once, the others write until they are told to end."""
    for batch in numbers:
        if batch.column(0)[0].as_py() == 0:
            time.sleep(1)
            raise StoreError("no")
        try:
            time.sleep(60)
        finally:
            Path(os.environ["TOLD"], "given up").touch()
        yield batch


class Deaf:
    """Python swallows what is raised in here, as it does in callbacks of its own while modules are imported."""

    def __del__(self):
        time.sleep(60)


def deaf(numbers):
    """As `late`; the others are told at a moment when nobody can hear."""
    for batch in numbers:
        if batch.column(0)[0].as_py():
            Deaf()
        yield from late([batch])


@pytest.mark.parametrize("function", [late, deaf])
def test_when_one_worker_of_a_pool_fails_the_others_give_up_what_they_write(tmp_path, monkeypatch, capfd, function):
    monkeypatch.setenv("TOLD", str(tmp_path))
    start = time.monotonic()
    with pytest.raises(StoreError, match="no"):
        list(run_in_pool(function, 6, 2))
    assert (tmp_path / "given up").exists()
    assert time.monotonic() - start < 20
    assert "Traceback" not in capfd.readouterr().err
