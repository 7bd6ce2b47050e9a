"""What a table's owner has set beside us is judged, kept, or named before any row is read."""

import json
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake, owners
from strongroom.stores.lake.staging import staged

TABLE = "training.t"
SCHEMA = pa.schema([pa.field("id", pa.int64(), metadata={"comment": "ours"}), ("text", pa.string())])
MAPPED = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "2"}
PHYSICAL = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
READERS = ("columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint")


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "the lake"))


def made(lake, *, features=(), notes=None, properties=None, partitions=()):
    """A table as somebody's Spark may have set it up."""
    folder = Path(lake.folder(TABLE))
    (folder / "_delta_log").mkdir(parents=True)
    fields = [
        {"name": "id", "type": "long", "nullable": True, "metadata": notes or {}},
        {
            "name": "text",
            "type": "string",
            "nullable": True,
            "metadata": {key: 2 if key.endswith("id") else "col-2" for key in PHYSICAL} if notes is PHYSICAL else {},
        },
    ]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "writerFeatures": list(features)}
    protocol["readerFeatures"] = [name for name in features if name in READERS]
    about = {
        "id": str(uuid.uuid4()), "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
        "schemaString": json.dumps({"type": "struct", "fields": fields}), "partitionColumns": list(partitions),
        "configuration": properties or {},
    }  # fmt: skip
    lines = [json.dumps({"protocol": protocol}), json.dumps({"metaData": about})]
    (folder / "_delta_log" / f"{0:020d}.json").write_text("\n".join(lines))
    return DeltaTable(str(folder))


@pytest.mark.parametrize(
    ("setup", "refused"),
    [
        ({"features": ["appendOnly"], "properties": {"delta.appendOnly": "true"}}, "append-only"),
        ({"features": ["clustering", "domainMetadata"]}, "it needs clustering, domainMetadata"),
        ({"features": ["identityColumns"]}, "it needs identityColumns"),
        ({"features": ["allowColumnDefaults"], "notes": {"CURRENT_DEFAULT": "7"}}, "it needs allowColumnDefaults"),
        ({"features": ["rowTracking"]}, "it needs rowTracking"),
        ({"features": ["generatedColumns"], "notes": {"delta.generationExpression": "1"}}, "it computes id from"),
        ({"features": ["columnMapping"], "properties": MAPPED, "notes": PHYSICAL}, "mapped columns"),
        ({"partitions": ["text"]}, "partitions"),
        ({"features": ["appendOnly", "invariants", "checkConstraints", "changeDataFeed", "timestampNtz"]}, ""),
        ({"features": ["changeDataFeed"], "properties": {"delta.enableChangeDataFeed": "true"}}, ""),
    ],
)
def test_a_table_that_no_run_can_write_as_it_is_set_up_is_refused_by_what_it_is(lake, setup, refused):
    found = made(lake, **setup)
    if not refused:
        owners.refuse(TABLE, found, mode="overwrite")
        return
    with pytest.raises(StoreError, match=refused) as caught:
        owners.refuse(TABLE, found, mode="overwrite")
    assert caught.value.where == TABLE
    if refused == "append-only":
        owners.refuse(TABLE, found, mode="append")


def test_what_the_owner_has_noted_on_a_column_stays_and_our_words_are_ours(lake):
    notes = {"team": "blue", "comment": "theirs", "strongroom.tags": "old", "delta.invariants": "{}"}
    onto = made(lake, features=["invariants"], notes=notes)
    schema = owners.with_notes(SCHEMA, onto)
    assert schema.field("id").metadata == {b"team": b"blue", b"delta.invariants": b"{}", b"comment": b"ours"}
    assert not schema.field("text").metadata


def test_what_is_asked_of_rows_are_constraints_and_invariants_that_are_not_ours(lake):
    text = json.dumps({"expression": {"expression": "id < 9"}})
    properties = {
        "delta.constraints.short": "length(text) < 3",
        "delta.constraints.id_minimum": "`id` >= 0",
        "strongroom.constraints": "id_minimum",
    }
    features = ["invariants", "checkConstraints"]
    onto = made(lake, features=features, notes={"delta.invariants": text}, properties=properties)
    assert owners.conditions(onto) == {"short": "length(text) < 3", "invariant of id": "id < 9"}


def stage(lake, rows):
    folder = Path(lake.folder(TABLE)) / "_stage"
    folder.mkdir(parents=True)
    pq.write_table(rows, folder / "part-0.parquet")
    return folder


ROWS = pa.table({"id": [1, 2, None], "text": ["a", "long", None], "__extra": [None] * 3})


@pytest.mark.parametrize(
    ("condition", "count", "why"),
    [
        ("length(text) < 3", 2, "unknown is a violation, as Delta has it"),
        ("text is null or length(text) < 3", 1, "one that says so"),
        ("`id` BETWEEN 1 AND 2 OR id IS NULL", 0, "words of SQL"),
        ("text IN ('a', 'long') AND id > 0", 1, "lists"),
    ],
)
def test_staged_rows_that_break_a_condition_are_counted_and_nothing_stays_behind(lake, condition, count, why):
    made(lake)
    folder = stage(lake, ROWS)
    asked = {"rule": condition, "other": "id IS NULL OR id > 0"}
    counts = owners.broken(lake, TABLE, staged(lake, TABLE, "stage"), schema=SCHEMA, asked=asked)
    assert counts == {"rule": count, "other": 0}, why
    assert [path.name for path in folder.iterdir()] == ["part-0.parquet"]


@pytest.mark.parametrize(
    "condition",
    [
        "reflect('java.lang.System', 'exit', '1') IS NULL",
        "EXISTS (SELECT * FROM csv.`/etc/passwd`)",
        "id = 1; DROP TABLE t",
        "absent > 1",
        "",
    ],
)
def test_what_cannot_be_judged_is_refused_by_its_name_and_never_run(lake, condition):
    made(lake)
    folder = stage(lake, ROWS)
    with pytest.raises(StoreError, match="'odd' cannot be judged") as caught:
        owners.broken(lake, TABLE, staged(lake, TABLE, "stage"), schema=SCHEMA, asked={"odd": condition})
    assert condition == "" or condition not in str(caught.value)
    assert [path.name for path in folder.iterdir()] == ["part-0.parquet"]


def test_a_stage_without_files_breaks_nothing(lake):
    made(lake)
    assert owners.broken(lake, TABLE, staged(lake, TABLE, "stage"), schema=SCHEMA, asked={"a": "false"}) == {"a": 0}
