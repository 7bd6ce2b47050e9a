"""The table that benchmarks of the pass work on, its two contracts, and an installation that prepares it.

Four columns: a number, an e-mail of its own a row, one of 200 cities, and a text of 200 letters. Three are protected:
a token, AES-SIV, a token of few values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Work = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
CITIES = [f"City {number}" for number in range(200)]
WORDS = pa.array(["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"])
FILES = 8
PROTECT = {
    "id": "{method: hash, domain: person}",
    "email": "{method: encrypt}",
    "city": "{method: hash}",
    "text": "{method: keep}",
}
POLICY = """
roles:
  engineer: {members: [user:engineer]}
grants:
  - {role: engineer, actions: [read, write, delete], tables: ["*"], reason: a benchmark}
"""
RULES = {
    "id": "required: true\n        logicalTypeOptions: {minimum: 0, maximum: 1000000000000, multipleOf: 1}",
    "email": "required: true\n        logicalTypeOptions: "
    "{minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$', format: email}",
    "city": "required: true\n        logicalTypeOptions: {minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9 .-]+$'}\n"
    "        quality:\n          - {metric: invalidValues, mustBe: 0, arguments: {validValues: [CITIES]}}",
    "text": "required: true\n        logicalTypeOptions: {minLength: 1, maxLength: 5000, pattern: '\\S'}",
}


def table(start: int, count: int, *, letters: int = 200) -> pa.Table:
    """So many rows from a place on; the same rows for the same place."""
    random = np.random.default_rng(start)
    ids = np.arange(start, start + count)
    words = (WORDS.take(pa.array(random.integers(0, 10, count))) for _ in range(letters // 6 + 1))
    return pa.table(
        {
            "id": pa.array(ids),
            "email": pc.binary_join_element_wise("user", pc.utf8_lpad(pa.array(ids).cast("string"), 9, "0"),
                                                 "@example.com", ""),
            "city": pa.array(CITIES).take(pa.array(random.integers(0, 200, count))),
            "text": pc.utf8_slice_codeunits(pc.binary_join_element_wise(*words, " "), 0, letters),
        }
    )  # fmt: skip


def write(folder: Path, rows: int, *, letters: int = 200, bad: int = 0) -> str:
    """The table as Parquet files, at least eight and of at most a quarter million rows; returns the folder.

    With `bad` each so-manieth row has no e-mail address.
    """
    folder.mkdir(parents=True)
    count = min(-(-rows // FILES), 250_000)
    for part, start in enumerate(range(0, rows, count)):
        made = table(start, min(count, rows - start), letters=letters)
        if bad:
            wrong = pa.array(np.arange(len(made)) % bad == 0)
            made = made.set_column(1, "email", pc.if_else(wrong, "nobody", made.column("email")))
        pq.write_table(made, folder / f"part-{part:03d}.parquet", row_group_size=1 << 20)
    return str(folder)


def contract(name: str, *, folder: str = "bench", rules: bool = False, only: Collection[str] = tuple(PROTECT)) -> str:
    """A contract of the table or some of its columns, with 22 rules (types included) or with none but the types."""
    columns = []
    for column in only:
        kind = "integer" if column == "id" else "string"
        rule = RULES[column].replace("CITIES", ", ".join(CITIES)) if rules else ""
        columns.append(
            f"      - name: {column}\n        logicalType: {kind}\n"
            f"        classification: {'personal' if column != 'text' else 'internal'}\n"
            + (f"        {rule}\n" if rule else "")
            + f"        customProperties:\n          - {{property: protect, value: {PROTECT[column]}}}\n"
            + ("          - {property: role, value: text}\n" if column == "text" else "")
        )
    return (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: {name}\nversion: 1.0.0\nstatus: active\n"
        f"servers:\n  - {{server: raw, type: local, path: raw/{folder}/*.parquet, format: parquet}}\n"
        f"schema:\n  - name: {name}\n    properties:\n{''.join(columns)}"
        "customProperties:\n  - {property: purposes, value: [model_training]}\n"
    )


def install(place: Path, contracts: dict[str, str]) -> Path:
    """Settings, policy and contracts (text by name) in a folder; returns the settings. The lake is `place/lake`.

    One person may do all that is measured.
    """
    from support.lakes import SETTINGS

    (place / "contracts").mkdir(parents=True)
    for name, text in contracts.items():
        (place / "contracts" / f"{name}.yaml").write_text(text)
    settings = SETTINGS.replace("engine: local", "engine: spark")
    (place / "local.yaml").write_text(
        settings.replace("contract: reviews", f"contract: {next(iter(contracts), 'none')}")
    )
    (place / "policy.yaml").write_text(POLICY)
    return place / "local.yaml"


def job(flow: str, settings: Path, *options: str) -> Callable[[], None]:
    """A job as the command line would run it, as a way to be measured.

    Raises:
        AssertionError: when run, if the job does not end well.
    """
    from importlib import import_module

    from strongroom import run_job

    def run() -> None:
        code = run_job.run(import_module(f"strongroom.flows.{flow}"), ["--config", str(settings), *options])
        assert code == 0, f"{flow} ended with {code}"

    return run


def passing(settings: Path, name: str) -> Work:
    """The whole pass of `prepare` over rows in memory: what is given leaves it judged, and protected or set aside."""
    from strongroom.flows.row_pass.process import PassPlan, Placed, Worker
    from strongroom.quality.reading.blocks import Block

    made, handle = _opened(settings, name)
    worker = Worker(PassPlan(made, f"training.{name}", handle))

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
        number = 0
        for batch in batches:
            numbers = np.arange(number + 1, number + 1 + batch.num_rows)
            number += batch.num_rows
            yield from worker.process(Placed(Block(batch, numbers), "f"))

    return work


def protecting(settings: Path, name: str) -> tuple[Work, Any]:
    """The same to protect a contract's columns and do nothing else."""
    from pyspark.sql.pandas.types import from_arrow_schema

    from strongroom.flows.row_pass.process import output_schema

    made, handle = _opened(settings, name)
    schema = output_schema(made)

    def protect(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from strongroom.protect import protector
        from strongroom.stores.keys import keyring_of

        ring = keyring_of(handle)
        ways = [(column.name, protector(column, table=f"training.{name}", keyring=ring)) for column in made.columns]
        for batch in batches:
            arrays = [way(batch.column(column)) for column, way in ways]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return protect, from_arrow_schema(schema)


def _opened(settings: Path, name: str) -> tuple[Any, Any]:
    """A contract, and the installation's keys as a reference that may travel."""
    from strongroom.core.contract.file import load_contract
    from strongroom.core.settings.file import load_settings
    from strongroom.stores.keys import open_keyring

    found = load_settings(str(settings))
    handle = open_keyring(found.keys, found.keyring, create=True).handle
    return load_contract(str(settings.parent / "contracts" / f"{name}.yaml")), handle
