"""What only the lake can tell the gate, measured on real runs: the age of the newest value, and what a query says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from flows.test_prepare_marks import KEEP, contract, put, run
from lakes import install
from strongroom.flows import prepare, quarantine

pytestmark = pytest.mark.spark
OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
HIDDEN = "{method: generalise, date: year}"
DATE = "logicalTypeOptions: {format: 'dd.MM.yyyy', maximum: '31.12.2030'}"
AWARE = "logicalTypeOptions: {maximum: '2030-12-31T00:00:00Z'}"


@pytest.fixture
def place(tmp_path, capsys, spark):
    return install(tmp_path, capsys)


def service_level(place, name, **entry):
    file = place.root / "contracts" / f"{name}.yaml"
    file.write_text(file.read_text() + f"slaProperties: [{json.dumps({'property': 'latency', **entry})}]\n")


def measured(done, rule):
    """The number of a set rule, from the report's JSON, and the start of the run."""
    report = json.loads(Path(done.line["report"]).with_suffix(".json").read_text())
    found = next(each for each in report["set_rules"] if each["id"] == rule)
    return found["measured"], datetime.fromisoformat(report["run"]["started"])


FRESH = [
    # type, protect, more, good values, a bad one, the newest good one
    ("date", KEEP, (DATE, "classification: public"), ("01.03.2024", "02.03.2024"), "31.12.9999", datetime(2024, 3, 2)),
    ("date", "{method: keep, why: a test}", (DATE, "classification: personal"), ("01.03.2024", "02.03.2024"),
     "31.12.9999", datetime(2024, 3, 2)),
    ("timestamp", "{method: keep, why: a test}", (AWARE, "classification: personal"),
     ("2024-03-02T10:00:00+02:00", "2024-03-02T07:59:59Z"), "9999-12-31T00:00:00Z", datetime(2024, 3, 2, 8)),
    ("date", HIDDEN, (DATE,), ("01.03.2024", "02.03.2024"), "32.13.2024", datetime(2024, 3, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "protect", "more", "good", "bad", "newest"), FRESH)
def test_freshness_is_the_age_of_the_newest_value_that_was_kept(place, kind, protect, more, good, bad, newest):
    contract(place, "visits", ("day", kind, protect, *more), ("n", "integer", KEEP))
    service_level(place, "visits", value=100, unit="w", element="day")
    put(place, "visits", "a", *({"day": day, "n": n} for n, day in enumerate((*good, bad, None))))
    done = place.run(prepare, "--contract", "visits", *OPEN_GATE)
    age, started = measured(done, "day.freshness")
    assert age == pytest.approx((started - newest.replace(tzinfo=UTC)).total_seconds(), abs=0.001)
    assert done.line["rows"]["quarantined"] == 1
    assert done.code == 6, "older than a hundred weeks"


def test_a_query_sees_the_new_rows_under_the_name_that_stands_in_braces(place):
    rule = "quality: [{type: sql, id: sum, query: 'SELECT sum(${column}) FROM {object}', mustBe: 3}]"
    contract(place, "visits", ("n", "integer", KEEP, rule))
    put(place, "visits", "a", {"n": 1}, {"n": 2}, {"n": "x"})
    assert measured(run(place, "visits", *OPEN_GATE), "sum")[0] == 3


def test_in_append_mode_a_query_sees_what_the_table_has_too(place):
    rule = "quality: [{type: sql, id: sum, query: 'SELECT sum(n) FROM {table}', mustBeLessThan: 9}]"
    contract(place, "visits", ("n", "integer", KEEP, rule))
    put(place, "visits", "a", {"n": 1})
    run(place, "visits")
    put(place, "visits", "b", {"n": 5})
    assert measured(run(place, "visits", "--set", "prepare.mode=append"), "sum")[0] == 6
    put(place, "visits", "c", {"n": 3})
    closed = place.run(prepare, "--contract", "visits", "--set", "prepare.mode=append")
    assert (closed.code, measured(closed, "sum")[0]) == (6, 9)


def test_a_retry_asks_it_of_the_version_that_readers_would_get(place):
    rule = "quality: [{{type: sql, id: sum, query: 'SELECT sum(n) FROM {{table}}', mustBeLessThan: {}}}]"
    contract(place, "visits", ("n", "integer", KEEP, "logicalTypeOptions: {maximum: 3}", rule.format(9)))
    put(place, "visits", "a", {"n": 1}, {"n": 2}, {"n": 4}, {"n": 5})
    run(place, "visits", *OPEN_GATE)

    def numbers():
        return [sorted(row["n"] for row in place.rows("training.visits")), len(place.rows("quarantine.visits"))]

    place.edit("contracts/visits.yaml", "maximum: 3", "maximum: 4")
    place.edit("contracts/visits.yaml", "mustBeLessThan: 9", "mustBeLessThan: 7")
    closed = place.run(quarantine, "retry", "--contract", "visits")
    assert closed.code == 6, closed.err
    assert "sql of n is 7; it must be less than 7" in closed.err
    assert "Nothing was moved" in closed.err
    assert numbers() == [[1, 2], 2]
    table = place.lake / "training/visits"
    left = {str(file) for file in table.rglob("*.parquet") if "_delta_log" not in file.parts}
    assert left == set(DeltaTable(str(table)).file_uris()), "the stage is gone"
    place.edit("contracts/visits.yaml", "mustBeLessThan: 7", "mustBeLessThan: 8")
    done = place.run(quarantine, "retry", "--contract", "visits")
    assert (done.code, done.line["rows"]) == (0, {"read": 2, "written": 1, "quarantined": 1})
    assert numbers() == [[1, 2, 4], 1]
    place.edit("contracts/visits.yaml", "maximum: 4", "maximum: 5")
    place.edit("contracts/visits.yaml", "mustBeLessThan: 8", "mustBeLessThan: 8, severity: warning")
    warned = place.run(quarantine, "retry", "--contract", "visits")
    assert (warned.code, numbers()) == (0, [[1, 2, 4, 5], 0])
    assert "warning: sql of n is 12" in warned.out + warned.err
