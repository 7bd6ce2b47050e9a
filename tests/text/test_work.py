"""Work grows with the length of a text and no faster, whatever stands in it: calls are counted, no clock is read."""

import sys

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.text import hostile
from strongroom.text.redaction import Known, Text, redact

SIZE = 20_000
KINDS = sorted(hostile(1))


def calls(text: str) -> int:
    """Calls of Python and C functions that finding and replacing takes, with a known name in the row."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    texts = [Text(pa.array([text]), np.arange(1))]
    known = [Known(pa.array(["Anna Smith", "J. R. O'Brien"]), np.zeros(2, int))]
    sys.setprofile(counted)
    try:
        redact(texts, known)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.whole
@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_text_is_at_most_twice_the_calls(kind):
    once, twice = calls(hostile(SIZE)[kind]), calls(hostile(2 * SIZE)[kind])
    assert twice <= 2.1 * once + 2_000
    assert once < 70 * SIZE
