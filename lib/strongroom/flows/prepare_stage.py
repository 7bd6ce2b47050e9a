"""The stage: Spark carries the one pass over exactly the batch's files; good, bad and tally rows land side by side."""

from __future__ import annotations

from functools import partial, reduce
from typing import Any

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.prepare_plan import Found
from strongroom.quality.tally import Tally
from strongroom.stores import shapes, sources
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch


def stage(job: Job, plan: fuse.Pass, *, lake: Lake, batch: Batch, found: Found) -> Tally:
    """The one pass: good, bad and tally rows into the stage; returns the run's tally."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    spark, chosen, contract = job.spark(), set(batch.files), plan.contract
    parts, unknown = [], []
    for source, files in found.values():
        mine = [file for file in files if file in chosen]
        if mine:
            unknown += shapes.unknown_fields(spark, source, files=mine, contract=contract)
            parts.append(sources.read_raw(spark, source, files=mine, contract=contract))
    if unknown:
        raise ConfigError(unknown)
    raw = _mark_duplicates(reduce(lambda one, other: one.unionByName(other), parts), contract)
    refined = raw.mapInArrow(partial(fuse.refine, plan), from_arrow_schema(fuse.stage_schema(contract)))
    verdict = F.coalesce(F.col(fuse.EXTRA)["verdict"], F.lit("good"))
    staged = refined.withColumn("verdict", verdict).write.mode("overwrite").partitionBy("verdict")
    staged.parquet(lake.spark_path(plan.table, batch.stage))
    lines = lake.staged_rows(plan.table, f"{batch.stage}/verdict=tally", fuse.EXTRA)
    return reduce(Tally.merge, (Tally.from_json(line["tally"]) for line in lines), Tally())


def _mark_duplicates(raw: Any, contract: Contract) -> Any:
    """A boolean column for each rule `unique`. Only 128-bit hashes of the keys are shuffled, never a row."""
    from pyspark.sql import functions as F

    rules = [rule for rule in contract.rules if rule.check == "unique"]
    for place, rule in enumerate(rules):
        keys = [_as_compared(contract, path) for path in rule.columns]
        first, second = f"__first_{place}", f"__second_{place}"
        given = reduce(lambda one, other: one & other, [key.isNotNull() for key in keys])
        raw = raw.withColumn(first, F.when(given, F.xxhash64(*keys)))
        raw = raw.withColumn(second, F.when(given, F.xxhash64(F.lit(1), *keys)))
        counted = raw.where(F.col(first).isNotNull()).groupBy(first, second).agg(F.count("*").alias("__count"))
        twice = counted.where(F.col("__count") > 1).select(first, second, F.lit(True).alias(f"{fuse.DUPLICATE}{place}"))
        raw = raw.join(F.broadcast(twice), on=[first, second], how="left").drop(first, second)
    return raw


def _as_compared(contract: Contract, path: str) -> Any:
    """The column as uniqueness compares it: after its `read`, so that a missing value is no value."""
    from pyspark.sql import functions as F

    column = next(column for column in contract.columns if column.path == path)
    value = F.col(f"`{column.name}`")
    if column.read.trim:
        value = F.trim(value)
    if column.read.missing:
        value = F.when(~value.isin(*column.read.missing), value)
    return value
