"""What one task reads: files, row groups or ranges of bytes, packed into items of a sensible size.

A split is a function of the files alone, never of the number of cores: a row keeps its place from one reading to the
next, in whatever run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.errors import StoreError
from strongroom.stores.sources.files import RawFile, place_of

TARGET = 128 << 20
"""Bytes of an item, as they lie on disk."""
OPENING = 64 << 10
"""What it costs to open a file, in bytes read: so a hundred thousand tiny files are more than one item."""
_PACKED = (".gz", ".gzip", ".bz2", ".zst", ".zstd", ".xz", ".lz4", ".br", ".snappy", ".deflate", ".z")
_MAGIC = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"\x04\x22\x4d\x18", b"\xff\xfe", b"\xfe\xff")
"""How gzip, bzip2, zstd, xz, lz4 and text in UTF-16 begin: no range of their bytes can be read by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is read of one file without a break.

    Args:
        source: number of the source in the contract.
        path: of the file, as it was listed.
        start: the first byte, of text.
        stop: the byte before which the last record begins, or -1 for the end of the file.
        groups: row groups of a Parquet file that follow each other; none of one that has no rows.
        first: rows of the Parquet file before them.
        folders: what the file's folders say, as `hive_folders.folders_of` has it.
        names: the header of the CSV file.
    """

    source: int
    path: str
    start: int = 0
    stop: int = -1
    groups: tuple[int, ...] = ()
    first: int = 0
    folders: tuple[tuple[str, str | None], ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Footer:
    """What a split needs of a Parquet file's footer: rows and compressed bytes of each group, and the columns."""

    rows: tuple[int, ...]
    sizes: tuple[int, ...]
    names: tuple[str, ...]


Item = tuple[Part, ...]
_Piece = tuple[Part, int]
"""A part, and what it costs."""


def footer_in(found: pq.FileMetaData) -> Footer:
    """What a split needs of a footer."""
    groups = [found.row_group(number) for number in range(found.num_row_groups)]
    sizes = (sum(group.column(at).total_compressed_size for at in range(group.num_columns)) for group in groups)
    names = found.schema.to_arrow_schema().names  # of the paths of its leaves none tells a dot from a step
    return Footer(tuple(group.num_rows for group in groups), tuple(sizes), tuple(names))


def split_parquet(files: Iterable[tuple[Part, Footer]], *, target: int = 0) -> list[Item]:
    """Items of row groups, up to `target` compressed bytes each, largest first.

    Groups of one file that follow each other in an item are one part. A file without rows is a part, too: what its
    columns are is looked at like any other's.

    Args:
        files: of each a part that says source, path and folders, and its footer.
        target: bytes of an item (0: TARGET); a group that is larger stands alone.
    """
    return _packed((piece for part, footer in files for piece in _groups(part, footer)), target or TARGET)


def _groups(part: Part, footer: Footer) -> Iterator[_Piece]:
    if not footer.rows:
        yield part, OPENING
    first = 0
    for number, (rows, size) in enumerate(zip(footer.rows, footer.sizes, strict=True)):
        yield replace(part, groups=(number,), first=first), size + (0 if number else OPENING)
        first += rows


def split_text(
    files: Iterable[tuple[Part, RawFile]], *, whole: Callable[[RawFile], bool], target: int = 0
) -> list[Item]:
    """Items of text: ranges of bytes of large files, several small files in one item; largest first.

    Args:
        files: of each a part that says source, path, folders and names, and the file.
        whole: whether a file cannot be read in ranges; asked of files that are larger than `target` only.
        target: bytes of an item (0: TARGET); a file that is larger and whole stands alone.
    """
    most = target or TARGET
    return _packed((piece for part, file in files for piece in _ranges(part, file, whole, most)), most)


def _ranges(part: Part, file: RawFile, whole: Callable[[RawFile], bool], target: int) -> Iterator[_Piece]:
    if file.size <= target or whole(file):
        yield part, file.size + OPENING
        return
    count = -(-file.size // target)
    ends = [file.size * number // count for number in range(count + 1)]
    for start, stop in pairwise(ends):
        yield replace(part, start=start, stop=-1 if stop == file.size else stop), stop - start


def only_whole(path: str) -> bool:
    """Whether a file's name says that it is packed."""
    return path.lower().endswith(_PACKED)


def is_one_piece(file: RawFile) -> bool:
    """Whether a file's bytes cannot be read in ranges, by its name's end or by how it begins: compressed, or UTF-16.

    Raises:
        StoreError: it cannot be read.
    """
    if only_whole(file.path):
        return True
    filesystem, path = place_of(file.path)
    try:
        with filesystem.open_input_file(path) as stream:
            return bool(stream.read(6).startswith(_MAGIC))
    except (OSError, pa.ArrowException) as error:
        raise StoreError("this file cannot be read", where=file.path, code="source.unreadable") from error


def only_workers_unpack(path: str) -> bool:
    """Whether a file's name says that it is packed, and not by gzip: of those Spark may make something else."""
    return only_whole(path) and not path.endswith(".gz")


def _packed(pieces: Iterable[_Piece], target: int) -> list[Item]:
    """Pieces in their order, each item filled until the next would be too much."""
    items: list[tuple[int, Item]] = []
    held: list[Part] = []
    size = 0
    for part, cost in pieces:
        if held and size + cost > target:
            items.append((size, tuple(held)))
            held, size = [], 0
        if held and _follows(held[-1], part):
            held[-1] = replace(held[-1], groups=held[-1].groups + part.groups)
        else:
            held.append(part)
        size += cost
    if held:
        items.append((size, tuple(held)))
    return [item for _, item in sorted(items, key=lambda each: -each[0])]


def _follows(part: Part, other: Part) -> bool:
    """Whether the other's groups are the next ones of the same file."""
    same = (part.source, part.path) == (other.source, other.path)
    return same and bool(part.groups and other.groups) and other.groups[0] == part.groups[-1] + 1
