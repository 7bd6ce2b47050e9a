"""What people had put right (`person rectify`), kept over what raw files say: their rows get the right value each time.

A data set's corrections lie in `corrections.NAME`, a row for each, found by tag and sealed like a quarantined row. The
newest counts for each column. A rule judges what the raw file says; the value that comes in its place was judged when
it was given. Why a list: docs/decisions/person.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import ACROSS, Column, Contract
from strongroom.core.contract.protection import leaves_out
from strongroom.core.contract.redaction import REDACT
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, KeyFault, Problem
from strongroom.core.keys.ring import Keyring
from strongroom.protect import subject_tags, unseal
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.quality.reading.columns import read_text
from strongroom.stores.lake import Lake

SCHEMA = pa.schema(
    [
        pa.field(TAG, subject_tags.TYPE),
        pa.field("columns", pa.list_(pa.string())),
        pa.field("row", pa.binary()),
        pa.field("run_id", pa.string()),
        pa.field("corrected_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""Of a table of corrections; `row` is `written` of its columns, sealed."""
Texts = Mapping[str, str | None]
"""Column → the value as raw data write it."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction as workers get it: whose, and what is sealed."""

    tag: bytes
    sealed: bytes


def written(texts: Texts | None, columns: Iterable[str]) -> bytes:
    """What is sealed of a correction; without texts it takes back what was said of these columns."""
    found = {name: {"is": texts[name]} if texts is not None else {} for name in columns}
    return json.dumps(found, sort_keys=True).encode()


def unfit(contract: Contract, name: str) -> str:
    """Why a column gets no new value that stays; empty where it can."""
    column = next((each for each in contract.columns if each.name == name), None)
    if column is None:
        return "is no column of the contract"
    if column.type.name in ("struct", "array"):
        return "has several values in each row"
    if any(leaf.subject for leaf in column.leaves()) or column.original_of:
        return "names whose the row is" if column.subject else "is the original of another column"
    if column.method == REDACT or leaves_out(column):
        return "is redacted text, made of the raw text" if column.method == REDACT else "is left out of the table"
    across = {path for rule in contract.rules if rule.check in ACROSS for path in rule.columns}
    if column.unique or name in across or name in row_keys_of(contract.columns):
        return "tells rows apart, or ties them to others"
    return ""


def corrections_of(lake: Lake, contract: Contract) -> tuple[Correction, ...]:
    """A data set's corrections, oldest first.

    Raises:
        ConfigError: the contract has changed, so that one could not be applied any more.
    """
    found = lake.read(contract.corrections)
    rows = [] if found is None else found.sort_by("corrected_at").to_pylist()
    named = dict.fromkeys(name for row in rows for name in row["columns"])
    problems = [
        Problem(
            f"people have had {name!r} put right, and by this contract it {why}",
            contract.file,
            "Leave the column as it was; or have the corrections taken back: person rectify --withdraw.",
            "contract.corrected",
        )
        for name in named
        if (why := unfit(contract, name))
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(Correction(row[TAG], row["row"]) for row in rows)


class Corrector:
    """A task's corrections, opened."""

    def __init__(self, contract: Contract, corrections: Iterable[Correction], *, table: str, keyring: Keyring) -> None:
        said: dict[str, dict[bytes, str | None]] = {}
        given = list(corrections)
        clear, fine = unseal(pa.array([each.sealed for each in given], pa.binary()), table=table, keyring=keyring)
        if fine.false_count:
            todo = "Put the newest copy of the keyring back."
            raise KeyFault("a correction does not open with this keyring", where=contract.corrections, todo=todo)
        for each, line in zip(given, clear.to_pylist(), strict=True):
            for name, new in json.loads(line).items():
                theirs = said.setdefault(name, {})
                theirs.pop(each.tag, None)
                if "is" in new:
                    theirs[each.tag] = new["is"]
        columns = {column.name: column for column in contract.columns}
        self._values = {
            name: (pa.array(list(theirs), subject_tags.TYPE), _values(list(theirs.values()), columns[name]))
            for name, theirs in said.items()
            if theirs
        }

    def corrected(self, batch: pa.RecordBatch, tags: pa.Array) -> pa.RecordBatch:
        """The batch of values in clear, those that people had put right in the place of what the raw data say."""
        for name, (people, values) in self._values.items():
            places = pc.index_in(tags, value_set=people)
            theirs = np.asarray(pc.and_(places.is_valid(), tags.is_valid()))
            if theirs.any():
                at = batch.schema.get_field_index(name)
                new = values.take(places.filter(pa.array(theirs))).cast(batch.column(at).type)
                batch = batch.set_column(at, batch.schema.field(at), replaced(batch.column(at), theirs, new))
        return batch


def replaced(array: pa.Array, which: np.ndarray, new: pa.Array) -> pa.Array:
    """An array with these of its values, in their order, replaced; nulls among the new ones are nulls."""
    at = np.arange(len(array))
    at[which] = len(array) + np.arange(len(new))
    return pa.concat_arrays([array, new]).take(pa.array(at))


def _values(texts: list[str | None], column: Column) -> pa.Array:
    """Texts as values of their column.

    Raises:
        ConfigError: the column reads one of them no more.
    """
    values, unreadable = read_text(pa.array(texts, pa.string()), column)
    if unreadable.any():
        what = f"a correction of {column.path!r} is no value of it any more"
        raise ConfigError([Problem(what, f"line {column.line}", "Leave its type as it was.", "contract.corrected")])
    return values
