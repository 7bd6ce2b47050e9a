"""Protection beside somebody else's contract: by name, classification, tag and pattern, and what stops the run."""
# ruff: noqa: E501 - a case is a line

from pathlib import Path

import pytest

from strongroom.core.contract.file import (
    Asked,
    contracts_in,
    load_contract,
    parse_contract,
    parts_of,
    read_contract,
)
from strongroom.core.contract.overlay import read_overlay
from strongroom.core.contract_files import named_part
from strongroom.core.errors import ConfigError

FOREIGN = """apiVersion: v3.0.2
kind: DataContract
id: shop
version: 2.1.0
status: in production
servers:
  - {server: warehouse, type: postgres, host: db.example, port: 5432, database: shop, schema: public}
  - {server: files, type: local, path: raw/orders/*.json, format: json}
schema:
  - name: orders
    physicalName: ord_1
    physicalType: table
    properties:
      - {name: order_id, logicalType: integer, physicalType: int8, required: true}
      - {name: email, logicalType: string, physicalType: varchar(320), classification: restricted, encryptedName: email_enc}
      - {name: placed, logicalType: date, physicalType: timestamp, partitioned: true, partitionKeyPosition: 1}
      - {name: country, logicalType: string, classification: public, tags: [geo]}
      - {name: notes, logicalType: array, items: {logicalType: string}}
      - {name: payload, logicalType: object, physicalType: jsonb}
      - {name: gift code, logicalType: string, tags: [secret]}
    quality:
      - {rule: rowCount, mustBeGreaterThan: 0}
      - {name: fresh, type: custom, engine: soda, implementation: "freshness(placed) < 1d"}
slaProperties:
  - {property: latency, value: 4, unit: d}
customProperties:
  - {property: owner, value: nobody}
"""
OVERLAY = """server: files
purposes: [model_training]
classification: {public: keep, restricted: {method: hash, domain: person}}
tag: {secret: drop}
pattern: {'*_id': {method: hash}, '*': drop}
columns:
  order_id: {protect: keep, role: key}
leave: {engines: [soda], levels: [latency]}
"""


def _contract(overlay=OVERLAY, text=FOREIGN, **asked):
    return parse_contract(text, "shop.yaml", Asked(overlay=read_overlay(overlay, "o.yaml"), **asked))


def _problems(overlay=OVERLAY, text=FOREIGN, **asked):
    try:
        return list(read_contract(text, "shop.yaml", Asked(overlay=read_overlay(overlay, "o.yaml"), **asked))[1])
    except ConfigError as error:
        return list(error.problems)


def test_a_contract_of_another_house_is_read_as_it_stands():
    contract = _contract()
    columns = {column.path: column for column in contract.columns}
    leaves = {leaf.path: (leaf.type.ddl, leaf.method, leaf.protect.by) for leaf in contract.leaves()}
    assert leaves == {
        "order_id": ("bigint", "keep", "its name"),
        "email": ("string", "hash", "classification 'restricted'"),
        "placed": ("timestamp_ntz", "drop", "pattern '*'"),
        "country": ("string", "keep", "classification 'public'"),
        "notes[]": ("string", "drop", "pattern '*'"),
        "payload": ("string", "drop", "pattern '*'"),
        "gift_code": ("string", "drop", "tag 'secret'"),
    }
    assert columns["gift_code"].source == "gift code"
    assert columns["order_id"].role == "key"
    assert [(source.name, source.file) for source in contract.sources] == [("files", "")]
    assert contract.purposes == ("model_training",)
    assert [rule.metric for rule in contract.set_rules] == ["rowCount"]
    assert contract.place(columns["email"].protect) == "o.yaml:3"
    assert [note.where for note in contract.notes if note.left] == ["shop.yaml:23", "shop.yaml:25"]
    noted = {note.where for note in contract.notes if not note.left}
    assert noted >= {f"shop.yaml:{line}" for line in (5, 7, 15, 16, 19, 20, 27)}, (
        "status, server, both names, insides, owner"
    )


def test_the_system_of_the_server_says_what_its_types_mean():
    named = OVERLAY.replace(
        "server: files\n", "servers: [{server: x, type: local, path: raw/x/*.json, format: json}]\n"
    )
    contract = _contract(named)
    kinds = {column.path: column.type.ddl for column in contract.columns}
    assert (kinds["order_id"], kinds["placed"]) == ("bigint", "timestamp_ntz"), "of PostgreSQL, the first server's"
    assert [(source.path, contract.place(source)) for source in contract.sources] == [("raw/x/*.json", "o.yaml:1")]


