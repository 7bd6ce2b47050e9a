"""A Delta table by its log: real tables, and what versions did to them."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake
from strongroom.stores.lake.reader_features import needs_spark
from strongroom.stores.lake.table_files import files_at
from strongroom.stores.sources.delta import added_since, data_files


def rows(*numbers):
    return pa.table({"a": pa.array(numbers, pa.int64())})


def read(files):
    return sorted(value for file in files for value in pq.read_table(file.path, partitioning=None)["a"].to_pylist())


def version(place):
    return DeltaTable(place).version()


@pytest.fixture
def place(tmp_path):
    """Version 0: 1, 2."""
    folder = str(tmp_path / "t x é")
    write_deltalake(folder, rows(1, 2))
    return folder


def append(place, *numbers):
    write_deltalake(place, rows(*numbers), mode="append")


def compact(place):
    DeltaTable(place).optimize.compact()


def delete(place):
    DeltaTable(place).delete("a = 1")


def update(place):
    DeltaTable(place).update({"a": "9"}, predicate="a = 2")


def overwrite(place):
    write_deltalake(place, rows(7), mode="overwrite")


def set_property(place):
    DeltaTable(place).alter.set_table_properties({"delta.appendOnly": "false"})


def merge(place):
    made = DeltaTable(place).merge(rows(2, 8), "t.a = s.a", source_alias="s", target_alias="t")
    made.when_not_matched_insert_all().execute()


def add_column(place):
    write_deltalake(place, pa.table({"a": [5], "b": ["x"]}), mode="append", schema_mode="merge")


def test_the_files_of_a_version_are_those_of_that_version(place):
    append(place, 3)
    delete(place)
    assert read(data_files(place, 0)) == [1, 2]
    assert read(data_files(place, 1)) == [1, 2, 3]
    assert read(data_files(place, 2)) == [2, 3]
    assert [file.rows for file in data_files(place, 0)] == [2]
    assert all(Path(file.path).stat().st_size == file.size for file in data_files(place, 2))
    with pytest.raises(StoreError, match="version 9 cannot be read"):
        data_files(place, 9)


def test_partitions_are_texts_as_the_log_has_them(tmp_path):
    days = [date(2026, 1, 1), None, date(2026, 1, 2)]
    made = pa.table({"a": [1, 2, 3], "day": days, "city": ["x y/é", "a=b", None], "ok": [True, False, None]})
    write_deltalake(tmp_path, made, partition_by=["day", "city", "ok"])
    told = {file.path: file.values for file in data_files(str(tmp_path), 0)}
    expected = {
        1: {"day": "2026-01-01", "city": "x y/é", "ok": "true"},
        2: {"day": None, "city": "a=b", "ok": "false"},
        3: {"day": "2026-01-02", "city": None, "ok": None},
    }
    assert {pq.ParquetFile(path).read()["a"][0].as_py(): values for path, values in told.items()} == expected
    write_deltalake(tmp_path, made, mode="append")
    added = added_since(str(tmp_path), since=0, version=1)
    assert {pq.ParquetFile(file.path).read()["a"][0].as_py(): file.values for file in added.files} == expected


@pytest.mark.parametrize(
    ("acts", "expected", "passed", "why"),
    [
        ([], [], (), "nothing new"),
        ([lambda p: append(p, 3)], [3], (), "what was added"),
        ([lambda p: append(p, 3), lambda p: append(p, 4), compact], [3, 4], (3,), "each once, though compacted"),
        ([lambda p: append(p, 3), compact, lambda p: append(p, 4), compact], [3, 4], (2, 4), "between compactions"),
        ([compact, set_property], [], (1,), "no version that changes a row: one file is not compacted"),
        ([merge], [8], (), "a MERGE that only inserts adds"),
        ([add_column], [5], (), "another column"),
    ],
)
def test_an_increment_is_what_versions_have_added(place, acts, expected, passed, why):
    for act in acts:
        act(place)
    found = added_since(place, since=0, version=version(place))
    assert read(found.files) == expected, why
    assert found.passed == passed, why


@pytest.mark.parametrize("act", [delete, update, overwrite])
def test_a_version_that_took_rows_out_or_changed_them_ends_it_with_both_versions_and_the_way_on(place, act):
    append(place, 3)
    act(place)
    append(place, 4)
    with pytest.raises(StoreError) as caught:
        added_since(place, since=1, version=3)
    assert caught.value.exit_code == 7
    told = str(caught.value)
    assert "version 2 took out or changed rows; read were versions up to 1, asked for up to 3" in told
    assert "--set prepare.mode=overwrite" in told
    assert "--from-version 2" in told
    assert read(added_since(place, since=2, version=3).files) == [4], "the way on leads on"


def test_a_log_or_a_file_that_is_gone_ends_it(place):
    for number in (3, 4, 5):
        append(place, number)
    first = added_since(place, since=0, version=1).files[0]
    Path(place, "_delta_log", f"{2:020d}.json").unlink()
    with pytest.raises(StoreError, match=r"version 2 did is in the log no more; .*--from-version 2"):
        added_since(place, since=0, version=3)
    assert read(added_since(place, since=2, version=3).files) == [5]
    Path(first.path).unlink()
    with pytest.raises(StoreError, match=r"a file that version 1 added is gone \(VACUUM\); .*--from-version 1"):
        added_since(place, since=0, version=1)


def test_another_table_in_its_place_is_no_increment(place):
    then = sum(file.size for file in data_files(place, 0))
    append(place, 3)
    assert read(added_since(place, since=0, version=1, size=then).files) == [3]
    shutil.rmtree(place)
    write_deltalake(place, pa.table({"a": list(range(1000))}))
    for since, size in ((1, None), (0, then)):
        with pytest.raises(StoreError, match=f"version {since} was read last, and this is another table now"):
            added_since(place, since=since, version=0, size=size)


def with_protocol(place, features, configuration=()):
    """As a writer would have made it that has these features; deltalake itself makes few."""
    log = Path(place, "_delta_log", f"{version(place) + 1:020d}.json")
    meta = json.loads(
        next(line for line in Path(place, "_delta_log", f"{0:020d}.json").read_text().split("\n") if "metaData" in line)
    )
    meta["metaData"]["configuration"] = dict(configuration)
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    log.write_text("\n".join(json.dumps(action) for action in ({"protocol": protocol}, meta)))
    return DeltaTable(place)


def as_if(monkeypatch, features, configuration=(), *, reader=3):
    """Tables as they would be with these features: deltalake makes few of them, and opens not all."""
    protocol = SimpleNamespace(min_reader_version=reader, reader_features=features if reader >= 3 else None)
    metadata = SimpleNamespace(configuration=dict(configuration), partition_columns=[])
    monkeypatch.setattr(DeltaTable, "protocol", lambda self: protocol)
    monkeypatch.setattr(DeltaTable, "metadata", lambda self: metadata)


FEATURES = [
    # features, configuration, reader's version, what is told of files that are no rows
    ([], {}, 3, ""),
    (["timestampNtz", "vacuumProtocolCheck"], {}, 3, ""),
    (["timestampNtz", "deletionVectors"], {"delta.enableDeletionVectors": "true"}, 3, ""),
    (["columnMapping"], {"delta.columnMapping.mode": "none"}, 3, ""),
    (["columnMapping"], {"delta.columnMapping.mode": "name"}, 3, "mapped by name"),
    (["columnMapping"], {"delta.columnMapping.mode": "id"}, 3, "mapped by id"),
    (["columnMapping"], {"delta.columnMapping.mode": "name"}, 2, "mapped by name"),
    (["typeWidening"], {}, 3, "needs typeWidening"),
    (["v2Checkpoint"], {}, 3, "needs v2Checkpoint"),
    (["timestampNtz", "variantType"], {}, 3, "needs variantType"),
    (["catalogManaged"], {}, 3, "needs catalogManaged"),
    (["somethingNew", "somethingElse"], {}, 3, "needs somethingElse, somethingNew"),
    ([], {}, 4, "needs readers of version 4"),
]


@pytest.mark.parametrize(("features", "configuration", "reader", "reason"), FEATURES)
def test_files_are_not_rows_where_a_feature_says_so(tmp_path, monkeypatch, features, configuration, reader, reason):
    write_deltalake(tmp_path / "training/t", rows(1, 2))
    as_if(monkeypatch, features, configuration, reader=reader)
    table = DeltaTable(tmp_path / "training/t")
    for found in (needs_spark(table), files_at(Lake(str(tmp_path)), table, "training.t").why_not):
        assert reason in found if reason else found == "", "of a source and of a published table alike"


def test_files_are_not_rows_where_vectors_say_which_are_gone(tmp_path, monkeypatch):
    write_deltalake(tmp_path / "training/t", rows(1, 2))
    as_if(monkeypatch, ["deletionVectors"])
    monkeypatch.setattr(DeltaTable, "deletion_vectors", lambda self: [pa.record_batch({"a": [1]})])
    table = DeltaTable(tmp_path / "training/t")
    assert "deletion vectors" in needs_spark(table)
    assert "deletion vectors" in files_at(Lake(str(tmp_path)), table, "training.t").why_not


def test_partitions_of_a_published_table_are_in_no_file(tmp_path):
    write_deltalake(tmp_path / "training/t", pa.table({"a": [1], "b": [2]}), partition_by=["b"])
    table = DeltaTable(tmp_path / "training/t")
    assert files_at(Lake(str(tmp_path)), table, "training.t").why_not == "its partition columns stand in no file"
    assert needs_spark(table) == "", "of a source the log says them"


@pytest.mark.spark
def test_tables_of_spark_with_deletion_vectors_or_mapped_columns_go_by_its_reader(spark, tmp_path):
    spark.range(100).coalesce(1).write.format("delta").option("delta.enableDeletionVectors", "true").save(
        f"{tmp_path}/v"
    )
    table = DeltaTable(tmp_path / "v")
    assert needs_spark(table) == "", "there may be some, and there are none"
    spark.sql(f"DELETE FROM delta.`{tmp_path}/v` WHERE id = 3")
    assert "deletion vectors" in needs_spark(DeltaTable(tmp_path / "v"))
    with pytest.raises(StoreError, match="version 1 took out or changed rows"):
        added_since(f"{tmp_path}/v", since=0, version=1)
    mapped = spark.range(3).write.format("delta").option("delta.columnMapping.mode", "name")
    mapped.save(f"{tmp_path}/m")
    assert "mapped by name" in needs_spark(DeltaTable(tmp_path / "m"))
    for name, why in (("v", "deletion vectors"), ("m", "mapped by name")):
        table = DeltaTable(tmp_path / name)
        assert why in files_at(Lake(str(tmp_path)), table, "training.t").why_not, "of a published table likewise"
