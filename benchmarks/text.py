"""What the recognisers of personal data in text find, leave and cost, on public annotated texts and on our own.

The texts lie in ../shared/data/text (or where STRONGROOM_TEXTS says). Scores count letters and digits and ask no
labels: of all that annotators marked, how much is covered, and how much else is. A text of synth_dataset_v2 is tuned on
or reported by the hash of its own letters. Speeds are of one process, in CPU seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import text_reviews, text_templates
from benchmarks.measure import main, rounded, show
from strongroom.text import COURT, Finder, model
from strongroom.text.redaction import Known, Text, redact

TEXTS = Path(os.environ.get("STRONGROOM_TEXTS", Path(__file__).parents[2] / "shared/data/text"))


@dataclass
class Score:
    """Letters that were marked, found, and both; spans that were marked, and those wholly covered."""

    marked: int = 0
    found: int = 0
    both: int = 0
    spans: int = 0
    covered: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    """Marked texts that are not wholly covered: what to look at next."""

    def add(self, text: str, gold: Iterable[tuple[int, int]], found: Iterable[tuple[int, int]]) -> None:
        marked, hit = bytearray(len(text)), bytearray(len(text))
        for start, end in found:
            hit[start:end] = b"\1" * (end - start)
        for start, end in gold:
            marked[start:end] = b"\1" * (end - start)
            self.spans += 1
            whole = all(hit[at] for at in range(start, end) if text[at].isalnum())
            self.covered += whole
            if not whole:
                self.missed[text[start:end]] += 1
        counted = [at for at, letter in enumerate(text) if letter.isalnum()]
        self.marked += sum(marked[at] for at in counted)
        self.found += sum(hit[at] for at in counted)
        self.both += sum(marked[at] and hit[at] for at in counted)

    @property
    def precision(self) -> float:
        return self.both / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.both / max(self.marked, 1)

    @property
    def f1(self) -> float:
        return 2 * self.both / max(self.marked + self.found, 1)

    @property
    def share_covered(self) -> float:
        return self.covered / max(self.spans, 1)


def half(text: str) -> int:
    """0 for the half that is tuned on, 1 for the half that is reported."""
    return hashlib.sha256(text.encode()).digest()[0] & 1


def spans_of(finder: Finder, texts: list[str]) -> list[list[tuple[int, int]]]:
    found: list[list[tuple[int, int]]] = [[] for _ in texts]
    table = finder.find(pa.array(texts, pa.string()))
    for row, start, end in zip(*(table[name].to_pylist() for name in ("row", "start", "end")), strict=True):
        found[row].append((start, end))
    return found


def synthetic(which: int) -> list[tuple[str, list[tuple[int, int]]]]:
    """Sentences of synth_dataset_v2 with their marks, of one half."""
    data = json.loads((TEXTS / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [
        (each["full_text"], [(span["start_position"], span["end_position"]) for span in each["spans"]])
        for each in data
        if half(each["full_text"]) == which
    ]


def clinical() -> list[tuple[str, list[tuple[int, int]]]]:
    lines = (TEXTS / "meddocan_dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [(each["text"], [(span["start"], span["end"]) for span in each["spans"]]) for each in map(json.loads, lines)]


@dataclass(frozen=True)
class Decision:
    """A court decision: what annotators masked, and whose it is."""

    text: str
    strings: dict[str, list[tuple[int, int]]]
    surname: str


def decisions() -> list[Decision]:
    found = []
    for line in (TEXTS / "tab_dev.jsonl").read_text(encoding="utf-8").splitlines():
        each = json.loads(line)
        strings = {
            string: [match.span() for match in re.finditer(rf"(?<!\w){re.escape(string)}(?!\w)", each["text"])]
            for string in each["meta"]["masked_entities"]
        }
        found.append(Decision(each["text"], strings, each["people"].split()[-1]))
    return found


def scored(finder: Finder, marked: list[tuple[str, list[tuple[int, int]]]]) -> Score:
    score = Score()
    for (text, gold), found in zip(marked, spans_of(finder, [text for text, _ in marked]), strict=True):
        score.add(text, gold, found)
    return score


def hidden(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with what was found made unreadable."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "█" * (end - start)
    return "".join(letters)


def tab(finder: Finder, which: int | None = None) -> tuple[Score, float, float]:
    """Score, share of documents where the protected surname is readable, share of masked strings that leak.

    Args:
        finder: what is measured.
        which: one half of the documents; all when None.
    """
    cases = [case for case in decisions() if which is None or half(case.text) == which]
    score, readable, leaked, strings = Score(), 0, 0, 0
    for case, found in zip(cases, spans_of(finder, [case.text for case in cases]), strict=True):
        score.add(case.text, [span for each in case.strings.values() for span in each], found)
        left = hidden(case.text, found)
        readable += bool(re.search(rf"(?i)\b{re.escape(case.surname)}\b", left))
        covered = bytearray(len(case.text))
        for start, end in found:
            covered[start:end] = b"\1" * (end - start)
        for places in case.strings.values():
            strings += 1
            leaked += any(
                not covered[at] for start, end in places for at in range(start, end) if case.text[at].isalnum()
            )
    return score, readable / len(cases), leaked / strings


def cpu(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the quickest round, after one that is not counted."""
    work()
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def hostile(size: int) -> dict[str, str]:
    """Texts made to take long, each of about `size` characters."""
    units = {
        "digits": "1", "at signs": "a@", "dots": "a.", "dashes": "1-", "nested brackets": "((((", "quotes": "\"'",
        "combining marks": "e\u0301\u0302\u0303", "bidi controls": "\u202e\u2066a\u2069", "capitals": "Anna Smith ",
        "initials": "J. R. ", "one long word": "a", "one long capital word": "A", "slashes": "http://", "colons": "a:",
        "cards": "4111 1111 1111 1111 ", "dates": "1/1/2020-", "streets": "1 Main ", "calles": "calle de la ",
        "keys": "eyJ", "labels": "passport number ", "emoji": "👩‍👩‍👧", "spaces": " ", "breaks": "\n", "base58": "1A",
        "hex": "ab:", "particles": "De la ", "titles": "Mr ", "commas": "A, ", "names in brackets": "name: ",
    }  # fmt: skip
    return {name: (unit * (size // len(unit) + 1))[:size] for name, unit in units.items()}


def run(*, rows: int, rounds: int) -> None:
    finders = {"without": Finder()} | ({"with": Finder(model=True)} if model.available() else {})
    for name, finder in finders.items():
        quality(name, finder)
        speed(name, finder, rounds)
    court(rounds)
    text_templates.run(finders["without"])
    text_reviews.run()
    patterns(rounds)
    redaction(rounds)
    linear(finders["without"], min(rows, 100_000), min(10 * rows, 10_000_000))


def linear(finder: Finder, size: int, cell: int) -> None:
    """What twice as long a text costs, of the kind where it is most; and one very large cell."""
    cost = {}
    for length in (size, 2 * size):
        for kind, text in hostile(length).items():
            array = pa.array([text])
            cost[kind, length] = cpu(lambda array=array: finder.find(array), 3)
    worst = max(hostile(1), key=lambda kind: cost[kind, 2 * size] / cost[kind, size])
    show("hostile texts: twice as long costs at most", kind=worst, aim="<= 4",
         value=rounded(cost[worst, 2 * size] / cost[worst, size]),
         slowest_us_a_char=rounded(max(cost.values()) / size / 2 * 1e6))  # fmt: skip
    sentence = "The applicant, Mr Jan Kowalczyk, was born on 12 March 1980 in Łódź. Call +44 20 7946 0958. "
    took = []
    for length in (cell // 10, cell):
        text = (sentence * (length // len(sentence) + 1))[:length]
        started = time.process_time()
        finder.find(pa.array([text]))
        took.append(time.process_time() - started)
    show("a cell ten times as long costs, per character", aim="<= 2", value=rounded(took[1] / took[0] / 10),
         characters=cell, cpu_s=rounded(took[1]))  # fmt: skip
    show("most memory of the process until here, MB", aim="<= 1000",
         value=rounded(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))  # fmt: skip


def quality(name: str, finder: Finder) -> None:
    aims = {"with": (">= .94", ">= .9"), "without": (">= .82", ">= .72")}[name]
    for which, kind in ((0, "tuned on"), (1, "reported")):
        score = scored(finder, synthetic(which))
        show(f"synth_dataset_v2, half {kind}, {name} model: letters, F1", aim=aims[0], value=rounded(score.f1),
             precision=rounded(score.precision), recall=rounded(score.recall))  # fmt: skip
        show(
            f"synth_dataset_v2, half {kind}, {name} model: spans covered",
            aim=aims[1],
            value=rounded(score.share_covered),
        )
    score, readable, leaked = tab(finder)
    show(f"TAB dev, {name} model: protected surname readable, documents", aim="<= 0", value=rounded(readable))
    show(f"TAB dev, {name} model: masked strings that leak", aim="<= .2", value=rounded(leaked))
    show(f"TAB dev, {name} model: covered", aim=">= .8", value=rounded(score.share_covered),
         precision=rounded(score.precision), precision_aim=">= .63")  # fmt: skip
    score = scored(finder, clinical())
    show(f"MEDDOCAN dev, {name} model: letters, F1", aim=">= .88", value=rounded(score.f1),
         precision=rounded(score.precision), recall=rounded(score.recall))  # fmt: skip


def court(rounds: int) -> None:
    """Court decisions with `find: court`: beside names what a person may be known by."""
    finder = Finder(COURT)
    for which, kind in ((0, "tuned on"), (1, "reported")):
        score, readable, leaked = tab(finder, which)
        where = f"TAB dev, half {kind}, find: court"
        show(f"{where}: protected surname readable, documents", aim="<= 0", value=rounded(readable))
        show(f"{where}: masked strings that leak", aim="<= .2", value=rounded(leaked))
        show(f"{where}: covered", aim=">= .8", value=rounded(score.share_covered),
             precision=rounded(score.precision), precision_aim=">= .63")  # fmt: skip
    texts = pa.array([case.text for case in decisions()])
    took = cpu(lambda: finder.find(texts), rounds)
    show("TAB dev, find: court: kchar a CPU second", value=rounded(sum(map(len, texts.to_pylist())) / 1000 / took))


def speed(name: str, finder: Finder, rounds: int) -> None:
    texts = [text for which in (0, 1) for text, _ in synthetic(which)]
    array = pa.array(texts)
    took = cpu(lambda: finder.find(array), rounds)
    show(f"synth_dataset_v2, {name} model: texts a CPU second", aim={"with": ">= 150", "without": ">= 2500"}[name],
         value=rounded(len(texts) / took))  # fmt: skip
    long = [case.text for case in decisions()]
    array_long = pa.array(long)
    took = cpu(lambda: finder.find(array_long), rounds)
    show(f"TAB dev, {name} model: kchar a CPU second", aim={"with": ">= 160", "without": ">= 1500"}[name],
         value=rounded(sum(map(len, long)) / 1000 / took))  # fmt: skip


NAMES = {"person", "place", "organisation", "institution", "nationality", "religion", "politics", "address"}


def patterns(rounds: int) -> None:
    finder = Finder(entities=tuple(entity for entity in Finder().entities if entity not in NAMES))
    texts = [text for which in (0, 1) for text, _ in synthetic(which)]
    array = pa.array(texts)
    show(
        "patterns only: texts a CPU second",
        aim=">= 10000",
        value=rounded(len(texts) / cpu(lambda: finder.find(array), rounds)),
    )
    long = pa.array([case.text for case in decisions()])
    size = sum(map(len, long.to_pylist()))
    show(
        "patterns only: Mchar a CPU second",
        aim=">= 3",
        value=rounded(size / 1e6 / cpu(lambda: finder.find(long), rounds)),
    )


def redaction(rounds: int) -> None:
    """Speed of finding and replacing, alone and with three known values a row."""
    texts = [text for which in (0, 1) for text, _ in synthetic(which)]
    rows = np.arange(len(texts))
    known = [
        Known(pa.array([f"Thrandiwe{row} Quorvala" for row in rows]), rows),
        Known(pa.array([f"t.quorvala{row}@mail.example" for row in rows]), rows, "email"),
        Known(pa.array([f"655{row:06}" for row in rows]), rows, "phone"),
    ]
    for what, columns in (("alone", []), ("with a name, an e-mail and a phone of the row", known)):
        took = cpu(lambda columns=columns: redact([Text(pa.array(texts), rows)], columns), rounds)
        show(f"redacted, without model, {what}: texts a CPU second", aim=">= 2500", value=rounded(len(texts) / took))


if __name__ == "__main__":
    main(run)
