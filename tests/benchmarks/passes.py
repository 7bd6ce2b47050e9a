"""What the one pass costs beside a plain Delta copy: `python tests/benchmarks/passes.py [ROWS] [ROUNDS] [WAY…]`.

One Spark session (local[2]); the ways take turns, round after round; a warm-up round is not counted. Prints one line of
JSON a figure: median CPU seconds (the JVM and all its Python workers) and wall seconds, and the ratio to the plain copy
within the same round, median of rounds.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "tests")]
RULES = {
    "id": "required: true\n        logicalTypeOptions: {minimum: 0, maximum: 1000000000000}",
    "email": "required: true\n        logicalTypeOptions: "
    "{minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$', format: email}",
    "city": "required: true\n        logicalTypeOptions: {minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9 .-]+$'}\n"
    "        quality:\n          - {metric: invalidValues, mustBe: 0, arguments: {validValues: [CITIES]}}",
    "text": "required: true\n        logicalTypeOptions: {minLength: 1, maxLength: 5000, pattern: '\\S'}",
}
PROTECT = {
    "id": "{method: hash, domain: person}",
    "email": "{method: encrypt}",
    "city": "{method: hash}",
    "text": "{method: keep}",
}
CITIES = [f"City {number}" for number in range(200)]


def data(folder: Path, rows: int) -> None:
    """Four columns: a number, a short text of its own a row, a text of few values, and a text of 200 characters."""
    random = np.random.default_rng(7)
    words = np.array(["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"])
    folder.mkdir(parents=True)
    for part in range(8):
        count = rows // 8
        ids = np.arange(part * count, (part + 1) * count)
        text = [" ".join(row)[:200] for row in words[random.integers(0, 10, (count, 34))]]
        columns = {
            "id": pa.array(ids),
            "email": pa.array([f"user{number:09d}@example.com" for number in ids]),
            "city": pa.array(np.array(CITIES)[random.integers(0, 200, count)]),
            "text": pa.array(text),
        }
        pq.write_table(pa.table(columns), folder / f"part-{part}.parquet", row_group_size=1 << 20)


def contract(name: str, *, rules: bool) -> str:
    columns = []
    for column, kind in (("id", "integer"), ("email", "string"), ("city", "string"), ("text", "string")):
        rule = RULES[column].replace("CITIES", ", ".join(CITIES)) if rules else ""
        columns.append(
            f"      - name: {column}\n        logicalType: {kind}\n"
            f"        classification: {'personal' if column != 'text' else 'internal'}\n"
            + (f"        {rule}\n" if rule else "")
            + f"        customProperties:\n          - {{property: protect, value: {PROTECT[column]}}}\n"
            + ("          - {property: role, value: text}\n" if column == "text" else "")
        )
    return (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: {name}\nversion: 1.0.0\nstatus: active\n"
        "servers:\n  - {server: raw, type: local, path: raw/bench/*.parquet, format: parquet}\n"
        f"schema:\n  - name: {name}\n    properties:\n{''.join(columns)}"
        "customProperties:\n  - {property: purposes, value: [model_training]}\n"
    )


def cpu() -> float:
    """CPU seconds of this process and every descendant, dead ones included once their parent has seen them go."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    mine, grew = {os.getpid()}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in mine} - mine
        grew, mine = bool(more), mine | more
    return sum(spent.get(pid, 0.0) for pid in mine)


def ways(spark, place: Path, raw: str) -> dict:
    from strongroom import launch
    from strongroom.flows import prepare

    def copy():
        spark.read.parquet(raw).write.format("delta").mode("overwrite").save(f"{place}/copy")

    def identity():
        rows = spark.read.parquet(raw)
        same = rows.mapInArrow(lambda batches: batches, rows.schema)
        same.write.format("delta").mode("overwrite").save(f"{place}/same")

    def prepared(name):
        def run():
            code = launch.run(prepare, ["--config", f"{place}/local.yaml", "--contract", name], spark=True)
            assert code == 0, code

        return run

    def recipe():
        import hashlib
        import hmac

        from cryptography.fernet import Fernet
        from pyspark.sql import functions as F

        key, box = b"k" * 32, Fernet(Fernet.generate_key())
        token = F.udf(lambda value: hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest())
        seal = F.udf(lambda value: box.encrypt(value.encode()).decode())
        rows = spark.read.parquet(raw).select(token("id"), seal("email"), token("city"), "text")
        rows.toDF("id", "email", "city", "text").write.format("delta").mode("overwrite").save(f"{place}/recipe")

    return {
        "plain copy": copy,
        "identity mapInArrow": identity,
        "prepare: 3 protected columns": prepared("protected"),
        "prepare: 3 protected columns, 22 rules": prepared("ruled"),
        "usual recipe: hmac, Fernet, hmac as UDFs": recipe,
    }


def session():
    from pyspark.sql import SparkSession

    home = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom")
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(ROOT / "lib")}
    builder = SparkSession.builder.master(f"local[{os.environ.get('CORES', '2')}]")
    settings = {
        "spark.driver.extraClassPath": ":".join(map(str, (home / "jars").glob("*.jar"))),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "3g",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={(ROOT / 'conf/log4j2.properties').as_uri()}",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def main(rows: int = 1_000_000, rounds: int = 5, *only: str) -> None:
    import contextlib
    import io

    place = Path(tempfile.mkdtemp(prefix="strongroom-bench-"))
    try:
        data(place / "lake/raw/bench", rows)
        (place / "contracts").mkdir()
        for name, rules in (("protected", False), ("ruled", True)):
            (place / "contracts" / f"{name}.yaml").write_text(contract(name, rules=rules))
        from lakes import SETTINGS

        (place / "local.yaml").write_text(SETTINGS)
        shutil.copy(ROOT / "conf/policy.yaml", place)
        spark = session()
        chosen = {name: way for name, way in ways(spark, place, f"{place}/lake/raw/bench").items()
                  if not only or name == "plain copy" or any(word in name for word in only)}  # fmt: skip
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
        for turn in range(int(rounds) + 1):
            for name, way in chosen.items():
                wall, spent = time.perf_counter(), cpu()
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    way()
                if turn:
                    found[name].append((cpu() - spent, time.perf_counter() - wall))
        spark.stop()
        plain = found["plain copy"]
        for name, runs in found.items():
            ratio = [one[0] / other[0] for one, other in zip(runs, plain, strict=True)]
            line = {
                "figure": name, "rows": rows, "rounds": len(runs),
                "cpu_s": round(statistics.median(run[0] for run in runs), 2),
                "wall_s": round(statistics.median(run[1] for run in runs), 2),
                "cpu_of_plain_copy": round(statistics.median(ratio), 2),
                "spread": [round(min(ratio), 2), round(max(ratio), 2)],
            }  # fmt: skip
            print(json.dumps(line), flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    words = sys.argv[1:]
    main(*map(int, words[:2]), *words[2:])
