"""What becomes of odd CSV, case by case: kept exactly, set aside with its bytes, or refused with its place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from strongroom.core.contract import Column, Source, Type
from strongroom.core.errors import StoreError
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.csv_header import header_of, header_problems
from strongroom.quality.reading.csv_records import csv_blocks
from strongroom.quality.reading.csv_rows import csv_again
from strongroom.quality.reading.dialect import Dialect, dialect_of
from strongroom.quality.reading.lines import lines_of

ABC = ("a", "b", "c")


def columns_of(names, required=()):
    return tuple(Column(name, name, Type("string"), line=9, required=name in required) for name in names)


def read(data: bytes, *, wanted=ABC, whole=True, names=None, longest=1 << 20, **options):
    """Rows and torn records by number, the counts, and the Block's raw bytes."""
    dialect = dialect_of(Source("s", "csv", "x", {"header": True, **options}))
    lines = list(lines_of([data], encoding=dialect.encoding))
    names = names or (header_of(lines, dialect) if dialect.header else ())
    seen = Seen()
    rows, torn = {}, {}
    for block in csv_blocks(
        lines, columns_of(wanted), dialect, seen, names=names, first=True, last=whole, longest=longest
    ):
        rows |= dict(zip(block.numbers.tolist(), (tuple(row.values()) for row in block.rows.to_pylist()), strict=True))
        if block.torn:
            torn |= dict(zip(block.torn.numbers.tolist(), block.torn.raw.to_pylist(), strict=True))
    return rows, torn, seen


HEAD = b"a,b,c\n"
KEPT = [
    ("quoted break", b'1,"x\ny",2\n', ("1", "x\ny", "2"), "within quotes a line does not end"),
    ("forged row", b'1,"x\n9,9,9\ny",2\n', ("1", "x\n9,9,9\ny", "2"), "what looks like a row is text"),
    ("stray quote", b'1,x"y,2\n', ("1", 'x"y', "2"), "a quote inside an unquoted field is text"),
    ("stray pair", b'1,x"y,z",2\n', None, "and no separator is hidden by it: four fields"),
    ("blank and quote", b'1, "x",2\n', ("1", ' "x"', "2"), "the field begins with a blank: its quotes are text"),
    ("doubled quote", b'1,"x""y",2\n', ("1", 'x"y', "2"), "RFC 4180"),
    ("only quotes", b'1,"""",2\n', ("1", '"', "2"), "one quote"),
    ("nothing", b"1,,2\n", ("1", None, "2"), "an empty field is null"),
    ("nothing quoted", b'1,"",2\n', ("1", None, "2"), "quoted or not"),
    ("CR LF", b"1,x,2\r\n", ("1", "x", "2"), "a line end as good as LF"),
    ("CR in quotes", b'1,"x\ry",2\n', ("1", "x\ry", "2"), "text"),
    ("CR LF in quotes", b'1,"x\r\ny",2\r\n', ("1", "x\r\ny", "2"), "text as it stands"),
    ("NUL", b"1,x\0y,2\n", ("1", "x\0y", "2"), "text"),
    ("VT, NEL, LS", "1,x\x0b\x85\u2028y,2\n".encode(), ("1", "x\x0b\x85\u2028y", "2"), "no line ends"),
    ("^Z", b"\x1a,x,2\n", ("\x1a", "x", "2"), "no end of file"),
    ("words", b"NA,null,\\N\n", ("NA", "null", "\\N"), "words are text"),
    ("hash", b"#1,x,2\n", ("#1", "x", "2"), "no comment unless the contract says so"),
    ("blanks", b" 1 ,\tx,2 \n", (" 1 ", "\tx", "2 "), "blanks are text"),
    ("no last line end", b"1,x,2", ("1", "x", "2"), "the last line needs none"),
    ("header again", b"a,b,c\n", ("a", "b", "c"), "in the middle it is a row"),
    ("mark in the middle", b"\xef\xbb\xbf1,x,2\n", ("\ufeff1", "x", "2"), "a mark is one at the start only"),
    ("10 MB", b'1,"' + b"x\n" * 5_000_000 + b'",2\n', ("1", "x\n" * 5_000_000, "2"), "a cell may be long"),
]  # fmt: skip


