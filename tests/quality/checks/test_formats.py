"""Formats against Python's own readers of the same things."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import datetime
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column, Type
from strongroom.quality.checks.formats import format_of

TEXT = Column("c", "c", Type("string"))


def passes(form: str, text: str) -> bool:
    flat = Flat(pa.array([text, None, text]), parents=None, absent=None, rows=3)
    failed = format_of(form, TEXT)(flat)
    if failed is not None:
        assert failed.dtype == np.bool_
        assert failed.tolist() == [True, False, True]
    return failed is None


def is_address(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return "%" not in text


MUTANTS = st.text(alphabet="0123456789abcdefF:./%[] -", max_size=30)


@given(st.one_of(st.ip_addresses(v=6).map(str), st.ip_addresses(v=6).map(lambda ip: ip.exploded), MUTANTS))
@settings(max_examples=120, deadline=None)
def test_ipv6_is_what_ipaddress_takes(text):
    assert passes("ipv6", text) == is_address(ipaddress.IPv6Address, text)


@given(st.lists(st.sampled_from(["", "0", "1", "ab", "ffff", "12345", "g", "1.2.3.4", "1.2.3.256"]), max_size=10))
@settings(max_examples=120, deadline=None)
def test_ipv6_of_any_groups_is_what_ipaddress_takes(groups):
    text = ":".join(groups)
    assert passes("ipv6", text) == is_address(ipaddress.IPv6Address, text)


@given(
    st.one_of(st.ip_addresses(v=4).map(str), MUTANTS, st.lists(st.integers(-1, 300).map(str), max_size=5).map(".".join))
)
@settings(max_examples=80, deadline=None)
def test_ipv4_is_what_ipaddress_takes(text):
    assert passes("ipv4", text) == is_address(ipaddress.IPv4Address, text)


@given(st.one_of(st.uuids().map(str), st.uuids().map(lambda known: str(known).upper()), MUTANTS))
@settings(deadline=None)
def test_uuid_is_what_uuid_writes(text):
    try:
        same = str(uuid.UUID(text)) == text.lower()
    except ValueError:
        same = False
    assert passes("uuid", text) == same


@given(st.datetimes().map(datetime.isoformat), st.sampled_from(["Z", "+05:30", "-23:59"]))
@settings(deadline=None)
def test_moments_that_python_writes_pass(text, zone):
    assert passes("date-time", text + zone)
    assert passes("date", text[:10])
    assert passes("time", text[11:])
    assert not passes("date", text)


URL_PARTS = st.text(alphabet="abcXYZ019-._~!$&'()*+,;=:@/?#[]% <>\"{}|\\^`é", max_size=12)


@given(URL_PARTS, URL_PARTS, URL_PARTS)
@settings(max_examples=120, deadline=None)
def test_a_uri_that_passes_can_be_split_and_holds_nothing_unescaped(host, path, query):
    text = f"http://{host}/{path}?{query}"
    if passes("uri", text):
        parts = urlsplit(text)
        assert parts.scheme == "http"
        assert not set(text) & set(' <>"{}|\\^`é')
        assert text.count("#") <= 1
        assert set("[]").isdisjoint(parts.path + parts.query + parts.fragment)
