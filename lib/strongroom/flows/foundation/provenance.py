"""Which tables of a lake do not say what they were made from, or whose their rows are: for `check --lake`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG, subject_of
from strongroom.core.errors import Problem, StoreError
from strongroom.core.escaping import preparing
from strongroom.core.suggest import counted
from strongroom.flows.foundation.derived import MADE_BY, PURPOSE, RECIPE, REFRESH, SOURCES, SUBJECT, newest_run
from strongroom.stores.lake import Lake
from strongroom.stores.lake.listing import tables_in

_SAID = (SOURCES, PURPOSE, RECIPE, SUBJECT, REFRESH, MADE_BY)
_JOBS = {
    "curated": "curate",
    "dropped": "curate",
    "features": "vectorize",
    "revealed": "reveal",
    "projected": "project",
}
_OURS = ("quarantine", "strongroom")
"""Zones of what belongs to a data set or to a lake, and is derived from no table."""


def untold(root: str, contracts: Sequence[Contract]) -> Iterator[Problem]:
    """What erasure, lineage, consent and retention could not tell of the tables of a lake, one problem a table.

    Raises:
        StoreError: the lake cannot be looked into.
    """
    lake, by_name = Lake(root), {contract.name.lower(): contract for contract in contracts}
    listing = tables_in(lake, without=("raw", *_OURS))
    for where, why in listing.unread:
        yield Problem(f"this folder cannot be looked into ({why})", where, "Ask its owner.")
    for name in listing.tables:
        zone, _, rest = name.partition(".")
        try:
            found = lake.open(name)
        except StoreError as fault:
            yield Problem(fault.what, name, fault.todo)
            continue
        if found is None:
            continue
        if zone == "training":
            contract = by_name.get(rest.lower())
            yield from _untagged(lake, name, found, contract) if contract is not None else _strange(name)
        elif zone in _JOBS:
            yield from _derived(name, found, job=_JOBS[zone])
        else:
            yield from _strange(name)


def _strange(name: str) -> Iterator[Problem]:
    what = "no job of ours made this table, so nobody can tell whose its rows are"
    yield Problem(what, name, "Make it by a contract or a job, or keep it outside of the lake.")


def _derived(name: str, found: DeltaTable, *, job: str) -> Iterator[Problem]:
    said, again = found.metadata().configuration, f"Make it anew: ./spark-submit.sh {job}."
    if lacking := [key for key in _SAID if key not in said]:
        what = f"it does not say what it was made from ({', '.join(lacking)}): it is of an earlier version"
        yield Problem(what, name, again)
    elif (newest := newest_run(found)) and newest != said[MADE_BY]:
        what = f"it says that run {said[MADE_BY]} made it, and its rows are of run {newest}, which died"
        yield Problem(what, name, again)


def _untagged(lake: Lake, name: str, found: DeltaTable, contract: Contract) -> Iterator[Problem]:
    subject = subject_of(contract)
    if subject is None:
        return
    columns = [field.name for field in found.schema().fields]
    todo = f"Make its rows anew: {preparing(contract.name, mode='overwrite')}."
    if TAG not in columns:
        yield Problem("its rows carry no tag of their data subject: it is of an earlier version", name, todo)
    elif (top := subject.path.partition(".")[0]) in columns:
        rows = lake.rows(name, found, [top, TAG])
        inside = subject.path.split(".")[1:]
        values = pc.struct_field(rows[top], inside) if inside else rows[top]
        bare = pc.sum(pc.and_(rows[TAG].is_null(), values.is_valid()).cast(pa.int64())).as_py() or 0
        if bare:
            yield Problem(
                f"{counted(bare, 'row')} of an earlier version carry no tag of their data subject", name, todo
            )
