"""`profile --from`: another system's schema as the columns of a first contract; no row is read."""

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core.contract.file import load_contract
from strongroom.flows import check, profile

SQL = """
-- customers of the shop
CREATE TABLE IF NOT EXISTS shop.customers (
  customer_id BIGINT PRIMARY KEY,
  "First Name" VARCHAR(80) NOT NULL,
  birth_date DATE,
  income NUMERIC(12, 2),
  consent BOOLEAN NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE,
  updated_at TIMESTAMP,
  place GEOGRAPHY,
  tags TEXT[],
  rating SMALLINT CHECK (rating BETWEEN 1 AND 5)
);
CREATE TABLE other (id INT);
"""
AVRO = {
    "type": "record",
    "name": "Customer",
    "namespace": "shop",
    "fields": [
        {"name": "customer_id", "type": "long"},
        {"name": "email", "type": ["null", "string"], "default": None},
        {"name": "born", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "home", "type": {"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}]}},
        {"name": "work", "type": ["null", "shop.Address"]},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "other", "type": {"type": "map", "values": "string"}},
        {"name": "either", "type": ["null", "string", "long"]},
    ],
}
JSON_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "home"],
    "properties": {
        "id": {"type": "integer"},
        "email": {"type": "string", "format": "email"},
        "born": {"type": "string", "format": "date"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "price": {"type": "number"},
        "home": {"$ref": "#/$defs/address"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}},
        "any": {},
        "ok": {"type": "boolean"},
    },
    "$defs": {"address": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}
ARROW = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        ("email", pa.string()),
        ("born", pa.date32()),
        ("at", pa.timestamp("us", "UTC")),
        ("price", pa.decimal128(9, 2)),
        ("home", pa.struct([("city", pa.string())])),
        ("tags", pa.list_(pa.string())),
        ("n", pa.int16()),
    ]
)
OF_ARROW = {
    "id": "bigint",
    "email": "string",
    "born": "date",
    "at": "timestamp",
    "price": "decimal(9,2)",
    "home.city": "string",
    "tags[]": "string",
    "n": "smallint",
}


def of(place, schema, source="raw.customers"):
    out = place.root / "contracts/found.yaml"
    done = place.run(profile, source, "--from", str(schema), "--out", str(out))
    assert done.code == 0, done.err
    assert place.run(check, str(out)).code == 0
    contract = load_contract(str(out))
    return contract, {leaf.path: leaf.type.ddl for leaf in contract.leaves()}


def test_sql(place, tmp_path):
    (tmp_path / "schema.sql").write_text(SQL)
    contract, types = of(place, tmp_path / "schema.sql")
    assert types == {
        "customer_id": "bigint",
        "First_Name": "string",
        "birth_date": "date",
        "income": "decimal(12,2)",
        "consent": "boolean",
        "created_at": "timestamp",
        "updated_at": "timestamp_ntz",
        "place": "string",
        "tags[]": "string",
        "rating": "smallint",
    }
    columns = {column.name: column for column in contract.columns}
    assert [name for name, column in columns.items() if column.required] == ["customer_id", "First_Name", "consent"]
    assert columns["customer_id"].unique
    assert columns["First_Name"].source == "First Name"
    assert {leaf.path: leaf.method for leaf in contract.leaves()} == {
        "customer_id": "hash",
        "First_Name": "encrypt",
        "birth_date": "generalise",
        "income": "encrypt",
        "consent": "drop",
        "created_at": "keep",
        "updated_at": "keep",
        "place": "drop",
        "tags[]": "drop",
        "rating": "keep",
    }


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE `t` (`id` INT(11) NOT NULL AUTO_INCREMENT, `n` VARCHAR(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;",
        "CREATE TABLE [dbo].[t] ([id] INT NOT NULL PRIMARY KEY, [n] NVARCHAR(20) NULL);",
        'CREATE TABLE "t" ("id" INTEGER PRIMARY KEY, "n" CHARACTER VARYING(20));',
    ],
    ids=["MySQL", "SQL Server", "PostgreSQL"],
)
def test_sql_of_several_systems(place, tmp_path, text):
    (tmp_path / "schema.ddl").write_text(text)
    contract, types = of(place, tmp_path / "schema.ddl")
    assert types == {"id": "int", "n": "string"}
    assert [column.unique for column in contract.columns] == [True, False]


