"""The words of keys: a key, its id and state, the ring that holds them, and the handle that travels in their stead.

A ring holds master keys only. What touches data is derived from them by HKDF-SHA256 (RFC 5869), one key for each
purpose and each domain or column, so that no two purposes ever share a key. Derivation is Tink's HKDF PRF with an
empty salt: whoever holds the ring as a Tink keyset derives the same keys with `prf.compute(info, length)`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from strongroom.core.errors import KeyFault
from strongroom.core.secret import Secret

PURPOSES = ("token", "encryption", "quarantine", "projection", "fingerprint", "subject", "erasure")
"""What a derived key is for. A key of one purpose is never used for another."""

_REFERENCE = re.compile(r"([a-z][a-z0-9+-]*):(\S.*)")

SUBJECTS = 0x5B1EC700
"""The id of the one master key that is never primary, never rotated and never destroyed: it makes the tags of data
subjects, by which a person is found for as long as there are rows. Why: docs/decisions/subject-tags.md.
"""

MASTER_BYTES = 32
"""Length of a master key: 256 bits."""


class Status(StrEnum):
    """What a key may still do: enabled keys open and, when primary, close; disabled ones wait; destroyed ones are
    gone.
    """

    ENABLED = "enabled"
    DISABLED = "disabled"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Key:
    """A master key: its id (1 to 2³²−1, the four bytes that values carry), its status, its secret unless destroyed."""

    id: int
    status: Status
    secret: Secret | None

    def __post_init__(self) -> None:
        if not 0 < self.id < 1 << 32:
            raise KeyFault(
                "a key's id must be between 1 and 4294967295", where=f"key {self.id}", todo="Make a new key."
            )
        if (self.secret is None) != (self.status is Status.DESTROYED):
            raise KeyFault("a destroyed key has no secret, and every other one has", where=f"key {self.id}")

    @property
    def name(self) -> str:
        """The id as people and wire forms write it: eight hexadecimal digits."""
        return f"{self.id:08x}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a keyring file tells unopened: the primary key's id, and the status of each key by its id."""

    primary: int
    states: Mapping[int, Status]


@dataclass(frozen=True, slots=True)
class KeyHandle:
    """A ring's wrapped form and who can unwrap it: no key in clear, so it may be pickled into a closure.

    Args:
        provider: reference of the provider that holds the key-encryption key, for example `file:/etc/strongroom/kek`.
        wrapped: the keyring file's bytes.
        where: path of the keyring file.
    """

    provider: str
    wrapped: bytes = field(repr=False)
    where: str = ""


class Keys(Protocol):
    """What opens values: a keyring, or the few derived keys that a role has."""

    def opening(self, info: str) -> tuple[int, ...]:
        """Ids of the master keys under which the values of the key that `info` names may be opened."""

    def derive(self, info: str, *, length: int, key_id: int = 0) -> Secret:
        """The key that `info` names, from that master key."""


