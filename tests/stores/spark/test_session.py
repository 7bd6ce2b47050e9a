"""A session that somebody else made means what ours means, and what is written is what Delta's protocol demands."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from strongroom.core.errors import ConfigError, EnvironmentFault
from strongroom.core.settings.file import parse_settings
from strongroom.stores.lake import staging
from strongroom.stores.spark.session import check_reading, open_session
from strongroom.stores.spark.settings import MEANING, READING, WORK, refused

OTHERS = {
    "spark.sql.session.timeZone": "Asia/Kathmandu",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.outputTimestampType": "INT96",
    "spark.sql.parquet.datetimeRebaseModeInRead": "LEGACY",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.files.ignoreCorruptFiles": "true",
    "spark.sql.sources.partitionOverwriteMode": "DYNAMIC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.legacy.timeParserPolicy": "LEGACY",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.legacy.castComplexTypesToString.enabled": "true",
    "parquet.writer.version": "v2",
    "parquet.bloom.filter.enabled#secret": "true",
}
"""What somebody's session may say."""


def settings(*overrides):
    return parse_settings("lake: lake\nkeys: file:k\npolicy: p\ncontracts: c\n", "/tmp/s.yaml", overrides)


@pytest.fixture
def theirs(spark):
    before = spark.conf.getAll
    for key, value in OTHERS.items():
        spark.conf.set(key, value)
    yield spark
    for key in {*OTHERS, *MEANING, *WORK}:
        if key in before:
            spark.conf.set(key, before[key])
        else:
            spark.conf.unset(key)


@pytest.mark.spark
def test_a_session_of_somebody_else_is_brought_to_ours(theirs):
    open_session(settings("spark.sql.parquet.compression.codec=gzip", "spark.sql.shuffle.partitions=3"), theirs)
    have = theirs.conf.getAll
    assert {key: theirs.conf.get(key) for key in MEANING} == MEANING
    assert have["spark.sql.parquet.compression.codec"] == "gzip", "how to work is for the settings file to say"
    assert [key for key in have if key.startswith(("spark.sql.legacy.", "parquet."))] == [
        "spark.sql.legacy.parquet.nanosAsLong"
    ]


@pytest.mark.spark
def test_what_is_written_is_int64_microseconds_and_tells_no_value_of_a_closed_column(theirs, tmp_path):
    open_session(settings(), theirs)
    theirs.conf.set("parquet.writer.version", "v2")
    theirs.conf.set("parquet.column.statistics.enabled", "true")
    frame = theirs.sql(
        "SELECT id, 'a' AS secret, struct('b' AS city, 7 AS floor) AS home, array('c') AS tags, int(id) AS part, "
        "timestamp_micros(253402300799999999) AS last, timestamp_micros(-62135596800000000) AS first FROM range(3)"
    )
    staging.write(frame, str(tmp_path / "stage"), stats=("id", "last"), by="part")
    files = sorted((tmp_path / "stage").rglob("*.parquet"))
    assert [file.parent.name for file in files] == ["part=0", "part=1", "part=2"]
    for file in files:
        found = pq.ParquetFile(file)
        kinds = {field.path: (field.physical_type, str(field.logical_type)) for field in found.schema}
        moment = "Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false, "
        assert kinds["last"] == ("INT64", f"{moment}force_set_converted_type=false)")
        group = found.metadata.row_group(0)
        leaves = [group.column(place) for place in range(group.num_columns)]
        assert {leaf.path_in_schema for leaf in leaves if leaf.is_stats_set} == {"id", "last"}
        assert {leaf.path_in_schema for leaf in leaves if leaf.has_column_index} <= {"id", "last"}
        rows = found.read().to_pylist()
        assert rows[0]["last"] == datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        assert rows[0]["first"] == datetime(1, 1, 1, tzinfo=UTC)
        assert all(group.column(place).compression == "SNAPPY" for place in range(group.num_columns))


