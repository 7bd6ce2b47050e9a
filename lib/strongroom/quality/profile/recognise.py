"""Simple recognisers of personal values, each by its form and, where there is one, its check digits.

They look at every whole value. What stands within a sentence is for a reader of texts; here it only counts as held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Recogniser:
    """What a value of one sort looks like: a pattern of RE2, and a check of the digits or letters in it."""

    pattern: str
    check: Callable[[str], bool] | None = None


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * (1 + place % 2)
        total += double - 9 if double > 9 else double
    return total % 10 == 0


def iban(text: str) -> bool:
    """ISO 13616: the number made of it leaves 1 when it is divided by 97."""
    text = text.replace(" ", "").upper()
    moved = text[4:] + text[:4]
    return 15 <= len(text) <= 34 and moved.isalnum() and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _card(text: str) -> bool:
    digits = _digits(text)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len({*digits}) > 1 and luhn(digits)


def _weighted(text: str, *, weights: tuple[int, ...], modulus: int) -> bool:
    """Whether the weighted digits add up to a multiple."""
    digits = [int(sign) for sign in _digits(text)]
    total = sum(digit * weight for digit, weight in zip(digits, weights, strict=False))
    return len(digits) == len(weights) and any(digits) and total % modulus == 0


def _ssn(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _dni(text: str) -> bool:
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return text[-1].upper() == "TRWAGMYFPDXBNJZSQVHLCKE"[int(_digits(number)) % 23]


def _nir(text: str) -> bool:
    plain = text.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return (int(plain[:13]) + int(plain[13:])) % 97 == 0


def _cpf(text: str) -> bool:
    digits = [int(sign) for sign in _digits(text)]
    for end in (9, 10):
        total = sum(digit * (end + 1 - at) for at, digit in enumerate(digits[:end]))
        if total * 10 % 11 % 10 != digits[end]:
            return False
    return len({*digits}) > 1


def _steuer_id(text: str) -> bool:
    """ISO/IEC 7064, MOD 11,10."""
    product = 10
    digits = [int(sign) for sign in _digits(text)]
    for digit in digits[:-1]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[-1]


def _ean(text: str) -> bool:
    digits = [int(sign) for sign in _digits(text)]
    return sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10 == 0


_PHONE = r"^(?:\+|00)[1-9][0-9 ()/.\-]{6,20}$|^\(?0?[0-9]{2,5}\)?[ /\-.][0-9][0-9 \-./]{4,14}$"
_DATE = r"^[0-9]{1,4}[-./ ][0-9]{1,2}[-./ ][0-9]{1,4}\b"

SORTS: Mapping[str, Recogniser] = {
    "email": Recogniser(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}$"),
    "iban": Recogniser(r"^[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}$", iban),
    "card": Recogniser(r"^[2-6](?:[ -]?[0-9]){12,18}$", _card),
    "ip": Recogniser(
        r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$|^(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}$|"
        r"^[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*$"
    ),
    "mac": Recogniser(r"^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$"),
    "ssn": Recogniser(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$", _ssn),
    "nino": Recogniser(r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]$"),
    "dni": Recogniser(r"^[0-9XYZ][0-9]{7}-?[A-Za-z]$", _dni),
    "nir": Recogniser(r"^[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}$", _nir),
    "codice fiscale": Recogniser(r"^[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]$"),
    "cpf": Recogniser(r"^[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}$", _cpf),
    "ahv": Recogniser(r"^756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}$", _ean),
    "pesel": Recogniser(r"^[0-9]{11}$", partial(_weighted, weights=(1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), modulus=10)),
    "steuer-id": Recogniser(r"^[1-9][0-9]{10}$|^[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}$", _steuer_id),
    "bsn": Recogniser(r"^[0-9]{9}$", partial(_weighted, weights=(9, 8, 7, 6, 5, 4, 3, 2, -1), modulus=11)),
    "personnummer": Recogniser(r"^[0-9]{6}[-+][0-9]{4}$", lambda text: luhn(_digits(text))),
    "hetu": Recogniser(r"^[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]$"),
    "phone": Recogniser(_PHONE, lambda text: 7 <= len(_digits(text)) <= 15 and not re.match(_DATE, text)),
}
"""Each sort of value; the first that most values are is taken. All but the last have the form of nothing else, or check
digits that one in ten to one in a hundred other numbers has, too."""
NATIONAL = (
    "ssn",
    "nino",
    "dni",
    "nir",
    "codice fiscale",
    "cpf",
    "ahv",
    "pesel",
    "steuer-id",
    "bsn",
    "personnummer",
    "hetu",
)
_ADDRESS = r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[A-Za-z]{2,}"
_WITHIN = {
    "email within": rf"[\s,;:<(]{_ADDRESS}|^{_ADDRESS}[\s,;>)]",
    "phone within": r"\+[1-9][0-9]{0,2}[ 0-9()/.\-]{7,}",
}


_SHORTEST, _LONGEST, _CHECKED = 6, 320, 2_000
"""Characters of the shortest and the longest value of any sort, and how many of one form have their check digits
looked at: of more, so many from the first to the last."""
_NOBODYS = r"^-?[0-9]{1,8}(?:[.,][0-9]*)?$"
"""Numbers that are of no sort: most values of most tables."""
_SIGN = {"email": "@", "ip": r"[.:]", "mac": "[:-]", "email within": "@", "phone within": r"\+"}
"""What a value of a sort cannot be without, told by a search that is quicker than its pattern."""
FORMS: Mapping[str, str] = {
    "of digits": r"^[0-9+()/. \-]*$",
    "short": r"^[A-Za-z0-9]{1,5}(?:[ -][A-Za-z0-9]{1,5})?$",
    "of a clock": r"^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?$",
    "two or three letters": r"^[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?$",
}
"""Forms that all values of a column must have, for a part of them, or all, to leave in clear."""


def count(texts: pa.Array) -> dict[str, int]:
    """Of all these texts, by sort, how many are one; how many have its form (`… like`), where digits are checked; and
    how many hold one among other words (`… within`).
    """
    found = dict[str, int]()
    texts = texts.filter(pc.invert(pc.match_substring_regex(texts, _NOBODYS)))
    if not len(texts):
        return found
    lengths = pc.utf8_length(texts)
    whole = texts.filter(pc.and_(pc.greater_equal(lengths, _SHORTEST), pc.less_equal(lengths, _LONGEST)))
    signed = {
        sign: whole.filter(pc.match_substring_regex(whole, sign)) for sign in {*_SIGN.values()} if "+" not in sign
    }
    digits = whole.filter(pc.match_substring_regex(whole, "[0-9].*[0-9].*[0-9].*[0-9]"))
    for name, sort in SORTS.items():
        some = signed[_SIGN[name]] if name in _SIGN else digits
        matched = some.filter(pc.match_substring_regex(some, sort.pattern)) if len(some) else some
        number = like = len(matched)
        if like and sort.check is not None:
            step = -(-like // _CHECKED)
            looked = matched.take(pa.array(range(0, like, step))).to_pylist() if step > 1 else matched.to_pylist()
            number = sum(map(sort.check, looked)) * step
            found[f"{name} like"] = like
        if number:
            found[name] = min(number, like)
    for name, pattern in _WITHIN.items():
        if number := pc.sum(pc.match_substring_regex(_with(texts, _SIGN[name]), pattern)).as_py():
            found[name] = int(number)
    return found


def _with(texts: pa.Array, sign: str) -> pa.Array:
    return texts.filter(pc.match_substring_regex(texts, sign))


def formed(texts: pa.Array) -> dict[str, int]:
    """How many of the texts have each of `FORMS`."""
    if pc.all(pc.match_substring_regex(texts, "^[0-9]{1,5}$")).as_py():
        return {"of digits": len(texts), "short": len(texts)} if len(texts) else {}
    found = {name: pc.sum(pc.match_substring_regex(texts, pattern)).as_py() for name, pattern in FORMS.items()}
    return {name: int(number) for name, number in found.items() if number}
