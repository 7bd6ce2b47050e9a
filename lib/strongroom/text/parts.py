"""Names of rows by their parts: what of a name is looked for, and in texts of which language with care."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from strongroom.text.block import Block
from strongroom.text.letters import bare, seen
from strongroom.text.lexicon import Word, plain
from strongroom.text.persons import ENDINGS, STEM, simple

LEAST = 4
"""Letters of a part of a name that is looked for by itself; a shorter one counts where a common word would."""
ANY_CASE = 6
"""Letters from which on small and capital letters are one."""
_ENDINGS = tuple(ending.encode() for ending in ENDINGS)
_WORD = re.compile(rb"[^ ]+")
_ALWAYS = -1
_NO_INITIAL = Word.TITLE | Word.PARTICLE | Word.DEGREE
_NO_PART = _NO_INITIAL | Word.NEVER
_SPELT = {b"ae": (b"a",), b"oe": (b"o",), b"ue": (b"u",), b"aa": (b"a",), b"ss": (b"s",), b"a": (b"ae", b"aa"),
          b"o": (b"oe",), b"u": (b"ue",), b"s": (b"ss",)}  # fmt: skip
"""How letters are written where a keyboard lacks them; letters are seen without accents."""
_SITE = re.compile(rb"ae|oe|ue|aa|ss|[aous]")
_FEW = 5
"""Words of a text that are too few to tell its language."""


class Named(NamedTuple):
    """A name of a row.

    Args:
        row: of the block.
        words: its words in small letters without accents; letters of other scripts as UTF-8.
        closed: the same, O'Brien being one word.
        score: how sure it is that it names a person.
        shared: whether so many rows have it that it names nobody by itself.
        small: whether it is written in small letters, or in a script that has no others.
    """

    row: int
    words: tuple[bytes, ...]
    closed: tuple[bytes, ...]
    score: float
    shared: bool = False
    small: bool = False


def name_of(value: str, row: int, *, shared: bool) -> Named:
    """A name that stands in another column of a row."""
    written, _ = bare(value)
    letters = seen(written)
    return named(row, written, letters.lower(), 0.97, shared=shared, small=written == written.lower())


def named(row: int, text: str, lower: bytes, score: float, *, shared: bool = False, small: bool = False) -> Named:
    """A name as it is written in a text, with its letters as they are seen."""
    plainly = plain(lower)
    if plainly.isascii():
        words = plainly.split()
    else:
        words = [key_of(text, plainly[each.start() : each.end()], each.start()) for each in _WORD.finditer(plainly)]
    closed = plain(lower.replace(b"'", b"")).split() if b"'" in lower else words
    return Named(row, tuple(words), tuple(closed), score, shared, small)


def key_of(text: str, word: bytes, start: int) -> bytes:
    """A word as it is compared: seen bytes say nothing of letters of another script."""
    return word if word.isascii() else simple(text[start : start + len(word)]).encode()


class Part:
    """A word of names, by the rows that have it."""

    __slots__ = ("careful", "rows", "small")

    def __init__(self) -> None:
        self.rows: dict[int, float] = {}
        self.careful: dict[int, int] = {}
        """In a text of which languages it counts only where no word of the language would stand."""
        self.small: set[int] = set()

    def add(self, name: Named, careful: int) -> None:
        self.rows[name.row] = max(name.score, self.rows.get(name.row, 0.0))
        self.careful[name.row] = careful & self.careful.get(name.row, _ALWAYS)
        if name.small:
            self.small.add(name.row)


class Names:
    """The names of some rows, by their parts and initials."""

    def __init__(self, names: Iterable[Named], block: Block) -> None:
        lexicon = block.lexicon
        self._stems = {word[:STEM] for word in set(block.plain.split())}
        """How words of the texts begin: no other spelling of a name is worth looking for."""
        self.parts: dict[bytes, Part] = {}
        self.initials: dict[bytes, dict[int, float]] = {}
        self.handles: dict[bytes, dict[int, float]] = {}
        """First name and surname in one word, either of them also as a letter."""
        self.pairs: set[tuple[int, bytes, bytes]] = set()
        """Row and two words that follow each other in a name."""
        self.turned: set[tuple[int, bytes, bytes]] = set()
        """Row, last and first word of each name."""
        self.beside: set[tuple[int, bytes]] = set()
        """Row and word of a name that is no part of it by itself (`von`, the O of O'Neill)."""
        self._spoken: dict[int, int] = {}
        for name in names:
            self._add(name, lexicon.words)

    def _add(self, name: Named, words: dict[bytes, int]) -> None:
        for word in dict.fromkeys((*name.words, *name.closed)):
            known = words.get(word, 0)
            if len(word) > 1 and not (known & _NO_PART and not known & Word.STRONG):
                careful = 0 if known & Word.STRONG else known & Word.SPOKEN
                always = name.shared or len(word) < LEAST
                self._add_part(word, name, _ALWAYS if always else careful, words)
            elif len(word) == 1 or known & Word.PARTICLE or not known & (Word.TITLE | Word.DEGREE):
                self.beside.add((name.row, word))
        told = [word for word in name.closed if not words.get(word, 0) & _NO_INITIAL or words[word] & Word.STRONG]
        letters = [word[:1] for word in told]
        whole = [word for word in told if len(word) > 1 and word in self.parts]
        if len(letters) > 1:
            for turned in (letters, [letters[-1], *letters[:-1]], [*letters[1:], letters[0]]):
                self.initials.setdefault(b".".join(turned), {})[name.row] = name.score
        if len(whole) > 1:
            self.pairs.update((name.row, *pair) for pair in pairwise(whole))
            first, last = whole[0], whole[-1]
            self.turned.add((name.row, last, first))
            joined = {first + last, last + first, first[:1] + last, last + first[:1], first + last[:1]}
            for other in spellings(last):
                handle = first[:1] + other
                if handle[:STEM] in self._stems:
                    joined.add(handle)
                    self.parts.setdefault(other, Part()).add(name, self.parts[last].careful[name.row])
            if len(whole) > 2:
                rest = b"".join(whole[1:])
                joined |= {rest, first[:1] + rest}
            full = _with_small(name.closed, last, words)
            if full != last:
                joined |= {full, first[:1] + full, first + full}
            for handle in joined:
                if len(handle) >= ANY_CASE:
                    self.handles.setdefault(handle, {})[name.row] = name.score

    def _add_part(self, word: bytes, name: Named, careful: int, words: dict[bytes, int]) -> None:
        self.parts.setdefault(word, Part()).add(name, careful)
        for other in spellings(word):
            if other[:STEM] not in self._stems:
                continue
            known = words.get(other, 0)
            if not known & _NO_PART:
                self.parts.setdefault(other, Part()).add(name, careful | known & Word.SPOKEN)

    def spoken(self, block: Block, text: int) -> int:
        """In which languages a text may be, as bits of Word."""
        known = self._spoken.get(text)
        if known is None:
            known = self._spoken[text] = _spoken(block, text)
        return known

    def inflected(self, word: bytes) -> Part | None:
        for ending in _ENDINGS:
            if len(word) - len(ending) >= STEM and word.endswith(ending):
                part = self.parts.get(word[: -len(ending)])
                if part is not None:
                    return part
        return None


def _with_small(closed: tuple[bytes, ...], last: bytes, words: dict[bytes, int]) -> bytes:
    """A surname with the small words before it: `delacruz`."""
    at = first = len(closed) - 1 - closed[::-1].index(last)
    while first and words.get(closed[first - 1], 0) & Word.PARTICLE:
        first -= 1
    return b"".join(closed[first : at + 1])


@lru_cache(1 << 15)
def spellings(word: bytes) -> tuple[bytes, ...]:
    """Other spellings of a name whose letters have no accents: Mueller for Muller, and the other way round."""
    if len(word) < LEAST or not word.isascii():
        return ()
    sites = [(each.start(), each.end(), _SPELT[each[0]]) for each in _SITE.finditer(word)]
    found = dict.fromkeys(word[:start] + other + word[end:] for start, end, others in sites for other in others)
    if len(sites) == 2:
        one, two = sites
        found |= dict.fromkeys(
            word[: one[0]] + first + word[one[1] : two[0]] + second + word[two[1] :]
            for first in one[2]
            for second in two[2]
        )
    return tuple(each for each in found if len(each) >= LEAST)


def _spoken(block: Block, text: int) -> int:
    """The languages that nearly as many words of a text belong to as to any."""
    starts, ends = block.words
    first, last = bisect_left(starts, int(block.starts[text])), bisect_left(starts, int(block.ends[text]))
    known = block.lexicon.words
    flags = [known.get(block.lower[starts[at] : ends[at]], 0) for at in range(first, last)]
    if len(flags) < _FEW:
        return Word.SPOKEN
    count = {each: sum(1 for flag in flags if flag & each) for each in (Word.EN, Word.ES, Word.DE, Word.FR)}
    return sum(each for each, words in count.items() if 5 * words >= 4 * max(count.values()))
