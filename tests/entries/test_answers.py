"""With --json stdout is JSON alone, and each answer has the form that docs/answers/ gives: one run of every verb."""

import contextlib
import copy
import io
import json
import re
from collections import Counter
from importlib import import_module

import jsonschema
import pytest

from strongroom import run_job
from strongroom.core.jobs import JOBS
from support.answers import FOLDER, check_document, check_rows, form
from support.lakes import install

POLICY = """
roles:
  all: {members: [user:engineer], key: file:all.kek}
  some: {members: [user:ada]}
  steward: {members: [user:noor]}
grants:
  - role: all
    actions: [read, write, delete, reveal]
    tables: [raw.*, training.*, quarantine.*, curated.*, dropped.*, features.*, revealed.*, projected.*, corrections.*,
             strongroom.*]
  - {role: some, actions: [read], tables: [training.reviews], columns: {deny: [email], mask: {user_id: "null"}}}
  - {role: steward, actions: [grant], tables: ["*"]}
  - {role: steward, actions: [delete], tables: [strongroom.incidents]}
  - {role: steward, actions: [erase], tables: ["*"]}
"""
PHYSICAL = "  - {role: some, actions: [read], tables: [training.customers], enforce: physical}\n"
NOTEBOOK = "# Databricks notebook source\nprint(1)\n"


class Place:
    """An installation, and what its jobs said: `--json` as a program would use it."""

    def __init__(self, folder):
        self.root = install(folder, None).root
        (self.root / "policy.yaml").write_text(POLICY)
        (self.root / "n.py").write_text(NOTEBOOK)
        self.told = []

    def __call__(self, job, *words, code=0):
        out, err = io.StringIO(), io.StringIO()
        argv = ["--config", str(self.root / "local.yaml"), "--json", *words]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = run_job.run(import_module(f"strongroom.flows.{job}"), argv)
        assert code in (found, None), f"{job} {words}: {err.getvalue()}"
        *rows, document = [json.loads(line, parse_constant=_no_json) for line in out.getvalue().splitlines()]
        self.told.append((rows, document, err.getvalue()))
        return document


def _no_json(name):
    raise AssertionError(f"{name} is no JSON")


def somebody(place):
    """Who has the most reviews."""
    users = Counter[int]()
    for file in (place.root / "lake/raw/reviews").glob("*.json"):
        users.update(map(int, re.findall(r'"user_id": ?(\d+)', file.read_text())))
    return users.most_common(1)[0][0]


