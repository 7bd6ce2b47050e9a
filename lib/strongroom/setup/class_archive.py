"""An archive of Spark's loaded classes, made once: with it a job on one machine needs a third less CPU time.

Class-data sharing (JEP 310, JEP 350): the JVM maps the archive instead of reading and checking 20,000 classes. It
ignores an archive that does not fit, but then starts slower, so the file's name says what it was made with. Run as a
script, this file is the warm-up that the archive is made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from strongroom.setup.home import Home
from strongroom.setup.java import Java
from strongroom.setup.programs import run_program

FAST_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A small run ends before better machine code and parallel collection pay."""

_NEW = ".classes-new"
_SILENT = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def java_options(home: Home, java: Java | None) -> tuple[str, ...]:
    """The JVM's options for a run on one machine, with the archive when there is one."""
    path = _path(home, java) if java else None
    if path is not None and path.is_file() and path.stat().st_size:
        return (*FAST_START, f"-XX:SharedArchiveFile={path}", *_SILENT)
    return FAST_START


def is_missing(home: Home, java: Java) -> bool:
    """Whether an archive could be made that is not there."""
    path = _path(home, java)
    return path is not None and not path.exists()


def warm_up(home: Home) -> tuple[tuple[str, str], dict[str, str]]:
    """What to submit so that `make` finds an archive: script and argument, and Spark's settings."""
    folder = home.folder / _NEW
    dump = f"-XX:ArchiveClassesAtExit={folder / _NEW}"
    settings = {
        "spark.master": "local[2]",
        "spark.driver.extraJavaOptions": dump,
        "spark.sql.warehouse.dir": str(folder),
    }
    return (__file__, str(folder)), settings


def make(
    home: Home, java: Java, *, words: Sequence[str], environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Make the archive by running the warm-up once, as `words`. Jobs run without it too: a failure is said, no more."""
    path, folder = _path(home, java), home.folder / _NEW
    if path is None:
        return
    say(f"making an archive of Spark's classes, for faster starts, in {path} (once) …")
    for old in home.folder.glob("classes-*.jsa"):
        old.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if not _runs(words, {**os.environ, **environment}) or not (folder / _NEW).is_file():
        say("that did not work; jobs start a little slower without it")
        (folder / _NEW).write_bytes(b"")  # an empty archive: do not try again until something changes
    (folder / _NEW).replace(path)
    shutil.rmtree(folder)


def _runs(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    try:
        return run_program(words, environment=environment, seconds=300).returncode == 0
    except TimeoutError:
        return False


def _path(home: Home, java: Java | None) -> Path | None:
    """Where the archive of these jars and this Java is; None where the JVM would use none (it escapes such paths)."""
    if java is None or quote(str(home.folder)) != str(home.folder):
        return None
    try:
        made_of = [
            str(home.folder), str(java.home), (java.home / "release").read_text(encoding="utf-8"),
            str((home.spark / "jars").stat().st_mtime_ns),
            *(f"{jar.name} {jar.stat().st_mtime_ns}" for jar in sorted(home.jars.glob("*.jar"))),
        ]  # fmt: skip
    except OSError:
        return None
    return home.folder / f"classes-{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()[:16]}.jsa"


def _warm_up(folder: str) -> None:
    """Do once what jobs do: read text formats, pass batches through Python, write, change and read Delta tables."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    spark = SparkSession.builder.appName("warm-up").getOrCreate()
    rows = spark.range(100).select("id", F.col("id").cast("string").alias("text"), (F.col("id") % 2 == 0).alias("even"))
    for kind in ("json", "csv", "parquet"):
        rows.write.format(kind).save(f"{folder}/{kind}")
        spark.read.schema(rows.schema).format(kind).load(f"{folder}/{kind}").count()
    table = f"{folder}/delta"
    passed = rows.mapInArrow(lambda batches: batches, rows.schema)
    passed.write.format("delta").partitionBy("even").save(table)
    rows.limit(5).createOrReplaceTempView("some")
    spark.sql(
        f"MERGE INTO delta.`{table}` t USING some s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET text = s.text WHEN NOT MATCHED THEN INSERT *"
    )
    spark.sql(f"DELETE FROM delta.`{table}` WHERE id = 7")  # noqa: S608 - our own folder
    spark.sql(f"DESCRIBE HISTORY delta.`{table}`").collect()
    read = spark.read.format("delta").load(table)
    read.groupBy("even").agg(F.count("*"), F.max("text")).orderBy("even").collect()
    rows.write.format("delta").mode("overwrite").save(table)
    spark.stop()


if __name__ == "__main__":
    _warm_up(sys.argv[1])
