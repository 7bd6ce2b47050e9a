"""A value that no row has any more, and that stands in a dictionary page all the same."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from strongroom.proof.forms import Needle
from strongroom.proof.search import search

NEEDLES = [Needle(0, "email", "user7@example.org"), Needle(0, "code", "ab-123"), Needle(0, "number", "1000000007")]
TEXTS = [f"user{number}@example.org" for number in range(50)]


def kept_dictionary(values):
    encoded = pa.array(values * 3).dictionary_encode()
    return encoded.filter(pc.not_equal(encoded.dictionary_decode(), values[7]))


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip", "brotli", "lz4"])
@pytest.mark.parametrize("nested", [False, True])
def test_an_unused_entry_is_found(tmp_path, codec, nested):
    column = kept_dictionary(TEXTS)
    if nested:
        column = pa.ListArray.from_arrays(pa.array(range(len(column) + 1), pa.int32()), column)
    pq.write_table(pa.table({"x": column}), tmp_path / "f", compression=codec, write_statistics=False)
    assert "user7@example.org" not in str(pq.read_table(tmp_path / "f").to_pylist()), "no row has it"
    report = search([str(tmp_path)], NEEDLES)
    path = "x.list.element" if nested else "x"
    assert (f"row group 0, dictionary page, column {path}", 7, "email") in {
        (one.where, one.at, one.name) for one in report.found
    }
    assert report.unsearched == ()


def test_short_values_stand_by_themselves_whatever_the_next_one_s_length_is(tmp_path):
    values = ["ab-123" if number == 7 else "x" * 97 + str(number) for number in range(20)]
    pq.write_table(pa.table({"x": kept_dictionary(values)}), tmp_path / "f", compression="zstd", write_statistics=False)
    found = {(one.where, one.name) for one in search([str(tmp_path)], NEEDLES).found}
    assert ("row group 0, dictionary page, column x", "code") in found


def test_numbers_and_pages_that_nobody_wants(tmp_path):
    numbers = pa.array([*range(10**9, 10**9 + 50)] * 3)
    pq.write_table(pa.table({"n": numbers, "x": TEXTS * 3}), tmp_path / "f", write_statistics=False)
    assert ("row group 0, dictionary page, column n", 7) in {
        (one.where, one.at) for one in search([str(tmp_path)], NEEDLES).found
    }
    assert search([str(tmp_path)], [Needle(0, "email", "user50@example.org")]).found == ()


def test_a_broken_page_is_told(tmp_path):
    table = pa.table({"x": pa.array(TEXTS * 3)})
    pq.write_table(table, tmp_path / "f", compression="zstd", write_statistics=False)
    data = bytearray((tmp_path / "f").read_bytes())
    data[4] = 0x1F
    (tmp_path / "f").write_bytes(data)
    places = [one.where for one in search([str(tmp_path)], NEEDLES).unsearched]
    assert places[0] == "row group 0, dictionary page"
