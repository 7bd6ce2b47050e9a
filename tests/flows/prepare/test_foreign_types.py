"""Types that others write, from raw files to a table: what one system stores arrives as what the contract calls it."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare
from support.lakes import install

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: t
version: '1'
status: active
servers: [{server: theirs, %s}]
schema:
  - name: t
    properties:
      - {name: id, logicalType: integer}
      - {name: c, %s}
"""
OVERLAY = """servers: [{server: raw, type: local, path: 'raw/t/*.%s', format: %s%s}]
purposes: [model_training]
columns: {id: keep, %s: keep}
"""
SYSTEMS = {
    "oracle": "type: oracle, host: h, port: 1521, serviceName: s",
    "mysql": "type: mysql, host: h, port: 3306, database: d",
    "sqlserver": "type: sqlserver, host: h, port: 1433, database: d, schema: s",
    "postgres": "type: postgres, host: h, port: 5432, database: d, schema: s",
}


def arrived(tmp_path, capsys, system, column, values, format_="json"):
    """The column's values in the table by id, and the numbers of the rows that were set aside."""
    place = install(tmp_path, capsys)
    (tmp_path / "contracts/t.yaml").write_text(CONTRACT % (SYSTEMS[system], column))
    (tmp_path / "protection").mkdir()
    options = ", customProperties: [{property: options, value: {header: true}}]" if format_ == "csv" else ""
    (tmp_path / "protection/t.yaml").write_text(OVERLAY % (format_, format_, options, "c"))
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    rows = [{"id": number, "c": value} for number, value in enumerate(values)]
    if format_ == "parquet":
        pq.write_table(pa.table({"id": range(len(values)), "c": values}), folder / "a.parquet")
    elif format_ == "csv":
        (folder / "a.csv").write_text("id,c\n" + "".join(f"{row['id']},{row['c']}\n" for row in rows))
    else:
        (folder / "a.json").write_text("".join(f'{{"id": {row["id"]}, "c": {row["c"]}}}\n' for row in rows))
    done = place.run(prepare, "--contract", "t", "--set", "prepare.quarantine_limit=1")
    assert done.code == 0, done.err
    table = place.delta("training/t").to_pyarrow_table().to_pylist()
    return {row["id"]: row["c"] for row in sorted(table, key=lambda row: row["id"])}


BITS = [
    ("oracle", "physicalType: NUMBER(1)"),
    ("mysql", "physicalType: tinyint(1)"),
    ("sqlserver", "physicalType: BIT"),
    ("postgres", "physicalType: 'bit(1)'"),
]


@pytest.mark.parametrize(("system", "physical"), BITS)
@pytest.mark.parametrize("format_", ["json", "csv"])
def test_a_boolean_of_one_digit_is_0_or_1(tmp_path, capsys, system, physical, format_):
    found = arrived(
        tmp_path, capsys, system, f"logicalType: boolean, {physical}", ["0", "1", "true", "2", "10"], format_
    )
    assert found == {0: False, 1: True, 2: True}


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.decimal128(1), pa.bool_()])
def test_and_in_a_typed_file(tmp_path, capsys, kind):
    values = pa.array([Decimal(0), Decimal(1)] if pa.types.is_decimal(kind) else [0, 1]).cast(kind)
    column = "logicalType: boolean, physicalType: NUMBER(1)"
    assert arrived(tmp_path, capsys, "oracle", column, values, "parquet") == {0: False, 1: True}


def test_a_number_of_one_digit_is_a_number_where_nobody_calls_it_a_boolean(tmp_path, capsys):
    found = arrived(tmp_path, capsys, "oracle", "physicalType: NUMBER(1)", ["0", "7", "true"])
    assert found == {0: Decimal(0), 1: Decimal(7)}


def test_two_where_only_0_and_1_are_is_set_aside_in_a_typed_file(tmp_path, capsys):
    column = "logicalType: boolean, physicalType: NUMBER(1)"
    assert arrived(tmp_path, capsys, "oracle", column, [0, 1, 2], "parquet") == {0: False, 1: True}


NESTED = ['{"b": [1.50, {"é": null}], "a": "1"}', "[]", '"plain"', '"{\\"x\\": 1}"', "7.10", "true", "null", "-0"]
AS_TEXT = ['{"b":[1.50,{"é":null}],"a":"1"}', "[]", "plain", '{"x": 1}', "7.10", "true", None, "-0"]


@pytest.mark.parametrize(
    "column",
    [
        "logicalType: object, physicalType: jsonb",
        "logicalType: string, physicalType: jsonb",
        "physicalType: jsonb",
        "logicalType: array, physicalType: 'text[]'",
        "physicalType: 'text[]'",
        "logicalType: string, physicalType: 'text[]'",
        "logicalType: object",
    ],
)
def test_a_value_with_others_inside_is_its_text(tmp_path, capsys, column):
    found = arrived(tmp_path, capsys, "postgres", column, NESTED)
    assert found == dict(enumerate(AS_TEXT))
    assert json.loads(found[0]) == json.loads(NESTED[0])


def test_a_text_that_nobody_calls_so_holds_no_object(tmp_path, capsys):
    assert arrived(tmp_path, capsys, "postgres", "logicalType: string", ["[1]", '"x"']) == {1: "x"}


def test_money_is_a_decimal_where_it_is_a_number(tmp_path, capsys):
    found = arrived(tmp_path, capsys, "sqlserver", "logicalType: number, physicalType: money", ["1.5", "2.12345"])
    assert found == {0: Decimal("1.5000")}
