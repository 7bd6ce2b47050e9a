"""How rows that have had their time are found: by the column that tells it, by the row's key, or by opening a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.keys.ring import Keyring
from strongroom.flows.erase.tables import Find
from strongroom.flows.quarantine.sealed_feed import Opened, openings_of
from strongroom.flows.row_pass.person_gates import TOO_OLD, too_old
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import opened
from strongroom.stores.lake.others import files_of
from strongroom.stores.sources import manifest

Flags = npt.NDArray[np.bool_]
_ROWS = 1 << 16


def by_time(lake: Lake, table: str, column: str, since: datetime) -> Find:
    """Finds rows by the time that a column tells."""

    def find(path: str) -> tuple[Flags, Counter[str]]:
        return _told([too_old(times, since) for times in _column(lake, table, path, column)])

    return find


def by_key(lake: Lake, table: str, column: str, young: pa.Array) -> Find:
    """Finds rows whose key is none of these, as it lies there; a row without a key stays."""

    def find(path: str) -> tuple[Flags, Counter[str]]:
        return _told([~stays(keys, young) for keys in _column(lake, table, path, column)])

    return find


def stays(keys: pa.Array, young: pa.Array) -> Flags:
    """Which of n keys are among these, or are none: flags, n."""
    known = pc.is_in(keys.cast(young.type), value_set=young)
    return np.asarray(pc.or_(known, pc.is_null(keys)))


def _column(lake: Lake, table: str, path: str, column: str) -> list[pa.Array]:
    with opened(lake, table, path) as file:
        if column not in file.schema_arrow.names:  # a file of before the column: nobody can tell how old its rows are
            return [pa.nulls(file.metadata.num_rows, pa.timestamp("us", "UTC"))]
        return [batch.column(0) for batch in file.iter_batches(batch_size=_ROWS, columns=[column])]


def _told(parts: list[Flags]) -> tuple[Flags, Counter[str]]:
    rows = np.concatenate(parts) if parts else np.zeros(0, np.bool_)
    return rows, Counter({TOO_OLD: int(rows.sum())} if rows.any() else {})


def young_keys(lake: Lake, table: str, found: DeltaTable, *, column: str, time: str, since: datetime) -> pa.Array:
    """The keys of a table's rows that have their time still."""
    young = list[pa.Array]()
    for path in files_of(found):
        for keys, times in zip(_column(lake, table, path, column), _column(lake, table, path, time), strict=True):
            young.append(keys.filter(pa.array(~too_old(times, since))).drop_null())
    return pc.unique(pa.chunked_array(young)) if young else pa.array([], pa.string())


@dataclass(slots=True)
class SealedRows:
    """Finds rows in the files of a quarantine: those whose time can be read by it, the others by when they came in.

    Args:
        lake: where it lies.
        contract: of its rows.
        ring: opens them.
        since: the instant before which rows are too old.
        planned: batch → when it was planned; its rows are older.
        unsure: rows whose time nobody can read and that have come in since.
    """

    lake: Lake
    contract: Contract
    ring: Keyring
    since: datetime
    planned: Mapping[int, datetime]
    unsure: int = 0
    _counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, lake: Lake, contract: Contract, ring: Keyring, since: datetime) -> SealedRows:
        """Those of a contract's quarantine."""
        rows = manifest.planned(lake, contract.name)
        return cls(lake, contract, ring, since, rows)

    def find(self, path: str) -> tuple[Flags, Counter[str]]:
        """Which rows of a file have had their time."""
        table = self.contract.quarantine
        with opened(self.lake, table, path) as file:
            rows = file.metadata.num_rows
            batches = (
                file.read(["batch"]).column(0).to_pylist() if "batch" in file.schema_arrow.names else [None] * rows
            )
        place = f"{self.lake.folder(table)}/{unquote(path)}"
        found = np.zeros(rows, np.bool_)
        for _, _, some in openings_of(self.lake, self.contract, self.ring.handle, files=[place], batches=batches):
            self._look(some, found, batches)
        return _told([found])

    def _look(self, some: Opened, found: Flags, batches: list[int | None]) -> None:
        retention, read, places = self.contract.retention, self.contract.as_read, some.again.places
        loose = [*some.others.values()]
        if len(places) and retention is not None:
            times = read_batch(some.again.rows, read).batch.column(retention.path)
            found[some.before + places[too_old(times, self.since)]] = True
            loose.append(places[np.asarray(times.is_null())])
        for place in np.concatenate(loose).tolist() if loose else ():
            batch = batches[some.before + place]
            came = None if batch is None else self.planned.get(batch)
            if came is not None and came < self.since:
                found[some.before + place] = True
            else:
                self.unsure += 1
