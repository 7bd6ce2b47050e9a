"""Contracts in the shapes that other tools write: they load once they say where data lies and how it is protected."""
# ruff: noqa: E501 - a case is a line

from pathlib import Path

import pytest

from strongroom.core.contract.file import load_contract, parse_contract
from strongroom.core.errors import ConfigError

IMPORTED = Path(__file__).parents[2] / "contracts" / "foreign" / "orders.yaml"


def test_an_import_from_sql_loads_with_the_types_it_names():
    contract = load_contract(str(IMPORTED))
    kinds = {column.name: column.type.ddl for column in contract.columns}
    assert kinds == {
        "id": "bigint", "email": "string", "total": "decimal(12,2)", "placed": "timestamp_ntz", "score": "double",
        "pieces": "int",
    }  # fmt: skip
    rules = [rule.id for rule in contract.rules]
    assert rules.count("id.unique") == 1, "a key that also says unique has one rule"
    assert "email.maxLength" in rules


WRITTEN = {
    "sql": (["A server of type 'postgres' is not read."] + ["has no 'protect'"] * 5, {
        "order_id": "bigint", "email": "string", "amount": "decimal(10,2)", "ordered": "date", "at": "timestamp",
    }),
    "parquet": (["'servers' is missing."] + ["has no 'protect'"] * 5 + ["has no 'items'", "has no 'protect'"], {
        "order_id": "bigint", "email": "string", "amount": "double", "ordered": "date", "at": "timestamp",
        "tags": "array<string>",
    }),
}  # fmt: skip
"""`datacontract import` 1.2.8, of a table in SQL and of a Parquet file: what is still to be said, and the types that it told."""


@pytest.mark.parametrize("source", WRITTEN)
def test_what_datacontract_cli_writes_lacks_servers_and_protection_only(source):
    wanted, kinds = WRITTEN[source]
    file = IMPORTED.with_name(f"datacontract-cli-1.2.8-{source}.yaml")
    with pytest.raises(ConfigError) as caught:
        load_contract(str(file))
    found = [str(problem) for problem in caught.value.problems]
    assert [words in problem for words, problem in zip(wanted, found, strict=True)] == [True] * len(wanted), found
    text, keep = file.read_text(), "    customProperties: [{property: protect, value: {method: keep}}]\n"
    head, _, tail = text.partition("servers:\n") if "servers:" in text else text.partition("schema:\n")
    tail = tail.partition("schema:\n")[2] or tail
    parts = tail.partition("  properties:\n")
    columns = parts[2].replace(
        "    customProperties:\n", "    customProperties:\n    - {property: protect, value: {method: keep}}\n"
    )
    columns = "".join(
        f"  - name: {each}" + ("" if "protect" in each else keep) for each in columns.split("  - name: ") if each
    ).replace("logicalType: array\n", "logicalType: array\n    items: {logicalType: string}\n")
    server = "servers: [{server: raw, type: local, path: raw/x/*.parquet, format: parquet}]\nschema:\n"
    purposes = "customProperties: [{property: purposes, value: [x]}]\n"
    made = parse_contract(head.replace("draft", "active") + server + parts[0] + parts[1] + columns + purposes, "c.yaml")
    assert {column.name: column.type.ddl for column in made.columns} == kinds


