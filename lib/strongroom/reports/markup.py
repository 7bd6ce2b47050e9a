"""Markup that cannot be broken out of: every text that is not already markup is escaped, whoever wrote it."""

from __future__ import annotations

import re
from html import escape

from strongroom.core.escaping import json_text, visible

_JOINERS = re.compile("([\u200c\u200d])")  # part of ordinary words in Persian and Hindi, and harmless
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
    return "".join(part if _JOINERS.fullmatch(part) else visible(part) for part in _JOINERS.split(cut))


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


def picture(source: str, *, title: str) -> Markup:
    """An image."""
    return Markup(f'<img alt="{escape(plain(title))}" src="{escape(plain(source, longest=len(source)))}">')


def drawing(points: str) -> Markup:
    """The points of a line or path, however many.

    Raises:
        ValueError: they hold more than figures and the letters of a path.
    """
    if not re.fullmatch(r"[\d\s.,MLHVZz-]*", points, re.ASCII):
        raise ValueError("these are no points")
    return Markup(points)


def document(title: str, body: Markup, *, style: str, policy: str) -> str:
    """A whole page; `policy` says what it may load."""
    head = join(
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Markup('<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'),
        element("title", title),
        element("style", Markup(style)),
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n{body}</html>\n'


def data_island(anchor: str, value: object) -> Markup:
    """Data that a script of the page reads, as JSON; no text in it ends the island or begins a comment."""
    text = json_text(value).replace("<", "\\u003c")
    return Markup(f'<script type="application/json" id="{escape(anchor)}">{text}</script>')


def whole(text: str) -> Markup:
    """A text of which nothing is cut: what a page owes its reader in full."""
    return Markup(escape(plain(text, longest=len(text) + 1)))


def lines(text: str, *, longest: int, most: int) -> Markup:
    """A text of many lines, each no longer than that, and no more of them."""
    found = text.split("\n")
    cut = [*found[:most], f"… and {len(found) - most:,} more lines"] if len(found) > most else found
    return Markup("\n".join(escape(plain(line.expandtabs(4), longest=longest)) for line in cut))


def join(*parts: str) -> Markup:
    """Parts one after the other, each made plain and escaped unless it is `Markup`."""
    return Markup("".join(part if isinstance(part, Markup) else escape(plain(part)) for part in parts))


def name(text: str) -> Markup:
    """A name from outside (column, rule, path, label value), in code type; its direction stays its own."""
    safe = escape(plain(text, longest=LONGEST_NAME))
    return element("bdi", Markup(_SEAM.sub(r"\g<0><wbr>", safe)), class_="name")
