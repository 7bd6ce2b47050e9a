"""Where a row that was set aside stands in its file, in whole runs over every format."""

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from flows.cross_row.test_marks import KEEP, contract, run
from strongroom.flows import quarantine
from strongroom.stores.sources import work_items
from support.lakes import install

OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
ROWS, BAD = 3_000, (0, 1, 1_499, 2_999)
VALUES = [-1 if number in BAD else number for number in range(ROWS)]
LEAST = ("logicalTypeOptions: {minimum: 0}", "unique: true")


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path, capsys)


def told(place):
    return sorted(
        (row["source_position"] for row in place.rows("quarantine.visits")), key=lambda text: (len(text), text)
    )


def raw(place, name):
    file = place.lake / "raw/visits" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def as_json(place):
    raw(place, "a.json").write_text("".join(json.dumps({"n": value}) + "\n" for value in VALUES))


def as_csv(place):
    raw(place, "a.csv").write_text("n\n" + "".join(f"{value}\n" for value in VALUES))
    place.edit(
        "contracts/visits.yaml",
        "format: csv",
        "format: csv, customProperties: [{property: options, value: {header: true}}]",
    )


def as_parquet(place):
    pq.write_table(pa.table({"n": VALUES}), raw(place, "a.parquet"), row_group_size=700)


def as_delta(place):
    write_deltalake(str(place.lake / "raw/visits"), pa.table({"n": VALUES}))
    place.edit("contracts/visits.yaml", "raw/visits/*.delta", "raw/visits")


@pytest.mark.parametrize("write", [as_json, as_csv, as_parquet, as_delta])
def test_a_row_set_aside_says_where_it_stood(place, write):
    contract(place, "visits", ("n", "integer", KEEP, *LEAST), form=write.__name__.removeprefix("as_"))
    write(place)
    run(place, "visits", *OPEN_GATE)
    header = " (line {})" if write is as_csv else ""
    assert told(place) == [f"row {number + 1}{header.format(number + 2)}" for number in BAD]
    privacy = ("--set", "principal=user:pia", "--purpose", "data_subject_request", "--contract", "visits")
    shown = [json.loads(line) for line in place.run(quarantine, "show", *privacy).out.splitlines() if "{" in line]
    assert {row["source_position"] for row in shown if "row" in row} == set(told(place))
    before = told(place)
    assert place.run(quarantine, "retry", "--contract", "visits").code == 0
    assert told(place) == before, "what stays keeps its place"


def test_a_large_text_file_is_counted_from_the_start_of_each_part_and_told_by_its_number(place, monkeypatch):
    contract(place, "visits", ("n", "integer", KEEP, *LEAST))
    as_json(place)
    monkeypatch.setattr(work_items, "TARGET", 8192)
    run(place, "visits", *OPEN_GATE)
    data = raw(place, "a.json").read_bytes()
    found = []
    for text in told(place):
        row, byte = (int(number or 0) for number in re.fullmatch(r"row (\d+)(?: after byte (\d+))?", text).groups())
        start = data.index(b"\n", byte - 1) + 1 if byte else 0  # a part begins with the first whole line in it
        found.append(start + sum(len(line) + 1 for line in data[start:].split(b"\n")[: row - 1]))
    assert any("after" in text for text in told(place))
    lines = data.split(b"\n")
    assert sorted(found) == [sum(len(line) + 1 for line in lines[:number]) for number in BAD]
    privacy = ("--set", "principal=user:pia", "--purpose", "data_subject_request", "--contract", "visits")
    shown = [json.loads(line) for line in place.run(quarantine, "show", *privacy).out.splitlines() if "{" in line]
    assert sorted(row["source_position"] for row in shown if "row" in row) == sorted(f"row {n + 1}" for n in BAD)
