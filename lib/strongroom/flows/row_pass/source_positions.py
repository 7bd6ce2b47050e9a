"""Where in its file a row stands, in the words that are stored and shown.

Records are counted from 1; a header, blank lines and comments are no records. Beside it stands the line in which the
record begins, as an editor counts them, where that is another number: `row 7 (line 9)`. Whoever reads a part that
begins at a later byte counts both from there: `row 7 (line 9) after byte 134217728`. Once all parts have told how many
records and lines they have, `in_file` gives the numbers in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.quality.reading.blocks import Numbers
from strongroom.stores.sources.origins import Before

_PLACE = re.compile(r"row (\d+)(?: \(line (\d+)\))? after byte (\d+)")


def in_words(numbers: Numbers, start: int, *, lines: Numbers | None = None) -> pa.Array:
    """Text for each number of a record, and of its line, in the part that begins at this byte."""
    words = pc.binary_join_element_wise("row ", _text(numbers), "")
    if lines is not None and not np.array_equal(lines, numbers):
        told = pc.binary_join_element_wise(words, " (line ", _text(lines), ")", "")
        words = pc.if_else(pa.array(np.asarray(lines) == numbers), words, told)
    return pc.binary_join_element_wise(words, f" after byte {start}", "") if start else words


def _text(numbers: Numbers) -> pa.Array:
    return pa.array(np.asarray(numbers, np.int64)).cast(pa.string())


def in_file(position: str, starts: Mapping[int, Before]) -> str:
    """The place in the whole file, where it is known what stands before each byte in `starts`."""
    found = _PLACE.fullmatch(position)
    before = starts.get(int(found[3])) if found else None
    if found is None or before is None:
        return position
    line = 0 if before.lines is None else before.lines + int(found[2] or found[1])
    return place_of(before.records + int(found[1]), line)


def place_of(number: int, line: int) -> str:
    """The place of one record; `line` is 0 where nobody knows it."""
    return f"row {number}" if line in (0, number) else f"row {number} (line {line})"
