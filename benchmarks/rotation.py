"""What tending keys costs beside a scan that does nothing: `keys coverage` and `keys rewrap` over a prepared table.

A figure counts rows per CPU second, the job's over the scan's. There are two scans of the same four columns (all are
text or binary): Spark's to the noop sink, and the one of Arrow that the job itself stands on, with nothing done to what
it reads. Every round rotates before it rewraps, so that each value moves.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show, silent
from benchmarks.session import session

COVERAGE, ROTATE, REWRAP = "keys coverage", "keys rotate", "keys rewrap"
SPARK, ARROW = "scan by Spark", "scan by Arrow"


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        shop.write(place / "lake/raw/bench", rows)
        settings = shop.install(place, {"protected": shop.contract("protected")})
        silent(shop.job("prepare", settings, "--contract", "protected"))
        costs = interleaved(ways(spark, place, settings), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for job, aim in ((COVERAGE, ">= 0.9"), (REWRAP, ">= 0.3")):
        for scan in (SPARK, ARROW):
            show(f"{job} against {scan}", aim=aim, **ratio(costs[scan].cpu, costs[job].cpu))


def ways(spark: Any, place: Path, settings: Path) -> dict[str, Way]:
    from strongroom.stores.lake import Lake
    from strongroom.stores.lake.text_columns import texts_of

    def by_arrow() -> None:
        for _ in texts_of(Lake(str(place / "lake")), "training.protected"):
            pass

    def by_spark() -> None:
        spark.read.format("delta").load(f"{place}/lake/training/protected").write.format("noop").mode(
            "overwrite"
        ).save()

    return {
        SPARK: by_spark,
        ARROW: by_arrow,
        COVERAGE: shop.job("keys", settings, "coverage"),
        ROTATE: shop.job("keys", settings, "rotate"),
        REWRAP: shop.job("keys", settings, "rewrap", "--contract", "protected"),
    }


if __name__ == "__main__":
    main(run)
