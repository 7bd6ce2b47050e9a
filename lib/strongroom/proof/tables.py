"""Files of columns as batches of bounded size: Parquet, Arrow's IPC, ORC; told by how they begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq

from strongroom.proof.contents import DAMAGED
from strongroom.proof.dictionary_pages import dictionary

BATCH = 16 << 20
"""Bytes that a batch has, about."""
_MOST_ROWS = 1 << 17
_SMALL = 3.0
"""Bytes a value takes in a file up to which a column of texts is read as its dictionary."""


class Piece(NamedTuple):
    """Some rows of a file: where they are, and the row there that is the first; or why they cannot be had."""

    where: str
    first: int
    batch: pa.RecordBatch | None
    why: str = ""


def is_table(head: bytes) -> bool:
    """Whether a file that begins like this holds columns."""
    return head.startswith((b"PAR1", b"ARROW1\0\0", b"ORC", b"\xff\xff\xff\xff"))


def pieces(head: bytes, file: Any, worth: Callable[[np.ndarray], bool]) -> Iterator[Piece]:
    """The rows of a file, one batch after the other.

    Args:
        head: the file's first bytes.
        file: opened.
        worth: whether bytes may hold what is wanted.
    """
    if head.startswith(b"PAR1"):
        return _parquet(file, worth)
    if head.startswith(b"ORC"):
        return _orc(file)
    return _ipc(file, random=head.startswith(b"ARROW1"))


def _parquet(file: Any, worth: Callable[[np.ndarray], bool]) -> Iterator[Piece]:
    metadata = pq.read_metadata(file)
    with pq.ParquetFile(
        file, metadata=metadata, read_dictionary=_dictionaries(metadata), buffer_size=1 << 20
    ) as opened:
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            where, first = f"row group {number}", 0
            for column in map(group.column, range(group.num_columns)):
                yield from _dictionary_page(column, file, f"{where}, dictionary page", worth)
            if (ends := _ends(group)) is not None:
                yield Piece(f"{where}, statistics", 0, ends)
            rows = max(1, min(_MOST_ROWS, BATCH * max(1, group.num_rows) // max(1, group.total_byte_size)))
            for batch in opened.iter_batches(rows, row_groups=[number], use_threads=False):
                yield Piece(where, first, batch)
                first += len(batch)


def _dictionary_page(
    column: pq.ColumnChunkMetaData, file: Any, where: str, worth: Callable[[np.ndarray], bool]
) -> Iterator[Piece]:
    try:
        values = dictionary(column, file, worth)
    except DAMAGED as fault:
        yield Piece(where, 0, None, f"of some column; it cannot be read ({type(fault).__name__})")
        return
    if values is not None:
        yield Piece(where, 0, pa.RecordBatch.from_arrays([values], names=[column.path_in_schema]))


def _dictionaries(metadata: pq.FileMetaData) -> list[str]:
    """The flat columns of texts that stand in few bytes a value: their dictionaries hold all, and are searched once."""
    found = []
    for number in range(metadata.num_columns):
        column = metadata.schema.column(number)
        if column.physical_type == "BYTE_ARRAY" and column.max_repetition_level == 0 and "." not in column.path:
            chunks = [metadata.row_group(group).column(number) for group in range(metadata.num_row_groups)]
            size = sum(chunk.total_uncompressed_size for chunk in chunks)
            if size < _SMALL * sum(chunk.num_values for chunk in chunks):
                found.append(column.path)
    return found


def _ends(group: pq.RowGroupMetaData) -> pa.RecordBatch | None:
    """The least and the greatest of each column of numbers or days, as the footer says; texts stand there as such."""
    names, arrays = [], []
    for number in range(group.num_columns):
        column = group.column(number)
        ends = column.statistics if column.is_stats_set else None
        if ends is not None and ends.has_min_max and column.physical_type != "BYTE_ARRAY":
            try:
                arrays.append(pa.array([ends.min, ends.max]))
            except pa.ArrowException:
                continue
            names.append(column.path_in_schema)
    return pa.RecordBatch.from_arrays(arrays, names=names) if names else None


def _ipc(file: Any, *, random: bool) -> Iterator[Piece]:
    if random:
        opened = pa.ipc.open_file(file)
        batches = (opened.get_batch(number) for number in range(opened.num_record_batches))
    else:
        batches = iter(pa.ipc.open_stream(file))
    for number, batch in enumerate(batches):
        yield Piece(f"batch {number}", 0, batch)


def _orc(file: Any) -> Iterator[Piece]:
    opened = orc.ORCFile(file)
    for number in range(opened.nstripes):
        yield Piece(f"stripe {number}", 0, opened.read_stripe(number))
