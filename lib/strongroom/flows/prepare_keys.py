"""The values of key columns as they are compared: read as the pass reads them, protected as they lie in tables.

Worker code, as in `flows/fuse.py`: Spark carries it over the key columns only, and what it gives is hashed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract
from strongroom.core.key import Keyring
from strongroom.core.silence import no_values
from strongroom.flows.fuse import Pass
from strongroom.flows.sealed_rows import from_json
from strongroom.protect import output_type, protector, unseal
from strongroom.protect.marks import shows_equality
from strongroom.quality.typed import arrow_type, read_batch
from strongroom.stores.keys import keyring_of
from strongroom.stores.sources import CORRUPT

IDENTITY = ("__first", "__second")
"""Two 64-bit hashes that name a row's key columns as they were read: 128 bits tell any two apart."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Which key columns to look at.

    Args:
        plan: the pass that the rows will go through.
        paths: the columns of one rule.
        keys: ids of the master keys to protect values with, each giving a row of its own; empty: values in clear, which
            leave the worker for the hash function beside it and go no further.
        sealed: the rows come from a quarantine.
    """

    plan: Pass
    paths: tuple[str, ...]
    keys: tuple[int, ...] = ()
    sealed: bool = False

    @property
    def leaves(self) -> tuple[Column, ...]:
        """The key columns, in the rule's order."""
        leaves = {leaf.path: leaf for leaf in self.plan.contract.leaves()}
        return tuple(leaves[path] for path in self.paths)

    @property
    def contract(self) -> Contract:
        """The contract with no other columns than those that hold a key."""
        tops = {path.partition(".")[0] for path in self.paths}
        columns = tuple(column for column in self.plan.contract.columns if column.name in tops)
        return replace(self.plan.contract, columns=columns, rules=(), set_rules=())

    def schema(self) -> pa.Schema:
        """What `values` gives: the row's identity, then a column for each key column."""
        kinds = [(output_type(leaf) if self.keys else None) or arrow_type(leaf.type) for leaf in self.leaves]
        ids = [pa.field(name, pa.int64()) for name in IDENTITY]
        return pa.schema([*ids, *(pa.field(f"__key_{place}", kind) for place, kind in enumerate(kinds))])


def findable(leaf: Column) -> bool:
    """Whether equal values lie in the published table as equal ones: kept, hashed, encrypted deterministically."""
    return leaf.protect is None or leaf.protect.method == "keep" or shows_equality(leaf)


def values(scan: Scan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Key values of raw rows (their key columns and IDENTITY) or of sealed ones (`row` and IDENTITY).

    A row is left out where one of its keys is null, is not there after `read`, or cannot be read.
    """
    with no_values("the scan of keys"):
        ring, schema = keyring_of(scan.plan.keys), scan.schema()
        made = [_protectors(scan, replace(ring, primary=key)) for key in scan.keys] or [[lambda array: array] * 9]
        for batch in batches:
            if batch.num_rows:
                raw = _opened(scan, batch, ring) if scan.sealed else batch
                typed = read_batch(raw, scan.contract, textual=scan.plan.textual).batch
                keys = [_leaf(typed, path) for path in scan.paths]
                given = reduce(pc.and_, [key.is_valid() for key in keys])
                ids = [raw.column(name).filter(given) for name in IDENTITY]
                for protect in made:
                    found = [one(key.filter(given)) for one, key in zip(protect, keys, strict=False)]
                    yield pa.RecordBatch.from_arrays([*ids, *found], schema=schema)


def _protectors(scan: Scan, ring: Keyring) -> list[Callable[[pa.Array], pa.Array]]:
    return [protector(leaf, table=scan.plan.table, keyring=ring) for leaf in scan.leaves]


def _opened(scan: Scan, batch: pa.RecordBatch, ring: Keyring) -> pa.RecordBatch:
    """Sealed rows that open and are rows at all, as a text source would deliver them."""
    opened, valid = unseal(batch.column("row"), table=scan.plan.table, keyring=ring)
    columns = from_json(opened.filter(valid), scan.contract.columns)
    ids = {name: batch.column(name).filter(valid) for name in IDENTITY}
    found = pa.RecordBatch.from_pydict({**columns, **ids})
    return found.filter(found.column(CORRUPT).is_null())


def _leaf(batch: pa.RecordBatch, path: str) -> pa.Array:
    """The values at a path; of a field in a struct that is null, null."""
    first, *rest = path.split(".")
    return reduce(
        lambda array, name: pc.struct_field(array, [array.type.get_field_index(name)]), rest, batch.column(first)
    )
