"""Each way out's function, read back by that way out's own reader, for every hostile text."""

import json
import os
import re

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core import sql_text
from strongroom.core.errors import StoreError
from strongroom.core.escaping import (
    cell,
    file_name,
    header,
    in_log,
    is_unicode,
    json_text,
    label,
    markdown_cell,
    one_line,
    shell_word,
    visible,
    visible_lines,
)
from strongroom.reports.markup import element, plain
from strongroom.stores.artefacts.matrix_files import write_cells
from strongroom.stores.spark.sql import columns_as, rows_where
from support.hostile import TEXTS, shell_words, spreadsheet, watch, watched

ALL = [text for text, _ in TEXTS]
WHOLE = [text for text in ALL if is_unicode(text)]


def test_there_are_two_hundred_different_ones():
    assert len(set(ALL)) == len(ALL) >= 200


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("plain", "plain", "nothing to do"),
        ("Ünïcödé ☃ \U0001f600 שלום", "Ünïcödé ☃ \U0001f600 שלום", "any script is text"),
        ("a\x1b[2Jb", "a‹U+001B›[2Jb", "what follows the control is text"),
        ("a\nb\tc\r", "a‹U+000A›b‹U+0009›c‹U+000D›", "one line stays one"),
        ("\x9b", "‹U+009B›", "C1"),
        ("\x7f", "‹U+007F›", "DEL"),
        ("a\u202eb", "a‹U+202E›b", "direction"),
        ("a\u200bb\u2060c\ufeff", "a‹U+200B›b‹U+2060›c‹U+FEFF›", "no width"),
        ("\u3164\u115f\u2800", "‹U+3164›‹U+115F›‹U+2800›", "letters that nobody sees"),
        ("\u2028\u2029\x85", "‹U+2028›‹U+2029›‹U+0085›", "other line ends"),
        ("\udc9b\ud800", "‹U+DC9B›‹U+D800›", "halves"),
        ("\ue000\u0378", "‹U+E000›‹U+0378›", "private, unassigned"),
        ("\U000e0001", "‹U+E0001›", "five digits"),
        ("e\u0301\u0323\u0308\u0304", "e\u0301\u0323\u0308\u0304", "four marks are a letter"),
        ("e\u0301\u0323\u0308\u0304\u0301", "e\u0301\u0323\u0308\u0304‹U+0301›", "the fifth is a flood"),
        (r"\d+ C:\x \u202e", r"\d+ C:\x \u202e", "a backslash means nothing"),
        ("‹U+202E›", "‹U+2039›U+202E›", "typed out, it is told from the sign"),
        ("‹a›", "‹a›", "quotes are quotes"),
    ],
)
def test_what_nobody_sees_is_seen(text, shown, why):
    assert visible(text) == shown, why


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_a_terminal_shows_it_obeys_nothing_and_says_which_it_was(text, why):
    assert "\n" not in visible(text)
    assert watched(visible(text)) == text, why


def test_no_two_texts_look_the_same():
    assert len({visible(text) for text in ALL}) == len(ALL)


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_json_is_seen_whole_and_read_back(text, why):
    written = json_text({text: [text, {"a": text}]})
    watch(written)
    assert json.loads(written) == {text: [text, {"a": text}]}, why
    assert visible_lines(written) == written, "printing it changes nothing"


def test_json_with_lines_of_its_own_keeps_them():
    assert json.loads(json_text({"a": "x\ny"}, indent=1)) == {"a": "x\ny"}
    assert json_text([1], indent=1) == "[\n 1\n]"
    assert json_text({"a": [1]}, compact=True) == '{"a":[1]}'


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_the_log_holds_nothing_that_acts_and_twice_is_as_once(text, why):
    written = in_log(text)
    assert written.isprintable(), why
    watch(written)
    written.encode()
    assert in_log(written) == written


@pytest.mark.parametrize("filler", ["\u034f", "\u115f", "\u2800", "\u3164", "\ufe0f", "\U000e0101"])
def test_the_log_shows_what_python_takes_for_a_letter_and_nobody_sees(filler):
    assert filler.isprintable()
    assert in_log(f"a{filler}b") == f"a\\{'u' if ord(filler) < 0x10000 else 'U000'}{ord(filler):04x}b"


def test_no_spreadsheet_computes_a_cell(tmp_path):
    rows = pa.table({"who": WHOLE, "what": WHOLE[::-1]})
    write_cells(rows, str(tmp_path / "cells.csv"))
    text = (tmp_path / "cells.csv").read_bytes().decode()
    watch(text)
    found = spreadsheet(text)
    assert [row[0] for row in found[1:]] == [cell(text) for text in WHOLE]
    assert pacsv.read_csv(tmp_path / "cells.csv").num_rows == len(WHOLE)
    assert [cell(text) for text in ("=1", " =1", "a;=1", "-1", "%0A", "a", "1;2", "\uff1d1", "\t=1")] == [
        "'=1", " '=1", "a;'=1", "'-1", "'%0A", "a", "1;2", "'\uff1d1", "‹U+0009›=1",
    ]  # fmt: skip


