"""Texts of a row without what names people: what was found is replaced, and one thing has one name in all of its row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.text.finder import ENTITIES, Finder
from strongroom.text.letters import fold

REPLACEMENTS = ("label", "token", "mask", "remove")
"""`[PERSON_1]`, numbered within the row; a keyed pseudonym; an asterisk for each letter and digit; nothing."""

Tokens = Callable[[pa.Array], pa.Array]
"""Names in their canonical form (`canonical`) to the pseudonyms of a domain; strings both, none of them null."""


@dataclass(frozen=True, slots=True)
class Text:
    """Texts of one column, and how they are redacted.

    Args:
        texts: strings, flat; nulls stay null.
        rows: the row of each text, ascending; a column of arrays has several texts a row.
        find: entities.
        replace: one of REPLACEMENTS.
        tokens: for `token`.
    """

    texts: pa.Array
    rows: np.ndarray
    find: tuple[str, ...] = ENTITIES
    replace: str = "label"
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Values of another column, which are looked for in the texts of their row.

    Args:
        values: strings, flat; nulls are left.
        rows: the row of each value, ascending.
        entity: what they are: one of ENTITIES.
        shared: which of them so many rows share that they name nobody by themselves; None for no value.
    """

    values: pa.Array
    rows: np.ndarray
    entity: str = "person"
    shared: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """What came of some columns.

    Args:
        texts: of each column, as many as came in.
        spans: of each column, what was replaced: as `Finder.find` tells it, `row` the place of the text in its column.
    """

    texts: tuple[pa.Array, ...]
    spans: tuple[pa.Table, ...]


def redact(texts: Sequence[Text], known: Sequence[Known] = (), *, finder: Finder | None = None) -> Redacted:
    """The texts without what was found in them, column by column.

    Args:
        texts: columns of the same rows.
        known: other columns of these rows.
        finder: how entities are found; what it looks for is what the columns name.
    """
    finder = finder or Finder()
    done, found = [], []
    numbers: dict[tuple[int, str, str], int] = {}
    last: dict[tuple[int, str], int] = {}
    for column in texts:
        spans = Finder(column.find, finder.languages, finder.least, finder.model).find(column.texts)
        out = column.texts.to_pylist()
        pieces: dict[int, list[str]] = {}
        ends: dict[int, int] = {}
        for span in spans.to_pylist():
            place, start, end, entity = span["row"], span["start"], span["end"], span["entity"]
            row, text = int(column.rows[place]), out[place]
            key = (row, entity, canonical(text[start:end], entity))
            if key not in numbers:
                numbers[key] = last[row, entity] = last.get((row, entity), 0) + 1
            pieces.setdefault(place, []).append(text[ends.get(place, 0) : start])
            pieces[place].append(f"[{entity.upper()}_{numbers[key]}]")
            ends[place] = end
        for place, parts in pieces.items():
            out[place] = "".join(parts) + out[place][ends[place] :]
        done.append(pa.array(out, pa.string()))
        found.append(spans)
    return Redacted(tuple(done), tuple(found))


def canonical(value: str, entity: str) -> str:
    """One form for all spellings of the same thing: case, accents, blanks."""
    return " ".join(fold(value).lower().split())


def counted(spans: pa.Table) -> dict[str, int]:
    """How many of which entity."""
    counts = spans.column("entity").value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in counts}
