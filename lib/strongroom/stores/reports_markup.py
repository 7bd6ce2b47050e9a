"""Markup that cannot be broken out of: every text that is not already markup is escaped, whoever wrote it."""

from __future__ import annotations

import re
import unicodedata
from html import escape

_JOINERS = "\u200c\u200d"  # part of ordinary words in Persian and Hindi, and harmless
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SEAM = re.compile(r"(?<=\w)[._/\-](?=\w)|(?<=[a-z])(?=[A-Z])")  # where a name may break over two lines
LONGEST_TEXT, LONGEST_NAME = 400, 120
"""Most characters of a text and of a name that are shown; the rest is cut, and the cut is marked."""


class Markup(str):
    """Text that goes into a page as it is: constants of ours, and what `element` and `join` made."""

    __slots__ = ()


def plain(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Text with nothing hidden in it: controls and direction marks become `‹U+202E›`, long text is cut.

    A right-to-left mark could otherwise turn the figures beside it around, and a NUL or half a surrogate pair make the
    file unreadable.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(
        f"‹U+{ord(letter):04X}›" if unicodedata.category(letter) in _UNSEEN and letter not in _JOINERS else letter
        for letter in cut
    )


def element(tag: str, *children: str, **attributes: str | float | None) -> Markup:
    """One element around its children; children and attributes are made plain and escaped unless they are `Markup`.

    The points of a picture are, since none of them may be cut. Attribute names lose a trailing underscore and write
    the others as hyphens: `class_`, `aria_label`. An attribute of None is left out. Tags and attribute names are
    constants of the caller.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{value if isinstance(value, Markup) else escape(plain(str(value)))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*parts: str) -> Markup:
    """Parts one after the other, each made plain and escaped unless it is `Markup`."""
    return Markup("".join(part if isinstance(part, Markup) else escape(plain(part)) for part in parts))


def name(text: str) -> Markup:
    """A name from outside (column, rule, path, label value), in code type; its direction stays its own."""
    safe = escape(plain(text, longest=LONGEST_NAME))
    return element("bdi", Markup(_SEAM.sub(r"\g<0><wbr>", safe)), class_="name")
