"""Does it grow as it should? One core and two, ten times the rows, and the memory of a Python worker.

One core is one CPU for the JVM and its workers together (their affinity is set), the same session otherwise. The table
is that of `passes`, ROWS and ten times ROWS; the long texts are a tenth of ROWS, of 10,000 letters, and encrypted, too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, descendants, interleaved, main, ratio, show
from benchmarks.session import forget_peaks, session, worker_peaks

JOBS = ("once", "tenfold", "long")


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = {
            "once": shop.write(place / "lake/raw/once", rows),
            "tenfold": shop.write(place / "lake/raw/tenfold", 10 * rows),
            "long": shop.write(place / "lake/raw/long", rows // 10, letters=10_000),
        }
        contracts = {name: shop.contract(name, folder=name, rules=True) for name in ("once", "tenfold")}
        contracts["long"] = shop.contract("long", folder="long").replace("{method: keep}", "{method: encrypt}")
        settings = shop.install(place, contracts)
        jobs = {name: shop.job("prepare", settings, "--contract", name) for name in JOBS}
        memory(jobs, rows=rows)
        protect, schema = shop.protecting(settings, "once")

        def alone(name: str) -> None:
            spark.read.parquet(raw[name]).mapInArrow(protect, schema).write.format("noop").mode("overwrite").save()

        size({"protect only": alone, "prepare, 22 rules": lambda name: jobs[name]()}, rows=rows, rounds=rounds)
        cores("protect only", lambda: alone("once"), rows=rows, rounds=rounds)
        cores("prepare, 22 rules", jobs["once"], rows=rows, rounds=rounds)
        cores("prepare, 22 rules, tenfold", jobs["tenfold"], rows=10 * rows, rounds=rounds)


def memory(jobs: dict[str, Way], *, rows: int) -> None:
    """The largest worker of each job."""
    interleaved({"once": jobs["once"]}, rounds=0)
    for name, count in zip(JOBS, (rows, 10 * rows, rows // 10), strict=True):
        forget_peaks()
        interleaved({name: jobs[name]}, rounds=1, warmups=0)
        show(
            f"peak memory of a worker, prepare, {name}", rows=count, value=max(worker_peaks()), unit="MB", aim="<= 400"
        )


def size(ways: dict[str, Any], *, rows: int, rounds: int) -> None:
    """CPU and wall seconds a row of ten times the rows, over those of the rows."""
    for name, way in ways.items():
        costs = interleaved({each: lambda each=each, way=way: way(each) for each in JOBS[:2]}, rounds=rounds)
        small, large = costs["once"], costs["tenfold"]
        show(f"{name}, once", rows=rows, **small.medians())
        show(f"{name}, tenfold", rows=10 * rows, **large.medians())
        show(f"{name}: a row of the tenfold ÷ a row, CPU", aim="<= 1.05", **ratio(large.cpu, small.cpu, times=0.1))
        show(f"{name}: a row of the tenfold ÷ a row, wall", **ratio(large.wall, small.wall, times=0.1))


def cores(name: str, way: Way, *, rows: int, rounds: int) -> None:
    """Wall seconds on one CPU over those on two."""
    mine = sorted(os.sched_getaffinity(0))[:2]

    def on(cpus: Collection[int]) -> None:
        bind(cpus)
        way()

    costs = interleaved({"1": lambda: on(mine[:1]), "2": lambda: on(mine)}, rounds=rounds)
    bind(mine)
    show(f"{name}, 1 core", rows=rows, **costs["1"].medians())
    show(f"{name}, 2 cores", rows=rows, **costs["2"].medians())
    show(f"{name}: 1 core ÷ 2 cores, wall", aim=">= 1.8", **ratio(costs["1"].wall, costs["2"].wall))


def bind(cpus: Collection[int]) -> None:
    """Every thread of the JVM and of its workers on these CPUs; what they start inherits it."""
    for pid in (os.getpid(), *descendants()):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), cpus)


if __name__ == "__main__":
    main(run)
