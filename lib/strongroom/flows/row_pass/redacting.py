"""Redaction in the one pass: all texts of a row are looked at together, with what the row's other columns say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.leaves import Flat, Leaves, put_back, steps_of
from strongroom.core.contract import Column, Contract, Type
from strongroom.core.contract.redaction import (
    COURT,
    ENTITIES,
    entity_of,
    find_of,
    known_leaves,
    languages_of,
    redacted_leaves,
    watched_leaves,
)
from strongroom.core.keys.ring import Keyring, purpose_info
from strongroom.flows.row_pass.part_reader import blocks_of, form_of
from strongroom.protect.equality_marks import Words, marker
from strongroom.protect.fingerprints import fingerprints
from strongroom.protect.methods.hash import token_info, tokens_under
from strongroom.protect.methods.method import Kernel
from strongroom.quality.counts.hll import Hll
from strongroom.quality.counts.redactions import TEXTS_AFTER, TEXTS_BEFORE, WORDS_AFTER, WORDS_BEFORE, Redaction
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.sources.work_items import Part
from strongroom.text import Finder
from strongroom.text.canaries import Misses, missed, planted
from strongroom.text.leaks import leaking
from strongroom.text.redaction import Known, Text, counted, redact


@dataclass(frozen=True, slots=True)
class Shared:
    """Fingerprints of known values that many rows share, by path, and the run whose key made them."""

    prints: Mapping[str, bytes]
    run_id: str


class Redactor:
    """A task's redaction: the lists are loaded once a process, the settings are the contract's."""

    def __init__(
        self, contract: Contract, *, table: str, keyring: Keyring, shared: Shared | None = None, sketched: bool = True
    ) -> None:
        self._columns = contract.columns
        self._kept = any(leaf.original_of for leaf in contract.leaves())
        contract = contract.as_read
        self.leaves = redacted_leaves(contract)
        self._known = known_leaves(contract)
        self._shared = None if shared is None else _masks(shared, keyring)
        self._steps = steps_of(contract)
        self._finder = _finder(self.leaves[0])
        self._tokens = {
            leaf.path: tokens_of(leaf, table=table, keyring=keyring)
            for leaf in self.leaves
            if _option(leaf, "replace") == "token"
        }
        self._watched = watched_leaves(contract)
        marked = self.leaves if sketched else ()
        self._uses = {leaf.path: _Use(marker(leaf, table=table, keyring=keyring)) for leaf in marked}
        self._counts: dict[str, Redaction] = {}

    @property
    def counts(self) -> Mapping[str, Redaction]:
        """What became of each text column so far: redacted ones, and those that are only looked at."""
        return {
            path: replace(count, sketches=self._uses[path].states()) if path in self._uses else count
            for path, count in self._counts.items()
        }

    def redacted(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of rows as they were read, with its texts redacted, and the originals beside those that keep them."""
        rows = Leaves(typed, self._steps)
        flats = [rows[leaf.path] for leaf in self.leaves]
        texts = [self._text(leaf, flat) for leaf, flat in zip(self.leaves, flats, strict=True)]
        known = [_known(leaf, rows[leaf.path], self._shared) for leaf in self._known]
        done = redact(texts, known, finder=self._finder)
        for leaf, text, spans, after in zip(self.leaves, texts, done.spans, done.texts, strict=True):
            if leaf.path in self._uses:
                self._uses[leaf.path].add(text.texts, after)
            self._look(leaf.path, after, text.rows, known, entities=text.find, found=counted(spans))
        for leaf in self._watched:
            flat = rows[leaf.path]
            self._look(leaf.path, flat.values, _rows(flat), known, entities=ENTITIES, found={})
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

    def _look(
        self, path: str, texts: pa.Array, rows: np.ndarray, known: Sequence[Known], *, entities: Sequence[str],
        found: Mapping[str, int],
    ) -> None:  # fmt: skip
        """Count what was replaced in some texts, and in how many something is left, by a search of its own."""
        leaks = int(np.count_nonzero(leaking(texts, rows, known, entities=entities)))
        count = Redaction(len(texts) - texts.null_count, found, leaks)
        self._counts[path] = self._counts.get(path, Redaction()).merge(count)


