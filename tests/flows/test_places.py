"""Rows are counted within their file and part, whatever batches they come in."""

import itertools

import pyarrow as pa
import pytest

from strongroom.flows.places import Places, in_words, some
from strongroom.stores.sources import FILE, POSITION

ROWS = [
    # file, first byte of the part, what is told
    ("a", 0, "row 1"), ("a", 0, "row 2"), ("a", 0, "row 3"), ("b", 0, "row 1"), ("b", 100, "row 1 after byte 100"),
    ("b", 100, "row 2 after byte 100"), ("a", 50, "row 1 after byte 50"), ("c", 0, "row 1"), ("c", 0, "row 2"),
]  # fmt: skip


def batch(rows):
    files, parts = [row[0] for row in rows], [-1 - row[1] for row in rows]
    return pa.RecordBatch.from_pydict({FILE: pa.array(files), POSITION: pa.array(parts, pa.int64())})


@pytest.mark.parametrize("cuts", [*itertools.combinations(range(1, len(ROWS)), 2)])
def test_a_row_s_number_does_not_depend_on_batches(cuts):
    places, found = Places(), []
    for start, stop in itertools.pairwise((0, *cuts, len(ROWS))):
        found += in_words(places.of(batch(ROWS[start:stop]))).to_pylist()
    assert found == [row[2] for row in ROWS]


def test_typed_files_number_their_rows_themselves():
    numbers = batch([("a", -42, ""), ("a", -8, "")])
    assert in_words(Places().of(numbers)).to_pylist() == ["row 42", "row 8"]


def test_rows_from_elsewhere_have_no_place():
    assert Places().of(pa.RecordBatch.from_pydict({"n": [1]})) is None
    assert some(None, pa.array([True])) is None
