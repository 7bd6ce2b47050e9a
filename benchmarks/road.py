"""The road of a row: what a whole `prepare` costs beside a plain Spark copy to Delta, on each way that rows can go.

Shop table (4 columns, 3 protected), Parquet, `local[2]`, one session. `copy` reads and writes Delta by Spark alone. The
usual recipe is Python UDFs. Then: reading JSON lines and CSV into a pass that throws rows away, beside Spark's readers
(of JSON with the scan for unknown names that they need); a thousand small files; one file of sixteen row groups; and
whole runs from nothing, with and without a JVM.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.passes import recipe
from benchmarks.session import ROOT, session

COPY, RULED, BAD = "plain copy", "prepare, 22 rules", "prepare, 22 rules, 1 % bad"
HANDED, LOCAL, RECIPE = "prepare, 22 rules, Spark reads", "prepare, 22 rules, without Spark", "usual recipe"
SPARK, OURS = "Spark's reader", "ours"


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = shop.write(place / "lake/raw/bench", rows)
        shop.write(place / "lake/raw/bad", rows, bad=100)
        small(place / "lake/raw/small", files=1_000, rows=100)
        groups(place / "lake/raw/groups", rows=min(rows, 800_000))
        contracts = {name: shop.contract(name, folder=name, rules=True) for name in ("bench", "bad", "small", "groups")}
        settings = shop.install(place, contracts)
        copies(spark, place, raw=raw, settings=settings, rows=rows, rounds=rounds)
        several(settings, rounds=rounds)
        for form in ("json", "csv"):
            reading(spark, place, form=form, rows=rows // 2, rounds=rounds)
        cold(place, settings, rounds=rounds)


def copies(spark: Any, place: Path, *, raw: str, settings: Path, rows: int, rounds: int) -> None:
    """Whole runs beside the copy."""

    def into(name: str, frame: Any) -> None:
        frame.write.format("delta").mode("overwrite").save(f"{place}/{name}")

    ways: dict[str, Way] = {
        COPY: lambda: into("copy", spark.read.parquet(raw)),
        RULED: shop.job("prepare", settings, "--contract", "bench"),
        BAD: shop.job("prepare", settings, "--contract", "bad"),
        HANDED: handed(shop.job("prepare", settings, "--contract", "bench")),
        LOCAL: shop.job("prepare", settings, "--contract", "bench", "--set", "prepare.engine=local"),
        RECIPE: lambda: into("recipe", recipe(spark.read.parquet(raw))),
    }
    costs = interleaved(ways, rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for name, aim in ((RULED, "<= 0.50"), (BAD, "<= 0.65"), (HANDED, "<= 0.75"), (LOCAL, "")):
        show(f"{name} ÷ {COPY}, CPU", aim=aim, **ratio(costs[name].cpu, costs[COPY].cpu))
    show(f"{RECIPE} ÷ {RULED}, CPU", aim=">= 10", **ratio(costs[RECIPE].cpu, costs[RULED].cpu))


def handed(job: Callable[[], None]) -> Way:
    """The same run where workers do not reach the sources."""
    from strongroom.flows import prepare

    def way() -> None:
        probed = prepare.probed
        prepare.probed = lambda job, way, **_: replace(way, direct=False)
        try:
            job()
        finally:
            prepare.probed = probed

    return way


def several(settings: Path, *, rounds: int) -> None:
    """Many small files, and one file of many row groups."""
    names = {"small": ("1,000 files of 100 rows", "<= 2.5"), "groups": ("one file of 16 row groups", "<= 1.5")}
    ways = {name: shop.job("prepare", settings, "--contract", name) for name in names}
    for name, cost in interleaved(ways, rounds=rounds).items():
        told, aim = names[name]
        show(f"prepare, {told}, CPU", aim=aim, value=cost.medians()["cpu_s"], unit="s", wall_s=cost.medians()["wall_s"])


def reading(spark: Any, place: Path, *, form: str, rows: int, rounds: int) -> None:
    """Rows into a pass that throws them away."""
    from strongroom.core.contract.file import parse_contract
    from strongroom.flows.row_pass.engines import Spark, Tasks
    from strongroom.flows.row_pass.shape_check import look
    from strongroom.stores.sources import list_files
    from strongroom.stores.sources.work_items import split_text

    folder = place / f"text/{form}"
    folder.mkdir(parents=True)
    for part in range(4):
        table = shop.table(part * rows // 4, rows // 4)
        file = folder / f"part-{part}.{form}"
        if form == "csv":
            pa_csv.write_csv(table, file)
        else:
            table.to_pandas().to_json(file, orient="records", lines=True)
    text = shop.contract("text", rules=False).replace("format: parquet", f"format: {form}")
    text = text.replace("raw/bench/*.parquet", str(folder))
    if form == "csv":
        text = text.replace(
            "format: csv", "format: csv, customProperties: [{property: options, value: {header: true}}]"
        )
    contract = parse_contract(text, "text.yaml")
    (source,) = contract.sources
    files = list_files(source, "")
    looked = look(source, files, contract)
    items = split_text([(looked[file.path].part(0, contract), file) for file in files], whole=lambda _: False)
    schema = pa.schema([("rows", pa.int64())])

    def ours() -> None:
        found = Spark(lambda: spark).run(Tasks(partial(drain, contract, tuple(items)), len(items)), schema)
        assert sum(found.column("rows").to_pylist()) == rows

    def theirs() -> None:
        ddl = "id string, email string, city string, text string, _corrupt_record string"
        reader = spark.read.schema(ddl).option("header", form == "csv")
        frame = (reader.json if form == "json" else reader.csv)(str(folder))
        counted = frame.mapInArrow(count, "rows long").groupBy().sum().first()[0]
        assert counted == rows
        if form == "json":
            lines = spark.read.text(str(folder))
            odd = lines.selectExpr(
                "array_except(json_object_keys(value), array('id', 'email', 'city', 'text')) AS names"
            )
            assert odd.where("size(names) > 0").count() == 0

    costs = interleaved({SPARK: theirs, OURS: ours}, rounds=rounds)
    for name, cost in costs.items():
        show(f"reading {form}, {name}", rows=rows, **cost.medians())
    aim = "<= 0.40" if form == "json" else "<= 0.60"
    show(f"reading {form}, {OURS} ÷ {SPARK}, CPU", aim=aim, **ratio(costs[OURS].cpu, costs[SPARK].cpu))


def drain(contract: Any, items: Any, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Reads the items and counts their rows."""
    from strongroom.flows.row_pass.feeds import Items
    from strongroom.flows.row_pass.road import settle_worker

    settle_worker()
    for stretch in Items(contract, items).stretches(batches):
        yield pa.RecordBatch.from_pydict({"rows": [sum(block.rows.num_rows for block in stretch.blocks)]})


