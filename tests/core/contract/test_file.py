import json
from pathlib import Path

import pytest

from strongroom.core.contract import Protect, Read, Rule, SetRule, Source, source_name
from strongroom.core.contract.file import load_contract, parse_contract
from strongroom.core.errors import ConfigError

ROOT = Path(__file__).parents[3]
GOOD = [
    *sorted((ROOT / "conf" / "contracts").glob("*.yaml")),
    *sorted((ROOT / "tests" / "contracts").glob("*.yaml")),
]

FULL = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 2.1.0
status: active
servers:
  - {server: a, type: local, path: raw/orders/*.json, format: json,
     description: by hand}
  - {server: b, type: s3, location: 's3://bucket/orders/', format: json, delimiter: new_line}
slaProperties:
  - {property: latency, value: 2, unit: d, element: orders.ordered}
  - {property: retention, value: 4, unit: y}
  - {property: retention, value: 3, unit: y, element: orders}
schema:
  - name: orders
    description: What was ordered.
    properties:
      - {name: shop, logicalType: integer, physicalType: INT, primaryKey: true, primaryKeyPosition: 2,
         customProperties: [{property: protect, value: {method: keep}}]}
      - {name: number, logicalType: string, physicalType: varchar(12), primaryKey: true, primaryKeyPosition: 1,
         customProperties: [{property: protect, value: {method: hash, profile: hmac-sha256}}]}
      - name: ordered
        logicalType: timestamp
        logicalTypeOptions: {format: "yyyy-MM-dd'T'HH:mm", timezone: false, minimum: '2020-01-01T00:00'}
        customProperties:
          - {property: protect, value: {method: generalise, date: month}}
      - name: total
        logicalType: number
        physicalType: decimal(10, 2)
        logicalTypeOptions: {exclusiveMinimum: 0, multipleOf: 0.01}
        customProperties:
          - {property: protect, value: {method: generalise, bands: {edges: [0, 10.5, 100]}}}
          - {property: read, value: {trim: true, removeSuffix: ' €', missing: ['-', '']}}
      - name: address
        logicalType: object
        classification: personal
        logicalTypeOptions: {required: [city]}
        properties:
          - {name: city, logicalType: string,
             customProperties: [{property: protect, value: {method: keep, why: needed for the map}}]}
          - {name: street, logicalType: string, classification: restricted,
             customProperties: [{property: protect, value: {method: mask, keepFirst: 1, with: '.'}}]}
      - name: notes
        logicalType: array
        logicalTypeOptions: {minItems: 1, maxItems: 5, uniqueItems: true}
        customProperties: [{property: protect, value: {method: encrypt, mode: randomised}}]
        items:
          logicalType: string
          quality:
            - {metric: missingValues, mustBe: 0, arguments: {missingValues: [null, 'n/a']}}
    quality:
      - {type: library, metric: rowCount, mustBeBetween: [10, 1000], severity: warning}
      - {metric: duplicateValues, mustBe: 0, unit: rows, arguments: {properties: [shop, ordered]}}
      - {metric: duplicateValues, mustBe: 0, unit: percent, arguments: {properties: [shop, total]}}
      - {type: sql, id: few-free, query: 'SELECT count(*) FROM ${table} WHERE total = 0', mustBeLessThan: 5}
      - {type: text, description: Orders are entered by hand., dimension: accuracy}
      - type: custom
        name: paid in time
        engine: strongroom
        implementation: {check: row, expression: total > 0 or address.city is null}
customProperties:
  - {property: purposes, value: [billing, model_training]}
  - {property: label, value: orders_label}
  - {property: quarantineLimit, value: 0.125}
"""


@pytest.fixture(scope="module")
def full():
    return parse_contract(FULL, "c.yaml")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_our_own_contracts_are_sound(file):
    contract = load_contract(str(file))
    assert contract.name == file.stem
    assert all(leaf.protect is not None for leaf in contract.leaves())
    ids = [rule.id for rule in (*contract.rules, *contract.set_rules)]
    assert len(ids) == len(set(ids)), "every rule has an id of its own"


def test_the_contract_says_what_it_is(full):
    assert (full.id, full.name, full.version, full.file) == ("orders", "orders", "2.1.0", "c.yaml")
    assert full.purposes == ("billing", "model_training")
    assert full.label == "orders_label"
    assert full.quarantine_limit == 0.125
    assert full.description == "What was ordered."


def test_servers_become_sources_with_the_options_of_sparks_readers(full):
    assert full.sources == (
        Source("a", "json", "raw/orders/*.json", line=7),
        Source("b", "json", "s3://bucket/orders/", line=9),
    )
    options = {"header": True, "sep": "\t", "quote": "", "lineSep": "\n", "encoding": "UTF-8"}
    file = ROOT / "tests" / "contracts" / "sentiment.yaml"
    assert load_contract(str(file)).sources == (
        Source("raw", "csv", "raw/sentiment/*_labelled.txt", options=options, line=10),
    )


def test_types_are_told_in_the_words_of_spark(full):
    assert [column.type.ddl for column in full.columns] == [
        "int",
        "string",
        "timestamp_ntz",
        "decimal(10,2)",
        "struct<`city`:string,`street`:string>",
        "array<string>",
    ]
    assert [leaf.path for leaf in full.leaves()] == [
        "shop", "number", "ordered", "total", "address.city", "address.street", "notes[]",
    ]  # fmt: skip


def test_every_leaf_has_its_protection_with_defaults_filled_in(full):
    assert {leaf.path: (leaf.protect.method, leaf.protect.options) for leaf in full.leaves()} == {
        "shop": ("keep", {}),
        "number": ("hash", {"profile": "hmac-sha256"}),
        "ordered": ("generalise", {"date": "month"}),
        "total": ("generalise", {"bands": {"edges": [0, 10.5, 100]}}),
        "address.city": ("keep", {}),
        "address.street": ("mask", {"keepFirst": 1, "with": "."}),
        "notes[]": ("encrypt", {"mode": "randomised"}),
    }
    assert [column.path for column in full.columns if column.protect is None] == ["address", "notes"]


def test_what_is_inside_takes_over_the_classification(full):
    assert [field.classification for field in full.columns[4].type.fields] == ["personal", "restricted"]
    assert full.columns[4].type.fields[0].protect == Protect("keep", why="needed for the map", line=40)


def test_a_column_is_called_otherwise_in_the_source_at_any_depth(full):
    assert all(source_name(column) == column.name for column in full.columns), "by itself it is the name"
    text = FULL.replace("{name: shop,", "{name: shop, physicalName: Shop (Nr. 1)/ä,")
    text = text.replace("{name: city,", "{name: city, physicalName: Ort,").replace(
        "{name: number,", "{name: number, physicalName: number,"
    )
    found = {column.path: column for top in parse_contract(text, "c").columns for column in (top, *top.type.fields)}
    told = {path: (column.source, source_name(column)) for path, column in found.items()}
    assert told["shop"] == ("Shop (Nr. 1)/ä", "Shop (Nr. 1)/ä")
    assert told["address.city"] == ("Ort", "Ort"), "and the path is of our names"
    assert told["number"] == ("", "number"), "the same name says nothing"
    swapped = FULL.replace("{name: shop,", "{name: shop, physicalName: number,").replace(
        "{name: number,", "{name: number, physicalName: shop,"
    )
    assert [source_name(column) for column in parse_contract(swapped, "c").columns[:2]] == ["number", "shop"]


def test_how_text_is_read_is_told_with_the_column(full):
    assert full.columns[3].read == Read(trim=True, remove_suffix=" €", missing=("-", ""))
    assert full.columns[2].read == Read(format="%Y-%m-%dT%H:%M")


ROW_RULES = [
    # id, check, columns, argument, line, why
    ("shop.required", "required", ("shop",), None, 18, "part of the primary key"),
    ("shop.type", "type", ("shop",), None, 18, "every leaf has a type to keep"),
    ("number.required", "required", ("number",), None, 20, "part of the primary key"),
    ("number.type", "type", ("number",), None, 20, "every leaf has a type to keep"),
    ("number.maxLength", "maxLength", ("number",), 12, 20, "varchar(12) holds no more"),
    ("ordered.type", "type", ("ordered",), None, 23, "every leaf has a type to keep"),
    ("ordered.minimum", "minimum", ("ordered",), "2020-01-01T00:00:00", 24, "in ISO 8601, whatever the format"),
    ("total.type", "type", ("total",), None, 28, "every leaf has a type to keep"),
    ("total.exclusiveMinimum", "exclusiveMinimum", ("total",), 0, 30, "a bound"),
    ("total.multipleOf", "multipleOf", ("total",), 0.01, 30, "a bound"),
    ("address.city.required", "required", ("address.city",), None, 39, "the object demands it"),
    ("address.city.type", "type", ("address.city",), None, 39, "every leaf has a type to keep"),
    ("address.street.type", "type", ("address.street",), None, 41, "every leaf has a type to keep"),
    ("notes.minItems", "minItems", ("notes",), 1, 45, "a bound of the list"),
    ("notes.maxItems", "maxItems", ("notes",), 5, 45, "a bound of the list"),
    ("notes.uniqueItems", "uniqueItems", ("notes",), None, 45, "no item twice"),
    ("notes[].type", "type", ("notes[]",), None, 48, "every item has a type to keep"),
    ("notes[].missingValues", "missingValues", ("notes[]",), (None, "n/a"), 50, "mustBe 0 is a rule of rows"),
    ("orders.primaryKey", "unique", ("number", "shop"), None, 20, "in the order of the positions"),
    ("orders.duplicateValues", "unique", ("shop", "ordered"), None, 53, "mustBe 0 is a rule of rows"),
    ("paid-in-time", "expression", ("total", "address.city"), "total > 0 or address.city is null", 60, "by its name"),
]


def test_row_rules_come_from_the_columns_and_from_what_must_be_0_rows(full):
    expected = [
        Rule(id_, check, columns, argument=argument, line=line) for id_, check, columns, argument, line, _ in ROW_RULES
    ]
    assert list(full.rules) == expected


def test_every_other_metric_gates_the_set(full):
    assert full.set_rules == (
        SetRule("orders.rowCount", "rowCount", (), "mustBeBetween", (10, 1000), severity="warning", line=52),
        SetRule("orders.duplicateValues#2", "duplicateValues", ("shop", "total"), "mustBe", 0, unit="percent", line=54),
        SetRule(
            "few-free", "sql", (), "mustBeLessThan", 5,
            arguments={"query": "SELECT count(*) FROM `orders` WHERE total = 0"}, line=55,
        ),
        SetRule(
            "ordered.freshness", "freshness", ("ordered",), "mustBeLessOrEqualTo", 2 * 86_400, unit="seconds",
            dimension="timeliness", line=11,
        ),
    )  # fmt: skip


def test_the_fingerprint_is_of_the_content_and_not_of_the_layout(full):
    import yaml

    again = parse_contract(json.dumps(yaml.safe_load(FULL), indent=1), "other.yaml")
    assert again.fingerprint == full.fingerprint
    assert len(full.fingerprint) == 64
    assert parse_contract(FULL.replace("2.1.0", "2.1.1"), "c.yaml").fingerprint != full.fingerprint


def test_a_role_a_subject_and_a_percentage_are_found_by_name():
    contract = load_contract(str(ROOT / "conf" / "contracts" / "reviews.yaml"))
    assert contract.role("text").path == "text_content"
    assert contract.role("key").path == "review_id"
    assert contract.role("label").path == "label"
    assert contract.role("time").path == "created_at"
    assert [leaf.path for leaf in contract.leaves() if leaf.subject] == ["user_id"]
    assert contract.quarantine_limit == 0.2


def test_the_two_sample_contracts_join_by_person_and_by_address():
    domains = [
        {leaf.path: leaf.protect.options.get("domain") for leaf in load_contract(str(file)).leaves()}
        for file in GOOD[:2]
    ]
    assert domains[0]["user_id"] == domains[1]["user_id"] == "person"
    assert domains[0]["email"] == domains[1]["email"] == "email"


def test_a_contract_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_contract(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigError, match="a mapping"):
        parse_contract("[1]", "c.yaml")
