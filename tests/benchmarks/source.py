"""Reading in Python: a Spark Python data source over pyarrow that protects before the JVM sees a value, tried against
`mapInArrow` behind Spark's own reader. What came of it: docs/decisions/python-source.md.

The table is that of `passes`, as Parquet, CSV and JSON lines; to the noop sink and to
Delta; protecting only, and the whole pass (`fuse.refine` with 22 rules).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session, worker_peaks

BATCH = 20_000
FORMATS = ("parquet", "csv", "json")


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        place = Path(folder)
        raw = files(place / "lake/raw", rows)
        contracts = {"bench": shop.contract("bench"), "ruled": shop.contract("ruled", rules=True)}
        contracts["texts"] = shop.contract("texts").replace("integer", "string")
        settings = shop.install(place, contracts)
        costs = interleaved(ways(spark, place, raw=raw, settings=settings), rounds=rounds)
        peak = max(worker_peaks())
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    for name in costs:
        if name.startswith("mapInArrow"):
            case = name.removeprefix("mapInArrow")
            theirs, ours = costs[name], costs[f"Python source{case}"]
            show(f"mapInArrow ÷ Python source{case}, CPU", **ratio(theirs.cpu, ours.cpu))
            show(f"mapInArrow ÷ Python source{case}, wall", **ratio(theirs.wall, ours.wall))
    show("peak memory of a worker", value=peak, unit="MB", aim="<= 400")


def files(folder: Path, rows: int) -> dict[str, str]:
    """The table in each format; CSV and JSON lines are written by Arrow and pandas from the Parquet files."""

    shop.write(folder / "parquet", rows)
    for kind in FORMATS[1:]:
        (folder / kind).mkdir()
    for file in sorted((folder / "parquet").iterdir()):
        table = pa.parquet.read_table(file)
        pa.csv.write_csv(table, folder / "csv" / f"{file.stem}.csv")
        table.to_pandas().to_json(folder / "json" / f"{file.stem}.json", orient="records", lines=True)
    return {kind: f"{folder}/{kind}" for kind in FORMATS}


def ways(spark: Any, place: Path, *, raw: dict[str, str], settings: Path) -> dict[str, Way]:
    """Both readers for every case."""
    from strongroom.stores.sources import CORRUPT, FILE

    found: dict[str, Way] = {}
    text = "id string, email string, city string, text string"

    def case(name: str, kind: str, contract: str, *, sinks: Iterable[str] = ("noop",)) -> None:
        work, schema = shop.protecting(settings, contract)
        register(spark, f"protected_{kind}", raw[kind], kind=kind, work=work, schema=schema)
        by_spark = {"parquet": spark.read, "csv": spark.read.schema(text).option("header", True),
                    "json": spark.read.schema(text)}[kind]  # fmt: skip
        for sink in sinks:
            found[f"mapInArrow: {name}, {kind} to {sink}"] = lambda sink=sink: into(
                sink, by_spark.format(kind).load(raw[kind]).mapInArrow(work, schema), place
            )
            found[f"Python source: {name}, {kind} to {sink}"] = lambda sink=sink: into(
                sink, spark.read.format(f"protected_{kind}").load(), place
            )

    case("protect", "parquet", "bench", sinks=("noop", "delta"))
    case("protect", "csv", "texts")
    case("protect", "json", "texts")
    refine, schema = shop.refining(settings, "ruled")
    register(spark, "refined", raw["parquet"], kind="parquet", work=with_marks(refine, CORRUPT, FILE), schema=schema)

    def by_map() -> None:
        from pyspark.sql import functions as F

        rows = spark.read.parquet(raw["parquet"])
        marked = rows.withColumn(CORRUPT, F.lit(None).cast("string")).withColumn(FILE, F.col("_metadata.file_path"))
        into("noop", marked.mapInArrow(refine, schema), place)

    found["mapInArrow: 22 rules, parquet to noop"] = by_map
    found["Python source: 22 rules, parquet to noop"] = lambda: into("noop", spark.read.format("refined").load(), place)
    return found


def into(sink: str, rows: Any, place: Path) -> None:
    write = rows.write.format(sink).mode("overwrite")
    write.save(f"{place}/copy") if sink == "delta" else write.save()


def with_marks(refine: shop.Work, corrupt: str, file: str) -> shop.Work:
    """The pass over batches that lack the two columns which Spark's reader gives."""

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        def marked() -> Iterator[pa.RecordBatch]:
            for batch in batches:
                more = [pa.nulls(batch.num_rows, pa.string()), pa.nulls(batch.num_rows, pa.string())]
                names = [*batch.schema.names, corrupt, file]
                yield pa.RecordBatch.from_arrays([*batch.columns, *more], names=names)

        return refine(marked())

    return work


def register(spark: Any, name: str, folder: str, *, kind: str, work: shop.Work, schema: Any) -> None:
    """A data source by that name: a partition a file, its batches read by Arrow and given to `work`.

    Nothing but names, the work and its wrapped keys travels; what reaches the JVM is what `work` yields.
    """
    from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

    paths = sorted(str(path) for path in Path(folder).iterdir())

    class Reader(DataSourceReader):
        def partitions(self) -> list[InputPartition]:
            return [InputPartition(path) for path in paths]

        def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
            return work(BATCHES[kind](partition.value))

    class Source(DataSource):
        @classmethod
        def name(cls) -> str:
            return name

        def schema(self) -> Any:
            return schema

        def reader(self, schema: Any) -> Reader:
            return Reader()

    spark.dataSource.register(Source)


def parquet_batches(path: str) -> Iterator[pa.RecordBatch]:

    with pa.parquet.ParquetFile(path, pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=BATCH, use_threads=False)


def csv_batches(path: str) -> Iterator[pa.RecordBatch]:

    names = ("id", "email", "city", "text")
    reading = pa.csv.ReadOptions(use_threads=False, block_size=4 << 20)
    converting = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True)
    return iter(pa.csv.open_csv(path, read_options=reading, convert_options=converting))


def json_batches(path: str) -> Iterator[pa.RecordBatch]:

    # Arrow gives a number as text no way: it is read as a number and written again.
    fields = pa.schema({"id": pa.int64(), "email": pa.string(), "city": pa.string(), "text": pa.string()})
    parsing = pa.json.ParseOptions(explicit_schema=fields)
    reading = pa.json.ReadOptions(use_threads=False, block_size=4 << 20)
    for batch in pa.json.open_json(path, read_options=reading, parse_options=parsing):
        yield batch.set_column(0, "id", pc.cast(batch.column("id"), pa.string()))


BATCHES = {"parquet": parquet_batches, "csv": csv_batches, "json": json_batches}


if __name__ == "__main__":
    main(run)
