"""A run that dies, or is overtaken by another, before any step that changes the lake: the next run mends all of it.

Each step is stopped at in turn, inside one session. `test_kill.py` does it to real processes, at random moments.
"""

import shutil
from dataclasses import dataclass
from itertools import count

import pytest
from deltalake import DeltaTable

from protect.ring import SEED
from strongroom import run_job
from strongroom.flows import prepare, vectorize
from strongroom.stores.lake import Lake, commits, properties, staging
from support.lakes import Installation, install
from system.contents import quarantined, training, unknown_files

STEPS = [(Lake, "ensure"), (properties, "bring"), (staging, "staged"), (staging, "drop_stage")]
STEPS += [(commits, "commit"), (commits, "without"), (DeltaTable, "create_write_transaction")]
"""Whatever changes the lake, and what stands between a pass's writing and a commit."""
MODES = ("append", "overwrite")
IN_TURN = ["append", pytest.param("overwrite", marks=pytest.mark.slow)]
ENGINES = ["local", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.slow])]


class Death(BaseException):
    """Stands for kill -9: nothing in a job catches it."""


@dataclass(frozen=True)
class Scene:
    """An installation where one run is done and new files wait. `restore` brings that state back."""

    place: Installation
    before: tuple
    after: dict

    def restore(self):
        shutil.rmtree(self.place.root)
        shutil.copytree(self.place.root.with_name("kept"), self.place.root)


def run(place, mode):
    options = ["--config", str(place.settings), "--set", f"prepare.mode={mode}"]
    return run_job.run(prepare, [*options, "--set", "prepare.quarantine_limit=1"])


def tables(place):
    return training(place, "reviews"), quarantined(place, "reviews")


@pytest.fixture(scope="module", params=ENGINES)
def scene(request, tmp_path_factory):
    if request.param == "spark":
        request.getfixturevalue("spark")
    place = install(tmp_path_factory.mktemp("scene") / "a", None, sample=200, engine=request.param)
    raw, aside = place.lake / "raw/reviews", place.root / "aside"
    aside.mkdir()
    late = sorted(raw.glob("*.json"))[2:]
    for file in late:
        file.rename(aside / file.name)
    assert run(place, "append") == 0
    before = tables(place)
    for file in late:
        (aside / file.name).rename(file)
    found = Scene(place, before, {})
    shutil.copytree(place.root, place.root.with_name("kept"))
    for mode in MODES:
        assert run(place, mode) == 0
        found.after[mode] = tables(place)
        found.restore()
    return found


def each_step(monkeypatch, scene, mode, act, *, apart=1):
    """Runs the job once per step (of so many `apart`, the first drawn), with `act` before that step; the lake is as the
    scene has it each time.
    """
    for stop in count(SEED % apart, apart):
        scene.restore()
        passed = count()

        def watched(original, stop=stop, passed=passed):
            def step(*args, **named):
                if next(passed) == stop:
                    act()
                return original(*args, **named)

            return step

        with monkeypatch.context() as patch:
            for owner, name in STEPS:
                patch.setattr(owner, name, watched(getattr(owner, name)))
            try:
                code = run(scene.place, mode)
            except Death:
                code = None
        if next(passed) <= stop:
            assert code == 0
            assert stop > 10, "a run has more steps than that"
            return
        yield stop, code


@pytest.mark.parametrize(
    ("mode", "apart"), [("append", 4), *(pytest.param(mode, 1, marks=pytest.mark.slow) for mode in MODES)]
)
def test_a_run_that_dies_before_any_step_leaves_no_trace_after_the_next(scene, monkeypatch, mode, apart):
    def die():
        raise Death

    for step, _ in each_step(monkeypatch, scene, mode, die, apart=apart):
        seen, aside = tables(scene.place)  # both can be read
        assert seen in (scene.before[0], scene.after[mode][0]), f"step {step}: readers see something half-done"
        assert set(aside) <= {*scene.before[1], *scene.after[mode][1]}
        assert run(scene.place, mode) == 0
        assert tables(scene.place) == scene.after[mode], f"step {step}"
        for table in ("training.reviews", "quarantine.reviews"):
            assert not unknown_files(scene.place, table), f"step {step}"


@pytest.mark.slow
@pytest.mark.parametrize("mode", IN_TURN)
def test_a_run_that_is_overtaken_at_any_step_changes_nothing_more(scene, monkeypatch, mode):
    inside = []

    def overtake():
        inside.append(run(scene.place, mode))

    for step, code in each_step(monkeypatch, scene, mode, overtake):
        assert inside.pop() == 0, f"step {step}: the other run came through"
        assert code in (0, 7), f"step {step}"
        assert tables(scene.place) == scene.after[mode], f"step {step}: what the other run left"
        assert run(scene.place, mode) == 0
        assert tables(scene.place) == scene.after[mode], f"step {step}: after one run more"
        for table in ("training.reviews", "quarantine.reviews"):
            assert not unknown_files(scene.place, table), f"step {step}"


@pytest.mark.spark
def test_features_are_of_the_version_they_name_though_another_is_published_meanwhile(scene, spark, capsys, monkeypatch):
    scene.restore()
    place = Installation(scene.place.root, capsys)
    version, rows = place.delta("training.reviews").version(), len(place.rows("training.reviews"))
    fit = vectorize.fit_tfidf

    def fit_while_prepared(*args, **named):
        found = fit(*args, **named)
        assert run(place, "append") == 0
        return found

    monkeypatch.setattr(vectorize, "fit_tfidf", fit_while_prepared)
    done = place.run(vectorize)
    assert done.code == 0, done.err
    assert len(place.rows("training.reviews")) > rows
    assert len(place.rows("features.reviews")) == done.line["rows"]["written"] == rows
    assert sum(row["count"] for row in place.rows("features.reviews_summary")) == rows
    noted = place.delta("features.reviews").history(1)[0]
    assert noted["strongroom.source"] == f"training.reviews version {version}"
