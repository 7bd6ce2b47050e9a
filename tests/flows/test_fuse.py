"""The one pass without Spark: what goes in as a raw row comes out good, bad or counted, and nothing else."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from strongroom.core.contract_file import parse_contract
from strongroom.core.errors import StrongroomError
from strongroom.flows import fuse
from strongroom.flows.sealed_rows import as_json, from_json
from strongroom.protect import unseal
from strongroom.quality.tally import Tally
from strongroom.stores.keys import keyring_of, open_keyring
from strongroom.stores.sources import CORRUPT, FILE

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
    return fuse.Pass(parse_contract(CONTRACT, "people.yaml"), "training.people", ring.handle, textual=True)


def raw(*rows):
    names = ("id", "email", "secret", "born", CORRUPT, FILE, f"{fuse.MARK}0")
    kinds = [pa.string()] * 6 + [pa.bool_()]
    columns = [pa.array([row.get(name) for row in rows], kind) for name, kind in zip(names, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names)


GOOD = {"id": "1", "email": "a@example.com", "secret": "s", "born": "1980-05-06", FILE: "f"}


def run(plan, *batches):
    found = pa.Table.from_batches(list(fuse.refine(plan, batches)), fuse.stage_schema(plan.contract)).to_pylist()
    kinds = {"good": [], "bad": [], "tally": []}
    for row in found:
        kinds[(row[fuse.EXTRA] or {"verdict": "good"})["verdict"]].append(row)
    return kinds


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
        ({CORRUPT: "{torn"}, ["row.parse"], "a line that is no row"),
        ({f"{fuse.MARK}0": True}, ["id.unique"], "a key that stands twice"),
    ],
)
def test_a_row_leaves_once_with_every_reason(plan, change, reasons, why):
    kinds = run(plan, raw({**GOOD, **change}))
    bad = [sorted(row[fuse.EXTRA]["reasons"]) for row in kinds["bad"]]
    assert bad == ([] if reasons is None else [sorted(reasons)]), why
    assert len(kinds["good"]) == (reasons is None)
    tally = Tally.from_json(kinds["tally"][0][fuse.EXTRA]["tally"])
    assert (tally.rows, tally.bad) == (1, int(reasons is not None))


def test_columns_are_the_contracts_in_order_and_dropped_ones_are_gone(plan):
    assert fuse.output_schema(plan.contract).names == ["id", "email", "born"]
    row = run(plan, raw(GOOD))["good"][0]
    assert (row["id"], row["born"]) == (1, "1980") or str(row["born"]).startswith("1980")
    assert b"example" not in row["email"]


def test_what_is_sealed_is_the_row_as_it_was_read(plan):
    row = run(plan, raw({**GOOD, "id": "x"}))["bad"][0][fuse.EXTRA]
    opened, valid = unseal(pa.array([row["sealed"]]), table="training.people", keyring=keyring_of(plan.keys))
    assert valid.to_pylist() == [True]
    assert json.loads(opened[0].as_py()) == {"id": "x", "email": "a@example.com", "secret": "s", "born": "1980-05-06"}
    assert row["file"] == "f"


def quarantined(rows):
    extras = [row[fuse.EXTRA] for row in rows]
    return pa.RecordBatch.from_pydict(
        {
            "reasons": pa.array([extra["reasons"] for extra in extras], pa.list_(pa.string())),
            "source_file": pa.array([extra["file"] for extra in extras]),
            "source_position": pa.array([extra["position"] for extra in extras], pa.string()),
            "row": pa.array([extra["sealed"] for extra in extras], pa.binary()),
            f"{fuse.MARK}0": pa.nulls(len(extras), pa.bool_()),
        }
    )


def test_a_quarantined_row_that_now_passes_becomes_good_and_others_keep_their_reasons(plan, tmp_path):
    bad = run(plan, raw({**GOOD, "email": "nobody"}), raw({**GOOD, "id": "x"}), raw({**GOOD, f"{fuse.MARK}0": True}))[
        "bad"
    ]
    mended = parse_contract(CONTRACT.replace("pattern: '@'", "pattern: '.'"), "people.yaml")
    again = fuse.Pass(mended, plan.table, plan.keys, textual=True)
    found = pa.Table.from_batches(list(fuse.retry(again, [quarantined(bad)]))).to_pylist()
    assert [row["id"] for row in found if row[fuse.EXTRA] is None] == [1]
    reasons = [row[fuse.EXTRA]["reasons"] for row in found if row[fuse.EXTRA] and row[fuse.EXTRA]["verdict"] == "bad"]
    assert reasons == [["id.type"], ["id.unique"]] or sorted(reasons) == [["id.type"], ["id.unique"]]


def test_a_row_that_cannot_be_opened_stays_sealed_as_it_is(plan):
    batch = quarantined(run(plan, raw({**GOOD, "id": "x"}))["bad"])
    spoilt = bytes(batch.column("row")[0].as_py()[:-1]) + b"\0"
    batch = batch.set_column(3, "row", pa.array([spoilt]))
    found = [row for part in fuse.retry(plan, [batch]) for row in part.to_pylist()]
    assert [row[fuse.EXTRA]["reasons"] for row in found if row[fuse.EXTRA]["verdict"] == "bad"] == [["row.sealed"]]
    assert found[0][fuse.EXTRA]["sealed"] == spoilt


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

    monkeypatch.setattr(fuse, "read_batch", fail)
    with pytest.raises(StrongroomError) as caught:
        list(fuse.refine(plan, [raw(GOOD)]))
    assert "ada@example.com" not in str(caught.value)
    assert "ValueError in the pass" in str(caught.value)
    assert Path(caught.value.where.split(":")[0]).name == "fuse.py"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
