"""One headless Chromium for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.chromium import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found