def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of each batch."""
    for batch in batches:
        yield pa.RecordBatch.from_pydict({"rows": [batch.num_rows]})


def cold(place: Path, settings: Path, *, rounds: int) -> None:
    """Whole runs of 20,000 rows from nothing, as the launcher starts them."""
    shop.write(place / "lake/raw/few", 20_000)
    (place / "contracts/few.yaml").write_text(shop.contract("few", folder="few", rules=True))
    launcher = [str(ROOT / "spark-submit.sh"), "prepare", "--config", str(settings), "--contract", "few"]

    def start(engine: str) -> Way:
        words = [*launcher, "--set", f"prepare.engine={engine}"]
        return lambda: subprocess.run(words, check=True, capture_output=True)

    for name, cost in interleaved({engine: start(engine) for engine in ("spark", "local")}, rounds=rounds).items():
        aim = "<= 8" if name == "spark" else "<= 2"
        wall = cost.medians()["wall_s"]
        show(f"cold prepare of 20,000 rows, engine {name}, wall", aim=aim, value=wall, unit="s", **cost.medians())


def small(folder: Path, *, files: int, rows: int) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        pq.write_table(shop.table(number * rows, rows), folder / f"part-{number:04d}.parquet")


def groups(folder: Path, *, rows: int) -> None:
    folder.mkdir(parents=True)
    pq.write_table(shop.table(0, rows), folder / "part-0.parquet", row_group_size=rows // 16)


if __name__ == "__main__":
    main(run)
