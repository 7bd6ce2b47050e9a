"""Reading through the policy (a row filter, two masks) beside a plain read of the same table, Delta to the noop sink.

`read_table` is the whole call: policy, decision, audit event and plan. The same columns in the same number leave both
ways; the filter lets nine rows of ten through, and its plain twin reads all of them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

PLAIN, FILTERED, THROUGH = "plain read", "plain read with the same filter", "read_table: a row filter, two masks"
POLICY = """
roles:
  engineer: {members: [user:engineer]}
  reader: {members: [user:reader]}
grants:
  - {role: engineer, actions: [read, write], tables: ["*"], reason: measures}
  - role: reader
    actions: [read]
    tables: [training.plain]
    columns: {mask: {email: show-last-4, id: "null"}}
    rows: id >= 100000
    reason: measures
"""


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = shop.write(place / "lake/raw/bench", rows)
        settings = shop.install(place, {})
        (place / "policy.yaml").write_text(POLICY)
        table = f"{place}/lake/training/plain"
        spark.read.parquet(raw).write.format("delta").save(table)
        costs = interleaved(ways(spark, table=table, settings=settings, tenth=rows // 10), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for below, aim in ((PLAIN, "<= 1.15"), (FILTERED, "")):
        show(f"{THROUGH} ÷ {below}, CPU", aim=aim, **ratio(costs[THROUGH].cpu, costs[below].cpu))


def ways(spark: Any, *, table: str, settings: Path, tenth: int) -> dict[str, Way]:
    from strongroom.flows.read import read_table

    policy = settings.parent / "policy.yaml"
    policy.write_text(policy.read_text().replace("id >= 100000", f"id >= {tenth}"))

    def noop(rows: Any) -> None:
        rows.write.format("noop").mode("overwrite").save()

    def plain() -> Any:
        return spark.read.format("delta").load(table)

    return {
        PLAIN: lambda: noop(plain()),
        FILTERED: lambda: noop(plain().where(f"id >= {tenth}")),
        THROUGH: lambda: noop(read_table(spark, "training.plain", "user:reader", "", settings=str(settings))),
    }


if __name__ == "__main__":
    main(run)
