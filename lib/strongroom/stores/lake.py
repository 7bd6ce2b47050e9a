"""The lake: Delta tables under one root, made, read and committed to without starting Java.

A table is named `zone.name` and lies at `<root>/<zone>/<name>`. Spark writes data files into a stage inside the table's
folder; `commit` makes them the table's next version in one metadata commit, so that readers see all of a run or nothing
of it. Why this way: docs/decisions/publication.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import CommitProperties, DeltaTable, TableFeatures, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.stores.table_plan import PRIVATE, TablePlan, delta_schema, plain_type

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")

_TRIES = 10
"""How often an append is tried that another process crosses; in each round at least one of them comes through."""


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake under a root folder or URI."""

    root: str

    def __post_init__(self) -> None:
        if self.root.startswith("catalog:"):
            todo = "Give the path or URI of the lake's root; docs/decisions/publication.md says why."
            raise ConfigError([Problem("a lake in a catalog is not served yet", self.root, todo)])

    def folder(self, table: str) -> str:
        """Where a table lies. Raises StoreError when the name is none."""
        if not _NAME.fullmatch(table):
            raise StoreError("this is not a table's name", where=repr(table[:80]), todo="Write zone.name.")
        return f"{self.root.rstrip('/')}/{table.replace('.', '/')}"

    def sql(self, table: str) -> str:
        """The table as Spark SQL names it."""
        return f"delta.`{self.folder(table)}`"

    def open(self, table: str) -> DeltaTable | None:
        """The table's newest version, or None when there is no such table. Raises StoreError when it cannot be read."""
        try:
            return DeltaTable(self.folder(table))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise self._unreadable(table) from error

    def ensure(self, table: str, plan: TablePlan) -> DeltaTable:
        """The table, made empty when it is not there yet."""
        found = self.open(table)
        if found is not None:
            return found
        try:
            made = DeltaTable.create(
                self.folder(table),
                delta_schema(plan.schema),
                mode="ignore",
                name=table,
                description=plan.description,
                configuration=plan.configuration(),
                raise_if_key_not_exists=False,
            )
            name_features(made)
            return made
        except (DeltaError, OSError) as error:
            raise self._unwritable(table) from error

    def read(self, table: str, columns: Sequence[str] | None = None, *, where: str | None = None) -> pa.Table | None:
        """A small table in memory (the rows for which the SQL condition holds), or None when there is no such table."""
        found = self.open(table)
        if found is None:
            return None
        try:
            # Not to_pyarrow_table(): its reader threads now and then abort the interpreter at exit.
            rows = pa.table(found.scan(columns=list(columns) if columns else None, predicate=where))
            return rows.cast(pa.schema([pa.field(field.name, plain_type(field.type)) for field in rows.schema]))
        except (DeltaError, OSError, pa.ArrowException) as error:
            raise self._unreadable(table) from error

    def append(self, table: str, rows: pa.Table, *, once: tuple[str, int] | None = None) -> None:
        """Appends rows to a small table of our own, and makes it when it is not there.

        `once` is (writer, number): with it the rows are written only if that writer has not written that number yet.
        """
        props = CommitProperties(app_transactions=[Transaction(*once)]) if once else CommitProperties()
        for left in reversed(range(_TRIES)):
            found = self.open(table)
            if once and found is not None and (found.transaction_version(once[0]) or 0) >= once[1]:
                return
            try:
                write_deltalake(
                    found if found is not None else self.folder(table),
                    rows,
                    mode="append",
                    schema_mode="merge",
                    commit_properties=props,
                    configuration=None if found is not None else {**PRIVATE, "delta.dataSkippingNumIndexedCols": "0"},
                )
                return
            except CommitFailedError as error:  # another process made the table at this moment, or changed its columns
                if not left:
                    raise self._unwritable(table) from error
            except (DeltaError, OSError) as error:
                raise self._unwritable(table) from error

    def commit(
        self, table: str, *, onto: DeltaTable, files: Iterable[AddAction], mode: str, schema: pa.Schema | None = None,
        writers: Mapping[str, int], note: Mapping[str, str],
    ) -> int:  # fmt: skip
        """Makes staged files the table's next version, all or none, and returns the version's number.

        Args:
            table: the table's name.
            onto: the version the run was planned on. If one of `writers` has committed since, nothing is changed.
            files: what `staged` returned.
            mode: `overwrite` replaces what the table holds, `append` adds to it.
            schema: the new columns, for `overwrite` only.
            writers: writer → number, kept in the Delta log.
            note: what the version's history says of it.

        Raises:
            StoreError: another run committed first, or the storage refused.
        """
        if any((onto.transaction_version(name) or 0) >= number for name, number in writers.items()):
            raise _overtaken(table)
        try:
            onto.create_write_transaction(
                list(files),
                mode,
                delta_schema(schema) if schema is not None and mode == "overwrite" else onto.schema(),
                partition_by=[],
                commit_properties=CommitProperties(
                    custom_metadata=dict(note), app_transactions=[Transaction(*pair) for pair in writers.items()]
                ),
            )
        except CommitFailedError as error:
            raise _overtaken(table) from error
        except (DeltaError, OSError) as error:
            raise self._unwritable(table) from error
        return int(DeltaTable(self.folder(table)).version())

    def without(self, table: str, onto: DeltaTable, *, where: str) -> DeltaTable:
        """The table after rows of an SQL condition are deleted; an empty condition deletes nothing."""
        if not where:
            return onto
        try:
            onto.delete(where)
        except (DeltaError, OSError) as error:
            raise self._unwritable(table) from error
        return onto

    def spark_path(self, table: str, stage: str = "") -> str:
        """A table's folder, or a stage in it, as Spark is to write it, whatever its default file system is."""
        folder = f"{self.folder(table)}/{stage}".rstrip("/")
        return folder if "://" in folder else f"file://{folder}"

    def _unreadable(self, table: str) -> StoreError:
        return StoreError(
            "this table cannot be read", where=f"{table} ({self.folder(table)})", todo="Check its folder."
        )

    def _unwritable(self, table: str) -> StoreError:
        return StoreError(
            "this table cannot be written", where=f"{table} ({self.folder(table)})",
            todo="Check free space and permission; readers keep the version they have.",
        )  # fmt: skip


def name_features(table: DeltaTable) -> None:
    """Has a protocol that lists features (as for moments without a zone) list all that are in use: else Spark does not
    read the table. deltalake leaves out the one of columns that may not be null.
    """
    protocol = table.protocol()
    if protocol.min_writer_version < 7:
        return
    required = not all(field.nullable for field in table.schema().fields)
    checked = any(key.startswith("delta.constraints.") for key in table.metadata().configuration)
    there = protocol.writer_features or ()
    if required and "invariants" not in there:
        table.alter.add_feature(TableFeatures.Invariants)
    if checked and "checkConstraints" not in there:
        table.alter.add_feature(TableFeatures.CheckConstraints)


def _overtaken(table: str) -> StoreError:
    what = "another run committed to this table first, so this one changed nothing"
    return StoreError(what, where=table, todo="Run again.")


def filesystem_of(uri: str) -> tuple[Any, str]:
    """The file system of a path or URI, and the path inside it. Hadoop's `s3a` is Arrow's `s3`."""
    if "://" not in uri:
        return pafs.LocalFileSystem(), uri.rstrip("/") or "/"
    filesystem, path = pafs.FileSystem.from_uri(re.sub(r"^s3[an]://", "s3://", uri))
    return filesystem, path.rstrip("/")
