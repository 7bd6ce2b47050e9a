"""Checkpoints of the audit log: check that it continues the last one, and sign the next.

A checkpoint that somebody else holds makes every later change of what it covers provable. This is the one place where
proofs, the log and its signing key meet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.event import Event, well_formed
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings
from strongroom.govern.checkpoint import (
    Checkpoint,
    VerifierKey,
    new_signing_key,
    open_checkpoint,
    sign,
    verifier_key,
)
from strongroom.govern.merkle import Tree, leaf_hash
from strongroom.stores.audit import AuditLog
from strongroom.stores.audit_keys import (
    is_kept_from_us,
    keep_mark,
    key_file,
    known_keys,
    mark,
    remember_key,
    signing_key,
    turn,
)

CHECKPOINT, PUBLIC_KEY, TREE = "checkpoint", "key.pub", "tree.json"
_KEEP = "Keep the folder as it is and find out who wrote to it."


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed checkpoint: what it says, and the note to hand to a witness."""

    head: Checkpoint
    note: str


def seal(log: AuditLog, settings: Settings) -> Sealed:
    """Sign the head of the log as it is now. Reads only what came since the last checkpoint.

    Raises:
        StoreError: the log does not continue its last checkpoint.
        KeyFault: the signing key is gone, unreadable, or another than the last checkpoint's.
    """
    with turn(settings):
        return _seal(log, settings)


def _seal(log: AuditLog, settings: Settings) -> Sealed:
    key = _key(log, settings)
    public = verifier_key(key)
    last = last_checkpoint(log, settings, [public, *former_keys(settings)])
    tree, start = _resumed(log, last)
    for entry in log.entries(start=start):
        tree.add(leaf_hash(entry))
        start += len(entry) + 1
    head = Checkpoint(public.name, tree.size, tree.root())
    note = sign(head, key)
    remember_key(settings, str(public))
    log.keep_note(PUBLIC_KEY, f"{public}\n")
    log.keep_note(CHECKPOINT, note)
    log.keep_note(TREE, json.dumps({"size": tree.size, "start": start, "heads": [h.hex() for h in tree.heads]}))
    keep_mark(settings, tree.size)
    return Sealed(head, note)


def seal_after_job(log: AuditLog, settings: Settings) -> None:
    """The same at the end of a job, by whoever holds the signing key; who does not leaves it to the next who does."""
    if not is_kept_from_us(settings):
        seal(log, settings)


def renew(log: AuditLog, settings: Settings, old: VerifierKey, heads: Mapping[str, Checkpoint], event: Event) -> Sealed:
    """Sign with a new key, once the whole log is what the last checkpoint under the old one says.

    The old checkpoint stays in the folder, under the name of its key, and the old public key beside the new one.

    Args:
        log: the log.
        settings: where the keys are.
        old: the public key of before.
        heads: checkpoints of witnesses, by a name for messages.
        event: of the renewal; the new key's first checkpoint covers it.

    Raises:
        StoreError: the log does not continue the last checkpoint, or has none though it was signed before.
        KeyFault: the old key did not sign that, or is still there.
    """
    if key_file(settings).exists():
        todo = "Keep it, or, when somebody else may have it, move it out of the way first."
        raise KeyFault("The signing key is still there.", where=str(key_file(settings)), todo=todo)
    with turn(settings):
        last = last_checkpoint(log, settings, [old])
        if last is None:
            raise StoreError("Nothing was signed yet.", where=str(log.folder), todo="Run audit verify.")
        check(log, {**heads, "the last checkpoint": last})
        remember_key(settings, str(old))
        log.keep_note(f"{CHECKPOINT}-{old.name}", log.note(CHECKPOINT))
        key = signing_key(settings, lambda: new_signing_key(os.urandom(32)))
        facts = {"did": "renewed the signing key", "old": str(old), "new": str(verifier_key(key))}
        log.append(replace(event, facts=facts))
        return _seal(log, settings)


