"""Rules that no row answers alone: does another row have the same key, and is what a key refers to there?

Spark scans the key columns once more, for all such rules at once, and shuffles 128-bit hashes of them, never a row; the
few hashes that break a rule come back to their rows by a broadcast join.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any
from urllib.parse import unquote

from strongroom.core.contract import ACROSS, Column, Contract, Reference, Rule
from strongroom.core.contract_references import referenced
from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.run import Job
from strongroom.flows import fuse
from strongroom.flows.permit import permit
from strongroom.flows.prepare_hashes import HASHES, Rows, alike_hashes, at, given, hashes, held, identified, leaves_of
from strongroom.flows.prepare_keys import IDENTITY, PLACE, Key, findable
from strongroom.protect.siv import PREFIX
from strongroom.stores import stages
from strongroom.stores.commits import Judge
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule, the key it asks for, and a DataFrame of what is there already or has to be: HASHES, or None."""

    rule: Rule
    key: Key
    theirs: Any = None

    @property
    def refers(self) -> bool:
        return self.rule.check != "unique"


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

    rules = [rule for rule in rows.plan.contract.rules if rule.check in ACROSS]
    if not rules:
        return rows.frame
    asked = [_asked(job, rows, rule, place, lake=lake) for place, rule in enumerate(rules)]
    frame = identified(rows, [each.key for each in asked])
    broken = _broken(replace(rows, frame=frame), asked)
    for each in asked:  # the identities of different rules differ, so all these joins are with one broadcast
        ids = each.key.identity
        marked = broken.toDF(*ids).withColumn(f"{fuse.MARK}{each.key.place}", F.lit(True)).hint("broadcast")
        frame = frame.join(marked, on=list(ids), how="left").drop(*ids)
    return frame


def new_keys(job: Job, contract: Contract, *, lake: Lake, stage: str) -> Judge | None:
    """Compares the keys of a stage's good rows with those of files that others have added since the pass looked.

    They are compared as they lie. Values under another key than the run's are those that the pass has compared already.
    None when nothing must be unique, or protection hides which values are equal.
    """
    table, rules = f"training.{contract.name}", [rule for rule in contract.rules if rule.check == "unique"]
    asked = [rule for rule in rules if all(map(findable, leaves_of(contract, rule.columns)))]

    def judge(files: Sequence[str]) -> None:
        staged = [file.path for file in stages.staged(lake, table, f"{stage}/verdict=good")]
        if not staged:
            return
        mine, theirs = (_files(job, lake, table, paths) for paths in (staged, map(unquote, files)))
        for rule in asked:
            columns = [at(column) for column in rule.columns]
            names = [f"__key_{number}" for number in range(len(columns))]
            ours, new = (frame.where(given(columns)).select(*columns).toDF(*names) for frame in (mine, theirs))
            if ours.join(new, on=names, how="left_semi").limit(1).count():
                what = f"others have added rows since with keys of this run's rows (rule {rule.id})"
                raise StoreError(what, where=table, todo="Run again: it will tell which rows are there twice.")

    return judge if asked else None


def _files(job: Job, lake: Lake, table: str, paths: Iterable[str]) -> Any:
    return job.spark().read.parquet(*[glob_words(lake.spark_path(table, path)) for path in paths])


def _broken(rows: Rows, asked: Sequence[_Asked]) -> Any:
    """Identities that break a rule: of keys that are there twice, or refer to nothing.

    Where a table has values under several master keys, a key refers to nothing if it does under each of them.
    """
    from pyspark.sql import functions as F

    mine = hashes(rows, [each.key for each in asked]).withColumn("__theirs", F.lit(0))
    sides = [
        each.theirs.select(
            F.lit(each.key.place).alias(PLACE), *(F.lit(None).cast("bigint").alias(name) for name in IDENTITY), *HASHES,
            F.lit(1).alias("__theirs"),
        )
        for each in asked if each.theirs is not None
    ]  # fmt: skip
    identity = F.when(F.col("__theirs") == 0, F.struct(*IDENTITY))
    keys = (
        reduce(lambda one, other: one.unionByName(other), sides, mine)
        .groupBy(*HASHES)
        .agg(
            F.max(PLACE).alias(PLACE),
            F.count(identity).alias("__mine"),
            F.max("__theirs").alias("__theirs"),
            F.collect_set(identity).alias("__ids"),
        )
    )
    refers = F.col(PLACE).isin([each.key.place for each in asked if each.refers])
    again = (F.col("__mine") > 1) | (F.col("__theirs") == 1)
    found = keys.where(refers | again).select(PLACE, "__theirs", F.explode("__ids").alias("__id"))
    told = found.select(PLACE, "__theirs", "__id.*").groupBy(*IDENTITY)
    judged = told.agg(F.max(PLACE).alias(PLACE), F.max("__theirs").alias("__theirs"))
    return judged.where(~refers | (F.col("__theirs") == 0)).select(*IDENTITY)


def _asked(job: Job, rows: Rows, rule: Rule, place: int, *, lake: Lake) -> _Asked:
    """What a rule asks, and of which table at which version."""
    if rule.check == "unique":
        table = f"training.{rows.plan.contract.name}"
        seen = rows.onto and all(map(findable, leaves_of(rows.plan.contract, rule.columns)))
        former = lake.open(table) if seen else None
        if former is None or not former.file_uris():
            return _Asked(rule, Key(place, rule.columns))
        there = held(job, lake, table, former.version(), without=rows.without)
        return _against(rows, rule, place, there, columns=rule.columns, name=table)
    target = rule.argument
    if not isinstance(target, Reference):
        raise TypeError(f"rule {rule.id} refers to nothing")
    table = f"training.{target.table}"
    there = lake.open(table)
    if there is None:
        raise _missing(target.table)
    job.say(f"{rule.id}: looked up in {table}, version {there.version()}")
    return _against(rows, rule, place, held(job, lake, table, there.version()), columns=target.columns, name=table)


def _against(rows: Rows, rule: Rule, place: int, table: Any, *, columns: tuple[str, ...], name: str) -> _Asked:
    """The rule's key and a table's, both protected alike, under every master key that the table has."""
    leaves = leaves_of(rows.plan.contract, rule.columns)
    found = [at(column) for column in columns]
    present = table.where(given(found))
    hidden = next(
        (number for number, leaf in enumerate(leaves) if leaf.protect and leaf.protect.method != "keep"), None
    )
    keys: tuple[int, ...] = ()
    if hidden is not None:
        keys = _keys_of(rows.plan, present, found[hidden], leaves[hidden], name=name)
    return _Asked(rule, Key(place, rule.columns, keys), present.select(*alike_hashes(found, leaves, place)))


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
