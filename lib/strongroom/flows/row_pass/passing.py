"""A pass over inputs, by whoever does the work: what came of it, as files of a stage that no version refers to yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from deltalake.transaction import AddAction

from strongroom.flows.foundation import table_plans
from strongroom.flows.row_pass import road
from strongroom.flows.row_pass.engines import Spark, Tasks
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.process import Broken, PassPlan
from strongroom.flows.row_pass.road import Answer, Work
from strongroom.stores.lake import Lake, staging
from strongroom.stores.lake.table_files import TableFiles
from strongroom.stores.sources.manifest import Batch


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of a pass: staged files of rows that passed and of rows set aside, what was read, and its counts.

    `tasks` are the answers that it is made of; none where Spark has written, so that nobody can tell them apart.
    """

    good: tuple[AddAction, ...]
    bad: tuple[AddAction, ...]
    answer: Answer
    tasks: tuple[Answer, ...] = ()


def passed(
    way: Road, plan: PassPlan, inputs: Sequence[Input], *, lake: Lake, batch: Batch,
    broken: Mapping[tuple[str, int], Broken], function: Callable[..., Any] = road.work,
) -> Passed:  # fmt: skip
    """What came of all inputs together; `function` is what a task does, given its `Work`."""
    aside, good, bad = plan.contract.quarantine, None, None
    if way.writes:
        good = staging.place(lake, plan.table, batch.stage, stats=table_plans.training(plan.contract).stats)
        bad = staging.place(lake, aside, batch.stage, stats=table_plans.quarantine(plan.contract).stats)
    tasks = [
        one.tasks(partial(function, Work(plan, one.feed, good, bad, batch.run_id, batch.number, broken)))
        for one in inputs
    ]
    if not way.writes:
        return _by_spark(way, plan, tasks, lake, batch)
    rows = [way.engine.run(each, road.ANSWER) for each in tasks]
    return _of_tasks([answer for some in rows for answer in road.answers_of(some)], lake, batch)


def _of_tasks(tasks: Sequence[Answer], lake: Lake, batch: Batch) -> Passed:
    answer = road.together(tasks)
    good, bad = (tuple(staging.actions(lake, batch.stage, some)) for some in (answer.good, answer.bad))
    return Passed(good, bad, answer, tuple(tasks))


def apart(tasks: Sequence[Answer], torn: frozenset[str]) -> tuple[list[Answer], frozenset[str]]:
    """Answers that count though these files have to be read again, and all files to be read again.

    What a task wrote cannot be told apart by file, so a file goes with those that share a task with it.
    """
    kept, again, files = [*tasks], frozenset[str](), torn
    while files - again:
        again |= files
        files = again.union(*(_paths(task) for task in kept if again & _paths(task)))
        kept = [task for task in kept if not again & _paths(task)]
    return kept, again


def _paths(task: Answer) -> frozenset[str]:
    return frozenset(part.path for part in task.parts)


def joined(kept: Sequence[Answer], more: Passed, *, lake: Lake, batch: Batch) -> Passed:
    """Answers of one pass, and those of another over other files, as one."""
    return _of_tasks([*kept, *more.tasks], lake, batch)


def _by_spark(way: Road, plan: PassPlan, tasks: Sequence[Tasks], lake: Lake, batch: Batch) -> Passed:
    """Where workers do not reach the lake, Spark writes what they hand it, and the quarantine's part once again."""
    from pyspark.sql import functions as F

    schema, aside = road.handed_schema(plan.contract), plan.contract.quarantine
    frames = [Spark(way.spark).frame(each, schema) for each in tasks]
    extra = F.col(road.EXTRA.name)
    kind = F.when(extra.isNull(), "good").when(extra["answer"].isNull(), "bad").otherwise("answer")
    path, stats = staging.spark_path(lake, plan.table, batch.stage), table_plans.training(plan.contract).stats
    rows = reduce(lambda one, other: one.unionByName(other), frames).withColumn("verdict", kind)
    staging.write(rows, path, stats=stats, by="verdict")
    told = staging.staged_rows(lake, plan.table, f"{batch.stage}/verdict=answer", column=road.EXTRA.name)
    answer = road.answer_of([row["answer"] for row in told])
    bad: list[AddAction] = []
    if answer.tally.bad:
        columns = [extra[field.name].alias(field.name) for field in table_plans.QUARANTINE]
        frame = way.spark().read.parquet(f"{path}/verdict=bad").select(*columns)
        staging.write(
            frame, staging.spark_path(lake, aside, batch.stage), stats=table_plans.quarantine(plan.contract).stats
        )
        bad = staging.staged(lake, aside, batch.stage)
    # EXTRA is null in these files, and no column of the table: what is no column of a table readers leave out.
    return Passed(tuple(staging.staged(lake, plan.table, f"{batch.stage}/verdict=good")), tuple(bad), answer)


def files_of(lake: Lake, table: str, good: Sequence[AddAction]) -> TableFiles:
    """Staged files as a table's files, which they are not yet."""
    folder = lake.folder(table)
    return TableFiles(table, -1, folder, tuple(f"{folder}/{one.path}" for one in good), sum(one.size for one in good))
