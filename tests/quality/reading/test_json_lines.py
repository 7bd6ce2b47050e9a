"""What each odd line of JSON becomes: the strictness table, and what the reader counts beside the rows."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from quality.reading.json_cases import array, leaf, struct
from strongroom.core.contract import Column, Type
from strongroom.quality.reading import json_lines
from strongroom.quality.reading.blocks import Seen, Unknown
from strongroom.quality.reading.columns import read_columns
from strongroom.quality.reading.json_lines import json_again, json_blocks

COLUMNS = (
    leaf("id", "bigint"),
    leaf("name", "string"),
    leaf("amount", Type("decimal", precision=5, scale=2)),
    leaf("ratio", "double"),
    leaf("single", "float"),
    leaf("on", "boolean"),
    struct("addr", leaf("city", "string", "addr.city"), leaf("zip", "int", "addr.zip"), path="addr"),
    array("tags", leaf("element", "string", "tags[]"), path="tags"),
    array("items", struct("element", leaf("sku", "string", "items[].sku"), path="items[]"), path="items"),
)
GOOD = (
    b'{"id":1,"name":"Ada","amount":1.10,"ratio":0.5,"single":1,"on":true,"addr":{"city":"Oslo","zip":7},'
    b'"tags":["x"],"items":[{"sku":"a"}]}'
)
TORN = "row.parse"


@dataclass(frozen=True, slots=True)
class Sourced(Column):
    """A column that the source calls otherwise."""

    source: str = ""


@dataclass(frozen=True)
class Type_:  # noqa: N801
    """Fails the rule `type` at these paths."""

    paths: tuple[str, ...]


def type_(*paths):
    return Type_(paths)


def unknown(path):
    return Unknown(path, 1, 1)


CASES = [
    # line, what becomes of it, why
    (b'{"id":1}', {"id": 1}, "a column that is missing is null"),
    (b'{"id":null}', {"id": None}, "and so is null"),
    (b"{}", {"id": None, "addr": None}, "even all of them"),
    (b' \t{"id": 1 }\r', {"id": 1}, "blanks around values, and CRLF"),
    (b'{"\\u0069d":1}', {"id": 1}, "a name may be written with escapes"),
    (b'{"name":"\\ud835\\udd18\\/\\u0000"}', {"name": "𝔘/\0"}, "escapes are characters, a NUL as well"),
    ('{"name":"\u2028\x7f"}'.encode(), {"name": "\u2028\x7f"}, "only signs below a space must be escaped"),
    (b'{"name":""}', {"name": ""}, "an empty text is a text"),
    (b'{"tags":[]}', {"tags": []}, "an empty array is no null"),
    (b'{"tags":[null,"x"]}', {"tags": [None, "x"]}, "nor is one that has a null"),
    (b'{"addr":{}}', {"addr": {"city": None, "zip": None}}, "an empty object is a struct of nulls"),
    (b'{"name":"' + b"x" * 10_000_000 + b'"}', {"name": "x" * 10_000_000}, "a cell of 10 MB"),
    # numbers and texts
    (b'{"name":1.10}', {"name": "1.10"}, "a number where text is declared is its text, letter by letter"),
    (b'{"name":-0}', {"name": "-0"}, "its sign too"),
    (b'{"name":1E400}', {"name": "1E400"}, "whatever its size"),
    (b'{"name":12345678901234567890123}', {"name": "12345678901234567890123"}, "more than 64 bits"),
    (b'{"name":' + b"7" * 5000 + b"}", {"name": "7" * 5000}, "more than Python turns into a number"),
    (b'{"name":true}', {"name": "true"}, "a boolean is its word"),
    (b'{"id":"5"}', {"id": 5}, "a text that is a number"),
    (b'{"id":9223372036854775807}', {"id": 2**63 - 1}, "the largest of 64 bits"),
    (b'{"id":9223372036854775808}', type_("id"), "one more"),
    (b'{"id":1.0}', type_("id"), "a whole number has no fraction"),
    (b'{"id":1e2}', type_("id"), "and no exponent"),
    (b'{"id":true}', type_("id"), "a boolean is no number"),
    (b'{"id":"x"}', type_("id"), "nor is a word"),
    (b'{"amount":1.100}', {"amount": Decimal("1.10")}, "zeros beyond the scale lose nothing"),
    (b'{"amount":1.101}', type_("amount"), "a digit beyond the scale"),
    (b'{"amount":1234.5}', type_("amount"), "five digits, but not with two behind the point"),
    (b'{"amount":12e1}', {"amount": Decimal("120.00")}, "an exponent that is exact"),
    (b'{"amount":' + b"1" * 60 + b"}", type_("amount"), "more digits than any decimal has"),
    (b'{"ratio":-0}', {"ratio": -0.0}, "minus zero is a double"),
    (b'{"ratio":1e400}', type_("ratio"), "no double is that large"),
    (b'{"ratio":' + b"9" * 400 + b"}", type_("ratio"), "without an exponent too"),
    (b'{"single":1e39}', type_("single"), "a double, and no float"),
    (b'{"on":1}', type_("on"), "a number is no boolean"),
    # other shapes than declared
    (b'{"name":{"x":1}}', type_("name"), "an object where text is declared"),
    (b'{"name":["x"]}', type_("name"), "an array where text is declared"),
    (b'{"addr":"Oslo"}', type_("addr.city", "addr.zip"), "text where an object is declared"),
    (b'{"addr":[]}', type_("addr.city", "addr.zip"), "an array where an object is declared"),
    (b'{"tags":"x"}', type_("tags[]"), "text where an array is declared"),
    (b'{"tags":[["x"]]}', type_("tags[]"), "an array in an array of texts"),
    (b'{"items":[{"sku":"a"},7]}', type_("items[].sku"), "a number among objects"),
    # names
    (b'{"id":1,"id":1}', TORN, "a name twice, even with the same value"),
    (b'{"id":1,"\\u0069d":2}', TORN, "the second one in escapes"),
    (b'{"addr":{"city":"a","city":"b"}}', TORN, "a name twice further in"),
    (b'{"items":[{"sku":"a","sku":"b"}]}', TORN, "and in an array"),
    (b'{"name":{"x":1,"x":2}}', TORN, "and where no object should be"),
    (b'{"ID":1}', unknown("ID"), "another case is another name"),
    (b'{"id\\u0000":1}', unknown("(not a plain word)"), "a NUL ends no name"),
    (b'{"more":null}', unknown("more"), "a name that the contract does not know, even without a value"),
    (b'{"addr":{"City":"Oslo"}}', unknown("addr.City"), "in an object"),
    (b'{"items":[{"price":9}]}', unknown("items[].price"), "in an array of objects"),
    (b'{"addr":{"ada@example.org":1}}', unknown("addr.(not a plain word)"), "what may be a value is not told"),
    # what is no JSON object
    (b"null", TORN, "a scalar; it ends Arrow's reader and its process with it"),
    (b"1", TORN, "a number"),
    (b'"x"', TORN, "a text"),
    (b'[{"id":1}]', TORN, "an array"),
    (b'[{"id":1},{"id":2}]', TORN, "even of rows"),
    (b'{"id":1}{"id":2}', TORN, "two objects on a line"),
    (b'{"id":1} {"id":2}', TORN, "with a blank between them"),
    (b'{"id":1},', TORN, "something behind the object"),
    (b'{"id":1}\0{"id":2}', TORN, "a NUL between two objects ends what Arrow reads"),
    (b'{"id":1', TORN, "a torn line"),
    (b"{", TORN, "hardly begun"),
    (b"{'id':1}", TORN, "single quotes"),
    (b"{id:1}", TORN, "no quotes"),
    (b'{"id":1,}', TORN, "a comma too many"),
    (b'{"tags":["x",]}', TORN, "in an array"),
    (b'{"id":1}//x', TORN, "a comment"),
    (b'{/*x*/"id":1}', TORN, "another comment"),
    (b'{"id":01}', TORN, "a leading zero"),
    (b'{"id":+1}', TORN, "a plus"),
    (b'{"ratio":1.}', TORN, "nothing behind the point"),
    (b'{"ratio":.5}', TORN, "nothing before it"),
    (b'{"ratio":NaN}', TORN, "no number"),
    (b'{"ratio":-Infinity}', TORN, "no number either"),
    (b'{"ratio":Inf}', TORN, "in short"),
    (b'{"name":"a\tb"}', TORN, "a raw tab in a text"),
    (b'{"name":"a\0b"}', TORN, "a raw NUL in a text"),
    (b'{"id":\0001}', TORN, "a raw NUL outside"),
    (b'{"name":"\\x41"}', TORN, "an escape that JSON does not know"),
    (b'{"name":"\\ud800"}', TORN, "half of a surrogate pair"),
    (b'{"name":"\\udc00\\ud800"}', TORN, "a pair the wrong way round"),
    (b'{"\\ud800":1}', TORN, "in a name"),
    (b'{"name":"\xed\xa0\x80"}', TORN, "a raw surrogate"),
    (b'{"name":"\xff"}', TORN, "no UTF-8"),
    (b'{"name":"Ren\xe9"}', TORN, "windows-1252"),
    (b'{"name":"\xc0\xaf"}', TORN, "an overlong slash"),
    ('{"id":1}'.encode("utf-16-le"), TORN, "UTF-16"),
    (b'\xef\xbb\xbf{"id":1}', TORN, "a byte order mark in the middle of a file"),
    (b'{"name":' + b"[" * 2_000 + b"]" * 2_000 + b"}", TORN, "2,000 arrays inside each other"),
    (b'{"addr":' * 100_000 + b"1" + b"}" * 100_000, TORN, "100,000 objects inside each other, and no crash"),
    (b'{"name":' + b"[" * 100_000 + b"}", TORN, "as many, and never closed"),
]  # fmt: skip


def rows_of(blocks):
    """By number: the row as a dict, TORN, or the paths that are unreadable; and the bytes by number."""
    found, raw = {}, {}
    for block in blocks:
        typed = read_columns(block.rows, COLUMNS)
        typed.batch.validate(full=True)
        for place, (number, row) in enumerate(zip(block.numbers.tolist(), typed.batch.to_pylist(), strict=True)):
            marks = [*typed.unreadable.items(), *block.unreadable.items()]
            wrong = sorted({path for path, mask in marks if mask[place]})
            found[number] = Type_(tuple(wrong)) if wrong else row
        raw.update(zip(block.numbers.tolist(), block.raw.to_pylist(), strict=True))
        if block.torn is not None:
            found.update(dict.fromkeys(block.torn.numbers.tolist(), TORN))
            raw.update(zip(block.torn.numbers.tolist(), block.torn.raw.to_pylist(), strict=True))
    return found, raw


def check(found, wanted):
    if isinstance(wanted, dict):
        assert repr({name: found[name] for name in wanted}) == repr(wanted)
    else:
        assert found == (TORN if isinstance(wanted, Unknown) else wanted)


@pytest.mark.parametrize(("line", "wanted", "why"), CASES, ids=[case[2] for case in CASES])
def test_a_line_alone(line, wanted, why):
    seen = Seen()
    found, raw = rows_of(json_blocks([pa.array([line], pa.binary())], COLUMNS, seen))
    check(found[1], wanted)
    assert raw == {1: line}
    assert seen.unknown == ([wanted] if isinstance(wanted, Unknown) else [])
    assert (seen.records, seen.lines, seen.blank) == (1, 1, 0)


@pytest.mark.parametrize(("line", "wanted", "why"), CASES, ids=[case[2] for case in CASES])
def test_a_line_among_good_ones(line, wanted, why):
    lines = [GOOD] * 100 + [line] + [GOOD] * 100
    seen = Seen()
    found, raw = rows_of(json_blocks([pa.array(lines, pa.binary())], COLUMNS, seen))
    check(found[101], wanted)
    assert raw == dict(enumerate(lines, 1))
    good = {"id": 1, "name": "Ada", "amount": Decimal("1.10"), "ratio": 0.5, "single": 1.0, "on": True,
            "addr": {"city": "Oslo", "zip": 7}, "tags": ["x"], "items": [{"sku": "a"}]}  # fmt: skip
    assert all(found[number] == good for number in range(1, 202) if number != 101)
    assert [each.number for each in seen.unknown] == ([101] if isinstance(wanted, Unknown) else [])


@pytest.mark.parametrize(("line", "wanted", "why"), CASES, ids=[case[2] for case in CASES])
def test_a_line_read_again(line, wanted, why):
    found, raw = rows_of(json_again(pa.array([line, GOOD], pa.binary()), COLUMNS))
    check(found[1], wanted)
    assert raw == {1: line, 2: GOOD}


def test_all_of_them_in_one_file():
    lines = [line for line, _, _ in CASES]
    seen = Seen()
    found, raw = rows_of(json_blocks([pa.array(lines, pa.binary())], COLUMNS, seen))
    for number, (_, wanted, _) in enumerate(CASES, 1):
        check(found[number], wanted)
    assert raw == dict(enumerate(lines, 1))
    assert len(seen.unknown) == sum(isinstance(wanted, Unknown) for _, wanted, _ in CASES)


def test_blank_lines_are_counted_and_are_no_records():
    lines = [b"", b'{"id":1}', b" \t", b"\r", b'{"id":2}\r', b"", b"\x0b"]
    seen = Seen()
    found, raw = rows_of(json_blocks([pa.array(lines, pa.binary())], COLUMNS, seen))
    assert [found[1]["id"], found[2]["id"], found[3]] == [1, 2, TORN], "a vertical tab is no blank of JSON"
    assert raw == {1: lines[1], 2: lines[4], 3: b"\x0b"}
    assert (seen.lines, seen.blank, seen.records) == (7, 4, 3)


@pytest.mark.parametrize("lines", [[], [b""], [b"", b"\r"]], ids=["none", "an empty one", "blank ones"])
def test_a_part_without_records_gives_no_block(lines):
    seen = Seen()
    assert [*json_blocks([pa.array(lines, pa.binary())], COLUMNS, seen)] == []
    assert (seen.lines, seen.blank, seen.records) == (len(lines), len(lines), 0)


def test_numbers_go_on_over_arrays_slices_and_blocks(monkeypatch):
    monkeypatch.setattr(json_lines, "WINDOW", 50)
    lines = [b'{"id":%d}' % number if number % 7 else b"torn" for number in range(1, 101)]
    arrays = [
        pa.array([b"x", *lines[at : at + 33], b"y"], pa.binary()).slice(1, len(lines[at : at + 33]))
        for at in (0, 33, 66, 99)
    ]
    seen = Seen()
    blocks = [*json_blocks(arrays, COLUMNS, seen)]
    assert len(blocks) > 10
    found, raw = rows_of(blocks)
    assert {number: row if row == TORN else row["id"] for number, row in found.items()} == {
        number: number if number % 7 else TORN for number in range(1, 101)
    }
    assert raw == dict(enumerate(lines, 1))
    assert all(block.rows.num_rows == len(block.raw) == len(block.numbers) for block in blocks)


def test_twenty_unknown_paths_are_told_each_with_its_first_record():
    lines = [b'{"id":1}', *(b'{"n%d":1,"n0":2}' % (number // 2) for number in range(2, 100))]
    seen = Seen()
    found, _ = rows_of(json_blocks([pa.array(lines, pa.binary())], COLUMNS, seen))
    assert [number for number, row in found.items() if row != TORN] == [1]
    assert len(seen.unknown) == 20
    assert seen.unknown[0].number == 2
    assert Unknown("n0", 2, 2) in seen.unknown
    assert Unknown("n5", 10, 10) in seen.unknown


def test_a_writer_that_changes_its_mind_is_read_right():
    lines = [b'{"id":%d,"name":"%d"}' % (each, each) for each in range(500)]
    lines += [b'{"id":"%d","name":%d}' % (each, each) for each in range(500, 1000)]
    found, _ = rows_of(json_blocks([pa.array(lines, pa.binary())], COLUMNS, Seen()))
    assert [(row["id"], row["name"]) for row in found.values()] == [(each, str(each)) for each in range(1000)]


def test_a_column_is_found_by_its_name_in_the_source():
    columns = (
        Sourced("number", "number", Type("bigint"), source="Nr."),
        struct("place", Sourced("city", "place.city", Type("string"), source="Ort"), path="place"),
    )
    lines = [b'{"Nr.":%d,"place":{"Ort":"Oslo"}}' % number for number in range(20)]
    lines += [b'{"Nr.":1.5,"place":{"Ort":{}}}', b'{"number":1}', b'{"place":{"city":"x"}}']
    seen = Seen()
    (block,) = json_blocks([pa.array(lines, pa.binary())], columns, seen)
    assert block.rows.to_pylist()[:20] == [{"number": number, "place": {"city": "Oslo"}} for number in range(20)]
    assert {path: mask.nonzero()[0].tolist() for path, mask in block.unreadable.items()} == {
        "number": [20],
        "place.city": [20],
    }
    assert block.torn is not None
    assert block.torn.numbers.tolist() == [22, 23]
    assert seen.unknown == [Unknown("number", 22, 22), Unknown("place.city", 23, 23)]


def test_typed_where_json_is_typed_and_text_where_it_has_text():
    lines = [b'{"id":1,"name":7,"amount":"1.10","ratio":1,"on":"true","addr":{"zip":1},"tags":[1]}'] * 3
    (block,) = json_blocks([pa.array(lines, pa.binary())], COLUMNS, Seen())
    kinds = {
        name: str(block.rows.schema.field(name).type)
        for name in ("id", "name", "amount", "ratio", "on", "addr", "tags")
    }
    assert kinds == {
        "id": "int64", "name": "string", "amount": "string", "ratio": "double", "on": "string",
        "addr": "struct<city: string, zip: int32>", "tags": "list<element: string>",
    }  # fmt: skip


PAGE = Path(__file__).parents[3] / "docs" / "quality.md"


def page_rows():
    """The cases as they stand in the documentation."""
    return [f"| {name_of(line)} | {becomes(wanted)} | {why} |" for line, wanted, why in CASES]


def name_of(line):
    text = repr(line)[2:-1].replace("|", "\\|")
    return f"`{text}`" if len(line) <= 100 else f"`{text[:20]}…`, {len(line):,} bytes"


def becomes(wanted):
    if isinstance(wanted, Unknown):
        return "stops the run"
    if isinstance(wanted, Type_):
        return "breaks `type` of " + ", ".join(f"`{path}`" for path in wanted.paths)
    return "set aside" if wanted == TORN else "kept"


def test_the_page_has_every_case_and_no_other():
    section = PAGE.read_text(encoding="utf-8").split("### Odd JSON\n")[1].split("\n### ")[0]
    head, line, *rows = [row for row in section.splitlines() if row.startswith("|")]
    assert (head, line) == ("| line | becomes | why |", "|---|---|---|")
    assert rows == page_rows()
