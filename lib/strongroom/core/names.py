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
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from strongroom.core.escaping import is_plain

_ASCII = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ANY = re.compile(r"[\w-]+(\.[\w-]+)*")
_PRINCIPAL = re.compile(r"(user|group):[^\s:,;*?]+")
_GRANTED_ALL = re.compile(r"[a-z0-9_.-]+")
_UNGRANTED = re.compile(r"([^a-z0-9_*-])")
"""What no star of a grant stands for: names and patterns must have the same of these, in the same order."""

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


@lru_cache(maxsize=65_536)
def folded(path: str) -> tuple[str, str]:
    """A column's path as it is compared: in lower case as in Spark, and as a look-alike of it would be (NFKC).

    The items of an array are named like the array: `tags[]` is `tags`.
    """
    plain = path.lower().replace("[]", "")
    if path.isascii():
        return plain, plain
    return unicodedata.normalize("NFC", plain), unicodedata.normalize("NFKC", plain)


def canonical_principal(name: str) -> str:
    """A principal's name as it is compared (its case counts), or an empty string when it is none."""
    name = unicodedata.normalize("NFC", name)
    return name if _PRINCIPAL.fullmatch(name) and is_plain(name) else ""


def matcher(pattern: str, *, deny: bool = False) -> str | Match:
    """What a grant's or a deny's pattern means, for canonical names: one name, or whatever it matches.

    Matching takes time in proportion to the name, however many stars there are.
    """
    pattern = unicodedata.normalize("NFC", pattern).lower()
    if "*" not in pattern:
        return pattern
    if deny:
        return partial(_spans, pattern.split("*"))
    if pattern == "*":
        return _GRANTED_ALL.fullmatch
    return partial(_spans_each, [piece.split("*") for piece in _UNGRANTED.split(pattern)])


def _spans_each(wanted: Sequence[Sequence[str]], name: str) -> bool:
    """Whether each piece of the name, split where no star may reach, is what is wanted there."""
    pieces = _UNGRANTED.split(name)
    return len(pieces) == len(wanted) and all(map(_spans, wanted, pieces))


def _spans(parts: Sequence[str], text: str) -> bool:
    """Whether the text is these parts in this order, with anything between them.

    Each part is taken where it comes first: what is left for the others is never less.
    """
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return text == first
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def means(match: str | Match, name: str) -> bool:
    """Whether what `matcher` made means this canonical name."""
    return match == name if isinstance(match, str) else bool(match(name))


def principal_matcher(pattern: str) -> str | Match:
    """What `user:ada` or `user:*` means among principals, whose names keep their case."""
    kind, _, name = pattern.partition(":")
    if name == "*":
        return re.compile(re.escape(kind) + r":[^\s:,;*?]+").fullmatch
    return pattern
