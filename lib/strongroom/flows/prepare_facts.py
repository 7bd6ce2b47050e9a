"""What only the lake can tell the gate: duplicates, the age of the newest value, and the number a query returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from strongroom.core.contract import Contract, SetRule
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.prepare_marks import Rows, shared_rows
from strongroom.quality.tally import Tally

_ANSI = "spark.sql.ansi.enabled"


def facts(job: Job, rows: Rows, *, staged: str, tally: Tally) -> Mapping[str, float]:
    """The measured number of each set rule that rows alone cannot answer, by the rule's id.

    Args:
        job: has the session and the clock.
        rows: as they were read, and the contract that has the rules.
        staged: path of the good rows, which is what a query sees under the contract's name.
        tally: of the whole run.
    """
    found, contract, raw = {}, rows.plan.contract, rows.frame
    for rule in contract.set_rules:
        if rule.metric == "duplicateValues":
            good = job.spark().read.parquet(staged) if tally.kept else None
            found[rule.id] = 0.0 if good is None else shared_rows(rows, rule.columns, kept=good)
        elif rule.metric == "sql" and tally.kept:
            found[rule.id] = _queried(job, contract, rule, staged=staged)
        elif rule.metric == "freshness" and (age := _age(job, rule, raw=raw, tally=tally)) is not None:
            found[rule.id] = age
    return found


def _queried(job: Job, contract: Contract, rule: SetRule, *, staged: str) -> float:
    """The first number of the query's first row; the new version has the contract's name as a temporary view."""
    spark = job.spark()
    spark.read.parquet(staged).drop(fuse.EXTRA).createOrReplaceTempView(contract.name)
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


def _age(job: Job, rule: SetRule, *, raw: Any, tally: Tally) -> float | None:
    """Seconds from the newest value to the start of the run; dates count from midnight UTC."""
    from pyspark.sql import functions as F

    counts = tally.columns.get(rule.columns[0])
    newest: object = counts.largest if counts else None
    if newest is None:  # a personal column keeps no bounds, so it is looked at here and forgotten
        newest = raw.agg(F.max(F.col(rule.columns[0]).try_cast("timestamp"))).first()[0]
    if isinstance(newest, date) and not isinstance(newest, datetime):
        newest = datetime.combine(newest, time(), UTC)
    if not isinstance(newest, datetime):
        return None
    return (job.run.started - (newest if newest.tzinfo else newest.replace(tzinfo=UTC))).total_seconds()
