"""Redaction in the one pass: all texts of a row are looked at together, with what the row's other columns say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from strongroom.arrow.leaves import Flat, Leaves, put_back, steps_of
from strongroom.core.contract import Column, Contract
from strongroom.core.contract.redaction import entity_of, find_of, known_leaves, languages_of, redacted_leaves
from strongroom.text import Finder
from strongroom.text.redaction import Known, Redacted, Text, counted, redact


class Redactor:
    """A task's redaction: the lists are loaded once a process, the settings are the contract's."""

    def __init__(self, contract: Contract) -> None:
        self.leaves = redacted_leaves(contract)
        self._known = known_leaves(contract)
        self._steps = steps_of(contract)
        first = self.leaves[0]
        self._finder = Finder(languages=languages_of(first), model=bool(_option(first, "model")))
        self._found: dict[str, dict[str, int]] = {}

    @property
    def found(self) -> Mapping[str, Mapping[str, int]]:
        """How many of which entity were replaced so far, by path."""
        return self._found

    def redacted(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with its texts redacted."""
        rows = Leaves(typed, self._steps)
        flats = [rows[leaf.path] for leaf in self.leaves]
        texts = [self._text(leaf, flat) for leaf, flat in zip(self.leaves, flats, strict=True)]
        done = redact(texts, [_known(leaf, rows[leaf.path]) for leaf in self._known], finder=self._finder)
        self._count(done)
        for leaf, values in zip(self.leaves, done.texts, strict=True):
            typed = put_back(typed, self._steps[leaf.path], values)
        return typed

    def _text(self, leaf: Column, flat: Flat) -> Text:
        return Text(flat.values, _rows(flat), find=find_of(leaf), replace=str(_option(leaf, "replace")))

    def _count(self, done: Redacted) -> None:
        for leaf, spans in zip(self.leaves, done.spans, strict=True):
            mine = self._found.setdefault(leaf.path, {})
            for entity, count in counted(spans).items():
                mine[entity] = mine.get(entity, 0) + count


def _known(leaf: Column, flat: Flat) -> Known:
    values = flat.values if pa.types.is_string(flat.values.type) else flat.values.cast(pa.string())
    return Known(values, _rows(flat), entity=entity_of(leaf))


def _rows(flat: Flat) -> np.ndarray:
    """The row of each value."""
    return np.arange(len(flat.values)) if flat.parents is None else flat.parents


def _option(leaf: Column, name: str) -> object:
    return leaf.protect.options.get(name) if leaf.protect else None