def weighed(case):
    return pytest.param(*case, id=case[0], marks=[pytest.mark.whole] if len(case[1]) > 1_000_000 else [])


@pytest.mark.parametrize(("name", "line", "row", "why"), [weighed(case) for case in KEPT])
def test_kept_exactly(name, line, row, why):
    data = HEAD + b"0,0,0\n" + line + (b"9,9,9\n" if line.endswith(b"\n") else b"")
    rows, torn, seen = read(data, longest=1 << 26)
    if row is None:
        assert torn == {2: line.removesuffix(b"\n")}, why
        return
    assert rows[2] == row, why
    assert torn == {}
    assert seen.records == len(rows) == (3 if line.endswith(b"\n") else 2)
    assert seen.lines == data.count(b"\n") + (not data.endswith(b"\n"))


ASIDE = [
    ("short", b"1,x\n", b"1,x", "a field is missing: which one?"),
    ("long", b"1,x,2,3\n", b"1,x,2,3", "one too many"),
    ("long empty", b"1,x,2,\n", b"1,x,2,", "even an empty one"),
    ("short quoted", b'1,"x\ny"\n', b'1,"x\ny"', "with its inner break"),
    ("ff fe", b"1,\xff\xfe,2\n", b"1,\xff\xfe,2", "no UTF-8, and its bytes are kept"),
    ("surrogate", b"1,\xed\xa0\x80,2\n", b"1,\xed\xa0\x80,2", "nor is this"),
    ("overlong", b"1,\xc0\xaf,2\n", b"1,\xc0\xaf,2", "nor this, which some take for a slash"),
    ("cp1252", b"1,Ren\xe9,2\r\n", b"1,Ren\xe9,2", "two people must not become one"),
    ("lone CR", b"1,x\ry,2\n", b"1,x\ry,2", "some take it for a line end: torn, neither text nor two rows"),
    ("CR CR LF", b"1,x,2\r\r\n", b"1,x,2\r", "one of them belongs to the line end"),
]


@pytest.mark.parametrize(("name", "line", "raw", "why"), ASIDE, ids=[case[0] for case in ASIDE])
def test_set_aside_with_its_bytes(name, line, raw, why):
    rows, torn, seen = read(HEAD + b"0,0,0\n" + line + b"9,9,9\n")
    assert (rows, torn) == ({1: ("0", "0", "0"), 3: ("9", "9", "9")}, {2: raw}), why
    assert (seen.records, seen.blank, seen.broken) == (3, 0, None)
    again = csv_again(pa.array([b"0,0,0", raw], pa.binary()), columns_of(ABC), Dialect(), names=ABC)
    assert again.numbers.tolist() == [1]
    assert again.torn is not None
    assert again.torn.raw.to_pylist() == [raw]


BROKEN = [
    ("unclosed", b'5,"x,2\n6,y,3\n', "a quote that never closes"),
    ("unclosed in the last column", b'5,x,"2\n6,y,3\n', "its writer lost a quote, not a row"),
    ("text behind", b'5,"x"y,2\n6,y,3\n', "is it xy?"),
    ("blank behind", b'5,"x" ,2\n6,y,3\n', "even a blank"),
    ("lone CR behind", b'5,"x"\ry,2\n6,y,3\n', "no line end"),
    ("quote behind", b'5,"x""y,2\n6,y,3\n', "doubled, so it is open"),
]


@pytest.mark.parametrize(("name", "rest", "why"), BROKEN, ids=[case[0] for case in BROKEN])
@pytest.mark.parametrize("before", [b"", b"1,2,3\n4,5\n\n"])
def test_behind_a_broken_quote_nothing_is_trusted(name, rest, why, before):
    good = {1: ("1", "2", "3")} if before else {}
    short = {2: b"4,5"} if before else {}
    rows, torn, seen = read(HEAD + before + rest)
    assert (rows, torn, seen.open_quote) == (good, short, False), why
    assert seen.broken == len(HEAD + before), "where its record begins"
    rows, torn, seen = read(HEAD + before + rest, onBrokenQuote="quarantineRest")
    assert rows == good
    assert b"".join(raw + b"\n" for number, raw in torn.items() if number > len(good) + len(short)) == rest
    rows, torn, seen = read(HEAD + before + rest, onBrokenQuote="quarantineRest", whole=False)
    assert (seen.broken, seen.open_quote) == (None, True), "what follows in other parts has to be set aside too"


