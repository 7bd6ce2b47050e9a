import math
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protect.ring import RING, column, master, plain_siv, ring
from strongroom.arrow.types import arrow_type
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.protect import output_ddl, output_type, protector
from strongroom.protect.cipher.byte_rows import LONG
from strongroom.protect.methods.encrypt import kernel
from support.opened import decrypt

TABLE = "training.t"


def round_trip(array, type_, *, mode="deterministic"):
    col = column(type_, "encrypt", mode=mode)
    sealed = protector(col, table=TABLE, keyring=RING)(array)
    sealed.validate(full=True)
    assert sealed.type == pa.binary()
    assert sealed.null_count == array.null_count
    back, opened = decrypt(sealed, col, table=TABLE, keyring=RING)
    back.validate(full=True)
    assert opened.to_pylist() == [True] * len(array)
    return back


ODD_NAN = np.array([0x7FF800000000BEEF, 0xFFF8000000000000], np.uint64).view(np.float64)
ODD_FLOAT = np.array([0x7FC0BEEF, 0x80000000], np.uint32).view(np.float32)
CASES = [
    ("string", ["", "a", "é" * 9, "x" * (LONG + 1), "\x00", None]),
    ("binary", [b"", b"\x00" * 16, b"\xff" * 17, None]),
    ("boolean", [True, False, None]),
    ("tinyint", [-128, 127, 0, None]),
    ("smallint", [-(2**15), 2**15 - 1, None]),
    ("int", [-(2**31), 2**31 - 1, None]),
    ("bigint", [-(2**63), 2**63 - 1, None]),
    ("float", [*ODD_FLOAT, 1.5, math.inf, None]),
    ("double", [*ODD_NAN, -0.0, 0.0, 5e-324, -math.inf, None]),
    ("decimal", [Decimal("-99999999.99"), Decimal("0.01"), None]),
    ("date", [date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31), None]),
    ("timestamp", [datetime(1, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC), None]),
    ("timestamp_ntz", [datetime(1969, 12, 31, 23, 59, 59, 999999), None]),
]


@pytest.mark.parametrize("mode", ["deterministic", "randomised"])
@pytest.mark.parametrize(("type_", "values"), CASES)
def test_every_type_comes_back_bit_for_bit(type_, values, mode):
    array = pa.array(values, arrow_type(column(type_, "encrypt").type))
    for part in (array, array[1:], array[:0], array[-1:]):
        back = round_trip(part, type_, mode=mode)
        assert back.type == part.type
        if type_ in ("float", "double"):  # equality would say that NaN is not NaN, and that zeros are alike
            assert bits(back) == bits(part)
        else:
            assert back.equals(part)


def bits(array):
    return [
        None if value is None else np.array([value], array.type.to_pandas_dtype()).tobytes()
        for value in array.to_pylist()
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=40), st.sampled_from(["deterministic", "randomised"])
)
def test_any_text_comes_back(values, mode):
    array = pa.array(values, pa.string())
    assert round_trip(array, "string", mode=mode).equals(array)


@pytest.mark.parametrize(
    ("type_", "array", "why"),
    [
        ("int", pa.array([1], pa.int64()), "wider"),
        ("timestamp", pa.array([1], pa.timestamp("ms", "UTC")), "another unit"),
        ("timestamp", pa.array([1], pa.timestamp("us")), "no zone"),
        ("timestamp_ntz", pa.array([1], pa.timestamp("us", "UTC")), "a zone"),
        ("decimal", pa.array([Decimal("1.5")], pa.decimal128(10, 1)), "another scale"),
        ("string", pa.array([b"\xff"], pa.binary()), "bytes that are no text"),
        ("binary", pa.array(["text"]), "text that is no bytes"),
    ],
)
def test_bytes_that_would_mean_something_else_are_a_bug(type_, array, why):
    with pytest.raises(TypeError, match="for a column of"):
        protector(column(type_, "encrypt"), table=TABLE, keyring=RING)(array)


def test_a_zone_is_only_a_way_to_show_a_moment():
    there = pa.array([1], pa.timestamp("us", "Asia/Tokyo"))
    assert round_trip(there, "timestamp").equals(there.cast(pa.timestamp("us", "UTC")))


