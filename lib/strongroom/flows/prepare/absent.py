"""Columns that may be null and that no file of a batch has: told, since a name that changed looks just like one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from strongroom.core.contract import Contract, source_name
from strongroom.core.report.columns import AbsentColumn
from strongroom.core.sql_text import all_of, equals
from strongroom.core.suggest import nearest
from strongroom.flows.prepare.sketches import METRICS
from strongroom.stores.lake import Lake
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.kinds import Looked

ABSENT = "absent"
"""The metric of a column that may be null: 1 where no file of the batch has it, else 0."""


def absent_columns(
    contract: Contract,
    files: Iterable[RawFile],
    names: Mapping[str, frozenset[str]],
    *,
    before: Mapping[str, bool] | None = None,
) -> tuple[AbsentColumn, ...] | None:
    """The columns at the top, not required, that no file has, in the contract's order.

    Args:
        contract: says what each is called in the source.
        files: those of the batch.
        names: path → what is in the file or said by its folders, as footers, headers or a reading have it.
        before: column → whether no file of the last batch had it; see `absent_before`.

    Returns:
        None where the names of some file are not known: those of JSON only reading tells.
    """
    there: set[str] = set()
    for file in files:
        if file.path not in names:
            return None
        there |= names[file.path]
    return tuple(
        AbsentColumn(
            column.name,
            source_name(column),
            nearest(source_name(column), there),
            lost=(before or {}).get(column.name) is False,
        )
        for column in contract.as_read.columns
        if not column.required and source_name(column) not in there
    )


def names_in(
    looked: Mapping[str, Mapping[str, Looked]], read: frozenset[str] | None = None
) -> dict[str, frozenset[str]]:
    """Path → names in the file or said by its folders; of JSON those that reading found in any, where it found some."""
    names = {}
    for path, one in (pair for of in looked.values() for pair in of.items()):
        there = one.columns if one.has is not None or not read else read | {*one.folders}
        if there is not None:
            names[path] = there
    return names


def foretold(contract: Contract, looked: Mapping[str, Mapping[str, Looked]]) -> list[tuple[str, str]]:
    """That a rehearsal does not know it, where there is something to know."""
    unknown = any(one.has is None for of in looked.values() for one in of.values())
    some = any(not column.required for column in contract.as_read.columns)
    return [("…", "of JSON only reading tells: the run's summary says it")] if unknown and some else []


def absent_before(lake: Lake, contract: Contract) -> dict[str, bool]:
    """Of the last batch that tells: column → whether none of its files had it."""
    where = all_of(equals("dataset", contract.name), equals("metric", ABSENT))
    found = lake.read(METRICS, ["batch", "name", "value"], where=where)
    rows = [] if found is None else found.to_pylist()
    last = max((row["batch"] for row in rows), default=None)
    return {row["name"]: row["value"] == 1 for row in rows if row["batch"] == last}


def absent_values(contract: Contract, absent: Iterable[AbsentColumn]) -> list[tuple[str, float]]:
    """What `strongroom.metrics` keeps of each column that may be null."""
    gone = {each.column for each in absent}
    return [(column.name, float(column.name in gone)) for column in contract.as_read.columns if not column.required]


def told(absent: Iterable[AbsentColumn]) -> list[tuple[str, str]]:
    """A line for each, for people."""
    return [(each.source, in_words(each)) for each in absent]


def in_words(absent: AbsentColumn) -> str:
    """Where a column is missing, what may be it, and whether that is new."""
    near = f"; the nearest name there is {absent.near!r}" if absent.near else ""
    told = f"in no file, so null in every row{near}"
    return f"warning: {told}; the last batch had it" if absent.lost else told
