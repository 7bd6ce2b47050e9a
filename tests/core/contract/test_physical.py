"""Types of other systems: what a name means, whose it is, and when it says nothing."""

import pytest

from strongroom.core.contract.file import Asked, parse_contract
from strongroom.core.contract.overlay import read_overlay
from strongroom.core.errors import ConfigError

HEAD = """apiVersion: {edition}
kind: DataContract
id: a
version: '1'
status: active
servers:
  - {{server: theirs, {server}}}
schema:
  - name: t
    properties:
      - {{name: c, {column}}}
"""
OVERLAY = "servers: [{server: x, type: local, path: raw/x/*.json, format: json}]\npattern: {'*': drop}\n"
SERVERS = {
    "": "type: local, path: x, format: json",
    "postgres": "type: postgres, host: h, port: 5432, database: d, schema: s",
    "snowflake": "type: snowflake, account: a, database: d, schema: s",
    "bigquery": "type: bigquery, project: p, dataset: d",
    "sqlserver": "type: sqlserver, host: h, port: 1433, database: d, schema: s",
    "oracle": "type: oracle, host: h, port: 1521, serviceName: s",
    "mysql": "type: mysql, host: h, port: 3306, database: d",
    "databricks": "type: databricks, host: h, catalog: c, schema: s",
}
TYPES = [
    # system, logical type, physical type, ours or the code it is refused with, why
    ("", "integer", "int8", "tinyint", "Parquet's, in bits"),
    ("postgres", "integer", "int8", "bigint", "PostgreSQL's, in bytes"),
    ("postgres", "number", "serial", "int", "a number that counts up"),
    ("postgres", "number", "numeric", "double", "it does not tell its digits"),
    ("postgres", "number", "numeric(12,2)", "decimal(12,2)", "and here it does"),
    ("postgres", "timestamp", "timestamp(6) without time zone", "timestamp_ntz", "digits stand in the middle"),
    ("postgres", "timestamp", "timestamptz", "timestamp", "with a zone"),
    ("postgres", "string", "uuid", "string", "a text in Spark"),
    ("snowflake", "number", "NUMBER", "decimal(38,0)", "Snowflake says how many"),
    ("snowflake", "number", "FLOAT", "double", "wide there"),
    ("", "number", "FLOAT", "float", "and narrow in Spark"),
    ("snowflake", "timestamp", "TIMESTAMP_NTZ(9)", "timestamp_ntz", "with digits of a second"),
    ("bigquery", "number", "NUMERIC", "decimal(38,9)", "BigQuery's"),
    ("bigquery", "number", "BIGNUMERIC", "double", "more digits than any decimal here"),
    ("bigquery", "timestamp", "DATETIME", "timestamp_ntz", "without a zone"),
    ("sqlserver", "boolean", "bit", "boolean", "there is no other"),
    ("sqlserver", "string", "nvarchar(max)", "string", "no length"),
    ("sqlserver", "timestamp", "datetimeoffset(7)", "timestamp", "with a zone"),
    ("oracle", "string", "VARCHAR2(20 CHAR)", "string", "a length in characters"),
    ("oracle", "number", "NUMBER", "double", "Oracle's tells no digits"),
    ("oracle", "number", "NUMBER(9)", "decimal(9,0)", "and here it does"),
    ("oracle", "timestamp", "DATE", "timestamp_ntz", "Oracle's date has a time"),
    ("mysql", "integer", "int(11)", "int", "a width of display is no length"),
    ("mysql", "string", "mediumtext", "string", "MySQL's"),
    ("databricks", "integer", "BIGINT", "bigint", "Spark's own"),
    ("", "timestamp", "timestamp-millis", "timestamp", "Avro's"),
    ("", "string", "bytes", "binary", "Avro's"),
    ("", "number", "number", "double", "JSON's"),
    ("", "integer", "hyperloglog", "bigint", "nobody knows it"),
    ("", "integer", "7", "bigint", "a number of Protobuf"),
    ("", "date", "varchar", "date", "a date in a text"),
    ("", "string", "DATETIME", "string", "a text of a moment"),
    ("", "integer", "varchar", "contract.contradicts", "a whole number is no text"),
    ("", "string", "bigint", "contract.contradicts", "a text is no number"),
    ("", "number", "decimla(9,2)", "contract.unknown-name", "a slip of ours"),
    ("", "date", "timestamp", "timestamp", "v3.0 has no other word"),
    ("oracle", "date", "DATE", "timestamp_ntz", "Oracle's date has a time"),
    ("postgres", "date", "time", "string", "a time of day"),
    ("", "time", "", "string", "a time of day"),
    ("", "", "clob", "string", "without a logical type"),
    ("", "", "map<string,bigint>", "string", "of which nobody says what is inside"),
    ("", "", "what", "contract.missing", "nothing says it"),
    ("", "object", "jsonb", "string", "one value"),
    ("", "array", "", "string", "one value"),
    ("postgres", "string", "text[]", "string", "a list in one text"),
    ("postgres", "", "text[]", "string", "a list of which nobody says what is in it"),
    ("oracle", "boolean", "NUMBER(1)", "boolean", "0 or 1, since it is called so"),
    ("oracle", "", "NUMBER(1)", "decimal(1,0)", "a number where nobody calls it otherwise"),
    ("oracle", "", "NUMBER(10,2)", "decimal(10,2)", "a number with a fraction"),
    ("oracle", "boolean", "NUMBER(2)", "contract.contradicts", "two digits are no truth"),
    ("mysql", "boolean", "tinyint(1)", "boolean", "MySQL's boolean"),
    ("postgres", "boolean", "bit(1)", "boolean", "one bit"),
    ("", "boolean", "integer", "contract.contradicts", "of many digits"),
    ("sqlserver", "number", "money", "decimal(19,4)", "SQL Server says how many"),
    ("postgres", "number", "money", "double", "written with a sign, which is warned of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edition", "system", "logical", "physical", "wanted", "why"),
    [
        (edition, *each)
        for edition in ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
        for each in TYPES
        if edition >= "v3.1.0" or each[1] not in ("timestamp", "time")  # words that v3.0 does not know
    ],
    ids=lambda each: str(each),
)
def test_a_type_is_what_its_system_means(edition, system, logical, physical, wanted, why):
    said = {"logicalType": logical, "physicalType": f"'{physical}'" if physical else ""}
    column = ", ".join(f"{word}: {value}" for word, value in said.items() if value)
    text = HEAD.format(edition=edition, server=SERVERS[system], column=column)
    try:
        contract = parse_contract(text, "c.yaml", Asked(overlay=read_overlay(OVERLAY, "o.yaml")))
        found = {contract.columns[0].type.ddl}
    except ConfigError as error:
        found = {problem.code for problem in error.problems}
    assert found == {wanted}, why


