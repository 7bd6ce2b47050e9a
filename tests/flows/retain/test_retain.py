"""What has had its time goes from every table, from files that no version names, and comes back by no file."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.core.run import Run
from strongroom.flows import check, prepare, retain
from strongroom.flows.foundation import derived
from strongroom.flows.foundation.derived import Origin
from strongroom.stores.lake import Lake, commits
from strongroom.stores.table_plan import TablePlan
from support.lakes import install

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/visits/*.json, format: json}]
customProperties: [{property: purposes, value: [care]}]
schema:
  - name: visits
    properties:
      - name: visit
        logicalType: string
        required: true
        customProperties: [{property: protect, value: {method: keep}}, {property: role, value: key}]
      - name: who
        logicalType: string
        required: true
        customProperties: [{property: protect, value: {method: hash, domain: person}}, {property: subject, value: true}]
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
      - name: stars
        logicalType: integer
        logicalTypeOptions: {minimum: 1}
        customProperties: [{property: protect, value: {method: keep}}]
"""
RETENTION = "slaProperties: [{property: retention, element: visits.day, value: 1, unit: y}]\n"
POLICY = """
roles: {engineer: {members: [user:engineer]}}
grants:
  - {role: engineer, actions: [read, write, delete], tables: ["*"]}
"""
HOLD = """
denies:
  - {role: "*", actions: [delete], tables: [training.visits], reason: hold-2026-17}
"""
TODAY = datetime.now(UTC).date()
OLD, YOUNG = TODAY - timedelta(days=800), TODAY - timedelta(days=5)
ROWS = [
    ("v1", "ann", OLD, 5), ("v2", "ann", YOUNG, 4), ("v3", "bob", OLD, 0), ("v4", "bob", YOUNG, 0),
    ("v5", "cy", OLD, 3), ("v6", "cy", None, 3), ("v7", "dee", None, 0), ("v8", "eve", OLD, 4),
]  # fmt: skip


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys)
    for file in (made.root / "contracts").glob("*"):
        file.unlink() if file.is_file() else None
    (made.root / "contracts/visits.yaml").write_text(CONTRACT)
    (made.root / "policy.yaml").write_text(POLICY)
    (made.lake / "raw/visits").mkdir(parents=True)
    lines = [
        json.dumps({"visit": visit, "who": who, "day": day and str(day), "stars": stars})
        for visit, who, day, stars in ROWS
    ]
    (made.lake / "raw/visits/1.json").write_text("\n".join([*lines, '{"torn']) + "\n")
    assert made.run(prepare, "--contract", "visits").code == 0
    return made


def bound(place):
    file = place.root / "contracts/visits.yaml"
    file.write_text(file.read_text() + RETENTION)


def visits(place, table="training.visits"):
    return sorted(row["visit"] for row in place.rows(table))


def make(place, table, columns):
    """A table derived from the training table, as a job publishes one."""
    lake, contract = Lake(str(place.lake)), load_contract(str(place.root / "contracts/visits.yaml"))
    source = lake.open("training.visits")
    rows = lake.read("training.visits").select(columns)
    origin = Origin(contract, {"training.visits": source.version()}, "care", {}, tag=derived.tag_of(source))
    run_ = Run("m-1", "vectorize", "user:engineer", "care", datetime.now(UTC))
    said = origin.properties(table.partition(".")[0], run_id=run_.id, schema=rows.schema)
    schema = pa.schema([field.with_nullable(True) for field in rows.schema])
    lake.ensure(table, TablePlan(schema, properties=said))
    commits.append(lake, table, rows.cast(schema))


def stored(place, table):
    """Days in every Parquet file of a table's folder, whether a version names it or not."""
    files = (place.lake / table.replace(".", "/")).rglob("*.parquet")
    return {day for file in files for day in pq.read_table(file, partitioning=None).column("day").to_pylist()}


