"""Words for messages: the nearest known word, for "did you mean", and a number of things."""

from __future__ import annotations

from collections.abc import Iterable

from strongroom.core.errors import Problem


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or an empty string when none is near. Case and `-`/`_`/space do not count."""
    import difflib  # costs 5 ms and is needed only when something is already wrong

    folded = {_fold(candidate): candidate for candidate in known}
    if (same := _fold(word)) in folded:
        return folded[same]
    near = difflib.get_close_matches(same, folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to do about an unknown word: the nearest known one, or else the whole list."""
    words = tuple(known)
    if near := nearest(word, words):
        return f"Did you mean {near!r}?"
    return f"Known: {', '.join(words)}." if words else ""


def unknown_column(name: str, known: Iterable[str], contract: str, *, where: str, by: str = "") -> Problem:
    """The problem of a column in the data, there `by` what, that the contract's file does not name."""
    near = nearest(name, known)
    what = f"the data has a column {name[:80]!r}{by} that {contract} does not know."
    hint = f"Did you mean {near!r}? " if near else ""
    return Problem(what, where, f"{hint}Add it to the contract; method drop keeps it out.", "source.unknown")


def slip_of(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is a slip of: one letter, or two of a word of eight letters or more; else empty.

    A letter may be wrong, missing, too many, or have changed places with the next. Case and `-`/`_`/space do not count.
    """
    same = _fold(word)
    for candidate in known:
        meant = _fold(candidate)
        if word != candidate and _distance(same, meant) <= (2 if len(meant) >= 8 else 1):
            return candidate
    return ""


def _distance(one: str, other: str) -> int:
    """How many letters have to be changed, put in, taken out or swapped with the next to make one word of the other."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before, last = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, meant in enumerate(other, start=1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != meant)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == meant:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fold(word: str) -> str:
    return word.lower().translate({ord(mark): None for mark in "-_ "})
