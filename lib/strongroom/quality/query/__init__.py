"""What a `type: sql` rule may ask: one SELECT of a small language, read into a tree and written out for an engine."""

from strongroom.quality.query.reader import read
from strongroom.quality.query.tree import Query, Table
from strongroom.quality.query.writer import duckdb_sql, spark_sql

__all__ = ["Query", "Table", "duckdb_sql", "read", "spark_sql"]
