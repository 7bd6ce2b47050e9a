"""What a column probably means, by its name in several languages and by what its values look like, and how it
should leave.

Who knows neither leaves the column out: nothing is kept that could not be placed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.core.contract import Type
from strongroom.core.contract.protection import DATES, NUMBERS
from strongroom.quality.profile.names import DROP, KINDS, Kind, kind_of, parts_of
from strongroom.quality.profile.recognise import NATIONAL
from strongroom.quality.profile.tally import Tally


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
    """

    kind: str
    why: str
    classification: str
    protect: Mapping[str, object]
    ask: str
    subject: bool = False

    @property
    def harmless(self) -> bool:
        """Whether values of it may be shown."""
        return self.classification == "internal"


_BY_SORT = {
    "email": "email", "iban": "iban", "card": "card", "ip": "ip", "mac": "device",
    **dict.fromkeys(NATIONAL, "national id"), "phone": "phone",
}  # fmt: skip
"""Recogniser → kind of column; the first that most values are is taken."""
_MOST, _LEAST_SEEN = 0.6, 2
_CHECKED_ONLY = ("card", "bsn", "pesel", "steuer-id")
"""Plain digits: a few of them may pass by chance."""


def _by_content(tally: Tally) -> tuple[str, str]:
    """What the values look like, and the sort that told it."""
    for sort, kind in _BY_SORT.items():
        seen = tally.found.get(sort, 0)
        least = _LEAST_SEEN if sort in _CHECKED_ONLY else 1
        if tally.checked and seen >= least and seen >= _MOST * tally.checked:
            return kind, sort
    return "", ""


def is_free_text(tally: Tally) -> bool:
    """Whether values are sentences rather than words."""
    if tally.given == 0 or (not tally.kinds and not tally.lengths):
        return False
    many = tally.few is None or len(tally.few) > 20 or tally.given <= 20
    return many and tally.blanks >= 4 * tally.given and (tally.longest or 0) >= 30


def meaning_of(name: str, type_: Type, tally: Tally, *, birth_before: int) -> Meaning:
    """What a column is taken for.

    Args:
        name: what the source calls it.
        type_: as it will be declared.
        tally: of its values.
        birth_before: dates that all lie before this year, and some long before, are taken for birthdays.
    """
    if tally.empty:
        return Meaning("unplaced", "no value was seen", "", DROP, "No value was seen: what is it?")
    parts = parts_of(name)
    kind, why = kind_of(parts), "by its name"
    seen, sort = _by_content(tally)
    if seen and kind != seen and not (kind in KINDS and seen == "phone"):
        kind, why = seen, f"its values look like {sort}"
    strong = [sort for sort in _BY_SORT if sort not in ("ip", "mac", *_CHECKED_ONLY, "phone") and tally.found.get(sort)]
    holds = [sort for sort in tally.found if sort.endswith(" within")]
    if kind in ("", "harmless") and type_.name == "string":
        if is_free_text(tally) or holds:
            kind, why = (
                "free text",
                f"it holds {holds[0].removesuffix(' within')}" if holds else "its values are sentences",
            )
        elif strong:
            kind, why = _BY_SORT[strong[0]], f"some values look like {strong[0]}"
    if kind in ("", "harmless") and type_.name in DATES and _are_birthdays(tally, birth_before):
        kind, why = "birth date", "its dates may be birthdays"
    if kind == "harmless":
        return Meaning(kind, why, "internal", {"method": "keep"}, "Nobody's?")
    if not kind:
        return Meaning("unplaced", "", "", DROP, "Nothing tells what this is: decide, and it leaves as you say.")
    sort_ = KINDS[kind]
    protect = _protect(sort_, type_)
    subject = kind == "person's id" and protect["method"] == "hash"  # else nobody is found by it
    return Meaning(kind, why, sort_.classification, protect, sort_.ask, subject=subject)


def _protect(kind: Kind, type_: Type) -> Mapping[str, object]:
    if type_.name in DATES:
        return kind.moment
    if type_.name in NUMBERS:
        return kind.number
    return kind.text if type_.name == "string" else DROP


def _are_birthdays(tally: Tally, before: int) -> bool:
    return any(
        hasattr(low, "year") and low.year < before - 40 and high.year < before and low.year > 1850
        for low, high in tally.ends.values()
    )
