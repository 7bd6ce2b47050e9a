"""Verdicts of datatrove 0.10.1 on a file of texts, by its own Python: `python datatrove_verdicts.py TEXTS OUT`.

Gives each family's reason for each text (null: it stays), and the CPU seconds of all of them, one text after the other,
as a pipeline has them: what one of them cuts into words the next one need not.
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
    families = {name: kind() for name, kind in FAMILIES.items()}
    out = {name: {"reasons": []} for name in families}
    for family in families.values():
        verdict(family, texts[0])  # its tokenizer is loaded with the first one
    started = time.process_time()
    for text in texts:
        for name, family in families.items():
            out[name]["reasons"].append(verdict(family, text))
    out["together"] = time.process_time() - started
    Path(sys.argv[2]).write_text(json.dumps(out), encoding="utf-8")