STOPS = [
    # the overlay's old and new text, where, code, why
    ("pattern: {'*_id': {method: hash}, '*': drop}\n", "", {"contract.unprotected"}, "what nothing says anything about"),
    ("'*': drop", "'*': keep", {"contract.by-pattern"}, "keep comes by no pattern"),
    ("'*': drop", "'*': {method: mask, keepLast: 2}", {"contract.by-pattern"}, "nor does anything that leaves a part"),
    ("restricted: {method: hash, domain: person}", "restricted: keep", {"contract.personal-kept"}, "personal and kept without a reason"),
    ("  order_id: {", "  oder_id: {", {"contract.unknown-name"}, "a column that is not there"),
    ("role: key", "rol: key", {"contract.unknown-field"}, "a word nobody knows"),
    ("leave: {engines: [soda], levels: [latency]}", "leave: {levels: [latency]}", {"contract.not-run"}, "another engine"),
    ("leave: {engines: [soda], levels: [latency]}", "leave: {engines: [soda]}", {"contract.missing"}, "a latency of no column"),
    ("server: files", "server: flies", {"contract.unknown-name"}, "no such server"),
    ("server: files\n", "", {"contract.not-run"}, "a server of another system is not read"),
    ("server: files\n", "server: files\nservers: []\n", {"contract.contradicts"}, "which of them?"),
    ("tag: {secret: drop}", "tag: {secret: drop, geo: drop}", {"contract.contradicts"}, "two words of one column"),
    ("'*_id': {method: hash}", "'*_id': {method: hash}, 'gift*': {method: hash}, '*_code': drop", set(), "a tag goes before patterns"),
    ("'*': drop", "'coun*': drop, '*': drop", {"contract.contradicts"}, "a pattern that drops what a classification keeps"),
    ("'*': drop", "'em*': drop, '*': drop", {"contract.contradicts"}, "or hashes"),
    ("'*': drop", "'gift*': drop, '*': drop", set(), "or drops as well"),
    ("tag: {secret: drop}", "tag: {secret: {methd: drop}}", {"contract.missing"}, "no method"),
    ("purposes: [model_training]", "purpose: [model_training]", {"contract.unknown-field"}, "a typo"),
    ("country", "country", set(), "nothing changed"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "codes", "why"), STOPS, ids=[row[-1] for row in STOPS])
def test_what_an_overlay_does_not_say_rightly_stops_the_run(old, new, codes, why):
    assert old in OVERLAY or not codes, why
    assert {problem.code for problem in _problems(OVERLAY.replace(old, new))} == codes, why


def test_two_patterns_that_say_two_things_of_a_column_stop_the_run():
    two = OVERLAY.replace("'*_id': {method: hash}", "'p*': {method: hash}, '*load': drop")
    (problem,) = _problems(two)
    assert (problem.code, problem.where) == ("contract.contradicts", "shop.yaml:19")


def test_what_the_contract_itself_says_is_not_said_again():
    own = FOREIGN.replace(
        "- {name: order_id, ", "- {name: order_id, customProperties: [{property: protect, value: {method: drop}}], "
    )
    (problem,) = _problems(text=own)
    assert (problem.code, problem.where) == ("contract.twice", "o.yaml:7")
    alone = OVERLAY.replace("columns:\n  order_id: {protect: keep, role: key}\n", "")
    assert next(leaf for leaf in _contract(alone, own).leaves()).method == "drop", "it goes before every pattern"


def test_a_word_of_theirs_for_a_classification_may_be_given_its_meaning():
    theirs = FOREIGN.replace("classification: restricted", "classification: PII")
    assert {problem.code for problem in _problems(text=theirs)} == {"contract.unknown-name"}
    assert {problem.code for problem in _problems(OVERLAY + "means: {restricted: public}\n")} == {
        "contract.contradicts"
    }
    assert {problem.code for problem in _problems(OVERLAY + "means: {PII: pubic}\n")} == {"contract.unknown-name"}
    contract = _contract(OVERLAY + "means: {PII: restricted}\n", theirs)
    email = next(leaf for leaf in contract.leaves() if leaf.path == "email")
    assert (email.classification, email.personal, email.method) == ("restricted", True, "hash")


