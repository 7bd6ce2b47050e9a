"""An installation of its own for each test of `profile`."""

import pytest

from support.lakes import install


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path / "a", capsys)
