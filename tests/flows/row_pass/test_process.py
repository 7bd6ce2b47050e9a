"""The one pass without Spark: what goes in as a raw row comes out good, bad or counted, and nothing else."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import StrongroomError
from strongroom.core.no_values import no_values
from strongroom.flows.row_pass import process
from strongroom.flows.row_pass.row_json import as_json, from_json
from strongroom.protect import unseal
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Block, Torn
from strongroom.stores.keys import keyring_of, open_keyring
from strongroom.stores.sources import CORRUPT

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/people, format: json}]
schema:
  - name: people
    properties:
      - name: id
        logicalType: integer
        required: true
        unique: true
        customProperties: [{property: protect, value: {method: keep}}]
      - name: email
        logicalType: string
        classification: personal
        logicalTypeOptions: {pattern: '@'}
        customProperties: [{property: protect, value: {method: encrypt}}]
      - {name: secret, logicalType: string, customProperties: [{property: protect, value: {method: drop}}]}
      - name: born
        logicalType: date
        customProperties: [{property: protect, value: {method: generalise, date: year}}]
"""


@pytest.fixture
def plan(tmp_path):
    ring = open_keyring(f"file:{tmp_path}/kek", f"{tmp_path}/keyring.json", create=True)
    return process.PassPlan(parse_contract(CONTRACT, "people.yaml"), "training.people", ring.handle)


NAMES = ("id", "email", "secret", "born")
GOOD = {"id": "1", "email": "a@example.com", "secret": "s", "born": "1980-05-06"}


def block(*rows, raw=False, torn=()):
    columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in NAMES]
    lines = pa.array([json.dumps(row).encode() for row in rows], pa.binary()) if raw else None
    others = Torn(np.arange(len(rows) + 1, len(rows) + 1 + len(torn)), pa.array(torn, pa.binary())) if torn else None
    return Block(pa.RecordBatch.from_arrays(columns, NAMES), np.arange(1, len(rows) + 1), lines, others)


@dataclass
class Left:
    good: list
    bad: list
    tally: Tally


def run(plan, *blocks, broken=None, start=0, encoding="UTF-8"):
    worker, good, bad = process.Worker(plan), [], []
    for each in blocks:
        for leaving in worker.process(process.Placed(each, "f", start, broken, encoding)):
            if isinstance(leaving, process.Aside):
                told = zip(leaving.reasons, leaving.file, leaving.position, leaving.sealed, strict=True)
                bad += [tuple(value.as_py() for value in row) for row in told]
            else:
                good += leaving.to_pylist()
    return Left(good, bad, worker.tally)


def opened(plan, sealed):
    clear, valid = unseal(pa.array([sealed]), table="training.people", keyring=keyring_of(plan.keys))
    assert valid.to_pylist() == [True]
    return clear[0].as_py()


@pytest.mark.parametrize(
    ("change", "reasons", "why"),
    [
        ({}, None, "a good row"),
        ({"id": None}, ["id.required"], "a required value is missing"),
        ({"id": "x"}, ["id.type"], "no number"),
        ({"id": "1.0"}, ["id.type"], "no whole number as JSON writes one"),
        ({"email": "nobody"}, ["email.pattern"], "a broken pattern"),
        ({"email": None}, None, "an optional value may be missing"),
        ({"born": "2025-02-30"}, ["born.type"], "a day that is none"),
        ({"email": "nobody", "born": "0000-01-01"}, ["born.type", "email.pattern"], "every reason, not the first only"),
    ],
)
def test_a_row_leaves_once_with_every_reason(plan, change, reasons, why):
    left = run(plan, block({**GOOD, **change}))
    assert [sorted(row[0]) for row in left.bad] == ([] if reasons is None else [sorted(reasons)]), why
    assert len(left.good) == (reasons is None)
    assert (left.tally.rows, left.tally.bad) == (1, int(reasons is not None))


def test_a_line_that_is_no_row_is_set_aside_with_its_bytes(plan):
    left = run(plan, block(GOOD, torn=[b"{torn \xff"]), start=100)
    assert [(row[0], row[2]) for row in left.bad] == [(["row.parse"], "row 2 after byte 100")]
    assert opened(plan, left.bad[0][3]) == b"\x01{torn \xff"
    assert (left.tally.rows, left.tally.bad, left.tally.failed["row.parse"]) == (2, 1, 1)


def test_what_other_rows_say_of_a_row_is_known_by_its_number(plan):
    left = run(plan, block(GOOD, {**GOOD, "id": "2"}, GOOD), broken={0: np.array([1, 3])})
    assert [(row[0], row[2]) for row in left.bad] == [(["id.unique"], "row 1"), (["id.unique"], "row 3")]
    assert [row["id"] for row in left.good] == [2]


def test_columns_are_the_contracts_in_order_and_dropped_ones_are_gone(plan):
    assert process.output_schema(plan.contract).names == ["id", "email", "born"]
    row = run(plan, block(GOOD)).good[0]
    assert (row["id"], row["born"]) == (1, "1980") or str(row["born"]).startswith("1980")
    assert b"example" not in row["email"]


def test_what_is_sealed_of_a_typed_source_is_the_row_as_it_was_read(plan):
    row = run(plan, block({**GOOD, "id": "x"})).bad[0]
    assert json.loads(opened(plan, row[3])) == {
        "id": "x",
        "email": "a@example.com",
        "secret": "s",
        "born": "1980-05-06",
    }
    assert row[1] == "f"


