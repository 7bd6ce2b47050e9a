"""The sketches of a run: kept in `strongroom.metrics`, and merged over the batches that readers see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from strongroom.core.contract import Column, Contract
from strongroom.core.sql_text import all_of, equals, one_of, present
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.kmv import MOST, Distinct
from strongroom.quality.counts.labels import is_open
from strongroom.quality.counts.sketches import DISTINCT, TOP
from strongroom.quality.counts.tally import Tally
from strongroom.stores.lake import Lake
from strongroom.stores.sources import manifest
from strongroom.stores.sources.manifest import Batch

METRICS = "strongroom.metrics"

States = Mapping[str, Mapping[str, bytes]]
"""Sketches by path and kind."""


def without_rare(tally: Tally) -> Tally:
    """The tally of a whole run without the names of values that hardly any row has."""
    sketches = {
        path: {kind: sketch_states.without_rare(state) if kind == TOP else state for kind, state in kinds.items()}
        for path, kinds in tally.sketches.items()
    }
    return replace(tally, sketches=sketches)


def state_rows(contract: Contract, tally: Tally, *, key: int) -> Iterator[dict[str, object]]:
    """A row of `strongroom.metrics` for each sketch, with the number that it gives."""
    leaves = {leaf.path: leaf for leaf in contract.leaves()}
    for path, kinds in sorted(tally.sketches.items()):
        for kind, state in sorted(kinds.items()):
            value = distinct_count(contract, tally, path) if kind == DISTINCT else _count(kind, state)
            yield {
                "about": "column", "name": path, "metric": kind, "value": value,
                "form": form_of(leaves[path], kind, key=key), "state": state,
            }  # fmt: skip


def form_of(leaf: Column, kind: str, *, key: int) -> str:
    """What a state is. Marks of a column that is not open are made under a key, and those of two keys do not merge."""
    return sketch_states.FORMS[kind] if is_open(leaf) else f"{sketch_states.FORMS[kind]} key={key:08x}"


def distinct_count(contract: Contract, tally: Tally, path: str) -> int | None:
    """How many different values a column has among the rows kept, and never more than there are values.

    Exact where few are known by their marks, and where a rule keeps every value once.
    """
    values = _values(tally, path)
    if _is_few(tally, path):
        return tally.distinct[path].count
    if values is not None and _is_unique(contract, path):
        return values
    state = tally.sketches.get(path, {}).get(DISTINCT)
    return None if state is None else within(tally, path, sketch_states.distinct_of(state).value)


def within(tally: Tally, path: str, estimate: float) -> int:
    """An estimate as a number of values that can be: no more than there are, and one at least where there are some."""
    values, number = _values(tally, path), round(estimate)
    return number if values is None else min(max(number, 1), values)


def is_exact(contract: Contract, tally: Tally, path: str) -> bool:
    """Whether the number of different values is no estimate."""
    return _is_few(tally, path) or (_values(tally, path) is not None and _is_unique(contract, path))


def _is_few(tally: Tally, path: str) -> bool:
    exact = tally.distinct.get(path, Distinct())
    return bool(exact.values) and exact.count < MOST


def _is_unique(contract: Contract, path: str) -> bool:
    """Whether no two of the rows kept share a value: a rule of severity `error` sets such rows aside."""
    rules = (rule for rule in contract.rules if rule.check == "unique" and rule.severity == "error")
    return any(rule.columns == (path,) for rule in rules)


def _values(tally: Tally, path: str) -> int | None:
    """How many values the column has among the rows kept; None where it was not counted, or a row has several."""
    counts = tally.columns.get(path)
    return None if counts is None or "[]" in path else tally.kept - counts.nulls_kept


def before(lake: Lake, contract: Contract, *, batch: Batch, key: int) -> States:
    """The sketches of what readers had until this batch; of a column only when every part of that has one alike."""
    table = lake.open(contract.training)
    known = () if table is None else manifest.seen(
        (one for one in manifest.batches(lake, contract.name) if one.number < batch.number), table
    )  # fmt: skip
    numbers = [one.number for one in known if one.number != batch.replaces]
    return stored(lake, contract, batches=numbers, key=key)


def stored(lake: Lake, contract: Contract, *, batches: Sequence[int], key: int) -> States:
    """The sketches of these batches of a data set, merged: those that all have, in one form, under this key."""
    found = lake.open(METRICS)
    if found is None or not batches or "state" not in [field.name for field in found.schema().fields]:
        return {}
    where = all_of(equals("dataset", contract.name), one_of("batch", batches), present("state"))
    rows = lake.rows(METRICS, found, ["batch", "name", "metric", "form", "state"], where=where)
    parts: dict[tuple[str, str, str], dict[int, bytes]] = {}
    for row in rows.to_pylist():
        parts.setdefault((row["name"], row["metric"], row["form"]), {})[row["batch"]] = row["state"]
    merged: dict[str, dict[str, bytes]] = {}
    for leaf in contract.leaves():
        for kind in sketch_states.FORMS:
            of = parts.get((leaf.path, kind, form_of(leaf, kind, key=key)), {})
            if len(of) == len(batches):
                with suppress(ValueError):  # somebody changed it: what it was is not known, and no run fails for that
                    merged.setdefault(leaf.path, {})[kind] = sketch_states.merge(kind, of.values())
    return merged


def _count(kind: str, state: bytes) -> float | None:
    """How many values a sketch has seen; None where it was given up."""
    if kind == TOP:
        return sketch_states.weight_of(state)
    return sketch_states.count_of(state)
