"""The standard's own examples, and its JSON schema in our words."""
# ruff: noqa: E501 - a case is a line

import re
from pathlib import Path

import pytest

from strongroom.core.contract.file import Asked, load_contract, parts_of, read_contract
from strongroom.core.contract.overlay import read_overlay
from strongroom.core.contract.standard import schema_problems
from strongroom.core.errors import ConfigError
from strongroom.core.yaml import parse

EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "odcs"
FILES = sorted(EXAMPLES.glob("*.odcs.yaml"))
needs_examples = pytest.mark.skipif(not FILES, reason=f"ODCS EXAMPLES ARE MISSING: nothing in {EXAMPLES}")

OVERLAY = """
servers: [{server: raw, type: local, path: raw/any/*.json, format: json}]
purposes: [model_training]
classification: {public: keep}
pattern: {'*': {method: hash, domain: any}}
leave:
  engines: [soda]
  queries: true
  levels: [latency]
  references: [receiver_types]
"""
LOADS_AS = {
    # file, its data sets, and a column of each with the type that it has
    "all-schema-types": {
        "tbl": ("txn_ref_dt", "date"),
        "AnObject": ("street_lines", "array"),
        "AnotherObject": ("x", "array"),
    },
    "column-accuracy": {"Air_Quality": ("DataValue", "float")},
    "column-completeness": {"Air_Quality": ("UniqueID", "int")},
    "column-custom": {"Air_Quality": ("UniqueID", "int")},
    "full-example": {"tbl": ("rcvr_cntry_code", "string"), "receivers": ("id", "string")},
    "kafka-schema": {"Orders": ("qty", "int")},
    "postgresql-adventureworks-contract": {
        "department": ("departmentid", "int"),
        "employee": ("vacationhours", "smallint"),
    },
    "table-column": {"tbl": ("rcvr_cntry_code", "string")},
    "table-column-description": {"tbl": ("txn_ref_dt", "date")},
    "table-columns-with-partition": {"tbl": ("year", "int")},
}
REFUSED = {
    # file, the codes of what keeps it from loading: what a time of day may be, and what no row could meet, or no columns
    "all-data-types": {"contract.not-run", "contract.contradicts", "contract.unknown-field"},
    "azure-server": {"contract.missing"},
    "basic-four-dpo": {"contract.missing"},
    "column-validity": {"contract.contradicts"},
    "database-table-sla": {"contract.missing"},
    "kafka-schemaregistry": {"contract.missing"},
    "kafka-server": {"contract.missing"},
    "service-and-operational-roles": {"contract.missing"},
}


@pytest.mark.whole
@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_the_standards_own_examples_are_sound_by_its_schema(file):
    root = parse(file.read_text(encoding="utf-8"), str(file))
    assert schema_problems(root) == []
    assert root["kind"].value == "DataContract"


@pytest.mark.whole
@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_each_example_loads_with_one_overlay_or_is_refused_for_a_true_reason(file):
    text, overlay = file.read_text(encoding="utf-8"), read_overlay(OVERLAY, "o.yaml")
    name, found, codes = file.name.partition(".")[0], {}, set()
    for part in parts_of(file, text):
        contract, problems = read_contract(text, str(file), Asked(part, overlay=overlay))
        codes |= {problem.code for problem in problems}
        for problem in problems:
            place = re.fullmatch(rf"{re.escape(str(file))}:(\d+)", problem.where)
            assert place is not None
            assert 1 <= int(place[1]) <= text.count("\n") + 1
        found |= {} if contract is None or problems else {contract.name: contract}
    assert codes == REFUSED.get(name, set())
    for table, (path, kind) in LOADS_AS.get(name, {}).items():
        columns = {column.path: column for column in found[table].columns}
        assert columns[path].type.name == kind, path
    assert (name in LOADS_AS) != (name in REFUSED)


@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_without_an_overlay_none_of_them_is_run(file):
    with pytest.raises(ConfigError) as caught:
        load_contract(str(file))
    assert all(problem.where.startswith(f"{file}:") for problem in caught.value.problems)


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
