"""What protecting costs beside a plain Delta copy, an empty `mapInArrow` copy, and the usual recipe of Python UDFs.

Parquet to Delta, one Spark session (local[2]). `protect only` is the pass that protects and nothing else; `prepare` is
the whole job: manifest, pass, tallies, gate, commit, metrics, report and run record; once without rules, once with 22.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

COPY, SAME = "plain copy", "identity mapInArrow"
ONLY, JOB, RULED = "protect only", "prepare", "prepare, 22 rules"
RECIPE = "usual recipe: hmac, Fernet, hmac as UDFs"


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = shop.write(place / "lake/raw/bench", rows)
        contracts = {"protected": shop.contract("protected"), "ruled": shop.contract("ruled", rules=True)}
        settings = shop.install(place, contracts)
        costs = interleaved(ways(spark, place, raw=raw, settings=settings), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for above, below, aim in (
        (SAME, COPY, ""), (ONLY, COPY, "<= 1.38"), (JOB, COPY, "<= 0.50"), (RULED, COPY, "<= 0.50"),
        (ONLY, SAME, "<= 1.12"), (JOB, SAME, ""),
        (RECIPE, ONLY, ">= 30"), (RECIPE, JOB, ">= 10"),
    ):  # fmt: skip
        show(f"{above} ÷ {below}, CPU", aim=aim, **ratio(costs[above].cpu, costs[below].cpu))


def ways(spark: Any, place: Path, *, raw: str, settings: Path) -> dict[str, Way]:
    """Each way with the folder it writes to of its own."""

    def into(name: str, rows: Any) -> None:
        rows.write.format("delta").mode("overwrite").save(f"{place}/{name}")

    def identity() -> None:
        rows = spark.read.parquet(raw)
        into("same", rows.mapInArrow(lambda batches: batches, rows.schema))

    protect, schema = shop.protecting(settings, "protected")
    return {
        COPY: lambda: into("copy", spark.read.parquet(raw)),
        SAME: identity,
        ONLY: lambda: into("only", spark.read.parquet(raw).mapInArrow(protect, schema)),
        JOB: shop.job("prepare", settings, "--contract", "protected"),
        RULED: shop.job("prepare", settings, "--contract", "ruled"),
        RECIPE: lambda: into("recipe", recipe(spark.read.parquet(raw))),
    }


def recipe(rows: Any) -> Any:
    """What most people write: a plain Python UDF a column, one value at a time."""
    import hashlib
    import hmac

    from cryptography.fernet import Fernet
    from pyspark.sql import functions as F

    key, box = b"k" * 32, Fernet(Fernet.generate_key())
    token = F.udf(lambda value: hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest())
    seal = F.udf(lambda value: box.encrypt(value.encode()).decode())
    return rows.select(token("id").alias("id"), seal("email").alias("email"), token("city").alias("city"), "text")


if __name__ == "__main__":
    main(run)
