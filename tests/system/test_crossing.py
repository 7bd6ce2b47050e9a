"""Processes that write to one table of ours at the same moment, the moment it is made included, all come through."""

import subprocess
import sys

from strongroom.stores.lake import Lake
from support.lakes import ROOT
from system.processes import environment, gone

WRITERS, ROUNDS = 4, 3
WRITE = """
import sys, time
from pathlib import Path
import pyarrow as pa
from strongroom.stores.lake import commits
from strongroom.stores.lake import Lake

root, number, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
(root / f"ready-{number}").touch()
while not (root / "go").exists():
    time.sleep(0.001)
for turn in range(1, rounds + 1):
    for name, writer in ((f"runs/{number}", number), ("runs/all", -1)):
        rows = pa.table({"writer": [writer], "turn": [turn]})
        commits.append(Lake(str(root)), "strongroom.runs", rows, once=(name, turn))
"""


def test_every_row_arrives_once_and_what_all_write_arrives_once_too(tmp_path):
    words = [sys.executable, "-c", WRITE, str(tmp_path)]
    there = environment(PYTHONPATH=str(ROOT / "lib"))
    writers = [
        subprocess.Popen([*words, str(number), str(ROUNDS)], env=there, stderr=subprocess.PIPE, text=True)
        for number in range(WRITERS)
    ]
    gone(lambda: len(list(tmp_path.glob("ready-*"))) == WRITERS, what="every writer to be ready")
    (tmp_path / "go").touch()
    assert [writer.communicate(timeout=120)[1] for writer in writers] == [""] * WRITERS
    rows = Lake(str(tmp_path)).read("strongroom.runs").to_pylist()
    wanted = [(writer, turn) for writer in (-1, *range(WRITERS)) for turn in range(1, ROUNDS + 1)]
    assert sorted((row["writer"], row["turn"]) for row in rows) == wanted
