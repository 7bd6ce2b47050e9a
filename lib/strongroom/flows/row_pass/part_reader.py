"""One part of a raw file as blocks of rows: the format's reader, over the storage that this process reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract, Source, source_name
from strongroom.core.errors import StoreError
from strongroom.flows.row_pass.row_json import as_texts
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.columns import read_text
from strongroom.quality.reading.csv_records import csv_blocks
from strongroom.quality.reading.dialect import Dialect, dialect_of
from strongroom.quality.reading.encodings import LONGEST_MARK, decoder, encoding_of
from strongroom.quality.reading.json_document import json_document
from strongroom.quality.reading.json_lines import json_blocks
from strongroom.quality.reading.lines import lines_of, range_lines
from strongroom.quality.reading.parquet_pairs import asked_by
from strongroom.quality.reading.parquet_rows import Reading, footer_of, parquet_blocks
from strongroom.stores.sources import TEXT_FORMATS, place_of
from strongroom.stores.sources.hive_folders import agrees, filled
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part, only_whole

_STEP, _HEAD = 8 << 20, 4096


def form_of(part: Part, contract: Contract) -> Form | None:
    """How the part's records are read, for those that are set aside; None where rows are no text.

    Raises:
        StoreError: the file cannot be read, or is not in the encoding that the contract says.
    """
    source = contract.sources[part.source]
    if source.format not in TEXT_FORMATS:
        return None
    said = str(source.options.get("encoding", "UTF-8"))
    with _told(part), _stream(part) as stream:
        encoding, mark = encoding_of(stream.read(LONGEST_MARK), said)
    if source.format == "json":
        return Form("json", encoding, mark=mark)
    names = part.names or tuple(source_name(each) for each in contract.columns if each.name not in dict(part.folders))
    return Form("csv", encoding, asdict(dialect_of(source)), names, mark)


def kept_of(part: Part, contract: Contract, form: Form | None) -> Form:
    """What is kept of a file for rows of it that are set aside: its form, of text, and what its folders say."""
    said = dict(part.folders)
    folders = {source_name(column): said[column.name] for column in contract.columns if column.name in said}
    return replace(form or Form(contract.sources[part.source].format), folders=folders)


def is_document(source: Source) -> bool:
    """Whether a file of the source is one JSON document, and its rows the elements of that."""
    return source.options.get("document") is True


def seems_document(part: Part, form: Form) -> bool:
    """Whether a file of JSON lines begins as one JSON document does."""
    with _told(part), _stream(part) as stream:
        head = decoder(form.encoding)(stream.read(form.mark + _HEAD)[form.mark :], False).lstrip()
    return head.startswith(b"[") or head.partition(b"\n")[0].rstrip() == b"{"


def blocks_of(
    part: Part, contract: Contract, seen: Seen, form: Form | None, *, only: Collection[str] | None = None
) -> Iterator[Block]:
    """The part's rows, with the columns that its folders say; with `only` no others than these.

    Raises:
        ConfigError: file and contract disagree.
        StoreError: the file cannot be read; never with a value of it.
    """
    columns = [column for column in contract.columns if only is None or column.name in only]
    with _told(part):
        found = _typed(part, contract, columns, seen) if form is None else _text(part, contract, seen, form, columns)
        yield from (with_folders(block, dict(part.folders), columns) for block in chosen(found, columns, contract))


def blocks_in(
    content: pa.Buffer, part: Part, contract: Contract, seen: Seen, form: Form | None, *,
    only: Collection[str] | None = None,
) -> Iterator[Block]:  # fmt: skip
    """The same of a file whose bytes, packed or not, somebody else has read."""
    columns = [column for column in contract.columns if only is None or column.name in only]
    with _told(part):
        if form is None:
            found = _rows(pa.BufferReader(content), part, contract, columns, seen)
        else:
            found = _records(_unpacked(content, part.path), part, contract, seen, form, columns)
        yield from (with_folders(block, dict(part.folders), columns) for block in chosen(found, columns, contract))


def _unpacked(content: pa.Buffer, path: str) -> Any:
    """A stream of a file's bytes, as one that is opened at this path would be."""
    try:
        codec = pa.Codec.detect(path)
    except (TypeError, ValueError):  # no such name
        return pa.BufferReader(content)
    return pa.CompressedInputStream(pa.BufferReader(content), codec.name)