@dataclass(frozen=True, slots=True)
class RoleHandle:
    """A role's wrapped keys and who can unwrap them: like `KeyHandle`, and it opens only what the role was given."""

    role: str
    provider: str
    wrapped: bytes = field(repr=False)
    where: str = ""


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """The derived keys that a role was given: info → id of the master key → key. It makes nothing new: no primary."""

    role: str
    keys: Mapping[str, Mapping[int, Secret]]
    where: str = ""

    def opening(self, info: str) -> tuple[int, ...]:
        """Ids of the master keys for which the role has this key.

        Raises:
            KeyFault: it has none: the column is another's, and nothing of it is shown.
        """
        if not self.keys.get(info):
            raise KeyFault(
                f"the role {self.role!r} does not hold the key {info}",
                where=self.where,
                todo="Ask for a grant with 'enforce: cryptographic' of what it opens, and then for `keys wrap`.",
                code="key.role",
            )
        return tuple(self.keys[info])

    def derive(self, info: str, *, length: int, key_id: int = 0) -> Secret:
        """The key that `info` names, as it was derived from that master key. There is only one length."""
        if key_id not in self.opening(info):
            raise KeyFault(f"the role {self.role!r} has no key of {key_id:08x}", where=self.where, code="key.role")
        found = self.keys[info][key_id]
        if len(found.reveal()) != length:
            raise KeyFault("this key of the role is for something else", where=self.where, code="key.role")
        return found


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys with one primary: what is written now uses the primary, what is read may use any enabled key.

    It refuses to pickle (its secrets do); send `handle` instead. `notice` is one plain sentence for the user when
    opening the ring made something new, else empty.
    """

    primary: int
    keys: tuple[Key, ...]
    handle: KeyHandle
    notice: str = ""

    def __post_init__(self) -> None:
        ids = [key.id for key in self.keys]
        if len(set(ids)) != len(ids):
            raise KeyFault(
                "the keyring names a key twice", where=self.handle.where, todo="Restore the file's last copy."
            )
        self.key(self.primary)
        if self.primary == SUBJECTS:
            raise KeyFault("this key only tags data subjects, and cannot be primary", where=self.handle.where)

    def key(self, key_id: int) -> Key:
        """The enabled key of that id.

        Raises:
            KeyFault: there is none, or it is disabled or destroyed.
        """
        found = next((key for key in self.keys if key.id == key_id), None)
        if found is None:
            raise KeyFault(
                f"key {key_id:08x} is not in the keyring",
                where=self.handle.where,
                todo="Use the keyring that the table was written with, or import the key.",
                code="key.unknown",
            )
        if found.status is not Status.ENABLED:
            raise KeyFault(
                f"key {found.name} is {found.status}",
                where=self.handle.where,
                todo="Enable it again, or restore a copy of the keyring from before it was destroyed.",
                code="key.disabled",
            )
        return found

    @property
    def enabled(self) -> tuple[int, ...]:
        """Ids of the keys that may open values, the primary first."""
        apart = (self.primary, SUBJECTS)  # nothing lies under the latter that could be opened
        others = (key.id for key in self.keys if key.status is Status.ENABLED and key.id not in apart)
        return (self.primary, *others)

    def opening(self, info: str) -> tuple[int, ...]:  # noqa: ARG002  a ring derives every key
        """The same: a ring opens whatever lies under a key that is enabled."""
        return self.enabled

    def derive(self, info: str, *, length: int, key_id: int = 0) -> Secret:
        """The key that `info` names, `length` bytes long, from one master key (default: the primary).

        Args:
            info: what the key is for, made by `purpose_info`.
            length: bytes wanted, at most 8160.
            key_id: the master key; 0 is the primary.
        """
        secret = self.key(key_id or self.primary).secret
        if secret is None:  # `key` gives enabled keys only, and these have one
            raise KeyFault("the key has no secret", where=self.handle.where, code="key.missing")
        return Secret(hkdf_sha256(secret.reveal(), info.encode(), length=length))


def reference(text: str, *, folder: Path) -> str:
    """A provider's reference as it is written in a file of that folder, its path made absolute; empty when it is none.

    A reference says who holds a key (`file:PATH`, `env:NAME`, …) and is never the key itself.
    """
    parts = _REFERENCE.fullmatch(text)
    if parts is None:
        return ""
    return f"file:{(folder / Path(parts[2]).expanduser()).resolve()}" if parts[1] == "file" else text


def purpose_info(purpose: str, *parts: str) -> str:
    """The HKDF info of one derived key: `strongroom|v1|<purpose>|<part>|…`, each part escaped by `bar_escape`."""
    if purpose not in PURPOSES:
        raise ValueError(f"a key's purpose is one of {', '.join(PURPOSES)}")
    return "|".join(("strongroom", "v1", purpose, *map(bar_escape, parts)))


def bar_escape(part: str) -> str:
    """The part with `%` and `|` percent-encoded, so that parts joined by bars can be told apart again."""
    return part.replace("%", "%25").replace("|", "%7C")


def hkdf_sha256(key: bytes, info: bytes, *, length: int) -> bytes:
    """HKDF-SHA256 with an empty salt (RFC 5869)."""
    if not 0 < length <= 255 * 32:
        raise ValueError("HKDF-SHA256 gives 1 to 8160 bytes")
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    block, out = b"", b""
    while len(out) < length:
        block = hmac.digest(extracted, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256)
        out += block
    return out[:length]
