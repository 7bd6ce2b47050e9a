"""How many different values a protected column has, from marks of its values: exact for few, near for many.

Kept are the smallest MOST marks (k minimum values; Bar-Yossef and others, RANDOM 2002). Parts merge in any order.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

MOST = 1024
"""Marks that are kept: up to so many different values the count is exact, above it is within about 3 %."""

FEW, OFTEN = 100, 10
"""Fewer different values than FEW, each OFTEN times or more on average, are told by their frequencies."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """The smallest marks of a column, in order, eight bytes each; and how many values there were, nulls left out."""

    smallest: bytes = b""
    values: int = 0

    def add(self, marks: Any) -> Distinct:
        """With one more batch of marks, as uint64."""
        have = np.frombuffer(self.smallest, ">u8")
        low = marks[marks < have[-1]] if len(have) == MOST else marks
        # Arrow's hash table, since numpy would sort them all: a column of few values has no mark to leave out.
        found = pa.array(low).unique().to_numpy() if len(low) else low
        both = np.union1d(have, found)[:MOST] if len(found) else have
        return Distinct(both.astype(">u8").tobytes(), self.values + len(marks))

    def merge(self, other: Distinct) -> Distinct:
        """Both parts together."""
        both = np.union1d(np.frombuffer(self.smallest, ">u8"), np.frombuffer(other.smallest, ">u8"))[:MOST]
        return Distinct(both.astype(">u8").tobytes(), self.values + other.values)

    @property
    def count(self) -> int:
        """How many different values."""
        have = np.frombuffer(self.smallest, ">u8")
        return len(have) if len(have) < MOST else round((MOST - 1) * 2.0**64 / (float(have[-1]) + 1))

    @property
    def few(self) -> bool:
        """Whether they are so few, and each so often, that frequencies tell them."""
        return self.count < FEW and self.values >= OFTEN * self.count > 0

    def to_json(self) -> list[Any]:
        """As JSON that `of_json` reads."""
        return [b64encode(self.smallest).decode(), self.values]

    @classmethod
    def of_json(cls, found: list[Any]) -> Distinct:
        """The marks that `to_json` wrote."""
        return cls(b64decode(found[0]), found[1])
