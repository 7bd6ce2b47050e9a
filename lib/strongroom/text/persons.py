"""Names of persons: their parts, one form for all spellings of a name, and who of a row is meant by each."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from strongroom.text.lexicon import LANGUAGES, Word, lexicon

_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n", "ə": "e"}
    | dict.fromkeys("‘’‚‛′´`ʼ＇", "'")
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
)
_GONE = {"Mn", "Me", "Cf"}
ENDINGS = (
    "s", "es", "n", "en", "a", "u", "om", "em", "in", "un", "ov", "ova", "i", "e", "nin", "dan", "den", "ya", "ye",
)  # fmt: skip
"""What languages hang on a name."""
STEM = 5
"""Letters that a part of a name has at least, to be known with an ending."""
_MOST = 64
"""Persons that one name is held against; a name that fits more of them is nobody's."""
_CUT = re.compile(r"(?:[^\w.']|_)+")
_LETTERS_ALONE = re.compile(r"[^\W\d_]+")


def simple(text: str) -> str:
    """Small letters without accents, marks, ligatures, and without what cannot be seen."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    kept = "".join(letter for letter in apart if unicodedata.category(letter) not in _GONE)
    return kept.casefold().translate(_LETTERS)


class Name(NamedTuple):
    """A name without titles, degrees and endings.

    Args:
        whole: words of two letters and more.
        initials: single letters.
        small: small words of names (`de la`, `van`).
    """

    whole: tuple[str, ...]
    initials: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    @property
    def full(self) -> bool:
        """Whether it has a first name and a surname."""
        return len(self.whole) > 1

    @property
    def canonical(self) -> str:
        """One form, whatever the order and the spelling; it depends on nothing beside the name."""
        return " ".join(sorted((*self.whole, *self.initials, *self.small)))


def parsed(name: str) -> Name:
    """The parts of a name as it is written somewhere: `Dr. María GARCÍA's`, `García, María`, `M.-J. García PhD`."""
    words: list[str] = []
    for piece in _CUT.split(simple(name)):
        words += _words(piece, Word.DEGREE | Word.TITLE if words else Word.TITLE)
    return _of_words(words)


def _words(piece: str, told: int) -> Iterable[str]:
    """The words of what stands between two blanks: `o'brien's` is one, `j.r.` are two, `ph.d.` is one."""
    if "'" in piece:
        piece = re.sub(r"'s?$", "", piece.strip("'.") if piece.endswith("'.") else piece).replace("'", "")
    if "." not in piece:
        return (piece,) if piece else ()
    whole = piece.replace(".", "")
    if len(whole) > 1 and _known(whole) & told:
        return (whole,)
    return (word for word in piece.split(".") if word)


@cache
def _lists() -> dict[bytes, int]:
    return lexicon(LANGUAGES).words


def _known(word: str) -> int:
    return _lists().get(word.encode(), 0) if word.isascii() else 0


def _of_words(words: list[str]) -> Name:
    flags = [_known(word) if len(word) > 1 else 0 for word in words]
    names = sum(
        not flag & (Word.TITLE | Word.PARTICLE) and len(word) > 1 for word, flag in zip(words, flags, strict=True)
    )
    whole: list[str] = []
    initials: list[str] = []
    small: list[str] = []
    left: list[str] = []
    for word, flag in zip(words, flags, strict=True):
        first = not (whole or initials or small)
        if len(word) == 1:
            initials.append(word)
        elif _told(flag, first=first, before_two=names > 1):
            left.append(word)
        elif flag & Word.PARTICLE and not (first and flag & Word.STRONG):
            small.append(word)
        else:
            whole.append(word)
    if not (whole or initials):
        return Name(tuple(small + left))
    return Name(tuple(whole), tuple(initials), tuple(small))


def _told(flag: int, *, first: bool, before_two: bool) -> bool:
    """Whether a word is a title or a degree; one that is a name too (Don, King) is a title only in front of two."""
    if flag & Word.TITLE and not flag & Word.PARTICLE:
        return not flag & (Word.GIVEN | Word.SURNAME) or bool(flag & Word.ADDRESS) or (first and before_two)
    return bool(flag & Word.DEGREE) and not first


class Who(NamedTuple):
    """Whom a name of a row means.

    Args:
        person: a number of the row; a name that fits several has a number of its own.
        name: the canonical form of the person's name, which a pseudonym is made of; None where the name fits several.
    """

    person: int
    name: str | None


class _Row:
    """The persons of a row, the fullest names first."""

    def __init__(self) -> None:
        self.names: list[Name] = []
        self.tokens: list[str] = []
        self.of_word: dict[str, dict[int, None]] = {}
        self.of_plain: dict[str, dict[int, None]] = {}
        """By words in one spelling."""
        self.of_initials: dict[str, dict[int, None]] = {}

    def add(self, name: Name) -> int:
        number = len(self.names)
        self.names.append(name)
        self.tokens.append(name.canonical)
        for word in name.whole:
            self.of_word.setdefault(word, {})[number] = None
            self.of_plain.setdefault(_one_spelling(word), {})[number] = None
        self.of_initials.setdefault(_initials(name), {})[number] = None
        return number

    def fitting(self, name: Name) -> list[int]:
        """Up to two of the persons whom a name may mean."""
        if not name.whole:
            key = "".join(sorted(name.initials))
            return list(self.of_initials.get(key, ()))[:2] if len(key) > 1 else []
        listed = [self._with(word) for word in name.whole]
        fewest = min(listed, key=len)
        if len(listed) == 1 and not name.initials:
            return list(fewest)[:2] if len(fewest) > 1 else list(fewest)
        if len(fewest) > _MOST:
            return list(fewest)[:2]
        fits = [
            each
            for each in fewest
            if all(each in others for others in listed) and _initials_fit(name, self.names[each])
        ]
        return fits[:2]

    def _with(self, word: str) -> dict[int, None]:
        found = self.of_word.get(word)
        for ending in () if found else ENDINGS:
            if len(word) - len(ending) >= STEM and word.endswith(ending) and word[: -len(ending)] in self.of_word:
                return self.of_word[word[: -len(ending)]]
        return found or self.of_plain.get(_one_spelling(word), {})


_DIGRAPHS = re.compile("(?<=[aou])e|(?<=a)a|(?<=s)s")


def _one_spelling(word: str) -> str:
    """Mueller as Muller, Groß as Gross and as Gros."""
    return _DIGRAPHS.sub("", word)


def _initials(name: Name) -> str:
    return "".join(sorted([word[0] for word in name.whole] + list(name.initials)))


def _initials_fit(name: Name, person: Name) -> bool:
    """Whether each initial stands for an initial of the person or for a word that the name does not say."""
    left = [*person.initials, *(word[0] for word in person.whole)]
    for word in name.whole:
        if word[0] in left:
            left.remove(word[0])
    for letter in name.initials:
        if letter not in left:
            return False
        left.remove(letter)
    return True


def grouped(names: Sequence[str], known: Sequence[str] = ()) -> list[Who]:
    """Whom each of the names found in a row means.

    A name means the person whose fuller name has all its words, with an ending at most, and whose other words begin
    with its initials. A name that fits several persons is a person of its own, and has no pseudonym.

    Args:
        names: as they are written; a word with an `@` is the local part of an e-mail.
        known: names of the row that stand in other columns.
    """
    whole = {name: parsed(name) for name in dict.fromkeys((*known, *names)) if not name.endswith("@")}
    order = dict.fromkeys(sorted(whole.values(), key=lambda name: (-len(name.whole), -len(name.initials), name)))
    row = _Row()
    of: dict[Name, Who] = {}
    for name in order:
        if len(name.whole) == 1 and not name.initials and len(name.whole[0]) < 5 and name.whole[0] not in row.of_word:
            several = row.of_initials.get("".join(sorted(name.whole[0])), {})  # JRS
            fits = list(several)[:2] if len(name.whole[0]) > 2 else []
        else:
            fits = row.fitting(name)
        if len(fits) == 1:
            person = fits[0]
            full = row.names[person].full and not name.full
            of[name] = Who(person, row.tokens[person] if full else name.canonical)
        elif fits:
            row.names.append(name)
            row.tokens.append("")
            of[name] = Who(len(row.names) - 1, None)
        else:
            of[name] = Who(row.add(name), name.canonical)
    return [_of_local(row, name[:-1]) if name.endswith("@") else of[whole[name]] for name in names]


def _of_local(row: _Row, local: str) -> Who:
    """Whom the local part of an e-mail means: by its words (`maria.garcia`), or by the names within (`mgarcia`)."""
    written = simple(local)
    words = _LETTERS_ALONE.findall(written)
    name = Name(tuple(word for word in words if len(word) > 1), tuple(word for word in words if len(word) == 1))
    fits = row.fitting(name) if name.whole else []
    if not fits:
        inside = [
            row.of_word[word[start:end]]
            for word in words
            for start in range(len(word))
            for end in range(start + 4, min(len(word), start + 24) + 1)
            if word[start:end] in row.of_word
        ]
        both = [each for each in inside[0] if all(each in other for other in inside)] if inside else []
        fits = (both or list(dict.fromkeys(each for some in inside for each in list(some)[:2])))[:2]
    if len(fits) == 1:
        person = fits[0]
        return Who(person, row.tokens[person])
    if fits:
        row.names.append(name)
        row.tokens.append("")
        return Who(len(row.names) - 1, None)
    return Who(row.add(name), name.canonical or written)
