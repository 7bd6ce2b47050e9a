"""A person is told all that is held of them and nothing of others; what they have put right stays right."""

import html
import io
import json
import shutil
import stat
import sys

import pyarrow as pa
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.core.errors import StoreError
from strongroom.flows import keys, person, prepare, quarantine
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake.file_rewrite import Rewrite
from support.derived_tables import derive, model
from support.lakes import ROOT, install
from support.opened import decrypt

POLICY = """
roles:
  engineer: {{members: [user:engineer]}}
  officer: {{members: [user:pia]}}
grants:
  - {{role: engineer, actions: [read, write, delete], tables: ["*"]}}
  - {{role: engineer, actions: [act], principals: [user:pia]}}
  - {{role: officer, actions: [reveal], tables: {reveal}, purposes: [request]{more}}}
  - {{role: officer, actions: [write], tables: [training.*, corrections.*], purposes: [request]}}
  - {{role: officer, actions: [read], tables: {read}, purposes: [request]}}
"""
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
servers: [{{server: raw, type: local, path: 'raw/{name}/*.json', format: json}}]
schema:
  - name: {name}
    properties:
      - name: name
        logicalType: string
        required: true
        classification: personal
        customProperties:
          - {{property: protect, value: {{method: hash, domain: {domain}}}}}
          - {{property: subject, value: true}}
      - name: email
        logicalType: string
        classification: personal
        logicalTypeOptions: {{pattern: '@'}}
        customProperties: [{{property: protect, value: {{method: encrypt}}}}]
      - name: phone
        logicalType: string
        classification: personal
        customProperties: [{{property: protect, value: {{method: mask, keepLast: 2}}}}]
      - name: age
        logicalType: integer
        logicalTypeOptions: {{minimum: 0}}
        customProperties: [{{property: protect, value: {{method: keep}}}}]
      - name: friend
        logicalType: string
        customProperties: [{{property: protect, value: {{method: keep}}}}, {{property: about, value: others}}]
      - name: comment
        logicalType: string
        classification: personal
        customProperties: [{{property: protect, value: {{method: redact, find: [person, email], reversible: true}}}}]
customProperties:
  - {{property: purposes, value: [model_training, request]}}
