"""What files gave that nobody has described yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.core.contract import Column, Contract, Source
from strongroom.flows.row_pass.part_reader import opened
from strongroom.quality.profile.tree import Tree

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
