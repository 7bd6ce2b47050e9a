"""What `profile` takes columns for, on 200 columns of our own, and what looking for entities costs it.

The columns and their truth are `tests/support/columns.py`; one half, by a hash of its names, was looked at while the
rules were made, the other is reported. A column has labels: what its cells are or hold, or that its text names people.
"""

from __future__ import annotations

import random
import statistics
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measure import cpu_seconds, main, rounded, show
from strongroom.core.contract import Column, Type
from strongroom.quality.profile import entities
from strongroom.quality.profile.tree import Tree, tree_of_batch
from support.columns import Make, columns, scores

BLOCK = 10_000


def quality() -> None:
    """F1 of both halves over all labels of all columns, and the mean over labels; F1 of text that names people."""
    for held_out, name in ((False, "looked at"), (True, "held out")):
        found = scores(column for column in columns() if column.held_out == held_out)
        lowest = {label: rounded(f1) for label, f1 in sorted(found.by_label().items(), key=lambda each: each[1])[:5]}
        show(f"columns, {name}: F1", aim=">= .95", value=rounded(found.f1), macro=rounded(found.macro), lowest=lowest,
             columns=found.columns, wrong=len(found.wrong))  # fmt: skip
    text = scores(columns()).by_label()["text"]
    show("columns: redact proposed for text that names people, F1", aim=">= .95", value=rounded(text))


def table(rows: int) -> pa.RecordBatch:
    """Twelve columns of texts, as CSV gives them."""
    make, chance = Make("speed"), random.Random(3)
    cells = {
        "id": lambda at: str(at), "name": lambda at: f"{make.person('en')}{at % 7 or ''}",
        "email": lambda at: f"a{at}@x.example", "price": lambda at: f"{chance.random() * 100:.2f}",
        "date": lambda at: make.late(), "uuid": lambda at: make.hex(32),
        "status": lambda at: chance.choice(["open", "done"]), "phone": lambda at: make.phone(),
        "ip": lambda at: ".".join(str(chance.randint(11, 223)) for _ in range(4)), "order": lambda at: make.digits(10),
        "note": lambda at: make.text(), "address": lambda at: make.address(),
    }  # fmt: skip
    return pa.RecordBatch.from_pydict({name: [cell(at) for at in range(rows)] for name, cell in cells.items()})


def tallied(batch: pa.RecordBatch) -> Tree:
    tree, leaves = Tree(), [Column(name, name, Type("string")) for name in batch.schema.names]
    for at in range(0, batch.num_rows, BLOCK):
        tree = tree.merge(tree_of_batch(batch.slice(at, BLOCK), leaves, tree))
    return tree


def speed(rows: int, rounds: int) -> None:
    """The tally of a table with and without entities, in turns."""
    batch = table(rows)
    letters = sum(pc.sum(pc.utf8_length(column)).as_py() for column in batch.columns)
    tallied(batch.slice(0, BLOCK))
    costs: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(rounds):
        for way in costs:
            spent = cpu_seconds()
            if way == "with":
                tallied(batch)
            else:
                with mock.patch.object(entities, "count", return_value={}):
                    tallied(batch)
            costs[way].append(cpu_seconds() - spent)
    ratios = [one / other for one, other in zip(costs["with"], costs["without"], strict=True)]
    pace = letters / 1e6 / statistics.median(costs["with"])
    show("columns: tally with entities ÷ without, CPU", value=rounded(statistics.median(ratios)),
         spread=[rounded(min(ratios)), rounded(max(ratios))], mchar_a_cpu_s=rounded(pace))  # fmt: skip


def run(*, rows: int, rounds: int) -> None:
    quality()
    speed(min(rows, 200_000), rounds)


if __name__ == "__main__":
    main(run)
