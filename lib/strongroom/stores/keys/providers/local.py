"""A key-encryption key that is here in clear: AES-256-GCM with a random nonce of 96 bits in front.

The form is Tink's AES-GCM without prefix: `nonce (12) | ciphertext | tag (16)`. One key wraps a handful of keysets in
its life, far from the 2³² messages at which random nonces become a risk (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.core.errors import KeyFault
from strongroom.core.secret import Secret

KEK_BYTES = 32


@dataclass(frozen=True, slots=True)
class LocalKek:
    """A key-encryption key and where it came from."""

    secret: Secret
    where: str

    def wrap(self, data: bytes, *, context: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self.secret.reveal()).encrypt(nonce, data, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        try:
            return AESGCM(self.secret.reveal()).decrypt(wrapped[:12], wrapped[12:], context)
        except (InvalidTag, ValueError):
            raise KeyFault(
                "this key-encryption key does not open the keyring",
                where=self.where,
                todo="Point `keys` at the key that the keyring was made with, or restore the keyring's own copy.",
                code="key.wrong",
            ) from None


def read_kek(text: str, *, where: str) -> Secret:
    """A key-encryption key from its text: 32 bytes in base64 (`openssl rand -base64 32`).

    Raises:
        KeyFault: it is anything else.
    """
    try:
        data = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != KEK_BYTES:
        raise KeyFault(
            "the key-encryption key is not 32 bytes in base64",
            where=where,
            todo="Restore it, or make a new one with `openssl rand -base64 32` before any table is written.",
        )
    return Secret(data)
