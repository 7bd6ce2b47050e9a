"""Where keys come from: a keyring file holds master keys wrapped by a key that a provider holds.

The driver opens the ring (`open_keyring`) and sends `keyring.handle`, which has no key in clear; a worker turns it back
into a ring (`keyring_of`) through the provider, once per process and hour. The file is Tink's encrypted keyset in JSON.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.core.key import MASTER_BYTES, Key, KeyHandle, Keyring, Status
from strongroom.core.secret import Secret
from strongroom.stores.keys_tink import keyset, read_keyset, read_wrapped_json, wrapped_json
from strongroom.stores.providers import provider

CONTEXT = b"strongroom keyring v1"
"""Associated data of every wrapped keyring."""

KEEP_SECONDS = 3600.0
"""How long a worker keeps an unwrapped ring: a key taken away at the provider stops working within this time."""

_rings: dict[tuple[str, bytes], tuple[float, Keyring]] = {}


def open_keyring(reference: str, path: str, *, create: bool) -> Keyring:
    """The keyring in that file, opened through that provider; a missing one is made when `create` is set.

    Raises:
        KeyFault: the file or the provider's key is missing, damaged, open to others, or they do not belong together.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        if create:
            return _first_keyring(reference, file)
        raise KeyFault(
            "there is no keyring yet",
            where=path,
            todo="Run `prepare` once, or `keys rotate`, or put the keyring's copy back.",
        ) from None
    except OSError as fault:
        raise KeyFault(
            f"the keyring cannot be read: {fault.strerror}", where=path, todo="Make it readable for this user."
        ) from None
    return _unwrapped(KeyHandle(_absolute(reference), data, path))


def keyring_of(
    handle: KeyHandle, *, now: Callable[[], float] = time.monotonic, keep_seconds: float = KEEP_SECONDS
) -> Keyring:
    """The ring of a handle, unwrapped through its provider at most once per process and `keep_seconds`.

    Raises:
        KeyFault: the provider is missing, down or says no.
    """
    name = (handle.provider, hashlib.sha256(handle.wrapped).digest())
    kept = _rings.get(name)
    if kept is None or now() >= kept[0]:
        _rings.pop(name, None)
        kept = _rings[name] = (now() + keep_seconds, _unwrapped(handle))
    return kept[1]


def save_keyring(ring: Keyring, *, path: str, replace: bool = True) -> Keyring:
    """The ring wrapped again and written to its file as a whole (mode 0600); gives the ring with its new handle.

    Raises:
        KeyFault: the provider does not wrap, or the file cannot be written; the old file then stays as it was.
        FileExistsError: `replace` is off and the file is there.
    """
    wrapped = provider(ring.handle.provider).wrap(keyset(ring.primary, ring.keys), context=CONTEXT)
    data = wrapped_json(wrapped, primary=ring.primary, keys=ring.keys)
    _write_whole(Path(path), data, replace=replace)
    return Keyring(ring.primary, ring.keys, KeyHandle(ring.handle.provider, data, path), ring.notice)


def new_key(taken: tuple[Key, ...] = ()) -> Key:
    """A new random master key, enabled, with a random id that no other key has."""
    used = {key.id for key in taken}
    while (key_id := secrets.randbelow((1 << 32) - 1) + 1) in used:
        pass
    return Key(key_id, Status.ENABLED, Secret(secrets.token_bytes(MASTER_BYTES)))


def _first_keyring(reference: str, file: Path) -> Keyring:
    reference = _absolute(reference)
    provider(reference, create=True)
    key = new_key()
    notice = (
        f"New keys: {file} (wrapped) opened by {reference}. Keep a copy of both, apart from each other: "
        "who loses either can never open what they protect, and who has both can open all of it."
    )
    ring = Keyring(key.id, (key,), KeyHandle(reference, b"", str(file)), notice)
    try:
        return save_keyring(ring, path=str(file), replace=False)
    except FileExistsError:  # another process made it first: use that one
        return open_keyring(reference, str(file), create=False)


def _unwrapped(handle: KeyHandle) -> Keyring:
    wrapped = read_wrapped_json(handle.wrapped, where=handle.where)
    data = provider(handle.provider).unwrap(wrapped, context=CONTEXT)
    try:
        primary, keys = read_keyset(data)
    except ValueError:
        raise KeyFault(
            "the keyring opens, but does not hold keys of ours", where=handle.where, todo="Restore it from a copy."
        ) from None
    return Keyring(primary, keys, handle)


def _absolute(reference: str) -> str:
    """A `file:` reference with its path made absolute, since workers run in other folders."""
    kind, _, rest = reference.partition(":")
    return f"file:{Path(rest).absolute()}" if kind == "file" and rest else reference


def _write_whole(file: Path, data: bytes, *, replace: bool) -> None:
    """The file in one step: a reader, or a crash, sees the old one or the new one, never a part."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if replace:
            part.replace(file)
        else:
            os.link(part, file)  # unlike a rename, a link never replaces
    except FileExistsError:
        raise
    except OSError as fault:
        raise KeyFault(
            f"the keyring cannot be written: {fault.strerror}", where=str(file), todo="The old one still holds."
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
