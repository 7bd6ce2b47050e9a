"""Texts of a person's rows without the other people who are named in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.redaction import REDACT
from strongroom.flows.person.opening import Row
from strongroom.text import Finder

ENTITIES = ("person", "email", "phone", "username", "profile")
"""What names others, or leads to them."""
LONGEST = 6
"""Words of a name, a number or a short address; what has more is a text, which may name others."""
_WORD = re.compile(r"[^\W_]+")


def own_words(rows: Iterable[tuple[Contract | None, Sequence[Row]]], names: Sequence[str]) -> frozenset[str]:
    """Every word, in small letters, of the values that are the person's own: no text is one of these."""
    found = {word for name in names for word in _words(name)}
    for contract, theirs in rows:
        for leaf in contract.leaves() if contract is not None else ():
            if _is_own(leaf, theirs):
                found.update(word for text in _texts(theirs, leaf) for word in _words(text))
    return frozenset(found)


def without_others(contract: Contract | None, rows: Sequence[Row], own: frozenset[str]) -> int:
    """Takes others out of the texts of these rows, where they stand; returns how many names were taken out."""
    leaves = [leaf for leaf in contract.leaves() if _may_name(leaf, rows)] if contract is not None else []
    texts = [text for leaf in leaves for text in _texts(rows, leaf)]
    if not texts:
        return 0
    spans: dict[int, list[tuple[int, int, str]]] = {}
    for place, span in Finder(entities=ENTITIES).in_rows(texts):
        said = set(_words(texts[place][span.start : span.end]))
        if not said or not said <= own:
            spans.setdefault(place, []).append((span.start, span.end, span.entity))
    done = iter([_masked(text, spans.get(place, [])) for place, text in enumerate(texts)])
    for leaf in leaves:
        for row in rows:
            _each(row, leaf.path.split("."), lambda _: next(done))
    return sum(map(len, spans.values()))


def _may_name(leaf: Column, rows: Sequence[Row]) -> bool:
    """Whether a leaf's texts may name others; a key or a label does not."""
    named = leaf.type.name == "string" and not leaf.unique and leaf.role not in ("key", "label")
    return named and not _is_own(leaf, rows)


def _is_own(leaf: Column, rows: Sequence[Row]) -> bool:
    """Whether a leaf says who the person is: it is personal, and none of its values is a text."""
    if leaf.method == REDACT or leaf.original_of or leaf.role == "text" or leaf.about:
        return False
    return leaf.subject or (leaf.personal and all(len(text.split()) <= LONGEST for text in _texts(rows, leaf)))


def _masked(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    pieces, end = list[str](), 0
    for start, stop, entity in spans:
        pieces += (text[end:start], f"[OTHER {entity.upper()}]")
        end = stop
    return "".join((*pieces, text[end:]))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _texts(rows: Sequence[Row], leaf: Column) -> list[str]:
    """The texts of a leaf in these rows; a number is one, too, where nothing is to be put in its place."""
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    for row in rows:
        _each(row, leaf.path.split("."), keep)
    return found


def _each(value: object, steps: Sequence[str], change: Callable[[str], str]) -> None:
    """Puts in the place of each text at a path what the function makes of it; numbers are seen as text, and stay."""
    name, *rest = steps
    name, inside = name.removesuffix("[]"), name.endswith("[]")
    if not isinstance(value, dict) or name not in value:
        return
    here = value[name]
    if inside and isinstance(here, list) and not rest:
        value[name] = [change(each) if isinstance(each, str) else each for each in here]
    elif rest:
        for each in here if inside and isinstance(here, list) else [here]:
            _each(each, rest, change)
    elif isinstance(here, str):
        value[name] = change(here)
    elif isinstance(here, int | float):
        change(str(here))
