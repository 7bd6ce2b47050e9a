"""What a process goes by: the last settings that were read, and nothing of those before."""

import os

import pytest

from strongroom.core.errors import StoreError
from strongroom.core.settings.file import parse_settings
from strongroom.stores.storage import settle

AZURE = "abfss://c@acc.dfs.core.windows.net/l"


def settings(folder, lake, section=""):
    text = f"lake: {lake}\nkeys: env:KEK\npolicy: p\ncontracts: c\naudit: /audit\n"
    return parse_settings(text + (f"storage: {{{section}}}\n" if section else ""), f"{folder}/s.yaml")


@pytest.fixture(autouse=True)
def as_before(tmp_path, monkeypatch):
    for name in ("AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    yield
    settle(settings(tmp_path, "/lake"))


def test_a_role_is_not_the_callers_key_and_other_settings_are_as_if_there_had_been_none(tmp_path):
    settle(settings(tmp_path, "s3a://b/l", "endpoint: 'https://x', credentials: role"))
    assert os.environ["AWS_ENDPOINT_URL_S3"] == "https://x"
    assert not {"AWS_ACCESS_KEY_ID", "AWS_CONDITIONAL_PUT"} & os.environ.keys()
    settle(settings(tmp_path, "s3a://b/l"))
    assert "AWS_ENDPOINT_URL_S3" not in os.environ
    assert os.environ["AWS_ACCESS_KEY_ID"] == "me"
    assert "AWS_CONDITIONAL_PUT" not in os.environ, "no lake in a store does without"
    settle(settings(tmp_path, "/lake"))
    assert os.environ["AWS_CONDITIONAL_PUT"] == "disabled"


def test_an_accounts_key_is_read_from_its_file(tmp_path):
    (tmp_path / "key").write_text("QUJD\n")
    settle(settings(tmp_path, AZURE, "credentials: 'file:key'"))
    assert os.environ["AZURE_STORAGE_ACCOUNT_KEY"] == "QUJD"
    with pytest.raises(StoreError) as caught:
        settle(settings(tmp_path, AZURE, "credentials: 'file:none'"))
    assert caught.value.where == str(tmp_path / "none")
    assert "AZURE_STORAGE_ACCOUNT_KEY" not in os.environ
