"""Makes an attempt and says how it ended: a secret came out, somebody said no, or there was nothing to find.

Whatever else happens to an attempt is no defence, and is told as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bypass.place import Reach
from strongroom.core.errors import ConfigError, KeyFault, Refused
from system.leaks import Marker

LEAKS, REFUSED, NOTHING = "leaks", "refused", "nothing there"
Attempt = Callable[[Reach], Iterable[object]]
_NO = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)
_OURS = re.compile(r"strongroom\.core\.errors\.KeyFault: ")
_NOT_THERE = re.compile(r"no such file|not found|no files (found|in log)|does not exist", re.IGNORECASE)


@dataclass(frozen=True)
class Ending:
    """How an attempt ended, and what shows it: the words of an error, or how much was looked through."""

    outcome: str
    because: str


def made(attempt: Attempt, reach: Reach, wanted: Sequence[str]) -> Ending:
    """Makes an attempt to find any of some secrets."""
    looked, found = 0, False
    try:
        for thing in attempt(reach):
            data = thing if isinstance(thing, bytes) else str(thing).encode("utf-8", "surrogateescape")
            looked += len(data)
            found = found or _in(data, wanted)
    except Exception as error:
        if not found:
            return _stopped(error, reach)
    if found:
        return Ending(LEAKS, "a secret was in what it found")
    return Ending(NOTHING if looked else "failed", f"looked through {looked} bytes")


def _in(data: bytes, wanted: Sequence[str]) -> bool:
    return any(form in data for text in wanted for _, form in Marker(text, text.encode()).forms() if len(form) > 4)


def _stopped(error: BaseException, reach: Reach) -> Ending:
    """What an error says: the system's no counts only where it is about the lake, or about another's process."""
    chain, seen = [error], error
    while (seen := seen.__cause__ or seen.__context__) is not None and len(chain) < 9:
        chain.append(seen)
    text = " | ".join(f"{type(each).__name__}: {each}" for each in chain)
    short = " ".join(text.split())[:2_000]
    if "[UNRESOLVED_COLUMN" in text:
        return Ending(NOTHING, short)
    if any(isinstance(each, (Refused, ConfigError, KeyFault)) for each in chain):
        return Ending(REFUSED, short)
    if "PythonException" in text and _OURS.search(text):  # a worker's error, which Spark passes on as text
        return Ending(REFUSED, f"KeyFault in a worker: {short}")
    if _NO.search(text) and any(place in text for place in (reach.home, "/proc/", f"{reach.mine}/link")):
        return Ending(REFUSED, short)
    if _NOT_THERE.search(text):
        return Ending(NOTHING, short)
    return Ending("failed", short)
