"""What curation costs and finds: rules beside datatrove's, near duplicates beside exact likeness, and in pieces.

Texts are those of ../shared/data (or where STRONGROOM_DATA says) and pages made of them, tests/support/corpus.py.
datatrove has a virtual environment of its own below `.strongroom/tools`, made once. Speeds are of one process, in CPU
seconds. `--rows` are the texts of the duplicates.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import main, rounded, show
from strongroom.core.contract.curation import RULES
from strongroom.core.secret import Secret
from strongroom.curation.families import FAMILIES
from strongroom.curation.language import available, languages
from strongroom.curation.marks import Marker
from strongroom.curation.ordered import Kept, Rows
from strongroom.curation.texts import blocks
from support import corpus

ROOT = Path(__file__).parents[1]
RIVAL = ("datatrove==0.10.1", "spacy==3.8.18", "nltk==3.10.4", "regex", "orjson")
NEAR = 0.8


def run(*, rows: int, rounds: int) -> None:
    if not corpus.there():
        show("no texts", where=str(corpus.DATA))
        return
    for name, texts in (("public texts", corpus.documents()), ("made pages", corpus.made())):
        rules(name, texts, rounds=rounds)
    duplicates(corpus.near(rows), rounds=rounds)
    if available():
        array = pa.array(corpus.made())
        show("language: Mchar a CPU second", value=rounded(size(array) / cpu(lambda: languages(array), rounds)))
    show("most memory of all this, MB", value=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def rules(name: str, texts: Sequence[str], *, rounds: int) -> None:
    """Speed of all families together, and of each alone; how many verdicts are datatrove's; and its speed."""
    array = pa.array(texts)
    mine = verdicts(array)
    together = cpu(lambda: verdicts(array), rounds)
    show(f"{name}: all rules, Mchar a CPU second", aim=">= 3", value=rounded(size(array) / together))
    try:
        theirs = datatrove(texts)
    except (OSError, subprocess.CalledProcessError) as error:
        show(f"{name}: datatrove does not run", why=type(error).__name__)
        return
    show(f"{name}: datatrove, all rules, Mchar a CPU second", value=rounded(size(array) / theirs["together"]))
    for family in FAMILIES:
        dropped = np.array([reason is not None for reason in theirs[family]["reasons"]])
        show(
            f"{name}: {family}, verdicts equal to datatrove's", aim=">= .995",
            value=float(f"{np.mean(mine[family] == dropped):.5f}"), texts=len(texts), dropped=int(dropped.sum()),
        )  # fmt: skip


def verdicts(array: pa.Array) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Which texts each family drops."""
    found = {family: np.zeros(len(array), bool) for family in FAMILIES}
    for first, block in blocks(array):
        for family, judge in FAMILIES.items():
            for _, beyond in judge(block, RULES[family]):
                found[family][first : first + len(block)] |= beyond
    return found


def datatrove(texts: Sequence[str]) -> dict[str, Any]:
    """Its verdicts by its own Python, and what they cost."""
    home = Path(os.environ.get("STRONGROOM_HOME", ROOT / ".strongroom")) / "tools/datatrove"
    python, mark = home / "bin/python", home / "installed"
    if not mark.exists() or mark.read_text() != " ".join(RIVAL):
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *RIVAL], check=True)
        mark.write_text(" ".join(RIVAL))
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        given, out = Path(folder) / "texts.json", Path(folder) / "verdicts.json"
        given.write_text(json.dumps(list(texts)), encoding="utf-8")
        script = ROOT / "tests/curation/datatrove_verdicts.py"
        subprocess.run([python, script, given, out], check=True, capture_output=True)
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def duplicates(texts: Sequence[str], *, rounds: int) -> None:
    """What near texts cost, and how many of them are those of exact likeness."""
    array, marker = pa.array(texts), Marker(Secret(bytes(range(32))), near=NEAR, shingle=5)
    marked = marker.marks(array)
    rows = Rows(
        *(each.to_pylist() for each in (marked.exact, marked.bands, marked.sketch)),  # type: ignore[arg-type]
        [None] * len(texts),
    )
    gold, mine = by_hand(texts), np.array([bool(reason) for reason in ordered(rows)])
    both = int((gold & mine).sum())
    seconds = cpu(lambda: marker.marks(array), rounds)
    show("MinHash: marks, Mchar a CPU second", value=rounded(size(array) / seconds))
    show("MinHash: rows compared a CPU second", value=rounded(len(texts) / cpu(lambda: ordered(rows), rounds)))
    show("MinHash: recall at likeness .8", aim=">= .95", value=rounded(both / gold.sum()), near=int(gold.sum()))
    show("MinHash: precision", aim=">= .98", value=rounded(both / mine.sum()), texts=len(texts))
    parts = [rows.part(start, start + 500) for start in range(0, len(texts), 500)]
    with Kept(near=NEAR) as kept:
        pieces = [bool(reason) for part in parts for reason in kept.repeats(part)]
    show("MinHash: rows for which pieces of 500 say otherwise", aim="<= 0", value=int((np.array(pieces) != mine).sum()))
    bytes_ = (marked.bands.nbytes + marked.sketch.nbytes + marked.exact.nbytes) / len(texts)
    show("MinHash: bytes of a row in the index", value=rounded(bytes_))


def ordered(rows: Rows) -> list[str]:
    with Kept(near=NEAR) as kept:
        return kept.repeats(rows)


def by_hand(texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which texts are near an earlier one that stays, by their whole sets of shingles."""
    kept: list[int] = []
    having: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found = np.zeros(len(texts), bool)
    for row, text in enumerate(texts):
        words = re.findall(r"[^\W_]+", text.lower())
        mine = {tuple(words[at : at + 5]) for at in range(max(1, len(words) - 4))}
        shared = Counter(other for shingle in mine for other in having[shingle])
        found[row] = any(both / (len(mine) + kept[other] - both) >= NEAR for other, both in shared.items())
        if not found[row]:
            for shingle in mine:
                having[shingle].append(len(kept))
            kept.append(len(mine))
    return found


def cpu(way: Callable[[], object], rounds: int) -> float:
    """CPU seconds of this process, the median of some rounds."""
    took = []
    for _ in range(rounds):
        started = time.process_time()
        way()
        took.append(time.process_time() - started)
    return statistics.median(took)


def size(array: pa.Array) -> float:
    """Millions of characters."""
    return sum(len(text) for text in array.to_pylist()) / 1e6


if __name__ == "__main__":
    main(run, rows=4_000, rounds=3)
