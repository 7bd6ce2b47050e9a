"""A text is seen as one byte a character, so a place in what recognisers see is a place in the text."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.text.letters import LOWER, MARK, OTHER, UPPER, bare, fold, seen


@pytest.mark.parametrize(
    ("text", "as_seen", "why"),
    [
        ("Müller-Łukasz", b"Muller-Lukasz", "Latin letters lose their accents and strokes, not their case"),
        ("ß Œuvre Ærø þ", b"s Ouvre Aro t", "a ligature is one character, so one letter"),
        ("１２٣ ۴", b"123 4", "digits of any script are digits"),
        ("a\u00a0b\u2003c\td", b"a b c d", "any space is a space"),
        ("O’Brien – “x”", b'O\'Brien - "x"', "quotes and dashes are the plain ones"),
        ("Владимир", bytes([UPPER, *[LOWER] * 7]), "capitals of other scripts are seen as such"),
        ("e\u0301", b"e" + bytes([MARK]), "a combining mark stays a place of its own"),
        ("👩🏽 a", bytes([OTHER, OTHER]) + b" a", "an astral character is one place"),
        ("nº", b"no", "the ordinal sign is a letter"),
        ("ＡＢ", b"AB", "wide letters are letters"),
    ],
)
def test_what_recognisers_see(text, as_seen, why):
    assert seen(text) == as_seen, why


@given(st.text())
def test_a_byte_a_character(text):
    assert len(seen(text)) == len(text) == len(fold(text))


def test_every_code_point_has_a_byte():
    assert len(seen("".join(map(chr, range(sys.maxunicode + 1))))) == sys.maxunicode + 1


@pytest.mark.parametrize(
    ("text", "without", "starts", "ends", "why"),
    [
        ("Garci\u0301a!", "Garcia!", [0, 1, 2, 3, 4, 6, 7], [1, 2, 3, 4, 6, 7, 8], "a mark belongs to its letter"),
        ("a\u0301\u0302", "a", [0], [3], "and so do two, at the end"),
        ("a\u00adb\u200bc", "abc", [0, 2, 4], [1, 3, 5], "what cannot be seen belongs to none"),
        ("\u202ea\u202c", "a", [1], [2], ""),
        ("\u0301a", "a", [1], [2], "a mark on nothing"),
        ("ﬁx", "fix", [0, 0, 1], [1, 1, 2], "a ligature is two letters in one place"),
    ],
)
def test_bare(text, without, starts, ends, why):
    seen_of, (first, last) = bare(text)
    assert (seen_of, first.tolist(), last.tolist()) == (without, starts, ends), why


def test_most_texts_are_bare():
    assert bare("García, ß Владимир") == ("García, ß Владимир", None)
