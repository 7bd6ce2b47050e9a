"""What only the lake can tell the gate: duplicates, the age of the newest value, and the number a query returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from strongroom.core.contract import Contract, SetRule
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.prepare_hashes import Rows, held, newest, shared_rows
from strongroom.quality.tally import Tally
from strongroom.stores.lake import Lake

_ANSI = "spark.sql.ansi.enabled"


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

    def good() -> Any:
        return job.spark().read.parquet(staged)

    for rule in contract.set_rules:
        if rule.metric == "duplicateValues":
            found[rule.id] = shared_rows(rows, rule.columns, kept=good()) if tally.kept else 0.0
        elif rule.metric == "sql" and tally.kept:
            found[rule.id] = _queried(job, contract, rule, _new_version(job, rows, good().drop(fuse.EXTRA), lake))
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


def _queried(job: Job, contract: Contract, rule: SetRule, rows: Any) -> float:
    """The first number of the query's first row; the rows have the contract's name as a temporary view."""
    spark = job.spark()
    rows.createOrReplaceTempView(contract.name)
    ansi = spark.conf.get(_ANSI)
    spark.conf.set(_ANSI, "false")  # else a cast that fails writes its value into Spark's event log and UI
    try:
        row = spark.sql(str(rule.arguments["query"])).first()
        return float(row[0])
    except Exception as error:
        where, what = (
            f"{contract.file}:{rule.line}",
            f"rule {rule.id}: the query gives no number ({type(error).__name__})",
        )
        raise ConfigError([Problem(what, where, f"Ask {contract.name} for one number.")]) from None
    finally:
        spark.conf.set(_ANSI, ansi)
        spark.catalog.dropTempView(contract.name)


def _age(job: Job, last: date) -> float:
    """Seconds from the newest value to the start of the run; dates count from midnight UTC."""
    moment = last if isinstance(last, datetime) else datetime.combine(last, time(), UTC)
    return (job.run.started - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