def _by(overlay, column):
    """How each leaf of one column leaves, or the codes of what stops the run."""
    text = FOREIGN.partition("\nschema:")[0] + "\nschema:\n  - {name: t, tags: [HR], properties: [" + column + "]}\n"
    overlay = f"server: files\n{overlay}"
    if problems := _problems(overlay, text):
        return {problem.code for problem in problems}
    return {leaf.path: leaf.method for leaf in _contract(overlay, text).leaves()}


INSIDE = "{name: a, logicalType: object, %s, properties: [{name: b, logicalType: string, %s}]}"
OUTSIDE = [
    # the overlay's words, the column, what becomes of it, why
    ("tag: {pii: hash}", "{name: a, logicalType: string, tags: [PII]}", {"a": "hash"}, "case does not count"),
    ("tag: {PII: hash}", "{name: a, logicalType: string, tags: [pii]}", {"a": "hash"}, "nor here"),
    ("classification: {Restricted: drop}", "{name: a, logicalType: string, classification: RESTRICTED}", {"a": "drop"}, "nor of a classification"),
    ("means: {pii: personal}\nclassification: {personal: drop}", "{name: a, logicalType: string, classification: PII}", {"a": "drop"}, "nor of its meaning"),
    ("means: {pii: personal}\nclassification: {PII: drop}", "{name: a, logicalType: string, classification: Pii}", {"a": "drop"}, "their word does as well as ours"),
    ("tag: {PII: drop, pii: keep}", "{name: a, logicalType: string, tags: [pii]}", {"contract.twice"}, "two that are one"),
    ("tag: {hr: hash}", "{name: a, logicalType: string}", {"a": "hash"}, "the data set's tag protects its columns"),
    ("tag: {hr: keep}\npattern: {'*': drop}", "{name: a, logicalType: string}", {"a": "drop"}, "and opens none"),
    ("tag: {hr: keep}", "{name: a, logicalType: string}", {"contract.unprotected"}, "not even where nothing else is said"),
    ("tag: {pii: hash}", INSIDE % ("tags: [pii]", "tags: []"), {"a.b": "hash"}, "an object's tag protects what is inside"),
    ("classification: {personal: hash}", INSIDE % ("classification: personal", "tags: []"), {"a.b": "hash"}, "and so does its classification"),
    ("classification: {public: keep}\npattern: {'*': drop}", INSIDE % ("classification: public", "tags: []"), {"a.b": "drop"}, "a public object opens nothing inside"),
    ("classification: {public: keep}", INSIDE % ("classification: public", "classification: public"), {"a.b": "keep"}, "but for what says so itself"),
    ("classification: {public: keep, personal: hash}", INSIDE % ("classification: personal", "classification: public"), {"contract.contradicts"}, "public inside of what is personal"),
    ("classification: {public: keep}\npattern: {'*': drop}", INSIDE % ("classification: personal", "classification: public"), {"contract.contradicts"}, "whether or not anything is said of personal"),
    ("tag: {pii: drop}\nclassification: {internal: hash}", INSIDE % ("tags: [pii]", "classification: internal"), {"a.b": "hash"}, "its own protection goes before"),
    ("tag: {pii: drop}\ncolumns: {a.b: keep}", INSIDE % ("tags: [pii]", "tags: []"), {"a.b": "keep"}, "and so does its name"),
    ("tag: {geo: keep}", "{name: a, logicalType: array, tags: [geo], items: {logicalType: string}}", {"a[]": "keep"}, "a list and its items are one column"),
    ("tag: {geo: drop}", "{name: a, logicalType: array, tags: [geo], items: {logicalType: object, properties: [{name: b, logicalType: string}]}}", {"a[].b": "drop"}, "what is inside of those is protected"),
    ("tag: {geo: keep}", "{name: a, logicalType: array, tags: [geo], items: {logicalType: object, properties: [{name: b, logicalType: string}]}}", {"contract.unprotected"}, "and not opened"),
    ("pattern: {'A*': hash}", "{name: a, logicalType: string}", {"a": "hash"}, "patterns know no case"),
    ("pattern: {'*_id': hash, '*': drop}", "{name: user_id, logicalType: object, properties: [{name: v, logicalType: string}]}", {"user_id.v": "hash"}, "the name of what it is inside of"),
    ("pattern: {'a[b]': drop}", "{name: ab, logicalType: string}", {"contract.name"}, "no set of letters"),
    ("pattern: {'a?': drop}", "{name: ab, logicalType: string}", {"contract.name"}, "no single letter"),
    ("pattern: {'a[]': drop}", "{name: a, logicalType: array, items: {logicalType: string}}", {"contract.name"}, "a list goes by its name"),
    ("pattern: {'\u0430*': drop, 'a*': hash}", "{name: ab, logicalType: string}", {"ab": "hash"}, "another alphabet is another letter"),
]  # fmt: skip