def test_avro(place, tmp_path):
    (tmp_path / "schema.avsc").write_text(json.dumps(AVRO))
    contract, types = of(place, tmp_path / "schema.avsc")
    assert types == {
        "customer_id": "bigint",
        "email": "string",
        "born": "date",
        "at": "timestamp",
        "price": "decimal(9,2)",
        "home.city": "string",
        "work.city": "string",
        "tags[]": "string",
        "other": "string",
        "either": "string",
    }
    assert {column.name for column in contract.columns if column.required} >= {"customer_id", "at", "price", "home"}
    assert {leaf.path for leaf in contract.leaves() if leaf.method == "drop"} >= {"other", "either"}


def test_json_schema(place, tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(JSON_SCHEMA))
    contract, types = of(place, tmp_path / "schema.json", "raw/customers/*.json")
    assert types == {
        "id": "bigint",
        "email": "string",
        "born": "date",
        "at": "timestamp",
        "price": "double",
        "home.city": "string",
        "tags[]": "string",
        "any": "string",
        "ok": "boolean",
    }
    assert [column.name for column in contract.columns if column.required] == ["id", "home"]
    assert (contract.sources[0].path, contract.sources[0].format) == ("raw/customers/*.json", "json")


@pytest.mark.parametrize("kind", ["a Parquet file", "a Delta table", "the JSON of one"])
def test_parquet_and_delta(place, tmp_path, kind):
    table = ARROW.empty_table()
    if kind == "a Parquet file":
        pq.write_table(table, tmp_path / "x.parquet")
        schema = tmp_path / "x.parquet"
    else:
        write_deltalake(str(tmp_path / "x"), table)
        schema = tmp_path / "x"
    if kind == "the JSON of one":
        schema = tmp_path / "x.json"
        schema.write_text(DeltaTable(str(tmp_path / "x")).schema().to_json())
    contract, types = of(place, schema)
    assert types == OF_ARROW
    assert [column.name for column in contract.columns if column.required] == ["id"]


def test_a_schema_in_the_lake_needs_the_right_to_read_it(place):
    write_deltalake(str(place.lake / "training/x"), ARROW.empty_table())
    done = place.run(profile, "raw.x", "--from", str(place.lake / "training/x"), "--out", str(place.root / "x.yaml"))
    assert done.code == 5
    assert not (place.root / "x.yaml").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT 1", "no table is made"),
        ("CREATE TABLE (", "no SQL"),
        ("{", "no JSON"),
        ("{}", "nothing of a schema"),
        ('{"type": "record"}', "no Avro"),
        ('{"$ref": "#/nowhere"}', "a reference to nothing"),
        ("[1]", "a list"),
        ('{"type": "struct", "fields": 7}', "no Delta"),
    ],
)
def test_what_is_no_schema_is_refused(place, tmp_path, text, why):
    (tmp_path / "schema").write_text(text)
    done = place.run(profile, "raw.x", "--from", str(tmp_path / "schema"), "--out", str(place.root / "x.yaml"))
    assert (done.code, done.line["problems"][0]["code"]) == (7, "source.type"), why
    assert not (place.root / "x.yaml").exists()


@pytest.mark.parametrize(("package", "text"), [("sqlglot", SQL), ("fastavro.schema", json.dumps(AVRO))])
def test_without_the_library_it_says_which(place, tmp_path, monkeypatch, package, text):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "schema").write_text(text)
    done = place.run(profile, "raw.x", "--from", str(tmp_path / "schema"), "--out", str(place.root / "x.yaml"))
    assert (done.code, done.line["problems"][0]["code"]) == (4, "packages.missing")
