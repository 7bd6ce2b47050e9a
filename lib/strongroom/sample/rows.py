"""The sample lake's rows, made from a seed: the same numbers give the same rows, and every fault is planted on purpose.

Pure: nothing here reads a clock or a disk. Each dirty row has exactly one fault, so that counts can be checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from strongroom.sample import texts

MIN_ROWS = 100
LONG_TEXT = 100_000  # characters: longer than any sane column, still one row
FAULTS: Mapping[str, float] = {
    "duplicate_review_id": 4,
    "corrupt_line": 0.4,
    "missing_user_id": 2,
    "missing_email": 4,
    "missing_text": 2,
    "missing_label": 2,
    "empty_text": 2,
    "malformed_email": 3,
    "impossible_date": 1.5,
    "unknown_label": 2,
    "rating_out_of_range": 1.5,
    "rating_as_text": 1,
    "long_text": 0.15,
    "non_latin_text": 8,
}
"""What is planted among the reviews → rows of it in a thousand (at least one each).

A duplicate is one more line; a corrupt line holds no row at all; long and non-Latin texts are odd but right.
"""
CUSTOMER_FAULTS: Mapping[str, float] = {
    "missing_email": 10,
    "malformed_email": 5,
    "missing_income": 30,
    "empty_notes": 20,
}
MALFORMED = ("{}(at)example.com", "{}@@example.org", "{} @example.com", "@example.org", "{}", "{}@")
WRONG_LABELS = ("postive", "mixed", "POSITIVE!", "5", "n/a")
WRONG_RATINGS = (0, 6, 11, -1, 999)
TEXT_RATINGS = ("five", "4 of 5", "★★★")
IMPOSSIBLE_DATES = ("2025-02-30", "2025-13-01", "2024-00-10", "2025-06-31")
CORRUPT = ('{{"review_id": "r-{0:06d}", "user_id": {0}, "text_content": "cut off in the mid', '{{{{"r-{0:06d}",,}}')
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737: for documentation, routed nowhere
APPS = ("ios 5.2.0", "ios 5.1.3", "android 5.2.0", "android 4.9.1", "web")


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of raw/customers; `birth_date` is a date, money is in units of the customer's country."""

    user_id: int
    name: str
    email: str | None
    phone: str
    birth_date: date
    postcode: str
    country: str
    income: float | None
    balance: Decimal
    consent: bool
    notes: str


def planted(rows: int, *, faults: Mapping[str, float] = FAULTS) -> dict[str, int]:
    """How many rows of each kind are planted among so many; at least one of every kind."""
    return {kind: max(1, round(rows * per_thousand / 1000)) for kind, per_thousand in faults.items()}


def customers(count: int, *, seed: int) -> list[Customer]:
    """So many invented customers without a fault, numbered from 1."""
    dice = random.Random(f"customers {seed}")  # a toy needs no unpredictable numbers  # noqa: S311
    return [_customer(number, dice=dice) for number in range(1, count + 1)]


def spoil_customers(people: list[Customer], *, seed: int) -> list[Customer]:
    """The same customers with their faults planted."""
    dice = random.Random(f"customer faults {seed}")  # noqa: S311
    fault_of = _spread(len(people), faults=CUSTOMER_FAULTS, dice=dice)
    wrong: dict[str, Callable[[Customer], dict[str, Any]]] = {
        "missing_email": lambda _: {"email": None},
        "malformed_email": lambda one: {"email": _malformed(one.email, dice=dice)},
        "missing_income": lambda _: {"income": None},
        "empty_notes": lambda _: {"notes": ""},
    }
    return [replace(one, **wrong[fault_of[one.user_id]](one)) if one.user_id in fault_of else one for one in people]


def review_lines(rows: int, *, seed: int, people: list[Customer]) -> Iterator[dict[str, object] | str]:
    """The lines of raw/reviews in order: a row as a dict, or the text of a line that is not JSON.

    There are `rows` reviews with ids of their own; doubles and corrupt lines come on top, each after the review it
    belongs to.
    """
    dice = random.Random(f"reviews {seed}")  # noqa: S311
    fault_of = _spread(rows, faults=FAULTS, dice=dice)
    for number in range(1, rows + 1):
        row = _review(number, writer=dice.choice(people), dice=dice)
        fault = fault_of.get(number, "")
        yield _spoil(row, fault=fault, dice=dice)
        if fault == "duplicate_review_id":
            yield dict(row)
        elif fault == "corrupt_line":
            yield dice.choice(CORRUPT).format(number)


def _spread(rows: int, *, faults: Mapping[str, float], dice: random.Random) -> dict[int, str]:
    """Row number → its one fault."""
    counts = planted(rows, faults=faults)
    chosen = iter(dice.sample(range(1, rows + 1), sum(counts.values())))
    return {next(chosen): kind for kind, count in counts.items() for _ in range(count)}


