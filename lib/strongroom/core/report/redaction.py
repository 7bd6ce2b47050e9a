"""What a report says of redacted texts: counts of entities, what is left, what it did to use; no word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RedactionFacts:
    """One column of texts, among the rows that passed.

    Args:
        path: the column's.
        redacted: whether it is; if not it is only looked at.
        texts: nulls left out.
        found: how many of which entity were replaced.
        leaks: texts that hold a valid identifier or a known value of their row still.
        words_before: different words, an estimate, like the rest; None where nobody counted.
        texts_before: different texts.
    """

    path: str
    redacted: bool
    texts: int
    found: Mapping[str, int] = field(default_factory=dict)
    leaks: int = 0
    words_before: int | None = None
    words_after: int | None = None
    texts_before: int | None = None
    texts_after: int | None = None


@dataclass(frozen=True, slots=True)
class MissFacts:
    """Of how many planted persons or values something stayed readable; `bound` holds with 95 % confidence."""

    entity: str
    planted: int
    missed: int
    rate: float
    bound: float
