"""Writes the access matrix where people want it: Parquet, CSV, or a Delta table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError
from strongroom.core.escaping import cell, visible_lines


def write_cells(cells: pa.Table, path: str) -> None:
    """Write to `FILE.parquet`, `FILE.csv`, or else as the newest version of the Delta table in that folder.

    Raises:
        StoreError: it cannot be written.
    """
    schema = pa.schema([(name, pa.string()) for name in cells.column_names])
    try:
        if path.endswith(".parquet"):
            pq.write_table(cells, path)
        elif path.endswith(".csv"):
            pacsv.write_csv(_shown(cells).cast(schema), path)
        else:
            write_deltalake(path, cells.cast(schema), mode="overwrite")
    except (OSError, DeltaError) as error:
        todo = "Check that the folder is there and writable."
        raise StoreError(
            "The access matrix cannot be written.", where=path, todo=todo, code="output.unwritable"
        ) from error


def _shown(cells: pa.Table) -> pa.Table:
    """The cells as a spreadsheet shows them, and never computes one."""
    columns = [column.combine_chunks().dictionary_encode() for column in cells.columns]  # each text once
    shown = [
        pa.DictionaryArray.from_arrays(each.indices, [cell(text) for text in each.dictionary.to_pylist()])
        for each in columns
    ]
    return pa.table(shown, names=cells.column_names)


def write_lines(text: str, path: str) -> None:
    """Write lines for people, as a terminal would be shown them, or a page of HTML.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        Path(path).write_text(visible_lines(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"The file cannot be written: {error.strerror}.", where=path, code="output.unwritable"
        ) from error