@pytest.mark.parametrize("cells", ["csv", "parquet", "delta"])
def test_cells_of_other_formats_are_as_they_were(tmp_path, cells):
    name = str(tmp_path / ("cells" if cells == "delta" else f"cells.{cells}"))
    write_cells(pa.table({"who": ["user:ada"]}), name)
    assert (tmp_path / name).exists()


def test_bash_reads_the_word_that_was_meant():
    texts = [text for text in ALL if "\0" not in text and not re.search("[\ud800-\udbff\udfff]", text)]
    line = " ".join(map(shell_word, texts))
    watch(line)
    assert shell_words(line) == [os.fsencode(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "word"),
    [("a b", "'a b'"), ("it's", "'it'\"'\"'s'"), ("\x1b'\\", r"$'\x1b\'\\'"), ("\x9b", r"$'\xc2\x9b'")],
)
def test_a_word_is_quoted_as_usual_unless_something_hides_in_it(text, word):
    assert shell_word(text) == word


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_a_header_is_one_line_of_ascii_or_refused(text, why):
    if re.fullmatch("[ -~]*", text):
        assert header(text) == text
    else:
        with pytest.raises(ValueError, match=r"^this is no header's value$"):
            header(text)


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_a_file_name_is_one_file_of_its_folder(tmp_path, text, why):
    name = file_name(text)
    (tmp_path / name).write_text("")
    assert [file.name for file in tmp_path.iterdir()] == [name], why


def test_a_label_is_escaped_as_prometheus_says():
    assert label('a\\b"c\nd') == r"a\\b\"c\nd"


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_a_cell_of_markdown_neither_ends_nor_is_markup(text, why):
    written = markdown_cell(text)
    assert "\n" not in written
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`]|(?<!\\)!\[|\]\(", written), why


def test_a_text_of_others_does_not_begin_a_line():
    assert visible_lines("file " + one_line("a\nb") + "\nend") == "file a␤b\nend"


def test_attributes_and_elements_take_any_text():
    from support.hostile import elements

    for text in ALL:
        shape, words = elements(element("p", text, title=text, class_=text))
        assert shape == [("p", ("title", "class"))]
        assert words == plain(text)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("lake") / "t"
    write_deltalake(path, pa.table({"id": range(len(WHOLE)), "name": WHOLE}))
    return DeltaTable(path)


@pytest.mark.parametrize("number", range(0, len(WHOLE), 3))
def test_delta_rs_finds_exactly_the_row_of_a_text(table, number):
    rows = pa.table(table.scan(columns=["id"], predicate=sql_text.equals("name", WHOLE[number])))
    assert rows["id"].to_pylist() == [number]


def test_delta_rs_finds_exactly_the_rows_of_many(table):
    some = sql_text.all_of(sql_text.one_of("name", WHOLE[::2]), sql_text.present("name"))
    assert (
        sorted(pa.table(table.scan(columns=["id"], predicate=some))["id"].to_pylist()) == list(range(len(WHOLE)))[::2]
    )
    numbers = sql_text.one_of("id", [3, 5])
    assert sorted(pa.table(table.scan(columns=["id"], predicate=numbers))["id"].to_pylist()) == [3, 5]


def test_a_comment_is_one_line():
    for text in ALL:
        assert sql_text.comment(text).startswith("-- ")
        assert len(sql_text.comment(text).splitlines()) == 1


def test_what_spark_would_fill_in_is_not_handed_to_it():
    """Spark puts variables in before it parses, so that a column called `${env:NAME}` would show what NAME holds."""
    for name in ("${env:HOME}", "${spark.app.name}", "a${system:user.name}"):
        with pytest.raises(StoreError, match="Spark would put in a variable"):
            columns_as(None, [sql_text.identifier(name)])
        with pytest.raises(StoreError, match="Spark would put in a variable"):
            rows_where(None, f"({sql_text.identifier(name)} = 1)")
    assert "${" not in sql_text.text_literal("${env:HOME}")


@pytest.mark.spark
def test_spark_reads_names_and_texts_as_they_are(spark):
    texts = [text for text in WHOLE if "${" not in text]
    named = [f"{sql_text.text_literal(text)} AS {sql_text.identifier(text or 'empty')}" for text in texts]
    frame = columns_as(spark.range(1), named)
    assert frame.columns == [text or "empty" for text in texts]
    assert list(frame.first()) == texts
