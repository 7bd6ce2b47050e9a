"""Writing that a reader sees through and a search does not: spaced letters, look-alike ones, entities of HTML."""

import re
from collections.abc import Iterator
from html import unescape

import numpy as np

from strongroom.text.letters import Seen, bare
from strongroom.text.linear import pattern

_LOOKS = str.maketrans(
    "аеорсухіјѕԁһԛԝӏАВЕКМНОРСТУХІЈЅοανρυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwlABEKMHOPCTYXIJSoavpuikABEZHIKMNOPTYX",
)
"""Letters of the Cyrillic and the Greek script that look like Latin ones."""
_ALIKE = "".join(map(chr, _LOOKS))
_MIXED = re.compile(f"[A-Za-z][{_ALIKE}]|[{_ALIKE}][A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});")
_WORTH = pattern(rb"[\xcd-\xd4][\x80-\xbf]|&[#A-Za-z]|(?:[A-Za-z\x80-\xff][ _*-]){3}")
"""What a text in UTF-8 holds that any of this is in: a letter of these scripts, an entity, or three letters alone."""
_SPACED = pattern(rb"(?:[A-Za-z\xc0-\xff][ _*-]){3,}[A-Za-z\xc0-\xff]")


def plainly(text: str) -> tuple[str, Seen | None]:
    """A text as a reader sees it, and where each of its characters is in the text; None where it is the text itself.

    `J o h n`, `Jоhn` with a Cyrillic letter and `J&ouml;hn` are words; see `letters.bare` for the rest.
    """
    edits = sorted(_edits(text)) if _WORTH.search(text.encode("utf-8", "replace")) else []
    if not edits:
        return bare(text)
    pieces, starts, ends, past = [], [], [], 0
    for start, end, instead in edits:
        if start < past:
            continue
        pieces += [text[past:start], instead]
        starts += [np.arange(past, start), np.full(len(instead), start)]
        ends += [np.arange(past, start) + 1, np.full(len(instead), end)]
        past = end
    starts.append(np.arange(past, len(text)))
    ends.append(np.arange(past, len(text)) + 1)
    first, last = np.concatenate(starts), np.concatenate(ends)
    without, places = bare("".join([*pieces, text[past:]]))
    return without, (first, last) if places is None else (first[places[0]], last[places[1] - 1])


def _edits(text: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of what is written otherwise, and what stands there to a reader."""
    if "&" in text:
        for match in _ENTITY.finditer(text):
            plain = unescape(match[0])
            if len(plain) == 1 and plain != "\ufffd":
                yield *match.span(), plain
    if not text.isascii() and _MIXED.search(text):
        for word in _WORD.finditer(text):
            if _MIXED.search(word[0]):
                for at, letter in enumerate(word[0], word.start()):
                    if letter in _ALIKE:
                        yield at, at + 1, letter.translate(_LOOKS)
    letters = text.encode("latin-1", "replace")
    for spaced in _SPACED.finditer(letters):
        start, end = spaced.span()
        start += 2 * letters[start - 1 : start].isalnum()  # of `was a b c` the s is none of them
        end -= 2 * letters[end : end + 1].isalnum()
        for at in range(start + 1, end - 1, 2):
            if not (letters[at - 1 : at].islower() and letters[at + 1 : at + 2].isupper()):
                yield at, at + 1, ""
