"""A role's file opens for its role, under its key-encryption key, whole and unchanged, or not at all."""

import base64
import json
import os
import pickle
import stat

import pytest

from protect.ring import RING, ring
from strongroom.core.errors import KeyFault
from strongroom.core.keys.handed_out import Given, Handed
from strongroom.core.keys.ring import Key, RoleHandle, Status
from strongroom.stores.keys import role_files
from strongroom.stores.keys.handed_out_file import read_handed, record_of, save_handed
from strongroom.stores.keys.providers.file import make_kek
from strongroom.stores.keys.role_files import (
    file_of,
    mark_of,
    names_in,
    open_role,
    role_keys_of,
    wrapped_for,
    write_files,
)

NAMES = ("strongroom|v1|encryption|domain|email", "strongroom|v1|encryption|classification|personal")


@pytest.fixture
def kek(tmp_path):
    make_kek(tmp_path / "role.kek")
    return f"file:{tmp_path / 'role.kek'}"


def keysets(found=RING):
    return {
        name: (
            found.primary,
            [Key(id_, Status.ENABLED, found.derive(name, length=64, key_id=id_)) for id_ in found.enabled],
        )
        for name in NAMES
    }


def handle(kek, *, role="support", data=None):
    return RoleHandle(role, kek, data or wrapped_for("support", kek, keysets()), "support.json")


def test_a_file_gives_back_just_the_keys_it_was_made_of(kek):
    found = ring(0x01020304, 7)
    made = handle(kek, data=wrapped_for("support", kek, keysets(found)))
    assert names_in(made) == frozenset(NAMES)
    opened = role_keys_of(made)
    assert set(opened.keys) == set(NAMES)
    for name in NAMES:
        assert opened.opening(name) == (0x01020304, 7)
        for id_ in opened.opening(name):
            assert opened.derive(name, length=64, key_id=id_) == found.derive(name, length=64, key_id=id_)
    with pytest.raises(KeyFault, match="does not hold the key"):
        opened.opening("strongroom|v1|encryption|domain|other")
    with pytest.raises(KeyFault, match="no key of 00000009"):
        opened.derive(NAMES[0], length=64, key_id=9)
    with pytest.raises(KeyFault, match="something else"):
        opened.derive(NAMES[0], length=32, key_id=7)


def test_a_handle_travels_without_any_key(kek):
    found = pickle.dumps(handle(kek))
    for keys in role_keys_of(pickle.loads(found)).keys.values():
        for key in keys.values():
            assert key.reveal() not in found
            with pytest.raises(TypeError, match="does not pickle"):
                pickle.dumps(key)


def test_another_key_encryption_key_does_not_open_it(kek, tmp_path):
    make_kek(tmp_path / "other.kek")
    data = wrapped_for("support", kek, keysets())
    with pytest.raises(KeyFault, match="keys of the role 'support' do not open"):
        role_keys_of(handle(f"file:{tmp_path / 'other.kek'}", data=data))
    with pytest.raises(KeyFault, match="cannot be read"):
        role_keys_of(handle(f"file:{tmp_path / 'none.kek'}", data=data))


def test_one_roles_file_is_not_anothers_even_under_one_key(kek):
    data = wrapped_for("support", kek, keysets())
    renamed = json.dumps(json.loads(data) | {"role": "fraud"}).encode()
    for found in (data, renamed):
        with pytest.raises(KeyFault, match="keys of the role 'fraud' do not open"):
            role_keys_of(handle(kek, role="fraud", data=found))


def swapped(found):
    one, two = NAMES
    found["keysets"][one], found["keysets"][two] = found["keysets"][two], found["keysets"][one]


def renamed(found):
    found["keysets"]["strongroom|v1|encryption|domain|other"] = found["keysets"].pop(NAMES[0])


def flipped(found):
    data = bytearray(base64.b64decode(found["keysets"][NAMES[0]]["encryptedKeyset"]))
    data[20] ^= 1
    found["keysets"][NAMES[0]]["encryptedKeyset"] = base64.b64encode(bytes(data)).decode()


def pasted(found):
    """A keyset of another file of the same role."""
    kek = f"file:{os.environ['ROLE_KEK']}"
    found["keysets"][NAMES[0]] = json.loads(wrapped_for("support", kek, keysets()))["keysets"][NAMES[0]]


@pytest.mark.parametrize(
    "change",
    [swapped, renamed, flipped, pasted, lambda found: found.pop("wrappedKey"), lambda found: found.update(keysets=[])],
)
def test_a_changed_file_does_not_open(kek, change, monkeypatch):
    monkeypatch.setenv("ROLE_KEK", kek.removeprefix("file:"))
    found = json.loads(wrapped_for("support", kek, keysets()))
    change(found)
    with pytest.raises(KeyFault, match="is damaged, or was changed"):
        role_keys_of(handle(kek, data=json.dumps(found).encode()))


@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff", b"{}"])
def test_what_is_no_file_of_ours_is_said(kek, data):
    with pytest.raises(KeyFault, match="is damaged"):
        role_keys_of(handle(kek, data=data))


def test_it_is_opened_once_an_hour(kek, monkeypatch):
    asked, real = [], role_files.provider

    def provider(*args, **named):
        asked.append(args)
        return real(*args, **named)

    found = handle(kek)
    monkeypatch.setattr(role_files, "provider", provider)
    for now in (0.0, 3599.0, 3601.0):
        role_keys_of(found, now=lambda now=now: now)
    assert len(asked) == 2


def test_files_are_written_together_for_everybody_to_read(tmp_path, kek, monkeypatch):
    folder = str(tmp_path / "keys")
    write_files(folder, {"a": b"1", "b": b"2"})
    assert stat.S_IMODE(file_of(folder, "a").stat().st_mode) & 0o044 == 0o044
    write_files(folder, {"a": b"3", "b": None})
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["a.json"]
    assert file_of(folder, "a").read_bytes() == b"3"

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFault, match="No space left"):
        write_files(folder, {"a": b"4", "c": b"5"})
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "keys").iterdir()] == [("a.json", b"3")]
    with pytest.raises(KeyFault, match="object store"):
        write_files("s3://bucket/keys", {"a": b"1"})
    with pytest.raises(KeyFault, match="holds no keys"):
        open_role("b", kek, str(file_of(folder, "b")))


def test_a_mark_tells_keys_apart_and_shows_nothing_of_them(kek, tmp_path):
    make_kek(tmp_path / "other.kek")
    assert mark_of(kek) == mark_of(kek) != mark_of(f"file:{tmp_path / 'other.kek'}")
    assert len(mark_of(kek)) == 16


def test_the_record_comes_back_and_is_never_written_over_anothers(tmp_path):
    keyring = str(tmp_path / "k" / "keyring.json")
    given = Given({NAMES[0]: ("training.reviews.email",)}, (1, 2), ("user:ada",), "file:/k", "ab", "cd")
    record = Handed({"support": given}, {(NAMES[0], 1): frozenset({"user:ada"})}, {"ab": frozenset({"user:ada"})})
    assert read_handed(keyring) == (Handed(), b"")
    save_handed(keyring, record, before=b"")
    found, before = read_handed(keyring)
    assert found == record
    assert stat.S_IMODE(record_of(keyring).stat().st_mode) == 0o600
    with pytest.raises(KeyFault, match="another run"):
        save_handed(keyring, record, before=b"")
    record_of(keyring).write_bytes(before[:-20])
    with pytest.raises(KeyFault, match="is damaged"):
        read_handed(keyring)