def test_a_record_without_end_does_not_fill_the_memory():
    rest = b'5,"' + b"x\n" * 5_000 + b'",6\n'
    size = len(rest)
    for longest, records in ((size - 1, 1), (size, 3)):
        for step in (100, 1 << 20):  # whatever the arrays are
            lines, seen = lines_of([b"1,2,3\n" + rest + b"7,8,9\n"], encoding="UTF-8", most=step), Seen()
            given = {"names": ABC, "first": True, "last": True, "longest": longest}
            blocks = list(csv_blocks(lines, columns_of(ABC), Dialect(), seen, **given))
            assert (seen.records, seen.broken) == (records, 6 if records == 1 else None)
            assert sum(block.rows.num_rows for block in blocks) == records


DIALECTS = [
    ({"sep": ";"}, b"1;x,y;2\n", ("1", "x,y", "2"), "another separator"),
    ({"sep": "\t"}, b"1\tx\t2\n", ("1", "x", "2"), "a tab"),
    ({"sep": "§"}, "1§\"x§y\"§2\n".encode(), ("1", "x§y", "2"), "beyond ASCII"),
    ({"quote": "'"}, b"1,'x,''y\"',2\n", ("1", "x,'y\"", "2"), "another quote"),
    ({"quote": ""}, b'1,"x,"2\n', ("1", '"x', '"2'), "none"),
    ({"escape": "\\"}, b'1,"x\\"\\\\\\n,y",\\"2\n', ("1", 'x"\\\\n,y', '\\"2'), "before a quote or itself, in quotes"),
    ({"escape": '"'}, b'1,"x""y",2\n', ("1", 'x"y', "2"), "the quote: doubled"),
    ({"comment": "#"}, b"#,it's \"\n1,x,#2\n", ("1", "x", "#2"), "a line that begins with it"),
    ({"comment": "#"}, b'1,"x\n#y",2\n', ("1", "x\n#y", "2"), "not within quotes"),
    ({"lineSep": "\n"}, b"1,x\ry,2\r\n", ("1", "x\ry", "2\r"), "only LF ends a line"),
    ({"multiLine": False}, b'1,"x\ny",2\n', ("1", "x\ny", "2"), "quoted breaks are always read"),
    ({"emptyText": "keep"}, b'"",,2\n', ("", None, "2"), "the empty text, and nothing"),
    ({"ignoreLeadingWhiteSpace": True}, b' 1,\t "x ,",  \n', ("1", "x ,", None), "before a field and before its quote"),
    ({"ignoreTrailingWhiteSpace": True}, b'1 ,"x "\t, 2 \r\n', ("1", "x ", " 2"), "behind a field, behind its quote"),
    ({"encoding": "windows-1252"}, b"1,Ren\xe9 \x80,2\n", ("1", "René €", "2"), "as Excel writes it"),
    ({"encoding": "ISO-8859-15"}, b"1,\xa4,2\n", ("1", "€", "2"), "its euro"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "line", "row", "why"), DIALECTS, ids=[case[3] for case in DIALECTS])
def test_dialects(options, line, row, why):
    sep = str(options.get("sep", ",")).encode(options.get("encoding", "utf-8"))
    rows, torn, _ = read(sep.join([b"a", b"b", b"c"]) + b"\n" + line, **options)
    assert (rows, torn) == ({1: row}, {}), why


def test_utf_16_with_its_mark():
    rows, _, _ = read('\ufeffa,b,c\r\n1,"ਅ\nĀ",2\r\n'.encode("utf-16-le"), encoding="UTF-16")
    assert rows == {1: ("1", "ਅ\nĀ", "2")}


def test_lines_that_are_no_records_are_counted():
    data = b'\n#x\na,b,c\n\n1,2,3\r\n\r\n#y,"\n4,5,6\n'
    rows, torn, seen = read(data, comment="#")
    assert (rows, torn) == ({1: ("1", "2", "3"), 2: ("4", "5", "6")}, {})
    assert (seen.lines, seen.records, seen.blank, seen.comments) == (8, 2, 3, 2)


