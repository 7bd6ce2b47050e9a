import hashlib
import hmac
import math
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protect.ring import RING, column, master, plain_cmac, ring, wycheproof
from strongroom.arrow.types import arrow_type
from strongroom.core.contract import Type
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.core.secret import Secret
from strongroom.protect import output_ddl, output_type, protector
from strongroom.protect.cipher.byte_rows import LONG
from strongroom.protect.cipher.encoding import token_rows
from strongroom.protect.methods.hash import tokens_under
from strongroom.text.redaction import canonical


def tokens(array, *, table="training.t", keys=RING, type_="string", path="c", **options):
    made = protector(column(type_, "hash", path=path, **options), table=table, keyring=keys)(array)
    made.validate(full=True)
    assert made.type == pa.string()
    return made


def expected(text, *, info, key_id=0x01020304):
    key = hkdf_sha256(master(key_id), info.encode(), length=32)
    return token_of(plain_cmac(key)(text), key_id=key_id)


def token_of(tag, *, key_id=0x01020304):
    return urlsafe_b64encode(b"\x01" + key_id.to_bytes(4) + tag).decode()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=60)), min_size=1, max_size=40), st.data())
def test_a_token_is_the_key_id_and_the_tag_of_the_text(values, data):
    start = data.draw(st.integers(0, len(values) - 1))
    info = "strongroom|v1|token|aes-cmac|domain|person"
    made = tokens(pa.array(values, pa.string())[start:], domain="person")
    want = [None if value is None else expected(value.encode(), info=info) for value in values[start:]]
    assert made.to_pylist() == want


def test_a_long_value_and_an_empty_one_have_tokens_too():
    info = "strongroom|v1|token|aes-cmac|domain|d"
    values = ["", "x" * (LONG + 1), "x" * LONG, None, "é" * LONG]
    assert tokens(pa.array(values), domain="d").to_pylist() == [
        None if value is None else expected(value.encode(), info=info) for value in values
    ]


ONE = pa.array(["ada"])


@pytest.mark.parametrize(
    ("left", "right", "same", "why"),
    [
        (
            {"domain": "p"},
            {"domain": "p", "table": "training.u", "path": "other"},
            True,
            "a domain joins across tables",
        ),
        ({"domain": "p"}, {"domain": "q"}, False, "domains keep apart"),
        ({}, {}, True, "a column agrees with itself"),
        ({}, {"table": "training.u"}, False, "without a domain tables keep apart"),
        ({}, {"path": "d"}, False, "without a domain columns keep apart"),
        ({}, {"domain": "c"}, False, "a domain is not a column"),
        ({"domain": "p"}, {"domain": "p", "profile": "hmac-sha256"}, False, "profiles have keys of their own"),
        ({"domain": "p"}, {"domain": "p", "keys": ring(9)}, False, "another primary key"),
        ({"domain": "a|b"}, {"domain": "a", "path": "b"}, False, "a bar in a name is escaped"),
    ],
)
def test_who_shares_tokens_with_whom(left, right, same, why):
    assert tokens(ONE, **left).equals(tokens(ONE, **right)) is same, why


DAY = datetime(2024, 2, 29, 12, 30, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "value", "text", "why"),
    [
        ("int", 7, b"7", "a number is its digits"),
        ("bigint", -7, b"-7", "whatever its width"),
        ("tinyint", 7, b"7", "whatever its width"),
        ("string", "7", b"7", "so an id joins as number and as text"),
        ("binary", b"\x00\xff", b"\x00\xff", "binary is itself"),
        ("boolean", True, b"true", "a word"),
        ("decimal", Decimal("1.50"), b"1.50", "with the digits of the column's scale"),
        ("decimal 10 7", Decimal("0.0000000"), b"0.0000000", "never with an exponent"),
        ("decimal 38 9", Decimal("-0.000000001"), b"-0.000000001", "nor when negative"),
        ("decimal 38 38", Decimal("-0." + "1" * 38), b"-0." + b"1" * 38, "nor at the greatest scale"),
        ("decimal 38 7", Decimal("-12345678901.5"), b"-12345678901.5000000", "nor when large"),
        ("date", date(2024, 2, 29), b"2024-02-29", "ISO 8601"),
        ("timestamp", DAY, b"2024-02-29 12:30:00.000001Z", "in UTC, to the microsecond"),
        ("timestamp_ntz", DAY.replace(tzinfo=None), b"2024-02-29 12:30:00.000001", "no zone, no Z"),
        ("double", 1.5, bytes.fromhex("3ff8000000000000"), "the bits of a double"),
        ("float", 1.5, bytes.fromhex("3ff8000000000000"), "the same for a float of that value"),
        ("double", -0.0, bytes(8), "SQL calls zeros equal"),
        ("double", math.nan, bytes.fromhex("7ff8000000000000"), "and every NaN"),
    ],
)
def test_the_text_of_each_type(type_, value, text, why):
    array = pa.array([value, None], arrow_type(column(type_, "hash").type))
    info = "strongroom|v1|token|aes-cmac|domain|d"
    assert tokens(array, type_=type_, domain="d").to_pylist() == [expected(text, info=info), None], why


