"""A Delta table as a source of increments: what its versions have added, each row once."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from strongroom.flows import prepare
from support.lakes import install

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/people, format: delta}]
schema:
  - name: people
    properties:
      - {name: id, physicalName: Nr, logicalType: integer,
         customProperties: [{property: protect, value: {method: keep}}]}
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: dya, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
customProperties: [{property: purposes, value: [model_training]}]
"""
APPEND = ("--contract", "people", "--set", "prepare.mode=append")


def test_an_increment_of_a_delta_table_reads_what_versions_have_added(tmp_path, capsys):
    place = install(tmp_path, capsys, sample=100)
    (place.root / "contracts/people.yaml").write_text(CONTRACT)
    raw = str(place.lake / "raw/people")

    def add(*numbers, day="2026-01-01"):
        days = pa.array([day] * len(numbers)).cast(pa.date32())
        write_deltalake(raw, pa.table({"Nr": list(numbers), "day": days}), mode="append", partition_by=["day"])

    def rows():
        return [(row["id"], str(row["day"])) for row in place.rows("training.people", "id")]

    add(1, 2)
    first = place.run(prepare, *APPEND)
    assert (first.code, rows()) == (0, [(1, "2026-01-01"), (2, "2026-01-01")]), first.err
    assert "in no file" in first.out + first.err
    report = json.loads(Path(first.line["report"]).with_suffix(".json").read_text())
    assert report["absent"] == [{"column": "dya", "source": "dya", "near": "day", "lost": False}]
    add(3)
    add(4, day="2026-02-02")
    DeltaTable(raw).optimize.compact()
    told = place.run(prepare, *APPEND, "--dry-run")
    assert "in no file, so null in every row; the nearest name there is 'day'" in told.err + told.out
    assert "versions 1 to 3: 2 files, 1 version without a change of data" in told.err + told.out
    second = place.run(prepare, *APPEND)
    assert second.line["rows"] == {"read": 2, "written": 2, "quarantined": 0}, second.err
    assert rows()[2:] == [(3, "2026-01-01"), (4, "2026-02-02")]
    assert place.run(prepare, *APPEND).line["rows"]["read"] == 0, "nothing is new"
    again = place.run(prepare, "--contract", "people", "--reread", "raw/people")
    assert again.code == 2, "what one of two batches read cannot be read anew by itself"

    DeltaTable(raw).delete("Nr = 1")  # version 4
    add(5)
    stopped = place.run(prepare, *APPEND)
    assert stopped.code == 7
    assert "version 4 took out or changed rows; read were versions up to 3, asked for up to 5" in stopped.err
    assert place.run(prepare, *APPEND, "--from-version", "2").code == 2, "what was read is not read again"
    assert place.run(prepare, "--contract", "people", "--from-version", "4").code == 2, "of increments only"
    on = place.run(prepare, *APPEND, "--from-version", "4")
    assert on.line["rows"]["read"] == 1, on.err
    assert [number for number, _ in rows()] == [1, 2, 3, 4, 5]
    (event,) = [event for event in place.audit() if event.action == "from-version"]
    assert (event.run, event.table, dict(event.facts)) == (
        on.line["run_id"], "raw.people", {"read": 3, "after": 4, "version": 5}
    )  # fmt: skip
    DeltaTable(raw).delete("Nr = 2")  # version 6
    assert place.run(prepare, *APPEND).code == 7
    assert place.run(prepare, *APPEND, "--from-version", "6").line["rows"]["read"] == 0, "nothing is new"
    assert place.run(prepare, *APPEND).code == 0, "and what was left alone stays so"
    assert [number for number, _ in rows()] == [1, 2, 3, 4, 5]
    whole = place.run(prepare, "--contract", "people", "--set", "prepare.mode=overwrite")
    assert whole.code == 0, whole.err
    assert [number for number, _ in rows()] == [3, 4, 5]
    add(6)
    assert place.run(prepare, *APPEND).line["rows"]["read"] == 1, "an increment goes on from a whole reading"
