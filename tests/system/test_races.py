"""Whatever others do to our tables while a job of ours is at work: no table is wrong after it, and no run is lost.

At each step of each job's way to its new version, one thing that others do is done by the real library. Then the table
is read from its log and held against what the two, one after the other, make of it.
"""

import shutil
from itertools import count, product

import pytest
from deltalake import DeltaTable

from strongroom.core.errors import StoreError
from strongroom.stores import commits, manifest, stages
from strongroom.stores.lake import Lake
from system.racing import ASIDE, BASE, OURS, THEIRS, TRAINING, held, made

STEPS = [(commits, name) for name in ("look", "commit", "_open", "since", "missing", "altered")]
STEPS += [
    (manifest, "fence"),
    (manifest, "plan"),
    (stages, "staged"),
    (stages, "drop_remains"),
    (Lake, "sync_properties"),
]
"""What stands between the first look at a table and the last touch of it; others come in before each of them."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A lake for each table that is raced for, as it is before."""
    root = tmp_path_factory.mktemp("scenes")
    for name in {ours.table for ours in OURS.values()} | {ASIDE}:
        (root / name).mkdir()
        made(root / name, name)
    return root


def each_step(monkeypatch, ours, act, restore, *, first, apart):
    """Runs the job once per step, with `act` before that step, and yields how each ended."""
    for stop in count(first, apart):
        lake, passed, inside = restore(), count(), []

        def watched(original, stop=stop, passed=passed, inside=inside, lake=lake):
            def step(*args, **named):
                if not inside and next(passed) == stop:
                    inside.append(DeltaTable(lake.folder(ours.table)).version())
                    act(DeltaTable(lake.folder(ours.table)))
                return original(*args, **named)

            return step

        with monkeypatch.context() as patch:
            for owner, name in STEPS:
                patch.setattr(owner, name, watched(getattr(owner, name)))
            try:
                ours.run(lake)
                error = None
            except StoreError as found:
                error = found
        if not inside:
            assert error is None
            assert stop > 3, "a job has more steps than that"
            return
        yield stop, lake, inside[0], error


PAIRS = [(ours, theirs, place % 4, 4) for place, (ours, theirs) in enumerate(product(OURS, THEIRS))]
"""Every fourth step of each pair, so that all steps have their turn; the slow ones are all."""


@pytest.mark.parametrize(
    ("ours", "theirs", "first", "apart"),
    PAIRS + [pytest.param(*pair[:2], 0, 1, marks=pytest.mark.slow) for pair in PAIRS],
)
def test_what_others_do_at_any_step_makes_no_table_wrong_and_loses_no_run(
    scenes, tmp_path, monkeypatch, ours, theirs, first, apart
):
    mine, other, seen = OURS[ours], THEIRS[theirs], {}

    def restore():
        shutil.rmtree(tmp_path / "x", ignore_errors=True)
        shutil.copytree(scenes / mine.table, tmp_path / "x")
        return Lake(str(tmp_path / "x" / "lake"))

    before = held(restore(), mine.table)

    def act(found):
        seen["rows"] = held(Lake(str(tmp_path / "x" / "lake")), mine.table)
        other.act(found)

    for step, lake, version, error in each_step(monkeypatch, mine, act, restore, first=first, apart=apart):
        landed, rows = seen["rows"] != before, other.then(seen["rows"])
        wanted = rows if landed or error else mine.then(rows)
        if error:
            assert (mine.whole, other.rows, landed) == (True, True, False), f"step {step}: {error}"
            assert f"version {version + 1}" in str(error), f"step {step}: names the version"
        assert left(held(lake, mine.table), mine) == left(wanted, mine), f"step {step}"
        if ours == "retry":
            assert held(lake, TRAINING) == ([] if error else BASE[:2]), f"step {step}: in one of the two tables"


def left(rows, ours):
    return sorted(row for row in rows if row[0] not in ours.besides)
