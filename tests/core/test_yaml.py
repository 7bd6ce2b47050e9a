import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.errors import ConfigError
from strongroom.core.yaml import parse, read_text

SCALARS = [
    # written, value, why
    ("NO", "NO", "Norway is no boolean in YAML 1.2"),
    ("yes", "yes", "nor are yes and no"),
    ("on", "on", "nor are on and off"),
    ("y", "y", "nor is y"),
    ("true", True, "JSON's own word"),
    ("True", True, "the core schema of YAML 1.2 knows three ways to write it"),
    ("FALSE", False, "the same"),
    ("null", None, "JSON's own word"),
    ("~", None, "the core schema's other null"),
    ("", None, "nothing is null"),
    ("2024-01-31", "2024-01-31", "a date stays text"),
    ("2024-01-31 10:00:00", "2024-01-31 10:00:00", "so does a timestamp"),
    ("1:30", "1:30", "YAML 1.1 made 90 of it"),
    ("1_000", "1_000", "YAML 1.1 made 1000 of it"),
    ("0o17", "0o17", "JSON has no octal numbers"),
    ("017", "017", "YAML 1.1 made 15 of it; a postcode keeps its zero"),
    ("0x1F", "0x1F", "JSON has no hexadecimal numbers"),
    ("+49", "+49", "JSON has no plus sign; a phone number stays text"),
    (".5", ".5", "JSON wants a digit before the point"),
    ("5.", "5.", "and one behind it"),
    (".inf", ".inf", "JSON has no infinity"),
    (".nan", ".nan", "nor a NaN"),
    ("0", 0, "a number"),
    ("-17", -17, "a negative one"),
    ("12345678901234567890", 12345678901234567890, "beyond 64 bits, still exact"),
    ("1.5", 1.5, "a fraction"),
    ("-0.5e-3", -0.0005, "an exponent"),
    ("1e3", 1000.0, "a whole number with an exponent is a number too"),
    ("'1'", "1", "quoted is text"),
    ('"true"', "true", "so is this"),
    ('"\\t"', "\t", "escapes work in double quotes"),
    ("a b", "a b", "blanks inside"),
    ("<<", "<<", "only a key can be a merge key"),
]


@pytest.mark.parametrize(("written", "value", "why"), SCALARS, ids=[row[0] or "empty" for row in SCALARS])
def test_a_scalar_has_jsons_types_only(written, value, why):
    node = parse(f"a: {written}\n", "f.yaml")["a"]
    assert (node.value, type(node.value)) == (value, type(value)), why


REFUSED = [
    # text, problems as line and a part of the message, why
    ("a: 1\nb: 2\na: 3\n", [(3, "'a' stands here twice")], "the last one would win in silence"),
    ("a: {x: 1, x: 2}\n", [(1, "'x' stands here twice")], "in flow style too"),
    ("a: &x 1\nb: *x\n", [(1, "anchor '&x'"), (2, "alias '*x'")], "nine lines of aliases make a billion values"),
    ("a: !!str 1\n", [(1, "tag")], "types come from JSON's own forms"),
    ("a: !thing {}\n", [(1, "tag")], "a tag may name code"),
    ("a: ! 1\n", [(1, "tag")], "even the empty tag changes a type"),
    ("<<: {a: 1}\n", [(1, "Merge keys")], "not part of YAML 1.2"),
    ("1: a\n", [(1, "not text")], "JSON has text keys only"),
    ("null: a\n", [(1, "not text")], "the same"),
    ("? [a]\n: 1\n", [(1, "not text")], "a list cannot be a key"),
    ("a: 1\n---\nb: 1\n", [(2, "second document")], "half of the file would be read"),
    ("%YAML 1.1\n---\na: yes\n", [(1, "Another version")], "yes would mean another thing"),
    ("a:\n\tb: 1\n", [(2, "cannot start any token")], "a tab indents nothing"),
    ("a:\n  b: 1\n c: 2\n", [(3, "YAML:")], "indented like nothing above"),
    ("a: [1, 2\nb: 3\n", [(2, "YAML:")], "an open bracket"),
    ("a: 'x\n", [(2, "unexpected end")], "an open quote"),
    ("a: b: c\n", [(1, "mapping values")], "two colons"),
    ("a: @x\n", [(1, "cannot start any token")], "a reserved sign"),
    ('a: "\\q"\n', [(1, "escape")], "an unknown escape"),
    ("a: 1\x00\n", [(1, "U+0000")], "no control characters"),
    ("a: x\x85y\n", [(1, "U+0085")], "a line end for YAML 1.1, none for 1.2"),
    ("a: x\u2028y\n", [(1, "U+2028")], "the same"),
    ("a: 1e999\n", [(1, "too large")], "it would be infinite"),
    (f"a: {'9' * 60}\n", [(1, "too large")], "it would be rounded"),
    ("", [(1, "empty")], "nothing is no settings"),
    ("# only a comment\n", [(1, "empty")], "the same"),
    ("a: " + "[" * 100 + "]" * 100, [(1, "levels")], "no person writes that, and it exhausts the stack"),
    ("a: 1\na: 2\nb: &x 1\nc: !t 1\n", [(2, "twice"), (3, "anchor"), (4, "tag")], "all problems at once"),
]


@pytest.mark.parametrize(("text", "expected", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_may_surprise_is_refused_with_its_line(text, expected, why):
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yaml")
    found = [(problem.where, problem.what) for problem in caught.value.problems]
    assert [where for where, _ in found] == [f"f.yaml:{line}" for line, _ in expected], why
    for (_, what), (_, part) in zip(found, expected, strict=True):
        assert part in what


def test_every_value_knows_its_line():
    root = parse("# why\na:\n  - x: 1\n    y: |\n      text\n  - [p,\n     q]\nb: {c: 2}\n", "f.yaml")
    assert root.value == {"a": [{"x": 1, "y": "text\n"}, ["p", "q"]], "b": {"c": 2}}
    assert root["a"].line == 2, "an entry of a mapping stands where its key stands"
    assert root["a"][0]["y"].line == 4
    assert root["a"][1][1].line == 7
    assert root["b"]["c"].where == "f.yaml:8"
    assert root.at(["a", 0, "y", "nothing", 3]).line == 4, "the deepest node on the way"
    assert root.get("z") is None
    assert "b" in root


def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble():
    assert parse("\ufeffa: 1\r\nb: 2\r\n", "f.yaml")["b"].line == 2


def test_a_file_that_cannot_be_read_is_a_problem_of_that_file(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    for name, part in (("missing.yaml", "No such file"), ("latin.yaml", "UTF-8"), ("", "directory")):
        with pytest.raises(ConfigError, match=part):
            read_text(str(tmp_path / name))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff")),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text("abcde", min_size=1), inside, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_json_is_read_as_json_reads_it(value):
    text = json.dumps({"root": value}, ensure_ascii=False)
    assert parse(text, "f.json").value == json.loads(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text):
    problems = ()
    try:
        parse(text, "f.yaml")
    except ConfigError as error:
        problems = error.problems
    assert all(problem.where.startswith("f.yaml:") for problem in problems)
