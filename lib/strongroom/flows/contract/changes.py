"""Everything in which two contracts differ, field by field, as the contract's nouns have them.

By construction nothing can be forgotten: every field of every noun is compared, but for those in PLACES, and one that
has no line in CLASSES is a change of which nobody has said what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from strongroom.core.contract import Rule, SetRule
from strongroom.core.contract.legal_basis import asks, objects

_LONG = 60


class Kind(StrEnum):
    """What a difference does: to who reads the table, to runs and what they read, to nobody; or nobody has said."""

    READERS = "breaks-readers"
    RUNS = "breaks-runs"
    HARMLESS = "harmless"
    CHANGE = "changes"

    @property
    def breaks(self) -> bool:
        return self in (Kind.READERS, Kind.RUNS)


PLACES = ("line", "file", "fingerprint", "said", "by", "where")
"""Fields that tell where something stands, and not what it says."""

CLASSES: Mapping[str, Kind] = {
    "Contract.name": Kind.READERS,
    "Contract.id": Kind.HARMLESS,
    "Contract.version": Kind.HARMLESS,
    "Contract.label": Kind.HARMLESS,
    "Contract.description": Kind.HARMLESS,
    "Contract.data_subjects": Kind.HARMLESS,
    "Contract.limitations": Kind.HARMLESS,
    "Contract.notes": Kind.HARMLESS,
    "Column.description": Kind.HARMLESS,
    "Column.subject": Kind.RUNS,  # erasure and consent find nobody any more, or somebody else
    "Column.role": Kind.RUNS,  # what is made of the table looks for the column by it
    "Column.special": Kind.HARMLESS,  # a contract without the basis that it needs is refused
    "Column.about": Kind.HARMLESS,  # what a person is given of a row
    "Column.source": Kind.RUNS,
    "Source.name": Kind.HARMLESS,
    "Source.format": Kind.RUNS,
    "Source.options": Kind.RUNS,
    "Read.trim": Kind.RUNS,
    "Read.remove_suffix": Kind.RUNS,
    "Read.missing": Kind.RUNS,
    "Read.format": Kind.RUNS,
    "Read.decimal": Kind.RUNS,
    "Read.thousands": Kind.RUNS,
    "Rule.dimension": Kind.HARMLESS,
    "SetRule.dimension": Kind.HARMLESS,
    "Protect.why": Kind.HARMLESS,
}
"""Noun and field → what a change of it does, where nothing but the field decides; for others see `kind_of`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is otherwise: of what (a path, a rule's id, a source's name, or empty), before and after."""

    noun: str
    of: str
    field: str
    before: object
    after: object

    @property
    def kind(self) -> Kind:
        """What it does."""
        name = f"{self.noun}.{self.field.partition('.')[0]}"
        special = _SPECIAL.get(name)
        return special(self.before, self.after) if special else CLASSES.get(name, Kind.CHANGE)

    @property
    def word(self) -> str:
        """The field as a contract calls it."""
        word, dot, rest = self.field.partition(".")
        return f"{_WORDS.get(word, word)}{dot}{rest}"

    def __str__(self) -> str:
        of = f"{self.of!r}: " if self.of else ""
        return f"{of}{self.word}: {_said(self.after)}, was {_said(self.before)}"


def _purposes(before: Any, after: Any) -> Kind:
    """Without any, every purpose is allowed."""
    fewer = bool(after) and (not before or not set(before) <= set(after))
    return Kind.RUNS if fewer else Kind.HARMLESS


def _basis(before: Any, after: Any) -> Kind:
    """Who read every row reads only those of people who said yes, or did not say no."""
    took, takes = (each is not None and (asks(each), objects(each)) for each in (before, after))
    return Kind.READERS if takes and takes > (took or (False, False)) else Kind.CHANGE


def _limit(before: Any, after: Any) -> Kind:
    return Kind.RUNS if after is not None and (before is None or after < before) else Kind.HARMLESS


_WORDS = {
    "quarantine_limit": "quarantineLimit",
    "special": "specialCategory",
    "source": "physicalName",
    "remove_suffix": "removeSuffix",
    "legal_basis": "legalBasis",
    "data_subjects": "dataSubjects",
}
"""Fields that a contract calls otherwise."""
_SPECIAL = {"Contract.purposes": _purposes, "Contract.legal_basis": _basis, "Contract.quarantine_limit": _limit}


def _lower(before: Any, after: Any) -> bool:
    return bool(_order(after) <= _order(before))


def _higher(before: Any, after: Any) -> bool:
    return bool(_order(after) >= _order(before))


def _wider(before: Any, after: Any) -> bool:
    return _lower(before[0], after[0]) and _higher(before[1], after[1])


def _order(value: Any) -> Any:
    """A bound as what it stands for: a number, or a moment, which is text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