def test_a_moment_has_one_token_in_every_time_zone():
    there = pa.array([DAY], pa.timestamp("us", tz="Asia/Tokyo"))
    elsewhere = pa.array([DAY.astimezone(timezone(timedelta(hours=-5)))], pa.timestamp("us", tz="UTC"))
    assert tokens(there, type_="timestamp").equals(tokens(elsewhere, type_="timestamp"))


def test_all_not_a_numbers_share_a_token():
    odd = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x7FF8000000000000], np.uint64).view(np.float64)
    assert len(set(tokens(pa.array(odd), type_="double").to_pylist())) == 1


def test_infinities_are_no_greatest_numbers():
    most = float(np.finfo(np.float64).max)
    values = [math.inf, -math.inf, most, -most]
    want = [expected(struct.pack(">d", value), info="strongroom|v1|token|aes-cmac|domain|d") for value in values]
    assert tokens(pa.array(values), type_="double", domain="d").to_pylist() == want


def test_a_day_that_no_calendar_writes_is_still_one_of_its_own():
    far = pa.array([2**31 - 1, 2**31 - 2, -(2**31)], pa.int32()).cast(pa.date32())
    want = [expected(f"<value out of range: {day}>".encode(), info="strongroom|v1|token|aes-cmac|domain|d")
            for day in (2**31 - 1, 2**31 - 2, -(2**31))]  # fmt: skip
    assert tokens(far, type_="date", domain="d").to_pylist() == want


@pytest.mark.whole
@pytest.mark.parametrize("scale", [6, 7, 18, 37])
@given(numbers=st.lists(st.none() | st.integers(-(10**37), 10**37), max_size=20))
def test_decimals_are_written_as_python_writes_them_plainly(scale, numbers):
    values = [None if number is None else Decimal(number).scaleb(-scale, Context(prec=50)) for number in numbers]
    array = pa.array([None, *values, Decimal(1)], pa.decimal128(38, scale))[1:-1]
    rows = token_rows(array, type_=Type("decimal", precision=38, scale=scale))
    assert [rows.value(at).tobytes().decode() for at in range(len(rows))] == [
        f"{value:f}" for value in values if value is not None
    ]


def test_the_profile_for_exchange_is_hmac_sha256_cut_to_128_bits():
    key = hkdf_sha256(master(0x01020304), b"strongroom|v1|token|hmac-sha256|domain|p", length=32)
    want = token_of(hmac.digest(key, b"ada", hashlib.sha256)[:16])
    assert tokens(pa.array(["ada", None]), domain="p", profile="hmac-sha256").to_pylist() == [want, None]


def test_wycheproof_agrees_on_hmac_sha256():
    cases = [case for case in wycheproof("hmac_sha256_test.json") if case["tagSize"] == 128]
    for case in cases:
        made = tokens_under(Secret(bytes.fromhex(case["key"])), key_id=7, type_=Type("binary"), profile="hmac-sha256")
        token = urlsafe_b64decode(made(pa.array([bytes.fromhex(case["msg"])]))[0].as_py())
        assert (token[5:] == bytes.fromhex(case["tag"])) == (case["result"] == "valid"), case["tcId"]
    assert len(cases) == 87


def test_tokens_use_the_primary_key_of_several():
    made = tokens(ONE, keys=ring(1, 2, primary=2))[0].as_py()
    assert urlsafe_b64decode(made)[:5] == b"\x01\x00\x00\x00\x02"


def test_what_leaves_is_text():
    assert output_type(column("bigint", "hash")) == pa.string()
    assert output_ddl(column("bigint", "hash")) == "string"


def test_no_rows_no_tokens():
    assert len(tokens(pa.array([], pa.string()))) == 0
    assert tokens(pa.nulls(3, pa.string())).to_pylist() == [None] * 3


@pytest.mark.parametrize(("one", "other"), [("Ada  Lovelace", "ada lovelace"), ("JOSÉ Núñez", "jose nunez")])
def test_all_spellings_of_a_name_have_one_token_where_the_contract_says_so(one, other):
    pair = pa.array([one, None, other])
    made = tokens(pair, domain="person", normalise="name").to_pylist()
    assert (made[0] == made[2], made[1]) == (True, None)
    assert made[0] == tokens(pa.array([canonical(one, "person")]), domain="person")[0].as_py()
    plain = tokens(pair, domain="person").to_pylist()
    assert plain[0] != plain[2]
