import json

import pytest
from tink.proto import aes_cmac_pb2, aes_siv_pb2, common_pb2, hkdf_prf_pb2, hmac_pb2, tink_pb2

from protect.ring import ring
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Key, Status
from strongroom.core.secret import Secret
from strongroom.stores.keys.tink_format import (
    AES_CMAC,
    AES_SIV,
    HMAC,
    PRF,
    clear_json,
    key_value,
    keyset,
    message,
    read_clear_json,
    read_keyset,
    read_master,
    read_message,
    read_varint,
    varint,
    wrapped_json,
)

SECRET = Secret(bytes(range(32)))
KEYS = (*ring(7, 9, disabled={9}).keys, Key(0xFFFFFFFF, Status.DESTROYED, None))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32 - 1, 2**63])
def test_numbers_survive(number):
    assert read_varint(varint(number), 0) == (number, len(varint(number)))


def test_a_message_survives():
    fields = [(1, 5), (2, b""), (3, b"x" * 300), (16, 2**40)]
    assert list(read_message(message(fields))) == fields
    assert message([(1, 0)]) == b"", "proto3 leaves zeros out"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x08", "no value"),
        (b"\x12\x05ab", "shorter than it says"),
        (b"\x0d\x00\x00\x00\x00", "a wire type that keysets do not use"),
        (b"\x08" + b"\xff" * 11, "a number without an end"),
    ],
)
def test_bytes_that_are_no_message_are_refused(data, why):
    with pytest.raises(ValueError, match="not a keyset"):
        list(read_message(data))


def test_each_kind_of_key_is_tinks_own_message():
    siv = aes_siv_pb2.AesSivKey.FromString(key_value(AES_SIV, Secret(bytes(64))))
    assert (siv.version, siv.key_value) == (0, bytes(64))
    cmac = aes_cmac_pb2.AesCmacKey.FromString(key_value(AES_CMAC, SECRET))
    assert (cmac.key_value, cmac.params.tag_size) == (SECRET.reveal(), 16)
    hmac = hmac_pb2.HmacKey.FromString(key_value(HMAC, SECRET))
    assert (hmac.key_value, hmac.params.tag_size, hmac.params.hash) == (SECRET.reveal(), 16, common_pb2.SHA256)
    prf = hkdf_prf_pb2.HkdfPrfKey.FromString(key_value(PRF, SECRET))
    assert (prf.key_value, prf.params.hash, prf.params.salt) == (SECRET.reveal(), common_pb2.SHA256, b"")
    with pytest.raises(ValueError, match="no such key type"):
        key_value("other", SECRET)


def test_a_keyset_is_tinks_own_message_and_comes_back():
    data = keyset(7, KEYS)
    theirs = tink_pb2.Keyset.FromString(data)
    assert theirs.primary_key_id == 7
    assert [(key.key_id, key.status, key.output_prefix_type) for key in theirs.key] == [
        (7, tink_pb2.ENABLED, tink_pb2.RAW),
        (9, tink_pb2.DISABLED, tink_pb2.RAW),
        (0xFFFFFFFF, tink_pb2.DESTROYED, tink_pb2.RAW),
    ]
    assert [key.key_data.type_url for key in theirs.key] == [PRF, PRF, ""]
    assert read_keyset(data) == (7, KEYS)
    assert read_keyset(theirs.SerializeToString()) == (7, KEYS)


def test_the_clear_form_comes_back():
    assert read_clear_json(clear_json(7, KEYS), where="file") == (7, KEYS)


def hkdf(**changes):
    key = hkdf_prf_pb2.HkdfPrfKey(key_value=SECRET.reveal())
    key.params.hash = changes.get("hash", common_pb2.SHA256)
    key.params.salt = changes.get("salt", b"")
    key.key_value = changes.get("key_value", SECRET.reveal())
    key.version = changes.get("version", 0)
    return key.SerializeToString()


def test_a_master_key_is_hkdf_sha256_of_32_bytes_without_salt():
    assert read_master(hkdf()) == SECRET


@pytest.mark.parametrize(
    "changes", [{"hash": common_pb2.SHA512}, {"salt": b"s"}, {"key_value": bytes(16)}, {"version": 1}]
)
def test_any_other_master_key_is_refused(changes):
    with pytest.raises(ValueError, match="HKDF"):
        read_master(hkdf(**changes))


def changed(**entry):
    found = json.loads(clear_json(7, KEYS))
    found["key"][0] |= entry
    return json.dumps(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("[]", "another JSON"),
        ("{}", "no keys"),
        (changed(status="SLEEPING"), "an unknown status"),
        (changed(keyId="7"), "an id that is no number"),
        (changed(keyData=None), "no key"),
        (changed(keyData={"typeUrl": AES_SIV, "value": "", "keyMaterialType": "SYMMETRIC"}), "another kind of key"),
        (changed(keyData={"typeUrl": PRF, "value": "%", "keyMaterialType": "SYMMETRIC"}), "not base64"),
        (changed(keyData={"typeUrl": PRF, "value": "/w==", "keyMaterialType": "SYMMETRIC"}), "no message"),
    ],
)
def test_what_is_no_keyset_of_ours_is_refused_without_showing_it(text, why):
    with pytest.raises(KeyFault, match="not a keyset of HKDF-SHA256") as error:
        read_clear_json(text, where="keys.json")
    assert error.value.where == "keys.json"
    assert error.value.todo
    assert error.value.__cause__ is None


@pytest.mark.parametrize("data", [b"\xff", b"\x08", b"\x12\x02\x08\x01", keyset(7, KEYS[:1], type_url=AES_SIV)])
def test_unwrapped_bytes_that_are_no_ring_are_refused(data):
    with pytest.raises(ValueError, match=r"not a|HKDF"):
        read_keyset(data)


def test_the_wrapped_form_shows_ids_and_states_only():
    found = json.loads(wrapped_json(b"wrapped", primary=7, keys=KEYS))
    assert found["keysetInfo"] == {
        "primaryKeyId": 7,
        "keyInfo": [
            {"typeUrl": PRF, "status": "ENABLED", "keyId": 7, "outputPrefixType": "RAW"},
            {"typeUrl": PRF, "status": "DISABLED", "keyId": 9, "outputPrefixType": "RAW"},
            {"typeUrl": PRF, "status": "DESTROYED", "keyId": 0xFFFFFFFF, "outputPrefixType": "RAW"},
        ],
    }