LOOSER: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": _lower,
    "exclusiveMinimum": _lower,
    "minLength": _lower,
    "minItems": _lower,
    "maximum": _higher,
    "exclusiveMaximum": _higher,
    "maxLength": _higher,
    "maxItems": _higher,
    "multipleOf": lambda before, after: Fraction(str(before)) % Fraction(str(after)) == 0,
    "validValues": lambda before, after: set(before) <= set(after),
    "missingValues": lambda before, after: set(before) >= set(after),
    "mustBeGreaterThan": _lower,
    "mustBeGreaterOrEqualTo": _lower,
    "mustBeLessThan": _higher,
    "mustBeLessOrEqualTo": _higher,
    "mustBeBetween": _wider,
    "mustNotBeBetween": lambda before, after: _wider(after, before),
}
"""Check of a row rule, or operator of a set rule → whether all that met the bound before meets the one after."""


def kind_in(rule: Rule | SetRule, change: Change) -> Kind:
    """What a change of a rule's field does: of a bound, its direction says so."""
    looser = LOOSER.get(rule.check if isinstance(rule, Rule) else rule.operator)
    if change.field not in ("argument", "bound") or looser is None:
        return change.kind
    try:
        return Kind.HARMLESS if looser(change.before, change.after) else Kind.RUNS
    except (TypeError, ValueError, ArithmeticError):  # two kinds of bounds, which nobody can compare
        return change.kind


def _said(value: Any) -> str:
    """A value in few words."""
    if isinstance(value, tuple | list):
        text = ", ".join(map(_said, value))
    else:
        text = str(getattr(value, "method", None) or getattr(value, "what", None) or getattr(value, "name", value))
    text = text if value not in (None, (), "") else "nothing"
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def changes(old: Any, new: Any, of: str = "") -> Iterator[Change]:
    """Every field in which two nouns of one kind differ; `of` is the one's name, where it has one.

    What only one of them has (a column, a rule) is a change of the field that holds it, and not gone into.
    """
    noun = type(new).__name__
    for field in fields(new):
        if field.name in PLACES:
            continue
        before, after = getattr(old, field.name), getattr(new, field.name)
        if type(before) is type(after) and is_dataclass(after):
            yield from changes(before, after, getattr(after, "path", of))
        elif _named(before) and _named(after):
            yield from _pairs(before, after, noun, of, field.name)
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            for key in sorted({*before, *after}):
                if before.get(key) != after.get(key):
                    yield Change(noun, of, f"{field.name}.{key}", before.get(key), after.get(key))
        elif _nouns(before) and _nouns(after):
            gone, come = (tuple(one for one in some if _plain(one) not in map(_plain, other)) for some, other in (
                (before, after), (after, before)))  # fmt: skip
            if gone or come:
                yield Change(noun, of, field.name, gone, come)
        elif _plain(before) != _plain(after):
            yield Change(noun, of, field.name, before, after)


def _named(value: object) -> bool:
    """Whether a field holds nouns that have names: columns, rules, sources."""
    return isinstance(value, tuple) and all(hasattr(each, "path") or hasattr(each, "id") for each in value)


def _nouns(value: object) -> bool:
    """Whether a field holds nouns without a name, of which the order says nothing: notes."""
    return isinstance(value, tuple) and all(map(is_dataclass, value))


def _name(noun: Any) -> str:
    return str(getattr(noun, "id", None) or (noun.name if hasattr(noun, "format") else noun.path))


def _pairs(before: Any, after: Any, noun: str, of: str, field: str) -> Iterator[Change]:
    """Nouns with names, those of one name together, and whether these stand in another order."""
    olds, news = ({_name(each): each for each in some} for some in (before, after))
    for name in news:
        if name in olds:
            yield from changes(olds[name], news[name], name)
    order = [[name for name in some if name in other] for some, other in ((olds, news), (news, olds))]
    if order[0] != order[1]:
        yield Change(noun, of, f"order of {field}", *map(tuple, order))
    if olds.keys() != news.keys():
        gone, come = (tuple(name for name in some if name not in other) for some, other in ((olds, news), (news, olds)))
        yield Change(noun, of, field, gone, come)


def _plain(value: Any) -> Any:
    """A value without places, to be compared."""
    if is_dataclass(value):
        said = [one.name for one in fields(value) if one.name not in PLACES]
        return type(value), [(name, _plain(getattr(value, name))) for name in said]
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
