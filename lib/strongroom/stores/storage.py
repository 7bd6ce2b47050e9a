"""The lake's storage, as this process and what it starts go by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.core.errors import StoreError
from strongroom.core.settings import Settings, storage

_before: dict[str, str | None] = {}
"""What the variables were that the last `settle` has changed."""


def settle(settings: Settings) -> None:
    """Gives this process the variables of the section `storage`, and takes away those that would say otherwise.

    Arrow and deltalake look there whenever they open something, and so do workers that are started from here. What
    other settings have put there before goes.

    Raises:
        StoreError: the file with the account's key cannot be read.
    """
    _put(_before)
    _before.clear()
    wanted: dict[str, str | None] = {**dict.fromkeys(storage.unwanted(settings)), **storage.variables(settings)}
    if file := storage.key_file(settings):
        try:
            wanted[storage.ACCOUNT_KEY] = Path(file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            todo = "Put the account's key there, readable for this user alone."
            raise StoreError("the storage's credentials cannot be read", where=file, todo=todo) from None
    _before.update({name: os.environ.get(name) for name in wanted})
    _put(wanted)


@contextmanager
def settled(settings: Settings) -> Iterator[None]:
    """`settle` while a job is at work; then the variables are what they were."""
    settle(settings)
    try:
        yield
    finally:
        _put(_before)
        _before.clear()


def _put(wanted: dict[str, str | None]) -> None:
    for name, value in wanted.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
