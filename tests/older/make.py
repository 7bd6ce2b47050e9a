"""Makes a lake with the jobs of this checkout, for later versions to be tried on: NAME.tar.xz beside this file.

    PYTHONPATH=lib:tests .strongroom/venv/bin/python tests/older/make.py 2026-11-29

What an archive holds is never made anew: a version that writes otherwise adds an archive of its own.
"""

import csv
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from older.lake import PLACE, alone, pack
from strongroom.stores.lake import Lake
from support.lakes import Installation
from system.processes import Process, run

HERE = Path(__file__).parent
SETTINGS = """
lake: lake
keys: file:keys/local.kek
keyring: keys/keyring.json
policy: policy.yaml
contracts: contracts
audit: audit
principal: user:engineer
spark: {spark.sql.shuffle.partitions: 2}
prepare: {contract: orders, mode: append}
"""
PIA = ("--set", "principal=user:pia", "--purpose", "data_subject_request")
FAR = ("1899-12-31T23:59:59.000001Z", "2300-06-01T12:00:00Z", "9999-12-31T23:59:59.999999Z")
"""Moments that nanoseconds since 1970 do not reach, and one before it."""


def order(number: int, **other: object) -> dict:
    """One order; every fifth without what may be missing."""
    full = number % 5 != 0
    placed = FAR[number % 10] if number % 10 < 3 else f"2024-05-06T07:08:09.{number:06d}Z"
    return {
        "order_id": f"o-{number}", "person": 100 + number % 7, "email": f"p{number % 7}@x.example" if full else None,
        "note": f"note {number}, é" if full else None, "amount": f"{number}.{number % 100:02d}" if full else None,
        "pieces": 1 + number % 50, "placed": placed,
        "day": f"2024-02-{1 + number % 28:02d}" if full else None,
    } | other  # fmt: skip


def person(number: int, **other: object) -> dict:
    full = number % 5 != 0
    return {
        "person": number, "email": f"p{number % 7}@x.example", "age": 20 + number % 90,
        "seen": datetime.fromisoformat(FAR[number % 3]) if full else datetime(2024, 1, 2, 3, 4, 5, number, UTC),
        "home": {"city": "Århus" if number % 2 else None, "ip": f"192.0.2.{number % 250}"} if full else None,
        "likes": ["a", f"b{number}"] if full else [],
    } | other  # fmt: skip


def lines(file: Path, rows: list[dict], *torn: str) -> None:
    file.write_text("".join(f"{line}\n" for line in (*map(json.dumps, rows), *torn)))


def sheet(file: Path, rows: list[dict]) -> None:
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def parquet(file: Path, rows: list[dict]) -> None:
    schema = pa.schema(
        [
            ("person", pa.int64()), ("email", pa.string()), ("age", pa.int16()), ("seen", pa.timestamp("us", "UTC")),
            ("home", pa.struct([("city", pa.string()), ("ip", pa.string())])), ("likes", pa.list_(pa.string())),
        ]
    )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema), file)


def install() -> Installation:
    PLACE.mkdir(mode=0o700)
    (PLACE / "local.yaml").write_text(SETTINGS)
    shutil.copy(HERE / "policy.yaml", PLACE)
    shutil.copytree(HERE / "contracts", PLACE / "contracts")
    for name in ("orders", "people"):
        (PLACE / "lake/raw" / name).mkdir(parents=True)
    return Installation(PLACE, None)


def raw(place: Installation, part: int) -> None:
    """One day's files. Whole seconds: an archive does not keep what is finer."""
    first, orders, people = 100 * part, place.lake / "raw/orders", place.lake / "raw/people"
    broad = [
        order(first + 40, pieces=70),
        order(first + 41, email="nobody"),
    ]  # the first passes at a maximum of 75
    lines(orders / f"o-{part}.json", [order(first + n) for n in range(20)] + broad, '{"order_id": "o-torn", "per')
    sheet(orders / f"o-{part}.csv", [order(first + n) for n in range(20, 40)]
          + [order(first + 42, pieces=80), order(first + 43, placed="noon")])  # fmt: skip
    if part < 3:
        parquet(people / f"p-{part}.parquet", [person(first + n) for n in range(20)] + [person(first + 40, age=130)])
    for folder in (orders, people):
        for file in folder.iterdir():
            whole = int(file.stat().st_mtime)
            os.utime(file, (whole, whole))


def job(place: Installation, name: str, *options: str) -> None:
    done = run(place, name, *options)
    assert done.code == 0, f"{name} {options}: {done.err}"


def killed(place: Installation) -> None:
    """A run killed when its batch is planned and staged, its bad rows are set aside, and readers see none of it."""
    log = place.lake / "quarantine/orders/_delta_log"
    seen, version = len(list(log.glob("*.json"))), place.delta("training.orders").version()
    process = Process(place, "prepare", "--run-id", "killed")
    assert process.when(lambda: len(list(log.glob("*.json"))) > seen), "it ended before it was killed: run again"
    process.kill()
    assert place.delta("training.orders").version() == version, "it was published before it was killed: run again"
    batches = Lake(str(place.lake)).read("strongroom.manifest").to_pylist()
    assert [row["batch"] for row in batches if row["run_id"] == "killed"] == [3, 3]
    assert list((place.lake / "training/orders").glob("*stage-000003-killed/*.parquet"))
    assert Lake(str(place.lake)).read("quarantine.orders", where="run_id = 'killed'").num_rows == 5


def make(place: Installation) -> None:
    for part in (1, 2):
        raw(place, part)
        for name in ("orders", "people"):
            job(place, "prepare", "--contract", name)
        if part == 1:
            job(place, "keys", "rotate")
    job(place, "keys", "wrap")
    job(place, "project")
    job(place, "reveal", "--columns", "order_id,email,note", *PIA)
    raw(place, 3)
    killed(place)
    job(place, "quarantine", "list")  # its end signs the audit log
    job(place, "audit", "verify")


def main(name: str) -> None:
    archive = HERE / f"{name}.tar.xz"
    assert not archive.exists(), f"{archive} stays as it is"
    with alone():
        place = install()
        make(place)
        pack(place, archive)
    print(f"{archive}: {archive.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
