"""What the proof of an erasure costs: a whole lake searched for 1,000 people × 5 values in all forms ÷ reading it.

The lake: a raw table and its training table (tokens, ciphertexts and texts), a table of names and addresses of others,
a log of JSON, compressed and plain. The people are erased: their like stands there, of them nothing. Reading is all
columns of all Parquet files decoded, all that is compressed decompressed, and the bytes of the others.
"""

from __future__ import annotations

import base64
import gzip
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import shop
from benchmarks.measure import interleaved, main, ratio, rounded, show
from strongroom.arrow import buffers
from strongroom.proof.decoys import decoys
from strongroom.proof.forms import Needle
from strongroom.proof.search import search
from strongroom.proof.wanted import Wanted

PEOPLE, FILES = 1_000, 8
SYLLABLES = [sound + vowel for sound in "bdfghklmnprstvwz" for vowel in "aeiou"]


def people(start: int, count: int) -> list[tuple[str, str, str, str]]:
    """Name, e-mail, telephone and address of invented people; the same for the same place."""
    draw = np.random.default_rng(start)
    syllables = draw.choice(SYLLABLES, (count, 12))
    numbers = draw.integers(10**9, 10**10, count)
    found = []
    for number in range(count):
        one = syllables[number]
        first, last, street = ("".join(one[at : at + 4]).title() for at in (0, 4, 8))
        mail = f"{first}.{last}{start + number}@example.com".lower()
        found.append((f"{first} {last}", mail, f"+49{numbers[number]}", f"{street}strasse {numbers[number] % 10**6}"))
    return found


def token(random: np.random.Generator) -> str:
    return base64.urlsafe_b64encode(random.bytes(21)).decode()


def needles() -> list[Needle]:
    random, found = np.random.default_rng(5), []
    for number, (name, mail, phone, address) in enumerate(people(10**8, PEOPLE)):
        found += [
            Needle(number, "name", name),
            Needle(number, "email", mail, kind="email"),
            Needle(number, "phone", phone),
            Needle(number, "address", address),
            Needle(number, "token", token(random), kind="token"),
        ]
    return found


def write(lake: Path, rows: int) -> None:
    """The lake, in eight files a table."""
    random, each = np.random.default_rng(9), max(1, rows // FILES)
    for number in range(FILES):
        raw = shop.table(number * each, each)
        others = people(number * each, each // 4 or 1)
        fixed = base64.urlsafe_b64encode(random.bytes(each * 21)).decode()
        sealed = base64.b64encode(random.bytes(each * 36)).decode()
        training = pa.table(
            {
                "id": [fixed[at : at + 28] for at in range(0, each * 28, 28)],
                "email": [sealed[at : at + 48] for at in range(0, each * 48, 48)],
                "text": raw["text"],
                "_subject": pa.array([random.bytes(16) for _ in range(each)], pa.binary()),
            }
        )
        names = ("name", "email", "phone", "address")
        customers = pa.table(dict(zip(names, map(list, zip(*others, strict=True)), strict=True)))
        for table, data in (("raw/shop", raw), ("training/shop", training), ("raw/customers", customers)):
            (lake / table).mkdir(parents=True, exist_ok=True)
            pq.write_table(data, lake / table / f"part-{number}.parquet", write_statistics=False)
        logged = (json.dumps(dict(zip(names, one, strict=True))) for one in others[: each // 40 + 1])
        lines = "".join(f"{line}\n" for line in logged).encode()
        (lake / f"log-{number}.json").write_bytes(lines)
        (lake / f"log-{number}.json.gz").write_bytes(gzip.compress(lines))


def read(lake: Path) -> int:
    """All of it, decoded."""
    size = 0
    for file in sorted(lake.rglob("*")):
        if file.suffix == ".parquet":
            with pq.ParquetFile(file) as opened:
                size += sum(batch.nbytes for batch in opened.iter_batches(65_536, use_threads=False))
        elif file.is_file():
            data = file.read_bytes()
            size += len(gzip.decompress(data) if file.suffix == ".gz" else data)
    return size


def against_the_automaton(wanted: list[Needle], lake: Path, rounds: int) -> None:
    """The same patterns over a column, as they are looked for and by Aho and Corasick's automaton alone."""
    patterns = Wanted(wanted, ()).patterns
    for table, column in (("training/shop", "id"), ("training/shop", "text"), ("raw/customers", "email")):
        texts = pq.read_table(lake / table / "part-0.parquet")[column].combine_chunks()
        data = np.resize(buffers.data(texts), 16 << 20)
        ways = {"ours": lambda data=data: list(patterns.find(data)),
                "automaton": lambda data=data: list(patterns.by_automaton(data))}  # fmt: skip
        costs = interleaved(ways, rounds=rounds)
        facts = {name: rounded(len(data) / 1e6 / cost.medians()["cpu_s"]) for name, cost in costs.items()}
        named = f"the automaton alone ÷ ours, {len(patterns.patterns)} patterns over {table}, {column}, CPU"
        show(named, **facts, unit="MB a CPU s", **ratio(costs["automaton"].cpu, costs["ours"].cpu))


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as place:
        lake = Path(place)
        write(lake, rows)
        wanted = needles()
        never = decoys(wanted, PEOPLE, seed="benchmark")
        against_the_automaton(wanted, lake, rounds)

        def proof(values, invented=()) -> None:
            report = search([str(lake)], values, invented=invented)
            assert not report.found, "the people of the search are not in the lake"
            assert not report.unsearched, report.unsearched

        ways = {
            "read": lambda: read(lake),
            "search": lambda: proof(wanted),
            "search with as many invented people": lambda: proof(wanted, never),
            "search for one": lambda: proof(wanted[:5], never[:500]),
        }
        costs = interleaved(ways, rounds=rounds)
        size = sum(file.stat().st_size for file in lake.rglob("*") if file.is_file())
        for name, cost in costs.items():
            facts = {"rows": rows, "megabytes": size // 10**6, "decoded": read(lake) // 10**6}
            aim = "<= 5" if name == "search" else ""
            more = {"aim": aim} if aim else {}
            show(f"{name} ÷ read, CPU", **more, **facts, **cost.medians(), **ratio(cost.cpu, costs["read"].cpu))


if __name__ == "__main__":
    main(run)
