"""What six writers put into Parquet, type by type: it fits, it widens, a row is set aside, or the file is refused."""

import functools
import tarfile
import tempfile
import warnings
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from quality.reading.parquet_cases import ARROW, DUCKDB, FASTPARQUET, PANDAS, POLARS
from quality.reading.parquet_reading import Refused, agree, clock, column, day, read, utc, written
from quality.reading.spark_cases import CASES as SPARK
from quality.reading.spark_cases import DAYS, TIMES
from quality.reading.spark_make import ARCHIVE
from strongroom.quality.reading.parquet_rows import fits, footer_of


def arrow(made):
    array, options = made if isinstance(made, tuple) else (made, {})
    return written(pa.table({"a": array}), **options)


def pandas(made):
    series, options = made if isinstance(made, tuple) else (made, {})
    return pd.DataFrame({"a": series}).to_parquet(engine="pyarrow", **options)


def polars(made):
    with tempfile.TemporaryDirectory() as folder:
        pl.DataFrame({"a": made}).write_parquet(f"{folder}/a.parquet")
        return Path(folder, "a.parquet").read_bytes()


def by_duckdb(made):
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"copy (select unnest({made}) as a) to '{folder}/a.parquet'")
        return Path(folder, "a.parquet").read_bytes()


def by_fastparquet(made):
    series, options = made if isinstance(made, tuple) else (made, {})
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # it uses what pandas and numpy are about to leave
        import fastparquet

        fastparquet.write(f"{folder}/a.parquet", pd.DataFrame({"a": series}), **options)
        return Path(folder, "a.parquet").read_bytes()


@functools.cache
def by_spark():
    with tarfile.open(ARCHIVE) as packed:
        return {entry.name.removesuffix(".parquet"): packed.extractfile(entry).read() for entry in packed}


def cases():
    for writer, table in (
        (arrow, ARROW), (pandas, PANDAS), (polars, POLARS), (by_duckdb, DUCKDB), (by_fastparquet, FASTPARQUET),
    ):  # fmt: skip
        for word, made, kind, expected, why in table:
            name = writer.__name__.removeprefix("by_")
            yield pytest.param(functools.partial(writer, made), kind, expected, why, id=f"{name}-{word}")
    for word, _, _, kind, expected, why in SPARK:
        yield pytest.param(functools.partial(_of_spark, word), kind, expected, why, id=f"spark-{word}")


def _of_spark(word):
    return by_spark()[word]


@pytest.mark.parametrize(("make", "kind", "expected", "why"), list(cases()))
def test_what_becomes_of_it(make, kind, expected, why):
    found = read(make(), kind)
    assert agree(found, expected), f"{why}: {found}"


def test_every_case_of_spark_has_its_file():
    assert set(by_spark()) == {word for word, *_ in SPARK}


def remade(content, changes):
    """A file whose footer has other marks of the same length."""
    for old, new in changes:
        assert old in content
        assert len(old) == len(new)
        content = content.replace(old, new)
    return content


NO_MARK = [(b"org.apache.spark.version", b"org.example.some.version")]
TWO = [(b"\x054.1.4", b"\x052.4.8")]
TWO_UTC = [*TWO, (b"org.apache.spark.legacyDateTime", b"org.example.hidden.legacyDateTi"),
           (b"org.apache.spark.legacyINT96", b"org.example.hidden.legacy-96")]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "changes", "expected", "why"),
    [
        ("old_days", NO_MARK, Refused("dates from before 1582-10-15"), "parquet-mr of nobody, and the footer tells"),
        ("old_int96", NO_MARK, Refused("timestamps from before 1900"), "the footer has no ends of INT96"),
        ("date", NO_MARK, [day("2020-02-29"), None], "nothing old in it"),
        ("int96", NO_MARK, [utc("1900-01-02T00:00:00"), utc("9999-12-30T00:00:00.000001"), None], "nothing old"),
        ("old_days_julian", TWO_UTC, DAYS, "before Spark 3 all are"),
        ("old_int96_julian", TWO_UTC, TIMES, "the zone stands there"),
        ("old_int96", TWO, Refused("timestamps from before 1900"), "no zone stands there"),
        ("old_days", [(b"\x054.1.4", b"\x05?????"[:6])], None, "a version that is none is an old one"),
    ],
)  # fmt: skip
def test_old_values_go_by_the_marks_of_their_file(word, changes, expected, why):
    kind = {case[0]: case[3] for case in SPARK}[word]
    found = read(remade(by_spark()[word], changes), kind)
    if expected is None:
        assert found[0] == day("0001-01-03"), why
    else:
        assert agree(found, expected), f"{why}: {found}"


@pytest.mark.parametrize(
    ("word", "kind", "told"), [("old_days", "date", 1), ("date", "date", 0), ("micros", "timestamp", 0)]
)
def test_a_footer_that_tells_of_old_values_is_enough(word, kind, told):
    content = remade(by_spark()[word], NO_MARK)
    footer = footer_of(pa.BufferReader(content), path="x.parquet")
    found = fits(footer, [column(kind)], path="x.parquet")
    assert [problem.where for problem in found] == ["x.parquet"] * told
    assert all("int96RebaseModeInRead: LEGACY" in problem.todo for problem in found)


@pytest.mark.parametrize(
    ("mark", "expected", "why"),
    [
        (b"true", [day("0001-01-01")], "Hive says that it counts as we do"),
        (b"false", [day("0001-01-03")], "Hive says that it does not"),
    ],
)
def test_hive_says_it_otherwise(mark, expected, why):
    """Written by Arrow, since no Hive runs here; the mark comes before the name of the writer."""
    table = pa.table({"a": pa.array([-719162], pa.date32())})
    content = written(table.replace_schema_metadata({b"writer.date.proleptic": mark}))
    assert read(content, "date") == expected, why


def test_a_clock_and_a_moment_are_one_number():
    content = written(pa.table({"a": pa.array([0], pa.timestamp("us", "Asia/Tokyo"))}))
    assert read(content, "timestamp") == [utc("1970-01-01")]
    assert read(content, "timestamp_ntz") == [clock("1970-01-01")]
