"""Random files, read in random parts: what comes out is what DuckDB and pyarrow read, row by row.

STRONGROOM_FUZZ says how many; STRONGROOM_SEED which.
"""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from protect.ring import SEED
from quality.reading.parquet_reading import blocks, column, contract, written
from strongroom.quality.reading.columns import read_batch
from support.series import series

FILES = series(1000)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCALARS = {
    # the file's types for it, a value of them all
    "tinyint": ([pa.int8(), pa.int16(), pa.int64()], lambda r: r.randint(-128, 127)),
    "int": ([pa.int32(), pa.int64()], lambda r: r.choice((r.randint(-(2**31), 2**31 - 1), r.randint(-9, 9)))),
    "bigint": ([pa.int64()], lambda r: r.randint(-(2**63), 2**63 - 1)),
    "smallint": ([pa.uint8(), pa.uint16(), pa.uint64()], lambda r: r.randint(0, 255)),
    "double": ([pa.float64()], lambda r: r.choice((r.uniform(-1e300, 1e300), 0.0, -0.0, float("inf")))),
    "float": ([pa.float16(), pa.float32()], lambda r: r.randint(-1024, 1024) / 4),
    "boolean": ([pa.bool_()], lambda r: r.random() < 0.5),
    "string": (
        [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())],
        lambda r: r.choice(("", "é", "a\nb", "\0", "same", "x" * r.randint(0, 300), str(r.random()))),
    ),
    "binary": ([pa.binary(), pa.large_binary()], lambda r: r.randbytes(r.randint(0, 20))),
    "date": ([pa.date32()], lambda r: date.fromordinal(r.randint(1, date.max.toordinal()))),
    "timestamp": (
        [pa.timestamp("us", "UTC"), pa.timestamp("us")],
        lambda r: EPOCH + timedelta(microseconds=r.randint(-62135596800000000, 253402300799999999)),
    ),
    "timestamp_ntz": (
        [pa.timestamp("ns"), pa.timestamp("us")],
        lambda r: datetime(1970, 1, 1) + timedelta(microseconds=r.randint(-9 * 10**15, 9 * 10**15)),
    ),
    ("decimal", 30, 3): (
        [pa.decimal128(9, 3), pa.decimal128(18, 3), pa.decimal128(25, 3), pa.decimal256(60, 3), pa.decimal32(9, 3)],
        lambda r: Decimal(r.randint(-999999999, 999999999)).scaleb(-3),
    ),
}


def made(r, depth=0):
    """A type of the contract, one of the file, and what makes values."""
    shape = r.random()
    if depth < 3 and shape < 0.15:
        kind, found, value = made(r, depth + 1)
        wrap = r.choice((pa.list_, pa.large_list))
        return [kind], wrap(found), lambda r: [maybe(r, value) for _ in range(r.randint(0, 4))]
    if depth < 3 and shape < 0.3:
        inner = {f"f{place}": made(r, depth + 1) for place in range(r.randint(1, 3))}
        found = pa.struct([(name, field[1]) for name, field in inner.items()])
        kinds = {name: field[0] for name, field in inner.items()}
        return kinds, found, lambda r: {name: maybe(r, field[2]) for name, field in inner.items()}
    kind = r.choice(list(SCALARS))
    types, value = SCALARS[kind]
    found = r.choice(types)
    if depth and pa.types.is_dictionary(found):
        found = pa.string()
    return kind, found, value


def maybe(r, value):
    return None if r.random() < 0.2 else value(r)


def options(r, rows):
    given = {
        "row_group_size": r.choice((1 if rows < 20 else 50, 7, max(rows // 2, 1), 10_000)),
        "data_page_version": r.choice(("1.0", "2.0")),
        "data_page_size": r.choice((64, 1000, 1 << 20)),
        "write_batch_size": r.choice((1, 13, 1024)),
        "use_dictionary": r.random() < 0.6,
        "dictionary_pagesize_limit": r.choice((20, 1 << 20)),
        "compression": r.choice(("none", "snappy", "zstd", "gzip", "lz4", "brotli")),
        "store_schema": r.random() < 0.5,
        "write_statistics": r.random() < 0.5,
        "write_page_checksum": r.random() < 0.5,
        "write_page_index": r.random() < 0.3,
    }
    if r.random() < 0.2:
        given["use_compliant_nested_type"] = False
    if given["data_page_version"] == "2.0":  # pyarrow's writer may begin a list of booleans with a page of nothing
        given["data_page_size"] = max(given["data_page_size"], 1000)
    return given


def table(r):
    columns = {f"c{place}": made(r) for place in range(r.randint(1, 5))}
    rows = r.choice((0, 1, 3, 20, r.randint(0, 120)))
    arrays = {
        name: pa.array([maybe(r, value) for _ in range(rows)], found) for name, (_, found, value) in columns.items()
    }
    return pa.table(arrays), [column(kind, name) for name, (kind, _, _) in columns.items()]


def splits(r, footer):
    """Row groups in parts, and how many rows stand before each."""
    groups, before = list(range(footer.num_row_groups)), 0
    while groups:
        size = r.randint(1, len(groups))
        yield groups[:size], before
        before += sum(footer.row_group(group).num_rows for group in groups[:size])
        groups = groups[size:]


def rows_of(content, columns, r):
    """What the parts give, in order."""
    footer = pq.read_metadata(pa.BufferReader(content))
    rows, last = [], 0
    for groups, first in splits(r, footer):
        most = r.choice((1, 500, 32 << 20))
        for block in blocks(content, columns, groups=groups, first=first, most_bytes=most):
            assert block.numbers.tolist() == list(range(last + 1, last + 1 + block.rows.num_rows))
            last += block.rows.num_rows
            typed = read_batch(block.rows, contract(*columns))
            assert typed.unreadable == {}
            rows += typed.batch.to_pylist()
    return rows


def plain(value):
    """A value as both sides have it: moments without a zone, and bytes for bytearrays."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return value


@pytest.mark.whole
@pytest.mark.parametrize("part", range(4))
def test_rows_that_go_in_come_out(part):
    for number in range(part, FILES, 4):
        r = random.Random(f"{SEED} {number}")
        given, columns = table(r)
        how = options(r, given.num_rows)
        content = written(given, **how)
        found = rows_of(content, columns, r)
        assert plain(found) == plain(given.to_pylist()), f"STRONGROOM_SEED={SEED}, file {number}: {how}"


@pytest.mark.whole
def test_duckdb_reads_the_same(tmp_path):
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for number in range(0, FILES, 20):
            r = random.Random(f"{SEED} duckdb {number}")
            given, columns = table(r)
            if "decimal256" in str(given.schema):
                continue  # DuckDB rounds these
            content = written(given, **options(r, given.num_rows))
            (tmp_path / "a.parquet").write_bytes(content)
            found = rows_of(content, columns, r)
            theirs = connection.sql(f"from '{tmp_path}/a.parquet'").to_arrow_table()
            assert plain(found) == plain(theirs.to_pylist()), f"STRONGROOM_SEED={SEED}, file {number}"
