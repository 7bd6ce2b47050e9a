"""The audit log on disk: one file of JSON lines that is only ever appended to, by many processes at once.

An entry counts from the moment `append` returns: it is then on the disk. Writers take turns by a file lock. A writer
that is killed leaves at most an unfinished last line, which nobody was told about: readers pass over it and the next
writer removes it. `audit/merkle.py` makes the proofs, `audit/signing.py` signs them.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.core.audit_event import RECOVER, Event
from strongroom.core.errors import StoreError
from strongroom.core.settings import Settings
from strongroom.stores.whole_file import keep_names, write_whole

_CHUNK = 1 << 20
_ENTRIES = "entries.jsonl"
_TAIL = 1 << 16
_LONGEST_NOTE = 1 << 16
_LONGEST_TAIL = 16 << 20
"""No entry is near so long, in bytes: what has no line end for longer was not written by a job that died."""


class AuditLog:
    """The log in one folder, which is made when missing. It must lie on a disk where `flock` and `fsync` hold.

    Raises:
        StoreError: the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        if "://" in str(folder):
            todo = "Give a folder on a local or mounted disk (audit: …) in the settings."
            raise StoreError("The audit log cannot be kept in an object store.", where=str(folder), todo=todo)
        self.folder = Path(folder)
        self.path = self.folder / _ENTRIES
        self._end = self._count = 0  # bytes and entries seen by this process
        with self._trouble():
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    @classmethod
    def open(cls, settings: Settings) -> AuditLog:
        """The log that the settings name."""
        if not settings.audit:
            raise StoreError("The settings name no audit log.", where=settings.file, todo="Add 'audit: FOLDER'.")
        return cls(settings.audit)

    def append(self, *events: Event) -> int:
        """Write events, all at one place, and return the index of the first. When this returns they are on the disk.

        Raises:
            StoreError: they could not be written; none of them counts.
        """
        if not events:
            raise ValueError("there is no event to append")
        lines = b"".join([event.entry() + b"\n" for event in events])
        with self._trouble(), self._turn() as file:
            size = self._repair(file)
            try:
                _write(file, lines)
                os.fsync(file)
                if not size:
                    keep_names(self.folder)
            except OSError:
                os.ftruncate(file, size)  # what was not acknowledged must not count later
                raise
            index = self._count
            self._count += len(events)
            self._end = size + len(lines)
        return index

    def entries(self, *, start: int = 0) -> Iterator[bytes]:
        """Every entry that counts when this is called, in order, as it was written, without its line end.

        Args:
            start: byte at which an entry begins; the ones before it are passed over.
        """
        with self._trouble():
            if not self.path.is_file():  # nor is a pipe waited for
                return
            with self.path.open("rb") as file:
                fcntl.flock(
                    file, fcntl.LOCK_SH
                )  # no writer is at work while the end is found; before it nothing changes
                left = _end_of_last_line(file.fileno()) - start
                fcntl.flock(file, fcntl.LOCK_UN)
                file.seek(start)
                for line in file:
                    left -= len(line)
                    if left < 0:
                        return
                    yield line[:-1]

    def read(self) -> Iterator[Event]:
        """Every event in order; see `numbered`."""
        return (event for _, event in self.numbered())

    def numbered(self) -> Iterator[tuple[int, Event]]:
        """Every event in order, after its number. Entries that are none are passed over once that is accepted.

        Raises:
            StoreError: an entry is not an event, and no later one records that the log was accepted with it.
        """
        flaw: int | None = None
        for index, entry in enumerate(self.entries()):
            try:
                event = Event.of(entry)
            except ValueError:
                flaw = index if flaw is None else flaw
                continue
            flaw = None if event.action == RECOVER else flaw
            yield index, event
        if flaw is not None:
            todo = "Run './spark-submit.sh audit verify'."
            raise StoreError(
                "An entry of the audit log is no event.", where=f"entry {flaw}", todo=todo, code="audit.damaged"
            )

    def tail(self, end: int) -> str:
        """The hash (hexadecimal) of the last 64 KiB before a byte; empty when the log is shorter.

        It tells that this is still where it was, and what stands there, without reading all that comes before.
        """
        start = max(0, end - _TAIL)
        with self._trouble():
            if not self.path.is_file():
                found = b""
            else:
                with self.path.open("rb") as file:
                    file.seek(start)
                    found = file.read(end - start)
        return hashlib.sha256(found).hexdigest() if len(found) == end - start else ""

    def note(self, name: str) -> str:
        """A small text that is kept beside the entries (a checkpoint, a public key); empty when there is none.

        Whoever can write the folder wrote it: it may be anything.
        """
        path = self.folder / name
        with self._trouble():
            if not path.is_file():
                return ""
            with path.open("rb") as file:
                return file.read(_LONGEST_NOTE).decode(errors="replace")

    def keep_note(self, name: str, text: str) -> None:
        """Keep a small text beside the entries, in place of an earlier one; a reader sees the one or the other."""
        with self._trouble():
            write_whole({self.folder / name: text.encode()}, mode=0o644)  # it is for whoever may open the folder

    def _repair(self, file: int) -> int:
        """Count what other processes added, remove an unfinished last line, and return the size in bytes."""
        size = os.fstat(file).st_size
        if size < self._end:
            todo = "Run './spark-submit.sh audit verify' against the last checkpoint."
            raise StoreError("The audit log has become shorter.", where=str(self.path), todo=todo, code="audit.changed")
        whole = _end_of_last_line(file)
        while self._end < whole:
            chunk = os.pread(file, min(_CHUNK, whole - self._end), self._end)
            self._count += chunk.count(b"\n")
            self._end += len(chunk)
        if whole < size:
            os.ftruncate(file, whole)
        return whole

    @contextmanager
    def _turn(self) -> Iterator[int]:
        """The log's file, held by this process alone."""
        # A link would lead our bytes, and the cutting of an unfinished line, into somebody else's file.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(self.path, flags, 0o640)
        try:
            if os.fstat(file).st_nlink > 1:
                raise OSError(errno.EMLINK, "it has another name, too")
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)  # gives the lock back too

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            todo = "Make the folder writable for this user; no job runs without its audit event."
            where = f"{self.folder} ({error.strerror or type(error).__name__})"
            raise StoreError(
                "The audit log cannot be written.", where=where, todo=todo, code="audit.unwritable"
            ) from error


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _end_of_last_line(file: int) -> int:
    """The size of a file up to its last line end: what lies behind it was never finished."""
    end, step = os.fstat(file).st_size, 1  # nearly always the last byte tells
    least = max(0, end - _LONGEST_TAIL)
    while end > least:
        start = max(least, end - step)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end, step = start, _CHUNK
    if least:
        raise OSError(errno.EFBIG, "it ends in what is no entry")
    return 0
