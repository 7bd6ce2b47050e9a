"""How many rows of a row group are read at once, so that what they become stays small.

The footer tells the bytes of plain pages. A dictionary's page holds each value once, however often it comes, so the
longest value of each dictionary is looked up first; what is larger nevertheless is cut before it is worked on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_HIDING = ("PLAIN_DICTIONARY", "RLE_DICTIONARY")
_LEAST = 64
"""Rows that are read at once whatever a dictionary holds: one long value among short ones must not slow down all."""

_STEP = 4 << 20
"""Bytes that are read at once for one row: else all of the row group's."""


class Dictionaries:
    """What the dictionaries of an open file hide."""

    def __init__(self, source: pa.NativeFile, footer: pq.FileMetaData) -> None:
        self.source, self.footer = source, footer
        self.file: pq.ParquetFile | None = None

    def rows(self, leaves: Sequence[int], *, group: int, most_bytes: int, most: int) -> int:
        """Rows of a batch of a row group: as many as `most_bytes` hold, and not more than `most`."""
        about = self.footer.row_group(group)
        rows = max(about.num_rows, 1)
        width, hidden, hiding = 1.0, 0.0, {}
        for leaf in leaves:
            chunk = about.column(leaf)
            a_row = chunk.num_values / rows
            width += chunk.total_uncompressed_size / rows + 8 * a_row
            if chunk.physical_type == "BYTE_ARRAY" and any(word in _HIDING for word in chunk.encodings):
                hiding[leaf] = a_row
                hidden += a_row * chunk.total_uncompressed_size  # a value can be as long as all that is stored
        if hiding and min(rows, most) * (width + hidden) > most_bytes:
            longest = self.longest(list(hiding), group=group)
            width += sum(a_row * longest[leaf] for leaf, a_row in hiding.items())
            return int(min(most, max(_LEAST, most_bytes // width)))
        return int(min(most, max(1, most_bytes // width)))

    def longest(self, leaves: Sequence[int], *, group: int) -> dict[int, int]:
        """Bytes of the longest value in the dictionary of each leaf column: one row is read of each."""
        paths = {leaf: self.footer.schema.column(leaf).path for leaf in leaves}
        if self.file is None:
            every = [self.footer.schema.column(leaf).path for leaf in range(self.footer.num_columns)]
            self.file = pq.ParquetFile(
                self.source, metadata=self.footer, read_dictionary=every, pre_buffer=False, buffer_size=_STEP
            )
        found = {}
        for leaf, path in paths.items():
            first = next(self.file.iter_batches(1, row_groups=[group], columns=[path], use_threads=False), None)
            lengths = [pc.max(pc.binary_length(words)).as_py() or 0 for words in _dictionaries(first)]
            found[leaf] = max(lengths, default=0)
        return found


def _dictionaries(batch: pa.RecordBatch | None) -> Iterator[pa.Array]:
    """The dictionaries of all that is inside a batch."""
    arrays = [] if batch is None else list(batch.columns)
    while arrays:
        array = arrays.pop()
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        if isinstance(array, pa.DictionaryArray):
            yield array.dictionary
        elif isinstance(array, pa.StructArray):
            arrays.extend(array.field(place) for place in range(array.type.num_fields))
        elif isinstance(array, pa.MapArray):
            arrays.extend((array.keys, array.items))
        elif hasattr(array, "values"):
            arrays.append(array.values)


def slices(batch: pa.RecordBatch, most_bytes: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where to cut a batch so that no piece has more bytes, or it is a single row."""
    rows = batch.num_rows
    if rows < 2 or batch.nbytes <= most_bytes:
        yield start, start + rows
        return
    half = rows // 2
    yield from slices(batch.slice(0, half), most_bytes, start)
    yield from slices(batch.slice(half), most_bytes, start + half)
