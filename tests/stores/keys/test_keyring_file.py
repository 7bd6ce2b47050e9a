import base64
import contextlib
import json
import os
import pickle
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tink
from tink import aead, json_proto_keyset_format, prf, secret_key_access

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Key, Keyring, Status
from strongroom.core.secret import Secret
from strongroom.stores.keys import CONTEXT, keyring_of, new_key, open_keyring, save_keyring
from strongroom.stores.keys import keyring_file as store


@pytest.fixture
def home(tmp_path):
    """Reference and path of a keyring that is not there yet."""
    return f"file:{tmp_path}/keys/kek", str(tmp_path / "keys/keyring.json")


def kek_of(reference):
    return Path(reference.removeprefix("file:"))


def mode_of(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_the_first_use_makes_keys_says_so_once_and_finds_them_again(home):
    made = open_keyring(*home, create=True)
    assert home[1] in made.notice
    assert "can never open" in made.notice
    again = open_keyring(*home, create=True)
    assert again.notice == ""
    assert again.keys == made.keys
    assert (mode_of(home[1]), mode_of(kek_of(home[0]))) == (0o600, 0o600)
    assert mode_of(Path(home[1]).parent) == 0o700
    assert sorted(path.name for path in Path(home[1]).parent.iterdir()) == ["kek", "keyring.json"]


def test_the_files_hold_no_key_in_clear(home):
    keys = open_keyring(*home, create=True)
    secret = keys.keys[0].secret.reveal()
    text = Path(home[1]).read_bytes() + kek_of(home[0]).read_bytes() + keys.notice.encode() + repr(keys).encode()
    for form in (secret, secret.hex().encode(), base64.b64encode(secret)):
        assert form not in text
        assert form not in pickle.dumps(keys.handle)


def test_without_create_nothing_is_made(home):
    with pytest.raises(KeyFault, match="no keyring yet"):
        open_keyring(*home, create=False)
    assert not Path(home[1]).parent.exists()


def damaged(where, change):
    def damage(home):
        path = kek_of(home[0]) if where == "kek" else Path(home[1])
        path.write_bytes(change(path.read_bytes()))

    return damage


def flip(data):
    found = json.loads(data)
    text = found["encryptedKeyset"]
    return json.dumps(found | {"encryptedKeyset": text[:40] + ("A" if text[40] != "A" else "B") + text[41:]}).encode()


@pytest.mark.parametrize(
    ("damage", "what", "why"),
    [
        (lambda home: kek_of(home[0]).unlink(), "cannot be read: No such file", "the key is gone"),
        (lambda home: kek_of(home[0]).chmod(0o640), "others than its owner", "the group may read it"),
        (lambda home: kek_of(home[0]).chmod(0o602), "others could put", "everybody may write it"),
        (damaged("kek", lambda data: data[:-8]), "not 32 bytes in base64", "the key is cut short"),
        (damaged("kek", lambda data: b"not base64!"), "not 32 bytes in base64", "the key is no key"),
        (damaged("kek", lambda data: b""), "not 32 bytes in base64", "the key is empty"),
        (damaged("kek", lambda data: b"A" * 43 + b"="), "does not open the keyring", "another key"),
        (damaged("ring", lambda data: data[: len(data) // 2]), "damaged or not a keyring", "the file is cut short"),
        (damaged("ring", lambda data: b""), "damaged or not a keyring", "the file is empty"),
        (damaged("ring", lambda data: b"\xff\xfe"), "damaged or not a keyring", "the file is no text"),
        (damaged("ring", lambda data: b"[1]"), "damaged or not a keyring", "the file is other JSON"),
        (damaged("ring", lambda data: b'{"encryptedKeyset": "AAAA"}'), "does not open", "too short to be wrapped"),
        (damaged("ring", lambda data: b'{"encryptedKeyset": "%%%%"}'), "damaged", "not base64"),
        (damaged("ring", flip), "does not open the keyring", "one changed bit"),
    ],
)
def test_what_is_wrong_with_keys_is_said_without_showing_any(home, damage, what, why):
    made = open_keyring(*home, create=True)
    shown = [made.keys[0].secret.reveal().hex(), kek_of(home[0]).read_text().strip()]
    damage(home)
    for create in (False, True):
        with pytest.raises(KeyFault) as error:
            open_keyring(*home, create=create)
        assert what in error.value.what, why
        assert error.value.where, why
        assert error.value.todo, why
        assert not any(secret in str(error.value) for secret in shown)
        assert error.value.__cause__ is None, "no chained error that might show more"


def test_a_lost_key_is_never_silently_replaced(home):
    open_keyring(*home, create=True)
    before = Path(home[1]).read_bytes()
    kek_of(home[0]).unlink()
    with pytest.raises(KeyFault):
        open_keyring(*home, create=True)
    assert not kek_of(home[0]).exists()
    assert Path(home[1]).read_bytes() == before


def test_a_ring_wrapped_for_something_else_does_not_open(home):
    keys = open_keyring(*home, create=True)
    wrapped = store.provider(home[0]).wrap(store.keyset(keys.primary, keys.keys), context=b"something else")
    Path(home[1]).write_bytes(store.wrapped_json(wrapped, primary=keys.primary, keys=keys.keys))
    with pytest.raises(KeyFault, match="does not open"):
        open_keyring(*home, create=False)


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        ("vault:x", "not known"),
        ("file:", "not known"),
        ("", "not known"),
        ("aws-kms:key", "not the ARN"),
        ("databricks-secret:scope", "names no secret"),
    ],
)
def test_a_provider_that_does_not_exist_is_refused(tmp_path, reference, what):
    with pytest.raises(KeyFault, match=what) as error:
        open_keyring(reference, str(tmp_path / "ring"), create=True)
    assert error.value.todo
    assert not (tmp_path / "ring").exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    reference = f"file:{tmp_path}/kek"
    with pytest.raises(KeyFault, match="cannot be"):
        open_keyring(reference, str(tmp_path / "file/ring.json"), create=True)


def test_a_handle_becomes_the_ring_again_where_it_is_used(home):
    keys = open_keyring(*home, create=True)
    handle = pickle.loads(pickle.dumps(keys.handle))
    with elsewhere("import pickle; print(keyring_of(pickle.load(sys.stdin.buffer)).primary)") as worker:
        told, _ = worker.communicate(pickle.dumps(handle))
    assert int(told) == keys.primary
    assert keyring_of(handle).keys == keys.keys


def elsewhere(code, *words):
    """A Python process of its own: it inherits no thread and no lock, as a fork of this one would."""
    imports = "import sys; from strongroom.stores.keys.keyring_file import keyring_of, open_keyring;"
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "lib")}
    command = [sys.executable, "-c", imports + code, *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path)


