"""What redaction did to a column: mergeable, and never a word of it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.sketches import DISTINCT

WORDS_BEFORE, WORDS_AFTER, TEXTS_BEFORE, TEXTS_AFTER = "words before", "words after", "texts before", "texts after"
"""Sketches of how many different words and texts there are; of marks made under a key."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The counts of one column of texts, among the rows kept.

    Args:
        texts: texts, nulls left out.
        found: how many of which entity were replaced.
        leaks: texts that hold a valid identifier or a known value of their row still.
        sketches: binary states, by name; empty for a column that is only looked at.
    """

    texts: int = 0
    found: Mapping[str, int] = field(default_factory=dict)
    leaks: int = 0
    sketches: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share of texts with a leak."""
        return self.leaks / self.texts if self.texts else 0.0

    def merge(self, other: Redaction) -> Redaction:
        """The counts of both parts together."""
        names = sorted({*self.sketches, *other.sketches})
        return Redaction(
            self.texts + other.texts,
            {name: self.found.get(name, 0) + other.found.get(name, 0) for name in sorted({*self.found, *other.found})},
            self.leaks + other.leaks,
            {
                name: sketch_states.merge(DISTINCT, [of[name] for of in (self.sketches, other.sketches) if name in of])
                for name in names
            },
        )

    def different(self, name: str) -> int | None:
        """How many different words or texts there are, an estimate; None where nobody counted."""
        state = self.sketches.get(name)
        return None if state is None else round(sketch_states.distinct_of(state).value)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        states = {name: b64encode(state).decode() for name, state in self.sketches.items()}
        return {"texts": self.texts, "found": dict(self.found), "leaks": self.leaks, "sketches": states}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Redaction:
        """What `to_json` told."""
        states = {name: b64decode(state) for name, state in told["sketches"].items()}
        return cls(told["texts"], told["found"], told["leaks"], states)
