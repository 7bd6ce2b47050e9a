"""Who runs this comes from the settings or the operating system, never from the environment."""

from __future__ import annotations

import os
import pwd

import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.core.settings import Settings
from strongroom.stores.identity import whoami

PLAIN = Settings(file="", lake="", keys="", keyring="", policy="", contracts="")


def test_the_settings_name_the_principal():
    assert whoami(Settings("", "", "", "", "", "", principal="user:engineer")) == "user:engineer"


def test_otherwise_it_is_the_owner_of_the_process_whatever_the_environment_says(monkeypatch):
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    assert whoami(PLAIN) == f"user:{pwd.getpwuid(os.geteuid()).pw_name}"


def test_a_user_without_a_name_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)
    with pytest.raises(EnvironmentFault, match="no name"):
        whoami(PLAIN)
