"""A whole run on a machine, or in a session, where everything is set otherwise gives the same rows in the same form."""

import shutil
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom import run_job
from strongroom.flows import prepare, vectorize
from support import every_type
from support.every_type import told
from support.lakes import install
from system.processes import run

pytestmark = pytest.mark.spark
TABLES = ("training.types", "training.reviews", "features.reviews", "features.reviews_vocabulary")
DEFAULTS = {
    "spark.sql.session.timeZone": "Asia/Kathmandu",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.outputTimestampType": "INT96",
    "spark.sql.parquet.datetimeRebaseModeInRead": "LEGACY",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
    "spark.sql.parquet.int96RebaseModeInWrite": "LEGACY",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.compression.codec": "gzip",
    "spark.sql.parquet.writeLegacyFormat": "true",
    "spark.sql.sources.partitionOverwriteMode": "DYNAMIC",
    "spark.sql.execution.arrow.useLargeVarTypes": "true",
    "spark.sql.legacy.timeParserPolicy": "LEGACY",
    "spark.sql.legacy.castComplexTypesToString.enabled": "true",
    "spark.hadoop.parquet.writer.version": "v2",
    "spark.hadoop.parquet.bloom.filter.enabled": "true",
    "spark.hadoop.parquet.enable.dictionary": "false",
}
"""What a cluster's own `spark-defaults.conf` may say."""
ELSEWHERE = {
    "JAVA_TOOL_OPTIONS": "-Duser.language=tr -Duser.country=TR -Duser.timezone=Asia/Kathmandu -Dfile.encoding=UTF-16",
    "LANG": "C", "LC_ALL": "C", "TZ": "Asia/Kathmandu",
}  # fmt: skip


def made(folder, capsys=None):
    place = install(folder, capsys, sample=200, engine="spark")
    every_type.put(place)
    return place


def contents(place, tables=TABLES):
    """Rows of each table, and the physical types of each of its columns: everything but what is random."""
    found = {}
    for table in tables:
        rows = pa.table(place.delta(table).scan()).to_pylist()
        key = next(name for name in ("id", "review_id", "term", "user_id") if name in rows[0])
        rows = sorted(({**row, "id": row[key]} for row in rows), key=str)
        kinds = {
            (leaf.path, leaf.physical_type, str(leaf.logical_type))
            for file in place.delta(table).file_uris()
            for leaf in pq.ParquetFile(unquote(file)).schema
        }
        found[table] = (sorted(map(str, told(rows))), kinds)
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory, spark):
    """An ordinary run, and the keys that the others use, too."""
    place = made(tmp_path_factory.mktemp("here") / "a")
    for flow, contract in ((prepare, "types"), (prepare, "reviews"), (vectorize, "reviews")):
        assert run_job.run(flow, ["--config", str(place.settings), "--contract", contract]) == 0
    return place


def with_keys_of(here, place):
    (place.root / "keys").mkdir()
    for name in ("local.kek", "keyring.json"):
        shutil.copy(here.root / "keys" / name, place.root / "keys" / name)
    return place


JOBS = [("prepare", "types"), ("prepare", "reviews"), ("vectorize", "reviews")]


def elsewhere(here, folder, jobs, *, defaults, **outside):
    """Jobs with Spark's own defaults and an environment as somebody may have them; where they ran."""
    place = with_keys_of(here, made(folder / "läke ığ"))
    (folder / "conf").mkdir()
    lines = [f"{key} {value}" for key, value in defaults.items()]
    (folder / "conf/spark-defaults.conf").write_text("\n".join(lines) + "\n")
    for job, contract in jobs:
        done = run(place, job, "--contract", contract, SPARK_CONF_DIR=str(folder / "conf"), **outside)
        assert done.code == 0, done.err
    return place


def test_a_job_where_everything_is_set_otherwise_from_outside(here, tmp_path):
    place = elsewhere(here, tmp_path, JOBS[:1], defaults=DEFAULTS, **ELSEWHERE)
    assert contents(place, TABLES[:1]) == contents(here, TABLES[:1])


@pytest.mark.slow
def test_every_job_where_everything_is_set_otherwise_from_outside(here, tmp_path):
    place = elsewhere(here, tmp_path, JOBS, defaults=DEFAULTS, **ELSEWHERE)
    assert contents(place) == contents(here)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("JAVA_TOOL_OPTIONS", word) for word in ELSEWHERE["JAVA_TOOL_OPTIONS"].split()),
        ("JAVA_TOOL_OPTIONS", "-Duser.language=ar -Duser.country=EG"),
        ("LC_ALL", "C"),
        ("TZ", "Asia/Kathmandu"),
    ],
)
def test_each_thing_that_a_machine_may_have_otherwise(here, tmp_path, variable, value):
    place = elsewhere(here, tmp_path, JOBS[:1], defaults={}, **{variable: value})
    assert contents(place, TABLES[:1]) == contents(here, TABLES[:1])


@pytest.mark.slow
@pytest.mark.parametrize("key", DEFAULTS)
def test_each_setting_that_a_session_may_have_otherwise(here, tmp_path, spark, key):
    place, theirs = with_keys_of(here, made(tmp_path / "a")), spark.newSession()
    theirs.conf.set(key.removeprefix("spark.hadoop."), DEFAULTS[key])
    args = run_job.parser_of("prepare", prepare)
    words = args.parse_args(["--config", str(place.settings), "--contract", "types"])
    run_job.audited(prepare, "prepare", words, "run-1", spark=theirs)
    assert contents(place, TABLES[:1]) == contents(here, TABLES[:1])


@pytest.mark.slow
def test_a_jvm_that_is_forced_into_another_language_is_refused_with_the_cure(here, tmp_path):
    place = with_keys_of(here, made(tmp_path / "a"))
    done = run(place, "prepare", "--contract", "types", _JAVA_OPTIONS="-Duser.language=tr")
    assert done.code == 4, done.err
    assert "without _JAVA_OPTIONS" in done.err


@pytest.fixture
def their_session(spark):
    """A session of somebody else, whose JVM speaks English, in another zone and with every setting otherwise."""
    theirs = spark.newSession()
    for key, value in DEFAULTS.items():
        theirs.conf.set(key.removeprefix("spark.hadoop."), value)
    return theirs


def test_jobs_in_a_session_where_everything_is_set_otherwise(here, tmp_path, their_session):
    place = with_keys_of(here, made(tmp_path / "a"))
    for flow, contract in ((prepare, "types"), (prepare, "reviews"), (vectorize, "reviews")):
        name = flow.__name__.rpartition(".")[2]
        words = ["--config", str(place.settings), "--contract", contract]
        args = run_job.parser_of(name, flow).parse_args(words)
        run_job.audited(flow, name, args, f"run-{contract}-{name}", spark=their_session)
    assert contents(place) == contents(here)
