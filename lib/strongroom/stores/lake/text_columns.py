"""Text and binary columns of every table of a lake, a batch at a time: where keys are looked for. No Java, no key."""

from __future__ import annotations

from collections.abc import Container, Iterator
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.listing import tables_in, unreadable
from strongroom.stores.lake.others import files_of
from strongroom.stores.lake.staging import is_of


def tables_of(lake: Lake) -> list[str]:
    """The Delta tables under the lake's root, by name.

    Raises:
        StoreError: its folders cannot be read.
    """
    found = tables_in(lake)
    if found.unread:
        raise unreadable(lake, found.unread[0][1])
    return list(found.tables)


def _batches(lake: Lake, table: str, found: DeltaTable, *, names: list[str], without: str) -> Iterator[pa.RecordBatch]:
    if not without:
        yield from pa.RecordBatchReader.from_stream(found.scan(columns=names))
        return
    filesystem, folder = filesystem_of(lake.folder(table))
    for path in files_of(found):
        if not is_of(path, without):
            with pq.ParquetFile(f"{folder}/{unquote(path)}", filesystem=filesystem) as file:
                yield from file.iter_batches(columns=[name for name in names if name in file.schema_arrow.names])


def texts_of(
    lake: Lake, table: str, *, columns: Container[str] | None = None, without: str = ""
) -> Iterator[tuple[str, pa.Array]]:
    """Path and values of each text and binary leaf of a table's newest version, a batch at a time.

    `columns` are the top-level ones to read; None is all of them. Files of the stage `without` are passed over.

    Raises:
        StoreError: the table cannot be read.
    """
    found = lake.open(table)
    if found is None:
        return
    try:
        names = [
            field.name
            for field in pa.schema(found.schema().to_arrow())
            if (columns is None or field.name in columns) and list(_leaves("", pa.nulls(0, field.type)))
        ]
        if names:
            for batch in _batches(lake, table, found, names=names, without=without):
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    yield from _leaves(name, column)
    except (DeltaError, OSError, pa.ArrowException):
        raise StoreError(
            "this table cannot be read",
            where=table,
            todo="Check its folder; nothing was changed.",
            code="table.unreadable",
        ) from None


def _leaves(path: str, array: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    kind = array.type
    if pa.types.is_struct(kind):
        for field, values in zip(kind, array.flatten(), strict=True):
            yield from _leaves(f"{path}.{field.name}", values)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _leaves(f"{path}[]", array.flatten())
    elif pa.types.is_map(kind):
        # `keys` and `items` of a sliced map give those of the whole buffer; flattened, they are the slice's.
        pairs = array.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))).flatten()
        for name, values in zip(("key", "value"), pairs.flatten(), strict=True):
            yield from _leaves(f"{path}[].{name}", values)
    elif any(test(kind) for test in _TEXTS):
        yield path, array


_TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
)
