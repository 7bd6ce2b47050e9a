"""Rules that no row answers alone: does another row have the same key, and is what a key refers to there?

The key columns are scanned once more, for all such rules at once; what comes back says which rows of which part break
one.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from strongroom.core.contract import ACROSS, Column, Contract, Reference, Rule
from strongroom.core.contract.protection import is_kept
from strongroom.core.contract.references import referenced
from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.escaping import preparing
from strongroom.core.run import Job
from strongroom.flows.cross_row.fingerprints import (
    BLOBS,
    STARTS,
    KeyColumns,
    Scan,
    TableScan,
    findable,
    leaves_of,
    scan,
    scan_table,
    starts,
)
from strongroom.flows.cross_row.groups import FOUND, SHARED, broken_of, meeting, offenders
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.row_pass.engines import Tasks
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.process import Broken, PassPlan
from strongroom.protect.cipher.siv import PREFIX
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.commits import Judge
from strongroom.stores.lake.table_files import TableFiles, files_at

_RANGE = 64 << 20
"""Bytes of files whose keys one range is for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule, the key it asks for, and the table whose keys are there already or have to be."""

    rule: Rule
    key: KeyColumns
    columns: tuple[str, ...] = ()
    theirs: TableFiles | None = None

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
    return StoreError(
        "a table that the contract refers to is not there yet",
        where=f"training.{name}",
        todo=todo,
        code="table.missing",
    )


def broken_rows(
    job: Job, road: Road, plan: PassPlan, inputs: Sequence[Input], *, lake: Lake, onto: bool, without: str = ""
) -> Mapping[tuple[str, int], Broken]:
    """Of each part, the rows that break a rule of ACROSS.

    Args:
        job: the run.
        road: who does the work.
        plan: the pass that the rows will go through.
        inputs: the rows.
        lake: where the tables lie.
        onto: the training table is added to, and so belongs to what must be unique.
        without: the stage of a batch whose rows there are about to be replaced, and do not count.

    Raises:
        StoreError: a table that is referred to is not there, or was protected with a key that is gone.
    """
    rules = [rule for rule in plan.contract.rules if rule.check in ACROSS]
    if not rules:
        return {}
    asked = [
        _asked(job, road, plan, rule, place, lake=lake, onto=onto, without=without) for place, rule in enumerate(rules)
    ]
    size = sum(each.size for each in inputs) + sum(each.theirs.size for each in asked if each.theirs)
    ranges = max(1, min(256, size // _RANGE))
    keys, refers = tuple(each.key for each in asked), frozenset(each.key.place for each in asked if each.refers)
    tasks = [each.tasks(partial(scan, Scan(plan, each.feed, keys, job.run.id, ranges))) for each in inputs]
    for each in asked:
        if each.theirs is not None:
            leaves = leaves_of(plan.contract, each.key.paths)
            files, place = road.table_paths(each.theirs), each.key.place
            what = TableScan(plan, place, each.columns, leaves, files, job.run.id, ranges)
            tasks.append(road.table_tasks(partial(scan_table, what), each.theirs, each.columns))
    found = road.engine.shuffle(tasks, BLOBS, by="range", reduce=partial(offenders, refers=refers), to=FOUND)
    return broken_of(found, keys, refers=refers)


def new_keys(job: Job, road: Road, plan: PassPlan, *, lake: Lake, good: Sequence[AddAction]) -> Judge | None:
    """Compares the keys of a stage's good rows with those of files that others have added since the pass looked.

    They are compared as they lie. Values under another key than the run's are those that the pass has compared already.
    None when nothing must be unique, or protection hides which values are equal.
    """
    table, rules = plan.table, [rule for rule in plan.contract.rules if rule.check == "unique"]
    asked = [rule for rule in rules if all(map(findable, leaves_of(plan.contract, rule.columns)))]
    folder = lake.folder(table)

    def lying(paths: Iterable[str]) -> TableFiles:
        return TableFiles(table, -1, folder, tuple(f"{folder}/{path}" for path in paths), 0)

    def judge(files: Sequence[str]) -> None:
        mine, theirs = lying(file.path for file in good), lying(map(unquote, files))
        for rule in asked if good else ():
            leaves, tasks = leaves_of(plan.contract, rule.columns), []
            for place, side in enumerate((mine, theirs)):
                what = TableScan(plan, place, rule.columns, leaves, road.table_paths(side), job.run.id, 1)
                tasks.append(road.table_tasks(partial(scan_table, what), side, rule.columns))
            found = road.engine.shuffle(tasks, BLOBS, by="range", reduce=meeting, to=SHARED)
            if any(found.column("shared").to_pylist()):
                what_is = f"others have added rows since with keys of this run's rows (rule {rule.id})"
                raise StoreError(
                    what_is,
                    where=table,
                    todo="Run again: it will tell which rows are there twice.",
                    code="table.changed",
                )

    return judge if asked else None


def _asked(
    job: Job, road: Road, plan: PassPlan, rule: Rule, place: int, *, lake: Lake, onto: bool, without: str
) -> Asked:
    """What a rule asks, and of which table at which version."""
    if rule.check == "unique":
        table = plan.contract.training
        seen = onto and all(map(findable, leaves_of(plan.contract, rule.columns)))
        former = lake.open(table) if seen else None
        if former is None or not former.file_uris():
            return Asked(rule, KeyColumns(place, rule.columns))
        return _against(
            job, road, plan, rule, place, former, columns=rule.columns, name=table, lake=lake, without=without
        )
    target = rule.argument
    if not isinstance(target, Reference):
        raise TypeError(f"rule {rule.id} refers to nothing")
    table = f"training.{target.table}"
    there = lake.open(table)
    if there is None:
        raise _missing(target.table)
    job.say(f"{rule.id}: looked up in {table}, version {there.version()}")
    return _against(job, road, plan, rule, place, there, columns=target.columns, name=table, lake=lake)


def _against(
    job: Job, road: Road, plan: PassPlan, rule: Rule, place: int, table: DeltaTable, *, columns: tuple[str, ...],
    name: str, lake: Lake, without: str = "",
) -> Asked:  # fmt: skip
    """The rule's key and a table's, both protected alike, under every master key that the table has."""
    theirs, leaves = files_at(lake, table, name, without=without), leaves_of(plan.contract, rule.columns)
    hidden = next((at for at, leaf in enumerate(leaves) if not is_kept(leaf)), None)
    keys: tuple[int, ...] = ()
    if hidden is not None:
        what = TableScan(plan, place, (columns[hidden],), (leaves[hidden],), road.table_paths(theirs), job.run.id, 1)
        tasks = road.table_tasks(partial(starts, what), theirs, (columns[hidden],))
        keys = _keys_of(plan, road, tasks, leaves[hidden], name=name)
    return Asked(rule, KeyColumns(place, rule.columns, keys), columns, theirs)


def _keys_of(plan: PassPlan, road: Road, tasks: Tasks, leaf: Column, *, name: str) -> tuple[int, ...]:
    """Ids of the master keys that a protected column's values carry; the primary when it has none.

    Raises:
        StoreError: the keyring lacks one of them, so that its values cannot be compared.
    """
    ring, text = keyring_of(plan.keys), leaf.method == "hash"
    found: set[Any] = set(road.engine.run(tasks, STARTS).column("start").to_pylist())
    heads = [urlsafe_b64decode(start + b"A") if text else bytes(start) for start in found]
    ids = sorted({int.from_bytes(head[1:PREFIX]) for head in heads}) or [ring.primary]
    for key in ids:
        try:
            ring.key(key)
        except KeyFault as fault:
            again = preparing(name.partition(".")[2], mode="overwrite")
            todo = f"Get the key back, or write {name} anew: {again}."
            raise StoreError(
                f"values of {leaf.path!r} cannot be compared: {fault.what}", where=name, todo=todo, code="source.type"
            ) from None
    return tuple(ids)
