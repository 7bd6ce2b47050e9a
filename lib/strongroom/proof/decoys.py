"""People that never were, of the shape of those who are searched for: what hits them, hits by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from strongroom.proof.forms import Needle

_TRIES = 20


def decoys(needles: Sequence[Needle], count: int, *, seed: str) -> list[Needle]:
    """Values of invented people, each shaped after a person of the needles; the same for the same seed.

    A digit becomes a digit, a letter one that is as common in these values, and all signs stay, as does what comes
    behind the @ of an e-mail. So chance is measured, not namesakes.

    Args:
        needles: whose shapes are taken.
        count: people.
        seed: any text.
    """
    draw = random.Random(seed)  # noqa: S311 - a measure, no secret
    people: dict[int, list[Needle]] = {}
    for needle in needles:
        people.setdefault(needle.subject, []).append(needle)
    texts = "".join(needle.value for needle in needles if isinstance(needle.value, str))
    letters = [sign.casefold() for sign in texts if sign.isalpha() and len(sign.casefold()) == 1] or ["a"]
    real, shapes, found = {needle.value for needle in needles}, list(people.values()), list[Needle]()
    for number in range(count if shapes else 0):
        for needle in shapes[number % len(shapes)]:
            value = needle.value
            for _ in range(_TRIES):
                value = _like(needle, letters, draw)
                if value not in real:
                    found.append(replace(needle, subject=number, value=value))
                    break
    return found


def _like(needle: Needle, letters: Sequence[str], draw: random.Random) -> str | bytes:
    if isinstance(needle.value, bytes):
        return draw.randbytes(len(needle.value))
    local, at, domain = needle.value.rpartition("@") if needle.kind == "email" else (needle.value, "", "")
    return "".join(_sign(sign, letters, draw) for sign in local) + at + domain


def _sign(sign: str, letters: Sequence[str], draw: random.Random) -> str:
    if sign.isdigit():
        return str(draw.randrange(10))
    if sign.isalpha():
        letter = draw.choice(letters)
        return letter.upper() if sign.isupper() and len(letter.upper()) == 1 else letter
    return sign
