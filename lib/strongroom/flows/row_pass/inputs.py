"""What a run's functions are handed, and by whom: work items that workers open, or rows that Spark reads for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.core.run import Job
from strongroom.core.sql_text import identifier
from strongroom.flows.row_pass.engines import BY_SPARK, Engine, Function, Local, Spark, Tasks
from strongroom.flows.row_pass.feeds import Feed
from strongroom.stores.lake import staging
from strongroom.stores.lake.table_files import TableFiles
from strongroom.stores.sources import FILE, POSITION
from strongroom.stores.spark.session import can_be_local

_SMALL, _ALONE = 1 << 30, 256 << 20
"""Bytes of files that `engine: auto` takes without Spark, and those that one process does alone."""


@dataclass(frozen=True, slots=True)
class Input:
    """Rows of a run, of `size` bytes: the feed, and how many items it has, or Spark's frame of what it is handed."""

    feed: Feed
    size: int
    count: int = 0
    frame: Any = None

    def tasks(self, function: Function) -> Tasks:
        """The function over these rows."""
        return Tasks(function, self.count, self.frame)


@dataclass(frozen=True, slots=True)
class Road:
    """Who does the work of a run, and whether workers reach the storage themselves.

    Args:
        engine: runs functions.
        spark: the session on demand; raises where there is none.
        direct: workers open files of sources and tables.
        writes: workers write files of the lake.
    """

    engine: Engine
    spark: Callable[[], Any]
    direct: bool = True
    writes: bool = True

    @property
    def told(self) -> str:
        """Who does the work, for people."""
        if isinstance(self.engine, Local):
            many = self.engine.processes > 1
            return f"local: {self.engine.processes} processes without Spark" if many else "local: without Spark"
        does = [word for word, own in (("reads", self.direct), ("writes", self.writes)) if not own]
        return "Spark" + (f", which {' and '.join(does)} the files: workers do not reach the storage" if does else "")

    def table_paths(self, table: TableFiles) -> tuple[str, ...]:
        """The files that workers open; none where Spark reads the table."""
        return table.paths if self._opens(table) else ()

    def table_tasks(self, function: Function, table: TableFiles, columns: Sequence[str]) -> Tasks:
        """The function over a table: over numbers of its files, or over some of its columns as Spark reads them."""
        if self._opens(table):
            return Tasks(function, len(table.paths))
        tops = sorted({path.partition(".")[0] for path in columns})
        return Tasks(function, frame=held(self.spark(), table).select(*map(identifier, tops)))

    def _opens(self, table: TableFiles) -> bool:
        if self.engine.name == "local" and table.why_not:
            what = f"only Spark reads this: {table.why_not}"
            raise EnvironmentFault(what, where=table.name, todo=BY_SPARK, code="spark.needed")
        return self.direct and not table.why_not


def held(spark: Any, table: TableFiles) -> Any:
    """A table at its version, or staged files, as Spark reads them, whatever is published meanwhile."""
    from pyspark.sql import functions as F

    if table.version < 0:
        return spark.read.parquet(*table.spark_paths)
    place = table.folder if "://" in table.folder else f"file://{table.folder}"
    rows = spark.read.format("delta").option("versionAsOf", table.version).load(place)
    if table.without:
        rows = rows.where(~staging.is_of_column(F.col("_metadata.file_path"), table.without))
    return rows


def with_places(rows: Any, columns: Sequence[str]) -> Any:
    """Rows of a table with the file of each, and the byte from which Spark has counted to it (`stores/sources`)."""
    from pyspark.sql import functions as F

    have = [name for name in columns if name in rows.columns]
    part = (-1 - F.col("_metadata.file_block_start")).alias(POSITION)
    return rows.select(*have, F.col("_metadata.file_path").alias(FILE), part)


def road_of(job: Job, *, size: int, only_spark: bool = False) -> Road:
    """Who does the work of a run over that many bytes, as the settings say; with `only_spark` others cannot read all.

    A cluster always does it itself.
    """
    always = job.settings.jobs["prepare"]["engine"] == "local"
    if can_be_local(job.settings) and (always or (size <= _SMALL and not only_spark)):
        return Road(Local(os.cpu_count() or 1 if size > _ALONE else 1), job.spark)
    return Road(Spark(job.spark), job.spark)
