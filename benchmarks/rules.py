"""What judging costs a row: reading, 22 rules and the tally over 1 M rows of 4 columns, in batches as Spark sends them.

CPU nanoseconds a row, for clean data and for data with 1 % bad rows, typed (Parquet, Delta) and as text (JSON lines,
CSV). No Spark: the hop between JVM and Python is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measure import interleaved, main, ratio, show
from strongroom.core.contract import Column, Contract, Protect, Rule, SetRule, Type
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.row_rules import compile_rules

BATCH = 20_000
COLUMNS = (
    Column("user_id", "user_id", Type("bigint"), classification="personal", protect=Protect("hash")),
    Column("email", "email", Type("string"), classification="personal", protect=Protect("encrypt")),
    Column("text", "text", Type("string"), protect=Protect("keep"), role="text"),
    Column("label", "label", Type("string"), protect=Protect("keep"), role="label"),
)
CHECKS = [
    ("user_id", "required", None), ("user_id", "minimum", 1), ("user_id", "maximum", 10**9),
    ("user_id", "multipleOf", 1), ("user_id", "exclusiveMaximum", 2 * 10**9),
    ("email", "required", None), ("email", "minLength", 3), ("email", "maxLength", 254),
    ("email", "pattern", r"^[^@\s]+@[^@\s]+$"), ("email", "missingValues", ["", "n/a", "none"]),
    ("text", "required", None), ("text", "minLength", 1), ("text", "maxLength", 5000),
    ("text", "pattern", r"\S"), ("text", "missingValues", ["", "n/a"]),
    ("label", "required", None), ("label", "validValues", ["positive", "negative", "neutral"]),
    ("label", "maxLength", 8),
]  # fmt: skip
RULES = tuple(Rule(f"{path}.{check}", check, (path,), argument) for path, check, argument in CHECKS) + tuple(
    Rule(f"{column.path}.type", "type", (column.path,)) for column in COLUMNS
)
CONTRACT = Contract(
    "b", "b", "1", "b.yaml", "", (), COLUMNS, RULES, (SetRule("n", "rowCount", (), "mustBeGreaterThan", 0),)
)


def table(rows: int, *, bad: float) -> pa.Table:
    """Reviews with a share of bad rows, spread over four faults."""
    rng = np.random.default_rng(7)
    number = rng.integers(1, 10**8, rows)
    words = pa.array(["the", "battery", "works", "well", "screen", "poor", "value", "again", "never", "sound"])
    fault = np.where(rng.random(rows) < bad, rng.integers(1, 5, rows), 0)
    sentences = pc.binary_join_element_wise(*(words.take(pa.array(rng.integers(0, 10, rows))) for _ in range(36)), " ")
    columns = {
        "user_id": pa.array(np.where(fault == 1, -number, number)),
        "email": pc.binary_join_element_wise(
            pc.binary_join_element_wise("user", pa.array(number).cast(pa.string()), ""),
            pc.if_else(pa.array(fault == 2), " nowhere", "@example.com"),
            "",
        ),
        "text": pc.if_else(pa.array(fault == 3), "", sentences),
        "label": pc.if_else(
            pa.array(fault == 4),
            "?",
            pa.array(["positive", "negative", "neutral"]).take(pa.array(rng.integers(0, 3, rows))),
        ),
    }
    return pa.table(columns)


def passes(data: pa.Table) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps of the pass, each over all batches; a later one includes the earlier ones."""
    batches = data.to_batches(BATCH)
    judge = compile_rules(CONTRACT)

    def read() -> None:
        for batch in batches:
            read_batch(batch, CONTRACT)

    def judged() -> None:
        for batch in batches:
            typed = read_batch(batch, CONTRACT)
            judge.judge(typed.batch, typed.unreadable, {})

    def tallied() -> Tally:
        tally = Tally()
        for batch in batches:
            typed = read_batch(batch, CONTRACT)
            tally = tally.add(judge.judge(typed.batch, typed.unreadable, {}), CONTRACT)
        return tally

    yield "read", read
    yield "read, judge", judged
    yield "read, judge, tally", tallied


def run(*, rows: int, rounds: int) -> None:
    cases: dict[str, Callable[[], object]] = {}
    for name, share in (("clean", 0.0), ("1 % bad", 0.01)):
        data = table(rows, bad=share).combine_chunks()
        text = data.set_column(0, "user_id", data["user_id"].cast(pa.string()))
        for source, given in (("typed", data), ("text", text)):
            cases |= {f"{step}: {source}, {name}": work for step, work in passes(given)}
    for name, cost in interleaved(cases, rounds=rounds).items():
        show(name, rows=rows, rules=len(RULES), unit="ns a row", **ratio(cost.cpu, [rows / 1e9] * len(cost.cpu)))


if __name__ == "__main__":
    main(run)
