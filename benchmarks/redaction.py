"""What redaction costs as a job on Spark, beside the bare function over the same texts in one process.

Two contracts of one table: a text is redacted, or kept. What `prepare` takes longer for the first is redaction as it is
run: the hop is there in both. It holds more than the bare function does: leaks are looked for, persons are planted,
and values that many rows share are counted. All in one Spark session (local[2]), CPU seconds of all processes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import shop
from benchmarks.measure import interleaved, main, rounded, show
from benchmarks.session import session
from benchmarks.text import synthetic

BARE, REDACTED, KEPT = "bare function", "prepare, redacted", "prepare, kept"
_CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: NAME
name: NAME
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/notes/*.parquet, format: parquet}
schema:
  - name: NAME
    properties:
      - {name: id, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
      - name: email
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: encrypt}}]
      - name: text
        logicalType: string
        customProperties: [{property: protect, value: PROTECT}]
customProperties:
  - {property: purposes, value: [model_training]}
"""


def run(*, rows: int, rounds: int) -> None:
    from strongroom.text.redaction import Known, Text, redact

    sentences = [text for which in (0, 1) for text, _ in synthetic(which)]
    texts = [sentences[number % len(sentences)] for number in range(rows)]
    emails = [f"user{number:09d}@example.com" for number in range(rows)]
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session():
        place = Path(folder)
        raw = place / "lake/raw/notes"
        raw.mkdir(parents=True)
        table = pa.table({"id": range(rows), "email": emails, "text": texts})
        for part, start in enumerate(range(0, rows, -(-rows // 8))):
            pq.write_table(table.slice(start, -(-rows // 8)), raw / f"part-{part}.parquet")
        protect = {"redacted": "{method: redact}", "kept": "{method: keep}"}
        settings = shop.install(
            place,
            {name: _CONTRACT.replace("NAME", name).replace("PROTECT", how) for name, how in protect.items()},
        )

        def bare() -> None:
            for start in range(0, rows, 20_000):
                some = pa.array(texts[start : start + 20_000])
                places = np.arange(len(some))
                redact([Text(some, places)], [Known(pa.array(emails[start : start + 20_000]), places, "email")])

        ways = {
            BARE: bare,
            REDACTED: shop.job("prepare", settings, "--contract", "redacted"),
            KEPT: shop.job("prepare", settings, "--contract", "kept"),
        }
        costs = interleaved(ways, rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    both = zip(costs[BARE].cpu, costs[REDACTED].cpu, costs[KEPT].cpu, strict=True)
    shares = sorted(bare / (redacted - kept) for bare, redacted, kept in both)
    show("share of the bare function's speed that redaction has in Spark", aim=">= 0.85",
         value=rounded(shares[len(shares) // 2]), spread=[rounded(shares[0]), rounded(shares[-1])])  # fmt: skip


if __name__ == "__main__":
    main(run, rows=100_000, rounds=3)
