"""Rows are left out for whose they are before anything judges them; a Python set of tags is the oracle."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.contract import Retention
from strongroom.core.contract.file import parse_contract
from strongroom.flows.row_pass import process
from strongroom.flows.row_pass.person_gates import Gates, Leave, shipped, too_old
from strongroom.protect import subject_tags
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Block
from strongroom.stores.keys import keyring_of, open_keyring, with_subjects

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/visits, format: json}]
schema:
  - name: visits
    properties:
      - name: who
        logicalType: string
        required: true
        customProperties:
          - {property: protect, value: {method: hash, domain: person}}
          - {property: subject, value: true}
      - name: stars
        logicalType: integer
        logicalTypeOptions: {minimum: 1}
        customProperties: [{property: protect, value: {method: keep}}]
"""


TIME = """      - name: day
        logicalType: date
        customProperties: [{property: protect, value: {method: keep}}]
      - name: stars
"""


@pytest.fixture
def plan(tmp_path):
    ring = with_subjects(open_keyring(f"file:{tmp_path}/kek", f"{tmp_path}/keyring.json", create=True))
    return process.PassPlan(parse_contract(CONTRACT, "visits.yaml"), "training.visits", ring.handle)


def tags_of(plan, *people):
    subject = plan.contract.columns[0]
    return subject_tags.tagger(subject, table=plan.table, keyring=keyring_of(plan.keys))(pa.array(people, pa.string()))


def placed(*rows, first=1):
    columns = [pa.array([row[at] for row in rows], pa.string()) for at in (0, 1)]
    numbers = np.arange(first, first + len(rows))
    raw = pa.array([repr(row).encode() for row in rows], pa.binary())
    return process.Placed(Block(pa.RecordBatch.from_arrays(columns, ["who", "stars"]), numbers, raw), "f")


ROWS = [("ann", "5"), ("bob", "0"), ("cy", "3"), ("ann", "0"), (None, "4"), ("cy", "x"), ("dee", "1")]


@pytest.mark.parametrize("reached", [True, False])
@pytest.mark.parametrize(
    ("leaves", "good", "bad", "left"),
    [
        ([("out", ["ann"], False)], [3, 1], ["2", "5", "6"], {"out": 2}),
        ([("out", [], False)], [5, 3, 1], ["2", "4", "5", "6"], {}),
        ([("in", ["ann", "bob"], True)], [5], ["2", "4", "5"], {"in": 3}),
        ([("out", ["ann"], False), ("in", ["bob", "ann"], True)], [], ["2", "5"], {"out": 2, "in": 3}),
    ],
)
@pytest.mark.parametrize("cut", [7, 3, 1])
def test_who_does_not_pass_is_neither_kept_nor_set_aside(tmp_path, plan, leaves, good, bad, left, cut, reached):
    given = [Leave(reason, [tags_of(plan, *people)], keeps) for reason, people, keeps in leaves]
    worker = process.Worker(replace(plan, people=shipped(given, folder=str(tmp_path), reached=reached)))
    blocks = [placed(*ROWS[at : at + cut], first=at + 1) for at in range(0, len(ROWS), cut)]
    leaving = list(worker.process(*blocks))
    kept = [rows for rows in leaving if not isinstance(rows, process.Aside)]
    aside = [rows for rows in leaving if isinstance(rows, process.Aside)]
    assert [star for rows in kept for star in rows.column("stars").to_pylist()] == good
    assert [place.partition(" ")[2] or place for rows in aside for place in rows.position.to_pylist()] == bad
    tally = Tally.from_json(worker.tally.to_json())
    assert (dict(tally.left_out), tally.kept, tally.bad) == (left, len(good), len(bad))
    assert tally.rows + sum(left.values()) == len(ROWS)
    assert tally.merge(tally).left_out == {reason: 2 * count for reason, count in left.items()}


def test_all_of_a_block_may_be_left_out(tmp_path, plan):
    given = [Leave("in", [], keeps=True)]
    worker = process.Worker(replace(plan, people=shipped(given, folder=str(tmp_path), reached=True)))
    assert list(worker.process(placed(*ROWS[:4]))) == []
    assert replace(worker.tally, sketches={}) == Tally(left_out={"in": 4})