def test_what_is_too_old_is_gone_everywhere(place):
    make(place, "curated.visits", ["visit", "day", "_subject"])
    make(place, "features.visits", ["visit", "_subject"])
    bound(place)
    before = {table: place.delta(table).version() for table in ("training.visits", "curated.visits")}
    rehearsal = place.run(retain, "--dry-run")
    assert rehearsal.code == 0, rehearsal.err
    assert before == {table: place.delta(table).version() for table in before}
    done = place.run(retain, "run", "--run-id", "r-1")
    assert done.code == 0, done.err
    (told,) = done.line["answer"]["data_sets"]
    rows = {each["table"]: each["rows"] for each in told["tables"]}
    assert rows == {"training.visits": 3, "curated.visits": 3, "features.visits": 3, "quarantine.visits": 1}
    (expected,) = rehearsal.line["answer"]["data_sets"]
    assert {each["table"]: each["rows"] for each in expected["tables"]} == rows
    assert visits(place) == visits(place, "curated.visits") == visits(place, "features.visits") == ["v2", "v6"]
    assert len(place.rows("quarantine.visits")) == 3
    for table in ("training.visits", "curated.visits"):
        assert stored(place, table) == {YOUNG, None}
    again = place.run(retain, "run")
    assert again.code == 0
    assert {each["rows"] for each in again.line["answer"]["data_sets"][0]["tables"]} == {0}
    settings = (
        "--set",
        "prepare.contract=visits",
        "--set",
        "vectorize.contract=visits",
        "--set",
        "curate.contract=visits",
    )
    noted = place.run(check, "--lake", *settings)
    assert (noted.code, noted.line["answer"]["notes"]) == (0, [])
    noted_rows = {
        event.table: event.facts["rows"] for event in place.audit() if event.run == "r-1" and "before" in event.facts
    }
    assert noted_rows == rows


def test_it_comes_back_by_no_file(place):
    bound(place)
    assert place.run(retain, "run").code == 0
    done = place.run(prepare, "--contract", "visits")
    assert done.code == 0, done.err
    assert done.line["answer"]["left_out"] == {"retention": 4}
    assert visits(place) == ["v2", "v6"]


def test_files_of_older_versions_go_only_if_they_hold_some(place):
    bound(place)
    assert place.run(prepare, "--contract", "visits").code == 0  # the version of before lies beside, with old rows
    assert OLD in stored(place, "training.visits")
    assert place.run(retain, "run").code == 0
    assert stored(place, "training.visits") == {YOUNG, None}
    assert place.run(prepare, "--contract", "visits").code == 0
    files = len([*(place.lake / "training/visits").rglob("*.parquet")])
    assert place.run(retain, "run").code == 0
    assert len([*(place.lake / "training/visits").rglob("*.parquet")]) == files == 2


def test_a_legal_hold_stops_it_by_name(place):
    bound(place)
    (place.root / "policy.yaml").write_text(POLICY + HOLD)
    done = place.run(retain, "run")
    assert done.code == 0, done.err
    (told,) = done.line["answer"]["data_sets"]
    assert [each["table"] for each in told["held"]] == ["training.visits"]
    assert "hold-2026-17" in told["held"][0]["why"]
    assert [each["table"] for each in told["tables"]] == ["quarantine.visits"]
    assert "v1" in visits(place)
    assert place.run(prepare, "--contract", "visits").code == 0
    assert "v1" in visits(place)


def test_what_cannot_be_told_is_not_called_done(place):
    make(place, "revealed.visits", ["who"])
    bound(place)
    done = place.run(retain, "run")
    assert (done.code, "[retention.unreached]" in done.err or "retention.unreached" in str(done.line)) == (7, True)
    assert visits(place) == ["v2", "v6"]


def test_it_says_what_is_missing(place):
    assert place.run(retain).code == 2
    assert place.run(retain, "run", "--contract", "visits").code == 3
    assert place.run(retain, "run", "--contract", "vsiits").code == 2
    assert place.run(retain, "run").code == 0
    bound(place)
    (place.root / "policy.yaml").write_text(POLICY.replace(", delete", ""))
    assert place.run(retain, "run").code == 5
    assert "v1" in visits(place)


def test_what_people_have_put_right_goes_with_their_last_row(place):
    make(place, "corrections.visits", ["visit", "_subject"])
    bound(place)
    done = place.run(retain, "run")
    assert done.code == 0, done.err
    assert visits(place, "corrections.visits") == ["v1", "v2", "v5", "v6"]


def test_what_older_versions_hold_as_it_came_is_told(place):
    assert place.run(prepare, "--contract", "visits").code == 0
    file = place.root / "contracts/visits.yaml"
    file.write_text(file.read_text().rpartition("{method: keep}")[0] + "{method: hash}}]\n")
    done = place.run(prepare, "--contract", "visits")
    assert done.code == 0, done.err
    assert [line for line in done.err.splitlines() if "still hold stars" in line]
    again = place.run(prepare, "--contract", "visits")
    assert "still hold" not in again.err
