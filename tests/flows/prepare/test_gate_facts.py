"""What only the lake can tell the gate, measured on real runs: the age of the newest value, and what a query says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from flows.cross_row.test_marks import KEEP, contract, put, run
from strongroom.flows import prepare, quarantine
from support.lakes import install

OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
HIDDEN = "{method: generalise, date: year}"
DATE = "logicalTypeOptions: {format: 'dd.MM.yyyy', maximum: '31.12.2030'}"
AWARE = "logicalTypeOptions: {maximum: '2030-12-31T00:00:00Z'}"


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path, capsys)


@pytest.fixture(params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def asked(request, tmp_path, capsys):
    """Where queries are asked: DuckDB answers them without Spark, and Spark's own SQL with it."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    return install(tmp_path, capsys, engine=request.param)


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


def test_a_query_sees_the_new_rows_under_the_name_that_stands_in_braces(asked):
    rule = "quality: [{type: sql, id: sum, query: 'SELECT sum(${column}) FROM {object}', mustBe: 3}]"
    contract(asked, "visits", ("n", "integer", KEEP, rule))
    put(asked, "visits", "a", {"n": 1}, {"n": 2}, {"n": "x"})
    assert measured(run(asked, "visits", *OPEN_GATE), "sum")[0] == 3


def test_in_append_mode_a_query_sees_what_the_table_has_too(asked):
    rule = "quality: [{type: sql, id: sum, query: 'SELECT sum(n) FROM {table}', mustBeLessThan: 9}]"
    contract(asked, "visits", ("n", "integer", KEEP, rule))
    put(asked, "visits", "a", {"n": 1})
    run(asked, "visits")
    put(asked, "visits", "b", {"n": 5})
    assert measured(run(asked, "visits", "--set", "prepare.mode=append"), "sum")[0] == 6
    put(asked, "visits", "c", {"n": 3})
    closed = asked.run(prepare, "--contract", "visits", "--set", "prepare.mode=append")
    assert (closed.code, measured(closed, "sum")[0]) == (6, 9)


def test_a_query_asks_the_tables_that_relationships_name_and_the_policy_gives(asked):
    who = "{method: hash, domain: person}"
    rule = """quality: [{type: sql, id: dangling, mustBe: 1, query: '
        WITH known AS (SELECT who, count(*) AS times FROM people GROUP BY who)
        SELECT count_if(k.times IS NULL) FROM {table} AS o LEFT JOIN known AS k ON o.who = k.who'}]"""
    refers = "relationships: [{to: people.who, customProperties: [{property: severity, value: info}]}]"
    contract(asked, "people", ("who", "integer", who), ("n", "integer", KEEP))
    contract(asked, "orders", ("who", "integer", who, refers, " ".join(rule.split())), ("n", "integer", KEEP))
    put(asked, "people", "a", {"who": 1, "n": 1}, {"who": 2, "n": 2}, {"who": 2, "n": 3})
    put(asked, "orders", "a", *({"who": who, "n": n} for n, who in enumerate((1, 2, 3))))
    run(asked, "people")
    done = run(asked, "orders")
    assert measured(done, "dangling")[0] == 1
    assert "dangling: asks training.people, version 1" in done.err
    mine = [event for event in asked.audit() if event.run == done.line["run_id"]]
    assert [event.table for event in mine if event.action == "read"].count("training.people") == 1
    asked.edit("contracts/people.yaml", "name: n, logicalType: integer", "name: n, logicalType: string")
    asked.edit("contracts/orders.yaml", "SELECT who, count(*)", "SELECT who, count(n)")
    changed = asked.run(prepare, "--contract", "orders")
    assert (changed.code, "not what its contract says" in changed.err) == (3, True), changed.err


def test_a_query_that_takes_too_long_ends_the_run_with_its_line(asked):
    query = "SELECT count_if(a.n > b.n) FROM visits a JOIN visits b ON a.k = b.k"
    rule = f"quality: [{{type: sql, id: all, mustBe: 0, query: '{query}'}}]"
    contract(asked, "visits", ("n", "integer", KEEP, rule), ("k", "integer", KEEP))
    put(asked, "visits", "a", *({"n": n, "k": 1} for n in range(60_000)))
    done = asked.run(prepare, "--contract", "visits", "--set", "prepare.sql_seconds=1")
    assert done.code == 3, done.err
    assert "The query took longer than 1 seconds" in done.err
    assert "visits.yaml:" in done.err


