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


def rows_of(
    source: pa.NativeFile, footer: pq.FileMetaData, leaves: Sequence[int], *, group: int, most_bytes: int, most: int
) -> int:
    """Rows of a batch: as many as `most_bytes` hold, and not more than `most`."""
    about = footer.row_group(group)
    rows, width = max(about.num_rows, 1), 0.0
    hiding = []
    for leaf in leaves:
        chunk = about.column(leaf)
        width += chunk.total_uncompressed_size / rows + 8 * chunk.num_values / rows
        if chunk.physical_type == "BYTE_ARRAY" and any(word in _HIDING for word in chunk.encodings):
            hiding.append((leaf, chunk.num_values / rows))
    if not hiding or min(rows, most) * (width + _longest_of(hiding, about)) <= most_bytes:
        return int(min(most, max(1, most_bytes // max(width, 1))))
    longest = _longest(source, footer, [leaf for leaf, _ in hiding], group=group)
    width += sum(a_row * longest.get(leaf, 0) for leaf, a_row in hiding)
    return int(min(most, max(1, most_bytes // max(width, 1))))


def _longest_of(hiding: Sequence[tuple[int, float]], about: pq.RowGroupMetaData) -> float:
    """What the footer lets the longest values of dictionaries be: as long as all that is stored."""
    total: float = sum(a_row * about.column(leaf).total_uncompressed_size for leaf, a_row in hiding)
    return total


def _longest(source: pa.NativeFile, footer: pq.FileMetaData, leaves: Sequence[int], *, group: int) -> dict[int, int]:
    """Bytes of the longest value in the dictionary of each leaf column: one row is read of each."""
    paths = {leaf: footer.schema.column(leaf).path for leaf in leaves}
    file = pq.ParquetFile(source, metadata=footer, read_dictionary=list(paths.values()), pre_buffer=False)
    found = {}
    for leaf, path in paths.items():
        first = next(file.iter_batches(1, row_groups=[group], columns=[path], use_threads=False), None)
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