@pytest.mark.parametrize(
    ("type_", "value", "encoded", "why"),
    [
        ("string", "é", b"\xc3\xa9", "UTF-8"),
        ("boolean", True, b"\x01", "one byte"),
        ("smallint", -2, b"\xff\xfe", "big-endian two's complement"),
        ("int", 1, bytes(3) + b"\x01", "four bytes"),
        ("bigint", 1, bytes(7) + b"\x01", "eight bytes"),
        ("float", 1.5, bytes.fromhex("3fc00000"), "IEEE 754"),
        ("double", -0.0, bytes.fromhex("8000000000000000"), "the sign of zero is kept"),
        ("decimal", Decimal("-0.01"), b"\xff" * 16, "the unscaled number in sixteen bytes"),
        ("date", date(1970, 1, 2), bytes(3) + b"\x01", "days since 1970"),
        ("timestamp", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), (10**6).to_bytes(8), "microseconds since 1970"),
    ],
)
def test_the_wire_form_is_what_the_docs_say(type_, value, encoded, why):
    col = column(type_, "encrypt", path="a.b")
    info = f"strongroom|v1|encryption|column|{TABLE}|a.b"
    key = hkdf_sha256(master(0x01020304), info.encode(), length=64)
    bound = f"v1||{TABLE}|a.b|{col.type.ddl}".encode()
    found = protector(col, table=TABLE, keyring=RING)(pa.array([value], arrow_type(col.type)))[0].as_py()
    assert found == b"\x01\x01\x02\x03\x04" + plain_siv(key, bound)(encoded), why


def test_a_domain_names_the_key_and_is_bound_in():
    key = hkdf_sha256(master(0x01020304), b"strongroom|v1|encryption|domain|p%7Cq", length=64)
    col = column("string", "encrypt", domain="p|q")
    found = protector(col, table=TABLE, keyring=RING)(pa.array(["x"]))[0].as_py()
    assert found[5:] == plain_siv(key, f"v1|p%7Cq|{TABLE}|c|string".encode())(b"x")


def test_a_classification_names_the_key_and_the_value_stays_bound_to_its_place():
    key = hkdf_sha256(master(0x01020304), b"strongroom|v1|encryption|classification|personal", length=64)
    one, two = (
        replace(column("string", "encrypt", key="classification", path=path), classification="personal")
        for path in ("c", "d")
    )
    found = protector(one, table=TABLE, keyring=RING)(pa.array(["x"]))
    assert found[0].as_py()[5:] == plain_siv(key, f"v1||{TABLE}|c|string".encode())(b"x")
    assert decrypt(found, one, table=TABLE, keyring=RING)[0].to_pylist() == ["x"]
    assert decrypt(found, two, table=TABLE, keyring=RING)[0].to_pylist() == [None], "one key, and another place"
    other = replace(one, classification="internal")
    assert decrypt(found, other, table=TABLE, keyring=RING)[0].to_pylist() == [None], "another class, another key"


def test_deterministic_repeats_itself_and_randomised_does_not():
    twice = pa.array(["same", "same", "", ""])
    plain = protector(column("string", "encrypt"), table=TABLE, keyring=RING)(twice).to_pylist()
    mixed = protector(column("string", "encrypt", mode="randomised"), table=TABLE, keyring=RING)(twice).to_pylist()
    assert (plain[0] == plain[1], plain[2] == plain[3]) == (True, True)
    assert len({value[5:] for value in mixed}) == 4


def test_a_randomised_value_is_the_value_behind_sixteen_random_bytes():
    col = column("string", "encrypt", mode="randomised")
    key = hkdf_sha256(master(0x01020304), f"strongroom|v1|encryption|column|{TABLE}|c".encode(), length=64)
    bound = f"v1||{TABLE}|c|string randomised".encode()
    noise = bytes(range(32))
    made = kernel(col, table=TABLE, keyring=RING, random=lambda size: noise[:size])(pa.array(["x", None, ""]))
    assert [value and value[5:] for value in made.to_pylist()] == [
        plain_siv(key, bound)(noise[:16] + b"x"),
        None,
        plain_siv(key, bound)(noise[16:]),
    ]


