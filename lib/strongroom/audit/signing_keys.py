"""The key that signs the audit log: made once, never made anew in silence, and the public ones that there were."""

from __future__ import annotations

import os

from strongroom.audit.checkpoint import VerifierKey, new_signing_key, verifier_key
from strongroom.audit.key_file import key_file, known_keys, mark, remember_key, signing_key
from strongroom.audit.last_signed import SignedLogs, keep_signed, signed_logs
from strongroom.audit.log import AuditLog
from strongroom.core.errors import KeyFault
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings

CHECKPOINT, PUBLIC_KEY = "checkpoint", "key.pub"
"""What lies in the log's folder for readers."""


def public_key(log: AuditLog, settings: Settings) -> VerifierKey:
    """The key that this installation signs with."""
    return verifier_key(sound_key(log, settings))


def former_keys(settings: Settings) -> list[VerifierKey]:
    """The public keys of every signing key that there was, as they are kept beside it; today's is the last.

    Raises:
        KeyFault: that file is damaged.
    """
    try:
        return [VerifierKey.of(line) for line in known_keys(settings)]
    except ValueError as error:
        raise KeyFault(f"The file of public keys is damaged: {error}.", where=str(key_file(settings).parent)) from error


def sound_key(log: AuditLog, settings: Settings) -> Secret:
    """The signing key; made when nothing tells that there ever was one.

    Raises:
        KeyFault: it is gone, cannot be used, or is another than the newest that was made here.
    """
    file = str(key_file(settings))

    def make() -> Secret:
        refuse_lost(log, settings)
        keep_signed(settings, SignedLogs())  # from now on there is a key, so that it tells when this is lost
        return new_signing_key(os.urandom(32))

    key = signing_key(settings, make)
    try:
        public = str(verifier_key(key))
    except ValueError as error:
        raise KeyFault(f"The signing key cannot be used: {error}.", where=file) from error
    known = known_keys(settings)
    if not known:
        remember_key(settings, public)
    elif public != known[-1]:
        todo = "Put the right one back; or move this one away, and renew it: audit verify --new-key."
        raise KeyFault("The signing key is not the one that signs this log.", where=file, todo=todo, code="audit.key")
    return key


def refuse_lost(log: AuditLog, settings: Settings) -> None:
    """Where there is no signing key, makes sure that there never was one.

    Raises:
        KeyFault: something was signed before.
    """
    known = signed_logs(settings)
    if log.note(CHECKPOINT) or known_keys(settings) or mark(settings) or (known and known.logs):
        todo, file = "Put it back; docs/threat-model.md says what to do when it is lost.", str(key_file(settings))
        raise KeyFault("The key that signed the last checkpoint is gone.", where=file, todo=todo, code="audit.key")


def new_key(settings: Settings) -> Secret:
    """A new signing key in its file, and known as the newest before: who dies in between has made none."""
    key = new_signing_key(os.urandom(32))
    remember_key(settings, str(verifier_key(key)))
    return signing_key(settings, lambda: key)
