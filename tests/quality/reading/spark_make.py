"""Makes spark.tar.xz beside this file: what Spark writes for each of `spark_cases.CASES`.

PYTHONPATH=lib:tests .strongroom/venv/bin/python tests/quality/reading/spark_make.py
"""

import os
import tarfile
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from quality.reading.spark_cases import CASES

ARCHIVE = Path(__file__).with_name("spark.tar.xz")


def make(spark, folder):
    for name, values, options, *_ in CASES:
        before = {key: spark.conf.get(key, None) for key in options}
        for key, value in options.items():
            spark.conf.set(key, value)
        rows = spark.sql(f"select explode(array({values})) as a").coalesce(1)
        rows.write.option("compression", "zstd").parquet(f"{folder}/{name}")
        for key, value in before.items():
            spark.conf.unset(key) if value is None else spark.conf.set(key, value)


def pack(folder):
    with tarfile.open(ARCHIVE, "w:xz", preset=9) as packed:
        for name, *_ in CASES:
            (file,) = Path(folder, name).glob("*.parquet")
            packed.add(file, arcname=f"{name}.parquet", filter=_of_nobody)


def _of_nobody(entry):
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        make(session, folder)
        pack(folder)
    session.stop()
