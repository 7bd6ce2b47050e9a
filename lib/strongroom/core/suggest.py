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


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fold(word: str) -> str:
    return word.lower().translate({ord(mark): None for mark in "-_ "})