def test_a_worker_unwraps_once_an_hour(home, monkeypatch):
    handle = open_keyring(*home, create=True).handle
    opened = []
    real = store.provider
    monkeypatch.setattr(store, "provider", lambda reference: opened.append(reference) or real(reference))
    monkeypatch.setattr(store, "_rings", {})
    for moment, expected in ((0.0, 1), (3599.0, 1), (3600.0, 2), (3601.0, 2), (7200.0, 3)):
        keyring_of(handle, now=lambda: moment)  # noqa: B023  called at once
        assert len(opened) == expected


def test_a_key_taken_away_stops_working_within_the_hour(home, monkeypatch):
    handle = open_keyring(*home, create=True).handle
    monkeypatch.setattr(store, "_rings", {})
    keyring_of(handle, now=lambda: 0.0)
    kek_of(home[0]).unlink()
    keyring_of(handle, now=lambda: 10.0)
    with pytest.raises(KeyFault):
        keyring_of(handle, now=lambda: 3601.0)
    with pytest.raises(KeyFault):
        keyring_of(handle, now=lambda: 11.0)


def test_a_ring_is_saved_whole_or_not_at_all(home, monkeypatch):
    keys = open_keyring(*home, create=True)
    before = Path(home[1]).read_bytes()
    more = Keyring(keys.primary, (*keys.keys, new_key(keys.keys)), keys.handle)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(KeyFault, match="No space left"):
        save_keyring(more)
    monkeypatch.undo()
    assert Path(home[1]).read_bytes() == before
    assert len(list(Path(home[1]).parent.iterdir())) == 2, "no half-written file stays behind"
    save_keyring(more)
    assert len(open_keyring(*home, create=False).keys) == 2
    assert mode_of(home[1]) == 0o600