SHAPES = [
    # what the tool writes, the lines and reasons it is refused for
    (
        "an empty contract",
        "apiVersion: v3.2.0\nkind: DataContract\nid: my-data-contract-id\nname: My Data Contract\nversion: 1.0.0\nstatus: draft\n",
        ["c.yaml:1: 'servers' is missing", "c.yaml:1: 'schema' is missing"],
    ),
    (
        "an import from a database",
        "apiVersion: v3.2.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: draft\nservers:\n- server: postgres\n  type: postgres\n"
        "  database: d\n  host: h\n  port: 5432\n  schema: public\nschema:\n- name: orders\n  physicalType: table\n  logicalType: object\n"
        "  physicalName: orders\n  properties:\n  - name: id\n    physicalType: BIGINT\n    primaryKey: true\n    primaryKeyPosition: 1\n"
        "    logicalType: integer\n    required: true\n    unique: true\n",
        ["c.yaml:8: A server of type 'postgres' is not read", "c.yaml:19: 'id' has no 'protect'"],
    ),
    (
        "an import from a JSON schema",
        "apiVersion: v3.2.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: draft\nschema:\n- name: orders\n  physicalType: object\n"
        "  logicalType: object\n  properties:\n  - name: kind\n    physicalType: string\n    logicalType: string\n    enum:\n    - value: a\n"
        "  - name: total\n    physicalType: number\n    logicalType: number\n",
        ["c.yaml:1: 'servers' is missing", "c.yaml:11: 'kind' has no 'protect'", "c.yaml:16: 'total' has no 'protect'"],
    ),
    (
        "an import from Parquet",
        "apiVersion: v3.2.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: draft\nschema:\n- name: t\n  physicalType: parquet\n"
        "  logicalType: object\n  physicalName: t\n  properties:\n  - name: l\n    physicalType: LIST\n    logicalType: array\n  - name: o\n"
        "    physicalType: STRUCT\n    logicalType: object\n  - name: bin\n    physicalType: BINARY\n    logicalType: array\n",
        ["c.yaml:12: 'l' has no 'items'", "c.yaml:15: 'properties' is missing", "c.yaml:18: 'bin' has no 'items'"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "reasons"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_what_is_not_enough_for_a_run_is_refused_with_file_line_and_reason(name, text, reasons):
    with pytest.raises(ConfigError) as caught:
        parse_contract(text, "c.yaml")
    for reason in reasons:
        assert reason in str(caught.value), name
    assert "'v3.2.0'" not in str(caught.value)


DECIMALS = [
    # physical type, precision and scale beside it, the type or what is said
    ("DECIMAL(10, 2)", (10, 2), "decimal(10,2)"),
    ("DECIMAL", (3, 2), "decimal(3,2)"),
    ("DECIMAL", (3, 4), "not more of them after the point"),
    ("DECIMAL(10, 2)", (10, 3), "contradict"),
    ("DECIMAL(10)", (10, 2), "contradict"),
    ("DECIMAL", ("many", 2), "'precision' is a whole number"),
    ("DECIMAL", ("12", 2), "decimal(12,2)"),
    ("NUMERIC", (3, 2), "decimal(3,2)"),
    ("DOUBLE", (3, 2), "double"),
]


@pytest.mark.parametrize(("physical", "digits", "said"), DECIMALS)
def test_the_digits_of_a_decimal_may_stand_beside_it(physical, digits, said):
    text = IMPORTED.read_text().replace("physicalType: DECIMAL\n", f"physicalType: {physical}\n")
    text = text.replace("value: 12\n", f"value: {digits[0]}\n").replace("value: 2\n", f"value: {digits[1]}\n")
    try:
        found = next(column for column in parse_contract(text, "c.yaml").columns if column.name == "total").type.ddl
    except ConfigError as error:
        found = str(error)
    assert said in found


def test_what_is_new_in_the_newer_standard_is_understood():
    text = IMPORTED.read_text() + "context: Ask nobody.\n"
    pieces = "  - name: pieces\n"
    listed = f"{pieces}    enum: [{{value: 1}}, {{value: 12, label: a dozen}}]\n    semanticType: measure\n"
    assert pieces in text
    contract = parse_contract(text.replace(pieces, listed).replace("v3.1.0", "v3.2.0"), "c.yaml")
    rule = next(rule for rule in contract.rules if rule.check == "validValues")
    assert (rule.columns, rule.argument) == (("pieces",), (1, 12))
    with pytest.raises(ConfigError) as caught:
        parse_contract(text.replace(pieces, listed).replace("v3.2.0", "v3.1.0"), "c.yaml")
    assert {problem.code for problem in caught.value.problems} == {"contract.unknown-field"}
