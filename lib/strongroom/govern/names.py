"""Names as the policy compares them: no trick with case, width or look-alikes makes one name pass for another.

Spark compares names in lower case, so the policy does too. A name that Unicode would write in another form (NFKC), or
that holds anything but letters, digits, `_`, `-` and single dots between its parts, is no name: nothing is granted on
it. That takes paths in backquotes, spaces, zero-width marks and full-width letters.

Patterns know `*` only, and lean to the safe side. In a grant `*` stands for plain ASCII within one part of a name (and
alone for every plain ASCII name), so a table with any other letter must be granted in full. In a deny it stands for
anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from strongroom.core.escaping import is_plain

_ASCII = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ANY = re.compile(r"[\w-]+(\.[\w-]+)*")
_PRINCIPAL = re.compile(r"(user|group):[^\s:,;*?]+")
_GRANTED_STAR = "[a-z0-9_-]*"
_GRANTED_ALL = r"[a-z0-9_.-]+"

Match = Callable[[str], object]
"""Says whether a canonical name is meant; anything true is a yes."""


@lru_cache(maxsize=65_536)
def canonical(name: str) -> str:
    """The name in the form that is compared, or an empty string when it is none."""
    if name.isascii():
        return name.lower() if _ASCII.fullmatch(name) else ""
    if not _ANY.fullmatch(name) or unicodedata.normalize("NFKC", name) != name:
        return ""
    return unicodedata.normalize("NFC", name.lower())


def canonical_principal(name: str) -> str:
    """A principal's name as it is compared (its case counts), or an empty string when it is none."""
    name = unicodedata.normalize("NFC", name)
    return name if _PRINCIPAL.fullmatch(name) and is_plain(name) else ""


def matcher(pattern: str, *, deny: bool = False) -> str | Match:
    """What a grant's or a deny's pattern means, for canonical names: one name, or whatever it matches."""
    pattern = unicodedata.normalize("NFC", pattern).lower()
    if "*" not in pattern:
        return pattern
    star = ".*" if deny else _GRANTED_ALL if pattern == "*" else _GRANTED_STAR
    return re.compile(star.join(re.escape(part) for part in pattern.split("*")), re.DOTALL).fullmatch


def means(match: str | Match, name: str) -> bool:
    """Whether what `matcher` made means this canonical name."""
    return match == name if isinstance(match, str) else bool(match(name))


def principal_matcher(pattern: str) -> str | Match:
    """What `user:ada` or `user:*` means among principals, whose names keep their case."""
    kind, _, name = pattern.partition(":")
    if name == "*":
        return re.compile(re.escape(kind) + r":[^\s:,;*?]+").fullmatch
    return pattern
