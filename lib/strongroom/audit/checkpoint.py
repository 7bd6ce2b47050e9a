"""Signed heads of the audit log, and proofs under them, in formats that any witness of transparency logs can read.

Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-proof and, for the proof
that a log only grew, the request of https://c2sp.org/tlog-witness. Signatures are Ed25519 (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from strongroom.audit.merkle import leaf_hash
from strongroom.core.secret import Secret

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size. `origin` names the log (`log_name`); one without entries is named as its key."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under; written as `name+id+key`."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of the key's hash, which each signature starts with."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def of(cls, text: str) -> VerifierKey:
        """The key that a text names.

        Raises:
            ValueError: this is no Ed25519 key of a signed note.
        """
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        key = cls(name, _key_bytes(encoded))
        if not _NAME.fullmatch(name) or stated != key.id.hex():
            raise ValueError("this is no key of a signed note: its name and id do not belong together")
        return key


def log_name(entry: bytes) -> str:
    """The name of the log that begins with this entry, wherever it lies and whoever signs it; empty without one."""
    return f"strongroom-log-{leaf_hash(entry).hex()[:16]}" if entry else ""


def new_signing_key(seed: bytes) -> Secret:
    """A signing key from 32 random bytes, as the text that is kept in a file. Its name comes from the key itself."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = VerifierKey(f"strongroom-{sha256(public).hexdigest()[:16]}", public)
    encoded = base64.b64encode(_ED25519 + seed).decode()
    return Secret(f"{_PRIVATE}{key.name}+{key.id.hex()}+{encoded}\n".encode())


def verifier_key(signing_key: Secret) -> VerifierKey:
    """The public half of a signing key.

    Raises:
        ValueError: this is no signing key of a signed note.
    """
    name, private = _private(signing_key)
    return VerifierKey(name, private.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, signing_key: Secret) -> str:
    """The checkpoint as a signed note."""
    return sign_text(str(checkpoint), signing_key)


def sign_text(text: str, signing_key: Secret) -> str:
    """A text of whole lines as a signed note; its first line says what it is, so that none passes for another."""
    name, private = _private(signing_key)
    key = VerifierKey(name, private.public_key().public_bytes_raw())
    signature = base64.b64encode(key.id + private.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> str:
    """The text of a signed note, once one of the keys has signed it.

    Raises:
        ValueError: it is no signed note, none of the keys signed it, or a signature under one of them is wrong.
    """
    text, gap, signatures = note.rpartition("\n\n")
    text += "\n"
    if not gap or not signatures.endswith("\n"):
        raise ValueError("this is no signed note")
    known = {(key.name, key.id): key for key in keys}
    signed = False
    for line in signatures[:-1].split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise ValueError("this is no signed note: a line of its signatures is not one")
        raw = _decoded(found[2])
        key = known.get((found[1], raw[:4]))
        if key is not None:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())
            except InvalidSignature as error:
                raise ValueError(f"the signature of {key.name} is wrong") from error
            signed = True
    if not signed:
        raise ValueError("no known key signed this note")
    return text


def signer(note: str, keys: Iterable[VerifierKey]) -> VerifierKey:
    """The first of the keys that signed the note.

    Raises:
        ValueError: none did.
    """
    for key in keys:
        with suppress(ValueError):
            open_note(note, [key])
            return key
    raise ValueError("no known key signed this note")


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in a signed note.

    Raises:
        ValueError: as `open_note`, or the note holds something else.
    """
    lines = open_note(note, keys).split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise ValueError("this note is no checkpoint")
    return Checkpoint(lines[0], int(lines[1]), _hash(lines[2]))


def inclusion_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """A proof that an entry is in the log, together with the signed checkpoint it leads to (`.tlog-proof`)."""
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *map(_encoded, proof), "", note])


def open_inclusion(text: str) -> tuple[int, list[bytes], str]:
    """Index, hashes and signed checkpoint of a proof.

    Raises:
        ValueError: this is no such proof.
    """
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1":
        raise ValueError("this is no proof of inclusion")
    if lines[1].startswith("extra "):
        del lines[1]
    word, _, index = lines[1].partition(" ")
    if word != "index" or not _SIZE.fullmatch(index):
        raise ValueError("this proof names no index")
    return int(index), [_hash(line) for line in lines[2:]], note


def consistency_text(old_size: int, proof: Sequence[bytes], note: str) -> str:
    """A proof that the log only grew since `old_size`, as a witness is asked to sign the new checkpoint with."""
    return "\n".join([f"old {old_size}", *map(_encoded, proof), "", note])


def _private(signing_key: Secret) -> tuple[str, Ed25519PrivateKey]:
    text = signing_key.reveal().decode("ascii", errors="replace").strip()
    name, _, rest = text.removeprefix(_PRIVATE).partition("+")
    stated, _, encoded = rest.partition("+")
    if not text.startswith(_PRIVATE) or not _NAME.fullmatch(name):
        raise ValueError("this is no signing key")
    private = Ed25519PrivateKey.from_private_bytes(_key_bytes(encoded))
    if VerifierKey(name, private.public_key().public_bytes_raw()).id.hex() != stated:
        raise ValueError("this signing key's name and id do not belong together")
    return name, private


def _key_bytes(encoded: str) -> bytes:
    raw = _decoded(encoded)
    if raw[:1] != _ED25519 or len(raw) != 33:
        raise ValueError("this is no Ed25519 key of a signed note")
    return raw[1:]


def _hash(encoded: str) -> bytes:
    raw = _decoded(encoded)
    if len(raw) != 32:
        raise ValueError("this is no hash of a log")
    return raw


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("this is not Base64") from error
