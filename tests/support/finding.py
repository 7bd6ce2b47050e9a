"""What tests of recognisers share: the spans of one text, as entity and letters."""

import pyarrow as pa

from strongroom.text import Finder


def found(text: str, *entities: str, languages: tuple[str, ...] = ("en", "es", "de", "fr")) -> list[tuple[str, str]]:
    finder = Finder(entities or Finder().entities, languages)
    table = finder.find(pa.array([text]))
    return [
        (entity, text[start:end])
        for entity, start, end in zip(*(table[name].to_pylist() for name in ("entity", "start", "end")), strict=True)
    ]


def of(text: str, entity: str, entities: tuple[str, ...] = ()) -> list[str]:
    return [letters for each, letters in found(text, *entities) if each == entity]
