"""Timestamps as Spark writes them unless told otherwise: INT96, of which Delta's protocol knows nothing.

Other readers take them for nanoseconds, which end in 2262, and writers among them make the wrong moment the true one.
"""

from __future__ import annotations

from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of


def old_files(lake: Lake, table: str, *, most: int | None = None) -> tuple[list[str], int]:
    """The files of a table's newest version that hold such timestamps, as the log has them, and how many were asked.

    Only footers are read, and none of a table without moments. Old files are the ones that may hold them: with `most`,
    only so many of the oldest are asked.

    Raises:
        StoreError: the table or one of its files cannot be read.
    """
    found = lake.open(table)
    if found is None or not any(_has_moment(field.type) for field in pa.schema(found.schema().to_arrow())):
        return [], 0
    filesystem, folder = filesystem_of(lake.folder(table))
    paths = _oldest_first(found)[:most]
    try:
        old = [path for path in paths if _is_old(pq.read_metadata(f"{folder}/{unquote(path)}", filesystem=filesystem))]
    except (OSError, pa.ArrowException):
        raise StoreError(
            "a file of this table cannot be read", where=table, todo="Check its folder.", code="table.unreadable"
        ) from None
    return old, len(paths)


def _oldest_first(table: DeltaTable) -> list[str]:
    files = pa.table(table.get_add_actions(flatten=True)).select(["modification_time", "path"]).to_pylist()
    return [file["path"] for file in sorted(files, key=lambda file: (file["modification_time"], file["path"]))]


def _is_old(file: pq.FileMetaData) -> bool:
    return any(file.schema.column(place).physical_type == "INT96" for place in range(file.num_columns))


def _has_moment(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) or any(_has_moment(kind.field(place).type) for place in range(kind.num_fields))
