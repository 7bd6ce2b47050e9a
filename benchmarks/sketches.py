"""What sketches cost a value, in the pass and as Spark's own through `observe`: CPU nanoseconds a value.

In the pass over batches of 20,000 as Spark sends them; in Spark on a plain Parquet copy of 16 such columns, above the
copy alone.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import interleaved, main, rounded, show
from benchmarks.session import session
from strongroom.core.contract import Column, Contract, Protect, Rule, Type
from strongroom.quality.counts.sketches import Sketcher, sketches_of
from strongroom.quality.row_rules import compile_rules

BATCH, TIMES = 20_000, 16
KEEP, HASH = Protect("keep"), Protect("hash")
SHORT = (Rule("c.maxLength", "maxLength", ("c",), 64),)
CASES: dict[str, tuple[Column, tuple[Rule, ...]]] = {
    "bigint, all different": (Column("c", "c", Type("bigint"), protect=KEEP), ()),
    "bigint, 100 different": (Column("c", "c", Type("bigint"), protect=KEEP), ()),
    "double": (Column("c", "c", Type("double"), protect=KEEP), ()),
    "short text, 100 different": (Column("c", "c", Type("string"), protect=KEEP), SHORT),
    "short text, all different": (Column("c", "c", Type("string"), protect=KEEP), ()),
    "free text of 200 letters": (Column("c", "c", Type("string"), protect=KEEP, role="text"), ()),
    "boolean": (Column("c", "c", Type("boolean"), protect=KEEP), ()),
}


def values(rows: int) -> dict[str, pa.Array]:
    """One column for each case."""
    random = np.random.default_rng(7)
    few, wide = random.integers(0, 100, rows), random.integers(0, 1 << 40, rows)
    return {
        "bigint, all different": pa.array(wide),
        "bigint, 100 different": pa.array(few),
        "double": pa.array(random.normal(size=rows)),
        "short text, 100 different": pa.array([f"City {number}" for number in few]),
        "short text, all different": pa.array([f"user{number:013d}" for number in wide]),
        "free text of 200 letters": pa.array(["x" * 200] * rows),
        "boolean": pa.array(few < 20),
    }


def in_the_pass(rows: int, rounds: int) -> None:
    """Each kind of column through `Sketcher`, and marks as protected columns have them."""
    found = values(rows)
    cases: dict[str, Callable[[], object]] = {}
    for name, (column, rules) in CASES.items():
        contract = Contract("b", "b", "1", "b.yaml", "", (), (column,), rules)
        judge = compile_rules(contract)
        batches = pa.table({"c": found[name]}).to_batches(BATCH)

        def run(contract=contract, judge=judge, batches=batches) -> float:
            sketcher, spent = Sketcher(contract, sketches_of(contract)), 0
            for batch in batches:
                failures = judge.judge(batch, {}, {})
                start = time.process_time_ns()
                sketcher.add(failures)
                spent += time.process_time_ns() - start
            return spent

        cases[f"{name} ({', '.join(sketches_of(contract)['c'])})"] = run
    protected = Contract("b", "b", "1", "b.yaml", "", (), (Column("c", "c", Type("string"), protect=HASH),))
    marks = found["bigint, all different"].to_numpy().view(np.uint64)

    def marked() -> float:
        sketcher, start = Sketcher(protected, sketches_of(protected)), time.process_time_ns()
        for place in range(0, rows, BATCH):
            sketcher.add_marks("c", marks[place : place + BATCH])
        return time.process_time_ns() - start

    cases["marks of a protected column (distinct)"] = marked
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            spent[name].append(run() / rows)
    for name, times in spent.items():
        show(f"in the pass: {name}", rows=rows, value=rounded(statistics.median(times)), unit="ns a value")


def in_spark(rows: int, rounds: int) -> None:
    """Spark's sketches on the same write."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    found = values(rows)
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as place, session() as spark:
        for word, name in (("n", "bigint, all different"), ("s", "short text, 100 different")):
            columns = {f"{word}{number}": found[name] for number in range(TIMES)}
            pq.write_table(pa.table(columns), f"{place}/{word}.parquet", row_group_size=1 << 18)

        def copy(word: str, *columns: Any) -> None:
            read = spark.read.parquet(f"{place}/{word}.parquet")
            seen = Observation("sketches")
            (read.observe(seen, *columns) if columns else read).write.mode("overwrite").parquet(f"{place}/out")
            assert not columns or seen.get

        def of(word: str, make: Callable[[str], Any]) -> list[Any]:
            return [make(f"{word}{number}").alias(f"x{number}") for number in range(TIMES)]

        ways: dict[str, tuple[str, list[Any]]] = {
            "n plain": ("n", []),
            "s plain": ("s", []),
            "hll_sketch_agg of a bigint": ("n", of("n", F.hll_sketch_agg)),
            "kll_sketch_agg_bigint": ("n", of("n", F.kll_sketch_agg_bigint)),
            "hll_sketch_agg of a short text": ("s", of("s", F.hll_sketch_agg)),
            "approx_top_k_accumulate": ("s", of("s", lambda name: F.expr(f"approx_top_k_accumulate({name}, 1000)"))),
        }
        costs = interleaved(
            {name: lambda word=word, columns=columns: copy(word, *columns) for name, (word, columns) in ways.items()},
            rounds=rounds,
        )
    for name, (word, columns) in ways.items():
        if columns:
            above = [one - plain for one, plain in zip(costs[name].cpu, costs[f"{word} plain"].cpu, strict=True)]
            value = rounded(statistics.median(above) / rows / TIMES * 1e9)
            show(f"through observe: {name}", rows=rows, value=value, unit="ns a value")


def run(*, rows: int, rounds: int) -> None:
    in_the_pass(rows, rounds)
    in_spark(rows, rounds)


if __name__ == "__main__":
    main(run)
