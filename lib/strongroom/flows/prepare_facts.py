"""What only the lake can tell the gate: duplicates, the age of the newest value, and the number a query returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import reduce
from typing import Any

from strongroom.core.contract import Contract, SetRule
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.quality.tally import Tally

_ANSI = "spark.sql.ansi.enabled"


def mark_duplicates(raw: Any, contract: Contract) -> Any:
    """A boolean column for each rule `unique`. Only 128-bit hashes of the keys are shuffled, never a row."""
    from pyspark.sql import functions as F

    rules = [rule for rule in contract.rules if rule.check == "unique"]
    for place, rule in enumerate(rules):
        ones = (f"__first_{place}", f"__second_{place}")
        raw = _with_hashes(raw, contract, paths=rule.columns, names=ones)
        counted = raw.where(F.col(ones[0]).isNotNull()).groupBy(*ones).agg(F.count("*").alias("__count"))
        twice = counted.where(F.col("__count") > 1).select(*ones, F.lit(True).alias(f"{fuse.DUPLICATE}{place}"))
        raw = raw.join(twice.hint("broadcast"), on=list(ones), how="left").drop(*ones)
    return raw


def facts(job: Job, contract: Contract, *, raw: Any, staged: str, tally: Tally) -> Mapping[str, float]:
    """The measured number of each set rule that rows alone cannot answer, by the rule's id.

    Args:
        job: has the session and the clock.
        contract: has the rules.
        raw: the rows as they were read.
        staged: path of the good rows, which is what a query sees under the contract's name.
        tally: of the whole run.
    """
    found = {}
    for rule in contract.set_rules:
        if rule.metric == "duplicateValues":
            found[rule.id] = _duplicates(raw, contract, rule)
        elif rule.metric == "sql" and tally.kept:
            found[rule.id] = _queried(job, contract, rule, staged=staged)
        elif rule.metric == "freshness" and (age := _age(job, rule, raw=raw, tally=tally)) is not None:
            found[rule.id] = age
    return found


def _duplicates(raw: Any, contract: Contract, rule: SetRule) -> float:
    """Rows that share their value with another row, all copies counted; a row without a value is none."""
    from pyspark.sql import functions as F

    hashed = _with_hashes(raw, contract, paths=rule.columns, names=("__first", "__second")).where("__first is not null")
    counted = hashed.groupBy("__first", "__second").agg(F.count("*").alias("__count")).where("__count > 1")
    return float(counted.agg(F.sum("__count")).first()[0] or 0)


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


def _with_hashes(raw: Any, contract: Contract, *, paths: tuple[str, ...], names: tuple[str, str]) -> Any:
    """Two 64-bit hashes of the columns together, null where one of them is null: 128 bits tell any two keys apart."""
    from pyspark.sql import functions as F

    keys = [_as_compared(contract, path) for path in paths]
    given = reduce(lambda one, other: one & other, [key.isNotNull() for key in keys])
    raw = raw.withColumn(names[0], F.when(given, F.xxhash64(*keys)))
    return raw.withColumn(names[1], F.when(given, F.xxhash64(F.lit(1), *keys)))


def _as_compared(contract: Contract, path: str) -> Any:
    """The value as uniqueness compares it: after its `read`, so that a missing value is no value."""
    from pyspark.sql import functions as F

    leaf = next((leaf for leaf in contract.leaves() if leaf.path == path), None)
    value = reduce(lambda column, name: column[name], path.split(".")[1:], F.col(f"`{path.split('.')[0]}`"))
    if leaf is not None and leaf.read.trim:
        value = F.trim(value)
    if leaf is not None and leaf.read.missing:
        value = F.when(~value.isin(*leaf.read.missing), value)
    return value
