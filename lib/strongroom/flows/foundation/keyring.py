"""The keyring of a lake: made on the first use, and never again once the lake holds what it protects."""

from __future__ import annotations

from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Keyring
from strongroom.core.settings import Settings
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from strongroom.stores.sources.manifest import MANIFEST


def ring_of(settings: Settings, lake: Lake) -> Keyring:
    """The settings' keyring; a new one where the lake has no batch yet.

    Raises:
        KeyFault: the keyring is gone though the lake has batches, or it cannot be opened.
    """
    gone = not Path(settings.keyring).exists()
    if gone and lake.open(MANIFEST) is not None:
        todo = "Put its copy back. A new keyring would open nothing of what the lake holds."
        raise KeyFault(
            "the keyring is gone, and the lake holds what it protects",
            where=settings.keyring,
            todo=todo,
            code="keyring.missing",
        )
    return open_keyring(settings.keys, settings.keyring, create=gone)
