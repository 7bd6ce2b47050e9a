"""A job that dies at a named step, as a program of its own. The product knows nothing of it.

    python dying.py prepare --config …

DYING        JSON: what to do, see `Orders`.

Small inputs are cut into many items and files, so that a few hundred rows have every step of a large run.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from strongroom.flows import prepare
from strongroom.flows.prepare import publish, run_record
from strongroom.flows.row_pass import inputs, passing, road
from strongroom.stores.lake import commits, parquet_sink
from strongroom.stores.sources import kinds

WORKER_STEPS = ("group", "footer", "answer")
"""After a row group of the first file is written, after its footer, and before the answer returns."""
DRIVER_STEPS = ("gate", "aside", "between", "training", "published", "record")
"""Before the gate, the quarantine's commit, what is between the two commits, the training's commit; after it, before
remains are dropped; before the run's own record."""


@dataclass(frozen=True)
class Orders:
    """What is to happen.

    Args:
        who: `worker`, the process that reaches the step; `parent`, the one that started it; `driver`, the job's own.
        step: of WORKER_STEPS or DRIVER_STEPS; empty when nobody dies.
        mark: a file that says that it has happened: it happens once.
        number: the signal; 0 raises an error of the system's instead: the disk is full.
        processes: of the pool; 1 is the job's own process.
        twice: each item's work is done twice, and the second answer taken.
        driver: the job's own process, filled in here.
        items: bytes of an item.
    """

    who: str = "worker"
    step: str = ""
    mark: str = ""
    number: int = signal.SIGKILL
    processes: int = 1
    twice: bool = False
    driver: int = 0
    items: int = 20_000


ORDERS = Orders(**json.loads(os.environ.get("DYING", "{}")))


def die(orders, step):
    """Once, if this is the step."""
    if step != orders.step:
        return
    with suppress(FileExistsError):
        os.close(os.open(orders.mark, os.O_CREAT | os.O_EXCL))
        if not orders.number:
            raise OSError(28, os.strerror(28))
        pids = {"worker": os.getpid(), "parent": os.getppid(), "driver": orders.driver, "jvm": jvm()}
        os.kill(pids[orders.who], orders.number)
        if orders.who != "worker":
            signal.pause()  # a moment later we are gone, too


def jvm():
    """The process that started the one that started this one: the JVM, of a worker of pyspark's daemon."""
    return int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])


def arm(orders):
    """Has a worker die in its turn; of the sinks, that of good rows."""
    parquet_sink.GROUP = 5_000
    parquet_sink.TARGET = 10_000
    begin, finish, told = parquet_sink.ParquetSink._begin, parquet_sink.ParquetSink._finish, road._told
    if getattr(begin, "armed", False):
        return

    def begun(sink):
        name, out, writer = begin(sink)
        write = writer.write_table

        def written(*args, **named):
            write(*args, **named)
            if "training" in sink._folder:
                die(orders, "group")

        writer.write_table = written
        return name, out, writer

    def finished(sink):
        was = sink._open
        finish(sink)
        if was is not None and "training" in sink._folder:
            die(orders, "footer")

    def telling(*args):
        die(orders, "answer")
        return told(*args)

    begun.armed = True
    parquet_sink.ParquetSink._begin, parquet_sink.ParquetSink._finish, road._told = begun, finished, telling


def work(orders, what, batches):
    """The road's work, in a process that is armed."""
    arm(orders)
    batches = list(batches)
    if orders.twice:
        list(road.work(what, iter(batches)))
    yield from road.work(what, iter(batches))


def before(owner, name, step, orders, *, nth=0, only=lambda *args, **named: True):
    original, seen = getattr(owner, name), count()

    def watched(*args, **named):
        if only(*args, **named) and next(seen) == nth:
            die(orders, step)
        return original(*args, **named)

    setattr(owner, name, watched)


def arm_driver(orders):
    kinds.split_text = partial(kinds.split_text, target=orders.items)
    inputs._ALONE = 0 if orders.processes > 1 else 1 << 40
    inputs.os.cpu_count = lambda: orders.processes
    passing.passed.__kwdefaults__["function"] = partial(work, orders)
    of_stage = lambda adds: any("stage-" in add.path for add in adds)  # noqa: E731
    before(prepare, "judge_set", "gate", orders)
    before(commits, "shown", "aside", orders, only=of_stage)
    before(run_record, "write_metrics", "between", orders)
    before(commits, "shown", "training", orders, nth=1, only=of_stage)
    before(publish, "drop_replaced", "published", orders)
    before(run_record, "write_run", "record", orders)


if __name__ == "__main__":
    from dataclasses import replace

    from strongroom import run_job

    sys.argv[:1] = []
    arm_driver(replace(ORDERS, driver=os.getpid()))
    run_job.main(sys.argv[0])
