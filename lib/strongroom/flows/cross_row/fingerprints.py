"""Keys of rows as fingerprints: what a rule across rows asks is answered by these, and no value moves.

A worker scans the key columns and gives, range by range of the fingerprints, one blob of them with the rows' numbers;
who has a range finds the rows that share a key, or whose key is nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract, Type
from strongroom.core.contract.protection import is_kept
from strongroom.core.keys.ring import purpose_info
from strongroom.core.no_values import no_values
from strongroom.core.secret import Secret
from strongroom.flows.row_pass.feeds import Feed
from strongroom.flows.row_pass.process import PassPlan
from strongroom.flows.row_pass.road import settle_worker
from strongroom.protect import output_type, protector
from strongroom.protect.cipher.siv import PREFIX
from strongroom.protect.equality_marks import shows_equality
from strongroom.protect.fingerprints import Prints, fingerprints
from strongroom.quality.reading.blocks import Numbers
from strongroom.quality.reading.columns import arrow_type, read_batch
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake.table_files import batches_of

BLOBS = pa.schema(
    [
        ("range", pa.int32()), ("place", pa.int32()), ("theirs", pa.bool_()), ("variant", pa.int32()),
        ("path", pa.string()), ("start", pa.int64()), ("prints", pa.binary()), ("numbers", pa.binary()),
    ]
)  # fmt: skip
"""Fingerprints of one rule in one range; `theirs` are of a table, and have no numbers."""
STARTS = pa.schema([("start", pa.binary())])
TOKEN_START = 7
"""Letters of a token that hold the mark of its key."""
WHOLE = ("tinyint", "smallint", "int", "bigint")
"""Types whose values are alike whatever their width."""


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """What one rule asks of each row.

    Args:
        place: the rule's number among those of ACROSS.
        paths: its columns.
        keys: ids of the master keys to protect values with, each a variant; empty: values in clear.
    """

    place: int
    paths: tuple[str, ...]
    keys: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Which keys to look at, of which rows.

    Args:
        plan: the pass that the rows will go through.
        feed: where they come from.
        asked: the keys.
        run_id: names the key that makes fingerprints; it is derived where it is used.
        ranges: how many there are of fingerprints.
    """

    plan: PassPlan
    feed: Feed
    asked: tuple[KeyColumns, ...]
    run_id: str
    ranges: int

    @property
    def contract(self) -> Contract:
        """The contract with no other columns than those that hold a key."""
        return only_with(self.plan.contract, [path for key in self.asked for path in key.paths])


@dataclass(frozen=True, slots=True)
class TableScan:
    """The keys of a table for one rule, as they lie there: `columns` in the order of the rule's own, the `leaves`.

    `files` are the table's, each a number; without them the task is handed rows.
    """

    plan: PassPlan
    place: int
    columns: tuple[str, ...]
    leaves: tuple[Column, ...]
    files: tuple[str, ...]
    run_id: str
    ranges: int


def only_with(contract: Contract, paths: Iterable[str]) -> Contract:
    """The contract with no rules, and with no other columns than those that hold these paths."""
    tops = {path.partition(".")[0] for path in paths}
    columns = tuple(column for column in contract.as_read.columns if column.name in tops)
    return replace(contract, columns=columns, rules=(), set_rules=())


def findable(leaf: Column) -> bool:
    """Whether equal values lie in the published table as equal ones: kept, hashed, encrypted deterministically."""
    return is_kept(leaf) or shows_equality(leaf)


def leaves_of(contract: Contract, paths: Sequence[str]) -> tuple[Column, ...]:
    """The contract's columns at these paths."""
    leaves = {leaf.path: leaf for leaf in contract.leaves()}
    return tuple(leaves[path] for path in paths)


