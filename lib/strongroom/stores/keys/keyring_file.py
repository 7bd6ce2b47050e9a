"""Where keys come from: a keyring file holds master keys wrapped by a key that a provider holds.

The driver opens the ring (`open_keyring`) and sends `keyring.handle`, which has no key in clear; a worker turns it back
into a ring (`keyring_of`) through the provider, once per process and hour. The file is Tink's encrypted keyset in JSON.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import MASTER_BYTES, SUBJECTS, Inventory, Key, KeyHandle, Keyring, Status
from strongroom.core.secret import Secret
from strongroom.stores.identity.trust import cure, weakness
from strongroom.stores.keys.providers import provider
from strongroom.stores.keys.tink_format import keyset, read_inventory, read_keyset, read_wrapped_json, wrapped_json
from strongroom.stores.whole_file import write_whole

CONTEXT = b"strongroom keyring v1"
"""Associated data of every wrapped keyring."""

KEEP_SECONDS = 3600.0
"""How long a worker keeps an unwrapped ring: a key taken away at the provider stops working within this time."""

_TRIES = 10
"""How often a key is added beside others who change the keyring, too."""

_rings: dict[tuple[str, bytes], tuple[float, Keyring]] = {}


def open_keyring(reference: str, path: str, *, create: bool) -> Keyring:
    """The keyring in that file, opened through that provider; a missing one is made when `create` is set.

    Raises:
        KeyFault: the file or the provider's key is missing, damaged, open to others, or they do not belong together.
    """
    data = _read(path)
    if data is None and create:
        return _first_keyring(reference, Path(path))
    return _unwrapped(KeyHandle(absolute(reference), _there(data, path), path))


def inventory(path: str) -> Inventory:
    """Which keys the keyring of that file has, and their states. No provider is asked and no key is opened.

    Raises:
        KeyFault: the file is missing, damaged or unreadable.
    """
    return read_inventory(_there(_read(path), path), where=path)


def still_enabled(path: str, key_id: int) -> None:
    """Looks whether what lies under that key will open for anybody: before it is published, not after.

    Raises:
        KeyFault: the key was disabled or destroyed, or the keyring is gone, since the run began.
    """
    status = inventory(path).states.get(key_id, Status.DESTROYED)
    if status is not Status.ENABLED:
        what = f"key {key_id:08x} was {status} while this run used it, so nothing was published"
        raise KeyFault(what, where=path, todo="Run again: it will use today's primary key.", code="key.disabled")


def _there(data: bytes | None, path: str) -> bytes:
    if data is None:
        todo = "Run `prepare` once, or `keys rotate`, or put the keyring's copy back."
        raise KeyFault("there is no keyring yet", where=path, todo=todo, code="keyring.missing")
    return data


def _read(path: str) -> bytes | None:
    if weak := weakness(path):
        what = f"others could put keys of their own into the keyring: {weak}"
        raise KeyFault(
            what,
            where=path,
            todo=f"{cure(path)}, and look at `keys list` for keys that you do not know.",
            code="keyring.open",
        )
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as fault:
        what = f"the keyring cannot be read: {fault.strerror}"
        raise KeyFault(what, where=path, todo="Make it readable for this user.") from None


def keyring_of(handle: KeyHandle, *, now: Callable[[], float] = time.monotonic) -> Keyring:
    """The ring of a handle, unwrapped through its provider at most once per process and `KEEP_SECONDS`.

    Raises:
        KeyFault: the provider is missing, down or says no.
    """
    name = (handle.provider, hashlib.sha256(handle.wrapped).digest())
    for other in [other for other, (until, _) in _rings.items() if now() >= until]:
        del _rings[other]
    if name not in _rings:
        _rings[name] = (now() + KEEP_SECONDS, _unwrapped(handle))
    return _rings[name][1]


def save_keyring(ring: Keyring) -> Keyring:
    """The ring wrapped again and written to its file as a whole (mode 0600); gives the ring with its new handle.

    Raises:
        KeyFault: the provider does not wrap, the file cannot be written, or somebody else changed it since this ring
            was opened; the old file then stays as it was.
    """
    path, before = Path(ring.handle.where), ring.handle.wrapped
    wrapped = provider(ring.handle.provider).wrap(keyset(ring.primary, ring.keys), context=CONTEXT)
    data = wrapped_json(wrapped, primary=ring.primary, keys=ring.keys)
    try:
        write_if_unchanged(path, data, before=before)
    except FileExistsError:
        raise KeyFault(
            "somebody else changed the keyring meanwhile, so this change was not made",
            where=str(path),
            todo="Run again.",
            code="keyring.changed",
        ) from None
    except OSError as fault:
        raise KeyFault(
            f"the keyring cannot be written: {fault.strerror}", where=str(path), todo="What was there still holds."
        ) from None
    return Keyring(ring.primary, ring.keys, KeyHandle(ring.handle.provider, data, str(path)), ring.notice)


def with_subjects(ring: Keyring) -> Keyring:
    """The ring with the key that tags data subjects, which one from before such tags gets now; the file has it, too.

    Raises:
        KeyFault: the file cannot be written.
    """
    for _ in range(_TRIES):
        if any(key.id == SUBJECTS for key in ring.keys):
            return ring
        key = Key(SUBJECTS, Status.ENABLED, Secret(secrets.token_bytes(MASTER_BYTES)))
        try:
            return save_keyring(replace(ring, keys=(*ring.keys, key)))
        except KeyFault:
            found = replace(open_keyring(ring.handle.provider, ring.handle.where, create=False), notice=ring.notice)
            if found.handle.wrapped == ring.handle.wrapped:
                raise
            ring = found  # somebody changed it at this moment: perhaps this very way
    raise KeyFault("somebody keeps changing the keyring", where=ring.handle.where, todo="Run again.")


def new_key(taken: tuple[Key, ...] = ()) -> Key:
    """A new random master key, enabled, with a random id that no other key has."""
    used = {SUBJECTS, *(key.id for key in taken)}
    while (key_id := secrets.randbelow((1 << 32) - 1) + 1) in used:
        pass
    return Key(key_id, Status.ENABLED, Secret(secrets.token_bytes(MASTER_BYTES)))


def _first_keyring(reference: str, file: Path) -> Keyring:
    reference = absolute(reference)
    provider(reference, create=True)
    key = new_key()
    notice = (
        f"New keys: {file} (wrapped) opened by {reference}. Keep a copy of both, apart from each other: "
        "who loses either can never open what they protect, and who has both can open all of it."
    )
    try:
        return save_keyring(Keyring(key.id, (key,), KeyHandle(reference, b"", str(file)), notice))
    except KeyFault:
        if not file.exists():
            raise
        return open_keyring(reference, str(file), create=False)  # another process made it first: use that one


def _unwrapped(handle: KeyHandle) -> Keyring:
    wrapped = read_wrapped_json(handle.wrapped, where=handle.where)
    data = provider(handle.provider).unwrap(wrapped, context=CONTEXT)
    try:
        primary, keys = read_keyset(data)
    except ValueError:
        raise KeyFault(
            "the keyring opens, but does not hold keys of ours", where=handle.where, todo="Restore it from a copy."
        ) from None
    _as_sealed(read_inventory(handle.wrapped, where=handle.where), primary, keys, where=handle.where)
    return Keyring(primary, keys, handle)


def _as_sealed(header: Inventory, primary: int, keys: tuple[Key, ...], *, where: str) -> None:
    """Makes sure that what a keyring file says unopened is what is sealed in it: who changes a key changes both.

    Raises:
        KeyFault: it says something else.
    """
    sealed = {key.id: key.status for key in keys}
    said = [
        f"key {id_:08x} is {header.states.get(id_, 'not there')}, and sealed it is {sealed.get(id_, 'not there')}"
        for id_ in sorted({*header.states, *sealed})
        if header.states.get(id_) != sealed.get(id_)
    ]
    if header.primary != primary:
        said.append(f"the primary key is {header.primary:08x}, and sealed it is {primary:08x}")
    if said:
        raise KeyFault(
            f"the keyring's part in clear says otherwise than its sealed part: {'; '.join(said[:3])}",
            where=where,
            todo="Put the file's copy back, or write into keysetInfo what is sealed; and find out who changed it.",
            code="keyring.header",
        )


def absolute(reference: str) -> str:
    """A `file:` reference with its path made absolute, since workers run in other folders."""
    kind, _, rest = reference.partition(":")
    return f"file:{Path(rest).absolute()}" if kind == "file" and rest else reference


def write_if_unchanged(file: Path, data: bytes, *, before: bytes) -> None:
    """The file in one step, unless somebody else has changed it meanwhile.

    Raises:
        FileExistsError: the file is not as it was `before` (empty: not there).
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks: what is left is a look just before the change
            fcntl.flock(folder, fcntl.LOCK_EX)
        if (file.read_bytes() if file.exists() else b"") != before:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        write_whole({file: data}, mode=0o600)
    finally:
        os.close(folder)
