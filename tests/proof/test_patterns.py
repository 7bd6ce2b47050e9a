"""All patterns at once find what `bytes.find` finds for one after the other, wherever blocks end."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.proof import patterns as module
from strongroom.proof.patterns import Match, Patterns

FEW_LETTERS = st.binary(min_size=6, max_size=20).map(lambda data: bytes(byte % 2 + 65 for byte in data))


def everywhere(patterns, data):
    found = []
    for number, pattern in enumerate(patterns):
        at = data.find(pattern)
        while at >= 0:
            found.append(Match(number, at, at + len(pattern)))
            at = data.find(pattern, at + 1)
    return sorted(found)


def by_all(patterns, data):
    return sorted(Patterns(patterns).find(np.frombuffer(data, np.uint8)))


@settings(max_examples=150, deadline=None)
@given(st.lists(FEW_LETTERS, min_size=1, max_size=8, unique=True), st.binary(max_size=300), st.randoms())
def test_what_find_finds(patterns, data, draw):
    data = bytes(byte % 2 + 65 for byte in data)
    at = draw.randrange(len(data) + 1)
    data = data[:at] + draw.choice(patterns) + data[at:]
    assert by_all(patterns, data) == everywhere(patterns, data)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=6, max_size=40), min_size=1, max_size=20, unique=True), st.data())
def test_random_bytes(patterns, draw):
    planted = draw.draw(st.lists(st.one_of(st.binary(max_size=9), st.sampled_from(patterns)), max_size=20))
    data = b"".join(planted)
    assert by_all(patterns, data) == everywhere(patterns, data)


@pytest.mark.parametrize("block", [8, 9, 16, 64])
def test_a_place_that_reaches_over_blocks(monkeypatch, block):
    monkeypatch.setattr(module, "_BLOCK", block)
    draw = random.Random(block)
    patterns = [draw.randbytes(size) for size in (6, 7, 8, 9, 15, 31)]
    data = b"".join(draw.choice((draw.randbytes(draw.randrange(12)), *patterns)) for _ in range(200))
    found = by_all(patterns, data)
    assert found == everywhere(patterns, data)
    assert len({match.start % block for match in found}) > block // 2


@pytest.mark.parametrize("pattern", [b"ababababab", b"strasse 12", b"aaaaaaaa"])
def test_where_too_much_begins_alike_the_automaton_reads(monkeypatch, pattern):
    read = []
    real = Patterns.by_automaton
    monkeypatch.setattr(Patterns, "by_automaton", lambda self, block: read.append(1) or real(self, block))
    patterns = [pattern, pattern[:6], pattern + b"7", *(pattern + bytes([65, byte]) for byte in range(65, 91))]
    data = (pattern + b" ") * 2_000 + pattern + b"AB"
    assert by_all(patterns, data) == everywhere(patterns, data)
    assert read


def test_nothing_is_wanted_or_there():
    assert by_all([], b"some bytes") == by_all([b"pattern"], b"") == by_all([b"pattern"], b"patter") == []
