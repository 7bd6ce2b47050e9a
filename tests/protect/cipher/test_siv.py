import os
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from protect.ring import batches, mapped, plain_siv, wycheproof
from strongroom.core.secret import Secret
from strongroom.protect.cipher.byte_rows import LONG, binary_array, rows_of
from strongroom.protect.cipher.siv import HEADER, PREFIX, Siv, prefix

KEY, ASSOCIATED = bytes(range(64)), b"v1||t|c|string"
ORACLE = plain_siv(KEY, ASSOCIATED)


def sealed(array, *, key=KEY, associated=ASSOCIATED, key_id=7):
    rows = rows_of(array)
    data, lengths = Siv(Secret(key), associated=associated).encrypt(rows, key_id=key_id)
    out = binary_array(data, lengths, valid=rows.valid)
    out.validate(full=True)
    return out


def opened(array, *, key=KEY, associated=ASSOCIATED):
    rows = rows_of(array)
    data, lengths, genuine = Siv(Secret(key), associated=associated).decrypt(rows)
    return binary_array(data, lengths, valid=rows.valid), genuine


def test_the_deterministic_example_of_rfc_5297_comes_out():
    key = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    associated = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    value = bytes.fromhex("112233445566778899aabbccddee")
    found = sealed(pa.array([value]), key=key, associated=associated)[0].as_py()
    assert found == prefix(7) + bytes.fromhex("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c")


@pytest.mark.whole
def test_wycheproof_agrees_on_aes_siv():
    cases = wycheproof("aes_siv_cmac_test.json")
    for case in cases:
        key, associated, text, cipher = (bytes.fromhex(case[word]) for word in ("key", "aad", "msg", "ct"))
        got = sealed(pa.array([text]), key=key, associated=associated)[0].as_py()[PREFIX:]
        assert (got == cipher) == (case["result"] == "valid"), case["tcId"]
        back, genuine = opened(pa.array([prefix(7) + cipher]), key=key, associated=associated)
        assert genuine.tolist() == [case["result"] == "valid"], case["tcId"]
        assert back[0].as_py() == (text if case["result"] == "valid" else b""), case["tcId"]
    assert len(cases) == 442


VALUES = st.one_of(
    st.none(), st.binary(max_size=70), st.sampled_from([b"", bytes(15), bytes(16), bytes(17), bytes(32)])
)


@pytest.mark.whole
@settings(max_examples=200, deadline=None)
@given(
    st.lists(VALUES, min_size=1, max_size=50), st.binary(min_size=64, max_size=64), st.binary(max_size=40), st.data()
)
def test_every_row_is_what_the_library_makes_of_it_alone(values, key, associated, data):
    start = data.draw(st.integers(0, len(values) - 1))
    array = pa.array(values, pa.binary())[start:]
    oracle = plain_siv(key, associated)
    found = sealed(array, key=key, associated=associated, key_id=0xFFFFFFFE)
    assert found.equals(mapped(lambda value: prefix(0xFFFFFFFE) + oracle(value), values[start:]))
    back, genuine = opened(found, key=key, associated=associated)
    assert back.equals(array)
    assert genuine.all()


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.string(), pa.large_string()])
def test_all_of_arrows_kinds_of_bytes_are_read(kind):
    values = ["", "é", None, "x" * 33]
    bytes_ = [None if value is None else value.encode() for value in values]
    assert sealed(pa.array(values, kind)).equals(mapped(lambda value: prefix(7) + ORACLE(value), bytes_))


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ([24] * 5, "one length: places are slices"),
        ([16] * 5, "whole blocks only"),
        ([0] * 5, "nothing to encrypt, and still five headers"),
        ([0, 1, 0, 0, 15, 16, 17, 0, 48, 1], "a last block spills over rows without a block"),
        ([3] * 20, "shorter than the spill"),
        ([100, 0, 0, 0, 0, 0, 0, 0, 0, 2], "a long row among empty ones"),
        ([LONG, LONG + 1, 5, LONG + 1, LONG], "long rows beside short ones"),
        ([LONG + 1] * 3, "long rows only"),
        ([7], "one row"),
        (list(range(64)) * 3, "every tail"),
        ([20] * (2 * 8192 + 3), "more rows than one part"),
        ([5, 40] * 8192, "more rows than one part, mixed"),
    ],
)
def test_lengths_that_lie_awkwardly_come_out_right(sizes, why):
    rng = np.random.default_rng(1)
    values = [rng.bytes(size) for size in sizes]
    found = sealed(pa.array(values, pa.binary()))
    assert found.equals(mapped(lambda value: prefix(7) + ORACLE(value), values)), why
    back, genuine = opened(found)
    assert back.to_pylist() == values, why
    assert genuine.all()


def test_an_empty_array_stays_empty():
    assert len(sealed(pa.array([], pa.binary()))) == 0
    assert sealed(pa.array([None, None], pa.binary())).null_count == 2


def test_many_values_agree_with_the_library_both_ways():
    key = os.urandom(64)
    library = AESSIV(key)
    for values in batches(longest=80):
        theirs = pa.array([prefix(7) + library.encrypt(value, [b"a"]) for value in values], pa.binary())
        assert sealed(pa.array(values, pa.binary()), key=key, associated=b"a").equals(theirs)
        back, genuine = opened(theirs, key=key, associated=b"a")
        assert genuine.all()
        assert back.to_pylist() == values


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=30), st.data())
def test_one_changed_bit_is_one_row_that_does_not_open(values, data):
    good = [prefix(7) + ORACLE(value) for value in values]
    row = data.draw(st.integers(0, len(good) - 1))
    bit = data.draw(st.integers(8 * PREFIX, 8 * len(good[row]) - 1))
    changed = bytearray(good[row])
    changed[bit // 8] ^= 1 << bit % 8
    back, genuine = opened(pa.array([*good[:row], bytes(changed), *good[row + 1 :]], pa.binary()))
    assert genuine.tolist() == [place != row for place in range(len(good))]
    assert back.to_pylist() == [b"" if place == row else value for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"associated": b"v1||t|d|string"}, "moved to another column"),
        ({"key": bytes(64)}, "another key"),
    ],
)
def test_nothing_opens_elsewhere(other, why):
    back, genuine = opened(sealed(pa.array([b"", b"x", bytes(50)])), **other)
    assert not genuine.any(), why
    assert back.to_pylist() == [b"", b"", b""], "what does not verify is never given out"


def test_ten_megabytes_among_ten_thousand_short_values_take_no_padded_matrix():
    short = [b"%05d" % number for number in range(10_000)]
    array = pa.array([*short[:5_000], bytes(10 << 20), *short[5_000:]], pa.binary())
    tracemalloc.start()
    found = sealed(array)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 << 20
    assert len(found[5_000].as_py()) == (10 << 20) + HEADER
    assert found[5_000].as_py() == prefix(7) + ORACLE(bytes(10 << 20))
    assert found[9_999].as_py() == prefix(7) + ORACLE(short[9_998])
    back, genuine = opened(found)
    assert genuine.all()
    assert back.equals(array)
