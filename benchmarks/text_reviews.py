"""What redaction does to reviews: words that it takes without need, and planted names that it leaves readable.

The reviews lie in ../shared/data/reviews (or where STRONGROOM_REVIEWS says): 3,000 sentences of three kinds. Most of
what is found in them are names: actors, characters, towns, restaurants. `text_reviews.tsv` says by hand of all that was
found which these are, review by review: names of people and places, of firms, dates and ages. A word is damage when it
was replaced and lies in none of them, or is a firm that was taken for a person or place.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measure import rounded, show
from strongroom.text.letters import fold
from strongroom.text.redaction import Known, Text, redact

REVIEWS = Path(os.environ.get("STRONGROOM_REVIEWS", Path(__file__).parents[2] / "shared/data/reviews"))
FILES = ("amazon_cells", "imdb", "yelp")
WORD = re.compile(r"\w+(?:['’]\w+)*")
FIRM = "organisation"
GIVEN = ("Katarzyna", "Marion", "Osvaldo", "Ingrid", "Bartholomew", "Consuelo", "Wolfgang", "Álvaro", "Rosalind",
         "Mateusz", "Aurélie", "Desmond", "Giulia", "Yolanda", "Priyanka", "Tobias")  # fmt: skip
SURNAMES = ("Kowalczyk", "Villaseñor", "Lindqvist", "Marchetti", "Okonkwo", "Zubizarreta", "Hollenbach",
            "Quintanilla", "Brankovic", "Castellanos", "Vandenberghe", "Nakagawa", "Grünwald", "Sokolova", "O’Malley",
            "Fairweather")  # fmt: skip


def reviews(name: str) -> list[str]:
    lines = (REVIEWS / f"{name}_labelled.txt").read_text(encoding="utf-8").split("\n")[1:]
    return [line.rsplit("\t", 1)[0] for line in lines if "\t" in line]


def labelled() -> dict[tuple[str, int], list[tuple[str, str]]]:
    """By file and number of the review, kind and letters of what names something in it."""
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    lines = Path(__file__).with_name("text_reviews.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for name, number, kind, letters in (line.split("\t") for line in lines):
        found.setdefault((name, int(number)), []).append((kind, letters))
    return found


def damage() -> tuple[int, int, list[str]]:
    """Words in all, words replaced, and those of them that name nothing."""
    right = labelled()
    words, replaced, wrong = 0, 0, []
    for name in FILES:
        texts = reviews(name)
        words += sum(len(WORD.findall(text)) for text in texts)
        spans = redact([Text(pa.array(texts), np.arange(len(texts)))]).spans[0].to_pylist()
        for span in spans:
            text, number = texts[span["row"]], span["row"]
            named = [
                match.span()
                for kind, letters in right.get((name, number), ())
                if (kind == "firm") <= (span["entity"] == FIRM)
                for match in re.finditer(re.escape(letters), text)
            ]
            for word in WORD.finditer(text, span["start"], span["end"]):
                replaced += 1
                if not any(start < word.end() and word.start() < end for start, end in named):
                    wrong.append(f"{name} {number} {span['entity']}: {word[0]}")
    return words, replaced, wrong


@dataclass(frozen=True)
class Person:
    """Somebody of our own."""

    given: str
    surname: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.surname}"

    @property
    def email(self) -> str:
        return f"{plain(self.given)[0]}.{plain(self.surname)}@mail.example".lower()


def plain(text: str) -> str:
    return re.sub(r"[^A-Za-z]", "", fold(text))


FORMS: dict[str, Callable[[Person], str]] = {
    "full": lambda who: who.name,
    "surname": lambda who: who.surname,
    "first name": lambda who: who.given,
    "initials": lambda who: f"{who.given[0]}. {who.surname}",
    "initials alone": lambda who: f"{who.given[0]}.{who.surname[0]}.",
    "possessive": lambda who: f"{who.surname}'s",
    "heading": lambda who: f"{who.name.upper()}\n",
    "e-mail": lambda who: who.email,
    "turned": lambda who: f"{who.surname}, {who.given}",
    "without accents": lambda who: fold(who.name),
    "small letters": lambda who: who.name.lower(),
    "user name": lambda who: f"@{plain(who.given + who.surname).lower()}",
}


def planted(texts: list[str], seed: int, *, announced: bool) -> Iterator[tuple[Person, str, str]]:
    """Each review with somebody in it: who, in which form, and the text. Announced means: once more, in full."""
    drawn = random.Random(seed)
    for number, text in enumerate(texts):
        who = Person(drawn.choice(GIVEN), drawn.choice(SURNAMES))
        form = list(FORMS)[number % len(FORMS)]
        words = text.split(" ")
        at = 0 if form == "heading" else drawn.randint(0, len(words))
        words.insert(at, FORMS[form](who))
        whole = " ".join(words)
        yield who, form, f"Review by {who.name}. {whole}" if announced else whole


def readable(who: Person, text: str) -> bool:
    """Whether a part of a name can be read, whatever the case and the accents."""
    left = fold(text).lower()
    parts = (plain(who.given).lower(), plain(who.surname).lower(), fold(who.surname).lower())
    alone = f"{fold(who.given)[0]}.{fold(who.surname)[0]}.".lower()
    return any(part in left for part in parts) or bool(re.search(rf"(?<![\w.]){re.escape(alone)}(?!\w)", left))


def leaks(name: str, seed: int, *, known: bool) -> list[str]:
    """The forms in which somebody stays readable: with the name in another column, or announced once in the text."""
    made = list(planted(reviews(name), seed, announced=not known))
    rows = np.arange(len(made))
    columns = [Known(pa.array([who.name for who, _, _ in made]), rows)] if known else []
    done = redact([Text(pa.array([text for _, _, text in made]), rows, find=("person",))], columns)
    return [
        f"{form}: {text!r}"
        for (who, form, _), text in zip(made, done.texts[0].to_pylist(), strict=True)
        if readable(who, text)
    ]


def run(seed: int = 1) -> None:
    words, replaced, wrong = damage()
    show("reviews without planted names: words replaced that name nothing", aim="<= .001", value=len(wrong) / words,
         words=words, replaced=replaced, wrong=len(wrong))  # fmt: skip
    for name in FILES:
        for known in (True, False):
            of = leaks(name, seed, known=known)
            how = "in another column" if known else "announced once"
            show(f"reviews of {name}: planted names, {how}, readable", aim="<= 0", value=rounded(len(of) / 1_000))
