"""Tables drawn at random from what people write: by the contract that is proposed no row of them is set aside."""

import csv
import io
import json
import random

import numpy as np
import pytest

from strongroom.core.contract import Source
from strongroom.core.contract.file import parse_contract
from strongroom.flows.profile.reading import Reader
from strongroom.flows.profile.sampling import Sample
from strongroom.flows.row_pass import shape_check
from strongroom.flows.row_pass.part_reader import blocks_of, form_of
from strongroom.quality.profile.proposal import Proposal, written
from strongroom.quality.profile.propose import Seen, columns_of
from strongroom.quality.reading import blocks
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.row_rules import compile_rules
from strongroom.stores.sources import RawFile

NAMES = [
    "id",
    "status",
    "age",
    "x",
    "betrag",
    "user_id",
    "email",
    "Geburtsdatum",
    "note",
    "price",
    "First Name",
    "größe",
    "a.b",
    "q(1)",
    "type",
]
WORDS = (
    "red",
    "a b",
    " x",
    "y ",
    "é",
    "日本",
    "inf",
    "1_000",
    "٣",
    "1.",
    "+5",
    "-",
    "0x1f",
    "1e400",
    ".5",
    "NA",
    "?",
    "",
)


def values(r: random.Random):
    """One way of writing values."""
    number = r.random() * 10 ** r.randrange(8)
    return r.choice(
        [
            lambda: str(r.randrange(-(10**18), 10 ** r.randrange(1, 19))),
            lambda: f"{r.randrange(10 ** r.randrange(1, 8)):0{r.randrange(1, 9)}d}",
            lambda: str(r.randrange(10**25)),
            lambda: repr(r.random() * 10 ** r.randrange(-8, 20)),
            lambda: f"{number * r.random():,.{r.randrange(5)}f}",
            lambda: f"{number * r.random():,.2f}".translate(str.maketrans(",.", ".,")),
            lambda: f"{r.randrange(10**7):,}".replace(",", "\u00a0"),
            lambda: f"{r.randrange(1, 9999):04d}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}",
            lambda: f"{r.randrange(1, 29)}.{r.randrange(1, 13)}.{r.randrange(1900, 2030)}",
            lambda: f"{r.randrange(1, 13):02d}/{r.randrange(1, 29):02d}/2024",
            lambda: (
                f"2024-01-{r.randrange(1, 29):02d}T10:{r.randrange(60):02d}{r.choice(['', ':01.25', 'Z', '+01:00'])}"
            ),
            lambda: f"{r.randrange(1, 29):02d}.{r.randrange(1, 13):02d}.2024 {r.randrange(24):02d}:30",
            lambda: r.choice(["true", "False", "TRUE"]),
            lambda: r.choice(WORDS),
            lambda: " ".join(r.choice(["alpha", "?", "a@b.org", "x;y", "p,q", '"']) for _ in range(r.randrange(1, 12))),
            lambda: ".".join(str(r.randrange(256)) for _ in range(4)),
        ]
    )


def column(r: random.Random, rows: int) -> list[str]:
    ways = [values(r) for _ in range(1 if r.random() < 0.8 else 2)]
    missing = r.choice([None, None, "?", "N/A", "NA", " ", "-", "nan"])
    return [missing if missing and r.random() < 0.2 else r.choice(ways)() for _ in range(rows)]


def drawn(seed: int) -> tuple[str, bytes]:
    r = random.Random(seed)
    names = r.sample(NAMES, r.randrange(1, 7))
    rows = list(zip(*(column(r, rows) for rows in [r.choice([1, 2, 5, 30, 200])] for _ in names), strict=True))
    if r.random() < 0.6:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=r.choice(",;\t|"), lineterminator=r.choice(["\n", "\r\n"]))
        writer.writerows([names, *rows])
        return "data.csv", out.getvalue().encode(r.choice(["utf-8", "utf-8-sig", "utf-16"]))
    records = [{**dict(zip(names, row, strict=True)), "in": {"k": row[0], "l": [*row[1:3]]}} for row in rows]
    records = [{name: value for name, value in record.items() if r.random() < 0.95} or {"x": 1} for record in records]
    text = json.dumps(records) if r.random() < 0.4 else "".join(json.dumps(record) + "\n" for record in records)
    return "data.json", text.encode()


@pytest.mark.parametrize("seed", range(40))
def test_no_row_of_a_drawn_table_is_set_aside(tmp_path, seed):
    name, data = drawn(seed)
    (tmp_path / name).write_bytes(data)
    file = RawFile(str(tmp_path / name), len(data), 0)
    found = Reader(Sample(file.size, 1), "").file(file)
    columns = columns_of(found.tree, Seen(whole=True, json=found.format == "json", birth_before=2016))
    text = written(Proposal("t", [Source("raw", found.format, file.path, dict(found.options))], columns, "p", "all"))
    contract = parse_contract(text, "t.yaml")
    part = shape_check.look(contract.sources[0], [file], contract)[file.path].part(0, contract)
    judge, seen, rows = compile_rules(contract), blocks.Seen(), 0
    for block in blocks_of(part, contract, seen, form_of(part, contract)):
        typed = read_batch(block.rows, contract)
        across = {rule.id: np.zeros(block.rows.num_rows, np.bool_) for rule in contract.rules if rule.check == "unique"}
        failures = judge.judge(typed.batch, typed.unreadable, across)
        assert [reason for reasons in failures.reasons().to_pylist() for reason in reasons or ()] == []
        assert block.torn is None
        rows += block.rows.num_rows
    assert (rows, seen.broken, seen.unknown) == (found.rows, None, [])
    assert rows > 0
