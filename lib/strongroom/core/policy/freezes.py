"""Freezes: what an open incident lets nobody read, in files beside the policy that every evaluation of it reads.

`POLICY.frozen/INCIDENT.json` holds denies for every principal, and a deny beats every grant; the policy's own file
stays as it is. Whatever lies there and cannot be read as one means that nobody knows what is frozen, so nobody reads.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import json_text
from strongroom.core.policy.fields import SELECTOR, TABLE
from strongroom.core.policy.model import EVERYONE, FROZEN, Deny

STOPPED = ("read", "reveal")
"""What a freeze denies."""
_FILE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.json")
_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}")
"""What a process that is writing one, or died over it, has there beside: `stores/whole_file.py`."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Tables, by names and patterns, or some of their columns; `spares` are names and patterns that are not meant."""

    tables: tuple[str, ...]
    columns: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()


def folder_of(policy: str) -> Path:
    """Where the freezes beside a policy file lie."""
    return Path(f"{policy}{FROZEN}")


def file_of(policy: str, incident: str) -> Path:
    """The freeze of an incident."""
    return folder_of(policy) / f"{incident}.json"


def written(incident: str, frozen: Iterable[Frozen]) -> bytes:
    """A freeze as its file holds it."""
    parts = [{"tables": [*each.tables], "columns": [*each.columns], "spares": [*each.spares]} for each in frozen]
    return (json_text({"incident": incident, "frozen": parts}, indent=1) + "\n").encode()


def lying(policy: str) -> tuple[tuple[str, int, int, int], ...]:
    """What lies beside a policy: each file's name, and what changes when it is written anew.

    Raises:
        ConfigError: the folder cannot be looked into.
    """
    folder = folder_of(policy)
    try:
        if not os.path.lexists(folder):
            return ()
        with os.scandir(folder) as found:
            kept = [(entry.name, entry.stat(follow_symlinks=False)) for entry in found]
    except OSError as error:
        raise _closed(str(folder)) from error
    return tuple(
        sorted((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in kept if not _DRAFT.fullmatch(name))
    )


def freezes_beside(policy: str) -> tuple[Deny, ...]:
    """The denies of every open incident.

    Raises:
        ConfigError: one of the files cannot be read, or is none.
    """
    return tuple(deny for name, *_ in lying(policy) for deny in _denies(folder_of(policy) / name))


def _denies(file: Path) -> tuple[Deny, ...]:
    name = _FILE.fullmatch(file.name)
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(opened, encoding="utf-8") as text:
            said = json.load(text)
        if name is None or said.keys() != {"incident", "frozen"} or said["incident"] != name[1] or not said["frozen"]:
            raise ValueError("this is no freeze")
        reason = f"incident {name[1]} is open"
        return tuple(
            Deny(EVERYONE, STOPPED, each.tables, columns=each.columns, spares=each.spares, reason=reason,
                 where=f"{_shown(file)}:1")
            for each in map(_frozen, said["frozen"])
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _closed(str(file)) from error


def _frozen(said: dict[str, list[str]]) -> Frozen:
    """One part of a freeze. Raises ValueError, TypeError or KeyError where it is none."""
    if said.keys() != {"tables", "columns", "spares"} or not said["tables"]:
        raise ValueError("this is no part of a freeze")
    parts = {key: tuple(words) for key, words in said.items() if isinstance(words, list)}
    for pattern in (*parts["tables"], *parts["spares"]):
        if not TABLE.fullmatch(pattern):
            raise ValueError("this is no table")
    if not all(map(SELECTOR.fullmatch, parts["columns"])):
        raise ValueError("this is no column")
    return Frozen(**parts)


def _closed(place: str) -> ConfigError:
    what = "What an open incident has frozen cannot be read here, so nobody reads anything."
    todo = "Put it back from INCIDENT/freeze.json below incidents/ of the audit log's folder; docs/accountability.md."
    return ConfigError([Problem(what, place, todo, "freeze.unreadable")])


def _shown(file: Path) -> str:
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)
