import pickle

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from protect.ring import master, ring, wycheproof
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Key, KeyHandle, Keyring, Status, bar_escape, hkdf_sha256, purpose_info
from strongroom.core.secret import Secret

SECRET = Secret(b"MARKER-KEY-0123456789abcdef-MARK")
HANDLE = KeyHandle("file:/kek", b"wrapped", "keyring.json")


def test_the_example_of_rfc_5869_without_salt_comes_out():
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert hkdf_sha256(b"\x0b" * 22, b"", length=42).hex() == okm


def test_wycheproof_agrees_on_hkdf_without_salt():
    cases = [case for case in wycheproof("hkdf_sha256_test.json") if not case["salt"] and case["result"] == "valid"]
    for case in cases:
        key, info = bytes.fromhex(case["ikm"]), bytes.fromhex(case["info"])
        assert hkdf_sha256(key, info, length=case["size"]).hex() == case["okm"], case["tcId"]
    assert len(cases) >= 5


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=80), st.binary(max_size=80), st.integers(1, 300))
def test_derivation_is_the_librarys(key, info, length):
    assert hkdf_sha256(key, info, length=length) == HKDF(SHA256(), length, None, info).derive(key)


@pytest.mark.parametrize("length", [0, 8161])
def test_what_hkdf_cannot_give_is_refused(length):
    with pytest.raises(ValueError, match="8160"):
        hkdf_sha256(b"k", b"", length=length)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("ab|%27C", max_size=4), max_size=4), st.lists(st.text("ab|%27C", max_size=4), max_size=4))
def test_no_two_names_are_one_key(left, right):
    assert (purpose_info("token", *left) == purpose_info("token", *right)) == (left == right)


def test_a_name_is_readable():
    assert purpose_info("token", "aes-cmac", "domain", "a|b%") == "strongroom|v1|token|aes-cmac|domain|a%7Cb%25"
    assert bar_escape("plain.name[]") == "plain.name[]"


def test_an_unknown_purpose_is_a_bug():
    with pytest.raises(ValueError, match="token, encryption, quarantine"):
        purpose_info("tokens", "x")


def test_purposes_keys_and_domains_have_keys_of_their_own():
    keys = ring(1, 2)
    infos = [
        purpose_info(purpose, *parts) for purpose in ("token", "encryption") for parts in (("a",), ("b",), ("a", "b"))
    ]
    derived = [keys.derive(info, length=32, key_id=key_id).reveal() for info in infos for key_id in (1, 2)]
    assert len(set(derived)) == 12
    assert keys.derive(infos[0], length=32) == keys.derive(infos[0], length=32, key_id=1)
    assert keys.derive(infos[0], length=32).reveal() == hkdf_sha256(master(1), infos[0].encode(), length=32)


@pytest.mark.parametrize(
    ("keys", "key_id", "what"),
    [
        (ring(1), 2, "key 00000002 is not in the keyring"),
        (ring(1, 2, disabled={2}), 2, "key 00000002 is disabled"),
        (Keyring(1, (*ring(1).keys, Key(2, Status.DESTROYED, None)), HANDLE), 2, "key 00000002 is destroyed"),
    ],
)
def test_a_key_that_is_not_to_be_used_says_why_and_what_to_do(keys, key_id, what):
    with pytest.raises(KeyFault) as error:
        keys.key(key_id)
    assert error.value.what == what
    assert error.value.where == "keyring.json"
    assert error.value.todo


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Key(0, Status.ENABLED, SECRET), "between 1 and 4294967295"),
        (lambda: Key(1 << 32, Status.ENABLED, SECRET), "between 1 and 4294967295"),
        (lambda: Key(1, Status.ENABLED, None), "destroyed key has no secret"),
        (lambda: Key(1, Status.DESTROYED, SECRET), "destroyed key has no secret"),
        (lambda: Keyring(1, (), HANDLE), "not in the keyring"),
        (lambda: Keyring(1, (Key(1, Status.DISABLED, SECRET),), HANDLE), "is disabled"),
        (lambda: Keyring(1, (Key(1, Status.ENABLED, SECRET),) * 2, HANDLE), "names a key twice"),
    ],
)
def test_a_ring_is_never_half_valid(make, what):
    with pytest.raises(KeyFault, match=what) as error:
        make()
    assert "MARKER" not in str(error.value)


def test_the_primary_comes_first_among_the_enabled():
    assert ring(1, 2, 3, primary=2, disabled={3}).enabled == (2, 1)


def test_nothing_of_a_ring_shows_a_key():
    keys = Keyring(1, (Key(1, Status.ENABLED, SECRET),), HANDLE)
    assert "MARKER" not in repr(keys) + str(keys) + repr(keys.keys[0])
    assert "wrapped" not in repr(keys.handle).replace("wrapped=", "")
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(keys)


def test_a_handle_travels():
    assert pickle.loads(pickle.dumps(HANDLE)) == HANDLE
