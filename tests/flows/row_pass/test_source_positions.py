"""The place of a row in words, and rows that Spark hands over: counted within their file and part, in any batches."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from strongroom.flows.row_pass.feeds import runs_of
from strongroom.flows.row_pass.source_positions import in_file, in_words
from strongroom.stores.sources import FILE, POSITION
from strongroom.stores.sources.origins import Before

ROWS = [
    # file, first byte of the part, what is told
    ("/a", 0, "row 1"), ("/a", 0, "row 2"), ("/a", 0, "row 3"), ("/b", 0, "row 1"), ("/b", 100, "row 1 after byte 100"),
    ("/b", 100, "row 2 after byte 100"), ("/a", 50, "row 1 after byte 50"), ("/c", 0, "row 1"), ("/c", 0, "row 2"),
]  # fmt: skip


def batch(rows):
    files, parts = [f"file://{row[0]}" for row in rows], [-1 - row[1] for row in rows]
    return pa.RecordBatch.from_pydict({FILE: pa.array(files), POSITION: pa.array(parts, pa.int64())})


def told(batches):
    counted = {}
    return [
        (path, words)
        for each in batches
        for path, start, numbers, _ in runs_of(each, counted)
        for words in in_words(numbers, start).to_pylist()
    ]


@pytest.mark.parametrize("cuts", [*itertools.combinations(range(1, len(ROWS)), 2)])
def test_a_row_s_number_does_not_depend_on_batches(cuts):
    batches = [batch(ROWS[start:stop]) for start, stop in itertools.pairwise((0, *cuts, len(ROWS)))]
    assert told(batches) == [(row[0], row[2]) for row in ROWS]


def test_typed_files_number_their_rows_themselves():
    assert told([batch([("/a", -42, ""), ("/a", -8, "")])]) == [("/a", "row 42"), ("/a", "row 8")]


@pytest.mark.parametrize(
    ("position", "starts", "expected", "why"),
    [
        ("row 7", {}, "row 7", "a file in one part"),
        ("row 7 (line 9)", {}, "row 7 (line 9)", "with a header and a blank line"),
        ("row 7 after byte 100", {0: Before(0), 100: Before(12)}, "row 19", "twelve records stand before its part"),
        ("row 7 after byte 100", {100: Before(12, 13)}, "row 19 (line 20)", "thirteen lines, the header among them"),
        ("row 7 (line 9) after byte 100", {100: Before(12, 13)}, "row 19 (line 22)", "both are counted on"),
        ("row 7 (line 9) after byte 100", {100: Before(12)}, "row 19", "nobody counted the lines before"),
        ("row 7 after byte 100", {100: Before(12, 12)}, "row 19", "a line that is the record's number is not told"),
        ("row 7 after byte 100", {}, "row 7 after byte 100", "what is not known is not made up"),
        ("row 7 after byte 100", {0: Before(0), 200: Before(12)}, "row 7 after byte 100", "nor of another part"),
    ],
)
def test_a_number_in_a_part_becomes_one_in_the_file(position, starts, expected, why):
    assert in_file(position, starts) == expected, why


def test_words_are_of_numbers_from_one():
    assert in_words(np.array([1, 12]), 5).to_pylist() == ["row 1 after byte 5", "row 12 after byte 5"]


def test_a_line_is_told_beside_a_record_that_has_another_number():
    places = in_words(np.array([1, 2, 3]), 0, lines=np.array([1, 3, 7])).to_pylist()
    assert places == ["row 1", "row 2 (line 3)", "row 3 (line 7)"]
    assert in_words(np.array([2]), 5, lines=np.array([3])).to_pylist() == ["row 2 (line 3) after byte 5"]
