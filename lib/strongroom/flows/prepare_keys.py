"""The values of key columns as they are compared: read as the pass reads them, protected as they lie in tables.

Worker code, as in `flows/fuse.py`: Spark carries it over the key columns only, and what it gives is hashed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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
"""Two 64-bit hashes that name the raw key of one rule in one row: 128 bits tell any two apart."""
PLACE = "__place"


@dataclass(frozen=True, slots=True)
class Key:
    """What one rule asks of each row.

    Args:
        place: the rule's number among those of ACROSS.
        paths: its columns.
        keys: ids of the master keys to protect values with, each giving a row of its own; empty: values in clear, which
            leave the worker for the hash function beside it and go no further.
    """

    place: int
    paths: tuple[str, ...]
    keys: tuple[int, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """The two columns that name its raw key in a row."""
        return f"{IDENTITY[0]}_{self.place}", f"{IDENTITY[1]}_{self.place}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its values in what `values` gives."""
        return tuple(f"__key_{self.place}_{number}" for number in range(len(self.paths)))


@dataclass(frozen=True, slots=True)
class Scan:
    """Which key columns to look at, for all rules at once.

    Args:
        plan: the pass that the rows will go through.
        asked: the keys.
        sealed: the rows come from a quarantine.
    """

    plan: Pass
    asked: tuple[Key, ...]
    sealed: bool = False

    @property
    def contract(self) -> Contract:
        """The contract with no other columns than those that hold a key."""
        tops = {path.partition(".")[0] for key in self.asked for path in key.paths}
        columns = tuple(column for column in self.plan.contract.columns if column.name in tops)
        return replace(self.plan.contract, columns=columns, rules=(), set_rules=())

    def leaves(self, key: Key) -> tuple[Column, ...]:
        """Its columns, in the rule's order."""
        leaves = {leaf.path: leaf for leaf in self.plan.contract.leaves()}
        return tuple(leaves[path] for path in key.paths)

    def schema(self) -> pa.Schema:
        """What `values` gives: the rule's place, the row's identity, and a column for each key column of each rule."""
        fields = [pa.field(PLACE, pa.int32()), *(pa.field(name, pa.int64()) for name in IDENTITY)]
        for key in self.asked:
            for name, leaf in zip(key.columns, self.leaves(key), strict=True):
                fields.append(pa.field(name, (output_type(leaf) if key.keys else None) or arrow_type(leaf.type)))
        return pa.schema(fields)


def findable(leaf: Column) -> bool:
    """Whether equal values lie in the published table as equal ones: kept, hashed, encrypted deterministically."""
    return leaf.protect is None or leaf.protect.method == "keep" or shows_equality(leaf)


def values(scan: Scan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Key values of raw rows (their key columns and identities) or of sealed ones (`row` and identities), rule by rule.

    A row is left out of a rule where one of its keys is null, is not there after `read`, or cannot be read.
    """
    with no_values("the scan of keys"):
        ring, schema = keyring_of(scan.plan.keys), scan.schema()
        made = {
            key: [_protectors(scan, key, replace(ring, primary=one)) for one in key.keys]
            or [[lambda array: array] * len(key.paths)]
            for key in scan.asked
        }
        for batch in batches:
            if batch.num_rows:
                raw = _opened(scan, batch, ring) if scan.sealed else batch
                typed = read_batch(raw, scan.contract, textual=scan.plan.textual).batch
                for key, ways in made.items():
                    ids = [raw.column(name) for name in key.identity]
                    found = [_leaf(typed, path) for path in key.paths]
                    given = reduce(pc.and_, [column.is_valid() for column in (*ids, *found)])
                    told = {name: array.filter(given) for name, array in zip(IDENTITY, ids, strict=True)}
                    for protect in ways:
                        shown = [one(value.filter(given)) for one, value in zip(protect, found, strict=True)]
                        yield _rows(schema, key, told | dict(zip(key.columns, shown, strict=True)))


def _rows(schema: pa.Schema, key: Key, told: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Rows of one rule; what belongs to others is null."""
    count = len(told[IDENTITY[0]])
    known = {PLACE: pa.repeat(pa.scalar(key.place, pa.int32()), count), **told}
    arrays = [known.get(field.name, pa.nulls(count, field.type)) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _protectors(scan: Scan, key: Key, ring: Keyring) -> list[Callable[[pa.Array], pa.Array]]:
    return [protector(leaf, table=scan.plan.table, keyring=ring) for leaf in scan.leaves(key)]


def _opened(scan: Scan, batch: pa.RecordBatch, ring: Keyring) -> pa.RecordBatch:
    """Sealed rows that open and are rows at all, as a text source would deliver them."""
    opened, valid = unseal(batch.column("row"), table=scan.plan.table, keyring=ring)
    columns = from_json(opened.filter(valid), scan.contract.columns)
    names = [name for key in scan.asked for name in key.identity]
    ids = {name: batch.column(name).filter(valid) for name in names}
    found = pa.RecordBatch.from_pydict({**columns, **ids})
    return found.filter(found.column(CORRUPT).is_null())


def _leaf(batch: pa.RecordBatch, path: str) -> pa.Array:
    """The values at a path; of a field in a struct that is null, null."""
    first, *rest = path.split(".")
    return reduce(
        lambda array, name: pc.struct_field(array, [array.type.get_field_index(name)]), rest, batch.column(first)
    )
