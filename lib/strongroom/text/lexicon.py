"""The lists of data/, as two things: what is known of a word, and one automaton over all phrases."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from strongroom.text.letters import seen

LANGUAGES = ("en", "es", "de", "fr")


class Word:
    """What may be known of a single word, as bits of a number: an enumeration would cost a third of all time."""

    GIVEN = 1
    SURNAME = 2
    COMMON = 4
    STRONG = 8
    PLACE = 16
    TITLE = 32
    PARTICLE = 64
    NEVER = 128
    DEGREE = 256
    STREET = 512
    UNIT = 1024
    ORG = 2048
    INSTITUTION = 4096
    MONTH = 8192
    NATION = 16384
    FAITH = 32768
    PARTY = 65536
    SAYS = 131072
    WEEKDAY = 262144
    HEAD = 524288
    ADDRESS = 1048576
    DETERMINER = 2097152
    BRAND = 4194304
    EN, ES, DE, FR = 1 << 23, 1 << 24, 1 << 25, 1 << 26
    SPOKEN = EN | ES | DE | FR
    """In which language a word is a common one."""


_OF_WORD = {
    "strong_name": Word.STRONG | Word.GIVEN, "title": Word.TITLE, "particle": Word.PARTICLE, "never_name": Word.NEVER,
    "degree": Word.DEGREE, "street": Word.STREET, "unit": Word.UNIT, "org_suffix": Word.ORG,
    "institution": Word.INSTITUTION, "month": Word.MONTH, "nationality": Word.NATION, "religion": Word.FAITH,
    "politics": Word.PARTY, "says": Word.SAYS, "weekday": Word.WEEKDAY, "of_head": Word.HEAD,
    "form_of_address": Word.ADDRESS, "determiner": Word.DETERMINER,
}  # fmt: skip

BESIDE_NUMBERS = (
    "birth", "age_label", "phone", "card", "bank", "passport", "licence", "record", "plate", "tax", "national",
    "username", "secret", "wallet", "geo", "zip", "not_id", "case",
)  # fmt: skip
BESIDE_NAMES = (
    "name_label", "name_is", "place_before", "place_label", "org_before", "org_after",
    "nationality_noun", "institution", "of_institution", "address_label", "nationality", "religion", "politics",
    "person_noun", "place", "age_label", "sex", "sex_label",
)  # fmt: skip
DESCRIBING = ("office", "rank", "kin", "illness", "offence", "formal")

_NO_WORD = bytes(
    code if (chr(code).isalnum() and code < 0x80) or code in (0x80, 0x81, 0x82) else 32 for code in range(256)
)


def plain(lower: bytes) -> bytes:
    """Letters and digits as they are, a space for anything else."""
    return lower.translate(_NO_WORD)


@dataclass(frozen=True, slots=True)
class Phrases:
    """An automaton over phrases, and the kinds of each as bits."""

    automaton: BytesAhoCorasick
    bits: np.ndarray
    kinds: tuple[str, ...]

    def matches(self, text: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Start, end and kinds of each phrase on word borders of a text that `plain` made."""
        found = self.automaton.find_matches_as_indexes(b" " + text)
        if not found:
            empty = np.zeros(0, np.int64)
            return empty, empty, empty
        which, start, end = np.array(found, np.int64).T
        after = np.frombuffer(text + b" ", np.uint8)[end - 1]
        whole = after == 32
        return start[whole], end[whole] - 1, self.bits[which[whole]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the lists of some languages say."""

    languages: tuple[str, ...]
    words: dict[bytes, int]
    beside_numbers: Phrases
    beside_names: Phrases
    surname_endings: tuple[bytes, ...]
    sexes: frozenset[bytes]


def lines(name: str) -> list[str]:
    return (files("strongroom.text") / "data" / name).read_text(encoding="utf-8").splitlines()


def _phrases(languages: Iterable[str]) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for language in languages:
        for line in lines(f"phrases_{language}.tsv"):
            kind, listed = line.split("\t")
            found.setdefault(kind, set()).update(
                plain(seen(each).lower()).strip() for each in listed.split(", ")
            )  # fmt: skip
    return found


def any_of(languages: tuple[str, ...], kind: str) -> bytes:
    """The phrases of one kind in these languages as alternatives of a pattern, long ones first."""
    return b"|".join(sorted(_phrases(languages).get(kind, ()), key=lambda phrase: (-len(phrase), phrase)))


def _automaton(phrases: dict[str, set[bytes]], kinds: tuple[str, ...]) -> Phrases:
    bits: dict[bytes, int] = {}
    for place, kind in enumerate(kinds):
        for phrase in phrases.get(kind, ()):
            if len(phrase) > 1:
                bits[b" " + phrase] = bits.get(b" " + phrase, 0) | 1 << place
    return Phrases(
        BytesAhoCorasick(list(bits), matchkind=MatchKind.LeftmostLongest),
        np.array(list(bits.values()), np.int64),
        kinds,
    )


@cache
def lexicon(languages: tuple[str, ...]) -> Lexicon:
    """The lists of these languages; read once a process."""
    phrases = _phrases(languages)
    words: dict[bytes, int] = {}

    def add(which: Iterable[bytes], flag: int) -> None:
        for word in which:
            words[word] = words.get(word, 0) | flag

    def listed(name: str) -> list[bytes]:
        return seen("\n".join(lines(name))).lower().split(b"\n")

    add(listed("given_names.txt"), Word.GIVEN)
    add(listed("surnames.txt"), Word.SURNAME)
    add(listed("brands.txt"), Word.BRAND)
    places = [*listed("cities.txt"), *listed("countries.txt")]
    add((place for place in places if b" " not in place), Word.PLACE)
    for language in languages:
        add(listed(f"words_{language}.txt"), Word.COMMON | getattr(Word, language.upper()))
    for kind, flag in _OF_WORD.items():
        add((phrase for phrase in phrases.get(kind, ()) if b" " not in phrase), flag)
    phrases.setdefault("place", set()).update(plain(place).strip() for place in places if b" " in place)
    return Lexicon(
        languages,
        words,
        _automaton(phrases, BESIDE_NUMBERS),
        _automaton(phrases, BESIDE_NAMES),
        tuple(listed("surname_endings.txt")),
        frozenset(phrases.get("sex", ())),
    )


@cache
def described(languages: tuple[str, ...]) -> Phrases:
    """Phrases that describe a person, in singular and plural; made where somebody asks for these."""
    phrases = _phrases(languages)
    phrases["office"] = phrases.get("office", set()) | {seen(trade).lower() for trade in lines("occupations.txt")}
    for kind in ("office", "kin"):
        phrases[kind] |= {_several(phrase) for phrase in phrases.get(kind, ())}
    return _automaton(phrases, DESCRIBING)


def _several(phrase: bytes) -> bytes:
    """The plural of a phrase as English makes it, and most words of Spanish and French."""
    if phrase.endswith(b"y") and phrase[-2:-1] not in b"aeiou":
        return phrase[:-1] + b"ies"
    return phrase + (b"es" if phrase.endswith((b"ss", b"ch", b"sh")) else b"s")
