"""The words `legalBasis` and `specialCategory` of a contract: what they say, and what is refused where it stands."""

import pytest

from strongroom.core.contract import LegalBasis
from strongroom.core.contract.file import parse_contract
from strongroom.core.contract.legal_basis import BASES, SPECIAL, articles, asks, objects
from strongroom.core.errors import ConfigError

KEEP = "{property: protect, value: {method: keep, why: it}}"
HEAD = f"""apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers:
  - {{server: raw, type: local, path: raw/visits/*.json, format: json}}
schema:
  - name: visits
    properties:
      - {{name: page, logicalType: string, customProperties: [{KEEP}]}}
"""
SUBJECT = (
    f"      - {{name: user, logicalType: string, customProperties: [{KEEP}, {{property: subject, value: true}}]}}\n"
)
SPECIAL_ILL = "{property: specialCategory, value: health}"
ILL = f"      - {{name: ill, logicalType: string, customProperties: [{KEEP}, {SPECIAL_ILL}]}}\n"
PURPOSES = "customProperties:\n  - {property: purposes, value: [train, fraud]}\n"


def contract(basis, columns=SUBJECT, purposes=PURPOSES):
    return parse_contract(f"{HEAD}{columns}{purposes}  - {{property: legalBasis, value: {basis}}}\n", "c.yaml")


def test_all_that_can_be_said():
    said = contract(
        "{train: consent, fraud: {basis: public_task, special: research}, ask: legal_obligation}",
        SUBJECT + ILL.replace("health", "genetic").replace("keep", "drop"),
    )
    assert said.legal_basis == {
        "train": LegalBasis("consent"), "fraud": LegalBasis("public_task", "research"),
        "ask": LegalBasis("legal_obligation"),
    }  # fmt: skip
    assert contract("contract").legal_basis == dict.fromkeys(("train", "fraud"), LegalBasis("contract"))
    assert contract("consent").legal_basis["fraud"] == LegalBasis("consent")
    assert parse_contract(HEAD, "c.yaml").legal_basis == {}
    assert contract("{basis: consent}", purposes="customProperties:\n").legal_basis == {"basis": LegalBasis("consent")}


LAW = [
    # the word, its article, whether a yes is needed, whether a no counts: GDPR Art. 6(1), 7(3), 21(1)
    ("consent", "Art. 6(1)(a)", True, True),
    ("contract", "Art. 6(1)(b)", False, False),
    ("legal_obligation", "Art. 6(1)(c)", False, False),
    ("vital_interests", "Art. 6(1)(d)", False, False),
    ("public_task", "Art. 6(1)(e)", False, True),
    ("legitimate_interests", "Art. 6(1)(f)", False, True),
]


@pytest.mark.parametrize(("word", "article", "yes", "no"), LAW)
def test_what_each_basis_asks_of_the_person(word, article, yes, no):
    assert (articles(LegalBasis(word)), asks(LegalBasis(word)), objects(LegalBasis(word))) == (article, yes, no)
    explicit = LegalBasis(word, "explicit_consent")
    assert (asks(explicit), objects(explicit)) == (True, True), "who was asked may say no"
    assert articles(explicit) == f"{article}, Art. 9(2)(a)"


def test_every_basis_of_the_law_is_there():
    assert [basis.article[-3:] for basis in BASES.values()] == [f"({letter})" for letter in "abcdef"]
    assert [basis.article[-3:] for basis in SPECIAL.values()] == [f"({letter})" for letter in "abcdefghij"]


@pytest.mark.parametrize(
    ("basis", "columns", "code", "hint", "why"),
    [
        ("consnt", SUBJECT, "contract.unknown-name", "'consent'", "a typo"),
        ("[consent]", SUBJECT, "contract.wrong-type", "consent", "a list"),
        ("{}", SUBJECT, "contract.missing", "consent", "of no purpose"),
        ("{train: consent}", SUBJECT, "contract.missing", "consent", "one has none"),
        ("{train: consent, froud: contract}", SUBJECT, "contract.unknown-name", "'fraud'", "a typo in a purpose"),
        ("{train: 1, fraud: contract}", SUBJECT, "contract.wrong-type", "consent", "no word"),
        ("{train: {basis: consent, spcial: research}, fraud: contract}", SUBJECT, "contract.unknown-field", "'special'",
         "a typo in a key"),
        ("{train: {special: research}, fraud: contract}", SUBJECT, "contract.missing", "consent", "Art. 9 without 6"),
        ("{train: {basis: contract, special: reserch}, fraud: contract}", SUBJECT, "contract.unknown-name",
         "'research'",
         "a typo in Art. 9"),
        ("{train: {basis: contract, special: consent}, fraud: contract}", SUBJECT, "contract.unknown-name",
         "'explicit_consent'", "a word of the other article"),
        ("consent", "", "contract.contradicts", "subject", "nobody to ask"),
        ("{train: legitimate_interests, fraud: contract}", "", "contract.contradicts", "subject", "nobody to object"),
        ("{train: public_task, fraud: contract}", "", "contract.contradicts", "subject", "nobody to object"),
        ("{train: {basis: contract, special: explicit_consent}, fraud: contract}", "", "contract.contradicts",
         "subject", "nobody to ask"),
        ("contract", SUBJECT + ILL, "contract.contradicts", "health_care", "a special category without Art. 9"),
    ],
)  # fmt: skip
def test_what_is_refused_where_it_stands(basis, columns, code, hint, why):
    with pytest.raises(ConfigError) as caught:
        contract(basis, columns)
    line = (HEAD + columns + PURPOSES).count("\n") + 1
    found = {problem.code: problem for problem in caught.value.problems}
    assert list(found) == [code], why
    assert (found[code].where, hint in found[code].todo) == (f"c.yaml:{line}", True), found[code]


def test_an_unknown_special_category_is_refused_and_what_is_dropped_needs_no_basis():
    with pytest.raises(ConfigError) as caught:
        contract("contract", SUBJECT + ILL.replace("health", "helth"))
    assert [problem.code for problem in caught.value.problems] == ["contract.unknown-name"]
    assert "'health'" in caught.value.problems[0].todo
    assert contract("contract", SUBJECT + ILL.replace("keep", "drop")).legal_basis


def test_what_is_inside_a_special_category_is_of_it():
    inside = "{name: code, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}"
    ill = f"      - {{name: ill, logicalType: object, customProperties: [{SPECIAL_ILL}], properties: [{inside}]}}\n"
    special = "{train: {basis: contract, special: research}, fraud: {basis: contract, special: health_care}}"
    assert [leaf.special for leaf in contract(special, SUBJECT + ill).leaves()] == ["", "", "health"]
