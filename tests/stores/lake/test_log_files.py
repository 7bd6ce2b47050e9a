"""What a log names, read off logs that deltalake wrote and off lines as the Delta protocol has them."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake
from strongroom.stores.lake.log_files import is_of_log, named_files

NAMES = [
    # name in the log's folder, newest version, whether it is the log's own
    ("00000000000000000003.json", 3, True),
    ("00000000000000000004.json", 3, False),
    ("00000000000000000003.crc", 3, True),
    ("00000000000000000002.checkpoint.parquet", 3, True),
    ("00000000000000000002.checkpoint.0000000001.0000000002.parquet", 3, True),
    ("00000000000000000002.checkpoint.8f0c3c8e-7c0a-4f3e-9f43-0d9f1f5d2a61.json", 3, True),
    ("_sidecars/0b9b4b6e-52c4-4b7e-8a3b-6f0a0c8c6d11.parquet", 3, True),
    ("00000000000000000001.00000000000000000003.compacted.json", 3, True),
    ("00000000000000000001.00000000000000000004.compacted.json", 3, False),
    ("_last_checkpoint", 3, True),
    ("_commit_0.json.tmp", 3, False),
    ("3.json", 3, False),
    ("00000000000000000001.json/x", 3, False),
    ("people.json", 3, False),
]


@pytest.mark.parametrize(("name", "newest", "own"), NAMES)
def test_the_logs_own_files_are_told_by_their_names(name, newest, own):
    assert is_of_log(name, newest=newest) == own


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path))
    for _ in range(3):
        write_deltalake(made.folder("a.b"), pa.table({"n": [1]}), mode="overwrite")
    return made


def on_disk(lake):
    return {path.name for path in Path(lake.folder("a.b")).glob("*.parquet")}


def test_files_of_every_version_in_the_log_are_named_also_from_a_checkpoint(lake):
    assert named_files(lake, "a.b") == on_disk(lake)
    assert len(on_disk(lake)) == 3
    table = DeltaTable(lake.folder("a.b"))
    table.create_checkpoint()
    for entry in range(3):
        (Path(lake.folder("a.b")) / f"_delta_log/{entry:020d}.json").unlink()
    assert named_files(lake, "a.b") == on_disk(lake)


LINES = [
    # an action, the file it names
    ({"add": {"path": "a%20b/c.parquet"}}, {"a b/c.parquet"}),
    ({"remove": {"path": "x"}}, {"x"}),
    ({"cdc": {"path": "_change_data/x"}}, {"_change_data/x"}),
    ({"commitInfo": {"path": "x"}}, set()),
    # the example of the Delta protocol, section Deletion Vectors
    ({"add": {"path": "p", "deletionVector": {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^"}}},
     {"p", "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"}),
    ({"add": {"path": "p", "deletionVector": {"storageType": "i", "pathOrInlineDv": "wi5b=000010000siXQKl0rr91000"}}},
     {"p"}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "named"), LINES)
def test_an_action_names_files_as_the_protocol_says(lake, action, named):
    folder = Path(lake.folder("a.b")) / "_delta_log"
    for file in folder.iterdir():
        file.unlink()
    (folder / "00000000000000000000.json").write_text(json.dumps(action) + "\n\n")
    assert named_files(lake, "a.b") == named


def test_a_log_that_cannot_be_read_is_no_empty_one(lake):
    entry = Path(lake.folder("a.b")) / "_delta_log/00000000000000000001.json"
    entry.write_text("{")
    with pytest.raises(StoreError) as caught:
        named_files(lake, "a.b")
    assert caught.value.code == "table.unreadable"