def scan(what: Scan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """BLOBS of the rows' keys. A row has none where a part of its key is null or cannot be read."""
    settle_worker()
    with no_values("the scan of keys"):
        contract, ways = what.contract, _ways(what)
        only = [column.name for column in contract.columns]
        for stretch in what.feed.stretches(batches, only=only):
            for block in stretch.blocks:
                typed = read_batch(block.rows, contract).batch
                for key, variant, printed in ways:
                    given, found = _given([leaf_at(typed, path) for path in key.paths])
                    told = {"place": key.place, "variant": variant, "path": stretch.path, "start": stretch.start}
                    yield from _blobs(printed(found), block.numbers[given], told, what.ranges)


def scan_table(what: TableScan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """BLOBS of a table's keys."""
    settle_worker()
    with no_values("the scan of keys"):
        secret, told = _secret(what.plan, what.run_id), {"place": what.place, "variant": 0, "path": "", "start": 0}
        for batch in batches_of(what.files, what.columns, batches):
            lying = (leaf_at(batch, path) for path in what.columns)
            _, found = _given([_alike(array, leaf) for array, leaf in zip(lying, what.leaves, strict=True)])
            kinds = [_kind(leaf) for leaf in what.leaves]
            yield from _blobs(fingerprints(found, kinds, key=secret), None, told, what.ranges)


def starts(what: TableScan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The different beginnings of a protected column's values, which say under which key they are: `start`, binary."""
    settle_worker()
    with no_values("the scan of keys"):
        for batch in batches_of(what.files, what.columns, batches):
            found = leaf_at(batch, what.columns[0]).drop_null()
            size = TOKEN_START if pa.types.is_string(found.type) else PREFIX
            begun = pc.unique(pc.binary_slice(found.cast(pa.binary()), 0, size))
            yield pa.RecordBatch.from_arrays([begun], schema=STARTS)


def _ways(what: Scan) -> list[tuple[KeyColumns, int, Callable[[Sequence[pa.Array]], Prints]]]:
    """Each key under each of its master keys, and what makes its fingerprints."""
    ring, secret = keyring_of(what.plan.keys), _secret(what.plan, what.run_id)
    found = list[tuple[KeyColumns, int, Callable[[Sequence[pa.Array]], Prints]]]()
    for key in what.asked:
        leaves = leaves_of(what.plan.contract, key.paths)
        for variant, one in enumerate(key.keys or (0,)):
            protect = [
                protector(leaf, table=what.plan.table, keyring=replace(ring, primary=one)) if one else _alike_to(leaf)
                for leaf in leaves
            ]
            found.append(
                (key, variant, partial(_printed, leaves=leaves, protect=protect, secret=secret, clear=not one))
            )
    return found


def _printed(
    arrays: Sequence[pa.Array], *, leaves: Sequence[Column], protect: Sequence[Callable[[pa.Array], pa.Array]],
    secret: Secret, clear: bool,
) -> Prints:  # fmt: skip
    hidden = [one(array) for one, array in zip(protect, arrays, strict=True)]
    return fingerprints(hidden, [leaf.type if clear else _kind(leaf) for leaf in leaves], key=secret)


def _secret(plan: PassPlan, run_id: str) -> Secret:
    """Of this run alone: what it makes can be compared with nothing that lies anywhere."""
    return keyring_of(plan.keys).derive(purpose_info("fingerprint", run_id), length=32)


def _given(arrays: Sequence[pa.Array]) -> tuple[Numbers, list[pa.Array]]:
    """Which rows have all parts of a key, and these."""
    given = reduce(pc.and_, [array.is_valid() for array in arrays])
    return np.flatnonzero(np.asarray(given)), [array.filter(given) for array in arrays]


def leaf_at(batch: pa.RecordBatch, path: str) -> pa.Array:
    """The values at a path; of a field in a struct that is null, null."""
    first, *rest = path.split(".")
    return reduce(
        lambda array, name: pc.struct_field(array, [array.type.get_field_index(name)]), rest, batch.column(first)
    )


def _kind(leaf: Column) -> Type:
    """What a leaf's values are as they lie in a table."""
    if is_kept(leaf):
        return leaf.type
    return Type("string" if output_type(leaf) == pa.string() else "binary")


def _alike_to(leaf: Column) -> Callable[[pa.Array], pa.Array]:
    return lambda array: _alike(array, replace(leaf, protect=None))


def _alike(array: pa.Array, leaf: Column) -> pa.Array:
    """A kept value in its contract's type: it may lie in a table with a narrower one."""
    if not is_kept(leaf):
        return array
    return array.cast(pa.int64() if leaf.type.name in WHOLE else arrow_type(leaf.type))


def _blobs(
    prints: Prints, numbers: Numbers | None, told: Mapping[str, object], ranges: int
) -> Iterator[pa.RecordBatch]:
    """Fingerprints by range; `numbers` of the rows where they are our own."""
    if not len(prints):
        return
    chosen = (prints[:, 0] % np.uint64(ranges)).astype(np.int32)
    order = np.argsort(chosen, kind="stable")
    edges = np.searchsorted(chosen[order], np.arange(ranges + 1))
    rows = []
    for one in np.flatnonzero(np.diff(edges)).tolist():
        here = order[edges[one] : edges[one + 1]]
        mine = b"" if numbers is None else np.asarray(numbers, np.int64)[here].tobytes()
        rows.append(
            {**told, "range": one, "theirs": numbers is None, "prints": prints[here].tobytes(), "numbers": mine}
        )
    yield pa.RecordBatch.from_pylist(rows, BLOBS)
