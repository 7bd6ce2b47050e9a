import os
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protect.ring import FUZZ, SEED, plain_cmac, wycheproof
from strongroom.core.secret import Secret
from strongroom.protect.cipher.aes import Cmac, double
from strongroom.protect.cipher.blocks import lay
from strongroom.protect.cipher.byte_rows import LONG, Rows, rows_of
from strongroom.protect.cipher.siv import Siv


def tags(key, values):
    """Tags of many values by the kernel, as the kernel's users call it."""
    mac, found = Cmac(Secret(key)), {}
    for which, part in rows_of(pa.array(values, pa.binary())).parts():
        laid = lay(part)
        places = range(len(values))[which] if isinstance(which, slice) else which
        found |= dict(zip(places, laid.back(mac.chain(laid, tables=mac.tables)), strict=True))
    return [found[place].tobytes() for place in range(len(values))]


RFC4493 = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("length", "tag", "why"),
    [
        (0, "bb1d6929e95937287fa37d129b756746", "an empty message is one padded block"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c", "one whole block takes K1"),
        (40, "dfa66747de9ae63030ca32611497c827", "a cut last block takes K2"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe", "four whole blocks"),
    ],
)
def test_the_examples_of_rfc_4493_come_out(length, tag, why):
    assert tags(RFC4493, [MESSAGE[:length]]) == [bytes.fromhex(tag)], why


def test_the_sub_keys_of_rfc_4493_come_out():
    first, second = Cmac(Secret(RFC4493)).subkeys()
    assert first.hex() == "fbeed618357133667c85e08f7236a8de"
    assert second.hex() == "f7ddac306ae266ccf90bc11ee46d513b"


def test_doubling_folds_the_carry_back_in():
    assert double(bytes(15) + b"\x01") == bytes(15) + b"\x02"
    assert double(b"\x80" + bytes(15)) == bytes(15) + b"\x87"


def test_wycheproof_agrees_on_aes_cmac():
    checked = 0
    for case in wycheproof("aes_cmac_test.json"):
        if case["keySize"] in (128, 192, 256) and case["tagSize"] == 128:
            found = tags(bytes.fromhex(case["key"]), [bytes.fromhex(case["msg"])]) == [bytes.fromhex(case["tag"])]
            assert found == (case["result"] == "valid"), case["tcId"]
            checked += 1
    assert checked > 250


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=60), st.binary(min_size=32, max_size=32))
def test_every_row_has_the_tag_it_has_alone(values, key):
    assert tags(key, values) == list(map(plain_cmac(key), values))


@pytest.mark.parametrize(
    ("longest", "why"),
    [
        (3, "many empty rows"),
        (16, "whole blocks and cut ones"),
        (200, "many different numbers of blocks: rows are reordered"),
    ],
)
def test_many_rows_at_once_agree_with_the_plain_loop(longest, why):
    rng, key = np.random.default_rng([SEED, longest]), os.urandom(32)
    for count in (min(20_000, FUZZ // 4 - done) for done in range(0, FUZZ // 4, 20_000)):
        data = rng.bytes(longest + count)
        values = [data[place : place + int(size)] for place, size in enumerate(rng.integers(0, longest + 1, count))]
        assert tags(key, values) == list(map(plain_cmac(key), values)), why


def test_long_values_are_left_out_of_the_parts_and_named():
    lengths = np.array([5, LONG + 1, 0, LONG, LONG + 1, 64, 65, 256, 257])
    rows = Rows(np.zeros(5 * LONG, np.uint8), np.cumsum(lengths) - lengths, lengths)
    assert [which.tolist() for which, _ in rows.parts()] == [[0, 2, 5], [6, 7], [3, 8]]
    assert rows.long() == [1, 4]


def test_a_part_is_bounded_in_rows_and_bytes():
    short = np.full(3 * 8192 + 1, 4)
    rows = Rows(np.zeros(int(short.sum()), np.uint8), np.cumsum(short) - short, short)
    assert [len(part) for _, part in rows.parts()] == [8192] * 3 + [1]
    wide = np.full(3000, LONG)
    rows = Rows(np.zeros(1, np.uint8), np.cumsum(wide) - wide, wide)
    assert [len(part) for _, part in rows.parts()] == [1024, 1024, 952], "two megabytes of values of two kilobytes"


@pytest.mark.parametrize("cipher", [Cmac(Secret(bytes(range(32)))), Siv(Secret(bytes(range(64))), associated=b"x")])
def test_sub_keys_are_neither_shown_nor_pickled(cipher):
    tables = cipher.tables if isinstance(cipher, Cmac) else cipher._tables
    assert repr(tables) == "Tables()"
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(tables)
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(cipher)
