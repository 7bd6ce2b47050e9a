"""JSON documents: where elements begin and end, what is torn alone, and where a file is no document any more."""

import json

import pyarrow as pa
import pytest

from quality.reading import rfc8259
from quality.reading.json_cases import Writer, any_columns, leaf, mutated, seeded
from quality.reading.test_json_random import check as same_rows
from strongroom.quality.reading import json_document as module
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.json_document import fault_in, json_document
from strongroom.quality.reading.json_lines import json_again
from support.series import series

COLUMNS = (leaf("id", "bigint"), leaf("name", "string"))
TORN = "torn"
CASES = [
    # document, records (id, or TORN), byte where it is broken, why
    (b'[{"id":1},{"id":2}]', [1, 2], None, "an array"),
    (b' \r\n[\n  {\n    "id": 1\n  },\n  {"id": 2}\n]\n', [1, 2], None, "pretty-printed"),
    (b'{"id":1}', [1], None, "one object"),
    (b'\n{\n"id"\n:\n1}\n', [1], None, "over several lines"),
    (b"[]", [], None, "an empty array"),
    (b" [ \n ] ", [], None, "with blanks in it"),
    (b'[{"id":1,"name":"],[}{\\""},{"id":2}]', [1, 2], None, "brackets and quotes in a text"),
    (b'[{"id":1,"name":"\\\\"},{"id":2,"name":"\\\\\\""}]', [1, 2], None, "backslashes before a quote"),
    # torn alone
    (b'[{"id":1},7,null,"x",[],{"id":2}]', [1, TORN, TORN, TORN, TORN, 2], None, "elements that are no objects"),
    (b'[[{"id":1}],{"id":2}]', [TORN, 2], None, "rows in an array in the array"),
    (b'[{"id":1,"id":1},{"id":2}]', [TORN, 2], None, "a name twice"),
    (b'[{"id":1,"name":"\xff"},{"id":2}]', [TORN, 2], None, "no UTF-8 in a text"),
    (b'[{"name":"\\ud800"},{"id":2}]', [TORN, 2], None, "a lone surrogate"),
    (b'[{"name":"a\nb"},{"id":2}]', [TORN, 2], None, "a raw line break in a text"),
    (b'[{"id":NaN},{"id":01},{"id":2}]', [TORN, TORN, 2], None, "words that are no numbers"),
    (b'[{"id":1,"more":1},{"id":2}]', [TORN, 2], None, "a name that the contract does not know"),
    (b'[{"name":' + b"[" * 500 + b"]" * 500 + b'},{"id":2}]', [TORN, 2], None, "too deep"),
    # no document
    (b"", None, 0, "nothing"),
    (b" \n ", None, 3, "blanks"),
    (b"null", None, 0, "a scalar"),
    (b"id,name\n1,x\n", None, 0, "CSV"),
    (b'{"id":1}\n{"id":2}\n', None, 9, "JSON lines"),
    (b'[{"id":1}]\n[{"id":2}]', None, 11, "two documents"),
    (b'[{"id":1}] x', None, 11, "something behind the end"),
    (b'[{"id":1}}', None, 9, "closed by another bracket"),
    (b'{"id":1]', None, 7, "an object closed by another bracket"),
    (b'[{"id":1],{"id":2}]', None, 8, "further in"),
    (b'[{"id":1}', None, 9, "never closed"),
    (b'[{"id":1},{"id":', None, 16, "torn in the middle"),
    (b'[{"id":1},{"name":"x', None, 18, "torn in a text"),
    (b'[{"id":1},]', None, 10, "a comma too many"),
    (b"[,]", None, 1, "nothing but a comma"),
    (b'[{"id":1},,{"id":2}]', None, 10, "an element is missing"),
    (b'[{"id":1} {"id":2}]', None, 10, "a comma is missing"),
    (b'[{"id":1,},{"id":2}]', None, 9, "a comma too many in an object"),
    (b'[{"id" 1},{"id":2}]', None, 7, "a colon is missing"),
    (b'[{"id":1 2},{"id":2}]', None, 9, "two values"),
    (b'[{"name":"a","b"},{"id":2}]', None, 16, "a name without a value"),
    (b"[{'id':1},{\"id\":2}]", None, 2, "single quotes"),
    (b'[{"name":"Ada "Countess" L"},{"id":2}]', None, 15, "quotes that are not escaped"),
    (b'[{"name":"Ada},{"id":2}]', None, 17, "a quote is missing: what was text is structure now"),
    (b'[/*x*/{"id":1}]', None, 6, "a comment"),
    (b'[{"id":\\"1"}]', None, 8, "a backslash outside of a text"),
]  # fmt: skip


