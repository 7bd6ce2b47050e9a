"""Checkpoints of the audit log: check that it continues the last one, and sign the next.

A checkpoint that somebody else holds makes every later change of what it covers provable. What is signed next goes on
from what this installation knows that it signed last (`audit/last_signed.py`); the log's folder decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from strongroom.audit.checkpoint import Checkpoint, VerifierKey, log_name, open_checkpoint, sign, signer, verifier_key
from strongroom.audit.key_file import (
    forget_mark,
    has_key,
    is_kept_from_us,
    key_file,
    known_keys,
    mark,
    remember_key,
    turn,
)
from strongroom.audit.last_signed import Signed, SignedLogs, keep_signed, signed_logs
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import Tree
from strongroom.audit.signing_keys import CHECKPOINT, PUBLIC_KEY, former_keys, new_key, refuse_lost, sound_key
from strongroom.audit.verify import KEEP, Reading, check
from strongroom.core.audit_event import Event
from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings

_OLD_TREE = "tree.json"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed checkpoint: what it says, and the note to hand to a witness."""

    head: Checkpoint
    note: str


@dataclass(frozen=True, slots=True)
class Last:
    """What was signed last of a log.

    Args:
        origin: the log's name; empty for one that has no entry and no checkpoint yet.
        signed: as it is kept beside the signing key; None where nothing is.
        heads: signed heads that it has to go on from, by a name for messages.
        by: the key that made the checkpoint in its folder.
    """

    origin: str = ""
    signed: Signed | None = None
    heads: Mapping[str, Checkpoint] = field(default_factory=dict)
    by: VerifierKey | None = None


def seal(log: AuditLog, settings: Settings) -> Sealed:
    """Sign the head of the log as it is now. Reads only what came since the last checkpoint.

    Raises:
        StoreError: the log does not continue what was signed last.
        KeyFault: the signing key is gone, unreadable, or not the one that was made; another key than the one that
            signed last made the last checkpoint.
    """
    with turn(settings):
        return _seal(log, settings)


def _seal(log: AuditLog, settings: Settings) -> Sealed:
    key = sound_key(log, settings)
    last = last_signed(log, settings, former_keys(settings))
    return sign_head(log, settings, key, check(log, last.heads, since=last.signed), origin=last.origin)


def sign_head(log: AuditLog, settings: Settings, key: Secret, found: Reading, *, origin: str) -> Sealed:
    """Sign what was read of the log, in its folder first: who dies in between has signed nothing that is lost."""
    public = verifier_key(key)
    head = Checkpoint(origin or public.name, found.size, found.root)
    note = sign(head, key)
    log.keep_note(PUBLIC_KEY, f"{public}\n")
    log.keep_note(CHECKPOINT, note)
    if found.size:
        heads = tuple(each.hex() for each in found.tree.heads)
        signed = Signed(head.origin, str(public), found.size, heads, found.end, log.tail(found.end))
        keep_signed(settings, signed_logs(settings) or SignedLogs(), log.folder, signed)
        forget_mark(settings)
        with suppress(OSError):
            (log.folder / _OLD_TREE).unlink(missing_ok=True)
    return Sealed(head, note)


def seal_after_job(log: AuditLog, settings: Settings) -> bool:
    """The same at the end of a job, by whoever holds the signing key; who does not leaves it to the next who does."""
    if is_kept_from_us(settings):
        return False
    seal(log, settings)
    return True


def waiting(log: AuditLog, settings: Settings) -> int:
    """How many entries the next checkpoint will be the first to cover; 0 for who does not sign. Nothing is changed.

    Raises:
        StoreError: as `seal` would.
    """
    if is_kept_from_us(settings):
        return 0
    if has_key(settings):
        sound_key(log, settings)
    last = last_signed(log, settings, former_keys(settings))
    if not has_key(settings):
        refuse_lost(log, settings)
    found = check(log, last.heads, since=last.signed)
    return found.size - (last.signed.size if last.signed else 0)


