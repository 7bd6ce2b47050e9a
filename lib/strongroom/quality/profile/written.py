"""How values are usually written: words for a missing one, numbers in the signs of several languages, dates, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SURE = frozenset(
    ("?", "??", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NULL", "null", "(null)", "\\N", "NaN", "nan", "#NULL!")
)
"""Words that mean nothing else but that a value is missing."""
PERHAPS = frozenset((
    "NA", "na", "None", "none", "NONE", "Null", "nil", "-", "--", "---", ".", "..", "missing", "Missing", "unknown",
    "Unknown", "k.A.", "k. A.", "keine Angabe", "unbekannt", "s/d", "s.d.", "n.d.", "sin datos", "inconnu", "N.A.",
    "n.a.",
    "not available", "Not Available", "undefined", "N/D", "n/d",
))  # fmt: skip
"""Words that may be a value (`NA` is Namibia): among numbers or dates they mean that one is missing."""
MISSING = SURE | PERHAPS


@dataclass(frozen=True, slots=True)
class Signs:
    """How numbers are written.

    Args:
        decimal: the sign between whole and fraction.
        thousands: the sign between groups of three digits, or empty.
        pattern: of such numbers, without leading zeros: those are codes.
        proof: of a number that means something else in any other signs; empty where none is needed.
    """

    decimal: str
    thousands: str
    pattern: str
    proof: str = ""


def _signs(decimal: str, thousands: str) -> Signs:
    point, between = re.escape(decimal), re.escape(thousands)
    if not thousands:
        exponent = "(?:[eE][+-]?[0-9]{1,3})?" if decimal == "." else ""
        pattern = rf"^-?(?:(?:0|[1-9][0-9]*)(?:{point}[0-9]+)?|{point}[0-9]+){exponent}$"
        odd = rf"^-?(?:0|[1-9][0-9]*){point}(?:[0-9]{{1,2}}|[0-9]{{4,}})$|^-?0{point}|^-?[0-9]{{4,}}{point}"
        return Signs(decimal, "", pattern, "" if decimal == "." else odd)
    groups = rf"[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+"
    pattern = rf"^-?(?:{groups}|0|[1-9][0-9]*)(?:{point}[0-9]+)?$"
    if thousands in ".,":
        proof = (
            rf"{between}[0-9]{{3}}{point}|{between}[0-9]{{3}}{between}[0-9]{{3}}|^-?0{point}[0-9]|{point}[0-9]{{1,2}}$"
        )
        return Signs(decimal, thousands, pattern, rf"{proof}|{point}[0-9]{{4,}}$")
    return Signs(decimal, thousands, pattern, rf"^-?{groups}(?:{point}|$)")


NUMBERS: Mapping[str, Signs] = {
    "plain": _signs(".", ""),
    "comma": _signs(",", ""),
    **{f"point{sign}": _signs(".", sign) for sign in (",", "'", "\u2019", " ", "\u00a0", "\u202f")},
    **{f"comma{sign}": _signs(",", sign) for sign in (".", "'", "\u2019", " ", "\u00a0", "\u202f")},
}
"""The signs that the reader knows, each with a name; the first that fits and is sure is taken."""

DATE_SHAPE = r"^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}$|^[0-9]{8}$"
TIME_SHAPE = r"^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}[T ][0-9]{1,2}:[0-9]{2}"
DATES: Mapping[str, str] = {
    "": "",
    "yyyy/MM/dd": "%Y/%m/%d",
    "yyyy.MM.dd": "%Y.%m.%d",
    "dd.MM.yyyy": "%d.%m.%Y",
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM/dd/yyyy": "%m/%d/%Y",
    "dd-MM-yyyy": "%d-%m-%Y",
    "MM-dd-yyyy": "%m-%d-%Y",
    "yyyyMMdd": "%Y%m%d",
}
"""Dates by the format of a contract (empty: ISO 8601) and in strptime's words."""
DATE_PAIRS = (("dd/MM/yyyy", "MM/dd/yyyy"), ("dd-MM-yyyy", "MM-dd-yyyy"))
"""Formats that some days do not tell apart."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How moments are written: the contract's format, strptime's, and whether a zone may stand behind."""

    format: str
    form: str
    zoned: bool


TIMES: Mapping[str, Moment] = {
    "moment": Moment("", "", zoned=False),
    "moment zone": Moment("", "", zoned=True),
    **{
        f"moment {day} {clock}": Moment(f"{day} {clock}", f"{DATES[day]} {form}", zoned=False)
        for day in ("dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "yyyy/MM/dd", "dd-MM-yyyy", "MM-dd-yyyy")
        for clock, form in (("HH:mm:ss", "%H:%M:%S"), ("HH:mm", "%H:%M"))
    },
}
TIME_PAIRS = tuple(
    (f"moment {one} {clock}", f"moment {other} {clock}") for one, other in DATE_PAIRS for clock in ("HH:mm:ss", "HH:mm")
)
