"""What only the lake can tell the gate: duplicates, the age of the newest value, and the number a query returns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Contract, SetRule, Type
from strongroom.core.contract.protection import is_kept
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import Job
from strongroom.flows.cross_row import newest
from strongroom.flows.cross_row.fingerprints import (
    BLOBS,
    KeyColumns,
    Scan,
    TableScan,
    findable,
    leaves_of,
    scan,
    scan_table,
)
from strongroom.flows.cross_row.groups import SHARED, sharing
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.contracts import check_queries, folders_of
from strongroom.flows.prepare.gate_query import by_duckdb, by_spark
from strongroom.flows.row_pass.inputs import Input, Road, held
from strongroom.flows.row_pass.process import PassPlan
from strongroom.quality.counts.tally import Tally
from strongroom.quality.query import Query
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.table_files import TableFiles, files_at

_MEMORY = "2GB"
"""What a query without a JVM may use."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows that a gate is about.

    Args:
        plan: the pass that they went through.
        inputs: the rows as they were read.
        good: the files of those that passed.
        tally: the counts of all.
        onto: the table is added to, and its rows count with them.
        without: the stage of a batch whose rows there are about to be replaced.
    """

    plan: PassPlan
    inputs: Sequence[Input]
    good: TableFiles
    tally: Tally
    onto: bool
    without: str = ""


def facts(job: Job, road: Road, rows: Judged, *, lake: Lake) -> Mapping[str, float]:
    """The measured number of each set rule that rows alone cannot answer, by the rule's id."""
    found, contract, tally = {}, rows.plan.contract, rows.tally
    queries = check_queries(contract, folders_of(contract, job.settings))
    for rule in contract.set_rules:
        if rule.metric == "duplicateValues":
            found[rule.id] = _shared(job, road, rows, rule.columns) if tally.kept else 0.0
        elif rule.metric == "sql" and tally.kept:
            number = _queried(job, road, rows, rule, queries[rule.id], lake)
            found |= {} if number is None else {rule.id: number}
        elif rule.metric == "freshness" and tally.kept:
            counts = tally.columns.get(rule.columns[0])  # of a personal column they keep no bounds
            last = counts.largest if counts and counts.largest else _newest(road, rows, rule.columns[0])
            found |= {rule.id: _age(job, last)} if isinstance(last, date) else {}
    return found


def _shared(job: Job, road: Road, rows: Judged, paths: tuple[str, ...]) -> float:
    """How many of the rows kept share their values with another one.

    The rows read are counted themselves where protection hides which rows are alike.
    """
    leaves, run = leaves_of(rows.plan.contract, paths), job.run.id
    ranges = max(1, min(256, sum(each.size for each in rows.inputs) >> 26))
    if all(map(findable, leaves)):
        what = TableScan(rows.plan, 0, paths, leaves, road.table_paths(rows.good), run, ranges)
        tasks = [road.table_tasks(partial(scan_table, what), rows.good, paths)]
    else:
        keys = (KeyColumns(0, paths),)
        tasks = [each.tasks(partial(scan, Scan(rows.plan, each.feed, keys, run, ranges))) for each in rows.inputs]
    found = road.engine.shuffle(tasks, BLOBS, by="range", reduce=sharing, to=SHARED)
    return float(pc.sum(found.column("shared")).as_py() or 0)


def _newest(road: Road, rows: Judged, path: str) -> datetime | None:
    """The largest value of a date or timestamp, in UTC: of the rows kept, else, where they hide it, of all."""
    leaf = leaves_of(rows.plan.contract, (path,))[0]
    if is_kept(leaf):
        what = newest.OfTable(road.table_paths(rows.good), path)
        tasks = [road.table_tasks(partial(newest.newest_of_table, what), rows.good, (path,))]
    else:
        contract = rows.plan.contract
        tasks = [
            each.tasks(partial(newest.newest_of_rows, newest.OfRows(contract, each.feed, path))) for each in rows.inputs
        ]
    return newest.newest_in(pa.concat_tables([road.engine.run(each, newest.NEWEST) for each in tasks]))


