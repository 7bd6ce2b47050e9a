"""Numbers that read as days: 19840312, 12031984, 840312, and days counted since 1900.

One of eight digits in a thousand others is a day by chance, so a few among many such are none; of the shorter forms
nearly all must be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_FIRST, _LAST = 1900, 2099
_SERIALS = (7_000, 47_000)
"""Days since 1899-12-30, as spreadsheets count them: 1919 to 2028. Those since 1970 of people born since 1989 are
among them."""
_SHARE, _NEARLY, _DIFFERENT = 0.02, 0.95, 50
"""Which part of the numbers of eight digits is more than chance; which is nearly all; how many are many."""


def count(numbers: np.ndarray) -> dict[str, int]:
    """Of different numbers, whole or not, how many could be days of each form, and how many are."""
    some = numbers[(numbers >= 1_000) & (numbers < 10**8)]
    whole = np.unique(some[some == np.floor(some)]).astype(np.int64)
    found = {"numbers": len(numbers)}
    eight, six = whole[whole >= 10**7], whole[(whole >= 10_000) & (whole < 10**6)]
    seven = whole[(whole >= 10**6) & (whole < 10**7)]  # of a day whose zero was lost
    found |= {"of eight": len(eight), "a day of eight": int(_long(eight).sum())}
    found |= {"of seven": len(seven), "a day of seven": int(_long(seven).sum())}
    found |= {"a day of six": int(_short(six).sum()), "a day counted": int(_counted(whole).sum())}
    return {name: number for name, number in found.items() if number}


def are_days(found: Mapping[str, int]) -> bool:
    """Whether numbers may be days, by their counts."""
    numbers = found.get("numbers", 0)
    for form, share in (("eight", _SHARE), ("seven", 10 * _SHARE)):
        days = found.get(f"a day of {form}", 0)
        if days and days >= share * found.get(f"of {form}", 0):
            return True
    return numbers >= _DIFFERENT and any(found.get(form, 0) >= _NEARLY * numbers for form in _SHORTER)


_SHORTER = ("a day of six", "a day counted")


def _fits(month: np.ndarray, day: np.ndarray) -> np.ndarray:
    fits: np.ndarray = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return fits


def _long(whole: np.ndarray) -> np.ndarray:
    first, middle, last = whole // 10_000, whole // 100 % 100, whole % 100
    year_first = (first >= _FIRST) & (first <= _LAST) & _fits(middle, last)
    one, other, year = whole // 10**6, whole // 10_000 % 100, whole % 10_000
    days: np.ndarray = year_first | ((year >= _FIRST) & (year <= _LAST) & (_fits(one, other) | _fits(other, one)))
    return days


def _short(whole: np.ndarray) -> np.ndarray:
    first, middle, last = whole // 10_000, whole // 100 % 100, whole % 100
    days: np.ndarray = _fits(middle, last) | _fits(middle, first) | _fits(first, middle)
    return days


def _counted(whole: np.ndarray) -> np.ndarray:
    days: np.ndarray = (whole >= _SERIALS[0]) & (whole <= _SERIALS[1])
    return days
