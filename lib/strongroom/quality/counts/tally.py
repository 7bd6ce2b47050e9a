"""What is counted while rows go by: mergeable, so that batches, tasks and partitions add up to the run in any order.

Rules are counted among all rows read. Bounds and lengths are those of the rows kept, which is what readers get, and of
open columns only (neither personal nor protected).
"""

from __future__ import annotations

import datetime
import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract
from strongroom.quality.counts.failures import Failures
from strongroom.quality.counts.kmv import Distinct
from strongroom.quality.counts.labels import Labels, count_labels, is_open, label_of
from strongroom.quality.counts.redactions import Redaction
from strongroom.quality.counts.sketch_states import merge_all

Bound = int | float | Decimal | datetime.date | datetime.datetime


@dataclass(frozen=True, slots=True)
class ColumnTally:
    """Counts of one leaf; of a path inside arrays they are of items, otherwise of rows.

    Args:
        nulls: nulls among what was read, those that could not be read included.
        nulls_kept: nulls among the rows kept.
        empty: empty strings among what was read.
        shortest: fewest characters of a text kept; None without any, and for columns that are not open or not text.
        longest: most characters.
        smallest: of the numbers, dates or timestamps kept, NaN left out; None as above.
        largest: likewise.
    """

    nulls: int = 0
    nulls_kept: int = 0
    empty: int = 0
    shortest: int | None = None
    longest: int | None = None
    smallest: Bound | None = None
    largest: Bound | None = None

    def merge(self, other: ColumnTally) -> ColumnTally:
        """The counts of both parts together."""
        return ColumnTally(
            self.nulls + other.nulls,
            self.nulls_kept + other.nulls_kept,
            self.empty + other.empty,
            _either(min, self.shortest, other.shortest),
            _either(max, self.longest, other.longest),
            _either(min, self.smallest, other.smallest),
            _either(max, self.largest, other.largest),
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of some rows of a run. `Tally()` is of no row at all.

    Args:
        rows: rows read.
        bad: rows that go to quarantine.
        failed: rule's id → rows that broke it.
        counted: set rule's id → rows its metric counts, among those kept.
        columns: by path of the leaf.
        labels: empty where the contract has no label that may be counted.
        distinct: different values kept, by path of each leaf whose protection shows equality; whoever protects counts.
        sketches: binary states by path and kind, of what `sketches.sketches_of` names; whoever sees all batches keeps
            them, and they are there once at the end.
        redactions: of each redacted column, and of texts that are looked at beside it; whoever redacts counts.
        left_out: reason → rows besides `rows` that nobody judged, for whose they are; whoever leaves them out counts.
    """

    rows: int = 0
    bad: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, ColumnTally] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)
    distinct: Mapping[str, Distinct] = field(default_factory=dict)
    sketches: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    redactions: Mapping[str, Redaction] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Rows that readers get."""
        return self.rows - self.bad

    @property
    def counts_any(self) -> bool:
        """Whether anything was counted at all."""
        return bool(self.rows or self.left_out)

    def add(self, failures: Failures, contract: Contract) -> Tally:
        """The counts with one more batch."""
        bad, label = int(np.count_nonzero(failures.bad)), label_of(contract)
        columns = {leaf.path: _count(failures, leaf) for leaf in contract.leaves()}
        labels = count_labels(failures, label) if label else Labels()
        return self.merge(Tally(len(failures.bad), bad, failures.counts, failures.counted, columns, labels))

    def merge(self, other: Tally) -> Tally:
        """The counts of both parts together."""
        paths = {*self.columns, *other.columns}
        none, nothing = ColumnTally(), Distinct()
        values = sorted({*self.distinct, *other.distinct})
        return Tally(
            self.rows + other.rows,
            self.bad + other.bad,
            _sum(self.failed, other.failed),
            _sum(self.counted, other.counted),
            {path: self.columns.get(path, none).merge(other.columns.get(path, none)) for path in sorted(paths)},
            self.labels.merge(other.labels),
            {path: self.distinct.get(path, nothing).merge(other.distinct.get(path, nothing)) for path in values},
            merge_all(self.sketches, other.sketches),
            {
                path: self.redactions.get(path, Redaction()).merge(other.redactions.get(path, Redaction()))
                for path in sorted({*self.redactions, *other.redactions})
            },
            _sum(self.left_out, other.left_out),
        )

    def to_json(self) -> str:
        """All of it as one line of JSON that `from_json` reads."""
        parts = asdict(replace(self, redactions={}))
        for counts in parts["columns"].values():
            counts |= {end: _to_text(counts[end]) for end in ("smallest", "largest")}
        parts["distinct"] = {path: found.to_json() for path, found in self.distinct.items()}
        parts["sketches"] = {
            path: {kind: b64encode(state).decode() for kind, state in of.items()} for path, of in self.sketches.items()
        }
        parts["redactions"] = {path: of.to_json() for path, of in self.redactions.items()}
        return json.dumps(parts, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> Tally:
        """The tally that `to_json` wrote."""
        parts: dict[str, Any] = json.loads(line)
        for counts in parts["columns"].values():
            counts |= {end: _from_text(counts[end]) for end in ("smallest", "largest")}
        columns = {path: ColumnTally(**counts) for path, counts in parts.pop("columns").items()}
        parts["distinct"] = {path: Distinct.of_json(found) for path, found in parts["distinct"].items()}
        parts["sketches"] = {
            path: {kind: b64decode(state) for kind, state in of.items()} for path, of in parts["sketches"].items()
        }
        parts["redactions"] = {path: Redaction.of_json(told) for path, told in parts["redactions"].items()}
        labels = parts.pop("labels")
        values = {value: tuple(pair) for value, pair in labels.pop("values").items()}
        return cls(**parts, columns=columns, labels=Labels(values, **{name: tuple(labels[name]) for name in labels}))


def _count(failures: Failures, column: Column) -> ColumnTally:
    """The counts of one leaf in one batch."""
    flat, text = failures.rows[column.path], column.type.name == "string"
    keep = failures.kept(flat)
    nulls = flat.values.null_count
    counts = ColumnTally(
        nulls,
        nulls if keep is None or flat.valid is None else int(np.count_nonzero(~flat.valid & keep)),
        int(np.count_nonzero(flat.given(flat.bytes == 0))) if text else 0,
    )
    if not is_open(column) or column.type.name in ("binary", "boolean"):
        return counts
    if text:
        chosen = flat.valid if keep is None else flat.given(keep)
        lengths = flat.characters if chosen is None else flat.characters[chosen]
        return replace(counts, shortest=int(lengths.min()), longest=int(lengths.max())) if len(lengths) else counts
    ends = pc.min_max(flat.values if keep is None else flat.values.filter(pa.array(keep)))
    return replace(counts, smallest=_bound(ends["min"]), largest=_bound(ends["max"]))


def _bound(end: pa.Scalar) -> Bound | None:
    """A smallest or largest value as Python holds it; None for null, and for NaN, which has no place in an order."""
    value: Bound | None = end.as_py()
    return None if isinstance(value, float) and math.isnan(value) else value


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


def _either(choose: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """The chosen one of two, where None stands for nothing to choose from."""
    return one if other is None else other if one is None else choose(one, other)


_FORMS: Mapping[str, tuple[type, Callable[[str], Bound]]] = {
    "int": (int, int),
    "float": (float, float),
    "decimal": (Decimal, Decimal),
    "timestamp": (datetime.datetime, datetime.datetime.fromisoformat),  # before date, which it is a kind of
    "date": (datetime.date, datetime.date.fromisoformat),
}


def _to_text(bound: Bound | None) -> list[str] | None:
    """A bound with its type, exactly."""
    for name, (kind, _) in _FORMS.items():
        if isinstance(bound, kind):
            return [name, repr(bound) if kind is float else str(bound)]
    return None


def _from_text(bound: list[str] | None) -> Bound | None:
    return None if bound is None else _FORMS[bound[0]][1](bound[1])
