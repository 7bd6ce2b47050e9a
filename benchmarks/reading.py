"""Reading through the policy (a row filter, two masks) beside a plain read of the same table, Delta to the noop sink.

`read_table` is the whole call: policy, decision, audit event and plan. The same columns in the same number leave both
ways; the filter lets nine rows of ten through, and its plain twin reads all of them. One of the two masks replaces a
column by null; the other is, in turn, each that fits a text.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

PLAIN, FILTERED = "plain read", "plain read with the same filter"
MASKS = ("replace-with-null", "mask-to-fixed-value", "sha-256-global", "show-last-4", "mask-alphanum")
POLICY = """
roles:
  engineer: {members: [user:engineer]}
READERS
grants:
  - {role: engineer, actions: [read, write], tables: ["*"], reason: measures}
"""
READER = "  reader-{mask}: {{members: [user:{mask}]}}\n"
GRANT = """  - role: reader-{mask}
    actions: [read]
    tables: [training.plain]
    columns: {{mask: {{email: {mask}, id: "null"}}}}
    rows: id >= {tenth}
    reason: measures
"""


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = shop.write(place / "lake/raw/bench", rows)
        settings = shop.install(place, {})
        each = [{"mask": mask, "tenth": rows // 10} for mask in MASKS]
        roles, grants = "".join(map(READER.format_map, each)), "".join(map(GRANT.format_map, each))
        (place / "policy.yaml").write_text(POLICY.replace("READERS\n", roles) + grants)
        table = f"{place}/lake/training/plain"
        spark.read.parquet(raw).write.format("delta").save(table)
        costs = interleaved(ways(spark, table=table, settings=settings, tenth=rows // 10), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for mask in MASKS:
        for below, aim in ((PLAIN, "<= 1.15"), (FILTERED, "")):
            show(f"{through(mask)} ÷ {below}, CPU", aim=aim, **ratio(costs[through(mask)].cpu, costs[below].cpu))


def through(mask: str) -> str:
    return f"read_table: a row filter, replace-with-null and {mask}"


def ways(spark: Any, *, table: str, settings: Path, tenth: int) -> dict[str, Way]:
    from strongroom.flows.read import read_table

    def noop(rows: Any) -> None:
        rows.write.format("noop").mode("overwrite").save()

    def plain() -> Any:
        return spark.read.format("delta").load(table)

    def governed(mask: str) -> Way:
        return lambda: noop(read_table(spark, "training.plain", f"user:{mask}", "", settings=str(settings)))

    return {
        PLAIN: lambda: noop(plain()),
        FILTERED: lambda: noop(plain().where(f"id >= {tenth}")),
        **{through(mask): governed(mask) for mask in MASKS},
    }


if __name__ == "__main__":
    main(run)