@pytest.mark.parametrize(("method", "warned"), [("hash", 1), ("drop", 0)])
def test_money_that_is_to_be_a_number_is_warned_of(method, warned):
    column = "logicalType: number, physicalType: money"
    text = HEAD.format(edition="v3.0.2", server=SERVERS["postgres"], column=column)
    overlay = read_overlay(OVERLAY.replace("drop", method), "o.yaml")
    contract = parse_contract(text, "c.yaml", Asked(overlay=overlay))
    assert [note.warning for note in contract.notes if note.warning] == ["money"] * warned


LENGTHS = [
    ("varchar(20)", 20),
    ("VARCHAR2(20 BYTE)", 20),
    ("nvarchar(max)", None),
    ("text", None),
    ("varchar[20]", None),
]


@pytest.mark.parametrize(("physical", "length"), LENGTHS)
def test_a_length_is_a_rule(physical, length):
    text = HEAD.format(edition="v3.0.2", server=SERVERS[""], column=f"logicalType: string, physicalType: '{physical}'")
    for method, rules in (("hash", [length] if length else []), ("drop", [])):
        overlay = read_overlay(OVERLAY.replace("drop", method), "o.yaml")
        contract = parse_contract(text, "c.yaml", Asked(overlay=overlay))
        assert [rule.argument for rule in contract.rules if rule.check == "maxLength"] == rules, method


FORMATS = [
    # the format of a date, its type, its format here, why
    ("yyyy-MM-dd", "date", "%Y-%m-%d", "no time of day"),
    ("date", "date", "", "JSON Schema's word for ISO 8601"),
    ("date-time", "timestamp", "", "JSON Schema's word for a moment"),
    ("yyyy-MM-dd HH:mm:ss", "timestamp", "%Y-%m-%d %H:%M:%S", "it tells a time of day"),
]


@pytest.mark.parametrize(("format_", "kind", "wanted", "why"), FORMATS)
def test_a_format_of_v3_0_tells_a_date_from_a_timestamp(format_, kind, wanted, why):
    column = f"logicalType: date, logicalTypeOptions: {{format: '{format_}'}}"
    text = HEAD.format(edition="v3.0.2", server=SERVERS[""], column=column)
    (found,) = parse_contract(text, "c.yaml", Asked(overlay=read_overlay(OVERLAY, "o.yaml"))).columns
    assert (found.type.ddl, found.read.format) == (kind, wanted), why


def test_a_contract_ten_levels_deep_is_read_at_once():
    """JSON Schema's `unevaluatedProperties` would take hours: a test that hangs is one that fails."""
    inside = "logicalType: string"
    for _ in range(12):
        inside = f"logicalType: object, properties: [{{name: a, {inside}}}, {{name: b, logicalType: string}}]"
    text = HEAD.format(edition="v3.1.0", server=SERVERS[""], column=inside)
    (column,) = parse_contract(text, "c.yaml", Asked(overlay=read_overlay(OVERLAY, "o.yaml"))).columns
    assert len(list(column.leaves())) == 13
    with pytest.raises(ConfigError) as caught:
        parse_contract(text.replace("name: b, logicalType", "name: b, lgicalType", 1), "c.yaml")
    assert "contract.unknown-field" in {problem.code for problem in caught.value.problems}
