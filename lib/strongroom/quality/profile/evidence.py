"""What the counts of a column's values tell: which entities they are or hold, whether they are sentences, and whether
they speak against the column's name.

A name is evidence for values that could be what it says, and never alone: values that cannot be that are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from strongroom.core.contract import Type
from strongroom.core.contract.protection import NUMBERS
from strongroom.quality.profile.names import KINDS, kind_of, parts_of
from strongroom.quality.profile.tally import Tally
from strongroom.text import ENTITIES


@dataclass(frozen=True, slots=True)
class Share:
    """In which part of the rows that have a value an entity was found, as far as the looked-at tell of all.

    Args:
        entity: in the words of `strongroom.text`.
        whole: the value is nothing but what was found in it.
        within: it stands among other words.
    """

    entity: str
    whole: float
    within: float


OF_ENTITY = {entity: kind for kind, sort in reversed(list(KINDS.items())) for entity in sort.entities}
"""Entity → kind of column, the first that has it."""
PROVEN = ("email", "iban", "card", "national_id", "tax_id", "wallet")
"""Entities of which one value says what a column is whose name says nothing: by a form or check digits of their own."""
_BY_CHANCE = ("card", "national_id", "tax_id")
"""Of those, what one in ten to one in a hundred other codes looks like."""
_MOST, _NEARLY, _SOME, _NONE = 0.6, 0.95, 0.2, 0.05
_FEW_NUMBERS, _FEW_VALUES = 8, 10
"""So many different numbers have the check digits of one state by no chance; so many values tell that none is of a
sort."""


def entities_of(tally: Tally, kind: str = "") -> tuple[str, ...]:
    """What most values are or hold, the one that most are first.

    Args:
        tally: of the values.
        kind: what the column's name says, which counts for values that could be that, and for no others.
    """
    looked = tally.found.get("looked", 0)
    if not looked:
        return ()
    found = dict[str, float]()
    for entity in ENTITIES:
        bare = tally.found.get(entity, 0) + tally.found.get(f"{entity} within", 0)
        labelled = tally.found.get(f"{entity} labelled", 0) if kind in KINDS and entity in KINDS[kind].entities else 0
        if bare + labelled >= max(1, _MOST * looked):
            found[entity] = (tally.found.get(entity, 0) + labelled) / looked
    if not found and looked >= _FEW_NUMBERS:
        state = max((number for name, number in tally.found.items() if name.startswith("number ")), default=0)
        if state >= _NEARLY * looked:
            found["national_id"] = 1.0
    if "secret" in found:  # passwords stand in addresses, before an @
        return ("secret",)
    return tuple(sorted(found, key=lambda entity: -found[entity]))


def shares_of(name: str, tally: Tally) -> tuple[Share, ...]:
    """What was found in a column of this name, the most frequent first."""
    kind = kind_of(parts_of(name))
    own = KINDS[kind].entities if kind in KINDS else ()
    found = []
    for entity in ENTITIES:
        whole, within, labelled = (
            tally.found.get(f"{entity}{ending} rows", 0) / max(1, tally.given)
            for ending in ("", " within", " labelled")
        )
        share = Share(entity, min(1.0, whole + (labelled if entity in own else 0)), min(1.0, within))
        if share.whole or share.within:
            found.append(share)
    return tuple(sorted(found, key=lambda share: -(share.whole + share.within)))


def by_content(tally: Tally, kind: str) -> tuple[str, str]:
    """The kind that the values tell, and the entity that told it."""
    most = _MOST * tally.found.get("looked", 0)
    for entity in entities_of(tally, kind):
        if tally.found.get(f"{entity} within", 0) >= most > tally.found.get("mostly", 0):
            continue  # it stands in each among more of other words
        if kind in KINDS and entity in KINDS[kind].entities:
            return kind, entity
        if entity in OF_ENTITY and not (entity in WEAK and (kind in KINDS or (kind and entity != "phone"))):
            return OF_ENTITY[entity], entity
    return "", ""


_SMALLEST = 1_000
WEAK = ("phone", "place", "coordinates", "address", "date_of_birth")
"""What values look like that may be something else, by what the column is called."""


def contradicted(kind: str, type_: Type, tally: Tally) -> str:
    """What the values say against the name of their column; empty where they do not."""
    if type_.name == "boolean":
        return "its values are yes and no"
    looked, sort = tally.found.get("looked", 0), KINDS[kind]
    ends: list[Any] = [
        abs(end) for pair in tally.ends.values() for end in pair if isinstance(end, int | float | Decimal)
    ]
    if type_.name in NUMBERS and ends and max(map(abs, ends)) < _SMALLEST and (sort.formed or kind == "birth date"):
        return "its numbers are too small"
    if sort.label and type_.name == "string" and tally.longest == 1:
        return "its values are single letters"
    dated = ("date",) if kind == "birth date" else ()
    fitting = sum(
        tally.found.get(f"{entity}{ending}", 0)
        for entity in (*sort.entities, *dated)
        for ending in ("", " within", " labelled")
    )
    if sort.formed and looked >= _FEW_VALUES and fitting <= _NONE * looked:
        return f"no value looks like {sort.entities[0]}"
    if (sort.label or sort.formed) and looked > 1 and tally.found.get("ordinary", 0) - fitting >= _MOST * looked:
        return "its values are ordinary words"
    return ""


def proven(tally: Tally) -> str:
    """An entity that some values are by a form or check digits of their own, and by no chance; empty where none is."""
    looked = tally.found.get("looked", 0)
    for entity in PROVEN:
        number = tally.found.get(entity, 0)
        if number and (entity not in _BY_CHANCE or number >= _SOME * looked):
            return entity
    return ""


def is_free_text(tally: Tally) -> bool:
    """Whether values are sentences rather than words."""
    if tally.given == 0 or (not tally.kinds and not tally.lengths):
        return False
    many = tally.few is None or len(tally.few) > 20 or tally.given <= 20
    long = many and tally.blanks >= 4 * tally.given and (tally.longest or 0) >= 30
    return long and tally.found.get("mostly", 0) < _MOST * max(1, tally.found.get("looked", 0))


def names_people(tally: Tally) -> bool:
    """Whether texts are prose, and name people or hold what somebody is known by.

    Of what is no prose (addresses, lists of names) nothing but what was found would be missing.
    """
    looked = tally.found.get("looked", 0)
    return tally.found.get("prose", 0) >= _MOST * looked and tally.found.get("personal", 0) >= max(1, _NAMING * looked)


_NAMING = 0.01
"""Which part of texts names somebody by more than the chance of a word that is a name, too."""
