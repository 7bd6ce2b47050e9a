"""Writes whole files: whoever reads one, or finds it after a crash, has all of the old or all of the new, never a part.

A file is written under a name that no other process takes, and is on the disk before it gets its own.
What a killed process leaves is in nobody's way, and goes when the same file is written again. Local disks only.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_STALE = 3_600
"""Seconds after which nobody is at work on a draft any more, by the disk's own clock."""


def write_whole(files: Mapping[Path, bytes], *, mode: int | None = None) -> None:
    """Put files in place of what was there. All of them are written before the first one takes its place.

    Args:
        files: each file's bytes; its folder must be there.
        mode: of the files, whatever the umask says; None leaves it to the umask.

    Raises:
        OSError: one of them cannot be written; then none is, unless the disk fails while names are changed.
    """
    drafts: dict[Path, Path] = {}
    try:
        for file, data in files.items():
            drafts[file] = _draft(file)
            _write(drafts[file], data, mode)
            _sweep(file, drafts[file])
        for file, draft in drafts.items():
            draft.replace(file)
        for folder in {file.parent for file in files}:
            keep_names(folder)
    finally:
        _remove(drafts.values())


def write_first(file: Path, data: bytes, *, mode: int) -> bool:
    """Put a file where there is none, and return whether it was us: of several that come at once one wins, whole.

    Raises:
        OSError: it cannot be written, or its folder is on a disk without links.
    """
    draft = _draft(file)
    try:
        _write(draft, data, mode)
        _sweep(file, draft)
        os.link(draft, file)  # unlike a rename, a link never replaces
        keep_names(file.parent)
    except FileExistsError:
        return False
    finally:
        _remove([draft])
    return True


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder of files there, its owner's alone: all of it, or nothing; what a kill leaves is closed.

    Raises:
        OSError: it cannot be written, or is there already.
    """
    if folder.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    draft = _draft(folder)
    draft.mkdir(mode=0o700)
    try:
        for name, data in files.items():
            _write(draft / name, data, 0o600)
        keep_names(draft)
        draft.rename(folder)  # onto a folder that somebody made meanwhile only where that is empty
        keep_names(folder.parent)
    finally:
        if draft.exists():
            _remove(draft / name for name in files)
            draft.rmdir()


def keep_names(folder: Path) -> None:
    """A new or renamed file is on the disk only when its folder's list of names is, too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a disk that keeps no folders by itself
            raise
    finally:
        os.close(opened)


def _draft(file: Path) -> Path:
    return file.with_name(f".{file.name}.{secrets.token_hex(6)}")


def _sweep(file: Path, draft: Path) -> None:
    """Take away what killed processes left: drafts of the same file that are much older than this one."""
    left = re.compile(rf"\.{re.escape(file.name)}\.(?:[0-9a-f]{{12}}|[0-9]+)")  # a number: of a process, as once
    with suppress(OSError), os.scandir(file.parent) as found:
        oldest = draft.stat().st_mtime - _STALE
        _remove(
            Path(entry.path)
            for entry in found
            if left.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest
        )


def _write(draft: Path, data: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(draft, flags, 0o666 if mode is None else mode & 0o700), "wb") as opened:
        opened.write(data)
        opened.flush()
        if mode is not None:
            os.fchmod(opened.fileno(), mode)
        os.fsync(opened.fileno())


def _remove(drafts: Iterable[Path]) -> None:
    for draft in drafts:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
