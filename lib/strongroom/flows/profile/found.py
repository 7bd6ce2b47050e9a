"""What files gave, and how a file is opened that nobody has described yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from strongroom.core.contract import Column, Contract, Source
from strongroom.core.errors import StoreError
from strongroom.quality.profile.tree import Tree
from strongroom.stores.sources import place_of

Folders = dict[str, str | None]
"""What the folders of a file say, as `hive_folders.folders_of` has it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What some files gave.

    Args:
        tree: of their rows.
        format: of a contract's server.
        options: of its reader.
        rows: read.
        torn: records that are no rows, and would be set aside.
        total: rows that there are, where that is known; else -1.
        bytes: read of the files, as they lie there.
    """

    tree: Tree
    format: str
    options: tuple[tuple[str, str | bool], ...] = ()
    rows: int = 0
    torn: int = 0
    total: int = -1
    bytes: int = 0

    def alike(self, other: Found) -> bool:
        """Whether one server of a contract can name both."""
        return (self.format, self.options) == (other.format, other.options)


def together(one: Found, other: Found) -> Found:
    """Both, of one source."""
    known = one.total >= 0 and other.total >= 0
    return Found(
        one.tree.merge(other.tree),
        other.format,
        other.options,
        rows=one.rows + other.rows,
        torn=one.torn + other.torn,
        total=one.total + other.total if known else -1,
        bytes=one.bytes + other.bytes,
    )


def draft(format_: str, columns: Sequence[Column]) -> Contract:
    """A contract of nothing but columns, by which the project's own readers read."""
    source = Source("raw", format_, "")
    return Contract("draft", "draft", "", "the draft", "", (source,), tuple(columns))


def head_of(path: str, size: int) -> bytes:
    """The first bytes of a file, unpacked."""
    with opened(path) as stream:
        head: bytes = stream.read(size)
        return head


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """A file as a stream, unpacked as its name says."""
    filesystem, inside = place_of(path)
    with filesystem.open_input_stream(inside, compression="detect") as stream:
        yield stream


@contextmanager
def errors_told(path: str) -> Iterator[None]:
    """An error without a place gets the file's; what storage and Arrow say may quote a value, so it is not said."""
    try:
        yield
    except StoreError as error:
        raise StoreError(error.what, where=error.where or path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException):
        todo = "Check the path and permission, and that the file is whole."
        raise StoreError("this file cannot be read", where=path, todo=todo, code="source.unreadable") from None
