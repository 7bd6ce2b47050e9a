"""Who else may write the files that say what a job does: by their own mode, and by every folder and link on the way."""

import grp
import os
import pwd
import struct
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from strongroom.core.errors import KeyFault
from strongroom.flows import access, doctor, keys
from strongroom.stores.identity import trust
from strongroom.stores.identity.trust import cure, weakness
from strongroom.stores.keys import open_keyring
from support.lakes import install


@pytest.fixture
def place():
    """A folder on whose way nobody else writes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield Path(made)


def grouped(monkeypatch, *members, primary=()):
    """The group of every file, with these members; `primary` have it as their own group."""
    users = [
        SimpleNamespace(pw_name=name, pw_uid=61_000 + number, pw_gid=os.getgid()) for number, name in enumerate(primary)
    ]
    monkeypatch.setattr(grp, "getgrgid", lambda number: SimpleNamespace(gr_name="g", gr_mem=list(members)))
    monkeypatch.setattr(pwd, "getpwall", lambda: [pwd.getpwuid(os.getuid()), *users])


CASES = [
    # mode of the file, of its folder, members of the group, who may write, why
    (0o600, 0o700, (), "", "its owner alone"),
    (0o644, 0o755, ("ada",), "", "others read it"),
    (0o646, 0o755, (), "everybody", "others write it"),
    (0o664, 0o755, ("ada",), "group g", "the group has another member"),
    (0o664, 0o755, (), "", "a group of one's own is nobody else"),
    (0o600, 0o777, (), "everybody", "others put another file in its place"),
    (0o600, 0o775, ("ada",), "group g", "so do members of the group"),
    (0o600, 0o775, (), "", "of which there is none"),
    (0o600, 0o1777, (), "", "in a sticky folder nobody moves another's file"),
]


@pytest.mark.parametrize(("mode", "above", "members", "who", "why"), CASES)
def test_who_else_may_write_a_file(place, monkeypatch, mode, above, members, who, why):
    grouped(monkeypatch, *members)
    file = place / "a/policy.yaml"
    file.parent.mkdir()
    file.touch()
    file.chmod(mode)
    file.parent.chmod(above)
    found = weakness(file)
    assert found.partition(" may write ")[0] == who, why
    assert bool(cure(file)) is bool(who)
    if who:
        subprocess.run(cure(file), shell=True, check=True)
        assert weakness(file) == "", "the cure cures"


def test_whoever_has_the_group_as_their_own_is_a_member(place, monkeypatch):
    (place / "f").touch()
    (place / "f").chmod(0o660)
    grouped(monkeypatch, primary=["ada"])
    assert weakness(place / "f").startswith("group g may write")


def test_the_way_of_a_link_counts_and_the_folder_it_stands_in(place):
    (place / "real").mkdir()
    (place / "real/f").touch()
    (place / "links").mkdir()
    (place / "links/f").symlink_to("../real/f")
    (place / "other").symlink_to(place / "real")
    assert weakness(place / "links/f") == weakness(place / "other/f") == ""
    (place / "links").chmod(0o777)
    assert weakness(place / "links/f") == f"everybody may write {place}/links (mode 0777)"
    (place / "links").chmod(0o755)
    (place / "real").chmod(0o777)
    assert str(place / "real") in weakness(place / "links/f")
    assert str(place / "real") in weakness(place / "other/f")


def test_what_is_not_there_is_as_strong_as_the_way_to_it(place):
    assert weakness(place / "not/yet") == ""
    place.chmod(0o777)
    assert weakness(place / "not/yet") == f"everybody may write {place} (mode 0777)"
    assert weakness("s3://bucket/policy.yaml") == ""


def test_on_a_cluster_of_databricks_the_platforms_permissions_hold_on_its_mounts(place, monkeypatch):
    place.chmod(0o777)
    monkeypatch.setattr(trust, "_PLATFORM", (f"{place}/",))
    assert weakness(place / "policy.yaml"), "elsewhere a path is no proof"
    monkeypatch.setattr(trust, "is_here", lambda: True)
    assert weakness(place / "policy.yaml") == ""


def test_a_folder_of_contracts_is_not_held_by_its_sticky_bit(place):
    place.chmod(0o1777)
    assert weakness(place), "anybody may add one"


def test_an_access_list_counts_as_the_group_does(place):
    (place / "f").touch()
    user, group, mask, other = (2, 6, 61_001), (4, 4, -1), (0x10, 6, -1), (0x20, 4, -1)
    entries = b"".join(struct.pack("<HHi", *entry) for entry in ((1, 6, -1), user, group, mask, other))
    try:
        os.setxattr(place / "f", "system.posix_acl_access", struct.pack("<I", 2) + entries)
    except OSError as error:
        pytest.skip(f"NOT SHOWN HERE: {error}")
    assert weakness(place / "f").startswith("whom its access list names may write")


@pytest.mark.parametrize("open_to_others", ["keys", "keys/keyring.json", "keys/local.kek"])
def test_a_keyring_or_its_key_that_others_may_write_is_refused(place, open_to_others):
    reference, ring = f"file:{place}/keys/local.kek", str(place / "keys/keyring.json")
    open_keyring(reference, ring, create=True)
    (place / open_to_others).chmod(0o777)
    with pytest.raises(KeyFault, match="others") as caught:
        open_keyring(reference, ring, create=True)
    assert "chmod" in caught.value.todo
    subprocess.run(cure(place / open_to_others), shell=True, check=True)


def test_no_keyring_is_made_where_others_could_put_another(place):
    place.chmod(0o777)
    with pytest.raises(KeyFault, match="others could put"):
        open_keyring(f"file:{place}/keys/local.kek", str(place / "keys/keyring.json"), create=True)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("local.yaml", "settings"),
        ("policy.yaml", "policy"),
        ("contracts", "contracts"),
        ("contracts/reviews.yaml", "contract reviews.yaml"),
        ("protection", "protection"),
        ("protection/reviews.yaml", "protection reviews.yaml"),
    ],
)
def test_a_file_that_rules_is_told_and_where_identity_is_set_refused(place, capsys, name, what):
    made = install(place / "x", capsys)
    (made.root / "protection").mkdir()
    (made.root / "protection/reviews.yaml").write_text("means: {PII: personal}\npattern: {'*': drop}\n")
    path, command = made.root / name, ("explain", "--table", "training.reviews", "--action", "read")
    assert "may write" not in made.run(access, *command).err
    path.chmod(0o777)
    told = made.run(access, *command)
    assert told.code == 0, told.err
    assert f"warning: {path}: Others may change this ({what}): everybody may write" in told.err
    assert f"chmod go-w {path}" in told.err
    made.edit("local.yaml", "principal: user:engineer", "identity: {provider: system}")
    refused = made.run(access, *command)
    assert (refused.code, f"Others may change this ({what})" in refused.err) == (3, True)
    doctors = made.run(doctor)
    assert (doctors.code, f"everybody may write {path}" in doctors.err) == (4, True), doctors.err
    path.chmod(0o755)
    assert made.run(access, *command).code == 0


def test_the_issuers_keys_are_held_like_the_policy(place, capsys):
    made = install(place / "x", capsys)
    (made.root / "jwks.json").write_text("{}")
    (made.root / "jwks.json").chmod(0o666)
    identity = "identity: {provider: token, keys: jwks.json, issuer: 'https://i'}"
    made.edit("local.yaml", "principal: user:engineer", identity)
    refused = made.run(keys, "list")
    assert (refused.code, "(issuer's keys)" in refused.err) == (3, True), refused.err
