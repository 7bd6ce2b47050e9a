"""A column that is dropped costs no row and stops no run, whatever stands in it; what the contract asks is judged."""

import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare
from support.lakes import install

KINDS = {
    "whole": ("integer", "smallint"),
    "number": ("number", "'decimal(4,2)'"),
    "float": ("number", "float"),
    "day": ("date", ""),
    "at": ("timestamp", ""),
    "bare": ("timestamp", "timestamp_ntz"),
    "flag": ("boolean", ""),
    "bytes": ("string", "binary"),
    "text": ("string", "'varchar(3)'"),
}
HEAD = """apiVersion: v3.1.0
kind: DataContract
id: t
version: '1'
status: active
servers: [{server: raw, type: local, path: %s, format: %s%s}]
customProperties: [{property: purposes, value: [model_training]}]
schema:
  - name: t
    properties:
      - {name: id, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
"""
DROP = "customProperties: [{property: protect, value: {method: drop}}]"


def contract(format_, more="", options=""):
    path = f"raw/t/*.{format_}"
    columns = ""
    for name, (kind, physical) in KINDS.items():
        physical = f"physicalType: {physical}, " if physical else ""
        columns += f"      - {{name: {name}, logicalType: {kind}, {physical}{DROP}}}\n"
    return HEAD % (path, format_, options) + columns + more


def outcome(tmp_path, capsys, text, name, data):
    """How a run over one file ends, the rows that came through, and the reasons of the others."""
    place = install(tmp_path, capsys)
    (tmp_path / "contracts/t.yaml").write_text(text)
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    if isinstance(data, pa.Table):
        pq.write_table(data, folder / name)
    else:
        (folder / name).write_text(data)
    done = place.run(prepare, "--contract", "t", "--set", "prepare.quarantine_limit=1")
    assert done.code == 0, done.err
    aside = place.lake / "quarantine/t"
    reasons = place.delta("quarantine/t").to_pyarrow_table()["reasons"].to_pylist() if aside.exists() else []
    return sorted(place.delta("training/t").to_pyarrow_table()["id"].to_pylist()), reasons


ODD = ["x", "99999999999999999999", "-1e400", "2025-02-30", "NaN", "", "ÿ" * 9]
NESTED = f"""      - name: deep
        logicalType: object
        properties:
          - {{name: a, logicalType: integer, {DROP}}}
          - {{name: b, logicalType: array, items: {{logicalType: date}}, {DROP}}}
"""


def test_text_of_any_kind(tmp_path, capsys):
    rows = "".join(f"{number},{','.join([value] * len(KINDS))}\n" for number, value in enumerate(ODD))
    text = contract("csv", options=", customProperties: [{property: options, value: {header: true}}]")
    assert outcome(tmp_path, capsys, text, "a.csv", f"id,{','.join(KINDS)}\n{rows}") == (list(range(len(ODD))), [])


def test_json_of_any_kind_and_form(tmp_path, capsys):
    values = [*ODD, 7, -1.5, True, [1], {"x": {"y": []}}, None, 10**40]
    rows = [{"id": number, **dict.fromkeys(KINDS, value)} for number, value in enumerate(values)]
    rows = [row | {"deep": [row["at"]] if row["id"] % 2 else {"a": row["at"], "b": row["at"]}} for row in rows]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    found = outcome(tmp_path, capsys, contract("json", NESTED), "a.json", lines)
    assert found == (sorted(row["id"] for row in rows), [])


@pytest.mark.parametrize("value", ["x", 7, 1.5, True, b"\xff", date(1, 1, 1), Decimal("12345.678"), ["x"], {"a": 1}])
def test_parquet_of_any_type(tmp_path, capsys, value):
    table = pa.table({"id": [1], **{name: [value] for name in KINDS}})
    assert outcome(tmp_path, capsys, contract("parquet"), "a.parquet", table) == ([1], [])


def test_what_is_asked_of_it_is_judged(tmp_path, capsys):
    """`required` asks for a value, of whatever type; a bound asks for the value, and so for its type."""
    text = contract("json").replace("{name: whole, ", "{name: whole, required: true, ")
    text = text.replace("{name: day, ", "{name: day, logicalTypeOptions: {minimum: '2020-01-01'}, ")
    rows = [
        {"id": 1, "whole": "x", "day": "2021-01-01"},
        {"id": 2, "whole": [1]},
        {"id": 3, "whole": None},
        {"id": 4, "whole": 1, "day": "2019-01-01"},
        {"id": 5, "whole": 1, "day": "never"},
    ]
    good, reasons = outcome(tmp_path, capsys, text, "a.json", "".join(json.dumps(row) + "\n" for row in rows))
    assert good == [1, 2]
    assert sorted(reasons) == [["day.minimum"], ["day.type"], ["whole.required"]]


def test_nulls_of_it_are_counted_as_nulls_only(tmp_path, capsys):
    text = contract("json")
    text = text.replace(f"smallint, {DROP}", f"smallint, quality: [{{metric: nullValues, mustBeLessThan: 2}}], {DROP}")
    assert "nullValues" in text
    rows = [{"id": number, "whole": value} for number, value in enumerate(["x", [], 1, None])]
    data = "".join(json.dumps(row) + "\n" for row in rows)
    assert outcome(tmp_path, capsys, text, "a.json", data) == ([0, 1, 2, 3], [])