"""
ODD = 'Zoë O’Néill, "<b>\'&" \\ 100%'
COMMENT = "I am Ann Lee and I met Gregor Hofmann there. <script>alert(1)</script>"


def row(name, number, **more):
    found = {
        "name": name, "email": f"mail{number}@canary.example", "phone": f"+44 1632 96{number:04}", "age": number,
        "friend": f"Friendcanary {number}", "comment": f"Nothing to say, number {number}.",
    }  # fmt: skip
    return {**found, **more}


PEOPLE = [
    row("Ann Lee", 1, comment=COMMENT),
    row("Ann", 2),
    row("Ann Lee-Smith", 3),
    row("ann lee", 4),
    row(ODD, 5),
    row("Ann Lee", 6, age=-1),  # breaks a rule, and is set aside
    row("Ann Lee", 7),
]
ORDERS = [row("Ann Lee", 11), row("Ben Only", 12)]
ASKED = ("--set", "principal=user:pia", "--purpose", "request")


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys)
    for each in (made.root / "contracts").glob("*.yaml"):
        each.unlink()
    add(made, "people", "person", PEOPLE)
    grant(made)
    return made


def grant(place, *, reveal='["*"]', read='["*"]', more=""):
    (place.root / "policy.yaml").write_text(POLICY.format(reveal=reveal, read=read, more=more))


def add(place, name, domain, rows):
    (place.root / f"contracts/{name}.yaml").write_text(CONTRACT.format(name=name, domain=domain))
    (place.lake / f"raw/{name}").mkdir(parents=True)
    (place.lake / f"raw/{name}/one.json").write_text("".join(json.dumps(each) + "\n" for each in rows))


def prepared(place, *names):
    for name in names or ("people",):
        done = place.run(prepare, "--contract", name, "--purpose", "model_training")
        assert done.code == 0, done.err


def run(place, verb, name, *words):
    who = place.root / "who"
    who.write_text(f"{name}\n")
    return place.run(person, verb, "--subject-from", str(who), *ASKED, *words)


def export(place, name, *words):
    out = place.root / "answer"
    return run(place, "export", name, "--out", str(out), *words), out


def held(out):
    found = json.loads((out / "answer.json").read_text())
    return {each["place"]: each for each in found["held"]}


def raw(name):
    """The plain reading of the invented lake."""
    return [each for each in PEOPLE if each["name"] == name]


@pytest.mark.parametrize(("name", "why"), [
    ("Ann Lee", "the beginning of another's name, and two others' names begin it"),
    ("Ann", "a prefix of three"),
    ("ann lee", "case counts"),
    (ODD, "quotes, markup, a backslash and letters of others"),
])  # fmt: skip
def test_an_export_is_what_a_plain_reading_finds_of_this_person_and_of_nobody_else(place, name, why):
    prepared(place)
    done, out = export(place, name)
    assert done.code == 0, (why, done.err, done.line["answer"])
    found, mine = held(out), raw(name)
    in_raw = [{k: v for k, v in each.items() if k not in ("friend", "comment")} for each in mine]
    shown = [{k: v for k, v in each.items() if k != "comment"} for each in found["raw.people"]["values"]]
    assert [{**each, "age": int(each["age"])} for each in shown] == in_raw
    good = [each for each in mine if each["age"] >= 0]
    training = found["training.people"]
    assert [each["email"] for each in training["values"]] == [each["email"] for each in good]
    assert [each["phone"][-2:] for each in training["values"]] == [each["phone"][-2:] for each in good]
    assert all(each["name"] != name for each in training["values"])
    aside = [each for each in mine if each["age"] < 0]
    sealed = found["quarantine.people"]["values"] if aside else []
    assert [each["email"] for each in sealed] == [each["email"] for each in aside]
    text = (out / "answer.json").read_text() + html.unescape((out / "answer.html").read_text())
    for other in PEOPLE:
        if other["name"] != name:
            assert other["email"] not in text
        assert other["friend"] not in text
    assert {"name": "friend", "why": "tells of others"} in training["withheld"]


def test_others_are_taken_out_of_texts_the_person_stays_and_a_reason_leaves_them(place):
    prepared(place)
    done, out = export(place, "Ann Lee")
    assert done.code == 0, done.err
    texts = [each["comment_original"] for each in held(out)["training.people"]["values"]]
    assert "no retention reaches raw files" in held(out)["raw.people"]["until"]
    assert texts[0] == COMMENT.replace("Gregor Hofmann", "[OTHER PERSON]")
    page = (out / "answer.html").read_text()
    assert "model_training: the contract names no legal basis<br>request: " in page
    assert ("Hofmann" in page, "<script" in page, "&lt;script&gt;" in page) == (False, False, True)
    (place.root / "answer").rename(place.root / "first")
    done, out = export(place, "Ann Lee", "--whole-texts", "Hofmann agreed")
    assert done.code == 0
    assert held(out)["raw.people"]["values"][0]["comment"] == COMMENT
    told = [e for e in place.audit() if e.facts.get("whole_texts")]
    assert {(e.action, e.table, e.facts["whole_texts"]) for e in told} == {
        ("read", "raw.people", "Hofmann agreed"),
        ("reveal", "training.people", "Hofmann agreed"),
        ("reveal", "quarantine.people", "Hofmann agreed"),
    }


def test_nothing_of_an_answer_stands_in_logs_messages_or_the_lake(place):
    prepared(place)
    before = {path for path in place.lake.rglob("*") if path.is_file()}
    shown = run(place, "show", "Ann Lee")
    done, _ = export(place, "Ann Lee")
    assert (shown.code, done.code) == (0, 0)
    (place.root / "new").write_text(json.dumps({"email": "newcanary@right.example"}))
    right = run(place, "rectify", "Ann Lee", "--contract", "people", "--values-from", str(place.root / "new"))
    assert right.code == 0, right.err
    said = [each for result in (shown, done, right) for each in (result.out, result.err)]
    logs = [path.read_bytes().decode(errors="replace") for path in (place.root / "audit").rglob("*") if path.is_file()]
    logs += [path.read_text() for path in place.lake.rglob("_delta_log/*.json")]
    after = {path for path in place.lake.rglob("*") if path.is_file()}
    logs += [path.read_bytes().decode(errors="replace") for path in after - before]
    for value in ("Ann Lee", "@canary", "newcanary", "Hofmann", "1632", "right.example"):
        assert [each for each in (*said, *logs) if value in each] == [], value


def test_the_folder_is_its_owners_alone_new_outside_of_the_lake_and_whole(place):
    prepared(place)
    done, out = export(place, "Ann Lee")
    assert done.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {
        "answer.json": 0o600, "answer.html": 0o600,
    }  # fmt: skip
    again, _ = export(place, "Ann Lee")
    assert (again.code, again.line["problems"][0]["code"]) == (2, "usage.invalid")
    inside = run(place, "export", "Ann Lee", "--out", str(place.lake / "answer"))
    assert (inside.code, (place.lake / "answer").exists()) == (2, False)
    nowhere = run(place, "export", "Ann Lee", "--out", str(place.root / "no/such/answer"))
    assert (nowhere.code, nowhere.line["problems"][0]["code"]) == (7, "output.unwritable")
    assert [path.name for path in place.root.iterdir() if "answer" in path.name] == ["answer"]


@pytest.mark.parametrize("verb", ["show", "export"])
def test_nobody_of_that_name_is_said_with_an_exit_code(place, verb):
    prepared(place)
    done = run(place, verb, "Ann L", *(("--out", str(place.root / "answer")) if verb == "export" else ()))
    assert (done.code, done.line["problems"][0]["code"]) == (7, "person.unknown")
    assert not (place.root / "answer").exists()


def test_a_name_of_two_domains_may_be_two_people(place):
    add(place, "orders", "customer", ORDERS)
    prepared(place, "people", "orders")
    done, out = export(place, "Ann Lee")
    assert (done.code, done.line["problems"][0]["code"], out.exists()) == (2, "person.ambiguous", False)
    done, out = export(place, "Ann Lee", "--domain", "customer")
    assert done.code == 0, done.err
    assert set(held(out)) == {"raw.orders", "training.orders"}
    both = run(place, "show", "Ann Lee", "--domain", "customer", "--domain", "person")
    assert both.line["answer"]["within"] == ["domain person", "domain customer"]
    assert run(place, "show", "Ben Only").line["answer"]["within"] == ["domain customer"]
    assert run(place, "show", "Ben Only", "--domain", "pets").code == 2


def test_several_names_are_refused(place):
    prepared(place)
    done = run(place, "show", "Ann Lee\nAnn")
    assert (done.code, done.line["problems"][0]["code"]) == (2, "person.several")


def test_a_table_without_tags_is_a_gap_and_the_answer_says_that_it_is_not_whole(place):
    prepared(place)
    derive(place, "curated.people", "training.people", columns=["email", "age"])
    done, out = export(place, "Ann Lee")
    assert (done.code, done.line["answer"]["whole"]) == (7, False)
    assert [gap["code"] for gap in done.line["answer"]["gaps"]] == ["person.untagged"]
    assert "curated.people" not in held(out)
    assert "not whole" in (out / "answer.html").read_text()


def test_derived_tables_models_and_readers_are_told(place):
    prepared(place)
    derive(place, "curated.people", "training.people")
    model(place, "people", source="training.people")
    done, out = export(place, "Ann Lee")
    assert done.code == 0, done.line
    assert [each["email"] for each in held(out)["curated.people"]["values"]] == [
        each["email"] for each in raw("Ann Lee") if each["age"] >= 0
    ]
    assert [(each["model"], each["rows"]) for each in done.line["answer"]["models"]] == [("models.people/test-1", 2)]
    readers = {(each["principal"], each["table"], each["action"]) for each in done.line["answer"]["readers"]}
    assert readers == {("user:engineer", "raw.people", "read")}


@pytest.mark.parametrize(("reveal", "read", "more", "code", "places", "why"), [
    ("[revealed.*]", "[strongroom.*]", "", 5, None, "nothing is granted: refused, and no file"),
    ("[training.*]", '["*"]', "", 5, {"training.people", "raw.people"}, "one place is not granted: said"),
    ('["*"]', "[strongroom.*]", "", 5, {"training.people", "quarantine.people"}, "raw files are read, not revealed"),
    ("[training.*]", '["*"]', ", rows: age > 3", 5, {"raw.people"}, "a part of the rows is no answer"),
    ('["*"]', "[raw.*]", "", 5, {"training.people", "quarantine.people", "raw.people"}, "not the audit log"),
])  # fmt: skip
def test_never_more_than_the_grants_give(place, reveal, read, more, code, places, why):
    prepared(place)
    grant(place, reveal=reveal, read=read, more=more)
    done, out = export(place, "Ann Lee")
    if places is None:
        assert (done.code != 0, out.exists()) == (True, False), why
        return
    assert (done.code, set(held(out)), done.line["answer"]["whole"]) == (code, places, False), why
    assert {gap["code"] for gap in done.line["answer"]["gaps"]} == {"person.refused"}


def test_a_column_that_is_not_granted_is_named_and_left_out(place):
    prepared(place)
    grant(place, reveal="[training.*]", more=", columns: {allow: [name, age]}")
    done, out = export(place, "Ann Lee")
    assert done.code == 5, done.err
    found = held(out)["training.people"]
    assert [set(each) for each in found["values"]] == [{"name", "age"}] * 2
    why = {each["name"]: each["why"] for each in found["withheld"]}
    assert why["email"] == "no grant gives it"
    assert done.code == 5
    assert "canary" not in "".join(str(each) for each in found["values"])


def test_each_opening_is_in_the_audit_log_with_its_columns(place):
    prepared(place)
    assert run(place, "show", "Ann Lee", "--values").code == 0
    opened = [e for e in place.audit() if e.action == "reveal" and "rows" in e.facts]
    assert {(e.principal, e.purpose, e.table, e.facts["rows"]) for e in opened} == {
        ("user:pia", "request", "training.people", 2), ("user:pia", "request", "quarantine.people", 1),
    }  # fmt: skip
    (training,) = (e for e in opened if e.table == "training.people")
    assert "email" in training.columns


def test_values_are_on_the_terminal_only_when_asked_for(place):
    prepared(place)
    shown, told = run(place, "show", "Ann Lee"), run(place, "show", "Ann Lee", "--values")
    assert ("mail1@canary" in shown.out, "mail1@canary" in told.out) == (False, True)
    assert "mail1@canary" not in json.dumps(told.line)


def emails(place):
    """By age, each e-mail in training, opened by other code than what answers."""
    leaf = next(
        leaf for leaf in load_contract(str(place.root / "contracts/people.yaml")).leaves() if leaf.path == "email"
    )
    rows = place.rows("training.people")
    ring = open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)
    sealed = pa.array([each["email"] for each in rows], pa.binary())
    found, fine = decrypt(sealed, leaf, table="training.people", keyring=ring)
    assert all(fine.to_pylist())
    return {each["age"]: email for each, email in zip(rows, found.to_pylist(), strict=True)}


def rectify(place, name, values, *words):
    (place.root / "new").write_text(json.dumps(values))
    return run(place, "rectify", name, "--contract", "people", "--values-from", str(place.root / "new"), *words)


def test_what_is_put_right_stays_right_at_every_later_run_until_it_is_taken_back(place):
    prepared(place)
    before = emails(place)
    done = rectify(place, "Ann Lee", {"email": "right@new.example", "phone": "+1 555 77"})
    assert done.code == 0, done.err
    answer = done.line["answer"]
    assert (answer["rows"], answer["version"], answer["raw"]) == (2, 2, ["raw.people"])
    right = {**before, 1: "right@new.example", 7: "right@new.example"}
    assert emails(place) == right
    assert {each["age"]: each["phone"][-2:] for each in place.rows("training.people")}[7] == "77"
    prepared(place)  # overwrites the table from raw files that say the wrong thing
    assert emails(place) == right
    (place.lake / "raw/people/two.json").write_text(json.dumps(row("Ann Lee", 21)) + "\n")
    assert (
        place.run(prepare, "--contract", "people", "--purpose", "model_training", "--set", "prepare.mode=append").code
        == 0
    )
    assert emails(place) == {**right, 21: "right@new.example"}
    assert rectify(place, "Ann Lee", {"email": "second@new.example"}).code == 0
    for _ in range(2):
        assert place.run(keys, "rotate").code == 0
        assert place.run(keys, "rewrap", "--purpose", "model_training").code == 0
    prepared(place)
    assert {emails(place)[age] for age in (1, 7, 21)} == {"second@new.example"}
    back = run(place, "rectify", "Ann Lee", "--contract", "people", "--columns", "email", "--withdraw")
    assert back.code == 0, back.err
    prepared(place)
    assert emails(place) == {**before, 21: "mail21@canary.example"}


def test_a_retried_row_gets_what_was_put_right(place):
    prepared(place)
    assert rectify(place, "Ann Lee", {"email": "right@new.example"}).code == 0
    place.edit("contracts/people.yaml", "minimum: 0", "minimum: -5")
    assert place.run(quarantine, "retry", "--contract", "people", "--purpose", "model_training").code == 0
    assert emails(place)[-1] == "right@new.example"


def test_what_was_made_before_is_told_to_be_stale_and_the_map_knows_the_corrections(place):
    prepared(place)
    derive(place, "curated.people", "training.people")
    done = rectify(place, "Ann Lee", {"age": 40})
    assert done.line["answer"]["stale"] == [
        {"table": "curated.people", "todo": "./spark-submit.sh curate --contract people"}
    ]
    found = run(place, "show", "Ann Lee", "--values")
    assert (found.code, '{"age": {"is": "40"}}' in found.out) == (0, True), found.line
    event = next(e for e in place.audit() if e.action == "write" and "withdrawn" in e.facts)
    assert (event.table, event.columns, event.facts["rows"]) == ("training.people", ("age",), 2)


@pytest.mark.parametrize(("values", "code", "problem", "why"), [
    ({"email": "nocanary"}, 3, "person.value", "it breaks the column's pattern"),
    ({"age": "manycanary"}, 3, "person.value", "it is no number"),
    ({"age": -7}, 3, "person.value", "it breaks a rule, which a raw row would be set aside for"),
    ({"name": "Bob"}, 3, "person.column", "it would be another person"),
    ({"comment": "texts"}, 3, "person.column", "redacted text is made of the raw one"),
    ({"nocanary": 1}, 3, "person.column", "there is no such column"),
    ({"age": [1]}, 2, "usage.invalid", "it has several values"),
    ({}, 2, "usage.invalid", "no value"),
])  # fmt: skip
def test_a_value_that_the_contract_would_not_take_changes_nothing_and_is_not_repeated(
    place, values, code, problem, why
):
    prepared(place)
    done = rectify(place, "Ann Lee", values)
    assert (done.code, done.line["problems"][0]["code"]) == (code, problem), why
    said = done.out + done.err
    assert [str(each) for each in values.values() if str(each) in said and "canary" in str(each)] == []
    assert (place.delta("training.people").version(), (place.lake / "corrections").exists()) == (1, False)


def test_nobody_is_put_right_who_is_not_there_and_nothing_without_the_right_to(place):
    prepared(place)
    done = rectify(place, "Ann L", {"age": 1})
    assert (done.code, done.line["problems"][0]["code"]) == (7, "person.unknown")
    for tables in ("[training.*]", "[corrections.*]"):
        grant(place)
        place.edit("policy.yaml", "[training.*, corrections.*]", tables)
        assert rectify(place, "Ann Lee", {"age": 1}).code == 5
    assert place.delta("training.people").version() == 1


def test_a_contract_by_which_a_correction_would_be_lost_is_refused(place):
    prepared(place)
    assert rectify(place, "Ann Lee", {"email": "right@new.example"}).code == 0
    place.edit("contracts/people.yaml", "value: {method: encrypt}", "value: {method: redact}")
    done = place.run(prepare, "--contract", "people", "--purpose", "model_training")
    assert (done.code, done.line["problems"][0]["code"]) == (3, "contract.corrected")


def test_a_rehearsal_asks_for_nobody_and_touches_nothing(place, monkeypatch):
    prepared(place)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    done = place.run(person, "show", *ASKED, "--dry-run")
    assert (done.code, done.line["answer"]["places"]) == (0, ["quarantine.people", "training.people", "raw.people"])
    rehearsed = rectify(place, "Ann Lee", {"age": 3}, "--dry-run")
    assert (rehearsed.code, rehearsed.line["answer"]["version"]) == (0, None)
    assert place.delta("training.people").version() == 1


def test_a_purpose_is_needed(place):
    prepared(place)
    (place.root / "who").write_text("Ann Lee\n")
    assert place.run(person, "show", "--subject-from", str(place.root / "who")).code == 2


def test_what_folders_of_raw_files_say_of_people_is_in_no_message(place):
    place.edit("contracts/people.yaml", "raw/people/*.json", "raw/people/**")
    column = "- name: customer\n        logicalType: string\n        customProperties: "
    column += "[{property: protect, value: {method: hash}}]\n      - name: email"
    place.edit("contracts/people.yaml", "- name: email", column)
    prepared(place)
    hidden = place.lake / "raw/people/customer=Hidcanary"
    hidden.mkdir()
    (hidden / "torn.json").write_bytes(b"\xff\xfe\x00")
    done = run(place, "show", "Ann Lee")
    assert (done.code, [gap["code"] for gap in done.line["answer"]["gaps"]]) == (7, ["person.unsearched"])
    assert "Hidcanary" not in done.out + done.err


def test_the_example_policy_lets_the_privacy_officer_answer_and_put_right(place):
    shutil.copy(ROOT / "conf/policy.yaml", place.root / "policy.yaml")
    prepared(place)
    (place.root / "who").write_text("Ann Lee\n")
    who = ("--subject-from", str(place.root / "who"), "--set", "principal=user:pia")
    request = ("--purpose", "data_subject_request")
    assert place.run(person, "show", *who, *request).code == 0
    (place.root / "new").write_text('{"age": 41}')
    words = ("--contract", "people", "--values-from", str(place.root / "new"))
    assert place.run(person, "rectify", *words, *who, *request).code == 0


def test_a_run_that_dies_before_the_table_has_it_leaves_the_rest_to_the_next_prepare(place, monkeypatch):
    prepared(place)
    before = emails(place)

    def dies(self, *, note):
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Rewrite, "commit", dies)
        assert rectify(place, "Ann Lee", {"email": "right@new.example"}).code == 7
    assert emails(place) == before
    prepared(place)
    assert {emails(place)[age] for age in (1, 7)} == {"right@new.example"}


def test_a_value_bound_to_its_row_is_put_right_in_each_row(place):
    bound = "- name: age\n        required: true"
    place.edit("contracts/people.yaml", "- name: age", bound)
    place.edit("contracts/people.yaml", "value: {method: encrypt}", "value: {method: encrypt, rowKey: age}")
    prepared(place)
    assert rectify(place, "Ann Lee", {"email": "right@new.example"}).code == 0
    done, out = export(place, "Ann Lee")
    assert done.code == 0
    assert {each["email"] for each in held(out)["training.people"]["values"]} == {"right@new.example"}
    refused = rectify(place, "Ann Lee", {"age": 3})
    assert (refused.code, refused.line["problems"][0]["code"]) == (3, "person.column")


def test_who_holds_keys_of_columns_is_told(place):
    given = "columns: {allow: [email]}, enforce: cryptographic"
    more = f"  - {{role: science, actions: [read], tables: [training.*], {given}}}\n"
    text = (place.root / "policy.yaml").read_text() + more
    text = text.replace("roles:\n", "roles:\n  science: {members: [user:sue], key: file:science.kek}\n")
    (place.root / "policy.yaml").write_text(text)
    prepared(place)
    wrapped = place.run(keys, "wrap")
    assert wrapped.code == 0, wrapped.err
    told = run(place, "show", "Ann Lee").line["answer"]["recipients"]
    assert told == [{"role": "science", "kind": "keys", "table": "training.people", "columns": ["email"]}]


def test_a_column_is_about_others_or_says_nothing(place):
    place.edit("contracts/people.yaml", "value: others", "value: other")
    done = place.run(prepare, "--contract", "people", "--purpose", "model_training")
    assert (done.code, done.line["problems"][0]["code"]) == (3, "contract.unknown-name")
