"""What a contract may say of texts that are redacted, and what is told of the rest, each at its line."""
# ruff: noqa: E501 - a column is a line

import pytest

from strongroom.core.contract import redaction
from strongroom.core.contract.file import parse_contract
from strongroom.core.contract.redaction import ENTITIES, entity_of, find_of, known_leaves, redacted_leaves
from strongroom.core.errors import ConfigError
from strongroom.text import COURT as FOUND_BY_NAME
from strongroom.text import ENTITIES as FOUND
from strongroom.text.lexicon import LANGUAGES
from strongroom.text.redaction import REPLACEMENTS

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: tickets
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/tickets/*.json, format: json}
schema:
  - name: tickets
    properties:
      - {name: id, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: who, logicalType: integer, customProperties: [{property: protect, value: {method: hash}}, {property: subject, value: true}]}
      - {name: mail, logicalType: string, classification: personal, customProperties: [{property: protect, value: {method: keep, why: asked}}]}
      - {name: born, logicalType: date, classification: personal, customProperties: [{property: protect, value: {method: drop}}]}
      - {name: height, logicalType: number, classification: personal, customProperties: [{property: protect, value: {method: drop}}]}
      - {name: topic, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: agents, logicalType: array, items: {logicalType: string}, customProperties: [{property: protect, value: {method: mask}}]}
      - name: text
        logicalType: string
        classification: personal
        customProperties:
          - {property: role, value: text}
          - property: protect
            value:
              method: redact
      - {name: title, logicalType: string, customProperties: [{property: protect, value: {method: redact}}]}
customProperties: [{property: purposes, value: [training]}]
"""
LINE = CONTRACT[: CONTRACT.index("              method: redact")].count("\n") + 1


def contract(more="", text=CONTRACT):
    options = "".join(f"\n              {line}" for line in more.split("\n") if line)
    return parse_contract(
        text.replace("              method: redact", f"              method: redact{options}"), "c.yaml"
    )


def test_the_words_are_those_of_the_room_that_finds():
    assert redaction.COURT == FOUND_BY_NAME
    assert (redaction.ENTITIES, redaction.LANGUAGES, redaction.REPLACEMENTS) == (FOUND, LANGUAGES, REPLACEMENTS)


def test_what_is_not_said_is_everything_by_labels():
    text = redacted_leaves(contract())[0]
    assert text.protect.options == {
        "find": "all",
        "known": "all",
        "replace": "label",
        "languages": "all",
        "model": False,
        "reversible": False,
    }
    assert find_of(text) == ENTITIES


@pytest.mark.parametrize(
    ("find", "wanted", "why"),
    [
        ("court", redaction.COURT, "a word for all, what describes somebody too"),
        ("[court]", redaction.COURT, "the same in a list"),
        ("[all, health]", (*ENTITIES, "health"), "a set and one more"),
        ("[quantity, person]", ("person", "quantity"), "by name, in one order"),
    ],
)
def test_sets_of_entities_have_names(find, wanted, why):
    assert find_of(redacted_leaves(contract(f"find: {find}"))[0]) == wanted, why


def test_what_is_somebodys_is_looked_for_in_the_texts_of_its_row():
    known = {leaf.path: entity_of(leaf) for leaf in known_leaves(contract())}
    assert known == {"who": "username", "mail": "email", "born": "date_of_birth", "agents[]": "person"}, (
        "no open column, no text itself"
    )


def test_columns_by_name_are_looked_for_and_no_others():
    known = known_leaves(
        contract(
            "known: [topic, agents]",
            CONTRACT.replace("value: {method: redact}", "value: {method: redact, known: [id]}"),
        )
    )
    assert [leaf.path for leaf in known] == ["id", "topic", "agents[]"]


@pytest.mark.parametrize(
    ("more", "line", "kind", "todo", "why"),
    [
        ("find: [persn]", 1, "unknown-name", "'person'", "a typo"),
        ("find: [person, person]", 1, "twice", "", "once is enough"),
        ("find: person", 1, "wrong-type", "", "a word is no list"),
        ("find: []", 1, "wrong-type", "", "nothing to find"),
        ("languages: [en, deu]", 1, "unknown-name", "'de'", "a language is two letters"),
        ("replace: lable", 1, "wrong-type", "", "a typo"),
        ("fnd: all", 1, "unknown-field", "'find'", "a typo"),
        ("model: maybe", 1, "wrong-type", "", "neither"),
        ("domain: person", 1, "contradicts", "token", "labels have no key"),
        ("replace: mask\ndomain: person", 2, "contradicts", "token", "asterisks have none either"),
        ("known: [mial]", 1, "unknown-name", "'mail'", "a typo"),
        ("known: [height]", 1, "misfit", "", "nobody knows how a text writes a fraction"),
        ("known: [title]", 1, "misfit", "", "it is a text itself"),
        (
            "model: true",
            2,
            "contradicts",
            "same",
            "one row is looked at once: told at the other one, which says nothing",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_line(more, line, kind, todo, why):
    with pytest.raises(ConfigError) as caught:
        contract(more)
    first = caught.value.problems[0]
    assert (first.where, first.code, todo in first.todo) == (f"c.yaml:{LINE + line}", f"contract.{kind}", True), why


@pytest.mark.parametrize("type_", ["integer", "boolean", "date"])
def test_only_text_is_redacted(type_):
    with pytest.raises(ConfigError) as caught:
        contract(text=CONTRACT.replace("{name: title, logicalType: string", f"{{name: title, logicalType: {type_}"))
    assert [one.code for one in caught.value.problems] == ["contract.misfit"]


def test_a_text_that_may_be_opened_again_has_its_original_beside_it():
    made = contract("reversible: true")
    assert [column.name for column in made.columns][-3:] == ["text", "text_original", "title"]
    assert [column.name for column in made.as_read.columns][-2:] == ["text", "title"]
    original = made.columns[-2]
    assert (original.protect.method, original.protect.options) == ("encrypt", {"mode": "randomised"})
    assert (original.classification, original.source, original.original_of) == ("personal", "text", "text")
    assert (original.required, original.role) == (False, ""), "an increment may add it, and the role is the text's"
    assert "text_original" not in [leaf.path for leaf in known_leaves(made)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "why"),
    [
        ("{name: topic,", "{name: Text_original,", "twice", "two columns of one name"),
        ("value: {method: mask}", "value: {method: redact, reversible: true}", "misfit", "no place beside an item"),
    ],
)
def test_what_has_no_place_for_its_original_is_told(old, new, kind, why):
    with pytest.raises(ConfigError) as caught:
        contract("reversible: true", CONTRACT.replace(old, new))
    assert [one.code for one in caught.value.problems] == [f"contract.{kind}"], why


@pytest.mark.parametrize("more", ["unique: true, ", "classification: personal, subject: true, "])
def test_spellings_that_leave_alike_tell_nobody_apart(more):
    words = ", {property: subject, value: true}" if "subject" in more else ""
    more = more.replace("subject: true, ", "")
    text = CONTRACT.replace(
        "{name: topic, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}",
        f"{{name: topic, logicalType: string, {more}customProperties: [{{property: protect, value: {{method: hash, normalise: name}}}}{words}]}}",
    )
    with pytest.raises(ConfigError) as caught:
        contract(text=text)
    assert "contract.contradicts" in [one.code for one in caught.value.problems]
