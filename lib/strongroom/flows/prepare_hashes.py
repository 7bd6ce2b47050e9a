"""Keys of rows as hashes: Spark scans the key columns once for all that asks about them, and shuffles nothing else.

A hash is two of 64 bits, over the rule's place and the values; so hashes of different rules never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from typing import Any

from strongroom.core.contract import Column, Contract, Read
from strongroom.core.run import Job
from strongroom.core.sql_text import identifier
from strongroom.flows import fuse
from strongroom.flows.prepare_keys import IDENTITY, PLACE, Key, Scan, findable, values
from strongroom.stores import stages
from strongroom.stores.lake import Lake
from strongroom.stores.sources import CORRUPT
from strongroom.stores.table_plan import spark_schema

HASHES = ("__one", "__two")
_WHOLE = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that rules ask about.

    Args:
        frame: a DataFrame of them: raw ones as their source gives them, or those of a quarantine.
        plan: the pass they will go through.
        sealed: they are a quarantine's.
        onto: the training table is added to, and so belongs to what must be unique.
        without: the stage of a batch whose rows there are about to be replaced, and do not count.
    """

    frame: Any
    plan: fuse.Pass
    sealed: bool
    onto: bool
    without: str = ""


def identified(rows: Rows, asked: Sequence[Key]) -> Any:
    """The rows with two hashes for each key, by which a row, or all rows of one raw key, are known again.

    They are null where a part of the key is null.
    """
    from pyspark.sql import functions as F

    named: dict[str, Any] = {}
    for key in asked:
        columns = [F.col("row")] if rows.sealed else [at(path) for path in key.paths]
        for name, hashed in zip(key.identity, _hashed(columns, key.place), strict=True):
            named[name] = F.when(given(columns), hashed)
    return rows.frame.withColumns(named)


def hashes(rows: Rows, asked: Sequence[Key]) -> Any:
    """PLACE, IDENTITY and HASHES of each key that is there: of its values in clear, or under each of its master keys.

    Args:
        rows: as `identified` gives them.
        asked: the keys; all of them are looked at in one scan.
    """
    from pyspark.sql import functions as F

    present = reduce(lambda one, other: one | other, [F.col(key.identity[0]).isNotNull() for key in asked])
    frame = (rows.frame if rows.sealed else rows.frame.where(F.col(CORRUPT).isNull())).where(present)
    if all(not key.keys and _as_they_are(rows, key.paths) for key in asked):
        each = [
            F.struct(
                F.lit(key.place).alias(PLACE),
                *(F.col(name).alias(known) for name, known in zip(key.identity, IDENTITY, strict=True)),
                *alike_hashes([at(path) for path in key.paths], leaves_of(rows.plan.contract, key.paths), key.place),
            )
            for key in asked
        ]
        return (
            frame.select(F.explode(F.array(*each)).alias("key")).select("key.*").where(F.col(IDENTITY[0]).isNotNull())
        )
    found = _read(rows, frame, asked)
    pairs = {
        key.place: alike_hashes(
            [F.col(name) for name in key.columns], leaves_of(rows.plan.contract, key.paths), key.place
        )
        for key in asked
    }
    told = [
        F.coalesce(*(F.when(F.col(PLACE) == place, pair[half]) for place, pair in pairs.items())).alias(name)
        for half, name in enumerate(HASHES)
    ]
    return found.select(PLACE, *IDENTITY, *told)


def alike_hashes(columns: Sequence[Any], leaves: Sequence[Column], place: int) -> list[Any]:
    """HASHES of a key's values, whole numbers of any width alike."""
    return _hashed([_alike(value, leaf) for value, leaf in zip(columns, leaves, strict=True)], place, HASHES)


