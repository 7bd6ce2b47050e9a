"""One form for all spellings of the same thing."""

import re

from strongroom.text.persons import parsed, simple

_NUMBERS = frozenset(
    (
        *("card", "iban", "bank_account", "national_id", "tax_id", "passport"),
        *("driving_licence", "medical_record", "vehicle_plate", "mac", "case_number"),
    )
)
_AS_WRITTEN = frozenset(("secret", "wallet", "url", "profile"))
_SEPARATORS = re.compile(r"[\W_]+")


def canonical(value: str, entity: str) -> str:
    """One form for all spellings of the same thing; it depends on nothing but the value.

    A person: small letters without accents, titles, degrees and possessives, in one order. A phone: its digits, with +
    where it has a country's number. Identifiers: without separators. Secrets and web addresses: as they are written.
    """
    if entity in _AS_WRITTEN:
        return value.strip()
    if entity == "person":
        return parsed(value).canonical or " ".join(simple(value).split())
    form = simple(value)
    if entity == "phone":
        digits = "".join(str(int(letter)) for letter in form if letter.isdecimal())
        abroad = form.lstrip(" (").startswith("+")
        return f"+{digits}" if abroad else f"+{digits[2:]}" if digits.startswith("00") else digits
    if entity in _NUMBERS:
        return _SEPARATORS.sub("", form)
    return " ".join(form.split())
