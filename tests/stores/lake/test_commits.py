"""One function commits: what it goes along with, what it refuses, and what it takes back."""

import json
import re
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, Field, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.table_plan import TablePlan

SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])
WIDER = pa.schema([("id", pa.int64()), ("text", pa.string()), ("more", pa.string())])
NAME, LIB = "training.t", Path(commits.__file__).parents[1]


@pytest.fixture
def lake(tmp_path):
    """A lake with one table of two rows in two files."""
    found = Lake(str(tmp_path / "lake"))
    found.ensure(NAME, TablePlan(SCHEMA))
    for number in (1, 2):
        commits.append(found, NAME, pa.table({"id": [number], "text": ["old"]}, SCHEMA))
    return found


def put(lake, number, *, stage="stage-000001-r"):
    """A staged file of one row."""
    folder = Path(lake.folder(NAME), staging.written(lake, stage))
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": [number], "text": ["new"]}, SCHEMA), folder / f"part-{number}.parquet")
    return staging.staged(lake, NAME, stage)


def ids(lake):
    return sorted(lake.read(NAME)["id"].to_pylist())


def alter(properties):
    return lambda found: found.alter.set_table_properties(properties, raise_if_not_exists=False)


def remade(found):
    folder = Path(found.table_uri.removeprefix("file://"))
    for file in folder.glob("_delta_log/*"):
        file.unlink()
    DeltaTable.create(str(folder), found.schema())


def forgotten(found):
    """Rows are added, and what the log says of it is cleaned up."""
    write_deltalake(found, pa.table({"id": [9], "text": ["x"]}, SCHEMA), mode="append")
    alter({"owner": "ada"})(DeltaTable(found.table_uri))
    DeltaTable(found.table_uri).create_checkpoint()
    for file in sorted(Path(found.table_uri.removeprefix("file://")).glob("_delta_log/*.json"))[:-1]:
        file.unlink()


def column(nullable):
    return lambda found: found.alter.add_columns([Field("more", PrimitiveType("string"), nullable=nullable)])


def other_type(found):
    write_deltalake(
        found, pa.table({"id": ["9"], "text": ["x"]}), mode="overwrite", schema_mode="overwrite"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("act", "whole", "told", "why"),
    [
        (remade, False, "dropped, or made anew", "rows of another table of that name are not ours to add to"),
        (alter({"delta.enableDeletionVectors": "true"}), False, r"REORG TABLE .* APPLY \(PURGE\)", "files hold more"),
        (
            alter({"delta.setTransactionRetentionDuration": "interval 1 day"}), False, "UNSET TBLPROPERTIES",
            "a batch that the log forgets would be read twice",
        ),
        (other_type, False, "changed this table's columns", "what is staged has other types"),
        (column(True), False, "", "rows without it are rows"),
        (column(True), True, "", "and no row differs by it"),
        (forgotten, False, "", "an addition does not mind what others did"),
        (forgotten, True, "version 3", "nobody can tell what a version did that the log has lost"),
        (alter({"owner": "ada"}), True, "", "no row differs by a property"),
        (lambda found: found.optimize.compact(), True, "", "nor by a compaction"),
        (lambda found: found.delete("id = 1"), False, "", "what others took out stays out"),
        (lambda found: found.delete("id = 1"), True, "version 3", "and is not overwritten"),
    ],
)  # fmt: skip
def test_what_others_did_since_the_look(lake, act, whole, told, why):
    looked, change = lake.open(NAME), Change(put(lake, 7), whole=whole, schema=SCHEMA if whole else None)
    act(lake.open(NAME))
    before = ids(lake)
    if told:
        with pytest.raises(StoreError, match=told) as refused:
            commits.commit(lake, NAME, change, looked=looked, writers={"t": 1})
        assert refused.value.exit_code == 7
        assert ids(lake) == before, why
        assert lake.open(NAME).transaction_version("t") is None
        if whole:
            with pytest.raises(StoreError, match=told):
                commits.look(lake, NAME, looked=looked, writers={}, whole=True)
    else:
        commits.look(lake, NAME, looked=looked, writers={}, whole=whole)
        commits.commit(lake, NAME, change, looked=looked, writers={"t": 1})
        assert ids(lake) == ([7] if whole else sorted([*before, 7])), why


def test_a_file_that_is_gone_before_the_commit_changes_nothing(lake):
    files = put(lake, 7)
    Path(lake.folder(NAME), files[0].path).unlink()
    with pytest.raises(StoreError, match="gone, so nothing was changed"):
        commits.commit(lake, NAME, Change(files), looked=lake.open(NAME))
    assert (ids(lake), lake.open(NAME).version()) == ([1, 2], 2)


def emptied(found, folders):
    """What a VACUUM deletes that listed the folder before our commit; others empty what it passes over, too."""
    for folder in folders:
        for file in Path(found).glob(folder):
            file.unlink()


