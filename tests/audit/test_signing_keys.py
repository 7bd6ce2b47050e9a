"""The signing key is made once, is its owner's alone, and shows itself nowhere."""

from __future__ import annotations

import os
import stat

import pytest

from strongroom.audit.key_file import key_file, signing_key
from strongroom.core.errors import KeyFault
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(file="", lake="", keys="", keyring=str(tmp_path / "keys" / "ring.json"), policy="", contracts="")


def test_the_key_is_made_on_first_use_and_then_stays(settings):
    assert signing_key(settings, lambda: Secret(b"one")).reveal() == b"one"
    assert signing_key(settings, lambda: Secret(b"two")).reveal() == b"one"
    assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600
    assert [path.name for path in key_file(settings).parent.iterdir()] == ["audit-signing.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(settings, mode):
    signing_key(settings, lambda: Secret(b"one"))
    key_file(settings).chmod(mode)
    with pytest.raises(KeyFault) as caught:
        signing_key(settings, lambda: Secret(b"two"))
    assert "chmod 600" in caught.value.todo


def test_a_link_is_no_key(settings, tmp_path):
    signing_key(settings, lambda: Secret(b"one"))
    key_file(settings).rename(tmp_path / "elsewhere")
    key_file(settings).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFault):
        signing_key(settings, lambda: Secret(b"two"))


def test_a_key_that_cannot_be_kept_is_a_key_fault(tmp_path):
    (tmp_path / "file").write_text("")
    settings = Settings(file="", lake="", keys="", keyring=str(tmp_path / "file/ring"), policy="", contracts="")
    with pytest.raises(KeyFault):
        signing_key(settings, lambda: Secret(b"one"))


def test_a_draft_left_by_a_killed_process_is_in_nobodys_way(settings):
    key_file(settings).parent.mkdir()
    (key_file(settings).parent / f".audit-signing.key.{os.getpid()}").write_text("half")
    assert signing_key(settings, lambda: Secret(b"one")).reveal() == b"one"
