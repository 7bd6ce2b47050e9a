"""A table's owner asks something of its rows, or sets it up in their own way: that is judged, kept, or named."""

import pytest

from strongroom.flows import prepare
from support import every_type
from support.lakes import install

TABLE = "training.types"
THEIRS = {
    "delta.deletedFileRetentionDuration": "interval 90 days",
    "delta.enableChangeDataFeed": "true",
    "delta.minWriterVersion": "4",
    "team": "blue",
}


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "a", capsys)
    every_type.put(made)
    assert made.run(prepare, "--contract", "types").code == 0
    return made


def set_by(place, **values):
    place.delta(TABLE).alter.set_table_properties(values, raise_if_not_exists=False)


def again(place, *options):
    return place.run(prepare, "--contract", "types", *options)


def test_an_owner_s_constraint_is_judged_before_readers_see_a_version_and_then_kept(place):
    set_by(place, **{"delta.constraints.short": "text IS NULL OR length(text) < 99"}, **THEIRS)
    before = place.delta(TABLE).version()
    closed = again(place)
    assert closed.code == 6, closed.err
    assert "1 rows break the constraint 'short', which the owner of training.types has set" in closed.err
    assert place.delta(TABLE).version() == before
    reports = [file.read_text() for file in place.lake.glob("reports/training.types/*.json")]
    assert [report.count("constraint short") > 0 for report in reports].count(True) == 1
    set_by(place, **{"delta.constraints.short": "text IS NULL OR length(text) < 999"})
    done = again(place)
    assert done.code == 0, done.err
    have = place.delta(TABLE).metadata().configuration
    assert THEIRS.items() <= have.items()
    assert have["delta.constraints.short"] == "text IS NULL OR length(text) < 999"
    assert len(have["strongroom.constraints"].split(",")) == 6, "and ours, by name"
    assert not list(place.lake.rglob("verdict=good/_delta_log"))


def test_a_constraint_that_nobody_can_judge_stops_the_run_by_its_name(place):
    set_by(place, **{"delta.constraints.odd": "reflect('java.lang.System', 'exit', '3') IS NULL"})
    before = place.delta(TABLE).version()
    stopped = again(place)
    assert (stopped.code, place.delta(TABLE).version()) == (7, before)
    assert "'odd' cannot be judged" in stopped.err
    assert "reflect" not in stopped.err


def test_a_table_that_takes_no_overwrite_is_told_before_a_row_is_read(place):
    set_by(place, **{"delta.appendOnly": "true"})
    refused = again(place)
    assert refused.code == 7
    assert "append-only" in refused.err
    assert "--set prepare.mode=append" in refused.err
    assert "reading" not in refused.err
    assert again(place, "--set", "prepare.mode=append").code == 0
