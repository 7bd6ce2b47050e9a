"""Work grows with the length of a text and no faster, whatever stands in it: calls are counted, no clock is read."""

import sys

import pyarrow as pa
import pytest

from benchmarks.text import hostile
from strongroom.text import Finder

SIZE = 20_000
KINDS = sorted(hostile(1))


def calls(text: str) -> int:
    """Calls of Python and C functions that finding takes."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    array = pa.array([text])
    sys.setprofile(counted)
    try:
        Finder().find(array)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_text_is_at_most_twice_the_calls(kind):
    once, twice = calls(hostile(SIZE)[kind]), calls(hostile(2 * SIZE)[kind])
    assert twice <= 2.1 * once + 2_000
    assert once < 70 * SIZE
