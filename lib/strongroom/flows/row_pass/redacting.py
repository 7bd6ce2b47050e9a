"""Redaction in the one pass: all texts of a row are looked at together, with what the row's other columns say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from strongroom.arrow.leaves import Flat, Leaves, put_back, steps_of
from strongroom.core.contract import Column, Contract, Type
from strongroom.core.contract.redaction import entity_of, find_of, known_leaves, languages_of, redacted_leaves
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.hash import token_info, tokens_under
from strongroom.protect.methods.method import Kernel
from strongroom.text import Finder
from strongroom.text.redaction import Known, Redacted, Text, counted, redact


class Redactor:
    """A task's redaction: the lists are loaded once a process, the settings are the contract's."""

    def __init__(self, contract: Contract, *, table: str, keyring: Keyring) -> None:
        self._columns = contract.columns
        self._kept = any(leaf.original_of for leaf in contract.leaves())
        contract = contract.as_read
        self.leaves = redacted_leaves(contract)
        self._known = known_leaves(contract)
        self._steps = steps_of(contract)
        first = self.leaves[0]
        self._finder = Finder(languages=languages_of(first), model=bool(_option(first, "model")))
        self._tokens = {
            leaf.path: tokens_of(leaf, table=table, keyring=keyring)
            for leaf in self.leaves
            if _option(leaf, "replace") == "token"
        }
        self._found: dict[str, dict[str, int]] = {}

    @property
    def found(self) -> Mapping[str, Mapping[str, int]]:
        """How many of which entity were replaced so far, by path."""
        return self._found

    def redacted(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of rows as they were read, with its texts redacted, and the originals beside those that keep them."""
        rows = Leaves(typed, self._steps)
        flats = [rows[leaf.path] for leaf in self.leaves]
        texts = [self._text(leaf, flat) for leaf, flat in zip(self.leaves, flats, strict=True)]
        done = redact(texts, [_known(leaf, rows[leaf.path]) for leaf in self._known], finder=self._finder)
        self._count(done)
        made = typed
        for leaf, values in zip(self.leaves, done.texts, strict=True):
            made = put_back(made, self._steps[leaf.path], values)
        if not self._kept:
            return made
        names = [column.name for column in self._columns]
        raw, clean = (dict(zip(each.schema.names, each.columns, strict=True)) for each in (typed, made))
        return pa.RecordBatch.from_arrays(_beside(self._columns, raw, clean), names=names)

    def _text(self, leaf: Column, flat: Flat) -> Text:
        how = str(_option(leaf, "replace"))
        return Text(flat.values, _rows(flat), find=find_of(leaf), replace=how, tokens=self._tokens.get(leaf.path))

    def _count(self, done: Redacted) -> None:
        for leaf, spans in zip(self.leaves, done.spans, strict=True):
            mine = self._found.setdefault(leaf.path, {})
            for entity, count in counted(spans).items():
                mine[entity] = mine.get(entity, 0) + count


def _beside(columns: Sequence[Column], raw: Mapping[str, pa.Array], clean: Mapping[str, pa.Array]) -> list[pa.Array]:
    """The arrays of columns side by side: redacted ones, and of those that keep their originals these, as they came."""
    arrays = []
    for column in columns:
        if column.original_of:
            arrays.append(raw[column.original_of.rpartition(".")[2]])
        elif any(leaf.original_of for leaf in column.leaves()):
            inner = [_fields(each[column.name]) for each in (raw, clean)]
            names, array = [field.name for field in column.type.fields], clean[column.name]
            mask = array.is_null() if array.null_count else None
            arrays.append(pa.StructArray.from_arrays(_beside(column.type.fields, *inner), names=names, mask=mask))
        else:
            arrays.append(clean[column.name])
    return arrays


def _fields(array: pa.Array) -> dict[str, pa.Array]:
    return {field.name: values for field, values in zip(array.type, array.flatten(), strict=True)}


def tokens_of(leaf: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function from names in their canonical form to tokens: those of a `hash` column of the same domain."""
    key = keyring.derive(token_info(leaf, table=table), length=32)
    return tokens_under(key, key_id=keyring.primary, type_=Type("string"))


def _known(leaf: Column, flat: Flat) -> Known:
    values = flat.values if pa.types.is_string(flat.values.type) else flat.values.cast(pa.string())
    return Known(values, _rows(flat), entity=entity_of(leaf))


def _rows(flat: Flat) -> np.ndarray:
    """The row of each value."""
    return np.arange(len(flat.values)) if flat.parents is None else flat.parents


def _option(leaf: Column, name: str) -> object:
    return leaf.protect.options.get(name) if leaf.protect else None