SEALED = protector(column("string", "encrypt"), table=TABLE, keyring=ring(1, 2))(pa.array(["one", "two", None]))


@pytest.mark.parametrize(
    ("table", "col", "keys", "opens", "why"),
    [
        (TABLE, column("string", "encrypt"), ring(1, 2), True, "the ring it was written with"),
        (TABLE, column("string", "encrypt"), ring(2, 1), True, "after a new key became primary"),
        (TABLE, column("string", "encrypt"), ring(2), False, "the key is gone"),
        (TABLE, column("string", "encrypt"), ring(2, 1, disabled={1}), False, "the key is disabled"),
        (TABLE, column("string", "encrypt"), ring(1, seed=b"x"), False, "another key of the same id"),
        ("training.u", column("string", "encrypt"), ring(1), False, "another table"),
        (TABLE, column("string", "encrypt", path="d"), ring(1), False, "another column"),
        (TABLE, column("binary", "encrypt"), ring(1), False, "another type"),
        (TABLE, column("string", "encrypt", domain="d"), ring(1), False, "another domain"),
        (TABLE, column("string", "encrypt", mode="randomised"), ring(1), False, "another mode"),
    ],
)
def test_values_open_only_where_they_belong(table, col, keys, opens, why):
    back, opened = decrypt(SEALED, col, table=table, keyring=keys)
    assert opened.to_pylist() == [opens, opens, True], why
    assert [value is not None for value in back.to_pylist()] == [opens, opens, False], why


def test_values_of_several_keys_open_in_their_places():
    col = column("string", "encrypt")
    values = [f"v{number}" * (number % 7) for number in range(50)]
    made = [
        protector(col, table=TABLE, keyring=ring(number % 3 + 1))(pa.array([value]))[0].as_py()
        for number, value in enumerate(values)
    ]
    made[10] = None
    back, opened = decrypt(pa.array(made, pa.binary()), col, table=TABLE, keyring=ring(3, 1))
    assert opened.to_pylist() == [number == 10 or number % 3 in (0, 2) for number in range(50)]
    assert back.to_pylist() == [
        value if number % 3 in (0, 2) and number != 10 else None for number, value in enumerate(values)
    ]


@pytest.mark.parametrize("mode", ["deterministic", "randomised"])
@pytest.mark.parametrize("type_", ["string", "int"])
def test_rubbish_is_a_verdict_and_not_a_crash(type_, mode):
    col = column(type_, "encrypt", mode=mode)
    good = protector(col, table=TABLE, keyring=RING)(pa.array([5 if type_ == "int" else "5"], arrow_type(col.type)))[0]
    rubbish = [b"", b"\x01", os.urandom(20), os.urandom(21), os.urandom(60), good.as_py()[:-1], good.as_py() + b"x"]
    back, opened = decrypt(pa.array([*rubbish, good.as_py(), None], pa.binary()), col, table=TABLE, keyring=RING)
    assert opened.to_pylist() == [False] * len(rubbish) + [True, True]
    assert back.null_count == len(rubbish) + 1


def test_genuine_bytes_of_the_wrong_length_or_no_text_are_not_values():
    number, text = column("int", "encrypt"), column("string", "encrypt")
    for col, value in ((number, b"123"), (text, b"\xff")):
        info = f"strongroom|v1|encryption|column|{TABLE}|c"
        key = hkdf_sha256(master(0x01020304), info.encode(), length=64)
        forged = b"\x01\x01\x02\x03\x04" + plain_siv(key, f"v1||{TABLE}|c|{col.type.ddl}".encode())(value)
        right = protector(col, table=TABLE, keyring=RING)(
            pa.array([1 if col is number else "ok"], arrow_type(col.type))
        )
        back, opened = decrypt(pa.array([forged, right[0].as_py()]), col, table=TABLE, keyring=RING)
        assert opened.to_pylist() == [False, True]
        assert back.to_pylist() == [None, 1 if col is number else "ok"]


def test_what_leaves_is_binary():
    assert output_type(column("bigint", "encrypt")) == pa.binary()
    assert output_ddl(column("bigint", "encrypt")) == "binary"