def without_spark(place):
    """Every verb that needs none."""
    file = place.root / "kept.json"
    place("sample", "--rows", "200")
    place("sample")
    place("init", str(place.root / "started"))
    place("check")
    place("check", "--contract", "reviews", "--show")
    place("check", "--contracts", str(place.root / "contracts"))
    place("contract", "diff", "reviews", "customers", code=0)
    place("profile", "raw.customers", "--out", str(place.root / "first.yaml"), "--dry-run")
    place("profile", "raw.customers", "--out", str(place.root / "first.yaml"))
    place("doctor", code=None)
    place("prepare", "--dry-run", "--purpose", "model_training")
    place("prepare", "--contract", "customers", code=6)
    place("prepare")
    place("prepare", "--set", "prepare.mode=append")
    place("prepare", "--mend-timestamps")
    place("quarantine", "list")
    place("quarantine", "show", "--limit", "1000", "--purpose", "model_training")
    place("quarantine", "retry")
    place("quarantine", "discard", "--older-than", "0", "--dry-run")
    place("quarantine", "discard", "--older-than", "0")
    (place.root / "who").write_text("somebody\n")
    who = ("--subject-from", str(place.root / "who"))
    place("consent", "give", *who, "--about", "model_training", "--until", "2030-01-01")
    place("consent", "withdraw", *who, "--about", "model_training", "--dry-run")
    for verb in ("withdraw", "object", "object-no-more"):
        place("consent", verb, *who, "--about", "model_training")
    for verb in ("restrict", "restrict-no-more", "show"):
        place("consent", verb, *who)
    place("consent", "import")
    place("person", "show", *who, "--purpose", "model_training")
    place("person", "export", *who, "--out", str(place.root / "answer"), "--purpose", "model_training")
    (place.root / "right").write_text('{"email": "right@new.example"}')
    (place.root / "whom").write_text(f"{somebody(place)}\n")
    whom = ("--subject-from", str(place.root / "whom"))
    right = ("--values-from", str(place.root / "right"), "--contract", "reviews", "--purpose", "model_training")
    place("person", "rectify", *whom, *right, "--dry-run")
    asked = ("--reason", "asked", "--identity", "letter", "--contract", "customers")
    for name in ("e-1", "e-2"):
        place("erase", "request", *whom, *asked, "--run-id", name)
    place("erase", "withdraw", "erase-e-2")
    place("erase", "extend", "erase-e-1", "--reason", "many")
    place("erase", "list")
    place("erase", "plan", "erase-e-1")
    place("erase", "approve", "erase-e-1", "--set", "principal=user:noor")
    place("erase", "run")
    place("erase", "prove", "erase-e-1", code=None)
    place("retain", "run", "--dry-run")
    place("retain", "run")
    first = place("keys", "list")["answer"]["primary"]
    second = place("keys", "rotate")["answer"]["primary"]
    place("keys", "rotate")
    place("keys", "coverage")
    place("keys", "rewrap")
    place("keys", "disable", first)
    place("keys", "enable", first)
    place("keys", "destroy", second)
    place("keys", "export", str(file))
    place("keys", "export", str(place.root / "email.json"), "--contract", "reviews", "--column", "email")
    place("keys", "import", str(file))
    place("keys", "wrap")
    place("access", "explain", "--as", "user:ada", "--table", "training.reviews", "--columns", "label,user_id")
    place("access", "matrix")
    place("access", "matrix", "--out", str(place.root / "m.html"))
    place("access", "diff", str(place.root / "old.yaml"), str(place.root / "policy.yaml"))
    place("access", "lint", "--set", f"policy={place.root}/sound.yaml")
    words = ("--set", "principal=user:noor", "--to", "unity-catalog", "--out", str(place.root / "out"))
    place("access", "export", *words, "--only", "read", "--table", "training.reviews", "--group", "some=s")
    place("audit", "verify")
    place("audit", "search", "job=keys", "--limit", "3")
    place("audit", "prove", "0", "--out", str(place.root / "proof"))
    entry = (place.root / "audit/entries.jsonl").read_bytes().splitlines()[0]
    (place.root / "entry").write_bytes(entry)
    place("audit", "verify", "--proof", str(place.root / "proof"), "--entry", str(place.root / "entry"))
    place("audit", "report")
    log = place.root / "audit/entries.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[2:]))
    place("audit", "recover", "--reason", "a test cut it")
    place("audit", "verify")
    (place.root / "keys/audit-signing.key").unlink()
    place("audit", "verify", "--new-key", "--dry-run")
    place("audit", "verify", "--new-key")
    place("notebook", str(place.root / "n.py"), "--dry-run")
    place("notebook", str(place.root / "n.py"))
    place("lineage")
    place("lineage", "--openlineage")
    place("report", "ropa")
    place("report", "dpia", "training.reviews")
    place("report", "card", "training.reviews", "--out", str(place.root / "card.json"))
    place("incident", "open", "--table", "training.reviews", "--reason", "a test", "--run-id", "i")
    place("incident", "assess", "i")
    place("incident", "list")
    place("incident", "close", "i", "--reason", "over", "--not-notified", "a test", "--set", "principal=user:noor")
    place("check", "--lake")
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("answers"))
    (place.root / "old.yaml").write_text(POLICY.replace("deny: [email]", "deny: [label]"))
    sound = "roles:\n  all: {members: [user:engineer]}\ngrants:\n  - {role: all, actions: [read], tables: [raw.*]}\n"
    (place.root / "sound.yaml").write_text(sound)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("strongroom.stores.spark.session.open_session", lambda *_, **__: None)
        return without_spark(place)


def test_every_answer_is_of_the_form_that_its_schema_gives(place):
    for rows, document, _ in place.told:
        assert document["answer"] is not None, document
        check_document(document)
        check_rows(document["job"], rows)


def test_every_verb_of_every_job_was_tried(place):
    tried = {(document["job"], document["verb"]) for _, document, _ in place.told}
    spark = {("reveal", ""), ("curate", ""), ("vectorize", ""), ("project", "")}
    assert tried | spark == set(verbs())


def test_nothing_that_any_of_these_jobs_has_left_belongs_to_nothing(place):
    (document,) = [told for _, told, _ in place.told if "strays" in (told["answer"] or {})]
    assert document["answer"]["strays"] == []


def verbs():
    for job in JOBS:
        flow = import_module(f"strongroom.flows.{job}")
        actions = run_job.parser_of(job, flow)._actions
        named = next((action.choices for action in actions if action.dest == "verb"), ("",))
        yield from ((job, verb) for verb in named)


def test_a_run_that_reads_nothing_names_the_versions_that_there_are(place):
    runs = [document["answer"] for _, document, _ in place.told if document["job"] == "prepare"]
    again = next(answer for answer in runs if "batch" in answer and answer["batch"] is None)
    made = next(answer for answer in runs if answer.get("gate") == "open")
    assert again["versions"] == made["versions"] != {}


def test_people_are_told_on_stderr(place):
    for rows, document, told in place.told:
        assert told.strip() or rows, document


