"""Whatever `profile` writes, `check` takes; and what it cannot say is refused before anything is written."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flows.profile.raw import put
from strongroom.core.contract.file import load_contract
from strongroom.flows import check, prepare, profile


def profiled(place, source="raw.odd", *options):
    out = place.root / "contracts/odd.yaml"
    out.unlink(missing_ok=True)
    return out, place.run(profile, source, "--out", str(out), *options)


def sound_or_refused(place, source, *options):
    """A contract that `check` takes; or none, a code of ours, and no word of a bug."""
    out, done = profiled(place, source, *options)
    if done.code == 0:
        checked = place.run(check, str(out))
        assert checked.code == 0, (checked.err, out.read_text())
    else:
        assert done.code in (3, 7), done.err
        assert not out.exists()
        assert done.line["problems"][0]["code"].startswith("source."), done.line


NAMES = st.one_of(
    st.sampled_from(
        ["_subject", "subject", "_Subject", "_file", "_line", "_row", "_corrupt", "_metadata", "$schema", "true",
         "null", "~", "1", "1e5", "-", "---", "a: b", "# x", "{x}", "[x]", "*a", "&a", "!a", "a.b", "a[]", "select",
         "x y", "ß", "名前", "a'b", 'a"b', "a\\b", "%41", "x" * 300, "İ", "ı", "Ǆ", "ª", "²", "e\u0301", "é"]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=0, max_size=12),
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", " ", "?", "NA", "1,5", "2024-02-30", "2024-02-28", "x" * 5_000, "a\tb", "\u202e", "=1+1"]),
    st.text(max_size=8),
)  # fmt: skip
DEEP = st.recursive(
    VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
OFTEN = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@OFTEN
@given(st.lists(st.dictionaries(NAMES, DEEP, max_size=4), min_size=1, max_size=5))
@example([{"_subject": 1, "subject": 2, "user_id": 3, "customer_id": 4}])
@example([{"a": {"_subject": 1}}])
@example([{}])
def test_json_of_any_names_and_values(place, records):
    text = "".join(json.dumps(record) + "\n" for record in records)
    put(place, text, "data.json", "json")
    sound_or_refused(place, "raw.json")


@OFTEN
@given(
    st.lists(NAMES, min_size=1, max_size=4),
    st.lists(
        st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=8), min_size=4, max_size=4),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
@example(["_subject", "id"], [["a", "b", "c", "d"]], ",", "utf-8")
def test_csv_of_any_names_and_values(place, names, rows, sep, letters):
    out = io.StringIO()
    csv.writer(out, delimiter=sep).writerows([names, *(row[: len(names)] for row in rows)])
    put(place, out.getvalue().encode(letters, "replace"), table="csv")
    sound_or_refused(place, "raw.csv")


@OFTEN
@given(st.lists(NAMES, min_size=0, max_size=4, unique=True), st.integers(0, 3))
@example(["_subject", "id"], 2)
@example([], 2)
def test_parquet_of_any_names(place, names, kind):
    kinds = [
        pa.int64(),
        pa.string(),
        pa.struct([("_subject", pa.date32()), ("x.y", pa.float32())]),
        pa.list_(pa.bool_()),
    ]
    nothing = pa.table({name: pa.array([None, None], kinds[kind]) for name in names})
    sink = pa.BufferOutputStream()
    pq.write_table(nothing, sink)
    put(place, sink.getvalue().to_pybytes(), "a.parquet", "parquet")
    sound_or_refused(place, "raw.parquet")


TYPES = (
    "string", "integer", "number", "boolean", "null", ["string", "null"], ["string", "integer"], "x", 7, None, [],
)  # fmt: skip
NODES = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES)},
        optional={
            "maxLength": st.sampled_from([0, 1, -1, 1.5, 10**12, "7", True, None]),
            "format": st.sampled_from(["email", "date", "date-time", "uuid", "time", "x", 7, None]),
            "enum": st.just([1, "a"]),
        },
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner}),
        st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
                              optional={"required": st.sampled_from([["a"], [], None, "a", 7])}),
        st.just({"$ref": "#"}), st.just({"$ref": "#/nowhere"}), st.just({"$ref": 7}), st.just(True), st.just([]),
    ),
    max_leaves=6,
)  # fmt: skip


@OFTEN
@given(st.dictionaries(NAMES, NODES, max_size=4))
@example({"user_id": {"type": "integer"}, "customer_id": {"type": "integer"}})
@example({"a": {"type": "string", "maxLength": -3}})
@example({"_subject": {"type": "string"}})
@example({})
@example({"x": {}})
def test_json_schema_of_any_kind(place, properties):
    schema = place.root / "schema.json"
    schema.write_text(json.dumps({"$schema": "x", "type": "object", "properties": properties}))
    sound_or_refused(place, "raw.x", "--from", str(schema))


AVRO = st.recursive(
    st.sampled_from(
        ["string", "long", "null", ["null", "string"], ["null"], [], "nowhere", 7, None,
         {"type": "bytes", "logicalType": "decimal", "precision": 0}, {"type": "bytes", "logicalType": "decimal"},
         {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 9},
         {"type": "bytes", "logicalType": "decimal", "precision": "9"}, {"type": "string", "logicalType": "uuid"},
         {"type": "enum", "name": "E", "symbols": ["A"]}, {"type": "fixed", "name": "F", "size": 4}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda values: {"type": "map", "values": values}, inner),
        st.builds(lambda kind: {"type": "record", "name": "R", "fields": [{"name": "_subject", "type": kind}]}, inner),
        st.just({"type": "record", "name": "Empty", "fields": []}),
    ),
    max_leaves=4,
)  # fmt: skip


@OFTEN
@given(st.lists(st.tuples(NAMES, AVRO), max_size=4))
@example([])
@example([("a", {"type": "record", "name": "Empty", "fields": []})])
@example([("user_id", "long"), ("customer_id", "long")])
@example([("_subject", "string")])
def test_avro_of_any_kind(place, fields):
    schema = place.root / "schema.avsc"
    kinds = [{"name": name, "type": kind} for name, kind in fields]
    schema.write_text(json.dumps({"type": "record", "name": "T", "fields": kinds}))
    sound_or_refused(place, "raw.x", "--from", str(schema))


@OFTEN
@given(
    st.lists(
        st.tuples(
            NAMES,
            st.sampled_from(
                ["VARCHAR(0)", "VARCHAR(MAX)", "CHAR(99999999999)", "DECIMAL(0)", "DECIMAL(3,9)", "DECIMAL(99)",
                 "NUMERIC", "INT[]", "STRUCT<a INT>", "GEOGRAPHY", "DOUBLE PRECISION", "TIMESTAMP(9)", "X.Y"]
            ),
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_sql_of_any_kind(place, columns):
    quoted = ", ".join('"' + name.replace('"', '""') + f'" {kind}' for name, kind in columns)
    schema = place.root / "schema.sql"
    schema.write_text(f"CREATE TABLE t ({quoted});")
    sound_or_refused(place, "raw.x", "--from", str(schema))


def nested_avro(levels):
    kind = "string"
    for at in range(levels):
        kind = {"type": "record", "name": f"R{at}", "fields": [{"name": "x", "type": kind}]}
    return kind


def nested_json(levels):
    kind = {"type": "string"}
    for _ in range(levels):
        kind = {"type": "object", "properties": {"x": kind}}
    return kind


@pytest.mark.parametrize("levels", [10, 25, 80, 300, 20_000])
@pytest.mark.parametrize("kind", ["avro", "json", "brackets", "arrays"])
def test_what_lies_deeper_than_a_contract_says_is_no_bug(place, levels, kind):
    schema = place.root / "schema.json"
    if kind == "brackets" or levels > 1_000:
        schema.write_text('{"type": "record", "fields": ' + "[" * levels + "]" * levels + "}")
    else:
        made = {"avro": nested_avro, "json": nested_json}.get(kind)
        node = made(levels) if made else {"$schema": "x", "type": "object", "properties": {"x": lists(levels)}}
        schema.write_text(json.dumps(node))
    sound_or_refused(place, "raw.x", "--from", str(schema))


def lists(levels):
    kind = {"type": "string"}
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


@pytest.mark.parametrize("levels", [10, 25, 60, 190, 400])
@pytest.mark.parametrize("kind", ["objects", "arrays", "both"])
def test_nor_are_rows_that_do(place, levels, kind):
    begin, end = {"objects": ('{"x": ', "}"), "arrays": ("[", "]"), "both": ('[{"x": ', "}]")}[kind]
    line = '{"id": 1, "y": ' + begin * levels + "1" + end * levels + "}\n"
    put(place, line * 3, "data.json")
    sound_or_refused(place, "raw.odd")


def test_a_schema_that_branches_into_itself_ends_soon(place):
    node = {"$schema": "x", "type": "object", "properties": {name: {"$ref": "#"} for name in "abc"}}
    (place.root / "schema.json").write_text(json.dumps(node))
    sound_or_refused(place, "raw.x", "--from", str(place.root / "schema.json"))


# JSON that begins badly


@pytest.mark.parametrize(
    ("first", "torn", "why"),
    [
        ('{"id": 1, "rating": ', 1, "a line that was cut off"),
        ('"rating": 3}', 1, "the end of one"),
        ("log begins", 1, "words"),
        ('{"id": 1, "id": 2}', 1, "a name twice"),
        ("[1, 2]", 1, "an array"),
        ("", 0, "nothing"),
        ('{"id": 9, "rating": 1}', 0, "a good one"),
    ],
)
def test_a_first_line_that_is_no_object_is_one_torn_record(place, first, torn, why):
    put(place, first + "\n" + "".join(f'{{"id": {at}, "rating": {at % 5}}}\n' for at in range(40)), "data.jsonl")
    out, done = profiled(place)
    assert done.code == 0, done.err
    assert done.line["answer"]["rows"]["torn"] == torn, why
    assert {leaf.path: leaf.type.name for leaf in load_contract(str(out)).leaves()} == {
        "id": "bigint",
        "rating": "bigint",
    }
    done = place.run(prepare, "--contract", "odd")
    assert done.code == 0, done.err
    assert done.line["rows"]["quarantined"] == torn


@pytest.mark.parametrize(
    "text",
    [
        '{"a":\n [{"x": 1},\n  {"x": 2}]}\n',
        '{\n "rating": 3\n}\n',
        '[\n{"rating": 1},\n{"rating": 2}\n]\n',
        '[{"rating": 1}]',
    ],
)
def test_a_document_on_several_lines_is_one(place, text):
    put(place, text, "data.json")
    out, done = profiled(place)
    assert done.code == 0, done.err
    assert load_contract(str(out)).sources[0].options == {"document": True}


# What stands there already


@pytest.mark.parametrize("what", ["a file", "a link", "a folder", "the contract"])
def test_a_page_is_written_over_nothing(place, tmp_path, what):
    put(place, "id,rating\n1,2\n")
    page = place.root / "page.html"
    target = place.root / "mine.txt"
    target.write_text("mine")
    if what == "a file":
        page.write_text("mine")
    elif what == "a link":
        page.symlink_to(target)
    elif what == "a folder":
        page.mkdir()
    else:
        page = place.root / "contracts/odd.yaml"
    out, done = profiled(place, "raw.odd", "--report", str(page))
    assert (done.code, out.exists(), target.read_text()) == (2, False, "mine")
    assert what != "a file" or page.read_text() == "mine"
