"""The lake without Java: versions appear whole, runs exclude each other, properties follow the plan."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.errors import ConfigError, StoreError
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
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
    return staging.staged(lake, table, name)


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