def test_what_is_sealed_of_a_text_is_the_record_as_it_stood_in_the_file(plan):
    wrong = {**GOOD, "id": "x", "email": "Ren\u00e9@example.com"}
    lines = pa.array([json.dumps(wrong, ensure_ascii=False).encode()], pa.binary())
    in_latin = replace(block(wrong), raw=lines)
    row = run(plan, in_latin, encoding="ISO-8859-1").bad[0]
    assert opened(plan, row[3]) == b"\x01" + json.dumps(wrong, ensure_ascii=False).encode("latin-1")


KINDS = [
    # values, Arrow type, as JSON, why
    (['x\u20ac"\\', None, ""], pa.string(), ['"x\\u20ac\\"\\\\"', "null", '""'], "texts, escaped"),
    ([2**64 - 1, 0], pa.uint64(), ["18446744073709551615", "0"], "numbers beyond 63 bits"),
    ([-1, None], pa.int8(), ["-1", "null"], "whole numbers with a gap"),
    ([1.5, float("nan"), float("-inf"), -0.0], pa.float64(), ["1.5", "NaN", "-Infinity", "-0.0"], "fractions"),
    ([True, None], pa.bool_(), ["true", "null"], "booleans"),
    ([Decimal("1.20")], pa.decimal128(5, 2), ['"1.20"'], "decimals keep their zeros"),
    ([date(1, 1, 1), None], pa.date32(), ['"0001-01-01"', "null"], "dates"),
    ([datetime(2020, 1, 1, 0, 0, 0, 7)], pa.timestamp("us"), ['"2020-01-01T00:00:00.000007"'], "instants"),
    ([b"\xff"], pa.binary(), ['"/w=="'], "bytes"),
    ([{"x": [1, None]}, None], pa.struct([("x", pa.list_(pa.int64()))]), ['{"x": [1, null]}', "null"], "nested"),
]


@pytest.mark.parametrize(("values", "kind", "told", "why"), KINDS, ids=[row[-1] for row in KINDS])
def test_a_row_is_sealed_as_json_of_its_values(values, kind, told, why):
    batch = pa.RecordBatch.from_pydict({'a "%s"': pa.array(values, kind), CORRUPT: pa.nulls(len(values), pa.string())})
    assert [line.decode() for line in as_json(batch).to_pylist()] == [f'{{"a \\"%s\\"": {value}}}' for value in told], (
        why
    )


def test_bytes_that_are_no_text_are_kept_and_never_come_back_as_text(plan):
    broken = pa.array([b"a\xff"], pa.binary()).view(pa.string())
    batch = pa.RecordBatch.from_arrays([broken, pa.nulls(1, pa.string())], ["email", CORRUPT])
    line = as_json(batch)[0].as_py()
    assert json.loads(line)["email"] == "a\udcff"
    again = from_json(pa.array([line]), plan.contract.columns)
    assert again["email"].to_pylist() == [None]
    assert again[CORRUPT].to_pylist() != [None]


def test_a_foreign_error_leaves_its_message_behind(plan, monkeypatch):
    def fail(*_, **__):
        raise ValueError("ada@example.com")

    monkeypatch.setattr(process, "read_batch", fail)
    with pytest.raises(StrongroomError) as caught, no_values("the pass"):
        run(plan, block(GOOD))
    assert "ada@example.com" not in str(caught.value)
    assert "ValueError in the pass" in str(caught.value)
    assert Path(caught.value.where.split(":")[0]).name == "process.py"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_small_blocks_of_several_files_pass_together_and_keep_their_places(plan):
    worker = process.Worker(plan)
    blocks = [
        process.Placed(block(GOOD, {**GOOD, "id": "x"}, torn=[b"torn"]), "a", 0),
        process.Placed(block({**GOOD, "email": "nobody"}, GOOD, raw=True), "b", 50, {0: np.array([2])}),
        process.Placed(block(GOOD), "c"),
    ]
    found = list(worker.process(*blocks))
    aside = [
        (row_file, row_reasons, place)
        for each in found
        if isinstance(each, process.Aside)
        for row_file, row_reasons, place in zip(
            each.file.to_pylist(), each.reasons.to_pylist(), each.position.to_pylist(), strict=True
        )
    ]
    assert aside == [
        ("a", ["row.parse"], "row 3"),
        ("a", ["id.type"], "row 2"),
        ("b", ["email.pattern"], "row 1 after byte 50"),
        ("b", ["id.unique"], "row 2 after byte 50"),
    ]
    assert sum(each.num_rows for each in found if isinstance(each, pa.RecordBatch)) == 2
    assert (worker.tally.rows, worker.tally.bad) == (6, 4)


@pytest.mark.parametrize(
    ("change", "good", "why"),
    [
        ({}, 2, "what is left out may be an object: nothing of it is read"),
        ({"secret, logicalType: string": "secret, required: true, logicalType: string"}, 2, "there is a value"),
        ({"secret, ": "secret, logicalTypeOptions: {minLength: 1}, "}, 1, "a rule asks for the value"),
        ({"method: drop": "method: hash"}, 1, "it leaves"),
        ({"secret, logicalType: string": "secret, logicalType: integer"}, 2, "nor has it any type to keep"),
    ],
)
def test_a_text_that_is_left_out_may_have_any_form(plan, change, good, why):
    text = CONTRACT
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    of_many = replace(plan, contract=parse_contract(text, "people.yaml"))
    rows = block(GOOD | {"secret": "7"}, GOOD | {"id": "2", "secret": None})
    odd = replace(rows, unreadable={"secret": np.array([False, True])})
    assert len(run(of_many, odd).good) == good, why
