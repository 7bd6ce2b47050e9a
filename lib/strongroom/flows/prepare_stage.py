"""The stage: Spark carries the one pass over exactly the batch's files; good, bad and tally rows land side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from typing import Any

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.prepare_facts import facts
from strongroom.flows.prepare_hashes import Rows
from strongroom.flows.prepare_increment import Increments
from strongroom.flows.prepare_marks import mark_rows
from strongroom.flows.prepare_plan import Found
from strongroom.flows.prepare_sketches import without_rare
from strongroom.flows.tables import training
from strongroom.quality.tally import Tally
from strongroom.stores import delta_reading, raw_reading, shapes, stages
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch
from strongroom.stores.table_plan import spark_schema


def stage(
    job: Job, plan: fuse.Pass, *, lake: Lake, batch: Batch, found: Found, without: str = "",
    increments: Increments | None = None,
) -> tuple[Tally, Mapping[str, float]]:  # fmt: skip
    """The one pass: good, bad and tally rows into the stage; returns the run's tally, and what the gate asks besides.

    `without` is the stage of the batch whose place this one takes; what the table has of it is not looked at.
    Of a Delta source that is among `increments` only these files are read.

    Raises:
        ConfigError: the data has fields that the contract does not know; nothing is staged.
    """
    from pyspark.sql import functions as F

    contract = plan.contract
    raw = _raw(job, contract, batch=batch, found=found, lake=lake, increments=increments or {})
    rows = Rows(raw, plan, sealed=False, onto=batch.mode != "overwrite", without=without)
    marked = mark_rows(job, rows, lake=lake)
    refined = marked.mapInArrow(partial(fuse.refine, plan), spark_schema(fuse.stage_schema(contract)))
    verdict = F.coalesce(F.col(fuse.EXTRA)["verdict"], F.lit("good"))
    path, stats = stages.spark_path(lake, plan.table, batch.stage), training(contract).stats
    stages.write(refined.withColumn("verdict", verdict), path, stats=stats, by="verdict")
    lines = stages.staged_rows(lake, plan.table, f"{batch.stage}/verdict=tally", column=fuse.EXTRA)
    tally = reduce(Tally.merge, (Tally.from_json(line["tally"]) for line in lines), Tally())
    good = stages.spark_path(lake, plan.table, f"{batch.stage}/verdict=good")
    return without_rare(tally), facts(job, rows, staged=good, tally=tally, lake=lake)


def _raw(job: Job, contract: Contract, *, batch: Batch, found: Found, lake: Lake, increments: Increments) -> Any:
    """The rows of exactly the batch's files, once their field names are known to be the contract's."""
    spark, chosen = job.spark(), set(batch.files)
    parts, unknown = [], []
    for source, files in found.values():
        mine = [file for file in files if file in chosen]
        if mine and (increment := increments.get(mine[0].path)) is not None:
            parts.append(delta_reading.read_added(spark, source, increment=increment, contract=contract))
        elif mine:
            unknown += shapes.unknown_fields(spark, source, files=mine, contract=contract)
            parts.append(raw_reading.read_raw(spark, source, files=mine, contract=contract, lake=lake.root))
    if unknown:
        raise ConfigError(unknown)
    return reduce(lambda one, other: one.unionByName(other), parts)
