"""Protecting beside the JVM's own functions, Parquet to the noop sink: `sha2` three times (unkeyed), and `aes_encrypt`.

The table is that of `passes`; a figure counts rows per CPU second, ours over theirs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

SCAN, OURS, SHA2 = "scan", "3 protected columns of 4", "sha2 of 3 columns of 4"
SCAN_ONE, SIV, SIV_UDF, AES = "scan of the e-mail", "SIV", "SIV as a UDF", "aes_encrypt"


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = shop.write(place / "lake/raw/bench", rows)
        names = {"protected": shop.contract("protected"), "email": shop.contract("email", only=("email",))}
        costs = interleaved(ways(spark, raw=raw, settings=shop.install(place, names)), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for ours, theirs, aim in ((OURS, SHA2, ">= 1.0"), (SIV, AES, ">= 7"), (SIV_UDF, AES, "")):
        show(f"{ours} against {theirs}", aim=aim, **ratio(costs[theirs].cpu, costs[ours].cpu))


def ways(spark: Any, *, raw: str, settings: Path) -> dict[str, Way]:
    from pyspark.sql import functions as F

    from strongroom.functions import encrypt, keys_of

    def noop(rows: Any) -> None:
        rows.write.format("noop").mode("overwrite").save()

    three, schema = shop.protecting(settings, "protected")
    one, email = shop.protecting(settings, "email")
    keys = keys_of(str(settings))
    key = F.lit(b"a key for this measure, 32 bytes")  # theirs takes a literal, which every plan then shows
    read = spark.read.parquet

    def hashed() -> None:
        columns = [
            F.sha2(F.col(name).cast("string").cast("binary"), 256).alias(name) for name in ("id", "email", "city")
        ]
        noop(read(raw).select(*columns, "text"))

    return {
        SCAN: lambda: noop(read(raw)),
        OURS: lambda: noop(read(raw).mapInArrow(three, schema)),
        SHA2: hashed,
        SCAN_ONE: lambda: noop(read(raw).select("email")),
        SIV: lambda: noop(read(raw).select("email").mapInArrow(one, email)),
        SIV_UDF: lambda: noop(read(raw).select(encrypt("email", keys=keys, table="training.email", column="email"))),
        AES: lambda: noop(read(raw).select(F.aes_encrypt("email", key))),
    }


if __name__ == "__main__":
    main(run)
