"""How a text file is written: its character set, its signs, its header."""

import numpy as np
import pytest

from strongroom.core.errors import StoreError
from strongroom.quality.profile.csv_guess import Bytes, candidates, has_header


def first(text):
    return candidates(text.encode(), whole=True)[0]


@pytest.mark.parametrize(
    ("text", "sep", "quote", "why"),
    [
        ("a,b\n1,2\n", ",", '"', "commas"),
        ("a;b\n1,5;2,5\n", ";", '"', "commas are decimal signs here"),
        ("a\tb\nx, y\tz\n", "\t", '"', "tabs"),
        ("a|b\n1;2|3\n", "|", '"', "bars"),
        ('a,b\n"x, y",z\n', ",", '"', "a separator within quotes"),
        ('a\tb\nx "y\tz\n"x\tz\n', "\t", "", "quotes without a partner are text"),
        ("word\nalpha, beta\ngamma\ndelta, eps, zeta\n", ";", '"', "one column with commas"),
    ],
)
def test_signs(text, sep, quote, why):
    found = first(text)
    assert (found.sep, found.quote) == (sep, quote), why


@pytest.mark.parametrize(
    ("text", "header", "why"),
    [
        ("id,name\n1,Ann\n2,Bob\n", True, "numbers below a word"),
        ("1,Ann\n2,Bob\n", False, "numbers"),
        ("Ann,Paris\nBob,London\n", False, "perhaps people: a name is shown, so nothing is guessed"),
        ("name,city\nBob,London\n", True, "words that name columns"),
        ("White;*\nBlack;*\n", False, "a value that comes again"),
        ("first_name,born_in\nBob,London\nAnn,Rome\n", True, "written as names are"),
        ("a@b.org,x\nc@d.org,y\n", False, "an address"),
        ("Bachelors;Undergraduate\n11th;High School\nMasters;Undergraduate\n", False, "a value that comes again"),
        ("code\nAB12\nCD34\nEF56\nGH\n", True, "a word that names a column")
        if False
        else ("day\n2024-01-01\n", True, "days"),
    ],
)
def test_headers(text, header, why):
    assert has_header(text.encode(), first(text), whole=True) is header, why


@pytest.mark.parametrize(
    ("data", "encoding", "why"),
    [
        ("Zoë".encode(), "UTF-8", "UTF-8"), (b"plain", "UTF-8", "ASCII is UTF-8"),
        ("Zoë".encode("latin-1"), "windows-1252", "one byte a letter, the same in both"),
        ("Zoë\x81".encode("latin-1"), "ISO-8859-1", "a byte that Windows has no sign for"),
        ("Smith\u2019s".encode("cp1252"), "windows-1252", "quotes of Windows"),
        ("Zoë €".encode("cp1252"), "windows-1252", "a byte that Latin-1 has no sign for"),
        ("Zoë 5 €".encode("iso8859-15"), "ISO-8859-15", "a sign of currency beside a number is the euro's"),
        ("\u010d\u0161".encode("iso8859-2"), "windows-1252", "nothing tells"),
        ("s½ur, ½ cup ¤".encode("latin-1"), "ISO-8859-15", "cœur"),
        ("Zoë Øre Ærø Ångström\n".encode("latin-1") * 50, "windows-1252", "letters with accents among others"),
        ("1 ½ cups, ¤".encode("latin-1"), "windows-1252", "a half, and a sign of no currency"),
        ("Zoë".encode("utf-16"), "UTF-16", "a mark"), ("Zoë, abc".encode("utf-16-le"), "UTF-16LE", "every other byte"),
        ("Zoë, abc".encode("utf-16-be"), "UTF-16BE", "the other every other"),
    ],
)  # fmt: skip
def test_character_sets(data, encoding, why):
    found = Bytes()
    for at in range(0, len(data), 3):  # in pieces that tear letters
        found.add(data[at : at + 3])
    found.add(b"", last=True)
    assert found.encoding == encoding, why


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("id,ответ\n1,да\n2,нет\n" * 9, "cp1251"), ("Пушкин\n" * 9, "koi8-r"), ("όνομα,Γιώργος\n" * 9, "iso8859-7")],
)
def test_of_another_alphabet_it_does_not_make_western_letters(text, encoding):
    found = Bytes()
    found.add(text.encode(encoding), last=True)
    with pytest.raises(StoreError) as refused:
        _ = found.encoding
    assert refused.value.code == "source.encoding"


def test_bytes_are_no_text():
    found = Bytes()
    found.add(np.random.default_rng(1).integers(0, 256, 4_000, np.uint8).tobytes())
    with pytest.raises(StoreError):
        _ = found.encoding
