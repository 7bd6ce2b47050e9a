"""What is large in an unusual way: 500 rules, 2,000 columns, a cell of 10 MB, a pattern made to backtrack.

Each is done at half its size and at its size, in a process of its own without Spark: reading the contract, and the one
pass over rows in batches as Spark sends them. Time is to be linear, so the ratio of the two is to stay near 2 (CPU
seconds); the peak is that of the process, with pyspark loaded as a worker has it. The last lines are whole
runs of `prepare` at full size, with the peak of Spark's own Python workers.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import shop
from benchmarks.measure import main, rounded, show, silent
from benchmarks.session import forget_peaks, session, worker_peaks
from strongroom.stores.spark.settings import WORK

BATCH_BYTES = int(WORK["spark.sql.execution.arrow.maxBytesPerBatch"])
BATCH_ROWS = int(WORK["spark.sql.execution.arrow.maxRecordsPerBatch"])
PEAK_MB = 500
LINEAR = "<= 2.5"
"""Of twice the work; what is above 2 is noise of a shared machine."""

KEEP, ENCRYPT = "{method: keep}", "{method: encrypt}"


@dataclass(frozen=True, slots=True)
class Case:
    """One limit: its size, the contract's columns of that size, and rows in batches; `textual` as of a text source."""

    size: int
    unit: str
    columns: Callable[[int], Iterator[str]]
    batches: Callable[[int], Iterator[pa.RecordBatch]]
    textual: bool = False