def _queried(job: Job, road: Road, rows: Judged, rule: SetRule, query: Query, lake: Lake) -> float | None:
    """The number that the rule's query gives over the new version and the tables that the contract refers to."""
    contract = rows.plan.contract
    where, asked = f"{contract.file}:{rule.line}", dict[str, Any]()
    for name, columns in query.reads.items():
        own = name == contract.name
        parts = _new_version(rows, lake) if own else [_other(job, f"training.{name}", rule, lake)]
        asked[name] = _frame(road, parts) if road.engine.name == "spark" else _batches(road, parts, contract, own=own)
        if not own:
            _check_columns(asked[name], columns, f"training.{name}", where)
    seconds = float(str(job.settings.jobs["prepare"]["sql_seconds"]))
    if road.engine.name == "spark":
        name = re.sub(r"\W", "_", job.run.id)
        number = by_spark(job.spark(), query, asked, name=name, seconds=seconds, where=where)
    else:
        number = by_duckdb(query, asked, memory=_MEMORY, seconds=seconds, where=where)
    return None if number is None else float(number)


def _new_version(rows: Judged, lake: Lake) -> list[TableFiles]:
    """The table as readers would get it: what it holds, where the run adds to it, and the good rows."""
    name = rows.plan.contract.training
    former = lake.open(name) if rows.onto else None
    return [*([] if former is None else [files_at(lake, former, name, without=rows.without)]), rows.good]


def _other(job: Job, name: str, rule: SetRule, lake: Lake) -> TableFiles:
    there = lake.open(name)
    if there is None:
        raise StoreError("a table that the contract refers to is not there any more", where=name, code="table.missing")
    job.say(f"{rule.id}: asks {name}, version {there.version()}")
    return files_at(lake, there, name)


def _frame(road: Road, parts: Sequence[TableFiles]) -> Any:
    """Tables, and staged files that are of none yet, as one frame of Spark's."""
    spark = road.spark()
    frames = [held(spark, part) for part in parts]
    first = frames[0]
    for other in frames[1:]:
        first = first.unionByName(other, allowMissingColumns=True)
    return first


def _batches(road: Road, parts: Sequence[TableFiles], contract: Contract, *, own: bool) -> Any:
    """The same as a dataset of Arrow's."""
    import pyarrow.dataset as ds  # which imports pandas: a fifth of a second that few runs need

    schema, found = table_plans.training(contract).schema.remove_metadata() if own else None, []
    for part in parts:
        paths = road.table_paths(part)
        if paths:
            filesystem, _ = filesystem_of(paths[0])
            inside = [filesystem_of(path)[1] for path in paths]
            found.append(ds.dataset(inside, filesystem=filesystem, format="parquet", schema=schema))
    return ds.dataset(found) if len(found) > 1 else found[0]


def _check_columns(frame: Any, columns: Mapping[str, Type], table: str, where: str) -> None:
    """Make sure that another table still is what its contract says."""
    from strongroom.stores.table_plan import spark_schema

    schema = spark_schema(frame.schema) if isinstance(frame.schema, pa.Schema) else frame.schema
    found = {field.name: field.dataType for field in schema}
    asked = [path for path in columns if path.split(".")[0] in found]
    kinds = {path: _at(found, path) for path in asked}
    if kinds != {path: type_.ddl for path, type_ in columns.items()}:
        todo = "Prepare that data set by today's contract."
        raise ConfigError(
            [Problem(f"The columns of {table} are not what its contract says", where, todo, "table.columns")]
        )


def _at(found: Mapping[str, Any], path: str) -> str:
    first, *rest = path.split(".")
    kind = found[first]
    for name in rest:
        kind = next((field.dataType for field in getattr(kind, "fields", ()) if field.name == name), None)
    return "" if kind is None else str(kind.simpleString())


def _age(job: Job, last: date) -> float:
    """Seconds from the newest value to the start of the run; dates count from midnight UTC."""
    moment = last if isinstance(last, datetime) else datetime.combine(last, time(), UTC)
    return (job.run.started - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
