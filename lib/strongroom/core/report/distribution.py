"""How the values of a column spread, as a report tells it: bins and most frequent values, before a run and now.

Shares are from 0 to 1. `before` is what readers had until the run, `now` the rows that the run kept; None where that is
not known. Ends are texts, as the column's type writes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpreadBin:
    """From `low` to `high`, which of whole numbers and dates is the last one in it; else the next bin starts there."""

    low: str
    high: str
    now: float | None
    before: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram of numbers, dates or moments (`of` is `values`), or of how many characters texts have (`lengths`).

    Args:
        of: `values` or `lengths`.
        bins: of equal width, ascending. The outer two take what lies beyond them.
        smallest: of the rows kept now, like the rest; empty where the run kept none.
        lower: a quarter of them is not above it.
        median: half of them.
        upper: three quarters.
        largest: the largest.

    Raises:
        ValueError: `of` is neither.
    """

    of: str
    bins: tuple[SpreadBin, ...]
    smallest: str = ""
    lower: str = ""
    median: str = ""
    upper: str = ""
    largest: str = ""

    def __post_init__(self) -> None:
        if self.of not in ("values", "lengths"):
            raise ValueError(f"a spread is of values or lengths, not of {self.of!r}")


@dataclass(frozen=True, slots=True)
class ValueShare:
    """A frequent value of an open column and the share of rows that have it."""

    value: str
    now: float | None
    before: float | None