@pytest.mark.parametrize(("overlay", "column", "wanted", "why"), OUTSIDE, ids=[row[-1] for row in OUTSIDE])
def test_words_know_no_case_and_what_is_outside_protects_and_opens_nothing(overlay, column, wanted, why):
    assert _by(overlay, column) == wanted, why


NOTHING = [
    # a word of the overlay, whether it stops the run, why
    ("tag: {secret: drop, geoo: drop}", True, "a slip of a tag that is there"),
    ("tag: {secret: drop, money: drop}", False, "a tag that no column has"),
    ("tag: {secret: drop, geo: keep, gea: drop}", False, "one letter off a word that the overlay has, too"),
    ("tag: {secret: drop}\nmeans: {PII: personal}", False, "a classification that no column has"),
    ("tag: {secret: drop}\nmeans: {restrcted: personal}", True, "a slip of one that is there"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "stops", "why"), NOTHING, ids=[row[-1] for row in NOTHING])
def test_a_word_that_nothing_has_is_a_warning_and_a_slip_stops_the_run(words, stops, why):
    overlay = OVERLAY.replace("tag: {secret: drop}", words)
    if stops:
        assert {problem.code for problem in _problems(overlay)} == {"contract.unknown-name"}, why
    else:
        assert len([note for note in _contract(overlay).notes if note.warning]) == 1, why


