"""The files of keys that roles hold: a few derived keys, wrapped by a key that the role's own provider holds.

A file is safe to copy and useless without that provider. In it a key of the file's own, made for it and wrapped by the
provider (one call, however many keys there are), encrypts one Tink keyset of AES-SIV keys for each name of a key.
docs/encryption.md says it byte by byte.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import Key, RoleHandle, RoleKeys, Status
from strongroom.core.secret import Secret
from strongroom.stores.keys.keyring_file import KEEP_SECONDS, absolute
from strongroom.stores.keys.providers import provider
from strongroom.stores.keys.providers.local import KEK_BYTES, LocalKek
from strongroom.stores.keys.tink_format import AES_SIV, encrypted_keyset, keyset, read_keyset
from strongroom.stores.whole_file import write_whole

Keysets = Mapping[str, tuple[int, Sequence[Key]]]
"""Name of a key → the primary master key's id, and the key as derived from each master key."""

_opened: dict[tuple[str, str, bytes], tuple[float, RoleKeys]] = {}


def context_of(role: str) -> bytes:
    """Associated data of a role's file: one role's never opens as another's."""
    return f"strongroom role keys v1|{role}".encode()


def wrapped_for(role: str, holder: str, keysets: Keysets) -> bytes:
    """The file that gives a role these keys.

    Raises:
        KeyFault: the role's provider does not wrap.
    """
    own = LocalKek(Secret(os.urandom(KEK_BYTES)), role)
    wrapped = provider(holder).wrap(own.secret.reveal(), context=context_of(role))
    sealed = {
        name: encrypted_keyset(
            own.wrap(keyset(primary, keys, type_url=AES_SIV), context=name.encode()),
            primary=primary, keys=keys, type_url=AES_SIV,
        )
        for name, (primary, keys) in keysets.items()
    }  # fmt: skip
    found = {"role": role, "wrappedKey": base64.b64encode(wrapped).decode(), "keysets": sealed}
    return (json.dumps(found, indent=1) + "\n").encode()


def file_of(folder: str, role: str) -> Path:
    """Where a role's file lies."""
    return Path(folder) / f"{role}.json"


def open_role(role: str, holder: str, path: str) -> RoleHandle:
    """The keys of a role in that file, as a reference that may travel; opened once here, so that a fault shows at once.

    Raises:
        KeyFault: there is no such file, or the provider does not open it.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        what, todo = f"the role {role!r} holds no keys", "Ask whoever keeps the keys to run `keys wrap`."
        raise KeyFault(what, where=str(file), todo=todo, code="key.role") from None
    except OSError as fault:
        what = f"the role's keys cannot be read: {fault.strerror}"
        raise KeyFault(what, where=str(file), todo="Copy the file to where you can read it.") from None
    handle = RoleHandle(role, absolute(holder), data, str(file))
    role_keys_of(handle)
    return handle


def role_keys_of(handle: RoleHandle, *, now: Callable[[], float] = time.monotonic) -> RoleKeys:
    """The keys of a handle, unwrapped through the role's provider at most once per process and `KEEP_SECONDS`.

    Raises:
        KeyFault: the provider is missing or says no, or the file is damaged, changed, or another role's.
    """
    name = (handle.role, handle.provider, hashlib.sha256(handle.wrapped).digest())
    kept = _opened.get(name)
    if kept is None or now() >= kept[0]:
        _opened.pop(name, None)
        kept = _opened[name] = (now() + KEEP_SECONDS, _unwrapped(handle))
    return kept[1]


def names_in(handle: RoleHandle) -> frozenset[str]:
    """The names of the keys that a role's file says it holds; whether it does shows when they are opened."""
    found = _document(handle).get("keysets")
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _unwrapped(handle: RoleHandle) -> RoleKeys:
    found = _document(handle)
    try:
        wrapped = base64.b64decode(found["wrappedKey"], validate=True)
        sealed = {
            name: base64.b64decode(each["encryptedKeyset"], validate=True) for name, each in found["keysets"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(handle) from None
    try:
        own = provider(handle.provider).unwrap(wrapped, context=context_of(handle.role))
    except KeyFault as fault:
        what = f"the keys of the role {handle.role!r} do not open: {fault.what}"
        todo = "Use the file that was made for this role, and the key that its `key:` in the policy names."
        raise KeyFault(what, where=f"{handle.where} by {fault.where}", todo=todo, code="key.wrong") from None
    return RoleKeys(handle.role, {name: _keys(handle, own, name, data) for name, data in sealed.items()}, handle.where)


def _keys(handle: RoleHandle, own: bytes, name: str, data: bytes) -> dict[int, Secret]:
    try:
        clear = LocalKek(Secret(own), handle.where).unwrap(data, context=name.encode())
        _, keys = read_keyset(clear, type_url=AES_SIV)
    except (KeyFault, ValueError):
        raise _damaged(handle) from None
    return {key.id: key.secret for key in keys if key.secret is not None and key.status is Status.ENABLED}


def _document(handle: RoleHandle) -> dict[str, Any]:
    try:
        found = json.loads(handle.wrapped)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _damaged(handle)
    return found


def _damaged(handle: RoleHandle) -> KeyFault:
    what = f"the file with the keys of the role {handle.role!r} is damaged, or was changed"
    return KeyFault(what, where=handle.where, todo="Let `keys wrap` write it again.")


def mark_of(holder: str, *, create: bool = False) -> str:
    """Tells two key-encryption keys apart that are here in clear, and no more of them; empty where a service holds it.

    `create` lets kinds that can make a missing key make it.

    Raises:
        KeyFault: the key is missing or unreadable.
    """
    found = provider(holder, create=create)
    if not isinstance(found, LocalKek):
        return ""
    return hmac.digest(found.secret.reveal(), b"strongroom|v1|mark", hashlib.sha256)[:8].hex()


def write_files(folder: str, files: Mapping[str, bytes | None]) -> None:
    """The roles' files, all of them or none: each stands whole beside its place before the first one is moved there.

    Args:
        folder: theirs; it is made.
        files: role → the file's bytes; None takes it away.

    Raises:
        KeyFault: one cannot be written; what was there still holds.
    """
    if "://" in folder:
        todo = "Name a folder on a local or mounted disk (role_keys: …) in the settings."
        raise KeyFault("roles' keys cannot be written into an object store", where=folder, todo=todo)
    try:
        if not Path(folder).is_dir():
            Path(folder).mkdir(parents=True)
            Path(folder).chmod(0o755)  # whatever the process's mask is: readers are to reach it
        write_whole({file_of(folder, role): data for role, data in files.items() if data is not None}, mode=0o644)
        for role in (role for role, data in files.items() if data is None):
            file_of(folder, role).unlink(missing_ok=True)
    except OSError as fault:
        what = f"the roles' keys cannot be written: {fault.strerror}"
        raise KeyFault(what, where=folder, todo="Make the folder writable; then run again.") from None
