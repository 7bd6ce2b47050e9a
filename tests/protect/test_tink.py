"""What Tink reads and writes, we write and read: its deterministic AEAD, its MACs and its PRF, through its own code."""

import base64
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pyarrow as pa
import pytest
import tink
from tink import daead, json_proto_keyset_format, mac, prf, secret_key_access

from protect.ring import RING, batches, column
from strongroom.core.keys.ring import Key, Status
from strongroom.core.secret import Secret
from strongroom.protect import protector
from strongroom.protect.cipher.byte_rows import binary_array, rows_of
from strongroom.protect.cipher.siv import Siv
from strongroom.protect.methods.encrypt import bound_to, encryption_info
from strongroom.protect.methods.hash import token_info
from strongroom.stores.keys.tink_format import AES_CMAC, AES_SIV, HMAC, clear_json, read_message
from support.opened import decrypt

TABLE = "training.t"


@pytest.fixture(scope="module", autouse=True)
def _registered():
    daead.register()
    mac.register()
    prf.register()


def theirs_of(info, *, length, type_url):
    keys = [Key(RING.primary, Status.ENABLED, RING.derive(info, length=length))]
    return json_proto_keyset_format.parse(clear_json(RING.primary, keys, type_url=type_url), secret_key_access.TOKEN)


def siv_of(col):
    return theirs_of(encryption_info(col, table=TABLE), length=64, type_url=AES_SIV).primitive(daead.DeterministicAead)


@pytest.mark.parametrize("mode", ["deterministic", "randomised"])
def test_tink_opens_what_we_encrypt(mode):
    col = column("binary", "encrypt", mode=mode)
    theirs, bound = siv_of(col), bound_to(col, table=TABLE)
    skip = 16 if mode == "randomised" else 0
    for values in batches(longest=50):
        sealed = protector(col, table=TABLE, keyring=RING)(pa.array(values))
        assert [theirs.decrypt_deterministically(value, bound)[skip:] for value in sealed.to_pylist()] == values


def test_we_open_what_tink_encrypts():
    col = column("binary", "encrypt")
    theirs, bound = siv_of(col), bound_to(col, table=TABLE)
    for values in batches(longest=80):
        sealed = pa.array([theirs.encrypt_deterministically(value, bound) for value in values])
        back, opened = decrypt(sealed, col, table=TABLE, keyring=RING)
        assert opened.true_count == len(values)
        assert back.to_pylist() == values


@pytest.mark.parametrize(("profile", "type_url"), [("aes-cmac", AES_CMAC), ("hmac-sha256", HMAC)])
def test_a_token_is_tinks_mac_in_base64url(profile, type_url):
    col = column("binary", "hash", domain="person", profile=profile)
    theirs = theirs_of(token_info(col, table=TABLE), length=32, type_url=type_url).primitive(mac.Mac)
    for values in batches(longest=40):
        tokens = protector(col, table=TABLE, keyring=RING)(pa.array(values)).to_pylist()
        assert tokens == [urlsafe_b64encode(theirs.compute_mac(value)).decode() for value in values]
        for token, value in zip(tokens[:100], values, strict=False):
            theirs.verify_mac(urlsafe_b64decode(token), value)


def test_tinks_prf_derives_our_keys():
    theirs = json_proto_keyset_format.parse(clear_json(RING.primary, RING.keys), secret_key_access.TOKEN).primitive(
        prf.PrfSet
    )
    for info in ("strongroom|v1|token|aes-cmac|domain|p", "x"):
        for length in (16, 32, 64):
            assert theirs.primary().compute(info.encode(), length) == RING.derive(info, length=length).reveal()


def test_our_cipher_agrees_with_tink_under_a_key_that_tink_made():
    handle = tink.new_keyset_handle(daead.deterministic_aead_key_templates.AES256_SIV)
    theirs = handle.primitive(daead.DeterministicAead)
    keyset = json.loads(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    key = dict(read_message(base64.b64decode(keyset["key"][0]["keyData"]["value"])))[2]
    values = [os.urandom(size) for size in (*range(40), 5000)]
    sealed = pa.array([theirs.encrypt_deterministically(value, b"bound") for value in values])
    rows = rows_of(sealed)
    ours = Siv(Secret(key), associated=b"bound")
    assert binary_array(*ours.encrypt(rows_of(pa.array(values)), key_id=keyset["primaryKeyId"]), valid=None) == sealed
    data, lengths, genuine = ours.decrypt(rows)
    assert genuine.all()
    assert binary_array(data, lengths, valid=None).to_pylist() == values
