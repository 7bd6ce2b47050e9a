"""Every form of a value is one that others write: encoders of the standard library are the oracle."""

import base64
import binascii
import html
import json
import unicodedata
import urllib.parse
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.proof.forms import FORMS, Needle, patterns_of, reach

ENCODERS = {
    "utf-8": lambda text: text.encode(),
    "NFC": lambda text: unicodedata.normalize("NFC", text).encode(),
    "NFD": lambda text: unicodedata.normalize("NFD", text).encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "latin-1": lambda text: text.encode("cp1252", "ignore") if _latin(text) else text.encode(),
    "hex": lambda text: binascii.hexlify(text.encode()),
    "HEX": lambda text: binascii.hexlify(text.encode()).upper(),
    "quote": lambda text: urllib.parse.quote(text).encode(),
    "quote all": lambda text: urllib.parse.quote(text, safe="").encode(),
    "quote plus": lambda text: urllib.parse.quote_plus(text).encode(),
    "quote twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="").encode(),
    "query": lambda text: urllib.parse.urlencode({"a": text}).encode(),
    "json": lambda text: json.dumps([text]).encode(),
    "json utf-8": lambda text: json.dumps([text], ensure_ascii=False).encode(),
    "json in json": lambda text: json.dumps(json.dumps([text])).encode(),
    "json of JavaScript": lambda text: json.dumps([text]).replace("/", "\\/").encode(),
    "html": lambda text: html.escape(text).encode(),
    "html without quotes": lambda text: html.escape(text, quote=False).encode(),
    "html in ASCII": lambda text: text.encode("ascii", "xmlcharrefreplace"),
    "html all": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "xml": lambda text: saxutils.escape(text).encode(),
    "csv": lambda text: text.replace('"', '""').encode(),
    **{f"base64 {before}": lambda text, before=before: base64.b64encode(b"\xff" * before + text.encode() + b"\xfe")
       for before in range(4)},
    **{f"url-safe {before}": lambda text, before=before: base64.urlsafe_b64encode(b"\xff" * before + text.encode())
       for before in range(3)},
}  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=3, max_size=30)


def _latin(text):
    try:
        return bool(text.encode("cp1252"))
    except UnicodeEncodeError:
        return False


@settings(max_examples=150, deadline=None)
@given(TEXTS.filter(lambda text: len(text.encode()) >= 8))
@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_others_write_is_a_pattern(encoder, text):
    written = ENCODERS[encoder](text)
    if len(written) < 6:
        return  # three letters in Latin-1: left out, as a value of that size is
    assert any(each.data in written for each in patterns_of(Needle(0, "x", text))), encoder


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=8, max_size=40))
def test_bytes_and_the_token_that_says_them(data):
    text = base64.urlsafe_b64encode(data).decode()
    for needle in (Needle(0, "x", data), Needle(0, "x", text.rstrip("="), kind="token"), Needle(0, "x", text, "token")):
        found = {each.data for each in patterns_of(needle)}
        assert data in found
        assert binascii.hexlify(data) in found
        for before in range(3):
            written = base64.b64encode(b"\xff" * before + data)
            assert any(each in written for each in found)


def test_an_e_mail_is_known_in_any_case_that_it_is_written_in():
    found = {each.data for each in patterns_of(Needle(0, "x", "Olga@Example.Org", kind="email"))}
    assert {b"Olga@Example.Org", b"olga@example.org", b"OLGA@EXAMPLE.ORG"} <= found
    words = {each.data for each in patterns_of(Needle(0, "x", "olga.m-petrova@example.org", kind="email"))}
    assert {b"Olga.M-Petrova@example.org", b"Olga.m-petrova@example.org"} <= words
    assert b"olga@example.org" not in {each.data for each in patterns_of(Needle(0, "x", "Olga@Example.Org"))}


@pytest.mark.parametrize(
    ("value", "how", "why"),
    [
        ("12345678", "bytes", "eight bytes"),
        ("Müller1", "bytes", "eight bytes in UTF-8"),
        ("1234567", "borders", "seven"),
        ("123456", "borders", "six"),
        ("12345", "columns", "five"),
        (b"12345678", "bytes", "raw"),
    ],
)
def test_how_a_value_is_judged(value, how, why):
    needle = Needle(0, "x", value)
    assert reach(needle) == how, why
    assert bool(patterns_of(needle)) == (how != "columns")
    assert reach(Needle(0, "x", value, shared=True)) == "columns"


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(["text", "email", "token"]))
def test_patterns_are_of_a_known_form_and_long_enough(text, kind):
    found = patterns_of(Needle(0, "x", text, kind))
    assert {each.form for each in found} <= set(FORMS)
    assert all(len(each.data) >= 6 for each in found)
    assert len({each.data for each in found}) == len(found)


@pytest.mark.parametrize("value", ["", b"", "\ud800 secret"])
def test_what_is_no_value_is_refused_without_it(value):
    with pytest.raises(ValueError, match="of subject 3 is empty, or no text") as refused:
        Needle(3, "x", value)
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


def test_no_value_shows():
    needle = Needle(3, "email", "olga@example.org")
    assert "olga" not in repr(needle) + str(patterns_of(needle))
