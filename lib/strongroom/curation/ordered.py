"""Which rows repeat an earlier one: rows in their order → for each, whether it goes.

A row goes beside an earlier row that stays. So the answer for a row hangs on the rows before it alone, and an increment
gives what a full run would.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EXACT, NEAR = "duplicate.exact", "duplicate.near"


class Kept:
    """The rows that stay, so far."""

    def __init__(self) -> None:
        self._exact: set[bytes] = set()

    def repeats(self, prints: list[bytes], *, judged: list[bool]) -> npt.NDArray[np.bool_]:
        """Which of the next rows have the text of an earlier one that stays; those that are `judged` already go."""
        found = np.zeros(len(prints), bool)
        for row, (text, gone) in enumerate(zip(prints, judged, strict=True)):
            if gone:
                continue
            found[row] = text in self._exact
            self._exact.add(text)
        return found
