"""How a label is distributed, among the rows read and among those kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.protection import is_kept
from strongroom.quality.counts.failures import Failures

MOST = 50
Pair = tuple[int, int]
"""Rows read, rows kept."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Rows read and kept per value of the label.

    Args:
        values: by value as text; empty as soon as there are more than 50 different ones, which is no label any more:
            then all are in `other`. So merging has the same result in any order.
        missing: rows without a label.
        invalid: rows whose label broke a rule of its column. Such a value can be anything, so it is counted, not kept.
        other: rows with one of too many values.
    """

    values: Mapping[str, Pair] = field(default_factory=dict)
    missing: Pair = (0, 0)
    invalid: Pair = (0, 0)
    other: Pair = (0, 0)

    def merge(self, other: Labels) -> Labels:
        """The distribution of both parts together."""
        values = {
            value: _plus(self.values.get(value, (0, 0)), other.values.get(value, (0, 0)))
            for value in sorted({*self.values, *other.values})
        }
        rest = _plus(self.other, other.other)
        if len(values) > MOST or rest[0]:
            values, rest = {}, _plus(rest, *values.values())
        return Labels(values, _plus(self.missing, other.missing), _plus(self.invalid, other.invalid), rest)


def label_of(contract: Contract) -> Column | None:
    """The column whose values may be counted by name: the label, if it is open and a word, a number or a yes or no."""
    column = contract.role("label")
    kinds = ("string", "boolean", "tinyint", "smallint", "int", "bigint")
    return column if column is not None and is_open(column) and column.type.name in kinds else None


def is_open(column: Column) -> bool:
    """Whether values of a column may be kept and shown: neither personal nor protected."""
    return not column.personal and is_kept(column)


def count_labels(failures: Failures, column: Column) -> Labels:
    """The distribution in one batch."""
    words = failures.rows[column.path].words
    names, null = words.dictionary.cast(pa.string()).to_pylist(), len(words.dictionary)
    codes = words.indices.fill_null(null).to_numpy()
    invalid = failures.of_column(column.path)
    if invalid is not None:
        codes = np.where(invalid & (codes != null), null + 1, codes)
    read = np.bincount(codes, minlength=null + 2)
    kept = np.bincount(codes[~failures.bad], minlength=null + 2) if failures.bad.any() else read
    pairs = list(zip(read.tolist(), kept.tolist(), strict=True))
    named = {name: pair for name, pair in zip(names, pairs, strict=False) if pair[0]}
    return Labels().merge(Labels(named, missing=pairs[null], invalid=pairs[null + 1]))


def _plus(*pairs: Pair) -> Pair:
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