def shared_rows(rows: Rows, paths: tuple[str, ...], *, kept: Any) -> float:
    """How many of the rows kept share their values with another one.

    Args:
        rows: the rows as they were read. They are counted themselves where protection hides which rows are alike.
        paths: the columns.
        kept: the rows kept, protected.
    """
    from pyspark.sql import functions as F

    if all(map(findable, leaves_of(rows.plan.contract, paths))):
        columns = [at(path) for path in paths]
        found = kept.where(given(columns)).select(*_hashed(columns, 0, HASHES))
    else:
        key = Key(0, paths)
        found = hashes(Rows(identified(rows, [key]), rows.plan, rows.sealed, rows.onto), [key])
    counted = found.groupBy(*HASHES).agg(F.count("*").alias("__count")).where("__count > 1")
    return float(counted.agg(F.sum("__count")).first()[0] or 0)


def newest(rows: Rows, path: str, *, kept: Any) -> datetime | None:
    """The largest value of a date or timestamp, in UTC: of the rows kept, else, where they hide it, of all."""
    from pyspark.sql import functions as F

    leaf = leaves_of(rows.plan.contract, (path,))[0]
    if leaf.protect is None or leaf.protect.method == "keep":
        found = kept.select(at(path).alias("value"))
    else:
        key = Key(0, (path,))
        found = _read(rows, identified(rows, [key]).where(F.col(CORRUPT).isNull()), [key]).toDF(
            PLACE, *IDENTITY, "value"
        )
    last = found.agg(F.unix_micros(F.max("value").cast("timestamp"))).first()[0]  # a datetime would be in local time
    return None if last is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=last)


def _read(rows: Rows, frame: Any, asked: Sequence[Key]) -> Any:
    """Place, identity and values of each key that is there, as the contract reads and protects them."""
    scan = Scan(rows.plan, tuple(asked), rows.sealed)
    tops = ["row"] if rows.sealed else [identifier(column.name) for column in scan.contract.columns]
    ids = [name for key in asked for name in key.identity]
    return frame.select(*tops, *ids).mapInArrow(partial(values, scan), spark_schema(scan.schema()))


def given(columns: Sequence[Any]) -> Any:
    """Whether all of a row's key is there."""
    return reduce(lambda one, other: one & other, [column.isNotNull() for column in columns])


def _hashed(columns: Sequence[Any], place: int, names: tuple[str, str] = IDENTITY) -> list[Any]:
    from pyspark.sql import functions as F

    return [F.xxhash64(F.lit(2 * place + half), *columns).alias(name) for half, name in enumerate(names)]


def _alike(value: Any, leaf: Column) -> Any:
    """The value in the one type that its hash is of: whole numbers of any width, at either end, are alike, and so is
    what lies in a table with a narrower type than its contract has by now.
    """
    if leaf.protect is not None and leaf.protect.method != "keep":
        return value
    return value.cast("bigint" if leaf.type.name in _WHOLE else leaf.type.ddl)


def _as_they_are(rows: Rows, paths: tuple[str, ...]) -> bool:
    """Whether the raw values are the values already, so that the JVM alone can compare them."""
    leaves = () if rows.sealed else leaves_of(rows.plan.contract, paths)
    same = [leaf.read == Read() and (not rows.plan.textual or leaf.type.name == "string") for leaf in leaves]
    return bool(same) and all(same)


def at(path: str) -> Any:
    """The column at a path of the contract."""
    from pyspark.sql import functions as F

    first, *rest = path.split(".")
    return reduce(lambda column, name: column[name], rest, F.col(identifier(first)))


def leaves_of(contract: Contract, paths: tuple[str, ...]) -> list[Column]:
    """The contract's columns at these paths."""
    leaves = {leaf.path: leaf for leaf in contract.leaves()}
    return [leaves[path] for path in paths]


def held(job: Job, lake: Lake, name: str, version: int, *, without: str = "") -> Any:
    """A table at one version, whatever is published while this run looks at it, without the rows of one stage."""
    from pyspark.sql import functions as F

    rows = job.spark().read.format("delta").option("versionAsOf", version).load(lake.spark_path(name))
    return rows.where(~stages.is_of_column(F.col("_metadata.file_path"), without)) if without else rows
