"""Rules that no row answers alone: does another row have the same key, and is what a key refers to there?

Spark scans the key columns once more and shuffles 128-bit hashes of them, never a row; the few hashes that break a rule
come back to their rows by a broadcast join.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from typing import Any

from strongroom.core.contract import ACROSS, Column, Contract, Read, Reference, Rule
from strongroom.core.contract_references import referenced
from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.permit import permit
from strongroom.flows.prepare_keys import IDENTITY, Scan, findable, values
from strongroom.protect.siv import PREFIX
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake
from strongroom.stores.sources import CORRUPT, quoted

_HASHES = ("__one", "__two")
_WHOLE = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that rules ask about.

    Args:
        frame: a DataFrame of them: raw ones as their source gives them, or those of a quarantine.
        plan: the pass they will go through.
        sealed: they are a quarantine's.
        onto: the training table is added to, and so belongs to what must be unique.
    """

    frame: Any
    plan: fuse.Pass
    sealed: bool
    onto: bool


def permit_references(job: Job, contract: Contract, lake: Lake) -> None:
    """Asks whether the run may read the tables that the contract refers to.

    Raises:
        Refused: it may not.
        StoreError: one of them is not there.
    """
    for name in referenced(contract):
        permit(job, "read", f"training.{name}")
        if lake.open(f"training.{name}") is None:
            raise _missing(name)


def _missing(name: str) -> StoreError:
    todo = f"Run ./spark-submit.sh prepare --contract {name} first."
    return StoreError("a table that the contract refers to is not there yet", where=f"training.{name}", todo=todo)


def mark_rows(job: Job, rows: Rows, *, lake: Lake) -> Any:
    """The rows with a boolean column for each rule of ACROSS, true or null: whether the row breaks it.

    Raises:
        StoreError: a table that is referred to is not there, or was protected with a key that is gone.
    """
    from pyspark.sql import functions as F

    frame = rows.frame
    for place, rule in enumerate(rule for rule in rows.plan.contract.rules if rule.check in ACROSS):
        frame = frame.withColumns(_identity(rows, rule.columns))
        scanned = replace(rows, frame=frame)
        broken = (
            _shared(job, scanned, rule, lake=lake) if rule.check == "unique"
            else _dangling(job, scanned, rule, lake=lake)
        )  # fmt: skip
        marked = broken.select(*IDENTITY, F.lit(True).alias(f"{fuse.MARK}{place}")).hint("broadcast")
        frame = frame.join(marked, on=list(IDENTITY), how="left").drop(*IDENTITY)
    return frame


def shared_rows(rows: Rows, paths: tuple[str, ...], *, kept: Any) -> float:
    """How many of the rows kept share their values with another one.

    Args:
        rows: the rows as they were read. They are counted themselves where protection hides which rows are alike.
        paths: the columns.
        kept: the rows kept, protected.
    """
    from pyspark.sql import functions as F

    if all(map(findable, _leaves(rows.plan.contract, paths))):
        columns = [_at(path) for path in paths]
        hashes = kept.where(_given(columns)).select(*_pair(columns, _HASHES))
    else:
        hashes = _hashes(replace(rows, frame=rows.frame.withColumns(_identity(rows, paths))), paths)
    counted = hashes.groupBy(*_HASHES).agg(F.count("*").alias("__count")).where("__count > 1")
    return float(counted.agg(F.sum("__count")).first()[0] or 0)


def _shared(job: Job, rows: Rows, rule: Rule, *, lake: Lake) -> Any:
    """Identities of rows that share their values with another row, or with one that the table has already."""
    twice = _twice(rows, rule.columns)
    table = f"training.{rows.plan.contract.name}"
    if not rows.onto or not all(map(findable, _leaves(rows.plan.contract, rule.columns))):
        return twice
    former = lake.open(table)
    if former is None or not former.file_uris():
        return twice
    mine, theirs = _compared(
        rows, rule.columns, table=held(job, lake, table, former.version()), columns=rule.columns, name=table
    )
    again = mine.join(theirs, on=list(_HASHES), how="left_semi").select(*IDENTITY)
    return twice.union(again).distinct()


