"""What should not stand in a text any more: identifiers by their checksum, and values of the row's other columns.

A plain search: it shares no pattern and no automaton with what finds and redacts, so as not to miss what they do.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum import iban, luhn
from stdnum.es import dni

from strongroom.text.letters import fold
from strongroom.text.lexicon import LANGUAGES, Word, lexicon
from strongroom.text.redaction import Known

_WORTH = r"[0-9](?:[ -]?[0-9]){12}|@|[A-Z]{2}[0-9]{2}|[0-9]{8}-?[A-Z]"
_CARD = re.compile(r"(?<![\w.:/-])(?<![0-9] )[2-6](?:[ -]?[0-9]){12,18}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_DNI = re.compile(r"(?<![\w-])[0-9]{8}-?[A-Z](?![\w-])")
_BETWEEN = r"[\W_]{0,2}"
"""What may stand between the signs of a number or code."""
_NO_SIGN = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W\d_]+")
SIGNS, DIGITS, ANY_CASE, OTHER_SCRIPT = 4, 6, 6, 2
"""What a known value has at least to be looked for: letters and digits, digits alone; from how many letters its case
does not count; and letters of a script that is not the Latin one."""


def leaking(texts: pa.Array, rows: np.ndarray, known: Sequence[Known], *, entities: Collection[str]) -> np.ndarray:
    """Which texts hold a valid identifier among these entities, or a value that their row's other columns hold.

    Args:
        texts: strings; a null holds nothing.
        rows: the row of each.
        known: other columns of these rows; what many rows share is left out.
        entities: of the identifiers; a card, an account, an e-mail address and an identity card are looked for.
    """
    found = np.zeros(len(texts), np.bool_)
    worth = pc.match_substring_regex(texts, _WORTH).fill_null(False)
    for place in np.flatnonzero(np.asarray(worth)).tolist():
        found[place] = _has_identifier(texts[place].as_py(), entities)
    needles = _needles(known)
    if needles:
        for place, (row, text) in enumerate(zip(rows.tolist(), texts.to_pylist(), strict=True)):
            if text and row in needles and not found[place]:
                found[place] = _has(text, needles[row])
    return found


def _has_identifier(text: str, entities: Collection[str]) -> bool:
    return any(
        check(match[0]) for entity, pattern, check in _CHECKED if entity in entities for match in pattern.finditer(text)
    )


_CHECKED = (
    ("card", _CARD, lambda text: luhn.is_valid(re.sub(r"\D", "", text))),
    ("iban", _IBAN, iban.is_valid),
    ("email", _EMAIL, lambda _: True),
    ("national_id", _DNI, dni.is_valid),
)
"""What is told from its form, and by what."""


def _needles(known: Sequence[Known]) -> dict[int, list[tuple[str, str]]]:
    """By row, values that are long enough, each with what it is."""
    found: dict[int, list[tuple[str, str]]] = {}
    for column in known:
        shared = column.shared.tolist() if column.shared is not None else [False] * len(column.values)
        for row, value, many in zip(column.rows.tolist(), column.values.to_pylist(), shared, strict=True):
            if value and not many:
                found.setdefault(row, []).append((value, column.entity))
    return found


def _has(text: str, values: Sequence[tuple[str, str]]) -> bool:
    folded = text.casefold()
    packed = _NO_SIGN.sub("", folded)
    for needle, how in (way for value, entity in values for way in _ways(value, entity)):
        if how == "code":
            if needle.casefold() in packed and _pattern(needle).search(text) is not None:
                return True
        elif needle in (where := folded if how == "folded" else text) and (how == "inside" or stands(where, needle)):
            return True
    return False


@lru_cache(4_096)
def _ways(value: str, entity: str) -> tuple[tuple[str, str], ...]:
    """What to look for of a value, and how."""
    return tuple(dict.fromkeys(_each_way(value, entity)))


def _each_way(value: str, entity: str) -> Iterator[tuple[str, str]]:
    letters, signs = sum(map(str.isalpha, value)), "".join(filter(str.isalnum, value))
    if any(map(str.isdigit, signs)):
        if len(signs) >= DIGITS:
            yield signs, "code"
        elif letters and len(signs) >= SIGNS:
            yield value, "written"
    elif any(sign >= _NO_LATIN and sign.isalpha() for sign in value):
        if letters >= OTHER_SCRIPT:
            yield value, "inside"
    elif letters >= SIGNS and not (len(words := _WORD.findall(value)) == 1 and _is_common(words[0])):
        yield from _written(value)
    if entity in ("person", "email"):
        for word in _WORD.findall(value.partition("@")[0]):
            if len(word) >= SIGNS and not _is_common(word):
                yield from _written(word) if entity == "email" else ((word, "written"),)


def _written(value: str) -> Iterator[tuple[str, str]]:
    yield (value.casefold(), "folded") if len(value) >= ANY_CASE else (value, "written")


_NO_LATIN = "\u0370"


@lru_cache(4_096)
def _pattern(code: str) -> re.Pattern[str]:
    """A code, whatever stands between its signs, and not inside of a longer one."""
    before, after = (r"[0-9]" if sign.isdigit() else r"[^\W_]" for sign in (code[0], code[-1]))
    return re.compile(f"(?i)(?<!{before}){_BETWEEN.join(map(re.escape, code))}(?!{after})")


def stands(text: str, needle: str) -> bool:
    """Whether something stands in a text by itself, and not inside of a word or number."""
    at = text.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not _goes_on(text[at - 1 : at]) and not _goes_on(text[end : end + 1]):
            return True
        at = text.find(needle, at + 1)
    return False


def _goes_on(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _is_common(word: str) -> bool:
    flags = lexicon(LANGUAGES).words.get(fold(word).lower().encode("ascii", "ignore"), 0)
    return bool(flags & Word.COMMON) and not flags & Word.STRONG
