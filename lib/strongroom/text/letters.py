"""One byte for each character: what recognisers look at, whatever the script, with the offsets of the text itself.

A text is seen through a table over all code points. Latin letters lose their accents and keep their case, digits of any
script become 0-9, dashes, quotes and spaces become the plain ones; what is left gets one of a few bytes from 0x80 on,
which say only what kind of character stands there. So patterns run over bytes, and a place in them is a place in the
text.
"""

import sys
import unicodedata
from functools import cache

import numpy as np

UPPER, LOWER, MARK, OTHER, ROW = 0x80, 0x81, 0x82, 0x83, 0x84
"""Capital and other letters beyond the Latin ones, combining marks, anything else, and the border between two rows."""

_ONE_LETTER = {"ß": "s", "æ": "a", "Æ": "A", "œ": "o", "Œ": "O", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d"}
_ONE_LETTER |= {"Đ": "D", "ð": "d", "Ð": "D", "þ": "t", "Þ": "T", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N"}
_ONE_LETTER |= {"ə": "e", "Ə": "E", "ƒ": "f", "ŧ": "t", "Ŧ": "T", "∆": chr(UPPER)}
_PLAIN = {**dict.fromkeys("‐‑‒–—―−﹣－", "-"), **dict.fromkeys("‘’‚‛′´`ʼ＇", "'"), **dict.fromkeys("“”„‟″«»＂", '"')}
_PLAIN |= {"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "…": ".", "·": ".", "\t": " "}


def _byte_of(point: int) -> int:
    if point < 0x80:
        return 32 if point == 9 else point
    character = chr(point)
    plain = _PLAIN.get(character) or _ONE_LETTER.get(character)
    if plain:
        return ord(plain)
    kind = unicodedata.category(character)
    if kind == "Nd":
        return 48 + unicodedata.digit(character)
    if kind == "Zs":
        return 32
    first = unicodedata.normalize("NFKD", character)[:1] if point < 0x2000 or point > 0xFB00 else ""
    if kind[0] == "L" and first and first < "\x80" and first.isalnum():
        return ord(first)
    if 0xFF00 < point < 0xFF5F:
        return point - 0xFEE0
    return {"Lu": UPPER, "Lt": UPPER}.get(kind, {"L": LOWER, "M": MARK}.get(kind[0], OTHER))


@cache
def table() -> np.ndarray:
    """The byte of each code point; made once a process."""
    few = np.full(sys.maxunicode + 1, OTHER, np.uint8)
    for start, end in ((0, 0x3400), (0xA640, 0xABF0), (0xF900, 0x10000), (0x10400, 0x10500), (0x1D400, 0x1D800)):
        few[start:end] = [_byte_of(point) for point in range(start, end)]
    for start, end in ((0x3400, 0xA640), (0xAC00, 0xD7A4), (0x20000, 0x32000)):
        few[start:end] = LOWER  # ideographs and syllables
    return few


def points(text: str) -> np.ndarray:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def seen(text: str) -> bytes:
    """The text as recognisers see it, one byte a character."""
    try:
        return text.encode("ascii").replace(b"\t", b" ")
    except UnicodeEncodeError:
        return bytes(table()[points(text)].tobytes())


_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_ON_A_LETTER, _UNSEEN = 1, 2
_GONE = {"Mn": _ON_A_LETTER, "Me": _ON_A_LETTER, "Cf": _UNSEEN}
Seen = tuple[np.ndarray, np.ndarray]
"""Start and end in a text of each letter that is seen of it, an end with the marks on the letter."""


@cache
def _gone() -> np.ndarray:
    """Which code points are marks on a letter and which cannot be seen; made once a process."""
    gone = np.zeros(sys.maxunicode + 1, np.uint8)
    for start, end in ((0, 0x3400), (0xA640, 0xABF0), (0xD7B0, 0x20000), (0xE0000, 0xE0200)):
        gone[start:end] = [_GONE.get(unicodedata.category(chr(point)), 0) for point in range(start, end)]
    return gone


def bare(text: str) -> tuple[str, Seen | None]:
    """A text without marks on letters, soft hyphens and what else cannot be seen, ligatures taken apart.

    With it where each of its characters is in the text; None where it is the text itself.
    """
    if text.isascii():
        return text, None
    letters = points(text)
    gone = _gone()[letters]
    kept = gone == 0
    joined = (letters >= 0xFB00) & (letters <= 0xFB06)
    if kept.all() and not joined.any():
        return text, None
    places = np.flatnonzero(kept)
    no_mark = np.append(np.flatnonzero(gone != _ON_A_LETTER), len(text))
    ends = no_mark[np.searchsorted(no_mark, places + 1)]
    if joined.any():
        parts = [_LIGATURES.get(text[place], text[place]) for place in places.tolist()]
        lengths = [len(part) for part in parts]
        return "".join(parts), (np.repeat(places, lengths), np.repeat(ends, lengths))
    return letters[places].tobytes().decode("utf-32-le", "surrogatepass"), (places, ends)


def fold(text: str) -> str:
    """Latin letters without their accents, case kept; other scripts become unreadable bytes."""
    return seen(text).decode("latin-1")
