"""Why texts are not fit to train on, one by one: a batch of texts → the reasons for each, none for those that stay.

What looks at other texts, duplicates, comes after this: `ordered.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Curation
from strongroom.core.contract.curation import ENGLISH, thresholds
from strongroom.curation import contamination
from strongroom.curation.contamination import Contamination
from strongroom.curation.families import FAMILIES
from strongroom.curation.language import languages
from strongroom.curation.texts import Flags, blocks

EMPTY, SIGNAL, LANGUAGE = "empty", "signal.", "language"
"""Reasons: there is no text; a column, whose name follows, does not say what it should; the language is another."""


class Judge:
    """Judges batches by a contract's word `curate`."""

    def __init__(self, curation: Curation, contaminated: Contamination | None = None) -> None:
        self._curation, self._contaminated = curation, contaminated

    def reasons(self, texts: pa.Array, signals: Mapping[str, pa.Array]) -> pa.Array:
        """The reasons for each row (`gopher_quality.min_words`), an empty list for one that has none."""
        asked = self._curation
        found: list[tuple[str, Flags]] = [(EMPTY, _blank(texts)), *self._signals(signals)]
        codes = [ENGLISH] * len(texts)
        if asked.languages or asked.by_language:
            codes, sure = languages(texts)
            if asked.languages:
                found.append((LANGUAGE, ~np.isin(codes, asked.languages) | (sure < asked.least_sure)))
        found += self._rules(texts, codes)
        if self._contaminated is not None:
            shared = [self._contaminated.shared(block) for _, block in blocks(texts)]
            found.append((contamination.REASON, np.concatenate(shared) if shared else np.zeros(0, bool)))
        return listed(found, len(texts))

    def _signals(self, columns: Mapping[str, pa.Array]) -> Iterator[tuple[str, Flags]]:
        for name, allowed in self._curation.signals.items():
            column = columns[name]
            fits = pc.is_in(column, value_set=pa.array(list(allowed)).cast(column.type))
            yield f"{SIGNAL}{name}", ~np.asarray(fits.fill_null(False).to_numpy(zero_copy_only=False), bool)

    def _rules(self, texts: pa.Array, codes: Sequence[str]) -> Iterator[tuple[str, Flags]]:
        """Texts of languages for which something else is asked go apart from all others."""
        own = [code if code in self._curation.by_language or code == ENGLISH else "" for code in codes]
        failing: dict[str, Flags] = {}
        for code in dict.fromkeys(own):
            rows = np.flatnonzero(np.array(own) == code)
            for name, beyond in self._of_language(texts.take(pa.array(rows)), code or _other(codes, own)):
                failing.setdefault(name, np.zeros(len(texts), bool))[rows] = beyond
        yield from sorted(failing.items())

    def _of_language(self, texts: pa.Array, code: str) -> Iterator[tuple[str, Flags]]:
        failing: dict[str, list[Flags]] = {}
        known = {family: thresholds(self._curation, family, code) for family in self._curation.rules}
        for _, block in blocks(texts):
            for family, asked in known.items():
                for name, beyond in FAMILIES[family](block, asked):
                    failing.setdefault(f"{family}.{name}", []).append(beyond)
        yield from ((name, np.concatenate(parts)) for name, parts in failing.items())


def _other(codes: Sequence[str], own: Sequence[str]) -> str:
    """One of the languages of which nothing is said."""
    return next(code for code, mine in zip(codes, own, strict=True) if not mine)


def _blank(texts: pa.Array) -> Flags:
    lengths: Any = pc.utf8_length(pc.utf8_trim_whitespace(texts))
    return np.asarray(lengths.fill_null(0).to_numpy(zero_copy_only=False) == 0)


def listed(found: Sequence[tuple[str, Flags]], rows: int) -> pa.Array:
    """Flags by reason as one list of reasons a row, in the reasons' own order."""
    names = pa.array([name for name, _ in found], pa.string())
    matrix = np.column_stack([flags for _, flags in found]) if found else np.zeros((rows, 0), bool)
    offsets = np.concatenate(([0], np.cumsum(matrix.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(np.nonzero(matrix)[1])))
