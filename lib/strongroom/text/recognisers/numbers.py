"""What long numbers are: cards, accounts, phones, identities. Each is looked at once, with the word that labels it."""

import re
from collections.abc import Iterator
from functools import cache

import phonenumbers
from stdnum import iban, luhn, numdb
from stdnum.es import ccc
from stdnum.us import rtn

from strongroom.text.block import Block
from strongroom.text.linear import pattern
from strongroom.text.recognisers.identities import identity_of
from strongroom.text.recognisers.web import bordered, span
from strongroom.text.spans import Span

_GAPS = {b" ", b"-", b".", b"/", b") ", b" (", b")-", b") -", b"  ", b"-(", b" - ", b"(", b")", b".-", b". "}
_MOST = 8
_LABELS = ("card", "bank", "phone", "national", "tax", "passport", "licence", "record", "plate", "zip", "not_id",
           "secret", "birth", "username", "geo")  # fmt: skip
_IBAN = pattern(rb"[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{2}")
_SPACED = pattern(rb"[A-Z]{2} [0-9]{2} [0-9]{2} [0-9]{2} [A-D]|[0-9]{8} [A-Z]|[XYZ] [0-9]{7} ?[A-Z]")
_EXTENSION = pattern(
    rb"(?i)\(?[2-9][0-9]{2}\)?[-. ]{1,2}[2-9][0-9]{2}[-. ][0-9]{4} ?(?:x|ext\.? ?|extension )[0-9]{1,6}"
)
_ISSUERS = (
    # first digits from, to, lengths, whether such a number of that length stands for itself
    (4, 4, (16, 19), True), (4, 4, (13,), False), (51, 55, (16,), True), (2221, 2720, (16,), True),
    (34, 34, (15,), True), (37, 37, (15,), True), (6011, 6011, (16, 19), True), (644, 649, (16, 19), True),
    (65, 65, (16, 19), True), (3528, 3589, (16, 17, 18, 19), True), (300, 305, (14, 16), False),
    (36, 36, (14, 15, 16, 17, 18, 19), False), (38, 39, (14, 16, 17, 18, 19), False), (62, 62, (16, 17, 18, 19), True),
    (2131, 2131, (15,), False), (1800, 1800, (15,), False), (81, 81, (16,), False),
    (50, 50, tuple(range(12, 20)), False), (56, 69, tuple(range(12, 20)), False),
    (2200, 2204, (16, 17, 18, 19), True), (9792, 9792, (16,), True), (60, 60, (16,), False), (1, 1, (15,), False),
    (2014, 2014, (15,), False), (2149, 2149, (15,), False), (5019, 5019, (16,), False), (4571, 4571, (16,), True),
)  # fmt: skip
_REGIONS = {"en": ("US", "GB"), "es": ("ES", "MX"), "de": ("DE",), "fr": ("FR",)}


def issuer(digits: str) -> bool | None:
    """Whether a card of this number stands for itself; None when no issuer has such numbers."""
    found: bool | None = None
    for first, last, lengths, alone in _ISSUERS:
        if len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last:
            found = alone or bool(found)
    return found


def numbers(block: Block) -> Iterator[Span]:
    yield from ibans(block)
    for match in _SPACED.finditer(block.cased):
        if bordered(block, *match.span()) and identity_of(match[0].replace(b" ", b""), labelled=False):
            yield span(match, "national_id", 0.9, "identity.spaced")
    for match in _EXTENSION.finditer(block.cased):
        if bordered(block, *match.span()):
            yield span(match, "phone", 0.96, "phone.extension")
    starts, ends = block.codes
    cased = block.cased
    place, count, since = 0, len(starts), 0
    while place < count:
        last = place
        while last + 1 < count and last - place < _MOST - 1 and cased[ends[last] : starts[last + 1]] in _GAPS:
            last += 1
        if last == place and ends[place] - starts[place] < 6:
            place += 1  # too short for anything that needs no word right beside it
            continue
        longest, place = _longest(block, place, last, since)
        if longest is not None:
            since = longest.end
            yield longest


def _longest(block: Block, first: int, last: int, since: int) -> tuple[Span | None, int]:
    """The longest run of neighbours from the first on that is something, and where to look next."""
    starts, ends = block.codes
    for end in range(last, first - 1, -1):
        start_at, end_at = starts[first], ends[end]
        if end_at - start_at > 40:
            continue
        whole = number(block, start_at, end_at, since)
        if whole is not None:
            return whole, end + 1
    return None, first + 1


