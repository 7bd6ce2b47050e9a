"""What becomes of a table when its contract changes: each change is taken, or refused with its reason."""

import re

import pyarrow as pa
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.core.errors import ConfigError
from strongroom.flows.foundation import table_plans
from strongroom.flows.prepare import evolve
from strongroom.flows.prepare.evolve import evolution_of
from strongroom.stores.lake import Lake

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: things
name: things
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/things/*.parquet, format: parquet}
customProperties:
  - {property: purposes, value: [model_training]}
  - {property: label, value: x}
schema:
  - name: things
    properties:
"""
COLUMNS = {
    "id": "string, required: true; keep",
    "small": "integer, physicalType: smallint, logicalTypeOptions: {maximum: 50}; keep",
    "single": "number, physicalType: float; keep",
    "price": "number, physicalType: 'decimal(8,2)'; keep",
    "token": "integer, physicalType: int, classification: personal; hash, domain: d",
    "sealed": "integer, physicalType: int; encrypt",
    "mail": "string; encrypt, minDistinct: 2",
    "age": "integer, physicalType: smallint; generalise, bands: {edges: [18, 65]}",
    "gone": "string; drop",
    "bound": "string; encrypt, rowKey: row",
    "row": "integer, physicalType: int, required: true; keep",
    "at": "object, properties: [<city: string; keep>, <floor: integer, physicalType: tinyint; keep>, "
    "<code: integer, physicalType: int; encrypt>]",
    "many": "array, items: {logicalType: integer, physicalType: int}; keep",
}
"""Name → logical type and what else there is; method and options of its protection. `<…>` is a field inside."""
TAKEN = [
    ("nothing changes", "id", "string", "string", {}),
    ("a column is new", "n", "", "date; keep", {"n": "new"}),
    ("what was left out is kept from now on", "gone", "drop", "keep", {"gone": "new"}),
    ("a rule is looser", "small", "maximum: 50", "maximum: 75", {}),
    ("a rule is new", "single", "float", "float, logicalTypeOptions: {minimum: 0}", {}),
    ("what was required may be null", "id", ", required: true", "", {"id": "loose"}),
    ("what may be null is required of new rows", "mail", "string", "string, required: true", {}),
    ("how many differ is a rule", "mail", "minDistinct: 2", "minDistinct: 3", {}),
    ("a whole number is wider", "small", "smallint", "bigint", {"small": "wider"}),
    ("it is a decimal", "small", "integer, physicalType: smallint", "number, physicalType: 'decimal(7,2)'",
     {"small": "wider"}),
    ("it is a double that holds it", "small", "integer, physicalType: smallint", "number, physicalType: double",
     {"small": "wider"}),
    ("a float is a double", "single", "float", "double", {"single": "wider"}),
    ("a decimal has more digits on both sides", "price", "8,2", "12,4", {"price": "wider"}),
    ("a token is of the number's text, which is the same", "token", "int,", "bigint,", {}),
    ("an encrypted whole number is encrypted anew", "sealed", "int;", "bigint;", {"sealed": "sealed"}),
    ("a band of a whole number is the same", "age", "smallint", "int", {}),
    ("a number that values are bound to is written alike", "row", "int,", "bigint,", {"row": "wider"}),
    ("a field in an object is new", "at", "<floor", "<flat: string; keep>, <floor", {"at.flat": "new"}),
    ("a field in an object is wider", "at", "tinyint", "int", {"at.floor": "wider"}),
    ("items of an array are wider", "many", "int}", "bigint}", {"many[]": "wider"}),
]  # fmt: skip
REFUSED = [
    ("older rows have none", "n", "", "date, required: true; keep", "'n' is new and required"),
    ("readers would lose it", "single", None, "", "'single' is in the table, and the contract takes it"),
    ("so they would when it is dropped", "single", "keep", "drop", "'single' is in the table"),
    ("and when it is a field", "at", "<city: string; keep>, ", "", "'at.city' is in the table"),
    ("narrower", "row", "int,", "smallint,", "'row' is int in the table"),
    ("another kind", "small", COLUMNS["small"], "string; keep", "'small' is smallint in the table"),
    ("fewer digits before the point", "price", "8,2", "8,4", "'price' is decimal(8,2) in the table"),
    ("a float does not hold every smallint's width", "small", "integer, physicalType: smallint",
     "number, physicalType: float", "'small' is smallint in the table"),
    ("7 and 7.00 have two tokens", "token", "integer, physicalType: int", "number, physicalType: 'decimal(12,2)'",
     "'token' is made of int in the table"),
    ("a narrower token", "token", "int,", "smallint,", "'token' is made of int"),
    ("an encrypted text becomes a number", "mail", "string", "integer", "'mail' is made of string"),
    ("an encrypted number inside an object", "at", "int; encrypt", "bigint; encrypt", "'at.code' is encrypted inside"),
    ("another domain gives another token", "token", "domain: d", "domain: e", "'token' is protected otherwise"),
    ("another mode", "mail", "minDistinct: 2", "mode: randomised", "'mail' is protected otherwise"),
    ("other bands", "age", "65", "66", "'age' is protected otherwise"),
    ("a mask looks like the text that it was", "id", COLUMNS["id"], "string; mask, keepLast: 4", "'id' is protected"),
    ("what is bound to a number would not open", "row", "integer, physicalType: int",
     "number, physicalType: 'decimal(12,2)'", "'row' is a row key and int in the table"),
]  # fmt: skip


def contract(folder, *changes):
    """The contract with changes of (column, old, new) text; an old that is None takes the column out."""
    columns = dict(COLUMNS)
    for name, old, new in changes:
        assert old is None or old in columns.get(name, ""), old
        columns[name] = columns[name].replace(old, new, 1) if old else new
        if old is None:
            del columns[name]
    text = HEAD + "".join(f"      - {{name: {name}, logicalType: {said(rest)}}}\n" for name, rest in columns.items())
    file = folder / "things.yaml"
    file.write_text(text)
    return load_contract(str(file))


def said(text):
    """Type and method of a column as ODCS writes them, and those of the fields inside it."""
    inner = re.sub(r"<(\w+): ([^>]*)>", lambda found: f"{{name: {found[1]}, logicalType: {said(found[2])}}}", text)
    if inner != text:
        return inner
    type_, _, method = text.partition("; ")
    return f"{type_}, customProperties: [{{property: protect, value: {{method: {method}}}}}]"


@pytest.fixture
def lake(tmp_path):
    found = Lake(str(tmp_path / "lake"))
    found.ensure("training.things", table_plans.training(contract(tmp_path)))
    return found


@pytest.mark.parametrize(("why", "name", "old", "new", "taken"), TAKEN, ids=[case[0] for case in TAKEN])
def test_what_is_taken(lake, tmp_path, why, name, old, new, taken):
    table, changed = lake.open("training.things"), contract(tmp_path, (name, old, new))
    found = evolution_of(changed, table)
    assert dict(found.changes) == taken
    before, after = table.schema().fields, {field.name for field in table_plans.training(changed).schema}
    assert found.schema.names[: len(before)] == [field.name for field in before]
    assert set(found.schema.names) == after
    moved = evolve.add(lake, "training.things", found, table)
    left = {path: kind for path, kind in taken.items() if kind in ("wider", "sealed")}
    assert evolution_of(changed, moved).changes == left
    if not left:
        evolve.note(lake, "training.things", table_plans.training(changed).schema)
        noted = lake.open("training.things")
        assert evolution_of(changed, noted).changes == {}
        evolve.note(lake, "training.things", table_plans.training(changed).schema)
        assert lake.open("training.things").version() == noted.version(), "noted once"
    assert "typeWidening" not in str(moved.protocol())


@pytest.mark.parametrize(("why", "name", "old", "new", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_not_taken_is_refused_with_its_reason(lake, tmp_path, why, name, old, new, words):
    with pytest.raises(ConfigError) as refused:
        evolution_of(contract(tmp_path, (name, old, new)), lake.open("training.things"))
    problems = refused.value.problems
    assert any(words in problem.what for problem in problems), problems
    assert all(".yaml" in problem.where for problem in problems)


def test_of_a_table_from_before_its_columns_said_what_they_are_made_of(tmp_path):
    lake, first = Lake(str(tmp_path / "lake")), contract(tmp_path)
    plan = table_plans.training(first)
    bare = pa.schema([field.with_metadata({"comment": "x"}) for field in plan.schema])
    old = lake.ensure("training.things", type(plan)(bare, properties=plan.properties))
    assert evolution_of(first, old).changes == {}, "the same contract"
    looser = contract(tmp_path, ("small", "maximum: 50", "maximum: 75"))
    with pytest.raises(ConfigError, match=r"sealed.*run once with the contract as it was"):
        evolution_of(looser, old)
    before = old.version()
    evolve.note(lake, "training.things", plan.schema)
    noted = lake.open("training.things")
    assert evolution_of(looser, noted).changes == {}
    assert noted.version() > before
    assert pa.schema(noted.schema().to_arrow()).types == pa.schema(old.schema().to_arrow()).types
