"""Cells of a table: what covers one whole, what stands within one, and which numbers of states a code may be.

A cell of a column has no word beside it; a column's name may stand for one. So cells are looked at as they are, and
those in which nothing is found once more behind a label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.text.finder import Finder
from strongroom.text.letters import seen
from strongroom.text.lexicon import LANGUAGES, Lexicon, Word, lexicon
from strongroom.text.recognisers.identities import by_shape, shape, valid

_COVERED = 0.85
"""Which part of a cell's letters and digits spans must cover for them to be all that it holds."""
_MOSTLY = 0.5
_LONGEST = 400
"""Characters of a cell that may be one thing."""
_SURE = 0.6
"""How sure a person or place behind a label must be: a label alone makes one of any word with a capital."""
_WORDS, _PROSE = 3, 1 / 3
_MOST = 0.6
_PERSONAL = 0.7
"""How sure what stands in a sentence must be: two words with capitals are no more than half a name."""
NOBODYS = ("date", "age", "url", "organisation", "institution", "case_number", "place", "nationality", "religion",
           "politics", "sex")  # fmt: skip
"""Entities by which alone nobody is known."""
_FINDER, _LABELLED = Finder(), Finder(least=_SURE)
_ORDINARY = Word.COMMON | Word.NEVER | Word.MONTH | Word.WEEKDAY | Word.UNIT
_FACTS = Word.NATION | Word.FAITH | Word.PARTY

Cells = dict[str, np.ndarray]
"""By entity, which cells."""


@dataclass(frozen=True, slots=True)
class Held:
    """What cells hold.

    Args:
        whole: by entity, the cells that are nothing but what was found in them, this among it.
        within: by entity, the cells in which it stands among other words.
        labelled: by entity, the cells that are or hold it if a label says so, and in which nothing was found without.
        mostly: the cells that are more than half what was found in them.
        personal: the cells that hold, beyond doubt, what somebody is known by.
    """

    whole: Cells
    within: Cells
    labelled: Cells
    mostly: np.ndarray
    personal: np.ndarray


def held(texts: pa.Array, *, label: str = "") -> Held:
    """What the cells hold.

    Args:
        texts: strings, none of them null.
        label: a word that the recognisers know, which stands for the column's name.
    """
    texts = _cased(texts)
    whole, within, mostly, personal = _found(_FINDER, texts)
    labelled: Cells = {}
    if label:
        none = ~_any([*whole.values(), *within.values()], len(texts))
        if none.any():
            some = [f"{label}: {text}" for text in texts.filter(pa.array(none)).to_pylist()]
            for cells in _found(_LABELLED, pa.array(some, pa.string()), skip=len(label) + 2)[:2]:
                for entity, mask in cells.items():
                    labelled.setdefault(entity, np.zeros(len(texts), np.bool_))[none] |= mask
    return Held(whole, within, labelled, mostly, personal)


def _cased(texts: pa.Array) -> pa.Array:
    """The cells with capitals at the beginnings of words, where they are of letters alone and all of them capitals."""
    if not pc.any(pc.utf8_is_upper(texts)).as_py():
        return texts
    shouted = pc.and_(pc.utf8_is_upper(texts), pc.invert(pc.match_substring_regex(texts, "[0-9]")))
    return pc.if_else(shouted, pc.utf8_title(texts), texts)