def with_folders(block: Block, folders: Mapping[str, str | None], columns: Sequence[Column]) -> Block:
    """The block with what folders say, by the contract's names.

    A row that holds something else in its file breaks `type` there, and keeps what it holds.
    """
    said = {name: text for name, text in folders.items() if name in block.rows.schema.names}
    if not said:
        return block
    rows, marks, texts = block.rows, dict(block.unreadable), filled(block.rows.num_rows, said)
    for column in columns:
        if column.name in said:
            place, own = rows.schema.get_field_index(column.name), rows.column(column.name)
            if own.null_count < len(own):
                folder = read_text(pa.array([said[column.name]], pa.string()), column)[0][0]
                agreed = np.asarray(agrees(read_text(own, column)[0], folder))
                if not agreed.all():
                    marks[column.path] = ~agreed | marks.get(column.path, np.zeros(len(own), np.bool_))
                    texts[column.name] = pc.if_else(pa.array(agreed), texts[column.name], as_texts(own))
            rows = rows.set_column(place, column.name, texts[column.name])
    return replace(block, rows=rows, unreadable=marks)


@contextmanager
def _told(part: Part) -> Iterator[None]:
    """What the storage and Arrow say may quote a value, so it is not said; an error without a place gets the file's."""
    try:
        yield
    except StoreError as error:
        if error.where:
            raise
        raise StoreError(error.what, where=part.path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException) as error:
        todo = "Replace or remove it." if isinstance(error, pa.ArrowException) else "Check the path and permission."
        if only_whole(part.path):
            todo = "Check the path and permission, and that the file is packed as its name says, and whole."
        raise StoreError("this file cannot be read", where=part.path, todo=todo, code="source.unreadable") from None


def _typed(part: Part, contract: Contract, columns: Sequence[Column], seen: Seen) -> Iterator[Block]:
    filesystem, path = place_of(part.path)
    with filesystem.open_input_file(path) as file:
        yield from _rows(file, part, contract, columns, seen)


def _rows(
    file: pa.NativeFile, part: Part, contract: Contract, columns: Sequence[Column], seen: Seen
) -> Iterator[Block]:
    """All columns are looked at, since names that the contract does not know stop the run; only these are read."""
    unread = {column.path for column in contract.columns} - {column.path for column in columns}
    how = Reading(part.path, contract.file, asked=asked_by(contract), unread=unread)
    footer = footer_of(file, path=part.path)
    said = dict(part.folders)  # what these say need not be in the file
    asked = [replace(column, required=False) if column.name in said else column for column in contract.columns]
    groups = part.groups or range(footer.num_row_groups)
    return parquet_blocks(file, asked, seen, groups=groups, first=part.first, how=how, footer=footer)


def _text(part: Part, contract: Contract, seen: Seen, form: Form, columns: Sequence[Column]) -> Iterator[Block]:
    """JSON is read with all columns, since a name that the contract does not know may stand anywhere."""
    if part.start or part.stop >= 0:
        lines = _range(part, form.encoding)
        yield from text_blocks(lines, contract, seen, form, columns, first=part.start == 0, last=part.stop < 0)
        return
    with _stream(part) as stream:
        yield from _records(stream, part, contract, seen, form, columns)


def _records(
    stream: Any, part: Part, contract: Contract, seen: Seen, form: Form, columns: Sequence[Column]
) -> Iterator[Block]:
    """Those of a whole file."""
    if is_document(contract.sources[part.source]):
        return json_document(_in_utf8(stream.read(), form), contract.columns, seen)
    lines = lines_of(iter(lambda: stream.read(_STEP), b""), encoding=form.encoding)
    return text_blocks(lines, contract, seen, form, columns, first=True, last=True)


def _in_utf8(data: bytes, form: Form) -> bytes:
    return decoder(form.encoding)(data[form.mark :], True)


def text_blocks(
    lines: Iterable[pa.Array], contract: Contract, seen: Seen, form: Form, columns: Sequence[Column], *, first: bool,
    last: bool,
) -> Iterator[Block]:  # fmt: skip
    """The records of a part's lines, wherever these come from; `first` and `last`: it begins, or ends, a file."""
    if form.format == "json":
        return json_blocks(lines, contract.columns, seen)
    dialect = Dialect(**form.dialect)  # type: ignore[arg-type]
    return csv_blocks(
        lines, columns, dialect, seen, names=form.names, first=first, last=last, start=form.mark if first else 0
    )


def chosen(blocks: Iterator[Block], columns: Sequence[Column], contract: Contract) -> Iterator[Block]:
    """Blocks with these columns of the contract only."""
    if len(columns) == len(contract.columns):
        yield from blocks
        return
    names = [column.name for column in columns]
    for block in blocks:
        yield Block(block.rows.select(names), block.numbers, block.raw, block.torn)


def _range(part: Part, encoding: str) -> Iterator[pa.Array]:
    """The lines that begin in a range of bytes."""
    filesystem, path = place_of(part.path)
    with filesystem.open_input_file(path) as file:
        yield from range_lines(file, part.start, part.stop if part.stop >= 0 else file.size(), encoding=encoding)


@contextmanager
def _stream(part: Part) -> Iterator[Any]:
    filesystem, path = place_of(part.path)
    with filesystem.open_input_stream(path, compression="detect") as stream:
        yield stream
