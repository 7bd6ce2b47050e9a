"""The lake: Delta tables under one root, made and read without starting Java.

A table is named `zone.name` and lies at `<root>/<zone>/<name>`. Spark writes data files into a stage inside the table's
folder; `stores/lake/commits.py` makes them the table's next version in one metadata commit, so that readers see all of
a run or nothing of it. Why this way: docs/decisions/publication.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import CommitProperties, DeltaTable, TableFeatures
from deltalake.exceptions import DeltaError, TableNotFoundError

from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.sql_text import Condition
from strongroom.core.uris import plain_uri
from strongroom.stores.table_plan import TablePlan, delta_schema, plain_type

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake under a root folder or URI."""

    root: str

    def __post_init__(self) -> None:
        if self.root.startswith("catalog:"):
            todo = "Give the path or URI of the lake's root; docs/decisions/publication.md says why."
            raise ConfigError([Problem("a lake in a catalog is not served yet", self.root, todo, "settings.not-run")])

    def folder(self, table: str) -> str:
        """Where a table lies. Raises StoreError when the name is none."""
        if not _NAME.fullmatch(table):
            raise StoreError("this is not a table's name", where=repr(table[:80]), todo="Write zone.name.")
        return f"{self.root.rstrip('/')}/{table.replace('.', '/')}"

    def open(self, table: str) -> DeltaTable | None:
        """The table's newest version, or None when there is no such table. Raises StoreError when it cannot be read."""
        try:
            return DeltaTable(self.folder(table))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise self._unreadable(table) from error

    def open_at(self, table: str, version: int) -> DeltaTable | None:
        """An earlier version of a table, or None where its log does not tell of it any more."""
        try:
            return DeltaTable(self.folder(table), version=version)
        except (DeltaError, OSError):
            return None

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
            if self.open(table) is None:  # else another process made it at this moment
                raise self.unwritable(table) from error
        return self.ensure(table, plan)

    def read(
        self, table: str, columns: Sequence[str] | None = None, *, where: Condition | None = None
    ) -> pa.Table | None:
        """A small table in memory (the rows for which the condition holds), or None when there is no such table."""
        found = self.open(table)
        return None if found is None else self.rows(table, found, columns, where=where)

    def rows(
        self, table: str, found: DeltaTable, columns: Sequence[str] | None = None, *, where: Condition | None = None
    ) -> pa.Table:
        """The same of a table that is open."""
        try:
            # Not to_pyarrow_table(): its reader threads now and then abort the interpreter at exit.
            rows = pa.table(found.scan(columns=list(columns) if columns else None, predicate=where))
            return rows.cast(pa.schema([pa.field(field.name, plain_type(field.type)) for field in rows.schema]))
        except (DeltaError, OSError, pa.ArrowException) as error:
            raise self._unreadable(table) from error

    def spark_path(self, table: str, stage: str = "") -> str:
        """A table's folder, or a stage in it, as Spark is to write it, whatever its default file system is."""
        folder = f"{self.folder(table)}/{stage}".rstrip("/")
        return folder if "://" in folder else f"file://{folder}"

    def _unreadable(self, table: str) -> StoreError:
        return StoreError(
            "this table cannot be read",
            where=f"{table} ({self.folder(table)})",
            todo="Check its folder.",
            code="table.unreadable",
        )

    def unwritable(self, table: str) -> StoreError:
        """What to raise when the storage refused."""
        return StoreError(
            "this table cannot be written", where=f"{table} ({self.folder(table)})",
            todo="Check free space and permission; readers keep the version they have.", code="table.unwritable",
        )  # fmt: skip


def name_features(table: DeltaTable, props: CommitProperties | None = None) -> None:
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
        table.alter.add_feature(TableFeatures.Invariants, commit_properties=props)
    if checked and "checkConstraints" not in there:
        table.alter.add_feature(TableFeatures.CheckConstraints, commit_properties=props)


def filesystem_of(uri: str) -> tuple[Any, str]:
    """The file system of a path or URI, and the path inside it. Hadoop's `s3a` is Arrow's `s3`.

    Where a store lies and who we are there stands in variables: `stores/storage.py`.

    There an upload in parts begins only once there is a second part: whoever is killed before leaves nothing.
    """
    if "://" not in uri:
        return pafs.LocalFileSystem(), uri.rstrip("/") or "/"
    if uri.startswith("abfss://"):
        return _azure(uri)
    uri = plain_uri(uri)
    late = "?allow_delayed_open=true" if uri.startswith("s3://") and "?" not in uri else ""
    filesystem, path = pafs.FileSystem.from_uri(uri + late)
    return filesystem, path.rstrip("/")


def _azure(uri: str) -> tuple[Any, str]:
    """Arrow asks the variables for roles only; key and endpoint it is told, which deltalake finds there by itself."""
    parts = urlsplit(uri)
    account = parts.netloc.rpartition("@")[2].partition(".")[0]
    known: dict[str, Any] = {
        word: os.environ[name]
        for name, word in (("AZURE_STORAGE_ACCOUNT_KEY", "account_key"), ("AZURE_STORAGE_SAS_TOKEN", "sas_token"))
        if os.environ.get(name)
    }
    if endpoint := urlsplit(os.environ.get("AZURE_STORAGE_ENDPOINT", "")).netloc:
        known |= dict.fromkeys(("blob_storage_authority", "dfs_storage_authority"), endpoint)
        scheme = os.environ["AZURE_STORAGE_ENDPOINT"].partition(":")[0]
        known |= dict.fromkeys(("blob_storage_scheme", "dfs_storage_scheme"), scheme)
    path = f"{parts.username or parts.netloc.partition('@')[0]}{unquote(parts.path)}"
    return pafs.AzureFileSystem(account_name=account, **known), path.rstrip("/")