def test_a_change_made_meanwhile_is_not_overwritten(home):
    one = open_keyring(*home, create=True)
    other = open_keyring(*home, create=False)
    saved = save_keyring(Keyring(one.primary, (*one.keys, new_key()), one.handle))
    with pytest.raises(KeyFault, match="somebody else changed"):
        save_keyring(Keyring(other.primary, (*other.keys, new_key()), other.handle))
    assert open_keyring(*home, create=False).keys == saved.keys
    save_keyring(Keyring(saved.primary, saved.keys, saved.handle))


def test_every_state_of_a_key_survives_the_file(home):
    keys = open_keyring(*home, create=True)
    disabled = replace(new_key(), status=Status.DISABLED)
    gone = Key(5, Status.DESTROYED, None)
    save_keyring(Keyring(keys.primary, (*keys.keys, disabled, gone), keys.handle))
    found = open_keyring(*home, create=False)
    assert found.keys == (*keys.keys, disabled, gone)
    assert found.enabled == (keys.primary,)


def test_two_first_uses_at_once_make_one_keyring(home):
    with contextlib.ExitStack() as stack:
        first_use = "print(open_keyring(*sys.argv[1:], create=True).primary)"
        workers = [stack.enter_context(elsewhere(first_use, *home)) for _ in range(4)]
        found = [int(worker.communicate()[0]) for worker in workers]
    assert len(set(found)) == 1


def test_tink_opens_the_keyring_file_with_the_key_encryption_key(home):
    aead.register()
    prf.register()
    keys = open_keyring(*home, create=True)
    handle = json_proto_keyset_format.parse_encrypted(Path(home[1]).read_text(), tink_kek(home[0]), CONTEXT)
    theirs = handle.primitive(prf.PrfSet)
    assert theirs.primary().compute(b"info", 48) == keys.derive("info", length=48).reveal()
    assert handle.keyset_info().primary_key_id == keys.primary


def test_we_open_a_keyring_that_tink_wrapped(home):
    aead.register()
    prf.register()
    open_keyring(*home, create=True)
    handle = tink.new_keyset_handle(prf.prf_key_templates.HKDF_SHA256)
    Path(home[1]).write_text(json_proto_keyset_format.serialize_encrypted(handle, tink_kek(home[0]), CONTEXT))
    ours = open_keyring(*home, create=False)
    assert ours.derive("info", length=48).reveal() == handle.primitive(prf.PrfSet).primary().compute(b"info", 48)


def tink_kek(reference):
    """The key-encryption key as Tink's AES-GCM without prefix."""
    key = Secret(base64.b64decode(kek_of(reference).read_text()))
    value = base64.b64encode(b"\x1a\x20" + key.reveal()).decode()
    keyset = {
        "primaryKeyId": 1,
        "key": [
            {
                "keyData": {
                    "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmKey",
                    "value": value,
                    "keyMaterialType": "SYMMETRIC",
                },
                "status": "ENABLED",
                "keyId": 1,
                "outputPrefixType": "RAW",
            }
        ],
    }
    return json_proto_keyset_format.parse(json.dumps(keyset), secret_key_access.TOKEN).primitive(aead.Aead)


def header(**changes):
    """A keyring file with other words in its part in clear: of the primary key, or of its first key."""

    def change(data):
        found = json.loads(data)
        info = found["keysetInfo"]
        info["primaryKeyId"] = changes.get("primary", info["primaryKeyId"])
        info["keyInfo"][0] |= {name: value for name, value in changes.items() if name != "primary"}
        return json.dumps(found).encode()

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (header(status="DISABLED"), "a key that is sealed as enabled"),
        (header(status="DESTROYED"), "or destroyed"),
        (header(primary=5), "another primary key"),
        (header(keyId=7), "another key"),
    ],
)
def test_a_keyring_whose_part_in_clear_was_changed_does_not_open(home, change, why):
    open_keyring(*home, create=True)
    damaged("ring", change)(home)
    with pytest.raises(KeyFault) as error:
        open_keyring(*home, create=False)
    assert error.value.code == "keyring.header", why
    assert error.value.todo
