"""The standard's own examples, and its JSON schema in our words."""
# ruff: noqa: E501 - a case is a line

import re
from pathlib import Path

import pytest

from strongroom.core.contract.file import load_contract
from strongroom.core.contract.standard import schema_problems
from strongroom.core.errors import ConfigError
from strongroom.core.yaml import parse

EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "odcs"
FILES = sorted(EXAMPLES.glob("*.odcs.yaml"))
needs_examples = pytest.mark.skipif(not FILES, reason=f"ODCS EXAMPLES ARE MISSING: nothing in {EXAMPLES}")

WHY_NOT_RUN = {
    # file, what stops it from being run; all of them are sound by the standard
    "all-data-types": ("'v3.0.2' is not run", "'servers' is missing", "has no 'protect'", "'time' is not run"),
    "all-schema-types": ("More than one data set: tbl, AnObject, AnotherObject", "'partitioned' is not run"),
    "azure-server": ("'schema' is missing", "'in development' is not run"),
    "basic-four-dpo": ("'schema' is missing", "'servers' is missing"),
    "column-accuracy": ("'servers' is missing", "'DataValue' has no 'protect'", "'float(3,2)'"),
    "column-completeness": ("'servers' is missing", "'UniqueID' has no 'protect'"),
    "column-custom": ("The engine 'soda' is not run", "'UniqueID' has no 'protect'"),
    "column-validity": ("'servers' is missing", "Null is no valid value", "'air_quality_status' has no 'protect'"),
    "database-table-sla": ("'schema' is missing",),
    "full-example": ("A server of type 'postgres' is not read", "Unknown custom property 'anonymizationStrategy'"),
    "kafka-schema": ("A server of type 'kafka' is not read", "'cust_id' has no 'protect'"),
    "kafka-schemaregistry": ("'production' is not run", "'properties' is missing"),
    "kafka-server": ("A server of type 'kafka' is not read", "'properties' is missing"),
    "postgresql-adventureworks-contract": ("More than one data set: department, employee", "'serial' is no type"),
    "service-and-operational-roles": ("'schema' is missing",),
    "table-column": ("'rcvr_cntry_code' has no 'protect'",),
    "table-column-description": ("'txn_ref_dt' has no 'protect'",),
    "table-columns-with-partition": ("'partitioned' is not run", "'year' has no 'protect'"),
}


@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_the_standards_own_examples_are_sound_by_its_schema(file):
    root = parse(file.read_text(encoding="utf-8"), str(file))
    assert schema_problems(root) == []
    assert root["kind"].value == "DataContract"


@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_each_example_is_refused_for_a_run_with_file_line_and_a_true_reason(file):
    with pytest.raises(ConfigError) as caught:
        load_contract(str(file))
    lines = file.read_text(encoding="utf-8").count("\n") + 1
    told = str(caught.value)
    for reason in WHY_NOT_RUN[file.name.partition(".")[0]]:
        assert reason in told
    for problem in caught.value.problems:
        place = re.fullmatch(rf"{re.escape(str(file))}:(\d+)", problem.where)
        assert place is not None
        assert 1 <= int(place[1]) <= lines


HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: '1'\nstatus: active\n"
SCHEMA = [
    # text after the head, line, what, todo, why
    ("nme: x\n", 6, "Unknown field 'nme'.", "Did you mean 'name'?", "the file is closed"),
    ("tags: x\n", 6, "'tags' is a list.", "", "a list of one is a list"),
    ("tags: [1]\n", 6, "This entry is a text.", "Put it in quotes.", "the entry itself"),
    ("team: {members: [{usrname: x, username: y}]}\n", 6, "'team' has none of the forms", "", "what is documentation has a form too"),
    ("price: {priceAmount: '9'}\n", 6, "'priceAmount' is a number.", "", "a text is no number"),
    ("support: [{tool: x}]\n", 6, "'channel' is missing.", "Add it.", "the standard demands it"),
    ("servers: [{server: a, type: s4}]\n", 6, "'type' may not be 's4'.", "Known: api, athena", "outside the vocabulary"),
    ("servers: [{server: a, type: local, path: x, format: csv, host: h}]\n", 6, "The field 'host' does not fit here.", "type", "of another kind of server"),
    ("schema: [{name: a, properties: [{name: b, logicalType: string, lenght: 3}]}]\n", 6, "Unknown field 'lenght'.", "Known", "deep inside"),
    ("schema: [{name: a, properties: [{name: b, required: 'true'}]}]\n", 6, "'required' is true or false.", "Write true or false", "a text is no boolean"),
    ("schema: [{name: a, properties: [{name: b, logicalType: string, logicalTypeOptions: {minLength: -1}}]}]\n", 6, "'minLength' breaks the standard's rule 'minimum'.", "0", "a bound of the standard"),
    ("schema: [{name: a, quality: [{metric: rowCount}]}]\n", 6, "This entry has none of the forms", "", "no operator"),
    ("customProperties: [{property: a}]\n", 6, "'value' is missing.", "Add it.", "the standard demands it"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "what", "todo", "why"), SCHEMA, ids=[row[4] for row in SCHEMA])
def test_the_json_schema_speaks_in_sentences(text, line, what, todo, why):
    problem = schema_problems(parse(HEAD + text, "c.yaml"))[0]
    assert problem.where == f"c.yaml:{line}", why
    assert what in problem.what
    assert todo in problem.todo


def test_a_file_of_another_kind_lacks_everything():
    told = " ".join(map(str, schema_problems(parse("lake: x\n", "c.yaml"))))
    for reason in ("Unknown field 'lake'.", "'version' is missing.", "'apiVersion' is missing.", "'kind' is missing."):
        assert reason in told
    assert "The file is a mapping" in str(schema_problems(parse("[1]\n", "c.yaml"))[0])
