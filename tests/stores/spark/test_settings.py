"""Every key of the pinned Spark, Delta and parquet-mr is pinned, checked, or has a reason why it cannot matter."""

import re
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

import pyspark
import pytest

from strongroom.stores.spark.connect import RUNTIME
from strongroom.stores.spark.settings import MEANING, PARQUET, UNSET, WORK

LINES = [
    line.split("\t") for line in Path(__file__).with_name("settings.tsv").read_text(encoding="utf-8").splitlines()[3:]
]
PINNED = {*MEANING, *WORK, *PARQUET, *RUNTIME}


def judged(keys):
    """Keys that no line names, and keys that several do."""
    found = {key: [line[0] for line in LINES if fnmatchcase(key, line[0])] for key in keys}
    unknown = sorted(key for key, lines in found.items() if not lines and key not in PINNED)
    return unknown, {key: lines for key, lines in found.items() if len(lines) > 1}


def parquet_keys():
    """The keys that stand as constants in parquet-mr's classes."""
    found = set()
    for jar in Path(pyspark.__file__).parent.glob("jars/parquet-*.jar"):
        with zipfile.ZipFile(jar) as inside:
            for name in inside.namelist():
                # In a class file a constant text is a 1, its length in two bytes, and the text.
                for size, text in re.findall(rb"(?s)\x01(..)(parquet\.[\w.#-]+)", inside.read(name)):
                    found.add(text[: int.from_bytes(size, "big")].decode())
    return found


def test_every_line_is_whole_and_none_is_said_twice():
    for line in LINES:
        assert len(line) == 3, line
        assert line[1] in ("checked", "unset", "work", "cannot"), line
        assert line[2], line
    assert len({line[0] for line in LINES}) == len(LINES)
    for pattern, what, _ in LINES:
        assert (what == "unset") == pattern.startswith(UNSET), pattern


def test_every_key_of_parquet_mr_is_known():
    keys = parquet_keys()
    assert {"parquet.writer.version", "parquet.block.size", "parquet.column.statistics.enabled"} < keys
    assert judged(keys) == ([], {})
    used = [line[0] for line in LINES if line[0].startswith("parquet.")]
    assert [pattern for pattern in used if not any(fnmatchcase(key, pattern) for key in keys)] == []


@pytest.mark.spark
def test_every_key_of_spark_and_delta_is_known(spark, tmp_path):
    spark.range(1).write.format("delta").save(str(tmp_path / "delta"))  # a key is listed once its owner is in use
    spark.sql("SELECT lower(collate('a', 'UNICODE'))").collect()
    keys = {row["key"] for row in spark.sql("SET -v").collect()}
    keys = {key for key in keys if key.startswith(("spark.sql.", "spark.databricks.delta."))}
    assert len(keys) > 250
    assert judged(keys) == ([], {}), "say in settings.tsv why a new key cannot matter, or pin it"


@pytest.mark.spark
def test_what_is_pinned_is_a_setting_of_this_spark(spark):
    """A pin that a new version has renamed pins nothing."""
    assert [key for key in {*MEANING, *WORK} if not spark.conf.isModifiable(key)] == []
