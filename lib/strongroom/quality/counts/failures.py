"""What failed in one batch: a bit per row and rule, and the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.arrow.buffers import Mask, some
from strongroom.arrow.leaves import Flat, Leaves
from strongroom.core.contract import Rule


@dataclass(frozen=True, slots=True)
class Failures:
    """Which rows of a batch broke which rules.

    Args:
        rules: the judge's rules; rule i is bit `i % 64` of word `i // 64`.
        words: uint64[rows, words]; errors and warnings.
        bad: rows that broke a rule of severity `error`: they go to quarantine.
        counts: rule's id → rows that broke it, among all rows; a rule nobody broke has 0.
        counted: set rule's id → rows its metric counts, among the rows that are not bad; percentages are of these.
        rows: the batch as it was judged, for the tally.
    """

    rules: Sequence[Rule]
    words: np.ndarray
    bad: Mask
    counts: Mapping[str, int]
    counted: Mapping[str, int]
    rows: Leaves

    def reasons(self) -> pa.ListArray:
        """For each bad row, in order, the ids of the rules of severity `error` it broke."""
        errors = [place for place, rule in enumerate(self.rules) if rule.severity == "error"]
        words = np.ascontiguousarray(self.words[self.bad]).astype("<u8", copy=False)
        bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
        row, rule = np.nonzero(bits[:, errors])
        ends = np.zeros(len(words) + 1, np.int32)
        np.cumsum(np.bincount(row, minlength=len(words)), out=ends[1:])
        ids = pa.array([self.rules[place].id for place in errors], pa.string())
        return pa.ListArray.from_arrays(pa.array(ends), ids.take(pa.array(rule)))

    def of_column(self, path: str) -> Mask | None:
        """The rows that broke any rule of this column, or None when no row did."""
        mask = np.zeros(len(self.bad), np.bool_)
        for place, rule in enumerate(self.rules):
            if path in rule.columns and self.counts[rule.id]:
                mask |= (self.words[:, place // 64] >> np.uint64(place % 64)) & np.uint64(1) != 0
        return some(mask)

    def kept(self, flat: Flat) -> Mask | None:
        """Which values are of rows that are not bad, or None when no row is."""
        if not self.bad.any():
            return None
        return ~(self.bad if flat.parents is None else self.bad[flat.parents])
