"""The lake without Java: versions appear whole, runs exclude each other, properties follow the plan."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.errors import ConfigError, StoreError
from strongroom.stores import commits, stages
from strongroom.stores.commits import Change
from strongroom.stores.lake import Lake
from strongroom.stores.table_plan import TablePlan

SCHEMA = pa.schema([pa.field("id", pa.int64(), nullable=False, metadata={"comment": "the key"}), ("text", pa.string())])
PLAN = TablePlan(SCHEMA, "what it is", {"strongroom.contract": "a"}, ("id",), {"id_minimum": "id >= 0"})


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "the lake"))


def stage(lake, name, ids, table="training.t"):
    folder = lake.folder(table)
    rows = pa.table(
        {"id": pa.array(ids, pa.int64()), "text": [str(number) for number in ids], "__extra": [None] * len(ids)}
    )
    import pathlib

    pathlib.Path(folder, name).mkdir(parents=True)
    pq.write_table(rows, f"{folder}/{name}/part-0.parquet")
    return stages.staged(lake, table, name)


def ids(lake):
    return sorted(lake.read("training.t").column("id").to_pylist())


def commit(lake, onto, files, mode="append", number=1):
    change = Change(files, whole=mode == "overwrite", schema=SCHEMA)
    return commits.commit(lake, "training.t", change, looked=onto, writers={"t": number})


def test_staged_files_are_no_rows_until_they_are_committed(lake):
    table = lake.ensure("training.t", PLAN)
    files = stage(lake, "stage-1", [1, 2])
    assert ids(lake) == []
    assert commit(lake, table, files) == 1
    assert ids(lake) == [1, 2]
    assert lake.read("training.t").column_names == ["id", "text"], "the stage's own column is no column of the table"


def test_overwrite_replaces_and_append_adds(lake):
    commit(lake, lake.ensure("training.t", PLAN), stage(lake, "stage-1", [1]))
    commit(lake, lake.open("training.t"), stage(lake, "stage-2", [2]), number=2)
    assert ids(lake) == [1, 2]
    commit(lake, lake.open("training.t"), stage(lake, "stage-3", [3]), mode="overwrite", number=3)
    assert ids(lake) == [3]


def test_of_two_runs_planned_on_one_version_the_second_to_commit_changes_nothing(lake):
    lake.ensure("training.t", PLAN)
    one, other = lake.open("training.t"), lake.open("training.t")
    first, second = stage(lake, "stage-1", [1]), stage(lake, "stage-2", [2])
    commit(lake, one, first)
    with pytest.raises(StoreError, match="another run committed"):
        commit(lake, other, second)
    assert ids(lake) == [1]


def test_a_small_table_takes_the_same_rows_once(lake):
    rows = pa.table({"a": [1]})
    for _ in range(2):
        commits.append(lake, "strongroom.m", rows, once=("w", 1))
    commits.append(lake, "strongroom.m", rows, once=("w", 2))
    commits.append(lake, "strongroom.m", rows)
    assert lake.read("strongroom.m").num_rows == 3
    assert lake.read("strongroom.m", where="a > 1").num_rows == 0


def test_properties_and_constraints_follow_the_plan(lake):
    lake.ensure("training.t", PLAN)
    lake.sync_properties("training.t", PLAN)
    assert lake.open("training.t").version() == 0, "nothing to do is nothing done"
    lake.sync_properties(
        "training.t", TablePlan(SCHEMA, "other", {"strongroom.contract": "b"}, (), {"big": "id >= 10"})
    )
    found = lake.open("training.t").metadata()
    assert found.description == "other"
    assert found.configuration["strongroom.contract"] == "b"
    assert found.configuration["delta.enableDeletionVectors"] == "false"
    assert found.configuration["delta.dataSkippingStatsColumns"] == ""
    assert [key for key in found.configuration if key.startswith("delta.constraints.")] == ["delta.constraints.big"]


@pytest.mark.parametrize("name", ["t", "training", "training.t/../x", "training..t", "", "training.t`; drop"])
def test_a_name_that_is_no_table_never_becomes_a_path(lake, name):
    with pytest.raises(StoreError, match="not a table's name"):
        lake.folder(name)


def test_a_table_that_is_not_there_is_none_and_a_broken_one_is_an_error(lake, tmp_path):
    assert lake.read("training.t") is None
    log = tmp_path / "the lake/training/t/_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("{ not json")
    with pytest.raises(StoreError, match=r"training\.t"):
        lake.open("training.t")


def test_a_lake_in_a_catalog_is_refused_in_words():
    with pytest.raises(ConfigError, match="catalog"):
        Lake("catalog:main")


@pytest.mark.parametrize(
    ("condition", "wanted", "why"),
    [
        ("id >= -5", "id >= -5", "a bound that was loosened must not stay: rows may break it"),
        ("id >= 1", "id >= 1", "one that was tightened, and that all rows keep"),
        ("id >= 7", "id >= 0", "one that older rows break cannot hold for the table"),
    ],
)
def test_a_constraint_whose_condition_changed_follows_as_far_as_rows_allow(lake, condition, wanted, why):
    onto = lake.ensure("training.t", PLAN)
    commit(lake, onto, stage(lake, "s", [1, 2]))
    lake.sync_properties(
        "training.t", TablePlan(SCHEMA, PLAN.description, PLAN.properties, PLAN.stats, {"id_minimum": condition})
    )
    found = lake.open("training.t").metadata().configuration
    assert found["delta.constraints.id_minimum"] == wanted, why


def test_a_new_constraint_that_older_rows_break_is_left_out(lake):
    onto = lake.ensure("training.t", PLAN)
    commit(lake, onto, stage(lake, "s", [1, 2]))
    plan = TablePlan(SCHEMA, PLAN.description, PLAN.properties, PLAN.stats, {**PLAN.checks, "id_maximum": "id <= 1"})
    lake.sync_properties("training.t", plan)
    assert "delta.constraints.id_maximum" not in lake.open("training.t").metadata().configuration