def _found(finder: Finder, texts: pa.Array, skip: int = 0) -> tuple[Cells, Cells, np.ndarray, np.ndarray]:
    """As of `Held`: whole, within, mostly, personal; what lies in the first characters counts for nothing."""
    spans = finder.find(texts)
    whole: Cells = {}
    within: Cells = {}
    if not len(spans):
        return whole, within, np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_)
    places = {name: spans[name].combine_chunks().to_numpy() for name in ("row", "start", "end")}
    there = places["end"] > skip
    rows, entities = places["row"][there], np.array(spans["entity"].to_pylist(), object)[there]
    written = texts.to_pylist()
    counts = [
        _letters(written[row][max(start, skip) : end])
        for row, start, end in zip(rows, places["start"][there], places["end"][there], strict=True)
    ]
    covered = np.bincount(rows, counts, len(texts))
    all_ = np.ones(len(texts))
    for row in set(rows.tolist()):
        long = len(written[row]) - skip > _LONGEST
        all_[row] = np.inf if long else max(1, _letters(written[row][skip:]))
    full = covered >= _COVERED * all_
    for entity in set(entities):
        mask = np.zeros(len(texts), np.bool_)
        mask[rows[entities == entity]] = True
        for cells, which in ((whole, mask & full), (within, mask & ~full)):
            if which.any():
                cells[entity] = which
    personal = np.zeros(len(texts), np.bool_)
    sure = spans["score"].combine_chunks().to_numpy()[there] >= _PERSONAL
    personal[rows[sure & ~np.isin(entities, NOBODYS)]] = True
    return whole, within, covered > _MOSTLY * all_, personal


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _any(masks: Iterable[np.ndarray], size: int) -> np.ndarray:
    found = np.zeros(size, np.bool_)
    for mask in masks:
        found |= mask
    return found


_ADDRESSES = frozenset(("email", "iban", "card", "national_id", "tax_id"))
"""What no thing is called."""


def name_persons(names: Iterable[str], *, strict: bool) -> bool:
    """Whether one of the names of columns is rather a value, by which somebody may be known.

    Args:
        names: as the source has them.
        strict: also where it is one word that is a first name, or anything else that may be somebody's.
    """
    words = pa.array(list(names), pa.string())
    whole, within, _, _ = _found(_FINDER, words)
    if strict:
        return bool((whole.keys() | within.keys()) - {*NOBODYS})
    persons = whole.get("person", np.zeros(0, np.bool_)).nonzero()[0]
    return bool(whole.keys() & _ADDRESSES) or any(" " in words[int(row)].as_py() for row in persons)


def identities(texts: pa.Array) -> Cells:
    """By the number of a state (`nl.bsn`), which cells have its shape and its check digits, a word beside them or not.

    A number that stays one with another last digit has no check digits, and says nothing.
    """
    found: Cells = {}
    for row, text in enumerate(texts.to_pylist()):
        if not 8 <= len(text) <= 21 or not text.isascii():
            continue
        digit = max(text.rfind(each) for each in "0123456789")
        other = f"{text[:digit]}{(int(text[digit]) + 1) % 10}{text[digit + 1 :]}" if digit >= 0 else ""
        for identity in by_shape().get(shape(text.encode()), ()):
            if valid(identity.module)(text) and not valid(identity.module)(other):
                found.setdefault(identity.module, np.zeros(len(texts), np.bool_))[row] = True
    return found


def ordinary(texts: pa.Array) -> np.ndarray:
    """Which cells are made of words alone that are no names: each in a list of common words, or a number."""
    known = lexicon(LANGUAGES)
    return np.array([_is_ordinary(text, known) for text in texts.to_pylist()], np.bool_)


def _is_ordinary(text: str, known: Lexicon) -> bool:
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    flags = [known.words.get(seen(word).lower(), 0) for word in words]
    common = [bool(each & _ORDINARY) and not each & Word.STRONG for each in flags]
    return any(common) and all(ok or word.isdigit() for ok, word in zip(common, words, strict=True))


def prose(texts: pa.Array) -> np.ndarray:
    """Which cells are sentences: a third of the words, and three at least, are common ones in small letters."""
    known = lexicon(LANGUAGES).words
    plain = Word.COMMON | Word.NEVER | Word.SAYS | Word.PARTICLE
    found = []
    for text in texts.to_pylist():
        words = text.split()
        small = [word for word in words if word[:1].islower()]
        common = sum(bool(known.get(seen(word.strip(".,;:!?()\"'")).lower(), 0) & plain) for word in small)
        found.append(common >= _WORDS and common >= _PROSE * len(words))
    return np.array(found, np.bool_)


def facts(words: Iterable[str]) -> bool:
    """Whether most words say somebody's nationality, religion, politics or sex, and two at least."""
    known = lexicon(LANGUAGES)
    some = [seen(word).lower().strip() for word in words]
    say = sum(bool(known.words.get(word, 0) & _FACTS or word in known.sexes) for word in some)
    return say >= 2 and say >= _MOST * len(some)
