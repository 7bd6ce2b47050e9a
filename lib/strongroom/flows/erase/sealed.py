"""What a request knows of people, under a key of this request alone: who destroys that key has forgotten them.

The key lies wrapped beside it, under one that is derived for this request from the master key that makes tags, since
that one stays whatever is rotated or destroyed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import SUBJECTS, Keyring, purpose_info
from strongroom.core.secret import Secret
from strongroom.stores.keys.providers.local import LocalKek

_CONTEXT = b"strongroom|v1|erasure|"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known: the people's values by column, why, how identity was proven, and why it takes longer."""

    people: Sequence[Mapping[str, str]]
    reason: str
    identity: str
    extension: str = ""


def sealed(known: Known, request: str, ring: Keyring) -> tuple[bytes, bytes]:
    """A new key, wrapped, and what is known under it."""
    key = secrets.token_bytes(32)
    wrapped = _wrapping(request, ring).wrap(key, context=_CONTEXT + request.encode())
    return wrapped, _under(key, request).wrap(json.dumps(asdict(known)).encode(), context=_CONTEXT)


def resealed(known: Known, request: str, ring: Keyring, *, wrapped: bytes) -> bytes:
    """What is known by now, under the request's key."""
    return _under(_unwrapped(wrapped, request, ring), request).wrap(
        json.dumps(asdict(known)).encode(), context=_CONTEXT
    )


def opened(wrapped: bytes, data: bytes, request: str, ring: Keyring) -> Known:
    """What is known.

    Raises:
        KeyFault: this keyring, or these files, are others than when it was sealed.
    """
    try:
        clear = _under(_unwrapped(wrapped, request, ring), request).unwrap(data, context=_CONTEXT)
    except KeyFault:
        raise _shut(request) from None
    return Known(**json.loads(clear))


def _unwrapped(wrapped: bytes, request: str, ring: Keyring) -> bytes:
    try:
        return _wrapping(request, ring).unwrap(wrapped, context=_CONTEXT + request.encode())
    except KeyFault:
        raise _shut(request) from None


def _wrapping(request: str, ring: Keyring) -> LocalKek:
    return LocalKek(ring.derive(purpose_info("erasure", request), length=32, key_id=SUBJECTS), request)


def _under(key: bytes, request: str) -> LocalKek:
    return LocalKek(Secret(key), request)


def _shut(request: str) -> KeyFault:
    todo = "Put the keyring's newest copy back, or take the request anew."
    return KeyFault("this request does not open with this keyring", where=request, todo=todo, code="key.wrong")
