"""Asks a query for its one number: Spark where a run has one, DuckDB where it has not. Both are stopped in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from strongroom.core.errors import ConfigError, Problem
from strongroom.quality.query import Query, duckdb_sql, spark_sql

_AGAIN = 0.5
_LOCKED = {
    "enable_external_access": "false",  # no file, no address, no other database
    "python_enable_replacements": "false",  # no variable of ours is a table
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
    "threads": "2",
}


_EXCLUDED = "spark.sql.optimizer.excludedRules"
_MERGING = "org.apache.spark.sql.catalyst.optimizer.MergeScalarSubqueries"


def by_spark(spark: Any, query: Query, frames: Mapping[str, Any], *, name: str, seconds: float, where: str) -> Any:
    """The number that a query gives over DataFrames, or None.

    Args:
        spark: the session.
        query: what to ask.
        frames: the tables by name.
        name: letters and digits that no other query of this session uses now.
        seconds: how long it may take.
        where: `file:line` for errors.

    Raises:
        ConfigError: it took longer.
    """
    views = {table: f"strongroom_{name}_{number}" for number, table in enumerate(frames)}
    for table, view in views.items():
        frames[table].createOrReplaceTempView(view)
    try:
        # All that this session runs: outside Connect a tag is known to the very thread only that waits for the query.
        with unmerged(spark), _in_time(seconds, spark.interruptAll, where=where):
            return spark.sql(spark_sql(query, views)).first()[0]
    finally:
        for view in views.values():
            spark.catalog.dropTempView(view)


@contextmanager
def unmerged(spark: Any) -> Iterator[None]:
    """Has Spark plan each subquery by itself: its rule that merges them fails on some (ClassCastException, 4.1.4)."""
    before = spark.conf.get(_EXCLUDED, None)
    spark.conf.set(_EXCLUDED, ",".join(filter(None, (before, _MERGING))))
    try:
        yield
    finally:
        if before is None:
            spark.conf.unset(_EXCLUDED)
        else:
            spark.conf.set(_EXCLUDED, before)


def by_duckdb(query: Query, tables: Mapping[str, Any], *, memory: str, seconds: float, where: str) -> Any:
    """The number that a query gives over Arrow tables, or None: for roads without a JVM.

    Args:
        query: what to ask.
        tables: by name; batches of them are read as the query needs them.
        memory: the most that it may use, as DuckDB writes it: `1GB`. Nothing is spilled.
        seconds: how long it may take.
        where: `file:line` for errors.

    Raises:
        ConfigError: it took longer, or more memory.
    """
    import duckdb

    with closed_duckdb(tables, memory=memory) as database:
        with _in_time(seconds, database.interrupt, where=where):
            try:
                row = database.execute(duckdb_sql(query, {table: table for table in tables})).fetchone()
            except duckdb.OutOfMemoryException:
                raise ConfigError(
                    [Problem(f"The query needs more than {memory}.", where, "Ask less at once.", "query.limit")]
                ) from None
        return row[0] if row else None


def closed_duckdb(tables: Mapping[str, Any], *, memory: str) -> Any:
    """A DuckDB in memory that has these tables and reaches nothing else, for good."""
    import duckdb

    database = duckdb.connect(":memory:", config={**_LOCKED, "memory_limit": memory})
    for table, rows in tables.items():
        database.register(table, rows)
    database.execute("SET lock_configuration = true")
    return database


@contextmanager
def _in_time(seconds: float, interrupt: Callable[[], object], *, where: str) -> Iterator[None]:
    """Interrupts what happens inside once its time is over, again and again: it may be between two jobs then."""
    over, late = threading.Event(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            late.set()
            interrupt()
            wait = _AGAIN

    watcher = threading.Thread(target=watch, name="strongroom-query", daemon=True)
    watcher.start()
    try:
        yield
    except Exception:
        if not late.is_set():
            raise
        todo = "Ask less, or give it more time by --set prepare.sql_seconds=…"
        raise ConfigError(
            [Problem(f"The query took longer than {seconds:g} seconds.", where, todo, "query.limit")]
        ) from None
    finally:
        over.set()
        watcher.join()
