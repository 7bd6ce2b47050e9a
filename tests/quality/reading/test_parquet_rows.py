"""Footers against the contract, and row groups as blocks: names, numbers, sizes, and files that are broken."""

import re
import secrets

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.reading.parquet_reading import blocks, column, contract, written
from strongroom.core.contract import Column, Rule, SetRule, Type
from strongroom.core.errors import ConfigError, StoreError
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.exact import exactly
from strongroom.quality.reading.parquet_calendar import our_days
from strongroom.quality.reading.parquet_rows import (
    Reading,
    asked_by,
    fits,
    footer_of,
    means_one_thing,
    parquet_blocks,
)
from strongroom.quality.reading.parquet_sizes import Dictionaries

ID, TEXT = column("bigint", "id"), column("string", "text")
MAP = pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8()))


def problems(table, *columns, **more):
    footer = footer_of(pa.BufferReader(written(pa.table(table))), path="x.parquet")
    return [str(problem) for problem in fits(footer, columns, path="x.parquet", contract="t.yaml", **more)]


@pytest.mark.parametrize(
    ("table", "columns", "expected", "why"),
    [
        ({"text": ["a"], "id": [1]}, (ID, TEXT), [], "by name, in any order"),
        ({"id": [1]}, (ID, TEXT), [], "a column that the file has not is null"),
        ({"text": ["a"]}, (column("bigint", "id", required=True), TEXT), ["'id' is missing in x.parquet"], "required"),
        ({"id": [1], "txt": ["a"]}, (ID, TEXT), ["column 'txt' that t.yaml does not know. Did you mean 'text'?"],
         "unknown"),
        ({"ID": [1]}, (ID,), ["column 'ID' that t.yaml does not know. Did you mean 'id'?"], "letter for letter"),
        ({"id": [1], "ID": [1]}, (ID,), ["two columns 'id' and 'ID', which are one name"], "equal but for case"),
        ({"id": [1.5], "text": [1]}, (ID, TEXT), ["'id' is double", "'text' is int64"], "all at once"),
        ({"id": MAP}, (column("drop", "id"),), [], "a dropped column is of any type"),
        ({"s": [{"x": 1, "Y": 2}]}, (column({"x": "int", "y": "int"}, "s"),), ["'s.Y' that t.yaml does not know"],
         "nested names, too"),
        ({"s": [[{"x": 1, "X": 2}]]}, (column([{"x": "int"}], "s"),), ["'s[].x' and 's[].X'"], "in lists as well"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(table, columns, expected, why):
    found = problems(table, *columns)
    assert len(found) == len(expected), why
    assert all(word in problem for word, problem in zip(expected, found, strict=True)), found


MOMENT = column("timestamp", "at")


@pytest.mark.parametrize(
    ("table", "columns", "options", "expected", "why"),
    [
        ({"id": [1], "text": ["a"]}, (ID, TEXT), {}, True, "the very types"),
        ({"id": [1]}, (ID, TEXT), {}, True, "what is not there is null for everybody"),
        ({"id": pa.array([1], pa.int32())}, (ID,), {}, False, "Spark widens, or refuses"),
        ({"id": [1]}, (column("smallint", "id"),), {}, False, "a value may not fit, and that is a row's matter"),
        ({"s": [{"x": 1}]}, (column({"x": "bigint"}, "s"),), {}, True, "inside, too"),
        ({"s": [[{"x": 1}]]}, (column([{"x": "int"}], "s"),), {}, False, "inside, too"),
        ({"at": pa.array([1], pa.timestamp("us", "UTC"))}, (MOMENT,), {}, True, "as Delta demands"),
        ({"at": pa.array([1], pa.timestamp("us"))}, (MOMENT,), {}, False, "without a zone"),
        ({"at": pa.array([1], pa.timestamp("ns", "UTC"))}, (MOMENT,), {}, False, "Spark reads no nanoseconds"),
        ({"at": pa.array([1], pa.timestamp("us"))}, (MOMENT,), {"use_deprecated_int96_timestamps": True}, False,
         "INT96 may hold more than microseconds, which Spark cuts off"),
    ],
)  # fmt: skip
def test_what_every_reader_takes_for_the_same(table, columns, options, expected, why):
    footer = footer_of(pa.BufferReader(written(pa.table(table), **options)), path="x.parquet")
    assert means_one_thing(footer, columns) is expected, why


def test_what_does_not_fit_says_what_to_write():
    assert problems({"id": [1.5]}, ID) == [
        "t.yaml:7: column 'id' is double in x.parquet, not bigint. Write in the contract {logicalType: number,"
        " physicalType: double}, or write the file with this column as bigint; method drop leaves it out."
    ]


def test_a_dropped_column_that_a_rule_asks_has_to_fit():
    dropped = column("drop", "m")
    judged = contract(dropped)
    object.__setattr__(judged, "rules", (Rule("r", "type", ("m",)),))
    assert asked_by(judged) == frozenset()
    object.__setattr__(judged, "rules", (Rule("r", "minimum", ("m",), 1),))
    object.__setattr__(judged, "set_rules", (SetRule("s", "nullValues", ("n",), "mustBe", 0),))
    assert asked_by(judged) == {"m", "n"}
    (problem,) = problems({"m": MAP}, dropped, asked=asked_by(judged))
    assert "A rule asks for this column" in problem


def test_a_schema_without_files_is_looked_at_the_same_way():
    schema = pa.schema([("id", pa.int32()), ("text", pa.float64())])
    (problem,) = fits(schema, (ID, TEXT), path="t", contract="t.yaml")
    assert "'text' is double in t" in problem.what


@pytest.mark.parametrize("groups", [[0], [1, 2], [2], [0, 1, 2]])
def test_numbers_go_on_from_the_rows_before(groups):
    content = written(pa.table({"id": range(50_000), "text": ["a"] * 50_000}), row_group_size=20_001)
    found = blocks(content, (ID, TEXT), groups=groups, first=groups[0] * 20_001)
    ids = np.concatenate([block.rows.column("id").to_numpy() for block in found])
    numbers = np.concatenate([block.numbers for block in found])
    ends = (groups[0] * 20_001, min((groups[-1] + 1) * 20_001, 50_000))
    assert ids.tolist() == list(range(*ends))
    assert (numbers == ids + 1).all()
    assert max(len(block.numbers) for block in found) == min(20_000, ends[1] - ends[0])
    assert {block.raw for block in found} == {None}


def test_a_column_that_is_not_read_is_null():
    (block,) = blocks(written(pa.table({"id": [1], "text": ["a"]})), (ID, TEXT), unread=("text",))
    assert block.rows.to_pylist() == [{"id": 1, "text": None}]


@pytest.mark.parametrize("rows", [0, 3])
def test_a_file_with_none_of_the_columns_has_its_rows(rows):
    content = written(pa.table({"m": MAP.take(pa.array([0] * rows, pa.int32()))}))
    columns = (column("drop", "m"), ID)
    found = [row for block in blocks(content, columns) for row in block.rows.to_pylist()]
    assert found == [{"m": None, "id": None}] * rows


LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("values", "kind", "options", "why"),
    [
        ([f"{n:010000}" for n in range(1000)], "string", {}, "the footer tells"),
        ([LONG] * 1000, "string", {}, "a dictionary hides it"),
        ([[LONG] * 10] * 100, ["string"], {}, "in lists, too"),
        ([{"x": LONG}] * 1000, {"x": "string"}, {}, "and in structs"),
        ([None] * 999 + [LONG * 100], "string", {}, "one long value among none"),
        ([LONG + str(n) for n in range(1000)], "string", {"use_dictionary": False, "column_encoding":
         "DELTA_BYTE_ARRAY"}, "what is stored as a difference is cut when it is there"),
    ],
)  # fmt: skip
def test_no_block_is_larger_than_it_may_be(values, kind, options, why):
    content = written(pa.table({"a": values}), **options)
    found = blocks(content, (column(kind),), most_bytes=1 << 20)
    assert [value for block in found for value in block.rows.column("a").to_pylist()] == values
    assert max(block.rows.nbytes for block in found) < 1.1 * (1 << 20), why
    assert len(found) < 40, why


@pytest.mark.parametrize(
    ("words", "a_row", "expected", "why"),
    [
        (["a", "b"], 1, 20_000, "short words, however few"),
        ([LONG, "b"], 1, 104, "each may be the longest one"),
        ([LONG * 100, "b"], 1, 64, "but one long value must not slow down all"),
        ([LONG], 2, 64, "two a row"),
        (["x" * 1000], 2, 517, "two a row"),
    ],
)
def test_rows_are_as_many_as_the_longest_words_allow(words, a_row, expected, why):
    values = pa.DictionaryArray.from_arrays(pa.array(np.arange(2000, dtype=np.int32) % len(words)), words)
    lists = pa.ListArray.from_arrays(pa.array(range(0, 2001, a_row), pa.int32()), values)
    source = pa.BufferReader(written(pa.table({"a": lists})))
    rows = Dictionaries(source, pq.read_metadata(source)).rows([0], group=0, most_bytes=1 << 20, most=20_000)
    assert rows == pytest.approx(expected, rel=0.05), why


def test_a_page_that_was_changed_is_found_out():
    content = bytearray(written(pa.table({"id": range(1000)}), compression="none", write_page_checksum=True))
    content[2000] ^= 1
    with pytest.raises(StoreError, match=r"^x\.parquet: row group 0 cannot be read") as raised:
        blocks(bytes(content), (ID,))
    assert "999" not in str(raised.value)


def test_a_file_that_is_cut_short_is_no_file():
    with pytest.raises(StoreError, match=r"^x\.parquet: this is not a readable Parquet file"):
        footer_of(pa.BufferReader(written(pa.table({"id": [1]}))[:-9]), path="x.parquet")


def test_rows_that_arrow_leaves_out_are_missed():
    lists = pa.array([[]], pa.list_(pa.bool_()))  # pyarrow 26 writes a page of nothing here, and stops at it
    content = written(pa.table({"a": lists}), data_page_version="2.0", data_page_size=16)
    if pq.read_table(pa.BufferReader(content)).num_rows == 0:
        with pytest.raises(StoreError, match="row group 0 gave 0 rows, and the footer says 1"):
            blocks(content, (column(["boolean"]),))


def test_what_does_not_fit_is_not_begun():
    with pytest.raises(ConfigError, match=re.escape("'id' is string")):
        blocks(written(pa.table({"id": ["1"]})), (ID,))


@pytest.mark.whole
def test_every_day_of_the_julian_calendar_is_its_date_in_ours():
    """Beside a calendar that counts day by day, month by month."""
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    expected, julian = [], -719164  # the Julian 0001-01-01
    for year in range(1, 1583):
        for month, length in enumerate(lengths, 1):
            for day in range(1, length + (month == 2 and year % 4 == 0) + 1):
                if (year, month, day) < (1582, 10, 5):
                    first = np.datetime64(f"{year:04}-{month:02}-01", "D").astype(int)
                    expected.append((julian, first + day - 1))
                    julian += 1
    assert julian == -141427
    days, ours = np.array(expected, np.int64).T
    assert (our_days(days) == ours).all()


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint32(), pa.int64(), pa.uint64()])
@pytest.mark.parametrize("wanted", [pa.int8(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(5, 2)])
def test_a_number_is_the_same_or_marked(kind, wanted):
    ends = np.iinfo(kind.to_pandas_dtype())
    near = [2**power + more for power in (0, 7, 8, 24, 31, 32, 53, 62, 63, 64) for more in (-1, 0, 1)]
    numbers = [n for n in (*near, *(-n for n in near), 999, 1000) if ends.min <= n <= ends.max]
    values, bad = exactly(pa.array([*numbers, None], kind), wanted)
    assert values.type == wanted
    marked = np.zeros(len(numbers) + 1, bool) if bad is None else bad
    assert not marked[-1]
    for number, value, wrong in zip(numbers, values.to_pylist(), marked.tolist(), strict=False):
        assert wrong == (not _holds(wanted, number)), number
        assert value == (None if wrong else number)


def _holds(kind, number):
    if pa.types.is_decimal(kind):
        return abs(number) < 1000
    if pa.types.is_floating(kind):
        return int(kind.to_pandas_dtype()(number)) == number
    return np.iinfo(kind.to_pandas_dtype()).min <= number <= np.iinfo(kind.to_pandas_dtype()).max


def test_a_footer_of_any_size_is_read_without_arrows_own_schema():
    columns = {f"column_{number}": [number] * 20 for number in range(200)}
    content = written(pa.table(columns), row_group_size=5)
    footer = footer_of(pa.BufferReader(content), path="x.parquet")
    assert int.from_bytes(content[-8:-4], "little") > 1 << 16
    assert (footer.num_rows, footer.num_row_groups, footer.num_columns) == (20, 4, 200)
    assert b"ARROW:schema" not in footer.metadata


@pytest.mark.whole
def test_a_large_row_group_is_read_a_piece_at_a_time(tmp_path):
    """Whole, its 80 MB would lie in memory beside what becomes of them."""
    texts = [secrets.token_hex(5_000) for _ in range(8_000)]
    pq.write_table(pa.table({"t": texts}), tmp_path / "a.parquet", row_group_size=1 << 20, compression="none")
    texts_ = Column("t", "t", Type("string"))
    peak = rows = 0
    with pa.OSFile(str(tmp_path / "a.parquet")) as file:
        before, how = pa.total_allocated_bytes(), Reading("a.parquet", most_bytes=4 << 20)
        for block in parquet_blocks(file, [texts_], Seen(), groups=[0], first=0, how=how):
            assert block.rows.column(0)[0].as_py() == texts[rows]
            rows, peak = rows + block.rows.num_rows, max(peak, pa.total_allocated_bytes() - before)
    assert rows == len(texts)
    assert peak < 40 << 20