BEATEN = [
    # the overlay's words, the column, lines that never take effect, why
    ("tag: {pii: hash}\npattern: {'a': {method: encrypt, domain: d}}", "{name: a, logicalType: string, tags: [pii]}", [3], "a tag goes before"),
    ("tag: {pii: hash}\npattern: {'a': hash}", "{name: a, logicalType: string, tags: [pii]}", [3], "also when they agree"),
    ("tag: {pii: hash}\npattern: {'a*': drop}\ncolumns: {a: keep}", "{name: a, logicalType: string, tags: [pii]}", [], "who names it has thought of it"),
    ("tag: {pii: hash}\npattern: {'a*': encrypt}", "{name: a, logicalType: string, tags: [pii]}, {name: ab, logicalType: string}", [], "of another column it holds"),
    ("tag: {pii: hash}\npattern: {'*': drop}", "{name: a, logicalType: string, tags: [pii]}", [], "the rest may come tomorrow"),
    ("tag: {hr: keep, pii: hash}", "{name: a, logicalType: string, tags: [pii]}", [2], "what is outside opens nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "column", "lines", "why"), BEATEN, ids=[row[-1] for row in BEATEN])
def test_a_rule_that_never_takes_effect_is_told(words, column, lines, why):
    text = FOREIGN.partition("\nschema:")[0] + "\nschema:\n  - {name: t, tags: [HR], properties: [" + column + "]}\n"
    notes = [note for note in _contract(f"server: files\n{words}", text).notes if note.warning]
    assert [note.where for note in notes] == [f"o.yaml:{line}" for line in lines], why


def test_patterns_and_classifications_that_mean_nothing():
    assert not [note for note in _contract().notes if note.warning]
    more = OVERLAY.replace("'*': drop", "'*_no': drop, '*': drop").replace("{public", "{internal: drop, public")
    assert [note.where for note in _contract(more).notes if note.warning] == ["o.yaml:3", "o.yaml:5"]
    assert {problem.code for problem in _problems(OVERLAY.replace("'*': drop", "emial: drop, '*': drop"))} == {
        "contract.unknown-name"
    }
    assert {problem.code for problem in _problems(OVERLAY.replace("{public", "{publik"))} >= {"contract.unknown-name"}


SLIPS = [
    # a custom property of a column, the codes, why
    ("protct", {"contract.unknown-field"}, "one letter"),
    ("Protect", {"contract.unknown-field"}, "another case"),
    ("preicsoin", {"contract.unknown-field"}, "two pairs in a long word"),
    ("quarantineLimits", {"contract.unknown-field"}, "ours, and of the contract"),
    ("purposes", {"contract.unknown-field"}, "ours, in a wrong place"),
    ("subjects", {"contract.unknown-field"}, "one letter too many"),
    ("rule", {"contract.unknown-field"}, "one letter of role"),
    ("pii", set(), "theirs"),
    ("anonymizationStrategy", set(), "theirs"),
    ("tables", set(), "two letters of a short word"),
]


@pytest.mark.parametrize(("word", "codes", "why"), SLIPS, ids=[row[-1] for row in SLIPS])
def test_a_slip_of_a_word_of_ours_stops_the_run_and_a_word_of_theirs_does_not(word, codes, why):
    theirs = FOREIGN.replace(
        "- {name: country, ", f"- {{name: country, customProperties: [{{property: {word}, value: 1}}], "
    )
    assert {problem.code for problem in _problems(text=theirs)} == codes, why


def test_a_rule_is_left_by_its_name_only():
    named = OVERLAY.replace("engines: [soda]", "rules: [fresh]")
    assert any("'fresh'" in note.what for note in _contract(named).notes if note.left)
    assert {problem.code for problem in _problems(OVERLAY.replace("engines: [soda]", "rules: [frsh]"))} == {
        "contract.not-run", "contract.unknown-name"
    }  # fmt: skip


SECOND = """  - name: customers
    properties:
      - {name: email, logicalType: string, classification: restricted}
slaProperties:"""


def test_one_of_several_data_sets_is_named():
    both = FOREIGN.replace("slaProperties:", SECOND)
    assert parts_of("shop.yaml", both) == ("orders", "customers")
    assert {problem.code for problem in _problems(text=both)} == {"contract.not-run"}
    assert _contract(text=both, part="orders").name == "orders"
    customers = _contract(text=both, part="customers")
    assert (customers.name, [leaf.method for leaf in customers.leaves()]) == ("customers", ["hash"])
    assert {problem.code for problem in _problems(text=both, part="customer")} == {"contract.unknown-name"}


def test_a_data_set_without_columns_is_told_and_made_nothing_of():
    both = FOREIGN.replace("slaProperties:", "  - {name: later, physicalType: table}\nslaProperties:")
    assert parts_of("shop.yaml", both) == ("orders",)
    assert any("'later' names no column" in note.what for note in _contract(text=both, part="orders").notes)
    assert {problem.code for problem in _problems(text=both, part="later")} >= {"contract.missing"}


def test_overlays_lie_in_a_folder_beside_that_of_the_contracts(tmp_path):
    contracts, protection = tmp_path / "contracts", tmp_path / "protection"
    contracts.mkdir(), protection.mkdir()
    (contracts / "shop.odcs.yaml").write_text(FOREIGN.replace("slaProperties:", SECOND))
    with pytest.raises(ConfigError):
        contracts_in(contracts)
    (protection / "shop.yaml").write_text(OVERLAY)
    assert [contract.name for contract in contracts_in(contracts)] == ["orders", "customers"]
    (protection / "shop#customers.yaml").write_text(
        OVERLAY.replace("columns:\n  order_id: {protect: keep, role: key}\n", "name: people\n")
    )
    (only,) = contracts_in(contracts)
    assert only.name == "people", "those objects are the lake's that have an overlay of their own"
    loaded = load_contract(str(contracts / "shop.odcs.yaml"), "orders")
    other = parse_contract(
        (contracts / "shop.odcs.yaml").read_text(),
        "x.yaml",
        Asked("orders", overlay=read_overlay(OVERLAY + "label: x\n", "o")),
    )
    assert loaded.fingerprint != other.fingerprint, "an overlay is part of what a contract is"


@pytest.mark.parametrize(
    ("name", "file", "part"),
    [
        ("shop", "shop", ""),
        ("shop#orders", "shop", "orders"),
        ("a/shop.yaml#orders", "a/shop.yaml", "orders"),
        ("a#b/shop.yaml", "a#b/shop.yaml", ""),
        ("a#b.yaml", "a#b.yaml", ""),
        ("#orders", "#orders", ""),
    ],
)
def test_the_part_of_a_name_is_behind_its_last_mark(name, file, part):
    assert named_part(name) == (file, part)
    assert Path(file).name
