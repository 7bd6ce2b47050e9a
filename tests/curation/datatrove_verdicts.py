"""Verdicts of datatrove 0.10.1 on a file of texts, by its own Python: `python datatrove_verdicts.py TEXTS OUT`.

Gives each family's reason for each text (null: it stays), and the CPU seconds that the family took.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FAMILIES = {
    "gopher_quality": GopherQualityFilter,
    "gopher_repetition": GopherRepetitionFilter,
    "c4": C4QualityFilter,
    "fineweb": FineWebQualityFilter,
}


def verdict(family: object, text: str) -> str | None:
    try:
        found = family.filter(Document(text=text, id="0"))
    except ZeroDivisionError:  # a text without a word or a line
        return "empty"
    return found[1] if isinstance(found, tuple) else None if found else "dropped"


if __name__ == "__main__":
    texts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = {}
    for name, kind in FAMILIES.items():
        family = kind()
        verdict(family, texts[0])  # its tokenizer is loaded with the first one
        started = time.process_time()
        reasons = [verdict(family, text) for text in texts]
        out[name] = {"reasons": reasons, "cpu_s": time.process_time() - started}
    Path(sys.argv[2]).write_text(json.dumps(out), encoding="utf-8")