def objects(value):
    """Every mapping inside a document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from objects(inner)


def test_a_property_that_no_schema_names_fails(place):
    """At the top of the document, of its answer, and of what is listed in it."""
    for _, document, _ in place.told:
        for at in ((), ("answer",)):
            wrong = copy.deepcopy(document)
            spot = wrong
            for step in at:
                spot = spot[step]
            spot["surprise"] = 1
            with pytest.raises(jsonschema.ValidationError):
                check_document(wrong)


def test_each_schema_is_one_and_lets_nothing_else_through():
    named = {file.name.partition(".")[0] for file in FOLDER.iterdir()}
    assert named == {"document", *JOBS}
    for file in FOLDER.iterdir():
        schema = json.loads(file.read_text())
        form(file.name).check_schema(schema)
        for part in objects(schema):
            if part.get("type") == "object" and "properties" in part:
                assert part["additionalProperties"] is False, f"{file.name}: {part}"


def test_rows_come_first_and_the_document_ends_them(place):
    for job, verb in (("quarantine", "show"), ("audit", "search")):
        rows, document, told = next(each for each in place.told if (each[1]["job"], each[1]["verb"]) == (job, verb))
        assert len(rows) == document["answer"]["shown"] > 0
        assert json.dumps(rows[0])[:40] not in told, "rows are not said again"


def test_a_search_without_an_answer_and_a_show_without_a_row_are_the_document_alone(place):
    assert place("audit", "search", "job=nobody")["answer"] == {"found": 0, "shown": 0}
    assert place("quarantine", "show", "--run", "nobody")["answer"]["shown"] == 0
    assert [rows for rows, _, _ in place.told[-2:]] == [[], []]


def test_a_command_line_that_nobody_understands_ends_with_a_document_too(place):
    document = place("keys", "lst", code=2)
    check_document(document)
    assert (document["exit_code"], document["problems"][0]["code"]) == (2, "usage.options")


def test_a_problem_of_a_file_has_file_and_line(place):
    contract = place.root / "contracts/broken.yaml"
    text = (place.root / "contracts/reviews.yaml").read_text()
    contract.write_text(text.replace("status: active", "status: actve"))
    try:
        document = place("check", str(contract), str(place.root / "policy.yaml"), code=3)
    finally:
        contract.unlink()
    check_document(document)
    (problem,) = document["problems"]
    line = text.splitlines().index("status: active") + 1
    assert (problem["code"], problem["file"], problem["line"]) == ("contract.not-run", str(contract), line)
    assert [(each["ok"], each["kind"]) for each in document["answer"]["files"]] == [(False, None), (True, "policy")]


EXPLAINED = [
    # columns, further words, exit code, allowed, why
    ("label", [], 0, True, "a yes"),
    ("label", ["--exit-code"], 0, True, "a yes"),
    ("email", [], 0, False, "the question was answered"),
    ("email", ["--exit-code"], 5, False, "a no, for a shell"),
    ("label,email", ["--exit-code"], 5, False, "not all that was asked"),
]


@pytest.mark.parametrize(("columns", "words", "code", "allowed", "why"), EXPLAINED)
def test_a_no_is_an_exit_code_where_it_is_asked_for(place, columns, words, code, allowed, why):
    asked = ("explain", "--as", "user:ada", "--table", "training.reviews", "--columns", columns, *words)
    document = place("access", *asked, code=code)
    assert (document["answer"]["allowed"], document["status"], document["exit_code"]) == (
        allowed, "Refused" if code else "done", code,
    ), why  # fmt: skip


def test_an_explained_no_names_what_is_missing(place):
    asked = ("explain", "--as", "user:noor", "--table", "raw.reviews", "--action", "delete")
    answer = place("access", *asked)["answer"]
    assert answer["missing_grant"] == "{role: steward, actions: [delete], tables: [raw.reviews]}"
    shown = place("access", "explain", "--as", "user:ada", "--table", "training.reviews", "--columns", "user_id")
    assert shown["answer"]["given"] == [{"column": "user_id", "shown": "replace-with-null", "where": []}]


@pytest.mark.spark
def test_jobs_of_spark_answer_too(tmp_path, spark):
    place = Place(tmp_path / "x")
    (place.root / "policy.yaml").write_text(POLICY + PHYSICAL)
    contract = place.root / "contracts/customers.yaml"
    contract.write_text(contract.read_text().replace("mustBeLessThan: 5,", "mustBeLessThan: 90,"))
    place("sample", "--rows", "200")
    for name in ("customers", "reviews"):
        place("prepare", "--contract", name)
    asked = ("--columns", "review_id,email", "--purpose", "model_training")
    for job, words in (("project", ()), ("reveal", asked), ("curate", ()), ("vectorize", ())):
        for more in (("--dry-run",), ("--run-id", "one"), ("--run-id", "one")):
            document = place(job, *words, *more)
            assert document["answer"] is not None
            check_document(document)


def test_numbers_that_json_has_no_form_for_are_texts():
    from strongroom.core.escaping import json_text

    wrong = {"a": [float("nan"), {"b": (float("inf"), -float("inf"))}], "c": 1.5}
    assert json_text(wrong) == '{"a": ["NaN", {"b": ["Infinity", "-Infinity"]}], "c": 1.5}'
