"""What taking 1,000 people out of a table costs beside plain Arrow copies of the files that hold them. No Spark.

Each round takes other people, who are scattered over all files, so every file is written anew. Measured is all of
`erase run`: the map, the search of every place, the rewriting, the sweep and the audit log. The copy reads each of the
table's files and writes it again as it is.
"""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks import shop
from benchmarks.measure import Way, interleaved, main, ratio, show, silent

PEOPLE, TABLE = 1_000, "training.protected"
COPY, ASKED, RUN = "plain Arrow copy of the touched files", "erase request, approve", "erase run"
POLICY = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
grants:
  - {role: engineer, actions: [read, write, delete], tables: ["*"], reason: a benchmark}
  - {role: officer, actions: [erase], tables: ["*"], reason: a benchmark}
"""


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        place = Path(folder)
        shop.write(place / "lake/raw/bench", rows)
        owned = "{property: protect, value: {method: hash, domain: person}}"
        text = shop.contract("protected").replace(owned, f"{owned}\n          - {{property: subject, value: true}}")
        settings = shop.install(place, {"protected": text})
        (place / "policy.yaml").write_text(POLICY)
        silent(shop.job("prepare", settings, "--contract", "protected", "--set", "prepare.engine=local"))
        for file in (place / "lake/raw/bench").glob("*.parquet"):  # raw files are another figure
            file.unlink()
        costs = interleaved(ways(place, settings, rows), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, **cost.medians())
    show(f"{RUN} of {PEOPLE} people against the copy", aim="<= 2", **ratio(costs[RUN].cpu, costs[COPY].cpu))


def ways(place: Path, settings: Path, rows: int) -> dict[str, Way]:
    from strongroom.stores.lake import Lake, filesystem_of
    from strongroom.stores.lake.others import files_of

    lake, turn = Lake(str(place / "lake")), count()
    everybody = np.random.default_rng(7).permutation(rows)

    def copy() -> None:
        found = lake.open(TABLE)
        for path in files_of(found) if found is not None else ():
            _, folder = filesystem_of(lake.folder(TABLE))
            pq.write_table(pq.read_table(f"{folder}/{path}"), place / "copy.parquet")

    def ask() -> None:
        number = next(turn)
        people = everybody[number * PEOPLE : (number + 1) * PEOPLE]
        (place / "people.txt").write_text("\n".join(map(str, people)))
        words = ("--subject-from", str(place / "people.txt"), "--reason", "x", "--identity", "x")
        run_id = ("--run-id", f"n-{number}")
        shop.job("erase", settings, "request", *words, *run_id, "--contract", "protected")()
        shop.job("erase", settings, "approve", f"erase-n-{number}", "--set", "principal=user:pia")()

    return {COPY: copy, ASKED: ask, RUN: shop.job("erase", settings, "run")}


if __name__ == "__main__":
    main(run)
