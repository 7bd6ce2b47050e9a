"""Whether one word of a small closed set is out of place: a person or an address, a name that is listed, a script that
cannot be judged, a handle, or a word that nobody knows among codes, numbers and yes or no.

What ordinary words of four languages are is no name here, though people are called so, too (Miller, Young).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import pyarrow as pa

from strongroom.text.cells import NOBODYS, held
from strongroom.text.letters import seen
from strongroom.text.lexicon import LANGUAGES, Lexicon, Word, lexicon, lines

_NAMES = Word.GIVEN | Word.SURNAME
_ORDINARY = Word.COMMON | Word.NEVER | Word.MONTH | Word.WEEKDAY | Word.NATION | Word.FAITH | Word.UNIT
_YES_OR_NO = frozenset(
    (
        "да",
        "нет",
        "ναι",
        "όχι",
        "כן",
        "לא",
        "نعم",
        "لا",
        "是",
        "否",
        "有",
        "无",
        "はい",
        "いいえ",
        "예",
        "아니요",
        "네",
        "아니오",
    )
)
_UNITS = frozenset("\u00b5\u03bc\u03a9\u2126")
_LETTERS = re.compile(r"[^\W\d_]+")
_HANDLE = re.compile(r"^@\S|^[^\W\d_]+\.[^\W\d_]+[0-9]*$")
_CODE = re.compile(r"^(?=.*[A-Za-z])(?=.*[0-9])[A-Za-z0-9 -]{5,}$")
_FORM = re.compile(
    r"^[+-]?[0-9]+(?:[.,:/-][0-9]+)*$|^[A-Za-z]{1,3}$|^(?:true|false|ja|nein|oui|non|sí|verdadero|falso)$", re.I
)
"""Values that no word of another sort stands among: numbers, hours, short codes, yes and no."""
_CAPITALS = re.compile(r"^[^\W\d_][\w'’.-]+(?: [^\W\d_][\w'’.-]+){1,3}$")
_PARTICLES = frozenset(("de", "da", "di", "van", "von", "der", "den", "la", "le", "du", "y", "e"))
_CODE_DIGITS, _MANY_CODES = 6, 10
_SHORTEST = 3
"""Letters of a name that is told from a code."""


def doubt_of_words(words: Sequence[str], *, countries: bool) -> str:
    """Why a closed set is not kept; empty where no word of it is out of place.

    Args:
        words: all values of it.
        countries: it is one of countries, languages or currencies, by its name.
    """
    others = [word for word in words if not (countries and seen(word).lower() in _countries())]
    what = held(pa.array(others, pa.string()))
    if somebody := (what.whole.keys() | what.within.keys()) - {*NOBODYS}:
        return f"some values look like {min(somebody)}"
    if not countries and any(map(_as_names, words)):
        return "some values are written as whole names are"
    if any(word.lower() not in _YES_OR_NO and any(map(_of_another_script, word)) for word in words):
        return "some values are in a script that is not judged here"
    codes = [word for word in words if _CODE.match(word)]
    if any(map(_HANDLE.match, words)) or len(codes) > _MANY_CODES or any(map(_long_code, codes)):
        return "some values look like somebody's handle, plate or code"
    known = lexicon(LANGUAGES)
    if any(_is_name(word, known) for word in others):
        return "some values are names that people have"
    if any(map(_FORM.match, words)) and any(_is_unknown(word, known) for word in others):
        return "some words are known to no list, among numbers, codes, or yes and no"
    return ""


def _as_names(text: str) -> bool:
    """Whether words are written as a whole name is, each with a capital: `Xiang Petrović`, and `High School`."""
    return bool(_CAPITALS.match(text)) and all(word[0].isupper() for word in text.split(" ") if word not in _PARTICLES)


def _of_another_script(sign: str) -> bool:
    return sign.isalpha() and sign not in _UNITS and "LATIN" not in unicodedata.name(sign, "")


def _long_code(code: str) -> bool:
    return sum(map(str.isdigit, code)) >= _CODE_DIGITS


@cache
def _countries() -> frozenset[bytes]:
    return frozenset(seen(line).lower() for line in lines("countries.txt"))


def _flags(word: str, known: Lexicon) -> list[int]:
    return [known.words.get(seen(part).lower(), 0) for part in _LETTERS.findall(word) if len(part) >= _SHORTEST]


def _is_name(word: str, known: Lexicon) -> bool:
    return any(flags & Word.STRONG or (flags & _NAMES and not flags & _ORDINARY) for flags in _flags(word, known))


def _is_unknown(word: str, known: Lexicon) -> bool:
    letters = "".join(_LETTERS.findall(word))
    return len(letters) > _SHORTEST and not _FORM.match(word) and not any(f & _ORDINARY for f in _flags(word, known))
