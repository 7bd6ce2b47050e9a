"""Why texts are not fit to train on, one by one: a batch of texts → the reasons for each, empty for those that stay.

What looks at other texts, duplicates, comes after this: `ordered.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract.curation import ENGLISH, thresholds
from strongroom.core.contract.model import Curation
from strongroom.curation.families import FAMILIES
from strongroom.curation.texts import Flags, blocks

EMPTY, SIGNAL = "empty", "signal."
"""Reasons: there is no text; and that a column does not say what it should, which follows."""


class Judge:
    """Judges batches by a contract's word `curate`."""

    def __init__(self, curation: Curation) -> None:
        self._curation = curation

    def reasons(self, texts: pa.Array, signals: Mapping[str, pa.Array]) -> pa.Array:
        """The reasons for each row (`gopher_quality.min_words`), an empty list for one that has none."""
        found: list[tuple[str, Flags]] = [(EMPTY, _blank(texts))]
        found += self._signals(signals)
        found += self._rules(texts)
        return listed(found, len(texts))

    def _signals(self, columns: Mapping[str, pa.Array]) -> Iterator[tuple[str, Flags]]:
        for name, allowed in self._curation.signals.items():
            column = columns[name]
            fits = pc.is_in(column, value_set=pa.array(list(allowed)).cast(column.type))
            yield f"{SIGNAL}{name}", ~np.asarray(fits.fill_null(False).to_numpy(zero_copy_only=False), bool)

    def _rules(self, texts: pa.Array) -> Iterator[tuple[str, Flags]]:
        known = {family: thresholds(self._curation, family, ENGLISH) for family in self._curation.rules}
        failing: dict[str, Flags] = {}
        for first, block in blocks(texts):
            for family, asked in known.items():
                for name, beyond in FAMILIES[family](block, asked):
                    rows = failing.setdefault(f"{family}.{name}", np.zeros(len(texts), bool))
                    rows[first : first + len(block)] = beyond
        yield from failing.items()


def _blank(texts: pa.Array) -> Flags:
    lengths: Any = pc.utf8_length(pc.utf8_trim_whitespace(texts))
    return np.asarray(lengths.fill_null(0).to_numpy(zero_copy_only=False) == 0)


def listed(found: list[tuple[str, Flags]], rows: int) -> pa.Array:
    """Flags by reason as one list of reasons a row, in the reasons' own order."""
    names = pa.array([name for name, _ in found], pa.string())
    matrix = np.column_stack([flags for _, flags in found]) if found else np.zeros((rows, 0), bool)
    offsets = np.concatenate(([0], np.cumsum(matrix.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(np.nonzero(matrix)[1])))
