"""Nothing of a contract can change unseen: every field of every noun is changed once, and somebody is told."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strongroom.core.contract import LegalBasis, model
from strongroom.core.contract.file import load_contract, parse_contract
from strongroom.core.findings import Note
from strongroom.flows.contract.changes import CLASSES, PLACES, Kind
from strongroom.flows.contract.differences import differences
from strongroom.flows.foundation.authorise import engine_of

ROOT = Path(__file__).parents[3]
TEXT = """apiVersion: v3.1.0
kind: DataContract
id: t
version: '1'
status: active
servers: [{server: raw, type: local, path: raw/t/*.csv, format: csv, customProperties: [{property: options, value: {sep: ';'}}]}]
customProperties: [{property: purposes, value: [a, b]}, {property: quarantineLimit, value: 0.5}, {property: label, value: x}, {property: curate, value: {duplicates: {}}}, {property: legalBasis, value: legitimate_interests}]
schema:
  - name: t
    properties:
      - name: user
        logicalType: integer
        required: true
        unique: true
        classification: personal
        tags: [pii]
        relationships: [{to: customers.user_id}]
        customProperties: [{property: protect, value: {method: hash, domain: person}}, {property: subject, value: true}]
      - name: price
        logicalType: number
        physicalType: decimal(9,2)
        customProperties: [{property: protect, value: {method: keep, why: needed}}, {property: read, value: {missing: ['?']}}]
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
    quality: [{metric: rowCount, mustBeGreaterThan: 0}]
slaProperties: [{property: retention, element: t.day, value: 2, unit: y}]
"""  # noqa: E501 - a field is a line


def another(value):
    """A value of the same kind that is another one."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return {"hash": "drop", "keep": "drop", "decimal": "string", "legitimate_interests": "consent"}.get(
            value, f"{value}x"
        )
    if isinstance(value, tuple):
        return (*value[:-1], another(value[-1])) if value else ("x",)
    if is_dataclass(value):
        field = next(one for one in fields(value) if one.name not in PLACES)
        return replace(value, **{field.name: another(getattr(value, field.name))})
    return {**value, "x": next(iter(value.values()), "y")}


BASE = parse_contract(TEXT, "t.yaml")
BASE = replace(BASE, notes=(Note("n", "t.yaml:1"),))
INSIDE = model.Column("f", "price.f", model.Type("int"), protect=model.Protect("keep"))
EMPTY = {"item": INSIDE, "fields": (INSIDE,), "special": "research"}
PARTS = {
    # a noun, how to put another one into the contract
    "Contract": lambda change: change(BASE),
    "LegalBasis": lambda change: _basis(change(BASE.legal_basis["a"])),
    "Curation": lambda change: replace(BASE, curation=change(BASE.curation)),
    "Retention": lambda change: replace(BASE, retention=change(BASE.retention)),
    "Source": lambda change: replace(BASE, sources=(change(BASE.sources[0]),)),
    "Column": lambda change: replace(BASE, columns=(change(BASE.columns[0]), *BASE.columns[1:])),
    "Type": lambda change: _column(type=change(BASE.columns[1].type)),
    "Protect": lambda change: _column(protect=change(BASE.columns[1].protect)),
    "Read": lambda change: _column(read=change(BASE.columns[1].read)),
    "Rule": lambda change: replace(BASE, rules=(*BASE.rules[:-1], change(BASE.rules[-1]))),
    "SetRule": lambda change: replace(BASE, set_rules=(change(BASE.set_rules[0]),)),
    "Reference": lambda change: replace(BASE, rules=tuple(_referring(rule, change) for rule in BASE.rules)),
    "Note": lambda change: replace(BASE, notes=(change(BASE.notes[0]),)),
}  # fmt: skip
NOUNS = {**{name: each for name, each in vars(model).items() if is_dataclass(each)}, "Note": Note}


def _column(**changed):
    return replace(BASE, columns=(BASE.columns[0], replace(BASE.columns[1], **changed), *BASE.columns[2:]))


def _basis(basis):
    return replace(BASE, legal_basis={**BASE.legal_basis, "a": basis})


def _referring(rule, change):
    return replace(rule, argument=change(rule.argument)) if isinstance(rule.argument, model.Reference) else rule


def told(new, old=BASE):
    engine = engine_of(str(ROOT / "conf/policy.yaml"))
    others = [load_contract(str(ROOT / "conf/contracts/customers.yaml"))]
    return list(differences(old, new, engine=engine, others=others, at=datetime(2026, 1, 1, tzinfo=UTC)))


def test_every_noun_of_a_contract_is_tried():
    assert NOUNS.keys() == PARTS.keys()
    assert told(BASE) == []


FIELDS = [(noun, field.name) for noun, each in NOUNS.items() for field in fields(each) if field.name not in PLACES]


@pytest.mark.parametrize(("noun", "field"), FIELDS)
def test_no_field_changes_unseen(noun, field):
    def change(part):
        return replace(part, **{field: EMPTY.get(field) or another(getattr(part, field))})

    new = PARTS[noun](change)
    assert new != BASE
    assert told(new), f"{noun}.{field}"


def test_places_alone_are_not_compared():
    """A new field that tells a place is named there, and nothing else is."""
    assert PLACES == ("line", "file", "fingerprint", "said", "by", "where")
    known = {f"{noun}.{field.name}" for noun, each in NOUNS.items() for field in fields(each)}
    assert CLASSES.keys() <= known, "no line for what is no more"


OBJECT = LegalBasis("legitimate_interests")
KINDS = [
    # what is changed to what, its kind, why
    ({"purposes": ("a",)}, Kind.RUNS, "a run for b is refused"),
    ({"purposes": ()}, Kind.HARMLESS, "whatever it is for"),
    ({"purposes": ("a", "b", "c")}, Kind.HARMLESS, "one more"),
    ({"quarantine_limit": 0.1}, Kind.RUNS, "the gate closes sooner"),
    ({"quarantine_limit": None}, Kind.HARMLESS, "no limit"),
    ({"description": "x"}, Kind.HARMLESS, "documentation"),
    ({"label": "y"}, Kind.HARMLESS, "a word"),
    ({"legal_basis": {"a": LegalBasis("consent"), "b": OBJECT}}, Kind.READERS, "only those who say yes"),
    ({"legal_basis": {"a": LegalBasis("contract"), "b": OBJECT}}, Kind.CHANGE, "everybody's"),
]


@pytest.mark.parametrize(("change", "kind", "why"), KINDS, ids=[row[-1] for row in KINDS])
def test_what_a_change_does(change, kind, why):
    assert {difference.kind for difference in told(replace(BASE, **change))} == {kind}, why


def test_a_new_limit_where_there_was_none_closes_gates():
    assert {one.kind for one in told(BASE, replace(BASE, quarantine_limit=None))} == {Kind.RUNS}


def test_of_notes_those_are_told_that_come_or_go():
    more = (Note("m", "t.yaml:2"), *BASE.notes)
    (found,) = told(replace(BASE, notes=more))
    assert (found.what, found.kind) == ("notes: m, was nothing", Kind.HARMLESS)
    assert told(replace(BASE, notes=more), replace(BASE, notes=more[::-1])) == [], "in whatever order"


def test_the_dialect_of_a_source_breaks_runs():
    (found,) = told(replace(BASE, sources=(replace(BASE.sources[0], options={"sep": ","}),)))
    assert (found.kind, "sep" in found.what) == (Kind.RUNS, True)


BOUNDS = [
    ("maximum", 5, 10, True), ("maximum", 10, 5, False), ("minimum", 5, 1, True), ("minimum", 1, 5, False),
    ("exclusiveMinimum", 0, -1, True), ("exclusiveMaximum", 0, -1, False), ("maxLength", 254, 500, True),
    ("maxLength", 500, 254, False), ("minLength", 2, 1, True), ("minLength", 1, 2, False), ("minItems", 2, 1, True),
    ("maxItems", 2, 1, False), ("multipleOf", 0.1, 0.05, True), ("multipleOf", 2, 3, False),
    ("validValues", ("a",), ("a", "b"), True), ("validValues", ("a", "b"), ("a", "c"), False),
    ("missingValues", ("a", "b"), ("a",), True), ("missingValues", ("a",), ("a", "b"), False),
    ("maximum", "2026-01-01", "2026-02-01", True), ("maximum", "2026-01-01T00:00:00Z", "2026-02-01", False),
    ("pattern", "a", "a|b", False),
]  # fmt: skip


@pytest.mark.parametrize(("check", "before", "after", "looser"), BOUNDS)
def test_a_looser_bound_of_rows_is_harmless_and_a_tighter_one_breaks_runs(check, before, after, looser):
    rule = model.Rule("user.bound", check, ("user",), before)
    old, new = (replace(BASE, rules=(*BASE.rules, replace(rule, argument=one))) for one in (before, after))
    assert [one.kind for one in told(new, old)] == [Kind.HARMLESS if looser else Kind.RUNS]


SET_BOUNDS = [
    ("mustBeGreaterThan", 5, 1, True), ("mustBeGreaterOrEqualTo", 1, 5, False), ("mustBeLessThan", 1, 5, True),
    ("mustBeLessOrEqualTo", 5, 1, False), ("mustBeBetween", (2, 3), (1, 4), True),
    ("mustBeBetween", (2, 3), (1, 2.5), False), ("mustNotBeBetween", (1, 4), (2, 3), True),
    ("mustNotBeBetween", (2, 3), (1, 4), False), ("mustBe", 1, 2, False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "before", "after", "looser"), SET_BOUNDS)
def test_so_it_is_with_bounds_of_the_whole(operator, before, after, looser):
    rule = replace(BASE.set_rules[0], operator=operator)
    old, new = (replace(BASE, set_rules=(replace(rule, bound=one),)) for one in (before, after))
    assert [one.kind for one in told(new, old)] == [Kind.HARMLESS if looser else Kind.RUNS]
