"""Checkpoints, proofs and entries as somebody kept them: the bare text, what this job printed, or its JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

from strongroom.core.audit_event import Event, well_formed
from strongroom.core.errors import UsageError

_NOTE = re.compile(
    r"^\S[^\n]*\n(?:0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n)*\n(?:— \S+ [A-Za-z0-9+/]+={0,2}(?:\n|\Z))+", re.M
)
"""A signed checkpoint, wherever in a text it stands."""
_NUMBERED = re.compile(r" *([0-9]+)  (\{.*)")
"""An entry as `audit search` shows it."""


def read_bytes(file: str) -> bytes:
    """The file's bytes.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot be read: {error.strerror}.", where=file) from error


def checkpoint_in(file: str) -> str:
    """The signed checkpoint, the last of several; a text without one as it is, for whoever opens it to tell."""
    text = _answer(file, "checkpoint")
    notes = _NOTE.findall(text)
    return f"{notes[-1].rstrip()}\n" if notes else text


def proof_in(file: str) -> str:
    """The proof."""
    return f"{_answer(file, 'proof').rstrip()}\n"


def entry_in(file: str, number: int) -> bytes:
    """The entry of that number: the file's one line, or the one of several that says that it is.

    Raises:
        UsageError: none of several is.
    """
    lines = [line for line in read_bytes(file).split(b"\n") if line]
    found = [_numbered(line) for line in lines]
    if len(found) == 1 and found[0][0] in (None, number):
        return found[0][1]
    for at, entry in found:
        if at == number:
            return entry
    raise UsageError(f"Entry {number} is not here.", where=file, todo="Give its one line, as 'audit search' shows it.")


def _numbered(line: bytes) -> tuple[int | None, bytes]:
    """An entry's number, where the line says one, and its bytes in the log."""
    if well_formed(line):
        return None, line
    text = line.decode("utf-8", errors="replace")
    shown = _NUMBERED.fullmatch(text)
    try:
        found = json.loads(shown[2] if shown else text)
        number = int(shown[1]) if shown else int(found.pop("entry"))
        return number, Event.of(json.dumps(found).encode()).entry()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, line


def _answer(file: str, name: str) -> str:
    """The text, or what a document of `--json` answers by that name."""
    text = read_bytes(file).decode("utf-8", errors="replace")
    try:
        return str(json.loads(text.strip().rpartition("\n")[2])["answer"][name])
    except (ValueError, KeyError, TypeError):
        return text
