"""The files of a published table at one version, for workers that read them themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.escaping import glob_words
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.reader_features import needs_spark
from strongroom.stores.lake.staging import is_of

_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class TableFiles:
    """A table at a version.

    Args:
        name: `zone.name`.
        version: the version; -1 of files that are staged.
        folder: where it lies.
        paths: of the files, in full.
        size: bytes of all.
        without: the stage whose files are left out.
        why_not: what of the table only Spark reads; empty where workers can.
    """

    name: str
    version: int
    folder: str
    paths: tuple[str, ...]
    size: int
    without: str = ""
    why_not: str = ""

    @property
    def spark_paths(self) -> list[str]:
        """The paths as Spark's readers take them."""
        return [glob_words(path if "://" in path else f"file://{path}") for path in self.paths]


def files_at(lake: Lake, table: DeltaTable, name: str, *, without: str = "") -> TableFiles:
    """The files of the version that is open here, but those of one batch's stage."""
    folder = lake.folder(name)
    actions = table.get_add_actions(flatten=True)
    pairs = [
        (unquote(path), size)
        for path, size in zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True)
        if not (without and is_of(path, without))
    ]
    paths = tuple(path if "://" in path or path.startswith("/") else f"{folder}/{path}" for path, _ in pairs)
    return TableFiles(
        name, int(table.version()), folder, paths, sum(size for _, size in pairs), without, _why_not(table)
    )


def batches_of(
    files: Sequence[str], columns: Sequence[str], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What a task looks at of a table: batches of the columns at these paths, of the files whose numbers it is handed.

    Without files it is handed the rows themselves. A file that lacks a column has nothing but nulls there.
    """
    if not files:
        yield from batches
        return
    tops = sorted({path.partition(".")[0] for path in columns})
    for batch in batches:
        for number in batch.column(0).to_pylist():
            filesystem, path = filesystem_of(files[number])
            with filesystem.open_input_file(path) as raw, pq.ParquetFile(raw, pre_buffer=True) as file:
                if set(tops) <= set(file.schema_arrow.names):
                    yield from file.iter_batches(_ROWS, columns=tops, use_threads=False)


def _why_not(table: DeltaTable) -> str:
    """Of a published table, unlike a source, nobody looks at what the log says of partitions."""
    parted = "its partition columns stand in no file" if table.metadata().partition_columns else ""
    return needs_spark(table) or parted