def last_checkpoint(log: AuditLog, settings: Settings, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """The last checkpoint that this log was given, or None when there never was one.

    Raises:
        KeyFault: none of the keys signed it.
        StoreError: it is gone, or an older one: the mark beside the signing key tells of a longer log.
    """
    note, before = log.note(CHECKPOINT), mark(settings)
    try:
        found = open_checkpoint(note, keys) if note else None
    except ValueError as error:
        todo = "Put the right signing key back; docs/threat-model.md says what to do when it is lost."
        raise KeyFault(f"The last checkpoint cannot be trusted: {error}.", where=str(log.folder), todo=todo) from error
    if (found.size if found else 0) < before:
        todo = f"{_KEEP} {before:,} entries were signed last."
        raise StoreError("The audit log has lost its last checkpoint.", where=str(log.folder), todo=todo)
    return found


def public_key(log: AuditLog, settings: Settings) -> VerifierKey:
    """The key that this installation signs with."""
    return verifier_key(_key(log, settings))


def former_keys(settings: Settings) -> list[VerifierKey]:
    """The public keys of every signing key that there was, as they are kept beside it.

    Raises:
        KeyFault: that file is damaged.
    """
    try:
        return [VerifierKey.of(line) for line in known_keys(settings)]
    except ValueError as error:
        raise KeyFault(f"The file of public keys is damaged: {error}.", where=str(key_file(settings).parent)) from error


def check(log: AuditLog, heads: Mapping[str, Checkpoint]) -> Checkpoint:
    """Read the whole log, and return its head.

    Args:
        log: every entry is parsed, and must be written exactly as this log writes it.
        heads: checkpoints to hold it against, by a name for messages.

    Raises:
        StoreError: says which entry is none, or which checkpoint the log does not continue.
    """
    tree, wanted = Tree(), {name: head for name, head in heads.items() if head.size}
    due: dict[int, list[str]] = {}
    for name, head in wanted.items():
        due.setdefault(head.size, []).append(name)
    for entry in log.entries():
        if not well_formed(entry):
            what = "An entry of the audit log is not as this log writes it."
            raise StoreError(what, where=f"{log.folder}, entry {tree.size}", todo=_KEEP)
        tree.add(leaf_hash(entry))
        for name in due.pop(tree.size, ()):
            if tree.root() != wanted[name].root:
                what = f"The audit log was changed: its first {tree.size} entries are not those of {name}."
                raise StoreError(what, where=str(log.folder), todo=_KEEP)
    if due:
        size = min(due)
        what = f"The audit log was cut: it has {tree.size} entries, and {due[size][0]} saw {size}."
        raise StoreError(what, where=str(log.folder), todo=_KEEP)
    return Checkpoint("", tree.size, tree.root())


def _key(log: AuditLog, settings: Settings) -> Secret:
    def make() -> Secret:
        if log.note(CHECKPOINT):
            todo = "Put it back; docs/threat-model.md says what to do when it is lost."
            raise KeyFault("The key that signed the last checkpoint is gone.", where=str(key_file(settings)), todo=todo)
        return new_signing_key(os.urandom(32))

    key = signing_key(settings, make)
    try:
        verifier_key(key)
    except ValueError as error:
        raise KeyFault(f"The signing key cannot be used: {error}.", where=str(key_file(settings))) from error
    return key


def _resumed(log: AuditLog, last: Checkpoint | None) -> tuple[Tree, int]:
    """The tree up to the last checkpoint and the byte where it ends; from the start when the kept tree is not its."""
    if last is None:
        return Tree(), 0
    try:
        kept = json.loads(log.note(TREE) or "{}")
        tree = Tree([bytes.fromhex(head) for head in kept["heads"]], size=kept["size"])
        start = int(kept["start"])
    except (ValueError, KeyError, TypeError):
        tree, start = Tree(), 0
    if tree.size == last.size and tree.root() == last.root and log.ends_line(start):
        return tree, start
    check(log, {"the last checkpoint": last})
    return Tree(), 0
