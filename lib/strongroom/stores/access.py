"""Writes the access matrix where people want it: Parquet, CSV, or a Delta table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError


def write_cells(cells: pa.Table, path: str) -> None:
    """Write to `FILE.parquet`, `FILE.csv`, or else as the newest version of the Delta table in that folder.

    Raises:
        StoreError: it cannot be written.
    """
    plain = cells.cast(pa.schema([(name, pa.string()) for name in cells.column_names]))
    try:
        if path.endswith(".parquet"):
            pq.write_table(cells, path)
        elif path.endswith(".csv"):
            pacsv.write_csv(plain, path)
        else:
            write_deltalake(path, plain, mode="overwrite")
    except (OSError, DeltaError) as error:
        todo = "Check that the folder is there and writable."
        raise StoreError("The access matrix cannot be written.", where=path, todo=todo) from error


def write_page(page: str, path: str) -> None:
    """Write a page of HTML.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The page cannot be written: {error.strerror}.", where=path) from error
