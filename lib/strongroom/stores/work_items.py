"""What one task reads: parts of files, packed into items by their size alone, so that they are the same on any cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.stores.sources import RawFile


@dataclass(frozen=True, slots=True)
class Part:
    """What is read of one file without a break.

    Args:
        source: the source's number in its contract.
        path: the file's.
        start: its first byte, of text; 0 otherwise.
        stop: the byte after its last one; -1 at the end of the file.
        groups: row groups of a Parquet file; none means all.
        first: rows of the file that stand before these.
        folders: values that names of folders say, by column.
        names: the header of a CSV file.
    """

    source: int
    path: str
    start: int = 0
    stop: int = -1
    groups: tuple[int, ...] = ()
    first: int = 0
    folders: tuple[tuple[str, str | None], ...] = ()
    names: tuple[str, ...] = ()


Item = tuple[Part, ...]


def split_files(source: int, files: Sequence[RawFile]) -> list[Item]:
    """One item a file."""
    return [(Part(source, file.path),) for file in files]