@pytest.mark.parametrize(
    ("folders", "after", "code", "why"),
    [
        (["stage-*/*.parquet"], [7], 0, "its other name, which VACUUM passes over, gives it back"),
        (["stage-*/*.parquet", "_stage-*/*.parquet"], [1, 2], 7, "nothing gives it back, so the version is taken back"),
    ],
)
def test_a_file_that_is_gone_after_the_commit(lake, monkeypatch, folders, after, code, why):
    looked, missing, calls = lake.open(NAME), commits.missing, []

    def slow(*args):
        calls.append(args)
        if len(calls) == 2:
            emptied(lake.folder(NAME), folders)
        return missing(*args)

    monkeypatch.setattr(commits, "missing", slow)
    change = Change(put(lake, 7), whole=True, schema=WIDER)
    with pytest.raises(StoreError, match="so the version was taken back") if code else nullcontext():
        commits.commit(lake, NAME, change, looked=looked, writers={"t": 1, "t/1": 1})
    assert ids(lake) == after, why
    found = lake.open(NAME)
    assert [field.name for field in found.schema().fields] == (WIDER if not code else SCHEMA).names
    assert found.transaction_version("t/1") == (0 if code else 1)
    assert commits.commit(lake, NAME, Change(put(lake, 8)), looked=found, writers={"t": 2}) == found.version() + 1


@pytest.mark.parametrize("later", [False, True])
def test_a_commit_whose_answer_is_lost_is_made_once(lake, monkeypatch, later):
    write = DeltaTable.create_write_transaction

    def lost(self, *args, **named):
        monkeypatch.undo()
        write(self, *args, **named)
        if later:
            lake.open(NAME).delete("id = 1")
        raise DeltaError("the checkpoint after it failed")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    assert commits.commit(lake, NAME, Change(put(lake, 7)), looked=lake.open(NAME), writers={"t": 1}) == 3
    assert ids(lake) == ([2, 7] if later else [1, 2, 7])


def test_a_version_is_not_taken_back_over_what_others_did_since(lake):
    version = commits.commit(lake, NAME, Change(put(lake, 7)), looked=lake.open(NAME), writers={"t": 1})
    DeltaTable(lake.folder(NAME)).delete("id = 1")
    with pytest.raises(StoreError, match=rf"RESTORE TABLE {NAME} TO VERSION AS OF {version - 1}"):
        commits.take_back(lake, NAME, version=version, writers={"t": 1})
    assert ids(lake) == [2, 7]


def test_new_files_of_others_are_shown_to_the_judge_and_those_of_a_compaction_are_not(lake):
    looked, seen = lake.open(NAME), []
    lake.open(NAME).optimize.compact()
    commits.commit(lake, NAME, Change(put(lake, 7)), looked=looked, judge=seen.append)
    assert seen == []
    looked = lake.open(NAME)
    write_deltalake(looked.table_uri, pa.table({"id": [9], "text": ["x"]}, SCHEMA), mode="append")
    lake.open(NAME).optimize.compact()

    def no(files):
        seen.append(files)
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        commits.commit(lake, NAME, Change(put(lake, 8, stage="stage-000002-r")), looked=looked, judge=no)
    assert seen == [tuple(lake.open(NAME).get_add_actions(flatten=True)["path"].to_pylist())]
    assert ids(lake) == [1, 2, 7, 9]


def test_no_published_file_lies_where_readers_do_not_look_and_the_stage_may_go(lake):
    commits.commit(lake, NAME, Change(put(lake, 7)), looked=lake.open(NAME))
    paths = [uri.removeprefix(lake.folder(NAME) + "/") for uri in lake.open(NAME).file_uris()]
    assert not [path for path in paths if path.startswith("_")]
    staging.drop_remains(lake, NAME, "stage-000001-r", named=paths)
    assert not list(Path(lake.folder(NAME)).glob("_stage-*"))
    assert ids(lake) == [1, 2, 7]


def test_what_a_dead_run_had_linked_is_staged_once(lake):
    files = put(lake, 7)
    assert staging.missing(lake, NAME, files) == []
    assert [staging.shown([file])[0].path for file in put(lake, 7)] == ["stage-000001-r/part-7.parquet"]
    staging.drop_stage(lake, NAME, "stage-000001-r")
    assert put(lake, 8) == staging.staged(lake, NAME, "stage-000001-r")
    assert [json.loads(file.stats) for file in put(lake, 8)] == [{"numRecords": 1}]


def test_on_a_file_system_without_links_a_file_has_one_name_only(lake, monkeypatch):
    def none(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", none)
    commits.commit(lake, NAME, Change(put(lake, 7)), looked=lake.open(NAME))
    assert not list(Path(lake.folder(NAME)).glob("_stage-*/*.parquet"))
    assert ids(lake) == [1, 2, 7]


def test_a_small_table_gets_columns_it_lacks_and_takes_others_types_as_declared(lake):
    commits.append(lake, NAME, pa.table({"id": pa.array([3], pa.int32()), "more": ["x"]}))
    assert lake.read(NAME).sort_by("id").to_pylist()[-1] == {"id": 3, "text": None, "more": "x"}


def test_nothing_else_of_ours_writes_to_a_log():
    ways = re.compile(r"create_write_transaction|write_deltalake|\.restore\(|\.delete\(where|CommitProperties\(")
    found = {path.name for path in LIB.rglob("*.py") if ways.search(path.read_text()) and path.name != "commits.py"}
    assert found == {"matrix_files.py", "owners.py"}, (
        "which write tables of their own: beside the lake, and over a stage"
    )
