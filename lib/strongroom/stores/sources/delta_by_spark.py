"""What versions of a Delta table have added, as a DataFrame: their files, with what the log says of each partition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from strongroom.core.contract import Contract, source_name
from strongroom.core.escaping import glob_words
from strongroom.stores.sources.delta import Increment
from strongroom.stores.sources.files import FILE, POSITION
from strongroom.stores.sources.files_by_spark import ddl_of, read_as


def read_added(spark: Any, *, increment: Increment, contract: Contract) -> Any:
    """The same columns as `raw_reading.read_raw` over the files of an increment, of which there is one at least."""
    parts: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
    for file in increment.files:
        parts.setdefault(tuple(sorted(file.values.items())), []).append(glob_words(file.path))
    frames = [_part(spark, paths=paths, values=dict(values), contract=contract) for values, paths in parts.items()]
    return reduce(lambda one, other: one.unionByName(other), frames)


def _part(spark: Any, *, paths: list[str], values: Mapping[str, str | None], contract: Contract) -> Any:
    from pyspark.sql import functions as F

    names = [
        F.lit(values[name]).cast(column.type.ddl).alias(column.name)
        if (name := source_name(column)) in values
        else read_as(column)
        for column in contract.columns
    ]
    there = [column for column in contract.columns if source_name(column) not in values]
    rows = spark.read.schema(ddl_of(there)).parquet(*paths)
    file, position = F.col("_metadata.file_path").alias(FILE), F.col("_metadata.row_index").alias(POSITION)
    return rows.select(*names, file, position)
