"""What a run remembers of a column's values, small and mergeable: Apache DataSketches, fed batch by batch.

Which column gets which is a function of the contract alone (`sketches_of`), as docs/quality.md has it in a table. Only
rows kept are sketched. Why so: docs/decisions/sketches.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasketches import frequent_strings_sketch, kll_doubles_sketch

from strongroom.arrow import buffers
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column, Contract, Rule
from strongroom.quality.counts.failures import Failures
from strongroom.quality.counts.hll import Hll, Words
from strongroom.quality.counts.labels import is_open

DISTINCT, QUANTILES, LENGTHS, TOP = "distinct", "quantiles", "lengths", "top"
KLL_K = 200
"""Spark's default too: a rank is off by 1.3 % at most, with 99 % confidence."""
LG_TOP = 10
"""768 values are counted exactly; of more, each count is off by 0.35 % of the rows at most."""
SHORT = 64
"""Characters to which the contract must bound a text whose most frequent values are kept by name."""
FREE = 256
"""Characters that a text may have which is still one of words rather than free text, whose values are not counted."""
SAMPLE = 2_048
"""Values of a batch that tell whether it has few different ones: when no more than a quarter of them differ."""

WHOLE = ("tinyint", "smallint", "int", "bigint", "date", "timestamp", "timestamp_ntz")
NUMBERS = (*WHOLE, "float", "double", "decimal")


def sketches_of(contract: Contract) -> Mapping[str, tuple[str, ...]]:
    """The sketches of each leaf, by path; a leaf without any is left out."""
    few = {path for rule in contract.rules if _names_few(rule) for path in rule.columns}
    long = {path for rule in contract.rules if _bound_of(rule) > FREE for path in rule.columns}
    found = {
        leaf.path: tuple(_kinds(leaf, few=leaf.path in few, free=leaf.role == "text" or leaf.path in long))
        for leaf in contract.leaves()
    }
    return {path: kinds for path, kinds in found.items() if kinds}


def _names_few(rule: Rule) -> bool:
    """Whether a rule makes its column one of short words: a list of values, or a bound on their length."""
    if rule.severity != "error" or len(rule.columns) != 1:
        return False
    return 0 < _bound_of(rule) <= SHORT or rule.check == "validValues"


def _bound_of(rule: Rule) -> int:
    """The characters that a rule allows a text; 0 for other rules."""
    return rule.argument if rule.check == "maxLength" and isinstance(rule.argument, int) else 0


def _kinds(leaf: Column, *, few: bool, free: bool) -> Iterator[str]:
    kind, method = leaf.type.name, leaf.protect.method if leaf.protect else ""
    if not is_open(leaf):
        options = leaf.protect.options if leaf.protect else {}
        differs = options.get("mode") == "randomised" or "rowKey" in options
        if method != "drop" and not differs:  # nothing leaves, or every value is another one
            yield DISTINCT
    elif kind in NUMBERS:
        yield from (DISTINCT, QUANTILES)
    elif kind == "string":
        yield LENGTHS
        if not free:
            yield DISTINCT
    if is_open(leaf) and (kind == "boolean" or (few and kind != "binary" and not leaf.unique and not free)):
        yield TOP