def test_rows_of_a_quarantine_stay_there(tmp_path, plan):
    names = ["reasons", "source_file", "source_position", "row", "batch"]
    lying = [[["stars.minimum"]] * 3, ["f"] * 3, ["1", "2", "3"], [b"a", b"b", b"c"], [1, 1, 2]]
    aside = pa.RecordBatch.from_arrays([pa.array(each) for each in lying], names)
    rows = pa.RecordBatch.from_arrays([pa.array(["ann", "bob", "cy"]), pa.array(["5", "5", "x"])], ["who", "stars"])
    given = [Leave("out", [tags_of(plan, "ann")])]
    worker = process.Worker(replace(plan, people=shipped(given, folder=str(tmp_path), reached=True)))
    leaving = list(worker.again(rows, aside, {}, unreadable={}))
    bad = [each for each in leaving if isinstance(each, process.Aside)]
    assert [(each.sealed.to_pylist(), each.reasons.to_pylist()) for each in bad] == [
        ([b"a"], [["out"]]),
        ([b"c"], [["stars.type"]]),
    ]
    assert [each.num_rows for each in leaving if not isinstance(each, process.Aside)] == [1]


@pytest.mark.parametrize(
    ("type_", "times", "since", "old"),
    [
        (pa.date32(), [date(2024, 1, 30), date(2024, 1, 31), None], datetime(2024, 1, 31, 23, 59, tzinfo=UTC), [0]),
        (
            pa.timestamp("us", "UTC"),
            [datetime(2024, 1, 31, 12, tzinfo=UTC), datetime(2024, 1, 31, 11, 59, 59, 999_999, tzinfo=UTC), None],
            datetime(2024, 1, 31, 14, tzinfo=timezone(timedelta(hours=2))),
            [1],
        ),
        (
            pa.timestamp("us"),
            [datetime(2024, 1, 31, 12), datetime(2024, 1, 31, 11)],
            datetime(2024, 1, 31, 12, tzinfo=UTC),
            [1],
        ),
    ],
)
def test_what_lies_before_an_instant_is_too_old(type_, times, since, old):
    assert np.flatnonzero(too_old(pa.array(times, type_), since)).tolist() == old


def test_rows_that_have_had_their_time_are_left_out(tmp_path, plan):
    text = (
        CONTRACT.replace("      - name: stars\n", TIME)
        + "slaProperties: [{property: retention, element: visits.day, value: 1, unit: y}]\n"
    )
    contract = parse_contract(text, "visits.yaml")
    assert contract.retention == Retention("day", 1, "y", contract.retention.line)
    given = [Leave("out", [tags_of(plan, "ann")])]
    people = shipped(given, folder=str(tmp_path), reached=True)
    worker = process.Worker(
        replace(plan, contract=contract, people=people, kept_since=datetime(2024, 2, 29, tzinfo=UTC))
    )
    days = ["2024-02-28", "2024-02-28", "2024-02-29", "2024-02-30", None]
    columns = [pa.array(each, pa.string()) for each in (["ann", "bob", "cy", "dee", "eve"], days, ["1"] * 5)]
    block = Block(pa.RecordBatch.from_arrays(columns, ["who", "day", "stars"]), np.arange(1, 6))
    good, bad = [], []
    for leaving in worker.process(process.Placed(block, "f")):
        (bad if isinstance(leaving, process.Aside) else good).append(leaving)
    assert [rows.column("day").to_pylist() for rows in good] == [[date(2024, 2, 29), None]]
    assert [rows.position.to_pylist() for rows in bad] == [["row 4"]]
    assert dict(worker.tally.left_out) == {"out": 1, "retention": 1}


def test_sets_are_fetched_from_a_store(tmp_path, plan):
    given = [Leave("out", [tags_of(plan, "ann")])]
    (gate,) = shipped(given, folder=f"file://{tmp_path}", reached=True)
    assert gate.tags == f"file://{tmp_path}/people-0.tags"
    assert Gates([gate]).left_out(tags_of(plan, "bob", "ann", None))["out"].tolist() == [False, True, False]