def test_in_a_file_of_one_column_a_line_without_anything_is_a_null():
    rows, torn, seen = read(b'\na\n1\n\n""\n2\n', wanted=("a",))
    assert (rows, torn, seen.blank) == ({1: ("1",), 2: (None,), 3: (None,), 4: ("2",)}, {}, 1)


def test_columns_are_found_by_name():
    rows, _, _ = read(b'\xef\xbb\xbf"c",a,x\n1,2,3\n', wanted=ABC)
    assert rows == {1: ("2", None, "1")}
    assert read(b"x,y\n1,2\n3\n", wanted=ABC)[:2] == ({1: (None, None, None)}, {2: b"3"}), "none of them is there"


def test_without_a_header_the_contracts_order_counts():
    assert read(b"1,2,3\n", header=False)[0] == {1: ("1", "2", "3")}


HEADERS = [
    ("b,c,a", [], "any order"),
    ("a,c", [], "an absent column that may be null"),
    ("b,c", ["required column 'a' is missing"], "one that may not"),
    ("a,b,c,b", ["'b' 2 times"], "doubled"),
    ("A,b,c", ["'A'.*It is called 'a' there", "'a' is missing"], "case counts"),
    ("a, b,c", ["' b'.*It is called 'b' there"], "blanks count"),
    ("a,b,c,d", ["'d' that c.yaml does not know.*Add it"], "unknown"),
    (",a,b,c", ["column 1 has no name.*index=False"], "pandas' index"),
    ("a,b,c,", ["ends with a separator"], "a trailing separator"),
    ("a,,b,c", ["column 2 has no name"], "forgotten"),
    ("1,x,2", ["no header: none of its 3 names"], "a row, whose values are nobody's business"),
]


@pytest.mark.parametrize(("header", "found", "why"), HEADERS, ids=[case[2] for case in HEADERS])
def test_headers(header, found, why):
    names = header_of([pa.array([header.encode()], pa.binary())], Dialect(header=True))
    problems = header_problems(names, columns_of(ABC, required=("a",)), where="f.csv", contract="c.yaml")
    assert len(problems) == len(found), problems
    for problem, words in zip(problems, found, strict=True):
        with pytest.raises(StoreError, match=words):
            raise StoreError(str(problem))
        assert "f.csv" in str(problem)
    if why.startswith("a row"):
        assert "x" not in str(problems[0]).split("none of")[1].split("c.yaml")[0]


@pytest.mark.parametrize(
    ("lines", "said", "why"),
    [
        ([b'"a,b', b"c"], "does not close", "an open quote"),
        ([b'"a"x,b'], "does not close as it should", "a broken quote"),
        ([b"", b""], "nothing is in it", "blank lines"),
        ([], "nothing is in it", "an empty file"),
        ([b"a\rb,c"], "carriage return", "a file of a Mac before 2001"),
        ([b"Stra\xdfe,b"], "not in the encoding", "another encoding"),
    ],
)
def test_what_is_no_header(lines, said, why):
    with pytest.raises(StoreError, match=said):
        header_of([pa.array(lines, pa.binary())], Dialect(header=True))


def test_a_header_may_have_a_break_and_stand_behind_comments():
    lines = [pa.array([line], pa.binary()) for line in (b"", b"#1", b'"a', b'b",c')]
    assert header_of(lines, Dialect(header=True, comment="#")) == ("a\nb", "c")


PAGE = Path(__file__).parents[3] / "docs" / "quality.md"


def page_rows() -> list[str]:
    """The cases as they stand in the documentation."""
    kinds = ((KEPT, "kept"), (ASIDE, "set aside"), (BROKEN, "broken quote"))
    rows = [(case[1], kind, case) for cases, kind in kinds for case in cases]
    return [
        f"| {name_of(data)} | {'set aside' if case[2] is None else kind} | {case[-1]} |" for data, kind, case in rows
    ]


def name_of(data: bytes) -> str:
    if len(data) > 100:
        return "a cell of 10 MB"
    text = repr(data)[2:-1].replace("|", "\\|")
    return f"`{text}`"


def test_the_page_has_every_case():
    assert [row for row in page_rows() if row not in PAGE.read_text(encoding="utf-8")] == []
