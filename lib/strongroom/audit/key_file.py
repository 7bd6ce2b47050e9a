"""The key that signs the audit log's checkpoints: one small file that only its owner may read."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings
from strongroom.stores.whole_file import write_first, write_whole

_NAME = "audit-signing.key"


def key_file(settings: Settings) -> Path:
    """Where the signing key is: beside the keyring."""
    return Path(settings.keyring).parent / _NAME


def has_key(settings: Settings) -> bool:
    """Whether there is a signing key, as far as this process's user may see."""
    try:
        return key_file(settings).exists()
    except PermissionError:
        return False


def is_kept_from_us(settings: Settings) -> bool:
    """Whether there is a signing key and this process's user may not read it: somebody else signs."""
    try:
        with key_file(settings).open("rb"):
            return False
    except OSError as error:
        return isinstance(error, PermissionError)


@contextmanager
def turn(settings: Settings) -> Iterator[None]:
    """One process at a time signs, so that the checkpoint and what is kept of it are of one moment.

    Raises:
        KeyFault: the folder of the signing key cannot be written.
    """
    path = key_file(settings).with_suffix(".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        todo = "Make the keyring's folder writable for this user."
        raise KeyFault(f"Nothing can be signed: {error.strerror}.", where=str(path), todo=todo) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    except OSError as error:
        todo = "Look whether the keyring's folder is writable for this user and has space."
        raise KeyFault(
            f"What is signed cannot be kept: {error.strerror}.", where=str(path.parent), todo=todo
        ) from error
    finally:
        os.close(file)


def signing_key(settings: Settings, make: Callable[[], Secret]) -> Secret:
    """The signing key of this installation; on first use it is made and kept, mode 0600.

    Raises:
        KeyFault: the file cannot be read or written, or others may read it.
    """
    path = key_file(settings)
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_first(path, make().reveal(), mode=0o600)
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            if stat.S_IMODE(os.fstat(file).st_mode) & 0o077:
                todo = f"Find out who read it, then run: chmod 600 {path}"
                raise KeyFault(
                    "Others may read the key that signs the audit log.", where=str(path), todo=todo, code="audit.open"
                )
            return Secret(opened.read())
    except OSError as error:
        todo = "Make the keyring's folder writable for this user, or give it the key file."
        raise KeyFault(
            f"No signing key for the audit log: {error.strerror}.", where=str(path), todo=todo, code="audit.key"
        ) from error


def mark(settings: Settings) -> int:
    """How many entries were signed last, as releases kept it that had one mark for all logs; 0 where there is none.

    Raises:
        KeyFault: the file is damaged.
    """
    path = key_file(settings).with_suffix(".size")
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, PermissionError):
        return 0
    except ValueError:
        todo = "Find out who wrote to it. It holds how many entries of the audit log were signed last."
        raise KeyFault("This mark is no number.", where=str(path), todo=todo) from None


def forget_mark(settings: Settings) -> None:
    """What is kept of each log says more."""
    key_file(settings).with_suffix(".size").unlink(missing_ok=True)


def known_keys(settings: Settings) -> list[str]:
    """The public keys of every signing key that there was, oldest first; today's is the last."""
    path = key_file(settings).with_suffix(".pub")
    try:
        return path.read_text(encoding="ascii").split()
    except (FileNotFoundError, PermissionError):
        return []


def remember_key(settings: Settings, public: str) -> None:
    """One more public key, unless it is known."""
    known = known_keys(settings)
    if public not in known:
        text = "".join(f"{key}\n" for key in (*known, public))
        write_whole({key_file(settings).with_suffix(".pub"): text.encode()}, mode=0o600)