class Sketcher:
    """The sketches of the rows that one task keeps."""

    def __init__(self, contract: Contract, kinds: Mapping[str, tuple[str, ...]]) -> None:
        self._leaves = [leaf for leaf in contract.leaves() if leaf.path in kinds]
        self._open = [leaf for leaf in self._leaves if is_open(leaf)]
        self._distinct = {path: Hll() for path, of in kinds.items() if DISTINCT in of}
        self._quantiles = {path: kll_doubles_sketch(KLL_K) for path, of in kinds.items() if QUANTILES in of}
        self._lengths = {path: kll_doubles_sketch(KLL_K) for path, of in kinds.items() if LENGTHS in of}
        self._top = {path: _Top() for path, of in kinds.items() if TOP in of}

    def add(self, failures: Failures) -> None:
        """The values kept of one batch, of open columns."""
        for leaf in self._open:
            flat = failures.rows[leaf.path]
            chosen = _chosen(flat, failures)
            if leaf.type.name in NUMBERS:
                self._add_numbers(leaf, flat, chosen)
            else:
                self._add_words(leaf, flat, chosen)

    def add_marks(self, path: str, marks: Words) -> None:
        """The marks of the values kept of one batch, of a column that is not open: equal where the values are."""
        if path in self._distinct:
            self._distinct[path].add_words(marks)

    def states(self) -> dict[str, dict[str, bytes]]:
        """Every sketch in its binary form, by path and kind."""
        found: dict[str, dict[str, bytes]] = {leaf.path: {} for leaf in self._leaves}
        for kind, sketches in ((QUANTILES, self._quantiles), (LENGTHS, self._lengths)):
            for path, sketch in sketches.items():
                found[path][kind] = bytes(sketch.serialize())
        for path, hll in self._distinct.items():
            found[path][DISTINCT] = hll.state()
        for path, top in self._top.items():
            found[path][TOP] = top.state()
        return found

    def _add_numbers(self, leaf: Column, flat: Flat, chosen: buffers.Mask | None) -> None:
        whole = leaf.type.name in WHOLE
        plain = flat.values if leaf.type.name != "decimal" else flat.values.cast(pa.float64())
        numbers = buffers.numbers(plain) if chosen is None else buffers.numbers(plain)[chosen]
        doubles = numbers.astype(np.float64)
        words = numbers.astype(np.int64) if whole else np.where(np.isnan(doubles), np.nan, doubles + 0.0).view(np.int64)
        self._distinct[leaf.path].add_words(words.view(np.uint64))
        # NaN has no place in an order; an infinity would make every average of neighbours one.
        self._quantiles[leaf.path].update(doubles if whole else doubles[np.isfinite(doubles)])
        if leaf.path in self._top:
            self._top[leaf.path].add(_taken(flat.values, chosen))

    def _add_words(self, leaf: Column, flat: Flat, chosen: buffers.Mask | None) -> None:
        if leaf.path in self._lengths:
            lengths = flat.characters if chosen is None else flat.characters[chosen]
            self._lengths[leaf.path].update(lengths.astype(np.float64))
        top, distinct = self._top.get(leaf.path), self._distinct.get(leaf.path)
        values = _taken(flat.values, chosen) if top or distinct else None
        unlike = top.add(values) if top else None
        if distinct:
            distinct.add_texts((_unlike(values) if unlike is None else unlike).to_pylist())


class _Top:
    """The most frequent values of a column, until a batch shows that hardly any comes twice."""

    def __init__(self) -> None:
        self._sketch: frequent_strings_sketch | None = frequent_strings_sketch(LG_TOP)

    def add(self, values: pa.Array) -> pa.Array | None:
        """With one more batch; returns its different values where they had to be found."""
        if self._sketch is None:
            return None
        counts = pc.value_counts(values)
        unlike = counts.field("values")
        if len(counts) > 1 << LG_TOP and 2 * len(counts) > len(values):
            self._sketch = None
            return unlike
        for name, count in zip(unlike.cast(pa.string()).to_pylist(), counts.field("counts").to_pylist(), strict=True):
            self._sketch.update(name, count)
        return unlike

    def state(self) -> bytes:
        return b"" if self._sketch is None else bytes(self._sketch.serialize())


def _chosen(flat: Flat, failures: Failures) -> buffers.Mask | None:
    """Which values are not null and of rows kept; None for all."""
    keep = failures.kept(flat)
    return flat.valid if keep is None else flat.given(keep)


def _unlike(values: pa.Array) -> pa.Array:
    """The different values, or all of them where finding them would cost more than it saves."""
    sample = values[:SAMPLE]
    return values.unique() if 4 * len(sample.unique()) <= len(sample) else values


def _taken(values: pa.Array, chosen: buffers.Mask | None) -> pa.Array:
    return values if chosen is None else values.filter(pa.array(chosen))