def _spoil(row: dict[str, object], *, fault: str, dice: random.Random) -> dict[str, object]:
    """The row with its fault in it; the row itself where the fault is not in its columns."""
    if fault.startswith("missing_"):
        column = {"missing_text": "text_content"}.get(fault, fault.removeprefix("missing_"))
        if dice.random() < 0.5:  # absent and null are both missing
            return {name: value for name, value in row.items() if name != column}
        return row | {column: None}
    changes: dict[str, dict[str, object]] = {
        "empty_text": {"text_content": dice.choice(("", " ", "\n"))},
        "malformed_email": {"email": _malformed(str(row["email"]), dice=dice)},
        "impossible_date": {"training_date": dice.choice(IMPOSSIBLE_DATES)},
        "unknown_label": {"label": dice.choice(WRONG_LABELS)},
        "rating_out_of_range": {"rating": dice.choice(WRONG_RATINGS)},
        "rating_as_text": {"rating": dice.choice(TEXT_RATINGS)},
        "non_latin_text": {"text_content": dice.choice(texts.FOREIGN[str(row["label"])])},
    }
    if fault == "long_text":
        text = str(row["text_content"]) + " "
        return row | {"text_content": (text * (LONG_TEXT // len(text) + 1))[:LONG_TEXT]}
    return row | changes.get(fault, {})


def _review(number: int, *, writer: Customer, dice: random.Random) -> dict[str, object]:
    """One clean review; its label shows in its words, mostly."""
    label = dice.choices(("positive", "negative", "neutral"), weights=(50, 30, 20))[0]
    product, (category, parts) = dice.choice(list(texts.PRODUCTS.items()))
    written = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(700 * 86_400))
    return {
        "review_id": f"r-{number:06d}",
        "user_id": writer.user_id,
        "email": writer.email,
        "text_content": _text(label, product=product, parts=parts, dice=dice),
        "rating": dice.choice(texts.RATINGS[label]),
        "label": label,
        "model_version": "v1.2",
        "training_date": (written + timedelta(days=dice.randrange(30))).date().isoformat(),
        "created_at": written.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "device": {"ip": f"{dice.choice(NETWORKS)}.{dice.randrange(1, 255)}", "app": dice.choice(APPS)},
        "tags": [category, *dice.sample(("verified", "gift", "photo", "vine", "returned"), dice.randrange(3))],
    }


def _text(label: str, *, product: str, parts: tuple[str, ...], dice: random.Random) -> str:
    """One to six sentences about a product; one sentence in twelve takes another side, as people do."""
    part, other = dice.sample(parts, 2)
    said = dice.sample(texts.SENTENCES[label], dice.randrange(1, 5))
    if dice.random() < 1 / 12:
        side = dice.choice(("positive", "negative", "neutral"))
        said.append(dice.choice(texts.SENTENCES[side]))
    if dice.random() < 0.5:
        said.insert(0, dice.choice(texts.OPENINGS))
    if dice.random() < 0.3:
        said.append(dice.choice(texts.CLOSINGS))
    fill = {name: dice.choice(choices) for name, choices in texts.FILL.items()}
    word, word2 = dice.sample(texts.WORDS[label], 2)
    are, are2 = ("are" if noun.endswith("s") and not noun.endswith("ss") else "is" for noun in (part, other))
    fill |= {"product": product, "part": part, "other": other, "word": word, "word2": word2, "are": are, "are2": are2}
    return " ".join(said).format(**fill)


def _malformed(email: str | None, *, dice: random.Random) -> str:
    return dice.choice(MALFORMED).format((email or "").partition("@")[0])


def _customer(number: int, *, dice: random.Random) -> Customer:
    first, last = dice.choice(texts.FIRST_NAMES), dice.choice(texts.LAST_NAMES)
    country = dice.choices(list(texts.COUNTRIES), weights=list(texts.COUNTRIES.values()))[0]
    local = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter not in "' ").strip(
        "."
    )
    email = f"{local}{number}@example.{dice.choice(('com', 'org'))}"
    phone = _phone(country, dice=dice)
    note = dice.choice(texts.NOTES).format(
        name=f"{first} {last}", first=first, phone=phone, email=email, product=dice.choice(list(texts.PRODUCTS)),
        other=f"{dice.choice(texts.FIRST_NAMES)} {dice.choice(texts.LAST_NAMES)}",
        month=dice.choice(texts.FILL["month"]),
    )  # fmt: skip
    return Customer(
        user_id=number,
        name=f"{first} {last}",
        email=email,
        phone=phone,
        birth_date=date(1936, 1, 1) + timedelta(days=dice.randrange(26_000)),
        postcode=_postcode(country, dice=dice),
        country=country,
        income=round(dice.lognormvariate(10.4, 0.5), 2),
        balance=Decimal(dice.randrange(-200_000, 2_000_000)).scaleb(-2),
        consent=dice.random() < 0.85,
        notes=note,
    )


def _phone(country: str, *, dice: random.Random) -> str:
    """A number from a range that Ofcom or NANPA keeps for fiction; the British range serves every other country."""
    if country == "US":
        return f"+1 {dice.choice((212, 312, 415, 617))} 555 01{dice.randrange(100):02d}"
    return f"+44 {dice.choice(('7700 900', '1632 960'))}{dice.randrange(1000):03d}"


def _postcode(country: str, *, dice: random.Random) -> str:
    if country == "GB":
        return f"ZZ{dice.randrange(1, 100)} {dice.randrange(10)}{dice.choice('ABDEFGH')}{dice.choice('JLNPQRS')}"
    if country == "JP":
        return f"{dice.randrange(1000):03d}-{dice.randrange(10_000):04d}"
    return f"{dice.randrange(100_000):05d}"
