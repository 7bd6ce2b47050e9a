"""Row groups of a Parquet file as blocks, in the contract's columns and types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Type, source_name
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.quality.reading import parquet_sizes
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.columns import arrow_type
from strongroom.quality.reading.parquet_calendar import Calendar, calendars
from strongroom.quality.reading.parquet_leaves import Shaper
from strongroom.quality.reading.parquet_moments import Moments
from strongroom.quality.reading.parquet_pairs import Look, Pair, asked_by, pairs

__all__ = ("Reading", "asked_by", "fits", "footer_of", "means_one_thing", "parquet_blocks", "shaped")

_ARROWS, _NOBODYS = b"ARROW:schema", b"hidden:arrow"
_END = 64 << 10
MOST_ROWS = 20_000
"""Rows of a block at most: what the pass works on best."""


def footer_of(source: pa.NativeFile, *, path: str) -> pq.FileMetaData:
    """The footer of an open file, without Arrow's own schema in it: its types are what every reader takes them for.

    Arrow also reads some files of others (polars' arrays with nulls, its 128-bit numbers) only without.

    Raises:
        StoreError: this is no Parquet file, or one that nobody can read.
    """
    try:
        return pq.read_metadata(pa.BufferReader(_end(source).replace(_ARROWS, _NOBODYS)))
    except pa.ArrowNotImplementedError as error:
        what = f"a column of this file is of a type that cannot be read here, even to leave it out ({error})"
        raise StoreError(
            what, where=path, todo="Write the file without it; 128 bits fit a decimal.", code="source.type"
        ) from error
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise StoreError(
            "this is not a readable Parquet file", where=path, todo="Replace or remove it.", code="source.damaged"
        ) from error


def _end(source: pa.NativeFile) -> bytes:
    """The last bytes of a file, its footer among them: of most files in one read."""
    size = source.size()
    end: bytes = source.read_at(min(size, _END), max(0, size - _END))
    whole = int.from_bytes(end[-8:-4], "little") + 8
    return source.read_at(whole, size - whole) if len(end) < whole <= size else end


def fits(
    footer: pq.FileMetaData | pa.Schema,
    columns: Sequence[Column],
    *,
    path: str,
    contract: str = "the contract",
    asked: Collection[str] = (),
) -> list[Problem]:
    """What keeps a file from being read as the contract's columns; empty: nothing.

    Types are compared by kind: what single values do not fit breaks `type` in their rows. A column that is dropped may
    be of any type as long as no rule asks for it, and one that the footer says to be null everywhere, too.

    Args:
        footer: of a Parquet file by `footer_of`, or the schema of a table whose files all have it.
        columns: of the contract.
        path: of the file, for messages.
        contract: the contract's file, for messages.
        asked: paths of columns that some rule asks (`asked_by`).
    """
    if isinstance(footer, pa.Schema):
        look = Look(None, path, contract, asked)
        pairs(footer, columns, look)
    else:
        look = Look(footer, path, contract, asked)
        pairs(footer.schema.to_arrow_schema(), columns, look)
    return look.problems


def means_one_thing(footer: pq.FileMetaData, columns: Sequence[Column]) -> bool:
    """Whether any reader of Parquet gives these columns as `parquet_blocks` does.

    That is so where the file has the very types of the contract and says by which calendar it counts. All else is a
    matter of taste: whether numbers are cut to size, what becomes of nanoseconds, when a year began.
    """
    schema, calendar = footer.schema.to_arrow_schema(), calendars(footer)
    known = {name for name in schema.names if schema.names.count(name) == 1}
    if any(one is not Calendar.OURS for one in calendar):
        return False
    of_spark = b"org.apache.spark.version" in (footer.metadata or {})
    return all(
        _alike(schema.field(source_name(column)).type, column.type, of_spark=of_spark)
        for column in columns
        if source_name(column) in known
    )


def _alike(kind: pa.DataType, type_: Type, *, of_spark: bool) -> bool:
    if type_.name == "struct":
        found = {kind.field(place).name: kind.field(place).type for place in range(kind.num_fields)}
        return pa.types.is_struct(kind) and all(
            _alike(found[source_name(each)], each.type, of_spark=of_spark)
            for each in type_.fields
            if source_name(each) in found
        )
    if type_.item is not None:
        return pa.types.is_list(kind) and _alike(kind.value_type, type_.item.type, of_spark=of_spark)
    if type_.name == "timestamp" and of_spark and kind == pa.timestamp("ns"):
        return True  # INT96, and Spark never writes more than microseconds there
    return bool(kind == arrow_type(type_))


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read.

    Args:
        path: of the file, for messages.
        contract: the contract's file, for messages.
        asked: paths of columns that some rule asks (`asked_by`).
        unread: paths of columns that are null instead of being read.
        most_bytes: of a block, about; a single row may have more.
    """

    path: str
    contract: str = "the contract"
    asked: Collection[str] = ()
    unread: Collection[str] = ()
    most_bytes: int = 32 << 20


def parquet_blocks(
    source: pa.NativeFile,
    columns: Sequence[Column],
    seen: Seen,
    *,
    groups: Sequence[int],
    first: int,
    how: Reading,
    footer: pq.FileMetaData | None = None,
) -> Iterator[Block]:
    """The rows of some row groups, in order.

    Args:
        source: the whole file, open; it stays open.
        columns: of the contract.
        seen: counts the records.
        groups: numbers of row groups that follow each other.
        first: how many rows of the file stand before them; the first row's number is one more.
        how: names for messages, and what is read.
        footer: of the file by `footer_of`, where it is known already.

    Raises:
        ConfigError: the file does not fit, by `fits`.
        StoreError: the file cannot be read, or holds dates of an unknown calendar.
    """
    footer = footer or footer_of(source, path=how.path)
    look = Look(footer, how.path, how.contract, how.asked, how.unread)
    found = pairs(footer.schema.to_arrow_schema(), columns, look)
    if look.problems:
        raise ConfigError(look.problems)
    opened = _Groups(source, footer, found, how)
    batches = (batch for group in groups for batch in opened.batches(group))
    yield from shaped(batches, found, seen, Shaper(how.path, Moments(calendars(footer))), first=first)


def shaped(
    batches: Iterable[tuple[pa.RecordBatch, pa.RecordBatch | None]], found: Sequence[Pair], seen: Seen, shaper: Shaper,
    *, first: int = 0,
) -> Iterator[Block]:  # fmt: skip
    """Arrow's batches of a file, each with what INT96 has as nanoseconds, as the contract's columns; see `pairs`."""
    names = [pair.column.name for pair in found]
    for batch, nanos in batches:
        arrays = [shaper.column(pair, _named(batch, pair), _named(nanos, pair), rows=batch.num_rows) for pair in found]
        numbers = np.arange(first + 1, first + batch.num_rows + 1, dtype=np.int64)
        first += batch.num_rows
        seen.records += batch.num_rows
        yield Block(pa.RecordBatch.from_arrays(arrays, names), numbers)


_LARGE, _STEP = 32 << 20, 4 << 20


class _Groups:
    """The row groups of one open file, as Arrow reads them; what is opened for them is opened once."""

    def __init__(self, source: pa.NativeFile, footer: pq.FileMetaData, found: Sequence[Pair], how: Reading) -> None:
        self.source, self.footer, self.how = source, footer, how
        self.leaves = sorted({leaf for pair in found for leaf in pair.leaves})
        self.int96 = [leaf for leaf in self.leaves if footer.schema.column(leaf).physical_type == "INT96"]
        self.dictionaries = parquet_sizes.Dictionaries(source, footer)
        self.files: dict[str, pq.ParquetFile] = {}
        groups = map(footer.row_group, range(footer.num_row_groups))
        large = any(group.column(leaf).total_compressed_size > _LARGE for group in groups for leaf in self.leaves)
        self.step = _STEP if large else 0
        """Bytes that are read of a column at once; 0 is all of a row group's, as is quicker while they are few."""

    def batches(self, group: int) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch | None]]:
        """A row group with INT96 as seconds, and beside it what has INT96, as nanoseconds."""
        total, wanted = 0, self.footer.row_group(group).num_rows
        most_bytes = self.how.most_bytes
        try:
            rows = self.dictionaries.rows(self.leaves, group=group, most_bytes=most_bytes, most=MOST_ROWS)
            seconds = self.part(self.leaves, group=group, rows=rows, unit="s")
            nanos = self.part(self.int96, group=group, rows=rows, unit="ns") if self.int96 else None
            for one, other in _paired(seconds, nanos) if nanos else ((batch, None) for batch in seconds):
                for start, stop in parquet_sizes.slices(one, most_bytes):
                    yield one.slice(start, stop - start), None if other is None else other.slice(start, stop - start)
                total += one.num_rows
        except (OSError, pa.ArrowException) as error:
            todo = "Write it again, or take it away."
            raise StoreError(
                f"row group {group} cannot be read", where=self.how.path, todo=todo, code="source.damaged"
            ) from error
        if total != wanted:  # Arrow stops without a word at a page that says it has no values
            what = f"row group {group} gave {total:,} rows, and the footer says {wanted:,}"
            raise StoreError(what, where=self.how.path, todo="Write the file again.", code="source.damaged")

    def part(self, leaves: Sequence[int], *, group: int, rows: int, unit: str) -> Iterator[pa.RecordBatch]:
        """Some leaf columns of a row group, batch by batch."""
        if unit not in self.files:
            self.files[unit] = pq.ParquetFile(
                self.source, metadata=self.footer, coerce_int96_timestamp_unit=unit, page_checksum_verification=True,
                pre_buffer=not self.step, buffer_size=self.step,
            )  # fmt: skip
        paths = [self.footer.schema.column(leaf).path for leaf in leaves]
        batches: Iterator[pa.RecordBatch] = self.files[unit].iter_batches(
            rows, row_groups=[group], columns=paths, use_threads=False
        )
        return batches


def _paired(one: Iterator[pa.RecordBatch], other: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """The same rows of both, wherever either breaks them."""
    left = right = None
    while True:
        left = next(one, None) if left is None or not left.num_rows else left
        right = next(other, None) if right is None or not right.num_rows else right
        if left is None or right is None:
            if left is not right:
                raise pa.ArrowInvalid("two columns of one row group have not the same number of rows")
            return
        rows = min(left.num_rows, right.num_rows)
        yield left.slice(0, rows), right.slice(0, rows)
        left, right = left.slice(rows), right.slice(rows)


def _named(batch: pa.RecordBatch | None, pair: Pair) -> pa.Array | None:
    place = -1 if batch is None or pair.found is None else batch.schema.get_field_index(source_name(pair.column))
    return None if place < 0 or batch is None else batch.column(place)
