"""Records of files, read one by one as they were read the first time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.flows.row_pass.part_reader import with_folders
from strongroom.flows.row_pass.row_json import from_json, holds_types
from strongroom.quality.reading.blocks import Block, Numbers
from strongroom.quality.reading.encodings import decoder
from strongroom.stores.sources import CORRUPT
from strongroom.stores.sources.hive_folders import of_columns
from strongroom.stores.sources.kinds import text_of
from strongroom.stores.sources.origins import Form


@dataclass(frozen=True, slots=True)
class Again:
    """Rows that were read again: n of them, which of what was asked for these are, and what of them is unreadable."""

    rows: pa.RecordBatch
    places: Numbers
    unreadable: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


def read_again(raw: pa.Array, columns: Sequence[Column], form: Form | None) -> list[Again]:
    """The rows that these bytes are; without a form none is.

    Args:
        raw: binary, n: the bytes of each record as they stood in the file.
        columns: of the contract.
        form: how the file's records are read.
    """
    if form is None:
        return []
    decode = decoder(form.encoding)
    text = pa.array([decode(value, True) for value in raw.to_pylist()], pa.binary())
    blocks = text_of(form.format).again(text, columns, form)
    return [_again(block, columns, form) for block in blocks]


def values_again(lines: pa.Array, columns: Sequence[Column], form: Form | None) -> list[Again]:
    """The rows that were sealed as JSON, those of a typed source and those of text apart; what is no row is left out.

    Args:
        lines: binary, n: the rows.
        columns: of the contract.
        form: how the file was read; None where that was not kept, and the values tell.
    """
    typed = np.array([form.typed if form is not None else holds_types(line) for line in lines.to_pylist()], np.bool_)
    parts = []
    for kind in (False, True):
        which = np.flatnonzero(typed == kind)
        if len(which):
            found = from_json(lines.take(pa.array(which)), columns, typed=kind)
            sound = np.asarray(found.pop(CORRUPT).is_null())
            rows = pa.RecordBatch.from_pydict(found).filter(pa.array(sound))
            parts.append(_again(Block(rows, which[sound] + 1), columns, form))
    return parts


def _again(block: Block, columns: Sequence[Column], form: Form | None) -> Again:
    if form is not None:
        block = with_folders(block, of_columns(form.folders, columns), columns)
    return Again(block.rows, block.numbers - 1, block.unreadable)


def by_schema(parts: Iterable[Again]) -> list[list[Again]]:
    """Parts that have rows, those of equal schemas together: text of a typed source is not read as other text is."""
    found: dict[str, list[Again]] = {}
    for part in parts:
        if part.rows.num_rows:
            found.setdefault(str(part.rows.schema), []).append(part)
    return list(found.values())


def together(parts: Sequence[Again], columns: Sequence[Column]) -> Again:
    """Rows that were read in several ways as one batch; where types of a column differ, as text."""
    given = [part for part in parts if part.rows.num_rows]
    if not given:
        return Again(
            pa.RecordBatch.from_pydict({column.name: pa.nulls(0) for column in columns}), np.zeros(0, np.int64)
        )
    tables = [pa.Table.from_batches([part.rows]) for part in given]
    for name in given[0].rows.schema.names:
        if len({table.schema.field(name).type for table in tables}) > 1:
            tables = [_as_text(table, name) for table in tables]
    rows = pa.concat_tables(tables).combine_chunks().to_batches()[0]
    marks = {
        path: np.concatenate([part.unreadable.get(path, np.zeros(part.rows.num_rows, np.bool_)) for part in given])
        for part in given
        for path in part.unreadable
    }
    return Again(rows, np.concatenate([part.places for part in given]), marks)


def _as_text(table: pa.Table, name: str) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, table.column(name).cast(pa.string()))
