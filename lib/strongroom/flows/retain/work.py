"""What is done for one data set: in each place that holds its rows, those that have had their time go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract, Retention
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import StoreError
from strongroom.core.lineage import NOBODY, LakeMap, Node
from strongroom.core.run import Job
from strongroom.core.zones import PROJECTED
from strongroom.flows.erase.finding import Finder
from strongroom.flows.erase.left_files import drop_left
from strongroom.flows.erase.places import SHOWN, Place
from strongroom.flows.erase.tables import Find, Hits, erased, hits
from strongroom.flows.foundation.authorise import held
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.retain.finding import SealedRows, by_key, by_time, young_keys
from strongroom.stores.lake import Lake
from strongroom.stores.lake.others import files_of

MODELS = "models"
"""What the map calls models."""


@dataclass(slots=True)
class Told:
    """What there is to do, or was done, in one table."""

    table: str
    rows: int = 0
    files: int = 0
    version: int | None = None
    why: str = ""


@dataclass(slots=True)
class Work:
    """One data set: where its rows are, which of them are too old, and what was done."""

    job: Job
    contract: Contract
    retention: Retention
    known: LakeMap
    since: datetime
    done: list[Told] = field(default_factory=list)
    held: list[Told] = field(default_factory=list)
    unreached: list[Told] = field(default_factory=list)
    due: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Lake:
        return Lake(self.job.settings.lake)

    def nodes(self) -> Iterator[Node]:
        """What holds rows of the data set: what is derived first, while its keys can still be told; then the table,
        what was set aside, and last the copies of roles, which follow the files of their sources.
        """
        below = [self.known.node(name) for name in self.known.below(self.contract.training)]
        derived = [node for node in below if node is not None and node.whose.answer != NOBODY]
        own = [self.known.node(name) for name in (self.contract.training, self.contract.quarantine)]
        yield from (node for node in derived if node.kind != PROJECTED)
        yield from (node for node in own if node is not None)
        yield from (node for node in derived if node.kind == PROJECTED)

    def each(self) -> None:
        """Every place, unless the law keeps it."""
        for node in self.nodes():
            if reason := self.hold(node.name):
                self.held.append(Told(node.name, why=reason))
            elif node.kind == MODELS:
                if any(told.rows for told in self._counted(node)):
                    self.due.append(node.name)
            else:
                self._one(node)

    def hold(self, table: str) -> str:
        """By which denies of the policy a table stays; empty where none does."""
        return held(self.job, table, contract=self.contract)

    def _counted(self, node: Node) -> Iterator[Told]:
        """What the sources of a model hold that is too old, as far as that can still be read."""
        for edge in self.known.into(node.name):
            found = None if edge.version is None else self._at(edge.source, edge.version)
            find = None if found is None else self._by_columns(edge.source, found)
            if found is None or find is None:
                self.unreached.append(Told(node.name, why=f"what it was fitted on cannot be read: {edge.source}"))
                continue
            try:
                yield _told(edge.source, hits(found, find))
            except FileNotFoundError:
                yield Told(edge.source, rows=1)  # files of it have gone, as those of rows that were too old do

    def _at(self, table: str, version: int) -> DeltaTable | None:
        try:
            return self.lake.open_at(table, version)
        except StoreError:
            return None

    def _one(self, node: Node) -> None:
        found = self.lake.open(node.name)
        if found is None:
            return
        find = self._find(node, found)
        if find is None:
            why = f"it has neither {self.retention.path!r} nor a row key: make it anew by its job"
            self.unreached.append(Told(node.name, why=why))
        elif self.job.args.dry_run:
            self.done.append(_told(node.name, hits(found, find)))
        else:
            gone = erased(self.lake, node.name, find, number=None, run_id=self.job.run.id)
            drop_left(self.lake, node.name, now=self.job.run.started.timestamp(), holds=lambda path: _holds(find, path))
            self.done.append(_told(node.name, gone))
            self._tell(self.done[-1])
            if node.kind == PROJECTED and gone.files:
                self.due.append(node.name)

    def _find(self, node: Node, found: DeltaTable) -> Find | None:
        if node.kind == "quarantine":
            return SealedRows.of(self.lake, self.contract, ring_of(self.job.settings, self.lake), self.since).find
        if node.kind == PROJECTED:
            edges = tuple((edge.source, edge.version) for edge in self.known.into(node.name))
            finder = Finder(self.job, ring_of(self.job.settings, self.lake), {})
            return finder.shown(Place(node.name, SHOWN, node, edges))
        if node.name == self.contract.corrections:
            return self._by_person(node.name)
        return self._by_columns(node.name, found) or self._by_key(node, found)

    def _by_person(self, table: str) -> Find | None:
        """What people have put right goes with their last row in the training table."""
        source = self.lake.open(self.contract.training)
        young = None if source is None else self._young(source, TAG)
        return None if young is None else by_key(self.lake, table, TAG, young)

    def _young(self, source: DeltaTable, column: str) -> pa.Array:
        time, table = self.retention.path, self.contract.training
        return young_keys(self.lake, table, source, column=column, time=time, since=self.since)

    def _by_columns(self, table: str, found: DeltaTable) -> Find | None:
        path, schema = self.retention.path, pa.schema(found.schema().to_arrow())
        if path not in schema.names or not pa.types.is_temporal(schema.field(path).type):
            return None
        return by_time(self.lake, table, path, self.since)

    def _by_key(self, node: Node, found: DeltaTable) -> Find | None:
        """By the keys that the training table has still: what is of no row of it has no ground to stay."""
        key, source = self.contract.role("key"), self.lake.open(self.contract.training)
        tables = (found, source)
        if key is None or any(key.name not in _names(table) for table in tables) or source is None:
            return None
        find = by_key(self.lake, node.name, key.name, self._young(source, key.name))
        kept = any(not find(path)[0].all() for path in files_of(found))
        return find if kept or not files_of(found) else None  # or its keys are others: masked, or of another key

    def _tell(self, told: Told) -> None:
        facts = {"rows": told.rows, "files": told.files, "version": told.version, "before": f"{self.since:%Y-%m-%d}"}
        AuditLog.open(self.job.settings).append(
            Event.made(self.job.run, "retain", "done", table=told.table, facts=facts)
        )


def _holds(find: Find, path: str) -> bool:
    """Whether a file that no version names holds rows that are too old; one that cannot be read may."""
    try:
        return bool(find(path)[0].any())
    except (OSError, pa.ArrowException):
        return True


def _told(table: str, found: Hits) -> Told:
    return Told(table, found.rows.total(), found.files, found.version)


def _names(table: DeltaTable | None) -> frozenset[str]:
    return frozenset(() if table is None else (field.name for field in table.schema().fields))
