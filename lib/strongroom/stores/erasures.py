"""Requests for erasure and the tombstones that stay of them: a folder beside the keyring, not in the lake.

So a lake that is put back from an older copy does not forget who was erased. For each request there are
    ID.tags     tags of the people, 16 bytes each: the tombstones; they stay for ever
    ID.key      the request's own key, wrapped; a proof destroys it
    ID.sealed   what the request knows of the people, under that key
    ID.json     its state: names, counts and days
    ID.cert     what a proof has signed
and `turns.json` says up to which number each domain was erased. A request counts once its ID.json is there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.erasure import Request
from strongroom.core.errors import StoreError, UsageError
from strongroom.core.settings import Settings
from strongroom.stores.whole_file import keep_names, write_first, write_whole

ENDS = TAGS, KEY, SEALED, STATE, CERTIFICATE = (".tags", ".key", ".sealed", ".json", ".cert")
TURNS, LOCK = "turns.json", ".lock"
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Erasures:
    """The folder; it is made with the first request."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Erasures:
        """The one that the settings name."""
        return cls(Path(settings.erasures))

    def all(self) -> list[Request]:
        """Every request, in the order in which they came.

        Raises:
            StoreError: one of them cannot be read.
        """
        found = [self._read(path) for path in self._files(STATE) if path.name != TURNS]
        return sorted(found, key=lambda request: (request.received, request.id))

    def get(self, request: str) -> Request:
        """One request.

        Raises:
            UsageError: there is none.
        """
        path = self._path(request, STATE)
        if not path.is_file():
            todo = "See ./spark-submit.sh erase list."
            raise UsageError("there is no such request", where=str(self.folder), todo=todo, code="erasure.missing")
        return self._read(path)

    def add(self, request: Request, *, tags: bytes, key: bytes, sealed: bytes) -> bool:
        """Keeps a request; False where it is there already. When this returns its people are never let in again."""
        with self._trouble():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._path(request.id, STATE).exists():
                return False
            files = {KEY: key, SEALED: sealed, TAGS: tags}
            write_whole({self._path(request.id, end): data for end, data in files.items()}, mode=_MODE)
            return write_first(self._path(request.id, STATE), request.to_json().encode(), mode=_MODE)

    def keep(self, request: Request) -> None:
        """Its new state."""
        with self._trouble():
            write_whole({self._path(request.id, STATE): request.to_json().encode()}, mode=_MODE)

    def seal_anew(self, request: Request, sealed: bytes) -> None:
        """Its new state, and what it knows."""
        with self._trouble():
            files = {SEALED: sealed, STATE: request.to_json().encode()}
            write_whole({self._path(request.id, end): data for end, data in files.items()}, mode=_MODE)

    def withdraw(self, request: Request) -> None:
        """The request is gone, and with it the tombstones."""
        self._unlink(request, (STATE, KEY, SEALED, TAGS))

    def certify(self, request: Request, text: str) -> str:
        """Keeps what a proof has signed; returns its file."""
        path = self._path(request.id, CERTIFICATE)
        with self._trouble():
            write_whole({path: text.encode()}, mode=_MODE)
        return str(path)

    def forget(self, request: Request) -> None:
        """What it knows of the people is gone with its key; the tombstones stay."""
        self._unlink(request, (KEY, SEALED))

    def sealed(self, request: Request) -> tuple[bytes, bytes]:
        """The wrapped key, and what lies under it.

        Raises:
            StoreError: they are gone.
        """
        with self._trouble():
            return self._path(request.id, KEY).read_bytes(), self._path(request.id, SEALED).read_bytes()

    def tags(self, request: Request) -> bytes:
        """The tombstones of a request, 16 bytes each."""
        with self._trouble():
            return self._path(request.id, TAGS).read_bytes()

    def names(self) -> frozenset[str]:
        """The ids of all requests; cheap, to see whether there are new ones."""
        return frozenset(path.stem for path in self._files(STATE) if path.name != TURNS)

    def turns(self) -> Mapping[str, int]:
        """Up to which number each domain was erased; a domain as `domain_name` gives it."""
        path = self.folder / TURNS
        with self._trouble():
            return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    def ended(self, within: tuple[str, ...], number: int) -> None:
        """A run has erased all of a domain: tables that say less were put back from an older copy."""
        turns = {**self.turns(), domain_name(within): number}
        with self._trouble():
            write_whole({self.folder / TURNS: json.dumps(turns, sort_keys=True).encode()}, mode=_MODE)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else changes states in here.

        Raises:
            StoreError: somebody does.
        """
        with self._trouble():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                what, todo = "another run of `erase` is at work", "Wait for it, then run again."
                raise StoreError(what, where=str(self.folder), todo=todo, code="erasure.busy") from None
            yield
        finally:
            os.close(file)

    def _files(self, end: str) -> list[Path]:
        with self._trouble():
            if not self.folder.is_dir():
                return []
            names = (entry.name for entry in os.scandir(self.folder))
            return [self.folder / name for name in names if name.endswith(end) and not name.startswith(".")]

    def _path(self, request: str, end: str) -> Path:
        return self.folder / f"{request}{end}"

    def _read(self, path: Path) -> Request:
        with self._trouble():
            data = path.read_bytes()
        try:
            return Request.of_json(data)
        except ValueError:
            what, todo = "this is no request for erasure", "Put its copy back."
            raise StoreError(what, where=str(path), todo=todo, code="erasure.unreadable") from None

    def _unlink(self, request: Request, ends: tuple[str, ...]) -> None:
        with self._trouble():
            for end in ends:
                self._path(request.id, end).unlink(missing_ok=True)
            keep_names(self.folder)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "not JSON"
            todo = "Check the folder, or put its copy back."
            what = f"the requests for erasure cannot be read or written ({why})"
            raise StoreError(what, where=str(self.folder), todo=todo, code="erasure.unreadable") from None


def domain_name(within: Sequence[str]) -> str:
    """A domain as one text."""
    return json.dumps(list(within))
