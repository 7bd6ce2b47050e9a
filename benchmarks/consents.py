"""What it costs that people are asked: `prepare` of a table whose purpose rests on consent, beside the same without.

Each row has a person of its own, and each of them has given a consent; so every row is looked up and stays. Both
contracts tag their subject. Without Spark, one process; CPU seconds hold the reading of the consents.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks import shop
from benchmarks.measure import interleaved, main, ratio, show

ASKED, FREE = "prepare, by consent", "prepare, without"
_SUBJECT = "{property: protect, value: {method: hash, domain: person}}"


def run(*, rows: int, rounds: int) -> None:
    from strongroom.core.program import ROOT

    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        place = Path(folder)
        shop.write(place / "lake/raw/bench", rows)
        consents = (ROOT / "conf/consent.yaml").read_text()
        settings = shop.install(place, {"asked": _contract("asked"), "free": _contract("free"), "consent": consents})
        _events(place / "lake/raw/consent", rows)
        local = ("--set", "prepare.engine=local")
        shop.job("prepare", settings, "--contract", "consent", *local)()
        ways = {
            ASKED: shop.job("prepare", settings, "--contract", "asked", *local),
            FREE: shop.job("prepare", settings, "--contract", "free", *local),
        }
        costs = interleaved(ways, rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=rows, consents=rows, **cost.medians())
    show("by consent ÷ without, CPU", aim="<= 1.25", **ratio(costs[ASKED].cpu, costs[FREE].cpu))


def _contract(name: str) -> str:
    """The table's contract with its subject, and for one of both on what its purpose rests."""
    text = shop.contract(name)
    assert _SUBJECT in text, "the column that names the person"
    text = text.replace(f"- {_SUBJECT}\n", f"- {_SUBJECT}\n          - {{property: subject, value: true}}\n")
    return text + ("  - {property: legalBasis, value: consent}\n" if name == "asked" else "")


def _events(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True)
    said = {"event": "given", "at": "2026-01-01T00:00:00Z", "purpose": "model_training"}
    with (folder / "events.json").open("w") as file:
        for person in range(rows):
            file.write(json.dumps({"record_id": f"r{person}", "subject": str(person), **said}) + "\n")


if __name__ == "__main__":
    main(run, rounds=5)