def read(data, columns=COLUMNS):
    seen = Seen()
    found = {}
    for block in json_document(data, columns, seen):
        found.update(zip(block.numbers.tolist(), block.rows.column("id").cast(pa.int64()).to_pylist(), strict=True))
        if block.torn is not None:
            found.update(dict.fromkeys(block.torn.numbers.tolist(), TORN))
    assert ([*found] and sorted(found) == [*range(1, len(found) + 1)]) or not found
    return [found[number] for number in sorted(found)], seen


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(("data", "records", "broken", "why"), CASES, ids=[case[3] for case in CASES])
def test_a_document(data, records, broken, why, chunk, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", chunk)
    found, seen = read(data)
    assert seen.broken == broken
    if records is not None:
        assert found == records
        assert seen.records == len(records)


def test_the_bytes_of_an_element_are_kept_and_read_again():
    data = b'[\r\n {\r\n  "id": 1,\n\t"name": "x"\n }\n , {"id" :2}, \n{"id":\n3,\n"id":3}\n]'
    (block,) = json_document(data, COLUMNS, seen := Seen())
    assert block.raw.to_pylist() == [b'{\r\n  "id": 1,\n\t"name": "x"\n }', b'{"id" :2}']
    assert block.torn is not None
    assert block.torn.raw.to_pylist() == [b'{"id":\n3,\n"id":3}']
    assert (block.torn.numbers.tolist(), seen.lines, seen.records) == ([3], 10, 3)
    (again,) = json_again(block.raw, COLUMNS)
    assert again.rows == block.rows
    assert again.raw == block.raw


def test_a_fault_is_found_at_its_byte_in_any_text():
    good = [b"1", b"{}", b"[ ]", b'{"a":[1,{"b":"c"}], "d": {}}', b'"a\\"b"', b" x ", b'[[[]],[""]]']
    assert [fault_in(text) for text in good] == [None] * len(good)
    bad = [
        b"",
        b"1 2",
        b"{]",
        b"[1,]",
        b'{"a"}',
        b"{,}",
        b"[}",
        b"]",
        b":",
        b'{"a":1:2}',
        b'"',
        b"[1}",
        b'{"a":1"b":2}',
    ]
    assert [fault_in(text) for text in bad] == [0, 2, 1, 3, 4, 1, 1, 0, 0, 6, 0, 2, 6]


@pytest.mark.whole
def test_random_documents_are_what_their_elements_are(monkeypatch):
    for number in range(series(1000) // 5):
        draw = seeded(number)
        monkeypatch.setattr(module, "_CHUNK", draw.choice((7, 64, 1000)))
        monkeypatch.setattr(module, "WINDOW", draw.choice((50, 1000, 4 << 20)))
        columns = any_columns(draw)
        writer = Writer(draw, columns, odd=draw.choice((0, 0.02, 0.2)))
        elements = [writer.line() for _ in range(draw.randint(1, 40))]
        elements = [element.strip() for element in elements if fault_in(element) is None]
        blank = [draw.choice(("", " ", "\n", "\r\n  ")).encode() for _ in elements]
        data = b"[" + b",".join(space + element + space for element, space in zip(elements, blank, strict=True)) + b"]"
        seen = Seen()
        blocks = [*json_document(data, columns, seen)]
        assert seen.broken is None
        assert seen.records == len(elements)
        if elements:
            same_rows(elements, blocks, columns, seen.unknown)


@pytest.mark.whole
def test_a_mutated_document_is_never_taken_for_another(monkeypatch):
    """What the machine takes for a document gives its elements; another file is broken, or has a torn record."""
    taken = 0
    for number in range(series(1000)):
        draw = seeded(number)
        monkeypatch.setattr(module, "_CHUNK", draw.choice((5, 1000)))
        plain = [
            {"id": place, "name": draw.choice(("x", 'a"b', "],[", "\\", "ü"))} for place in range(draw.randint(0, 5))
        ]
        data = mutated(draw, json.dumps(plain, indent=draw.choice((None, 1)), ensure_ascii=False).encode())
        found, seen = read(data)
        try:
            value = rfc8259.parse(data)
        except rfc8259.No:
            assert seen.broken is not None or TORN in found
            continue
        taken += 1
        if not isinstance(value, dict | list):
            assert seen.broken == 0
            continue
        assert seen.broken is None
        value = [value] if isinstance(value, dict) else value
        assert len(found) == len(value)
        for each, element in zip(found, value, strict=True):
            known = isinstance(element, dict) and element.keys() <= {"id", "name"}
            number_ = element.get("id") if known else None
            if each != TORN and isinstance(number_, rfc8259.Number) and each is not None:
                assert int(number_) == each
            assert (each == TORN) == (not known)
    assert taken > series(50)
