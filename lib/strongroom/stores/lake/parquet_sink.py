"""Writing a stage's Parquet files from a worker: as Delta's protocol demands, under names that no other attempt has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import filesystem_of
from strongroom.stores.spark.error_translation import translate

GROUP = 64 << 20
"""Bytes in memory that become one row group: Arrow's writer makes one of whatever it is handed."""
TARGET = 256 << 20
"""Bytes of a file after which the next one is begun."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage's files go.

    Args:
        folder: the stage, which is there already.
        stats: the columns whose minima and maxima may stand in the files; of any other no value does.
        umask: the mask of the run, which files of workers elsewhere have too; None where files have no mode.
    """

    folder: str
    stats: tuple[str, ...]
    umask: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole: its name in the folder, bytes, rows, and milliseconds since 1970."""

    name: str
    size: int
    rows: int
    modified: int


class ParquetSink:
    """Batches of one schema → files of a sensible size. What is not closed was never written.

    Statistics of a file may stand in its footer, and so in nobody's table log, only for columns that are open.
    """

    def __init__(self, place: Place, schema: pa.Schema, *, codec: str = "snappy") -> None:
        self._place, self._schema, self._codec = place, schema, codec
        self._filesystem, self._folder = filesystem_of(place.folder)
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0
        self._open: tuple[str, Any, Any] | None = None
        self._rows = 0
        self._written: list[Written] = []
        self._begun: list[str] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Takes a batch, and writes what it holds once that is a row group."""
        if batch.num_rows:
            self._held.append(batch)
            self._bytes += batch.nbytes
        if self._bytes >= GROUP:
            with self._storing():
                self._flush()

    def close(self) -> tuple[Written, ...]:
        """Writes what is left; the files that are whole now."""
        with self._storing():
            self._flush()
            self._finish()
        return tuple(self._written)

    def abandon(self) -> None:
        """Deletes what this attempt has written, as far as the storage lets it."""
        self._held = []
        with suppress(Exception):
            self._finish()
        for name in self._begun:
            with suppress(OSError):
                self._filesystem.delete_file(f"{self._folder}/{name}")

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """What the storage says, as one of our errors."""
        try:
            yield
        except OSError as error:
            todo = "Check free space and permission; readers keep the version they have."
            known = StoreError(
                "a file of the lake cannot be written", where=self._place.folder, todo=todo, code="table.unwritable"
            )
            raise translate(error) or known from None

    def _flush(self) -> None:
        if not self._held:
            return
        table = pa.Table.from_batches(self._held, self._schema)
        self._held, self._bytes = [], 0
        _, out, writer = self._open = self._open or self._begin()
        writer.write_table(table, row_group_size=table.num_rows)
        self._rows += table.num_rows
        if out.tell() >= TARGET:
            self._finish()

    def _begin(self) -> tuple[str, Any, Any]:
        if self._place.umask is not None:
            os.umask(self._place.umask)
        name = f"part-{uuid4().hex}.parquet"
        self._begun.append(name)
        out = self._filesystem.open_output_stream(f"{self._folder}/{name}")
        try:
            writer = pq.ParquetWriter(
                out, self._schema, compression=self._codec, store_schema=False, write_page_checksum=True,
                write_statistics=list(self._place.stats) or False,
            )  # fmt: skip
        except BaseException:
            out.close()
            raise
        return name, out, writer

    def _finish(self) -> None:
        if self._open is None:
            return
        name, out, writer = self._open
        self._open = None
        try:
            writer.close()
        finally:
            out.close()
        info = self._filesystem.get_file_info(f"{self._folder}/{name}")
        if info.type != pafs.FileType.File:
            raise StoreError(
                "a file is gone that was just written", where=self._place.folder, todo="Run again.", code="table.gone"
            )
        self._written.append(Written(name, info.size, self._rows, info.mtime_ns // 1_000_000))
        self._rows = 0


def make_folder(folder: str) -> None:
    """The stage's folder; object stores have none."""
    if "://" not in folder:
        filesystem, path = filesystem_of(folder)
        filesystem.create_dir(path, recursive=True)
