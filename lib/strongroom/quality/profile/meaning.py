"""What a column probably means, by its name in several languages and by what its values look like, and how it
should leave.

Nothing is kept that could not be placed: a column is, where its name says that it is nobody's and every value is of a
sort that is. One e-mail address among thousands of other texts is enough for it not to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from strongroom.core.contract import Type
from strongroom.core.contract.protection import DATES, NUMBERS
from strongroom.quality.profile import day_numbers
from strongroom.quality.profile.closed_sets import doubt_of_words
from strongroom.quality.profile.evidence import (
    OF_ENTITY,
    PROVEN,
    WEAK,
    by_content,
    contradicted,
    entities_of,
    is_free_text,
    names_people,
    proven,
)
from strongroom.quality.profile.names import (
    CODED,
    DROP,
    KINDS,
    NAMED_BY_PROGRAMS,
    REDACT,
    TIMED,
    YEARS,
    kind_of,
    numbers_things,
    parts_of,
)
from strongroom.quality.profile.tally import Tally
from strongroom.text import ENTITIES
from strongroom.text.cells import NOBODYS, facts


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column is taken for.

    Args:
        kind: one word of `KINDS`, or `unplaced`.
        why: what it was told by, in words, with no value.
        classification: proposed; empty for what could not be placed.
        protect: the proposed `protect`.
        ask: what a person should decide.
        subject: it names the person whose row this is.
        entities: what its values are or hold, in the words of `strongroom.text`.
    """

    kind: str
    why: str
    classification: str
    protect: Mapping[str, object]
    ask: str
    subject: bool = False
    entities: tuple[str, ...] = ()

    @property
    def harmless(self) -> bool:
        """Whether values of it may be shown."""
        return self.classification == "internal"


def meaning_of(name: str, type_: Type, tally: Tally, *, birth_before: int, seen: bool = True) -> Meaning:
    """What a column is taken for.

    Args:
        name: what the source calls it.
        type_: as it will be declared.
        tally: of its values.
        birth_before: a column with a date more than two years before this one may hold birthdays.
        seen: the values were; else only a schema was.
    """
    if tally.empty:
        return Meaning("unplaced", "no value was seen", "", DROP, "No value was seen: what is it?")
    parts = parts_of(name)
    kind, why = kind_of(parts), "by its name"
    free = type_.name == "string" and is_free_text(tally)
    if free and kind in _PROSE:
        kind = ""
    most, entity = ("", "") if free else by_content(tally, kind)
    if most and kind != most:
        kind, why = most, f"its values look like {entity}"
    elif kind in KINDS and not most and type_.name not in DATES and (against := contradicted(kind, type_, tally)):
        return Meaning("unplaced", f"not what it is called: {against}", "", DROP, "What is it?")
    if kind in ("", "harmless"):
        held, how = _held(type_, tally, birth_before)
        if not held and type_.name == "string" and tally.few and not CODED & {*parts} and facts(map(str, tally.few)):
            held, how = "sensitive", "its values say somebody's sex, nationality, religion or politics"
        kind, why = (held, how) if held else (kind, why)
    if kind == "harmless":
        doubt = doubt_of(type_, tally, parts, seen=seen, birth_before=birth_before)
        if not doubt:
            return Meaning(kind, why, "internal", {"method": "keep"}, "Nobody's?")
        return Meaning("unplaced", doubt, "", DROP, f"By its name nobody's, but {doubt}: decide.")
    if not kind:
        return Meaning("unplaced", "", "", DROP, "Nothing tells what this is: decide, and it leaves as you say.")
    sort_ = KINDS[kind]
    protect, ask = _protect(kind, type_, tally, named=why == "by its name", seen=seen), sort_.ask
    if why == _NAMING_PEOPLE:
        protect, ask = REDACT, "It leaves without whom and what it names: may places or dates stay? Then list in find."
    subject = kind == "person's id" and protect["method"] == "hash"  # else nobody is found by it
    entities = () if free else entities_of(tally, kind)
    apart = () if {*entities} & {*sort_.entities} else WEAK
    entities = tuple(entity for entity in entities if entity in OF_ENTITY and entity not in apart)
    return Meaning(kind, why, sort_.classification, protect, ask, subject=subject, entities=entities)


def _held(type_: Type, tally: Tally, birth_before: int) -> tuple[str, str]:
    """The kind of a column whose name says nothing against it, by what some of its values are, and why."""
    if type_.name in DATES and _are_birthdays(tally, birth_before):
        return "birth date", "its dates may be birthdays"
    if type_.name != "string":
        return "", ""
    within = [entity for entity in ENTITIES if entity not in NOBODYS and tally.found.get(f"{entity} within")]
    if is_free_text(tally):
        return "free text", _NAMING_PEOPLE if names_people(tally) else _NAMING_NOBODY
    if within:
        return "free text", f"it holds {within[0]}"
    entity = proven(tally)
    return (OF_ENTITY[entity], f"some values look like {entity}") if entity else ("", "")