def renew(
    log: AuditLog, settings: Settings, keys: Sequence[VerifierKey], heads: Mapping[str, Checkpoint], event: Event
) -> Sealed:
    """Sign with a new key, once the whole log is what the last checkpoint under the old one says.

    The old checkpoint stays in the folder, under the name of its key, and the old public key beside the new one.

    Args:
        log: the log.
        settings: where the keys are.
        keys: the public keys of before, of which one made the last checkpoint.
        heads: checkpoints of witnesses, by a name for messages.
        event: of the renewal; the new key's first checkpoint covers it.

    Raises:
        StoreError: the log does not continue the last checkpoint, or has none though it was signed before.
        KeyFault: the old key did not sign that, or is still there.
    """
    if has_key(settings):
        todo = "Keep it, or, when somebody else may have it, move it out of the way first."
        raise KeyFault("The signing key is still there.", where=str(key_file(settings)), todo=todo)
    with turn(settings):
        last = last_signed(log, settings, keys)
        if last.by is None:
            raise StoreError("Nothing was signed yet.", where=str(log.folder), todo="Run audit verify.")
        check(log, {**heads, **last.heads})
        remember_key(settings, str(last.by))
        log.keep_note(f"{CHECKPOINT}-{last.by.name}", log.note(CHECKPOINT))
        new = verifier_key(new_key(settings))
        log.append(replace(event, facts={"did": "renewed the signing key", "old": str(last.by), "new": str(new)}))
        return _seal(log, settings)


def last_signed(log: AuditLog, settings: Settings, keys: Sequence[VerifierKey]) -> Last:
    """What this log was signed last, as it is known beside the signing key, or else by its folder's checkpoint.

    That checkpoint has to be there, and be the last one or, when a process died or signs elsewhere, a later one. Only
    the key that signed last or the newest makes one: who stole a key of before makes none that counts.

    Raises:
        KeyFault: none of the keys signed the checkpoint, or not one that may.
        StoreError: it is gone, or an older one.
    """
    known, note = signed_logs(settings), log.note(CHECKPOINT)
    here = known is not None and known.at(log.folder) is not None
    head = None if here else _opened(log, note, keys)
    signed = known_log(log, known, head)
    if signed is None:
        _never_signed(log, settings, head, known)
        if head is None:
            return Last(_name(log))
        named = head.origin not in [key.name for key in keys]  # else by a release that had names for keys only
        return Last(head.origin if named else _name(log), None, {"the last checkpoint": head}, signer(note, keys))
    by = [key for key in keys if str(key) in (signed.key, *known_keys(settings)[-1:])]
    head = _opened(log, note, by)
    if head is None or head.size < signed.size or head.origin not in (signed.origin, *(key.name for key in keys)):
        raise _lost(log, signed.size)
    heads = {"the last checkpoint": head_of(signed), "the checkpoint in its folder": head}
    return Last(signed.origin, signed, heads, signer(note, by))


def known_log(log: AuditLog, known: SignedLogs | None, head: Checkpoint | None) -> Signed | None:
    """What is kept of this log: of the one in its folder, or, when it was moved there, of the one with its name."""
    if known is None:
        return None
    return known.at(log.folder) or known.logs.get(head.origin if head else _name(log))


def _name(log: AuditLog) -> str:
    """What a log is called from its first entry on; empty when it has none."""
    return log_name(next(log.entries(), b""))


def head_of(signed: Signed) -> Checkpoint:
    """The head that was signed."""
    return Checkpoint(signed.origin, signed.size, Tree(map(bytes.fromhex, signed.heads), size=signed.size).root())


def _never_signed(log: AuditLog, settings: Settings, head: Checkpoint | None, known: SignedLogs | None) -> None:
    """Nothing is kept of this log: what an older release kept of its key, or that it is new, has to agree."""
    before = 0 if known is not None else mark(settings)
    if (head.size if head else 0) < before:
        raise _lost(log, before)
    if known is None and not log.note(CHECKPOINT) and has_key(settings):
        what = "What was signed last is lost: the file beside the signing key is gone, and the log has no checkpoint."
        raise StoreError(what, where=str(log.folder), todo=KEEP, code="audit.changed")


def _lost(log: AuditLog, size: int) -> StoreError:
    what = "The audit log has lost its last checkpoint."
    return StoreError(
        what, where=str(log.folder), todo=f"{size:,} entries were signed last. {KEEP}", code="audit.changed"
    )


def _opened(log: AuditLog, note: str, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """The checkpoint in the log's folder; None where there is none, or one of an empty log."""
    try:
        head = open_checkpoint(note, keys) if note else None
    except ValueError as error:
        todo = "Put the right signing key back; docs/threat-model.md says what to do when it is lost."
        raise KeyFault(
            f"The last checkpoint cannot be trusted: {error}.",
            where=str(log.folder),
            todo=todo,
            code="audit.checkpoint",
        ) from error
    return head if head and head.size else None
