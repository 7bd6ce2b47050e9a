"""What only the lake can tell the gate: duplicates, the age of the newest value, and the number a query returns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from strongroom.core.contract import Contract, SetRule, Type
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.prepare_hashes import Rows, at, held, newest, shared_rows
from strongroom.flows.prepare_query import by_spark
from strongroom.flows.which import check_queries, folders_of
from strongroom.quality.query import Query
from strongroom.quality.tally import Tally
from strongroom.stores.lake import Lake


def facts(job: Job, rows: Rows, *, staged: str, tally: Tally, lake: Lake) -> Mapping[str, float]:
    """The measured number of each set rule that rows alone cannot answer, by the rule's id.

    Args:
        job: has the session and the clock.
        rows: as they were read, and the contract that has the rules.
        staged: path of the good rows.
        tally: of the whole run.
        lake: where the table lies that they are added to.
    """
    found, contract = {}, rows.plan.contract
    queries = check_queries(contract, folders_of(contract, job.settings))

    def good() -> Any:
        return job.spark().read.parquet(staged)

    for rule in contract.set_rules:
        if rule.metric == "duplicateValues":
            found[rule.id] = shared_rows(rows, rule.columns, kept=good()) if tally.kept else 0.0
        elif rule.metric == "sql" and tally.kept:
            new = _new_version(job, rows, good().drop(fuse.EXTRA), lake)
            number = _queried(job, contract, rule, queries[rule.id], {contract.name: new}, lake)
            found |= {} if number is None else {rule.id: number}
        elif rule.metric == "freshness" and tally.kept:
            counts = tally.columns.get(rule.columns[0])  # of a personal column they keep no bounds
            last = counts.largest if counts and counts.largest else newest(rows, rule.columns[0], kept=good())
            found |= {rule.id: _age(job, last)} if isinstance(last, date) else {}
    return found


def _new_version(job: Job, rows: Rows, good: Any, lake: Lake) -> Any:
    """The table as readers would get it: what it holds, where the run adds to it, and the good rows."""
    table = f"training.{rows.plan.contract.name}"
    former = lake.open(table) if rows.onto else None
    if former is None:
        return good
    there = held(job, lake, table, former.version(), without=rows.without)
    return there.unionByName(good, allowMissingColumns=True)


def _queried(
    job: Job, contract: Contract, rule: SetRule, query: Query, frames: Mapping[str, Any], lake: Lake
) -> float | None:
    """The number that the rule's query gives over the new version and the tables that the contract refers to."""
    where, asked = f"{contract.file}:{rule.line}", {}
    for name, columns in query.reads.items():
        frame = frames.get(name)
        if frame is None:
            frame = _other(job, f"training.{name}", rule, lake)
            _check_columns(frame, columns, f"training.{name}", where)
        asked[name] = frame
    seconds = float(str(job.settings.jobs["prepare"]["sql_seconds"]))
    name = re.sub(r"\W", "_", job.run.id)
    number = by_spark(job.spark(), query, asked, name=name, seconds=seconds, where=where)
    return None if number is None else float(number)


def _other(job: Job, table: str, rule: SetRule, lake: Lake) -> Any:
    there = lake.open(table)
    if there is None:
        raise StoreError("a table that the contract refers to is not there any more", where=table)
    job.say(f"{rule.id}: asks {table}, version {there.version()}")
    return held(job, lake, table, there.version())


def _check_columns(frame: Any, columns: Mapping[str, Type], table: str, where: str) -> None:
    """Make sure that another table still is what its contract says."""
    found = {field.name for field in frame.schema}
    asked = [path for path in columns if path.split(".")[0] in found]
    kinds = [field.dataType.simpleString() for field in frame.select(*map(at, asked)).schema]
    if dict(zip(asked, kinds, strict=True)) != {path: type_.ddl for path, type_ in columns.items()}:
        todo = "Prepare that data set by today's contract."
        raise ConfigError([Problem(f"The columns of {table} are not what its contract says", where, todo)])


def _age(job: Job, last: date) -> float:
    """Seconds from the newest value to the start of the run; dates count from midnight UTC."""
    moment = last if isinstance(last, datetime) else datetime.combine(last, time(), UTC)
    return (job.run.started - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
