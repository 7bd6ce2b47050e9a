"""A pass over inputs, by whoever does the work: what came of it, as files of a stage that no version refers to yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from deltalake.transaction import AddAction

from strongroom.flows import road, tables
from strongroom.flows.fuse import Broken, Pass
from strongroom.flows.inputs import Input, Road
from strongroom.flows.road import Answer, Work
from strongroom.stores import stages
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch
from strongroom.stores.table_files import TableFiles


def passed(
    way: Road, plan: Pass, inputs: Sequence[Input], *, lake: Lake, batch: Batch,
    broken: Mapping[tuple[str, int], Broken], function: Callable[..., Any] = road.work,
) -> Answer:  # fmt: skip
    """What came of all inputs together; `function` is what a task does, given its `Work`."""
    aside = f"quarantine.{plan.contract.name}"
    good = stages.place(lake, plan.table, batch.stage, stats=tables.training(plan.contract).stats)
    bad = stages.place(lake, aside, batch.stage, stats=tables.quarantine(plan.contract).stats)
    answers = []
    for each in inputs:
        what = Work(plan, each.feed, good, bad, batch.run_id, batch.number, broken)
        answers.append(road.answer_of(way.engine.run(each.tasks(partial(function, what)), road.ANSWER)))
    return road.together(answers)


def files_of(lake: Lake, table: str, good: Sequence[AddAction]) -> TableFiles:
    """Staged files as a table's files, which they are not yet."""
    folder = lake.folder(table)
    return TableFiles(table, -1, folder, tuple(f"{folder}/{one.path}" for one in good), sum(one.size for one in good))
