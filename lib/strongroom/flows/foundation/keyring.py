"""The keyring of a lake: made on the first use, and never again once the lake holds what it protects."""

from __future__ import annotations

from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import subject_of
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Keyring
from strongroom.core.settings import Settings
from strongroom.stores.keys import open_keyring, with_subjects
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


def ring_for(settings: Settings, lake: Lake, contract: Contract) -> Keyring:
    """The same for whoever makes rows of a contract: with the key that tags its data subject, where it has one."""
    ring = ring_of(settings, lake)
    return ring if subject_of(contract) is None else with_subjects(ring)
