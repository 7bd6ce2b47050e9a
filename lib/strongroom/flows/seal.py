"""Checkpoints of the audit log: check that it continues the last one, and sign the next.

A checkpoint that somebody else holds makes every later change of what it covers provable. This is the one place where
proofs, the log and its signing key meet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.event import well_formed
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
from strongroom.stores.audit_keys import is_kept_from_us, key_file, signing_key, turn

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
    last = last_checkpoint(log, [public])
    if (last.size if last else 0) < _sealed_before(settings):
        todo = f"{_KEEP} {_mark(settings)} tells how long it was."
        raise StoreError("The audit log has lost its last checkpoint.", where=str(log.folder), todo=todo)
    tree, start = _resumed(log, last)
    for entry in log.entries(start=start):
        tree.add(leaf_hash(entry))
        start += len(entry) + 1
    head = Checkpoint(public.name, tree.size, tree.root())
    note = sign(head, key)
    log.keep_note(PUBLIC_KEY, f"{public}\n")
    log.keep_note(CHECKPOINT, note)
    log.keep_note(TREE, json.dumps({"size": tree.size, "start": start, "heads": [h.hex() for h in tree.heads]}))
    _mark(settings).write_text(f"{tree.size}\n", encoding="ascii")
    return Sealed(head, note)


def seal_after_job(log: AuditLog, settings: Settings) -> None:
    """The same at the end of a job, by whoever holds the signing key; who does not leaves it to the next who does."""
    if not is_kept_from_us(settings):
        seal(log, settings)


def renew(log: AuditLog, settings: Settings, old: VerifierKey) -> Sealed:
    """Sign with a new key, once the whole log is what the last checkpoint under the old one says.

    The old checkpoint stays in the folder, under the name of its key. The old signing key has to be out of the way.

    Raises:
        StoreError: the log does not continue the last checkpoint.
        KeyFault: the old key did not sign that.
    """
    last = last_checkpoint(log, [old])
    if last is not None:
        check(log, {"the last checkpoint": last})
        log.keep_note(f"{CHECKPOINT}-{old.name}", log.note(CHECKPOINT))
        log.keep_note(CHECKPOINT, "")
    _mark(settings).unlink(missing_ok=True)
    return seal(log, settings)


def last_checkpoint(log: AuditLog, keys: list[VerifierKey]) -> Checkpoint | None:
    """The last checkpoint that this log was given, or None.

    Raises:
        KeyFault: none of the keys signed it.
    """
    note = log.note(CHECKPOINT)
    if not note:
        return None
    try:
        return open_checkpoint(note, keys)
    except ValueError as error:
        todo = "Put the right signing key back; docs/threat-model.md says what to do when it is lost."
        raise KeyFault(f"The last checkpoint cannot be trusted: {error}.", where=str(log.folder), todo=todo) from error


def public_key(log: AuditLog, settings: Settings) -> VerifierKey:
    """The key that this installation signs with."""
    return verifier_key(_key(log, settings))


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


def _mark(settings: Settings) -> Path:
    """Beside the signing key, out of reach of who can only write the log: how many entries were signed last."""
    return key_file(settings).with_suffix(".size")


def _sealed_before(settings: Settings) -> int:
    try:
        return int(_mark(settings).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


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
