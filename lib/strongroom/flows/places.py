"""Where in its file a row stands, in the words that are stored and shown.

Records are counted from 1; a header, blank lines and comments are no records. Whoever reads a part that begins at a
later byte counts from there: `row 7 after byte 134217728`. Once all parts have told how many records they have,
`in_file` gives the number in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.quality.reading.blocks import Numbers

_PLACE = re.compile(r"row (\d+) after byte (\d+)")


def in_words(numbers: Numbers, start: int) -> pa.Array:
    """Text for each number of a record in the part that begins at this byte."""
    words = pa.array(np.asarray(numbers, np.int64)).cast(pa.string())
    return pc.binary_join_element_wise("row ", words, f" after byte {start}" if start else "", "")


def in_file(position: str, starts: Mapping[int, int]) -> str:
    """The place in the whole file, where it is known how many records stand before each byte in `starts`."""
    found = _PLACE.fullmatch(position)
    before = starts.get(int(found[2])) if found else None
    return position if found is None or before is None else f"row {before + int(found[1])}"
