"""One part of a raw file as blocks of rows: the format's reader, over the storage that this process reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract, source_name
from strongroom.core.contract.formats import FORMATS
from strongroom.core.errors import StoreError
from strongroom.flows.row_pass.row_json import as_texts
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.columns import read_text
from strongroom.quality.reading.encodings import LONGEST_MARK, decoder, encoding_of
from strongroom.quality.reading.lines import lines_of, range_lines
from strongroom.stores.sources import place_of
from strongroom.stores.sources.hive_folders import agrees, filled
from strongroom.stores.sources.kinds import Rows, is_document, kind_of, text_of
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part, only_whole

_STEP, _HEAD = 8 << 20, 4096


def form_of(part: Part, contract: Contract) -> Form | None:
    """How the part's records are read, for those that are set aside; None where rows are no text.

    Raises:
        StoreError: the file cannot be read, or is not in the encoding that the contract says.
    """
    source = contract.sources[part.source]
    if FORMATS[source.format].typed:
        return None
    said = str(source.options.get("encoding", "UTF-8"))
    with errors_told(part.path), opened(part.path) as stream:
        encoding, mark = encoding_of(stream.read(LONGEST_MARK), said)
    return text_of(source.format).form(part, contract, encoding, mark)


def kept_of(part: Part, contract: Contract, form: Form | None) -> Form:
    """What is kept of a file for rows of it that are set aside: its form, of text, and what its folders say."""
    said = dict(part.folders)
    folders = {source_name(column): said[column.name] for column in contract.columns if column.name in said}
    return replace(form or Form(contract.sources[part.source].format), folders=folders)


def head_of(part: Part, form: Form) -> bytes:
    """The first bytes of a text file."""
    with errors_told(part.path), opened(part.path) as stream:
        return decoder(form.encoding)(stream.read(form.mark + _HEAD)[form.mark :], False)


def blocks_of(
    part: Part, contract: Contract, seen: Seen, form: Form | None, *, only: Collection[str] | None = None,
    content: pa.Buffer | None = None,
) -> Iterator[Block]:  # fmt: skip
    """The part's rows, with the columns that its folders say; with `only` no others than these.

    With `content` the part is a file whose bytes, packed or not, somebody else has read.

    Raises:
        ConfigError: file and contract disagree.
        StoreError: the file cannot be read; never with a value of it.
    """
    columns = [column for column in contract.columns if only is None or column.name in only]
    with errors_told(part.path):
        if form is None:
            found = _rows(part, contract, columns, seen, content)
        elif part.start or part.stop >= 0:
            lines = _range(part, form.encoding)
            found = text_of(form.format).records(lines, contract, columns, form, seen, part.start == 0, part.stop < 0)
        else:
            found = _records(part, contract, seen, form, columns, content)
        yield from (with_folders(block, dict(part.folders), columns) for block in chosen(found, columns, contract))


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
def errors_told(path: str) -> Iterator[None]:
    """What the storage and Arrow say may quote a value, so it is not said; an error without a place gets the file's."""
    try:
        yield
    except StoreError as error:
        if error.where:
            raise
        raise StoreError(error.what, where=path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException) as error:
        todo = "Replace or remove it." if isinstance(error, pa.ArrowException) else "Check the path and permission."
        if only_whole(path):
            todo = "Check the path and permission, and that the file is packed as its name says, and whole."
        raise StoreError("this file cannot be read", where=path, todo=todo, code="source.unreadable") from None


def _rows(
    part: Part, contract: Contract, columns: Sequence[Column], seen: Seen, content: pa.Buffer | None
) -> Iterator[Block]:
    """Those of a typed file."""
    rows = cast(Rows, kind_of(contract.sources[part.source].format).reader)
    filesystem, path = place_of(part.path)
    with filesystem.open_input_file(path) if content is None else pa.BufferReader(content) as file:
        yield from rows(file, part, contract, columns, seen)


def _records(
    part: Part, contract: Contract, seen: Seen, form: Form, columns: Sequence[Column], content: pa.Buffer | None
) -> Iterator[Block]:
    """Those of a whole file of text."""
    with opened(part.path, content) as stream:
        text = text_of(form.format)
        if text.document is not None and is_document(contract.sources[part.source]):
            yield from text.document(decoder(form.encoding)(stream.read()[form.mark :], True), contract.columns, seen)
            return
        lines = lines_of(iter(lambda: stream.read(_STEP), b""), encoding=form.encoding)
        yield from text.records(lines, contract, columns, form, seen, True, True)


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
def opened(path: str, content: pa.Buffer | None = None) -> Iterator[Any]:
    """A file as a stream, unpacked as its name says; `content` are its bytes, where somebody else has read them."""
    if content is not None:
        yield _unpacked(content, path)
        return
    filesystem, inside = place_of(path)
    with filesystem.open_input_stream(inside, compression="detect") as stream:
        yield stream


def _unpacked(content: pa.Buffer, path: str) -> Any:
    try:
        codec = pa.Codec.detect(path)
    except (TypeError, ValueError):  # no such name
        return pa.BufferReader(content)
    return pa.CompressedInputStream(pa.BufferReader(content), codec.name)
