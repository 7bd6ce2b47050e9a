"""What judging a wide table costs beside a plain Delta copy: 20 columns, 41 rules, one exact uniqueness, a reference.

The whole job over rows of which 1 % is bad: pass, uniqueness, reference, tallies, sketches, quarantine, gate, commit,
metrics, report and run record; Parquet to Delta, one Spark session (local[2]). `REFERENCE=0` in the environment leaves
the reference out.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import orders, shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

COPY, SAME, JOB = "plain copy", "identity mapInArrow", "prepare, 41 rules"
WITHIN = "prepare, only rules within a row"
REFERENCE = os.environ.get("REFERENCE") != "0"


COUNTRIES = """apiVersion: v3.1.0
kind: DataContract
id: countries
name: countries
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/countries/*.parquet, format: parquet}
schema:
  - name: countries
    properties:
      - name: code
        logicalType: string
        classification: internal
        customProperties: [{property: protect, value: {method: keep}}]
customProperties:
  - {property: purposes, value: [model_training]}
"""


def run(*, rows: int, rounds: int) -> None:
    from strongroom.core.contract.file import load_contract

    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = orders.write(place / "lake/raw/orders", rows)
        if REFERENCE:
            countries(place)
        contracts = {"orders": orders.contract(reference=REFERENCE), "several": within_rows(), "countries": COUNTRIES}
        settings = shop.install(place, contracts)
        rules = load_contract(str(place / "contracts/orders.yaml")).rules
        costs = interleaved(ways(spark, place, raw=raw, settings=settings), rounds=rounds)
        bad = spark.read.format("delta").load(f"{place}/lake/quarantine/orders").count()
    assert bad == orders.bad_rows(rows), f"{bad} rows in quarantine, {orders.bad_rows(rows)} were planted"
    for name, cost in costs.items():
        show(name, rows=rows, rules=len(rules), reference=REFERENCE, **cost.medians())
    show(f"{SAME} ÷ {COPY}, CPU", **ratio(costs[SAME].cpu, costs[COPY].cpu))
    show(f"{WITHIN} ÷ {COPY}, CPU", **ratio(costs[WITHIN].cpu, costs[COPY].cpu))
    show(f"{JOB} ÷ {COPY}, CPU", aim="<= 0.70", **ratio(costs[JOB].cpu, costs[COPY].cpu))


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
        WITHIN: shop.job("prepare", settings, "--contract", "several"),
        JOB: shop.job("prepare", settings, "--contract", "orders"),
    }


def within_rows() -> str:
    """The contract of another name that asks nothing across rows or tables."""
    return orders.contract("several").replace("unique: true, ", "")


def countries(place: Path) -> None:
    """The table that the reference is to."""
    import pyarrow as pa
    from deltalake import write_deltalake

    write_deltalake(str(place / "lake/training/countries"), pa.table({"code": pa.array(orders.COUNTRIES)}))


if __name__ == "__main__":
    main(run)
