"""Kinds of raw sources, one file each with its format's name: how it is listed, looked at, divided into work, and read.

What a contract is checked by of each stands in one table, `core/contract/formats.py: FORMATS`. A kind that says no more
than how its files are looked at and read lies in files that a worker reads whole; what is new there is a new file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

import pyarrow as pa

from strongroom.core.contract import Column, Contract, Source
from strongroom.core.contract.formats import FORMATS
from strongroom.core.errors import Problem
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.stores.sources.delta import Increment
from strongroom.stores.sources.files import RawFile, list_files
from strongroom.stores.sources.hive_folders import of_columns
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Footer, Item, Part, is_one_piece, split_text

Increments = Mapping[str, Increment]
"""By a table's path, what is read of it; a table that is not among them is read as a whole."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to look at, with what its folders say."""

    source: Source
    contract: Contract
    file: RawFile
    folders: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a file before a row of it is read.

    Args:
        file: the file.
        folders: what its folders say, by the source's names.
        names: its header, of CSV that has one.
        footer: of Parquet.
        has: the columns that it has itself, by the source's names; None where nobody knows yet.
        plain: Spark gives its rows as our own reader does.
    """

    file: RawFile
    folders: Mapping[str, str | None]
    names: tuple[str, ...] = ()
    footer: Footer | None = None
    has: frozenset[str] | None = None
    plain: bool = False

    @property
    def columns(self) -> frozenset[str] | None:
        """The columns that it has, or that its folders say; None where only reading tells."""
        return None if self.has is None else self.has | {*self.folders}

    def part(self, number: int, contract: Contract) -> Part:
        """All of it, as a part of the contract's source of that number."""
        folders = tuple(of_columns(self.folders, contract.columns).items())
        return Part(number, self.file.path, folders=folders, names=self.names)


@dataclass(frozen=True, slots=True)
class Split:
    """What is divided into work: files of the contract's source of that number.

    `whole` are paths of files that cannot be read in ranges, whatever they look like.
    """

    number: int
    contract: Contract
    looked: Sequence[Looked]
    whole: Collection[str] = ()
    increments: Increments = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The source."""
        return self.contract.sources[self.number]

    def files(self) -> Iterator[tuple[Part, RawFile]]:
        """Each file, and all of it as one part."""
        return ((one.part(self.number, self.contract), one.file) for one in self.looked)


Records = Callable[[Iterable[pa.Array], Contract, Sequence[Column], Form, Seen, bool, bool], Iterator[Block]]
"""The records of lines, wherever these come from, in these columns of the contract at least. The last two: the lines
begin, and end, a file."""


@dataclass(frozen=True, slots=True)
class Text:
    """What there is to a kind whose records are text, in lines.

    Args:
        form: how a part's records are read: of the part, the contract, the file's encoding, and bytes of its mark.
        records: reads lines.
        again: reads records of a quarantine once more, one by one.
        broken: what it means that nothing behind some byte can be trusted, and what else than to mend it can be done.
        document: reads a file that is one document, in UTF-8, where the contract says so.
        doubt: of the first bytes of a file of which no row is good: what else it may be.
    """

    form: Callable[[Part, Contract, str, int], Form]
    records: Records
    again: Callable[[pa.Array, Sequence[Column], Form], list[Block]]
    broken: tuple[str, str]
    document: Callable[[bytes, Sequence[Column], Seen], Iterator[Block]] | None = None
    doubt: Callable[[bytes], str] | None = None


Rows = Callable[[pa.NativeFile, Part, Contract, Sequence[Column], Seen], Iterator[Block]]
"""The rows of a part of an open file; all of the contract's columns are looked at, and only these are read."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What there is to a kind that is one table with versions: a run pins one, which stays as it is while it is read.

    Args:
        added: what versions up to the pinned one have added, after one; `size` is what the table had by then.
        unlike: why no file of the table may be read by itself; else empty.
        only_spark: why only Spark reads the pinned version; else empty.
    """

    added: Callable[[RawFile, int, int | None], Increment]
    unlike: Callable[[RawFile], str]
    only_spark: Callable[[RawFile], str]


def text_items(split: Split) -> list[Item]:
    """Ranges of bytes of large files, several small files in one item."""
    as_one = is_document(split.source) or str(split.source.options.get("encoding", "")).startswith("UTF-16")
    return split_text(split.files(), whole=lambda file: as_one or file.path in split.whole or is_one_piece(file))


def whole_items(split: Split) -> list[Item]:
    """Files that nobody reads in parts, several small ones in one item."""
    return split_text(split.files(), whole=lambda _: True)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source.

    Args:
        look: what is known of a file before a row is read, and what the contract has against it.
        reader: reads rows, or says how text is read.
        versions: of a table with versions.
        pin: every file that there is, as it is now.
        items: what one task reads.
        frame: the rows of files that are `plain`, as Spark reads them: the contract's columns, FILE and POSITION. What
            is not plain, Spark hands over as bytes where workers do not reach it.
    """

    look: Callable[[File], tuple[Looked, list[Problem]]]
    reader: Rows | Text
    versions: Versions | None = None
    pin: Callable[[Source, str], tuple[RawFile, ...]] = list_files
    items: Callable[[Split], list[Item]] = whole_items
    frame: Callable[[Any, Split, str], Any] = lambda _spark, _split, _lake: None

    def only_spark(self, file: RawFile, increments: Increments) -> str:
        """Why only Spark reads what a run wants of a file; else empty."""
        return "" if self.versions is None or file.path in increments else self.versions.only_spark(file)


_MODULES = {name: f"strongroom.stores.sources.kinds.{name}" for name in FORMATS}


def kind_of(format_: str) -> Kind:
    """The kind of a source, by its format."""
    return cast(Kind, import_module(_MODULES[format_]).KIND)


def text_of(format_: str) -> Text:
    """What there is to a kind whose records are text."""
    return cast(Text, kind_of(format_).reader)


def pinned(source: Source) -> bool:
    """Whether a source is a table with versions, of which a run reads one, whatever becomes of it meanwhile."""
    return kind_of(source.format).versions is not None


def is_document(source: Source) -> bool:
    """Whether a file of the source is one document, and its rows the elements of that."""
    return source.options.get("document") is True
