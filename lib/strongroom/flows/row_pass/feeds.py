"""What a task is fed with: parts of files that it opens itself, or rows that Spark hands it; either way as blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Protocol

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.flows.row_pass.part_reader import (
    blocks_of,
    chosen,
    form_of,
    kept_of,
    with_folders,
)
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.encodings import decoder
from strongroom.stores.sources import ENDS, FILE, LINE, POSITION, plain_path
from strongroom.stores.sources.kinds import text_of
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Item, Part


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of one part of a file, in their order.

    Args:
        source: the source's number in the contract.
        path: the file's.
        start: the part's first byte; 0 where rows are numbered from the file's beginning.
        seen: what the part holds, once `blocks` has come to its end.
        blocks: its rows.
        form: how its records are read; None where they are a quarantine's.
    """

    source: int
    path: str
    start: int
    seen: Seen
    blocks: Iterator[Block]
    form: Form | None = None


class Feed(Protocol):
    """Where a task's rows come from; it travels in Spark's closure."""

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """The rows behind what Spark hands the task; `only` names the columns that are asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Items:
    """Work items that the task opens; it is handed their numbers."""

    contract: Contract
    items: tuple[Item, ...]

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """See `Feed`."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for part in self.items[number]:
                    seen = Seen()
                    form = form_of(part, self.contract)
                    blocks = blocks_of(part, self.contract, seen, form, only=only)
                    kept = kept_of(part, self.contract, form)
                    yield Stretch(part.source, part.path, part.start, seen, blocks, kept)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a typed source as Spark reads them: the contract's columns, FILE and POSITION (`stores/sources`)."""

    contract: Contract
    source: int

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """See `Feed`."""
        counted: dict[tuple[str, int], int] = {}
        names = [column.name for column in self.contract.columns if only is None or column.name in only]
        kept = Form(self.contract.sources[self.source].format)
        for batch in batches:
            for path, start, numbers, rows in runs_of(batch, counted):
                block = Block(rows.select(names), numbers)
                seen = Seen(records=len(numbers))
                yield Stretch(self.source, path, start, seen, iter([block]), kept)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a text source as Spark reads them, without their line feed: LINE, FILE, POSITION and ENDS.

    `parts` say by file what is known of it, `forms` how its records are read.
    """

    contract: Contract
    parts: Mapping[str, Part]
    forms: Mapping[str, Form]

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """See `Feed`. Each is read to its end before the next one is asked for."""
        columns = [column for column in self.contract.columns if only is None or column.name in only]
        runs = (run for batch in batches for run in runs_of(batch, {}))
        for (path, start), following in groupby(runs, key=lambda run: run[:2]):
            seen, form, part = Seen(), self.forms[path], self.parts[path]
            rows = (rows for *_, rows in following)
            one = next(rows)
            lines = _decoded((each.column(LINE) for each in chain([one], rows)), form)
            ends = bool(one.column(ENDS)[0].as_py())
            found = text_of(form.format).records(lines, self.contract, columns, form, seen, start == 0, ends)
            folders, kept = dict(part.folders), kept_of(part, self.contract, form)
            blocks = (with_folders(block, folders, columns) for block in chosen(found, columns, self.contract))
            yield Stretch(part.source, path, start, seen, blocks, kept)


@dataclass(frozen=True, slots=True)
class Files:
    """Whole files as Spark reads their bytes, one a row: LINE and FILE. `parts` and `forms` as for `Lines`."""

    contract: Contract
    parts: Mapping[str, Part]
    forms: Mapping[str, Form]

    def stretches(self, batches: Iterable[pa.RecordBatch], *, only: Collection[str] | None = None) -> Iterator[Stretch]:
        """See `Feed`."""
        for batch in batches:
            for file, content in zip(batch.column(FILE).to_pylist(), batch.column(LINE), strict=True):
                path, seen = plain_path(file), Seen()
                part, form = self.parts[path], self.forms.get(path)
                blocks = blocks_of(part, self.contract, seen, form, only=only, content=content.as_buffer())
                yield Stretch(part.source, path, 0, seen, blocks, kept_of(part, self.contract, form))


def _decoded(lines: Iterable[pa.Array], form: Form) -> Iterator[pa.Array]:
    """Lines in UTF-8 as far as they can be. Spark has taken a mark of UTF-8 off."""
    decode = decoder(form.encoding)
    for array in lines:
        plain = form.encoding == "UTF-8"
        yield array if plain else pa.array([decode(line, True) for line in array.to_pylist()], pa.binary())


def runs_of(
    batch: pa.RecordBatch, counted: dict[tuple[str, int], int]
) -> Iterator[tuple[str, int, np.ndarray, pa.RecordBatch]]:
    """Rows of one file and part that follow each other, with their numbers.

    A position is the row's number from 0, or, below 0, one more than the byte at which the part starts: rows of such a
    part are counted as they come, since Spark gives them in their order.
    """
    if not batch.num_rows:
        return
    files = batch.column(FILE).dictionary_encode()
    codes = np.asarray(files.indices)
    told = np.asarray(batch.column(POSITION).fill_null(0), np.int64)
    parts = np.where(told < 0, -1 - told, 0)
    edges = np.flatnonzero((codes[1:] != codes[:-1]) | (parts[1:] != parts[:-1])) + 1
    for first, last in zip([0, *edges.tolist()], [*edges.tolist(), batch.num_rows], strict=True):
        path, start = plain_path(files.dictionary[int(codes[first])].as_py()), int(parts[first])
        if told[first] < 0:
            before = counted.get((path, start), 0)
            numbers = np.arange(before + 1, before + 1 + last - first)
            counted[path, start] = before + last - first
        else:
            numbers = told[first:last] + 1
        yield path, start, numbers, batch.slice(first, last - first)
