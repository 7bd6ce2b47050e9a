"""Whatever others do to our tables while a job of ours is at work: no table is wrong after it, and no run is lost.

At each step of each job's way to its new version, one thing that others do is done by the real library. Then the table
is read from its log and held against what the two, one after the other, make of it.
"""

import shutil
from contextlib import nullcontext, suppress
from itertools import count
from threading import Thread

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake, commits, properties, staging
from strongroom.stores.sources import manifest
from system.racing import ASIDE, BASE, OURS, THEIRS, TRAINING, held, made, table

ROUNDS = 12
STEPS = [(commits, name) for name in ("look", "commit", "_open", "since", "missing", "altered")]
STEPS += [
    (manifest, "fence"),
    (manifest, "plan"),
    (staging, "staged"),
    (staging, "drop_remains"),
    (properties, "bring"),
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
                    found = DeltaTable(lake.folder(ours.table))
                    inside.append(found.version())
                    act(found)
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
            assert stop > 2, "a job has more steps than that"
            return
        yield stop, lake, inside[0], error


LONG = ("prepare append", "prepare overwrite", "prepare, quarantine", "retry", "retry, training")
PAIRS = [
    (ours, theirs, place % apart, apart)
    for ours in OURS
    for apart in (12 if ours in LONG else 6,)
    for place, theirs in enumerate(THEIRS)
]
"""Every so manieth step of each pair, so that each step of a job has its turn; the slow ones are all."""


@pytest.mark.whole
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
        if mine.whole and other.rows and not landed and step:  # before the first step nobody has looked yet
            assert error, f"step {step}: rows of others are thrown away"
        if error:
            assert (mine.whole, other.rows, landed) == (True, True, False), f"step {step}: {error}"
            assert f"version {version + 1}" in str(error), f"step {step}: names the version"
        assert left(held(lake, mine.table), mine) == left(wanted, mine), f"step {step}"
        if ours == "retry":
            assert held(lake, TRAINING) == ([] if error else BASE[:2]), f"step {step}: in one of the two tables"


SQL = {
    "OPTIMIZE": (["OPTIMIZE {t}"], lambda rows: rows),
    "VACUUM": (["VACUUM {t} RETAIN 0 HOURS"], lambda rows: rows),
    "OPTIMIZE and VACUUM": (["OPTIMIZE {t}", "VACUUM {t} RETAIN 0 HOURS"], lambda rows: rows),
    "a property": (["ALTER TABLE {t} SET TBLPROPERTIES ('their.owner' = 'ada')"], lambda rows: rows),
    "a constraint": (["ALTER TABLE {t} ADD CONSTRAINT sane CHECK (id > 0)"], lambda rows: rows),
    "a column": (["ALTER TABLE {t} ADD COLUMN more STRING"], lambda rows: rows),
    "DELETE": (["DELETE FROM {t} WHERE id = 1"], lambda rows: rows[1:]),
    "UPDATE": (["UPDATE {t} SET text = 'theirs' WHERE id = 1"], lambda rows: [(1, "theirs"), *rows[1:]]),
    "MERGE": (
        ["MERGE INTO {t} USING (SELECT 1L AS id) s ON {t}.id = s.id WHEN MATCHED THEN DELETE"], lambda rows: rows[1:]
    ),
}  # fmt: skip


@pytest.mark.spark
@pytest.mark.parametrize(
    "theirs",
    [pytest.param(each, marks=pytest.mark.slow) if each in ("OPTIMIZE", "VACUUM") else each for each in SQL],
)
def test_what_spark_does_just_before_a_commit_is_gone_along_with_or_named(scenes, tmp_path, monkeypatch, spark, theirs):
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    statements, then = SQL[theirs]
    for name in ("prepare append", "prepare overwrite"):
        mine, passed = OURS[name], []
        shutil.copytree(scenes / mine.table, tmp_path / name)
        lake, missing = Lake(str(tmp_path / name / "lake")), commits.missing

        def crossed(lake, table, adds, passed=passed, mine=mine, missing=missing):
            if table == mine.table and not passed:
                passed.append(lake.open(table).version())
                for statement in statements:
                    spark.sql(statement.format(t=f"delta.`{lake.folder(table)}`"))
            return missing(lake, table, adds)

        monkeypatch.setattr(commits, "missing", crossed)
        refused = mine.whole and then(BASE) != BASE
        with pytest.raises(StoreError, match=f"version {passed or 4}") if refused else nullcontext():
            mine.run(lake)
        monkeypatch.setattr(commits, "missing", missing)
        assert held(lake, mine.table) == sorted(then(BASE) if refused else mine.then(then(BASE))), name


@pytest.mark.whole
def test_many_at_once_lose_no_row(tmp_path):
    """Two writers of ours and one who compacts, deletes, adds and alters, each as fast as it can."""
    lake, errors = made(tmp_path, TRAINING), []

    def writing(first):
        for number in range(first, first + ROUNDS):
            commits.append(lake, TRAINING, table([(number, "mine")]))

    def others():
        for number in range(ROUNDS):
            for act in ("OPTIMIZE", "a property", "a description"):
                with suppress(DeltaError):  # theirs may be the one that is refused
                    THEIRS[act].act(lake.open(TRAINING))
            commits.without(lake, TRAINING, where=f"id = {number + 1}")

    def caught(work, *args):
        try:
            work(*args)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=caught, args=args) for args in ((writing, 1000), (writing, 2000), (others,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = [(number, "mine") for first in (1000, 2000) for number in range(first, first + ROUNDS)]
    assert (errors, held(lake, TRAINING)) == ([], wanted)


def left(rows, ours):
    return sorted(row for row in rows if row[0] not in ours.besides)
