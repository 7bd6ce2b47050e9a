"""Planted texts: invented persons in sentences, so that what redaction misses can be counted."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from stdnum import iban, luhn
from stdnum.es import dni

from strongroom.text.leaks import stands


@dataclass(frozen=True, slots=True)
class Canary:
    """A text, and what of it may not be readable afterwards: one value, or a name and each of its parts."""

    text: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misses:
    """How many canaries of an entity were planted, and of how many something stayed readable."""

    planted: int
    missed: int

    @property
    def rate(self) -> float:
        """The share that was missed."""
        return self.missed / self.planted if self.planted else 0.0

    @property
    def bound(self) -> float:
        """What the true rate is not above, with 95 % confidence (Clopper and Pearson 1934, one side).

        Without a miss it is the rule of three, 3 / n.
        """
        low, high = self.rate, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if _at_most(self.missed, self.planted, middle) < 0.05 else (middle, high)
        return high if self.planted else 1.0


def _at_most(missed: int, planted: int, rate: float) -> float:
    """The chance of so many misses at most."""
    if rate >= 1.0:
        return 1.0 if missed >= planted else 0.0
    log = math.lgamma(planted + 1)
    return math.fsum(
        math.exp(
            log
            - math.lgamma(k + 1)
            - math.lgamma(planted - k + 1)
            + k * math.log(rate)
            + (planted - k) * math.log1p(-rate)
        )
        for k in range(missed + 1)
    )


def planted(entities: Iterable[str], *, languages: Iterable[str], count: int, seed: str) -> dict[str, list[Canary]]:
    """So many canaries of each entity that can be invented here; the same for the same seed.

    Args:
        entities: what to plant.
        languages: English and Spanish have sentences; another alone gets the English ones.
        count: of each entity.
        seed: makes the persons.
    """
    chosen = [language for language in languages if language in _MEASURED] or ["en"]
    found = {}
    for entity in entities:
        if entity == "person":
            random = Random(f"{seed} {entity}")  # noqa: S311  invented persons, no secret
            found[entity] = [_person(random, chosen[number % len(chosen)]) for number in range(count)]
        elif entity in _VALUES:
            random = Random(f"{seed} {entity}")  # noqa: S311  invented persons, no secret
            found[entity] = [_other(random, entity, chosen[number % len(chosen)]) for number in range(count)]
    return found


def missed(canary: Canary, text: str) -> bool:
    """Whether anything of it is readable still."""
    return any(stands(text, value) for value in canary.values)


_SYLLABLES = ("ba", "be", "do", "fa", "gri", "ka", "lo", "mar", "ne", "pol", "ri", "sto", "ta", "vel", "wi", "zan")
_MEASURED = ("en", "es")
"""Languages with sentences."""


@cache
def _lines(kind: str, language: str) -> tuple[str, ...]:
    """The sentences of a kind, or its words."""
    rows = (files("strongroom.text") / "data/canaries.tsv").read_text(encoding="utf-8").splitlines()
    found = [line.split("\t")[2] for line in rows if line.startswith(f"{kind}\t{language}\t")]
    return tuple(found[0].split()) if kind in ("given", "surname", "title") else tuple(found)


def _person(random: Random, language: str) -> Canary:
    """A name of which one in three is in no list at all."""
    last = random.choice(_lines("surname", language))
    if not random.randrange(3):
        last = "".join(random.choice(_SYLLABLES) for _ in range(3)).title()
    first = random.choice(_lines("given", language))
    form = random.choice(_lines("person", language))
    text = form.format(title=random.choice(_lines("title", language)), first=first, last=last)
    return Canary(text, tuple(name for name in (first, last) if name in text))


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def _email(random: Random) -> str:
    first, last = random.choice(_lines("given", "en")), random.choice(_lines("surname", "en"))
    return f"{first}.{last}{random.randrange(100)}@mail.example".lower()


def _phone(random: Random) -> str:
    return f"+34 6{_digits(random, 2)} {_digits(random, 3)} {_digits(random, 3)}"


def _card(random: Random) -> str:
    number = "4" + _digits(random, 14)
    number += luhn.calc_check_digit(number)
    return " ".join(number[at : at + 4] for at in range(0, 16, 4)) if random.randrange(2) else number


def _iban(random: Random) -> str:
    number = f"DE00{_digits(random, 18)}"
    return f"DE{iban.calc_check_digits(number)}{number[4:]}"


def _dni(random: Random) -> str:
    number = _digits(random, 8)
    return number + dni.calc_check_digit(number)


def _ip(random: Random) -> str:
    return f"{random.randrange(11, 99)}.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"


def _born(random: Random) -> str:
    return f"{random.randrange(1, 29):02}/{random.randrange(1, 13):02}/{random.randrange(1940, 2005)}"


def _address(random: Random) -> str:
    street = random.choice(_lines("surname", "en"))
    return f"{random.randrange(1, 200)} {street} {random.choice(('Street', 'Road', 'Avenue'))}"


_VALUES: Mapping[str, Callable[[Random], str]] = {
    "email": _email, "phone": _phone, "card": _card, "iban": _iban, "ip": _ip, "national_id": _dni,
    "date_of_birth": _born, "address": _address,
}  # fmt: skip
"""What can be invented besides persons."""


def _other(random: Random, entity: str, language: str) -> Canary:
    value = _VALUES[entity](random)
    return Canary(random.choice(_lines(entity, language)).format(value=value), (value,))
