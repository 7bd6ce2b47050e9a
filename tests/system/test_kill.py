"""Jobs as people start them, killed with -9 as a whole or interrupted: the last good version stays, the next run mends.

`test_road_kills.py` kills each process of a job by itself.
"""

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from deltalake.exceptions import TableNotFoundError

from support.lakes import Installation, install
from system.contents import quarantined, training
from system.deaths import whole_and_clean
from system.processes import Process, gone, members, run

pytestmark = pytest.mark.slow
SEED, KILLS = 20261122, 10
MODES = ("append", "overwrite")
OPTIONS = ("--set", "prepare.quarantine_limit=1")


@dataclass(frozen=True)
class Scene:
    """An installation where one run is done and new files wait; `seconds` is how long a run works on them, and `after`
    what it leaves."""

    place: Installation
    before: tuple
    seconds: float = 0.0
    after: tuple = ()

    def restore(self):
        shutil.rmtree(self.place.root)
        shutil.copytree(self.place.root.with_name("kept"), self.place.root)


def mode_of(mode):
    return (*OPTIONS, "--set", f"prepare.mode={mode}")


def tables(place):
    return training(place, "reviews"), quarantined(place, "reviews")


def at_work(place, events):
    """Whether the run that started after so many audit events has written its own."""
    return lambda: len(place.audit()) > events


@pytest.fixture(scope="module", params=MODES)
def scene(request, tmp_path_factory):
    place = install(tmp_path_factory.mktemp("scene") / "a", None, sample=2000, engine="spark")
    raw, aside = place.lake / "raw/reviews", place.root / "aside"
    aside.mkdir()
    late = sorted(raw.glob("*.json"))[2:]
    for file in late:
        file.rename(aside / file.name)
    first = run(place, "prepare", *mode_of("append"))
    assert first.code == 0, first.err
    before = tables(place)
    for file in late:
        (aside / file.name).rename(file)
    found = Scene(place, before)
    shutil.copytree(place.root, place.root.with_name("kept"))
    undisturbed = Process(place, "prepare", *mode_of(request.param))
    assert undisturbed.when(at_work(place, len(place.audit())))
    start = time.monotonic()
    assert undisturbed.result().code == 0
    found = replace(found, seconds=time.monotonic() - start, after=tables(place))
    found.restore()
    return request.param, found


def test_after_kill_9_at_any_moment_the_next_run_gives_what_an_undisturbed_one_gives(scene):
    mode, scene = scene
    place, moments = scene.place, random.Random(f"{SEED} {mode}")
    killed = 0
    for attempt in range(KILLS):
        scene.restore()
        process = Process(place, "prepare", *mode_of(mode))
        assert process.when(at_work(place, len(place.audit())))
        moment = moments.uniform(0, scene.seconds)
        process.wait(moment)
        killed += process.running
        process.kill()
        said = f"{mode}, attempt {attempt}, killed {moment:.2f} s of {scene.seconds:.2f} s into its work"
        seen, aside = tables(place)
        assert seen in (scene.before[0], scene.after[0]), f"{said}: readers see something half-done"
        assert set(aside) <= {*scene.before[1], *scene.after[1]}, said
        again = run(place, "prepare", *mode_of(mode))
        assert again.code == 0, f"{said}: {again.err}"
        assert tables(place) == scene.after, said
        whole_and_clean(place, said)
    assert killed > KILLS // 2, "most runs were still at work when they were killed"


def test_ctrl_c_ends_with_one_clear_line_and_publishes_nothing(scene):
    mode, scene = scene
    place, moments = scene.place, random.Random(f"{SEED} ctrl-c {mode}")
    for moment in (0.0, *(moments.uniform(0.1, 0.6) * scene.seconds for _ in range(2))):
        scene.restore()
        process = Process(place, "prepare", *mode_of(mode))
        assert process.when(at_work(place, len(place.audit())))
        process.wait(moment)
        at_its_end = not process.running  # on a machine that has become quicker meanwhile; the first moment never is
        process.send(signal.SIGINT)
        done = process.result()
        if at_its_end and moment:
            continue
        assert done.code == 130, done.err
        noise = ("reviews:", "report:", "WARNING: Using incubator modules", "spark: ERROR")
        assert [line for line in done.err.splitlines() if not line.startswith(noise)] == [
            "strongroom prepare: interrupted (exit 130)",
            "  what:  stopped by Ctrl-C; readers see the last whole version",
            "  do:    Run again.",
        ]
        assert done.line["exit_code"] == 130
        assert tables(place)[0] in (scene.before[0], scene.after[0])
        assert run(place, "prepare", *mode_of(mode)).code == 0
        assert tables(place) == scene.after
        whole_and_clean(place, f"{mode}, Ctrl-C after {moment:.2f} s")


def test_a_job_whose_jvm_alone_is_killed_says_so_and_publishes_nothing(scene):
    mode, scene = scene
    place = scene.place
    scene.restore()
    process = Process(place, "prepare", *mode_of(mode))
    assert process.when(at_work(place, len(place.audit())))
    process.wait(0.4 * scene.seconds)
    os.kill(process.popen.pid, signal.SIGKILL)  # it is the parent of Python, which has to find out by itself
    process.popen.wait()
    gone(lambda: not members(process.popen.pid), what="Python to find out")
    said = process.errors.read_text()
    words = ("strongroom prepare: environment (exit 4)", "stopped while Spark started")
    assert any(each in said for each in words), said
    assert "Traceback" not in said
    assert place.audit()[-1].outcome == "failed"
    assert tables(place)[0] == scene.before[0]
    assert run(place, "prepare", *mode_of(mode)).code == 0
    assert tables(place) == scene.after
    whole_and_clean(place, f"{mode}, no JVM")


def test_two_runs_at_once_end_in_one_consistent_state(scene):
    mode, scene = scene
    place = scene.place
    scene.restore()
    pair = [Process(place, "prepare", *mode_of(mode)) for _ in range(2)]
    done = [process.result() for process in pair]
    assert sorted(result.code for result in done) in ([0, 0], [0, 7]), [result.err for result in done]
    for result in done:
        assert result.code == 0 or "another run" in result.err, result.err
        assert "Traceback" not in result.out + result.err
    assert tables(place) == scene.after
    assert run(place, "prepare", *mode_of(mode)).code == 0
    assert tables(place) == scene.after, "and one run more changes nothing"
    whole_and_clean(place, f"{mode}, two at once")


def test_a_first_run_that_is_killed_leaves_a_lake_that_the_next_one_can_use(tmp_path):
    place = install(tmp_path / "a", None, sample=200, engine="spark")
    process = Process(place, "prepare", *OPTIONS)
    assert process.when(lambda: (place.lake / "training/reviews/_delta_log").exists())
    process.kill()
    with suppress(TableNotFoundError):
        assert place.rows("training.reviews") == []
    again = run(place, "prepare", *OPTIONS)
    assert again.code == 0, again.err
    assert len(place.rows("training.reviews")) == again.line["rows"]["written"]
    whole_and_clean(place, "first run")