_NAMING_PEOPLE, _NAMING_NOBODY = "its values are sentences that name people", "its values are sentences"


_OLDEST, _YOUNGEST = 1880, 40
"""The year since which somebody may have been born, and years before which grown-ups were."""
_LONG = 10**8
"""A number so large may be one that was given out: a telephone's, a person's, a card's."""
_EPOCHS = (1, 10**3, 10**6, 10**9)
"""Moments as numbers: seconds since 1970, and their thousandths, millionths, billionths."""
_YEAR, _LAST_SECOND = 31_556_952, 4 * 10**9
"""Seconds."""
_MORE = 2
"""Years before `birth_before`: no date that is kept lies further back."""
_PROSE = ("person's name", "person's id", "username", "email", "phone", "address", "harmless")
"""What a column of sentences may be called (`customer_notes`) without its being protected as more than a text."""
_DIGITS = 7
"""A text with so many of them may be a number that was given out, or a day."""
_DAY = _OLDEST * 10_000
"""A day as a number: 18800101."""
_LEAST_EACH, _LEAST_MEAN = 3, 5
"""How often each value of a closed set came, and how often they did on average."""


def doubt_of(type_: Type, tally: Tally, parts: tuple[str, ...], *, seen: bool, birth_before: int) -> str:
    """Why a column that is nobody's by its name is not kept all the same; empty where all of its values tell that.

    These are kept: booleans, dates, numbers by which nobody is known, times of day, closed sets of values each of which
    came again and again, and codes of countries, languages and currencies.
    """
    if type_.name == "boolean":
        return ""
    if type_.name in DATES:
        return "" if seen or NAMED_BY_PROGRAMS & {*parts} else "no value was seen, and dates may be birthdays"
    if type_.name in (*NUMBERS, "string") and day_numbers.are_days(tally.found):
        return "some numbers may be birthdays"
    if type_.name in NUMBERS:
        if not seen:
            return "it is the number of something" if numbers_things(parts, type_) else ""
        return _doubt_of_numbers(tally, parts, birth_before, type_)
    if type_.name != "string" or not seen:
        return "no value was seen" if not seen else "nothing tells what its bytes are"
    if personal := next((entity for entity in PROVEN if tally.found.get(entity)), ""):
        return f"some values look like {personal}"
    coded = CODED & {*parts} and tally.found.get("two or three letters") == tally.checked
    if coded or tally.found.get("of a clock") == tally.checked:
        return ""
    if not _is_closed(tally):
        return "its values are no closed set, or some came once or twice"
    if numbers_things(parts, type_) and "code" not in parts:
        return "it is the number of something"
    words = list(map(str, tally.few or ()))
    if any(sum(map(str.isdigit, word)) >= _DIGITS for word in words):
        return "some values have as many digits as telephones, persons or birthdays"
    return doubt_of_words(words, countries=bool(CODED & {*parts}))


def _is_closed(tally: Tally) -> bool:
    counts = list(tally.few.values()) if tally.few else []
    return bool(counts) and min(counts) >= _LEAST_EACH and sum(counts) >= _LEAST_MEAN * len(counts)


def _doubt_of_numbers(tally: Tally, parts: tuple[str, ...], before: int, type_: Type) -> str:
    ends: list[Any] = [end for pair in tally.ends.values() for end in pair if isinstance(end, int | float | Decimal)]
    if not ends:
        return "its values are no finite numbers"
    low, high = min(ends), max(ends)
    if max(abs(low), abs(high)) >= _LONG:
        late = (before - _MORE - 1970) * _YEAR
        moments = TIMED & {*parts} and any(late * part <= low and high <= _LAST_SECOND * part for part in _EPOCHS)
        return "" if moments else "some numbers are as long as those of telephones, persons or cards"
    if (TIMED & {*parts} and high >= _DAY) or (YEARS & {*parts} and low < before - _YOUNGEST):
        return "some numbers may be birthdays"
    if _is_closed(tally) and "code" in parts:
        return ""
    return "it is the number of something" if numbers_things(parts, type_) else ""


def _protect(kind: str, type_: Type, tally: Tally, *, named: bool, seen: bool) -> Mapping[str, object]:
    """How it leaves; a part in clear only where its name says what it is, and all values have the form of that."""
    sort = KINDS[kind]
    if type_.name in DATES:
        return sort.moment
    if type_.name in NUMBERS:
        return sort.number
    if type_.name != "string":
        return DROP
    form = {"mask": "of digits", "generalise": "short"}.get(str(sort.text["method"]), "")
    fits = not form or (named and (not seen or tally.found.get(form, 0) == tally.checked))
    return sort.text if fits else {"method": "encrypt"}


def _are_birthdays(tally: Tally, before: int) -> bool:
    """Whether dates may be birthdays: one that lies far back is enough."""
    return any(year < before - _MORE for year in tally.years)