@pytest.mark.spark
def test_somebodys_view_of_that_name_is_neither_asked_nor_dropped(tmp_path, capsys, spark):
    place = install(tmp_path, capsys, engine="spark")
    rule = "quality: [{type: sql, id: rows, query: 'SELECT count(*) FROM visits', mustBe: 2}]"
    contract(place, "visits", ("n", "integer", KEEP, rule))
    put(place, "visits", "a", {"n": 1}, {"n": 2})
    spark.range(7).createOrReplaceTempView("visits")
    try:
        assert measured(run(place, "visits"), "rows")[0] == 2
        assert [spark.table("visits").count(), len(spark.catalog.listTables())] == [7, 1]
    finally:
        spark.catalog.dropTempView("visits")


def test_a_query_that_gives_nothing_has_not_passed(asked):
    rule = "quality: [{type: sql, id: sum, query: 'SELECT sum(n) FROM visits WHERE n > 9', mustBeLessThan: 9}]"
    contract(asked, "visits", ("n", "integer", KEEP, rule))
    put(asked, "visits", "a", {"n": 1})
    closed = asked.run(prepare, "--contract", "visits")
    assert (closed.code, "was not measured" in closed.err) == (6, True), closed.err


@pytest.mark.parametrize("job", [prepare, quarantine])
def test_a_shell_command_is_refused_before_anything_is_read(place, job):
    contract(place, "visits", ("n", "integer", KEEP))
    put(place, "visits", "a", {"n": 1})
    run(place, "visits")
    script = place.root / "x.sh"
    script.write_text(f"#!/bin/sh\ntouch '{place.root}/ran'\necho 1\n")
    script.chmod(0o755)
    query = f"SELECT TRANSFORM(n) USING '{script}' AS (x INT) FROM visits"
    rule = f'quality: [{{type: sql, id: a, query: "{query}", mustBeGreaterThan: 0}}]'
    contract(place, "visits", ("n", "integer", KEEP, rule))
    done = place.run(job, *(["retry"] if job is quarantine else []), "--contract", "visits")
    assert done.code == 3, done.err
    assert "visits.yaml:" in done.err
    assert not (place.root / "ran").exists()


def test_a_retry_asks_it_of_the_version_that_readers_would_get(asked):
    rule = "quality: [{{type: sql, id: sum, query: 'SELECT sum(n) FROM {{table}}', mustBeLessThan: {}}}]"
    contract(asked, "visits", ("n", "integer", KEEP, "logicalTypeOptions: {maximum: 3}", rule.format(9)))
    put(asked, "visits", "a", {"n": 1}, {"n": 2}, {"n": 4}, {"n": 5})
    run(asked, "visits", *OPEN_GATE)

    def numbers():
        return [sorted(row["n"] for row in asked.rows("training.visits")), len(asked.rows("quarantine.visits"))]

    asked.edit("contracts/visits.yaml", "maximum: 3", "maximum: 4")
    asked.edit("contracts/visits.yaml", "mustBeLessThan: 9", "mustBeLessThan: 7")
    closed = asked.run(quarantine, "retry", "--contract", "visits")
    assert closed.code == 6, closed.err
    assert "sql of n is 7; it must be less than 7" in closed.err
    assert "Nothing was moved" in closed.err
    assert numbers() == [[1, 2], 2]
    table = asked.lake / "training/visits"
    left = {str(file) for file in table.rglob("*.parquet") if "_delta_log" not in file.parts}
    assert left == set(DeltaTable(str(table)).file_uris()), "the stage is gone"
    asked.edit("contracts/visits.yaml", "mustBeLessThan: 7", "mustBeLessThan: 8")
    done = asked.run(quarantine, "retry", "--contract", "visits")
    assert (done.code, done.line["rows"]) == (0, {"read": 2, "written": 1, "quarantined": 1})
    assert numbers() == [[1, 2, 4], 1]
    asked.edit("contracts/visits.yaml", "maximum: 4", "maximum: 5")
    asked.edit("contracts/visits.yaml", "mustBeLessThan: 8", "mustBeLessThan: 8, severity: warning")
    warned = asked.run(quarantine, "retry", "--contract", "visits")
    assert (warned.code, numbers()) == (0, [[1, 2, 4, 5], 0])
    assert "warning: sql of n is 12" in warned.out + warned.err