@pytest.mark.spark
def test_a_session_that_lets_nothing_be_set_is_refused_by_name(spark, monkeypatch):
    monkeypatch.setitem(MEANING, "spark.sql.warehouse.dir", "elsewhere")  # static: no session lets it be set
    with pytest.raises(EnvironmentFault) as caught:
        open_session(settings(), spark)
    assert caught.value.where == "spark.sql.warehouse.dir"


@pytest.mark.parametrize(
    ("override", "refusal"),
    [
        ("spark.sql.session.timeZone=Asia/Kathmandu", "is UTC wherever"),
        ("spark.sql.parquet.outputTimestampType=INT96", "is TIMESTAMP_MICROS wherever"),
        ("spark.sql.ansi.enabled=FALSE", "is true wherever"),
        ("spark.sql.legacy.timeParserPolicy=LEGACY", "changes what rows mean"),
        ("spark.hadoop.parquet.bloom.filter.enabled#email=true", "changes what rows mean"),
        ("spark.sql.session.timeZone=UTC", ""),
        ("spark.sql.ansi.enabled=TRUE", ""),
        ("spark.sql.parquet.compression.codec=zstd", ""),
        ("spark.sql.shuffle.partitions=7", ""),
    ],
)
def test_a_settings_file_says_how_to_work_and_not_what_rows_mean(override, refusal):
    found = settings(override)
    problems = list(refused(found.spark, file=found.file))
    assert [refusal in problem.what for problem in problems] == ([True] if refusal else [])
    if refusal:
        with pytest.raises(ConfigError):
            open_session(found, object())


@pytest.mark.spark
@pytest.mark.parametrize("key", READING)
def test_a_reader_s_own_session_is_left_alone_and_refused_where_it_reads_otherwise(spark, key):
    mine = spark.newSession()
    check_reading(mine)
    mine.conf.set("spark.sql.session.timeZone", "Asia/Kathmandu")
    check_reading(mine)
    assert mine.conf.get("spark.sql.session.timeZone") == "Asia/Kathmandu", "how moments are shown is for the reader"
    other = {"TIMESTAMP_LTZ": "TIMESTAMP_NTZ", "CORRECTED": "LEGACY", "true": "false", "false": "true"}[MEANING[key]]
    mine.conf.set(key, other)
    with pytest.raises(EnvironmentFault) as caught:
        check_reading(mine)
    assert (caught.value.where, caught.value.todo) == (key, f'Run spark.conf.set("{key}", "{MEANING[key]}") first.')


STARTING = """
from strongroom.core.errors import StrongroomError
from strongroom.core.settings.file import parse_settings
from strongroom.stores.spark.session import open_session
try:
    open_session(parse_settings("lake: lake\\nkeys: file:k\\npolicy: p\\ncontracts: c\\n", "/tmp/s.yaml", ()))
except StrongroomError as error:
    print(error.exit_code, error.what)
"""


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ("java", "4 Spark does not start"),
        ("sh", "143 stopped while Spark started: the JVM that this job came from was ended"),
    ],
)
def test_a_jvm_that_is_told_to_end_while_spark_starts_is_no_fault_of_spark(tmp_path, parent, said):
    shutil.copy("/bin/sh", tmp_path / parent)
    gone = {"PYSPARK_GATEWAY_PORT": "9", "PYSPARK_GATEWAY_SECRET": "x"}
    words = [tmp_path / parent, "-c", '"$@"; true', "sh", sys.executable, "-c", STARTING]
    done = subprocess.run(words, env={**os.environ, **gone}, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == said, done.stderr[-500:]


def test_pyspark_is_imported_before_a_thread_begins_spark():
    """It imports in a circle: two threads that do so at once find half of it."""
    code = """
import os, sys, types
from strongroom.stores.spark import session
seen = []
looks = types.SimpleNamespace(start=lambda: seen.append("pyspark.sql" in sys.modules))
session.threading = types.SimpleNamespace(Thread=lambda **_: looks)
os.environ["PYSPARK_GATEWAY_PORT"] = "1"
assert "pyspark" not in sys.modules
session.begin()
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[True]"