def run(*, rows: int, rounds: int) -> None:
    measured: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for name, case in CASES.items():
            for size in (case.size // 2, case.size):
                measured.setdefault((name, size), []).append(apart(name, size))
    for name, case in CASES.items():
        half, full = measured[name, case.size // 2], measured[name, case.size]
        for step in ("contract_cpu_s", "pass_cpu_s") if case.unit in ("rules", "columns") else ("pass_cpu_s",):
            ratios = [other[step] / one[step] for one, other in zip(half, full, strict=True)]
            times = {f"at_{size}": rounded(statistics.median(each[step] for each in found))
                     for size, found in ((case.size // 2, half), (case.size, full))}  # fmt: skip
            show(
                f"{name}: {step}, twice the {case.unit}", aim=LINEAR, value=rounded(statistics.median(ratios)), **times
            )
        peak = max(each["peak_mb"] for each in full)
        show(f"{name}: peak of the process", aim=f"<= {PEAK_MB}", value=peak, unit="MB")
    whole()


def apart(name: str, size: int) -> dict[str, float]:
    """One measure in a new process, so that its peak is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (name, size))


def measure(name: str, size: int) -> dict[str, float]:
    """CPU seconds for contract and pass, and the most memory that this process has held, in MB."""
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        settings = shop.install(Path(folder), {"limit": contract(name, size)})
        started = time.process_time()
        work_on = shop.passing(settings, "limit")
        read, spent, out = time.process_time() - started, 0.0, 0
        batches = CASES[name].batches(size)
        work = work_on(batches)
        while True:
            started = time.process_time()
            made = next(work, None)
            spent += time.process_time() - started
            if made is None:
                break
            out += made.num_rows if isinstance(made, pa.RecordBatch) else len(made.sealed)
    assert out > 1, "rows came out"
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return {"contract_cpu_s": read, "pass_cpu_s": spent, "peak_mb": int(status.split()[0]) // 1024}


def whole() -> None:
    """`prepare` itself at full size, and its workers."""
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        cases = {name: f"limit_{number}" for number, name in enumerate(CASES) if not CASES[name].textual}
        for name, table in cases.items():
            raw, case = place / "lake/raw" / table, CASES[name]
            raw.mkdir(parents=True)
            for number, batch in enumerate(case.batches(case.size)):
                pq.write_table(pa.Table.from_batches([batch]), raw / f"part-{number}.parquet")
        contracts = {table: contract(name, CASES[name].size, of=table) for name, table in cases.items()}
        settings = shop.install(place, contracts)
        for name, table in cases.items():
            spark.range(1).mapInArrow(lambda batches: batches, "id long").count()  # a worker whose peak can be reset
            forget_peaks()
            started = time.perf_counter()
            silent(shop.job("prepare", settings, "--contract", table))
            told = {"value": max(worker_peaks()), "unit": "MB", "wall_s": rounded(time.perf_counter() - started)}
            show(f"{name}: prepare, peak of a worker", aim=f"<= {PEAK_MB}", **told)


def contract(name: str, size: int, *, of: str = "limit") -> str:
    """The contract of a case at a size."""
    return (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {of}\nname: {of}\nversion: 1.0.0\nstatus: active\n"
        f"servers:\n  - {{server: raw, type: local, path: raw/{of}/*.parquet, format: parquet}}\n"
        f"schema:\n  - name: {of}\n    properties:\n{''.join(CASES[name].columns(size))}"
        "customProperties:\n  - {property: purposes, value: [model_training]}\n"
    )


def column(name: str, rest: str, *, kind: str = "string", protect: str = KEEP) -> str:
    way = f"customProperties: [{{property: protect, value: {protect}}}]"
    return f"      - {{name: {name}, logicalType: {kind}, classification: internal, {rest}{way}}}\n"


# 500 rules over 20 columns of text


def ruled(size: int) -> Iterator[str]:
    """Patterns, lists of values and conditions in turn."""
    for place in range(20):
        rules = []
        for number in range(place, size, 20):
            says = number // 20 % 3
            if says == 2:
                rule = f"implementation: {{check: row, expression: \"c{place} <> 'zulu'\"}}"
                rules.append(f"{{type: custom, engine: strongroom, id: r{number}, severity: warning, {rule}}}")
            else:
                rule = ("pattern: '^[a-z]+$'", "validValues: [alpha, bravo, charlie]")[says]
                rules.append(
                    f"{{id: r{number}, metric: invalidValues, mustBe: 0, severity: warning, arguments: {{{rule}}}}}"
                )
        yield column(f"c{place}", f"quality: [{', '.join(rules)}], ")


def texts(_: int) -> Iterator[pa.RecordBatch]:
    batch = pa.RecordBatch.from_pydict(
        {f"c{place}": shop.WORDS.take(pa.array([place % 10] * BATCH_ROWS)) for place in range(20)}
    )
    yield from (batch for _ in range(2))


# 2,000 columns: numbers and texts in turn, each required and bounded; one row in each batch breaks every column


def many(size: int) -> Iterator[str]:
    for place in range(size):
        if place % 2:
            yield column(f"c{place}", "required: true, logicalTypeOptions: {maxLength: 20}, ")
        else:
            yield column(f"c{place}", "required: true, logicalTypeOptions: {minimum: 0}, ", kind="integer")


def wide(size: int) -> Iterator[pa.RecordBatch]:
    rows = min(BATCH_ROWS, BATCH_BYTES // (10 * 2_000))
    numbers, words = pa.array([None, *range(1, rows)], pa.int64()), pa.array([None, *(["some text"] * (rows - 1))])
    for _ in range(4):
        yield pa.RecordBatch.from_pydict({f"c{place}": words if place % 2 else numbers for place in range(size)})


def nonsense(size: int) -> Iterator[pa.RecordBatch]:
    """No value can be read as what its column is: every row has as many reasons as columns."""
    for _ in range(4):
        yield pa.RecordBatch.from_pydict({f"c{place}": ["x" * 21] * 20 for place in range(size)})


# one cell of 10 MB among short ones: encrypted and kept, and in a row that goes to quarantine


def celled(_: int) -> Iterator[str]:
    yield column("id", "required: true, ", kind="integer")
    for name, protect in (("sealed", ENCRYPT), ("open", KEEP)):
        yield column(name, "logicalTypeOptions: {minLength: 1, pattern: '[a-z]$'}, ", protect=protect)


def cell(size: int) -> Iterator[pa.RecordBatch]:
    large, wrong = "x" * size, "x" * (size - 1) + "9"
    for sealed, kept in ((large, "short"), ("short", large), (wrong, "short")):
        yield pa.RecordBatch.from_pydict(
            {"id": range(1000), "sealed": [sealed, *["short"] * 999], "open": [kept, *["short"] * 999]}
        )


# a pattern whose number of ways doubles with every letter, for engines that try them


def backtracking(_: int) -> Iterator[str]:
    yield column("text", "logicalTypeOptions: {pattern: '^(a+)+$'}, ")


def hostile(size: int) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pydict({"text": ["a" * size + "b", *["aaaa"] * 99]})


CASES = {
    "500 rules": Case(500, "rules", ruled, texts),
    "2,000 columns": Case(2_000, "columns", many, wide),
    "2,000 columns of nonsense": Case(2_000, "columns", many, nonsense, textual=True),
    "a cell of 10 MB": Case(10_000_000, "letters", celled, cell),
    "a pattern made to backtrack": Case(1_000_000, "letters", backtracking, hostile),
}


if __name__ == "__main__":
    main(run, rounds=3)
