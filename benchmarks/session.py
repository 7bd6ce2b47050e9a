"""The Spark session that benchmarks share, made as the jobs make theirs, and what its Python workers need of memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import descendants

ROOT = Path(__file__).parents[1]


@contextmanager
def session(*, cores: int = 2, more: Mapping[str, str] | None = None) -> Iterator[Any]:
    """A local session with the product's own settings, UI off, 3 GB for the JVM, and more settings where given."""
    from pyspark.sql import SparkSession

    from strongroom.stores.spark.session import STATIC
    from strongroom.stores.spark.settings import MEANING, WORK

    home = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom")
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "lib"), str(ROOT / "tests"), str(ROOT)]),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    builder = SparkSession.builder.master(f"local[{cores}]")
    settings = STATIC | WORK | MEANING | {
        "spark.driver.extraClassPath": os.pathsep.join(sorted(map(str, (home / "jars").glob("*.jar")))),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={(ROOT / 'conf/log4j2.properties').as_uri()}",
        "spark.driver.memory": "3g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
    }  # fmt: skip
    for key, value in {**settings, **(more or {})}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def worker_peaks() -> list[int]:
    """The most memory that each Python worker has held so far, in MB: resident, so what it shares counts in full."""
    return [
        int(line.split()[1]) // 1024
        for pid in _workers()
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]


def forget_peaks() -> None:
    """Peaks are counted from now on."""
    for pid in _workers():
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): resets the peak resident set size


def _workers() -> list[int]:
    found = [pid for pid in descendants() if b"pyspark" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [pid for pid in found if b"java" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]]
