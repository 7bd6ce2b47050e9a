"""The roads that a row may take, and what comes of a run on one of them, told so that any two can be compared."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace

import pyarrow as pa

from strongroom.flows import prepare
from strongroom.flows.quarantine import retry
from strongroom.flows.row_pass import inputs
from strongroom.flows.row_pass.source_positions import in_file
from strongroom.protect import unseal
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from strongroom.stores.sources import work_items
from strongroom.stores.sources.origins import origins_of
from support.lakes import Installation, install

SPLIT = "spark.sql.files.maxPartitionBytes"
SPARK = {
    # the road: whether workers open files, and whether they write them
    "spark": (True, True),
    "spark reads": (False, True),
    "spark writes": (True, False),
    "spark reads and writes": (False, False),
}
LOCAL = ("local", "pool")
POLICY = """
roles: {engineer: {members: [user:engineer]}}
grants: [{role: engineer, actions: [read, write, reveal, delete], tables: ["*"]}]
"""


def engine(road):
    """The option of a run on this road."""
    return ("--set", f"prepare.engine={'spark' if road in SPARK else 'local'}")


def force(monkeypatch, road, *, split=0, alone=256 << 20):
    """Has runs take this road, with files in parts of `split` bytes."""
    if split:
        monkeypatch.setattr(work_items, "TARGET", split)
    if road == "pool":
        monkeypatch.setattr(inputs, "_ALONE", -1)
        monkeypatch.setattr(inputs.os, "cpu_count", lambda: 2)
    elif road == "local":
        monkeypatch.setattr(inputs, "_ALONE", alone)
    else:
        direct, writes = SPARK[road]
        for flow in (prepare, retry):
            monkeypatch.setattr(flow, "probed", lambda job, way, **_: replace(way, direct=direct, writes=writes))


@dataclass(frozen=True)
class Came:
    """What came of a run: its exit code, where it says that something is wrong, its counts, and the rows of either
    kind: good ones as they lie, those set aside with reasons, file, number in the file and content.
    """

    code: int
    where: tuple[str, ...]
    counts: dict
    good: Counter
    aside: Counter


def copied(place: Installation, road: str, capsys) -> Installation:
    """The same raw files, contracts and keys under another root."""
    root = place.root.parent / road.replace(" ", "-")
    shutil.copytree(place.root, root)
    return Installation(root, capsys)


def installed(folder, capsys) -> Installation:
    """An installation with a keyring and no data."""
    place = install(folder, capsys)
    for contract in (place.root / "contracts").iterdir():
        contract.unlink()
    (place.root / "policy.yaml").write_text(POLICY)
    ring(place, create=True)
    return place


def ring(place, *, create=False):
    return open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=create)


def run(place: Installation, name: str, road: str, *options, flow=prepare):
    return place.run(flow, "--contract", name, *engine(road), *options)


def came(place: Installation, name: str, done) -> Came:
    """What came of a run."""
    assert done.code != 1, done.err
    where = tuple(sorted(_plain(place, problem["where"]) for problem in done.line["problems"]))
    return Came(done.code, where, done.line["rows"], good(place, name), aside(place, name))


def _plain(place, text):
    return re.sub(r"part-[\w-]+\.parquet", "part", text.replace(str(place.root), ""))


def good(place, name) -> Counter:
    if Lake(str(place.lake)).open(f"training.{name}") is None:
        return Counter()
    return Counter(repr(sorted(row.items())) for row in place.rows(f"training.{name}"))


def aside(place, name) -> Counter:
    """Rows set aside, each as reasons, file, number in the file, and what was sealed."""
    return Counter((*reasons, file, where, clear) for _, reasons, file, where, clear in opened(place, name))


def opened(place, name):
    """Rows set aside, in no order: batch, reasons, file, number in the file, and what was sealed."""
    table, lake = f"quarantine.{name}", Lake(str(place.lake))
    if lake.open(table) is None:
        return []
    rows = place.rows(table)
    clear, valid = unseal(
        pa.array([row["row"] for row in rows], pa.binary()), table=f"training.{name}", keyring=ring(place)
    )
    assert all(valid.to_pylist())
    kept = origins_of(lake, name, sorted({row["batch"] for row in rows}))
    found = []
    for row, content in zip(rows, clear.to_pylist(), strict=True):
        origin = kept.get((row["batch"], row["source_file"]))
        position = row["source_position"]
        if origin is not None and position:
            position = in_file(position, origin.parts)
        file = _plain(place, row["source_file"])
        found.append((row["batch"], tuple(sorted(row["reasons"])), file, position, content))
    return found
