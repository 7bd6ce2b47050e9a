"""Records of a text file, read one by one as they were read the first time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.csv_records import csv_again
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.encodings import decoder

json_again = None
from strongroom.quality.typed import arrow_type
from strongroom.stores.origins import Form


def rows_of(raw: pa.Array, columns: Sequence[Column], form: Form | None) -> tuple[pa.RecordBatch, np.ndarray]:
    """The rows that these bytes are, and which of them are one; without a form none is.

    Args:
        raw: binary, n: the bytes of each record as they stood in the file.
        columns: of the contract.
        form: how the file's records are read.
    """
    if form is None:
        empty = {column.name: pa.nulls(0, arrow_type(column.type)) for column in columns}
        return pa.RecordBatch.from_pydict(empty), np.zeros(len(raw), np.bool_)
    decode = decoder(form.encoding)
    text = pa.array([decode(value, True) for value in raw.to_pylist()], pa.binary())
    block: Block
    if form.format == "csv":
        block = csv_again(text, columns, Dialect(**form.dialect), names=form.names)  # type: ignore[arg-type]
    else:
        block = json_again(text, columns, Seen())
    parsed = np.zeros(len(raw), np.bool_)
    parsed[block.numbers - 1] = True
    return block.rows, parsed
