"""What a quarantine needs to know of the files whose records it keeps: how they are read, and where parts begin.

A record of text is sealed as the bytes that stood in the file. What makes a row of these again (format, dialect,
header, encoding, what its folders say) is kept once a file and batch, in `strongroom.origins`; so a record is read as
it was read the first time, whatever the contract says by then. A large file is read in parts, by whoever has the time:
how many records and lines stand before each part is known when all have come to their end, and is kept here too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import pyarrow as pa

from strongroom.core.contract.formats import FORMATS
from strongroom.core.sql_text import all_of, equals, one_of
from strongroom.stores.lake import Lake, commits

ORIGINS = "strongroom.origins"
_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("batch", pa.int64()),
        ("path", pa.string()),
        ("form", pa.string()),
        ("parts", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Form:
    """How the records of a file are read.

    Args:
        format: of its source; what follows is of text, but for the folders.
        encoding: what the file's bytes are.
        dialect: of CSV, by the names of `quality.reading.dialect.Dialect`.
        names: the header of a CSV file.
        mark: bytes of the byte order mark.
        folders: what the file's folders say, by the source's names.
    """

    format: str
    encoding: str = "UTF-8"
    dialect: Mapping[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    mark: int = 0
    folders: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def typed(self) -> bool:
        """Whether its values have types of their own."""
        return FORMATS[self.format].typed

    def to_json(self) -> str:
        """One line that `of_json` reads."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of_json(cls, line: str) -> Form:
        """What `to_json` wrote."""
        told = json.loads(line)
        return cls(**{**told, "names": tuple(told["names"])})


class Before(NamedTuple):
    """Records and lines before a part of a file; lines are None where nobody counts them."""

    records: int
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """A file of which a batch has set records aside: its form, and what stands before each part by its first byte."""

    path: str
    form: Form | None
    parts: Mapping[int, Before]


def keep(lake: Lake, dataset: str, batch: int, origins: Sequence[Origin]) -> None:
    """Writes what a batch needs; once, however often it is tried."""
    if not origins:
        return
    rows = [
        {"dataset": dataset, "batch": batch, "path": origin.path,
         "form": origin.form.to_json() if origin.form else None,
         "parts": json.dumps({str(start): before for start, before in origin.parts.items()})}
        for origin in origins
    ]  # fmt: skip
    commits.append(lake, ORIGINS, pa.Table.from_pylist(rows, _SCHEMA), once=(f"origins/{dataset}", batch))


def origins_of(lake: Lake, dataset: str, batches: Sequence[int]) -> dict[tuple[int, str], Origin]:
    """What is kept of these batches, by batch and file."""
    if not batches or lake.open(ORIGINS) is None:
        return {}
    rows = lake.read(ORIGINS, where=all_of(equals("dataset", dataset), one_of("batch", batches)))
    return {
        (row["batch"], row["path"]): Origin(
            row["path"],
            Form.of_json(row["form"]) if row["form"] else None,
            {int(start): _before(told) for start, told in json.loads(row["parts"]).items()},
        )
        for row in (rows.to_pylist() if rows is not None else ())
    }


def _before(told: int | list[int | None]) -> Before:
    """What was written; of before lines were counted, a number of records."""
    return Before(told) if isinstance(told, int) else Before(*told)  # type: ignore[arg-type]
