"""Who runs the work: Spark's tasks, or processes of our own where the work is small and the settings say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core import workers
from strongroom.core.errors import EnvironmentFault
from strongroom.stores.table_plan import spark_schema

Function = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
Reduce = Callable[[pa.Table], pa.Table]

BY_SPARK = "Run the same with --set prepare.engine=spark."
_TASKS = 1000
"""Tasks of one stage at most: the driver merges an answer of each."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """A function, and what it is handed: numbers from 0 to `count`, or the rows of Spark's `frame`."""

    function: Function
    count: int = 0
    frame: Any = None


class Engine(Protocol):
    """Runs functions over what they are handed, wherever that is. An attempt counts as a whole or not at all."""

    name: str

    def run(self, tasks: Tasks, schema: pa.Schema) -> pa.Table:
        """All that the function gives."""
        ...

    def shuffle(self, tasks: Sequence[Tasks], schema: pa.Schema, *, by: str, reduce: Reduce, to: pa.Schema) -> pa.Table:
        """All that `reduce` makes of what the functions give, of all rows with one value in `by` at a time."""
        ...


class Spark:
    """A task for each number, or for a few of them; or for each partition of a frame."""

    name = "spark"

    def __init__(self, spark: Callable[[], Any]) -> None:
        self._spark = spark

    def run(self, tasks: Tasks, schema: pa.Schema) -> pa.Table:
        """See `Engine`."""
        return self.frame(tasks, schema).toArrow()

    def shuffle(self, tasks: Sequence[Tasks], schema: pa.Schema, *, by: str, reduce: Reduce, to: pa.Schema) -> pa.Table:
        """See `Engine`."""
        first, *others = (self.frame(each, schema) for each in tasks)
        for other in others:
            first = first.unionByName(other)

        def reduced(table: pa.Table) -> pa.Table:  # Spark tells by the types what it is
            workers.settle()
            return reduce(table)

        return first.groupBy(by).applyInArrow(reduced, spark_schema(to)).toArrow()

    def frame(self, tasks: Tasks, schema: pa.Schema) -> Any:
        """What the function gives, as Spark's own frame, before anything is done."""
        frame = tasks.frame
        if frame is None:
            frame = self._spark().range(0, tasks.count, 1, max(1, min(tasks.count, _TASKS)))
        return frame.mapInArrow(tasks.function, spark_schema(schema))


class Local:
    """This process, one number after the other; or so many processes of its own, a number each at a time."""

    name = "local"

    def __init__(self, processes: int = 1) -> None:
        self.processes = processes

    def run(self, tasks: Tasks, schema: pa.Schema) -> pa.Table:
        """See `Engine`.

        Raises:
            EnvironmentFault: the rows are Spark's to read.
        """
        if tasks.frame is not None:
            raise EnvironmentFault("only Spark reads these rows", todo=BY_SPARK, code="spark.needed")
        if self.processes > 1 and tasks.count > 1:
            from strongroom.flows.row_pass.pool import run_in_pool

            return pa.Table.from_batches(list(run_in_pool(tasks.function, tasks.count, self.processes)), schema)
        return pa.Table.from_batches(list(tasks.function([numbers_of(range(tasks.count))])), schema)

    def shuffle(self, tasks: Sequence[Tasks], schema: pa.Schema, *, by: str, reduce: Reduce, to: pa.Schema) -> pa.Table:
        """See `Engine`."""
        rows = pa.concat_tables([self.run(each, schema) for each in tasks])
        parts = (rows.filter(pc.equal(rows.column(by), key)) for key in rows.column(by).unique())
        return pa.concat_tables([to.empty_table(), *map(reduce, parts)])


def numbers_of(numbers: Iterable[int]) -> pa.RecordBatch:
    """Numbers as a task is handed them."""
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64())], ["id"])