def _twice(rows: Rows, paths: tuple[str, ...]) -> Any:
    """Identities of rows that share their values with another one of these rows."""
    from pyspark.sql import functions as F

    many, hashes = F.count("*").alias("__count"), _hashes(rows, paths)
    if _as_they_are(rows, paths):  # the identity tells the value
        return hashes.groupBy(*IDENTITY).agg(many).where("__count > 1").select(*IDENTITY)
    counted = hashes.groupBy(*_HASHES).agg(many, F.collect_set(F.struct(*IDENTITY)).alias("__ids"))
    return counted.where("__count > 1").select(F.explode("__ids").alias("__id")).select("__id.*")


def _dangling(job: Job, rows: Rows, rule: Rule, *, lake: Lake) -> Any:
    """Identities of rows whose key is not in the table it refers to; a key with a null refers to nothing."""
    target = rule.argument
    if not isinstance(target, Reference):
        raise TypeError(f"rule {rule.id} refers to nothing")
    table = f"training.{target.table}"
    there = lake.open(table)
    if there is None:
        raise _missing(target.table)
    job.say(f"{rule.id}: looked up in {table}, version {there.version()}")
    mine, theirs = _compared(
        rows, rule.columns, table=held(job, lake, table, there.version()), columns=target.columns, name=table
    )
    met = mine.join(theirs, on=list(_HASHES), how="left_semi").select(*IDENTITY).distinct()
    return mine.select(*IDENTITY).distinct().join(met, on=list(IDENTITY), how="left_anti")


def _compared(
    rows: Rows, paths: tuple[str, ...], *, table: Any, columns: tuple[str, ...], name: str
) -> tuple[Any, Any]:
    """Hashes of the rows' keys and of a table's, each protected alike, under every key that the table has."""
    leaves = _leaves(rows.plan.contract, paths)
    found = [_at(column) for column in columns]
    present = table.where(_given(found))
    hidden = next((place for place, leaf in enumerate(leaves) if leaf.protect and leaf.protect.method != "keep"), None)
    keys: tuple[int, ...] = ()
    if hidden is not None:
        keys = _keys_of(rows.plan, present, found[hidden], leaves[hidden], name=name)
    theirs = present.select(*_pair([_alike(column, leaf) for column, leaf in zip(found, leaves, strict=True)], _HASHES))
    return _hashes(rows, paths, keys=keys).distinct(), theirs


def _keys_of(plan: fuse.Pass, table: Any, column: Any, leaf: Column, *, name: str) -> tuple[int, ...]:
    """Ids of the master keys that a protected column's values carry; the primary when it has none.

    Raises:
        StoreError: the keyring lacks one of them, so that its values cannot be compared.
    """
    from pyspark.sql import functions as F

    ring, text = keyring_of(plan.keys), leaf.protect is not None and leaf.protect.method == "hash"
    starts = table.select(F.substring(column, 1, 7 if text else PREFIX).alias("start")).distinct().collect()
    heads = [urlsafe_b64decode(f"{row['start']}A") if text else bytes(row["start"]) for row in starts]
    ids = sorted({int.from_bytes(head[1:PREFIX]) for head in heads}) or [ring.primary]
    for key in ids:
        try:
            ring.key(key)
        except KeyFault as fault:
            todo = f"Get the key back, or write {name} anew: prepare it with mode overwrite."
            raise StoreError(
                f"values of {leaf.path!r} cannot be compared: {fault.what}", where=name, todo=todo
            ) from None
    return tuple(ids)


