"""What judging a wide table costs beside a plain Delta copy: 20 columns, 40 rules, exact uniqueness, 1 % bad rows.

The whole job: pass, uniqueness, tallies, quarantine, gate, commit, metrics, report and run record; Parquet to Delta,
one Spark session (local[2]). `REFERENCE=1` in the environment adds a reference to another table of the lake.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import orders, shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

COPY, SAME, JOB, NO_UNIQUE = "plain copy", "identity mapInArrow", "prepare, 40 rules", "prepare, without uniqueness"
REFERENCE = bool(os.environ.get("REFERENCE"))


def run(*, rows: int, rounds: int) -> None:
    from strongroom.core.contract_file import load_contract

    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = orders.write(place / "lake/raw/orders", rows)
        if REFERENCE:
            countries(place)
        text = orders.contract(reference=REFERENCE)
        settings = shop.install(place, {"orders": text, "several": contract_without_uniqueness(text)})
        rules = load_contract(str(place / "contracts/orders.yaml")).rules
        costs = interleaved(ways(spark, place, raw=raw, settings=settings), rounds=rounds)
        bad = spark.read.format("delta").load(f"{place}/lake/quarantine/orders").count()
    assert bad == orders.bad_rows(rows), f"{bad} rows in quarantine, {orders.bad_rows(rows)} were planted"
    for name, cost in costs.items():
        show(name, rows=rows, rules=len(rules), reference=REFERENCE, **cost.medians())
    show(f"{SAME} ÷ {COPY}, CPU", **ratio(costs[SAME].cpu, costs[COPY].cpu))
    show(f"{NO_UNIQUE} ÷ {COPY}, CPU", **ratio(costs[NO_UNIQUE].cpu, costs[COPY].cpu))
    show(f"{JOB} ÷ {COPY}, CPU", aim="<= 2.2", **ratio(costs[JOB].cpu, costs[COPY].cpu))


def ways(spark: Any, place: Path, *, raw: str, settings: Path) -> dict[str, Way]:
    """Each way with the folder it writes to of its own."""

    def into(name: str, rows: Any) -> None:
        rows.write.format("delta").mode("overwrite").save(f"{place}/{name}")

    def identity() -> None:
        rows = spark.read.parquet(raw)
        into("same", rows.mapInArrow(lambda batches: batches, rows.schema))

    return {
        COPY: lambda: into("copy", spark.read.parquet(raw)),
        SAME: identity,
        NO_UNIQUE: shop.job("prepare", settings, "--contract", "several"),
        JOB: shop.job("prepare", settings, "--contract", "orders"),
    }


def contract_without_uniqueness(text: str) -> str:
    """The same contract under another name, which asks nothing across rows."""
    return (
        text.replace("unique: true, ", "")
        .replace("id: orders\nname: orders", "id: several\nname: several")
        .replace("  - name: orders\n", "  - name: several\n")
    )


def countries(place: Path) -> None:
    """The table that the reference is to."""
    import pyarrow as pa
    from deltalake import write_deltalake

    write_deltalake(str(place / "lake/training/countries"), pa.table({"code": pa.array(orders.COUNTRIES)}))


if __name__ == "__main__":
    main(run)