def number(block: Block, start: int, end: int, since: int = 0) -> Span | None:
    """What the number from start to end is; a word that stands before `since` belongs to the number that ends there."""
    cased = block.cased
    written = cased[start:end]
    digits = bytes(byte for byte in written if 48 <= byte < 58).decode("ascii")
    if len(digits) < 5 or not bordered(block, start, end) or _inside_more(cased, start, end):
        return None
    label = _label(block, start, end, since)
    only = not any(65 <= byte < 91 or 97 <= byte < 123 or byte >= 0x80 for byte in written)
    if only and 12 <= len(digits) <= 19 and label != "not_id" and b"." not in written and luhn.is_valid(digits):
        alone = issuer(digits)
        if label == "card" or (alone is not None and (alone or label == "bank")):
            return Span(start, end, "card", 0.97 if label == "card" else 0.85, "card")
    if label in ("not_id", "passport", "licence", "record"):  # the words before them tell: labelled.py
        return None
    identity = identity_of(written, labelled=label in ("national", "tax"))
    if identity is not None:
        return Span(start, end, identity.entity, 0.95, f"identity.{identity.module}")
    if only:
        return _account(written, digits, start, end, label) or _phone(block, digits, start, end, label)
    return None


def _inside_more(cased: bytes, start: int, end: int) -> bool:
    """Whether a number is a part of something longer: a decimal, an identifier with signs, an amount."""
    before, after = cased[max(0, start - 2) : start], cased[end : end + 2]
    return bool(
        (before[-1:] in (b"_", b"=", b"#", b"$", b"/", b"\\", b"&", b"*") and before[-1:] not in (b"=", b"#"))
        or (before[-1:] in (b".", b"-", b",") and before[:1].isalnum() and len(before) == 2)
        or after[:1] in (b"_", b"%", b"*", b"\\", b"@")
        or (after[:1] in (b".", b"-", b"/", b",") and after[1:].isalnum() and not after[1:].isspace())
    )


def _label(block: Block, start: int, end: int, since: int) -> str:
    """The kind of the nearest word before a number that says what it is."""
    nearest, name = 41, ""
    for kind in _LABELS:
        distance = block.distance(kind, start)
        if distance < nearest and (start - distance > since or kind == "not_id"):
            nearest, name = distance, kind
    if not name:
        for kind in ("phone", "national", "card"):
            if block.near(kind, start, end, before=0, after=12):
                return kind
    return name


@cache
def _length(country: str) -> int:
    """Characters of an IBAN of a country, 0 where it has none; as the registry in python-stdnum says."""
    found = numdb.get("iban").info(country)[0][1].get("bban", "")
    return 4 + sum(map(int, re.findall(r"[0-9]+", found))) if found else 0


def ibans(block: Block) -> Iterator[Span]:
    cased = block.cased
    for match in _IBAN.finditer(cased):
        start = match.start()
        compact, at = bytearray(), start
        most = _length(match[0][:2].decode("ascii").upper()) if bordered(block, start, start) else 0
        while (
            len(compact) < most
            and at - start < 50
            and (cased[at : at + 1].isalnum() or cased[at : at + 1] in (b" ", b"-"))
        ):
            if cased[at] not in b" -":
                compact.append(cased[at])
            at += 1
        whole = most and len(compact) == most and not cased[at : at + 1].isalnum()
        if whole and iban.is_valid(compact.decode("ascii").upper(), check_country=False):
            yield Span(start, at, "iban", 0.99, "iban")


def _account(written: bytes, digits: str, start: int, end: int, label: str) -> Span | None:
    if len(digits) == 20 and ccc.is_valid(digits):
        return Span(start, end, "bank_account", 0.95, "account.es.ccc")
    if label == "bank":
        if len(digits) == 9 and rtn.is_valid(digits):
            return Span(start, end, "bank_account", 0.9, "account.us.rtn")
        if 6 <= len(digits) <= 20 and b"/" not in written:
            return Span(start, end, "bank_account", 0.75, "account.context")
    return None


def _phone(block: Block, digits: str, start: int, end: int, label: str) -> Span | None:
    if not 6 <= len(digits) <= 15:
        return None
    before = block.cased[max(0, start - 2) : start]
    if before.endswith(b"+") or before.endswith(b"+(") or digits.startswith("00"):
        plus = start - (2 if before.endswith(b"+(") else 1 if before.endswith(b"+") else 0)
        try:
            parsed = phonenumbers.parse("+" + digits.lstrip("0"))
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is not None and (
            phonenumbers.is_valid_number(parsed) or (label == "phone" and phonenumbers.is_possible_number(parsed))
        ):
            return Span(plus, end, "phone", 0.95, "phone.international")
    start -= before.endswith(b"(")
    if label == "phone":
        return Span(start, end, "phone", 0.9, "phone.context")
    around = block.cased[max(0, start - 2) : start] + b"|" + block.cased[end : end + 2]
    if label or len(digits) < 9 or any(48 <= byte < 58 for byte in around):
        return None
    written = block.cased[start:end]
    separators = sum(byte in b" -./()" for byte in written)
    if not 1 <= separators <= 6 or (b"." in written and b"/" in written):
        return None
    for language in block.lexicon.languages:
        for region in _REGIONS[language]:
            try:
                parsed = phonenumbers.parse(digits, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number_for_region(parsed, region):
                return Span(start, end, "phone", 0.65, f"phone.{region.lower()}")
    return None