class _Use:
    """How many different words and texts a column has before and after, as marks made under a key."""

    def __init__(self, marks: Callable[[pa.Array], Words]) -> None:
        self._marks = marks
        self._sketches = {name: Hll() for name in (WORDS_BEFORE, WORDS_AFTER, TEXTS_BEFORE, TEXTS_AFTER)}

    def add(self, before: pa.Array, after: pa.Array) -> None:
        for texts, words_name, texts_name in ((before, WORDS_BEFORE, TEXTS_BEFORE), (after, WORDS_AFTER, TEXTS_AFTER)):
            words = pc.list_flatten(pc.utf8_split_whitespace(texts.drop_null())).unique()
            self._sketches[words_name].add_words(self._marks(words))
            self._sketches[texts_name].add_words(self._marks(texts))

    def states(self) -> dict[str, bytes]:
        return {name: sketch.state() for name, sketch in self._sketches.items()}


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


def _known(leaf: Column, flat: Flat, shared: Masks | None) -> Known:
    values = flat.values if pa.types.is_string(flat.values.type) else flat.values.cast(pa.string())
    many = None if shared is None else shared(leaf.path, values)
    return Known(values, _rows(flat), entity=entity_of(leaf), shared=many)


Masks = Callable[[str, pa.Array], np.ndarray | None]
"""Path of a known column, and some of its values → which of them many rows share."""


def _masks(shared: Shared, keyring: Keyring) -> Masks:
    key = keyring.derive(purpose_info("fingerprint", shared.run_id), length=32)
    known = {path: np.frombuffer(prints, "V16") for path, prints in shared.prints.items()}

    def mask(path: str, values: pa.Array) -> np.ndarray | None:
        if path not in known:
            return None
        there = np.asarray(values.is_valid())
        prints = fingerprints([values.drop_null()], [Type("string")], key=key)
        found = np.zeros(len(values), np.bool_)
        found[there] = np.isin(np.ascontiguousarray(prints).view("V16").reshape(-1), known[path])
        return found

    return mask


def _rows(flat: Flat) -> np.ndarray:
    """The row of each value."""
    return np.arange(len(flat.values)) if flat.parents is None else flat.parents


def _option(leaf: Column, name: str) -> object:
    return leaf.protect.options.get(name) if leaf.protect else None


FIRST = 1_000
"""Rows that a rehearsal looks at, at most."""


def foretold(contract: Contract, parts: Iterable[Part]) -> tuple[int, dict[str, dict[str, int]]]:
    """How many rows were looked at, of the first parts, and how many of which entity their texts hold, by path."""
    contract, rows = contract.as_read, 0
    leaves, steps, found = redacted_leaves(contract), steps_of(contract), dict[str, Counter[str]]()
    for part in parts:
        for block in blocks_of(part, contract, Seen(), form_of(part, contract)):
            typed = read_batch(block.rows.slice(0, FIRST - rows), contract).batch
            flats = Leaves(typed, steps)
            texts = [Text(flats[leaf.path].values, _rows(flats[leaf.path]), find=find_of(leaf)) for leaf in leaves]
            known = [_known(leaf, flats[leaf.path], None) for leaf in known_leaves(contract)]
            for leaf, spans in zip(leaves, redact(texts, known, finder=_finder(leaves[0])).spans, strict=True):
                found.setdefault(leaf.path, Counter()).update(counted(spans))
            rows += typed.num_rows
            if rows >= FIRST:
                return rows, {path: dict(count) for path, count in found.items()}
    return rows, {path: dict(count) for path, count in found.items()}


PLANTED, PLANTED_FOR_MODEL = 300, 100
"""Canaries of each entity; fewer where each costs a look of the model."""


def misses(contract: Contract) -> Mapping[str, Misses]:
    """What redaction misses of planted texts: by the contract's settings, and without help of other columns."""
    leaves = redacted_leaves(contract)
    find = tuple(entity for entity in COURT if any(entity in find_of(leaf) for leaf in leaves))
    return _misses(find, _finder(leaves[0]))


@cache
def _misses(find: tuple[str, ...], finder: Finder) -> Mapping[str, Misses]:
    count = PLANTED_FOR_MODEL if finder.model else PLANTED
    found = {}
    for entity, canaries in planted(find, languages=finder.languages, count=count, seed="strongroom").items():
        texts = pa.array([canary.text for canary in canaries], pa.string())
        done = redact([Text(texts, np.arange(len(texts)), find=find)], finder=finder).texts[0].to_pylist()
        left = sum(missed(canary, text or "") for canary, text in zip(canaries, done, strict=True))
        found[entity] = Misses(len(canaries), left)
    return found


def _finder(leaf: Column) -> Finder:
    """What a contract's texts are looked at with; all its redacted columns say the same."""
    return Finder(languages=languages_of(leaf), model=bool(_option(leaf, "model")))
