"""What of a lake nobody could find a person in: what the map does not know, rows without a tag. For `check --lake`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG, subject_of
from strongroom.core.errors import Problem, StoreError
from strongroom.core.escaping import preparing
from strongroom.core.lineage import LakeMap
from strongroom.core.suggest import counted
from strongroom.stores.lake import Lake


def untold(root: str, contracts: Sequence[Contract], known: LakeMap) -> Iterator[Problem]:
    """What erasure, lineage, consent and retention could not tell of the tables of a lake."""
    yield from known.gaps
    lake = Lake(root)
    for contract in contracts:
        node = known.node(contract.training)
        if node is not None and node.version is not None:
            try:
                found = lake.open(node.name)
                yield from _untagged(lake, node.name, found, contract) if found is not None else ()
            except StoreError as fault:
                yield Problem(fault.what, node.name, fault.todo, fault.code)


def _untagged(lake: Lake, name: str, found: DeltaTable, contract: Contract) -> Iterator[Problem]:
    subject = subject_of(contract)
    if subject is None:
        return
    columns = [field.name for field in found.schema().fields]
    todo = f"Make its rows anew: {preparing(contract.name, mode='overwrite')}."
    if TAG not in columns:
        what = "its rows carry no tag of their data subject: it is of an earlier version"
        yield Problem(what, name, todo, "lineage.untagged")
    elif (top := subject.path.partition(".")[0]) in columns:
        rows = lake.rows(name, found, [top, TAG])
        inside = subject.path.split(".")[1:]
        values = pc.struct_field(rows[top], inside) if inside else rows[top]
        bare = pc.sum(pc.and_(rows[TAG].is_null(), values.is_valid()).cast(pa.int64())).as_py() or 0
        if bare:
            what = f"{counted(bare, 'row')} of an earlier version carry no tag of their data subject"
            yield Problem(what, name, todo, "lineage.untagged")
