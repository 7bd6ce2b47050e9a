"""The rules of `orders`, as far as each tool can say them: Great Expectations, Soda, cuallee, pandera, datacontract.

Each tool has a virtual environment of its own (below `.strongroom/tools`, made once, a few minutes), with the same
Spark and pandas 2, and is asked once for all rules over the same Parquet files. Counted in Spark's event log, over the
last round: jobs, and how often the source's rows were read (rows read ÷ rows). Theirs only looks; ours protects, writes
both tables and closes the gate as well. So a plain Delta copy is measured beside ours: who looks with such a tool has
the table still to write. A tool that does not install or run is named with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import orders, shop
from benchmarks.measure import interleaved, main, rounded, show
from benchmarks.session import ROOT, session
from benchmarks.venvs import last_line, python_of

TOOLS: Mapping[str, tuple[str, ...]] = {
    "cuallee": ("cuallee==0.15.4",),
    "pandera": ("pandera[pyspark]==0.35.0",),
    "great_expectations": ("great_expectations[spark]==1.24.1",),
    "soda": ("soda-core-spark-df==3.5.4", "python-dotenv"),  # 3.5.6 wants pyspark < 4
    "datacontract-cli": ("datacontract-cli[dataframe]==1.2.8",),
}
"""Each with its pinned package."""
WITH = ("pyspark==4.1.4", "pandas>=2.2,<3", "pyarrow", "setuptools<81")
MINUTES = 30


def run(*, rows: int, rounds: int) -> None:
    from strongroom.core.contract.file import load_contract

    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        place = Path(folder)
        raw = orders.write(place / "lake/raw/orders", rows)
        settings = shop.install(place, {"orders": orders.contract()})
        rules = [rule for rule in load_contract(str(place / "contracts/orders.yaml")).rules if rule.check != "type"]
        asked = [[rule.columns[0], rule.check, rule.argument] for rule in rules]
        (place / "rules.json").write_text(json.dumps(asked, default=list))
        copy, job = ours(place, settings, raw=raw, rows=rows, rounds=rounds)
        show("plain Delta copy", rows=rows, **copy)
        show("strongroom, the whole job", rows=rows, **job, rules=len(rules))
        for tool in TOOLS:
            found = theirs(tool, place, raw=raw, rows=rows, rounds=rounds)
            show(tool, rows=rows, of_rules=len(rules), **found)
            if "cpu_s" in found:
                both = rounded((found["cpu_s"] + copy["cpu_s"]) / job["cpu_s"])
                show(f"{tool} and a plain Delta copy ÷ strongroom, CPU", value=both, aim=">= 1")


def ours(place: Path, settings: Path, *, raw: str, rows: int, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A plain copy, and `prepare` with the same rules."""
    events = place / "events-strongroom"
    events.mkdir()
    more = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }
    with session(more=more) as spark:
        prepare = shop.job("prepare", settings, "--contract", "orders")

        def grouped() -> None:
            spark.sparkContext.setJobGroup(f"round {next(turns)}", "")
            prepare()

        def copied() -> None:
            spark.sparkContext.setJobGroup("copy", "")
            spark.read.parquet(raw).write.format("delta").mode("overwrite").save(f"{place}/copy")

        turns = iter(range(rounds + 1))
        costs = interleaved({"copy": copied, "prepare": grouped}, rounds=rounds)
    aside = "every one, sealed in quarantine with all its reasons"
    return costs["copy"].medians(), {
        **costs["prepare"].medians(),
        "failing_rows": aside,
        **counted(events, rows=rows, turn=rounds),
    }


def theirs(tool: str, place: Path, *, raw: str, rows: int, rounds: int) -> dict[str, Any]:
    """What one tool took, or why it did not run."""
    try:
        python = python_of(tool, (*TOOLS[tool], *WITH))
    except subprocess.CalledProcessError as error:
        return {"not_run": f"does not install beside pyspark 4.1.4: {last_line(error.stderr)}"}
    events = place / f"events-{tool}"
    events.mkdir()
    command = [
        str(python),
        "-m",
        "benchmarks.other_tools_checks",
        tool,
        raw,
        f"{place}/rules.json",
        str(rounds),
        str(events),
    ]
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}/tests",
        "PYSPARK_PYTHON": str(python),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    try:
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=60 * MINUTES)
    except subprocess.TimeoutExpired:
        return {"not_run": f"did not end within {MINUTES} minutes"}
    if done.returncode:
        return {"not_run": last_line(done.stderr)}
    found = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    spent = {name: rounded(found[name]) for name in ("cpu_s", "wall_s")}
    return {**found, **spent, **counted(events, rows=rows, turn=rounds)}


def counted(events: Path, *, rows: int, turn: int) -> dict[str, Any]:
    """Jobs and scans of one round, from Spark's event log.

    A scan is the rows of the source read once: files that are read for their footers or their head only count little.
    """
    stages: set[int] = set()
    jobs, read = 0, 0
    for event in _events(events):
        match event["Event"]:
            case "SparkListenerJobStart" if event.get("Properties", {}).get("spark.jobGroup.id") == f"round {turn}":
                jobs += 1
                stages.update(event["Stage IDs"])
            case "SparkListenerTaskEnd" if event["Stage ID"] in stages:
                read += (event.get("Task Metrics") or {}).get("Input Metrics", {}).get("Records Read", 0)
    return {"jobs": jobs, "scans": round(read / rows, 1)}


def _events(folder: Path) -> Iterable[dict[str, Any]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield from (json.loads(line) for line in file.read_text().splitlines() if line.startswith("{"))


if __name__ == "__main__":
    main(run, rows=1_000_000, rounds=3)
