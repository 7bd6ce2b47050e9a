"""The keyring of a lake: made on the first use, and never again once the lake holds what it protects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import subject_of
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import SUBJECTS, Keyring
from strongroom.core.settings import Settings
from strongroom.protect.subject_tags import key_mark
from strongroom.stores.keys import open_keyring, with_subjects
from strongroom.stores.lake import Lake
from strongroom.stores.sources.manifest import MANIFEST
from strongroom.stores.table_plan import TablePlan


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


MARK = "strongroom.subject_key"
"""The property of a training table that says which key has made its tags: `key_mark`."""


def ring_for(settings: Settings, lake: Lake, contract: Contract, *, anew: bool = False) -> Keyring:
    """The same for whoever makes rows of a contract: with the key that tags its data subject, where it has one.

    Raises:
        KeyFault: the rows that are there were tagged by another key, and they are not made `anew`.
    """
    ring = ring_of(settings, lake)
    if subject_of(contract) is None:
        return ring
    found = None if anew else lake.open(contract.training)
    made_by = None if found is None else found.metadata().configuration.get(MARK)
    if made_by is None:
        return with_subjects(ring)
    if any(key.id == SUBJECTS for key in ring.keys) and key_mark(ring) == made_by:
        return ring
    what = f"this keyring has not the key that tags rows of {contract.training}, and nobody is to have two tags"
    todo = "Put the keyring's newest copy back; or make all data sets anew: docs/decisions/subject-tags.md."
    raise KeyFault(what, where=settings.keyring, todo=todo)


def marked(plan: TablePlan, ring: Keyring, contract: Contract) -> TablePlan:
    """The plan of a training table, which also says which key has made its tags."""
    if subject_of(contract) is None:
        return plan
    return replace(plan, properties={**plan.properties, MARK: key_mark(ring)})