def _hashes(rows: Rows, paths: tuple[str, ...], *, keys: tuple[int, ...] = ()) -> Any:
    """Identity and two hashes of the key of each row that has one: in clear, or protected under each of the keys."""
    from pyspark.sql import functions as F

    leaves = _leaves(rows.plan.contract, paths)
    frame = rows.frame if rows.sealed else rows.frame.where(F.col(CORRUPT).isNull())
    frame = frame.where(F.col(IDENTITY[0]).isNotNull())
    if not keys and _as_they_are(rows, paths):
        return frame.select(*IDENTITY, *_pair([_alike(_at(leaf.path), leaf) for leaf in leaves], _HASHES))
    found = _read(replace(rows, frame=frame), paths, keys=keys)
    protected = [F.col(f"__key_{place}") for place in range(len(paths))]
    return found.select(
        *IDENTITY, *_pair([_alike(value, leaf) for value, leaf in zip(protected, leaves, strict=True)], _HASHES)
    )


def _read(rows: Rows, paths: tuple[str, ...], *, keys: tuple[int, ...]) -> Any:
    """Identity and key of each row that has one; without `keys` as it was read, in the contract's type."""
    from pyspark.sql.pandas.types import from_arrow_schema

    scan = Scan(rows.plan, paths, keys, rows.sealed)
    tops = ["row"] if rows.sealed else [quoted(column.name) for column in scan.contract.columns]
    return rows.frame.select(*tops, *IDENTITY).mapInArrow(partial(values, scan), from_arrow_schema(scan.schema()))


def newest(rows: Rows, path: str, *, kept: Any) -> datetime | None:
    """The largest value of a date or timestamp, in UTC: of the rows kept, else, where they hide it, of all."""
    from pyspark.sql import functions as F

    leaf = _leaves(rows.plan.contract, (path,))[0]
    if leaf.protect is None or leaf.protect.method == "keep":
        values = kept.select(_at(path).alias("value"))
    else:
        parsed = rows.frame.where(F.col(CORRUPT).isNull()).withColumns(_identity(rows, (path,)))
        values = _read(replace(rows, frame=parsed), (path,), keys=()).select(F.col("__key_0").alias("value"))
    last = values.agg(F.unix_micros(F.max("value").cast("timestamp"))).first()[0]  # a datetime would be in local time
    return None if last is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=last)


def _identity(rows: Rows, paths: tuple[str, ...]) -> dict[str, Any]:
    """Two hashes by which a row, or all rows of one raw key, are known again; null where a key is null."""
    from pyspark.sql import functions as F

    columns = [F.col("row")] if rows.sealed else [_at(path) for path in paths]
    hashes = zip(IDENTITY, _pair(columns, IDENTITY), strict=True)
    return {name: F.when(_given(columns), hashed) for name, hashed in hashes}


def _given(columns: Sequence[Any]) -> Any:
    """Whether all of a row's key is there."""
    return reduce(lambda one, other: one & other, [column.isNotNull() for column in columns])


def _pair(columns: Sequence[Any], names: tuple[str, str]) -> list[Any]:
    from pyspark.sql import functions as F

    return [F.xxhash64(*columns).alias(names[0]), F.xxhash64(F.lit(1), *columns).alias(names[1])]


def _alike(value: Any, leaf: Column) -> Any:
    """The value in the one type that its hash is of: whole numbers of any width, at either end, are alike."""
    kept = leaf.protect is None or leaf.protect.method == "keep"
    return value.cast("bigint") if kept and leaf.type.name in _WHOLE else value


def _as_they_are(rows: Rows, paths: tuple[str, ...]) -> bool:
    """Whether the raw values are the values already, so that the JVM alone can compare them."""
    leaves = () if rows.sealed else _leaves(rows.plan.contract, paths)
    same = [leaf.read == Read() and (not rows.plan.textual or leaf.type.name == "string") for leaf in leaves]
    return bool(same) and all(same)


def _at(path: str) -> Any:
    from pyspark.sql import functions as F

    first, *rest = path.split(".")
    return reduce(lambda column, name: column[name], rest, F.col(quoted(first)))


def _leaves(contract: Contract, paths: tuple[str, ...]) -> list[Column]:
    leaves = {leaf.path: leaf for leaf in contract.leaves()}
    return [leaves[path] for path in paths]


def held(job: Job, lake: Lake, name: str, version: int) -> Any:
    """A table at one version, whatever is published while this run looks at it."""
    return job.spark().read.format("delta").option("versionAsOf", version).load(lake.spark_path(name))
