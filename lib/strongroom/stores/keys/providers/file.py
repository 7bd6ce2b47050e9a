"""`file:PATH`: the key-encryption key in a file that only its owner can read, base64 of 32 bytes."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.stores.identity.trust import cure, weakness
from strongroom.stores.keys.providers.local import KEK_BYTES, LocalKek, read_kek
from strongroom.stores.whole_file import write_first


def open_provider(path: str, *, create: bool = False) -> LocalKek:
    """The key in that file, which is made when `create` is set and it is missing.

    Raises:
        KeyFault: the file is missing, unreadable, damaged, or others can read it.
    """
    where = f"file:{path}"
    file = Path(path)
    if weak := weakness(path):  # of the file itself the mode is looked at below, once it is open
        what = f"others could put a key-encryption key of their own in its place: {weak}"
        raise KeyFault(
            what, where=where, todo=f"{cure(path)}, and replace the key if it is not the one you know.", code="key.open"
        )
    if create and not file.exists():
        make_kek(file)
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as handle:
            # The mode of the open file, not of the path: nobody can swap it between the look and the read.
            if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
                raise KeyFault(
                    "others than its owner can use the file with the key-encryption key",
                    where=where,
                    todo=f"chmod 600 {path}, and replace the key if somebody may have read it.",
                    code="key.open",
                )
            text = handle.read(1024)
    except OSError as fault:
        raise KeyFault(
            f"the file with the key-encryption key cannot be read: {fault.strerror}",
            where=where,
            todo="Put the key back from its copy; without it, protected values cannot be opened.",
        ) from None
    return LocalKek(read_kek(text, where=where), where)


def make_kek(file: Path) -> None:
    """A new random key in a new file of mode 0600; an existing file is never touched."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_first(file, base64.b64encode(os.urandom(KEK_BYTES)) + b"\n", mode=0o600)
    except OSError as fault:
        raise KeyFault(
            f"no key-encryption key can be made there: {fault.strerror}",
            where=f"file:{file}",
            todo="Choose a place for it that you can write to.",
        ) from None
