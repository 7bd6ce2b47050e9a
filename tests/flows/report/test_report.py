"""Papers for authorities say what contracts, policy, settings and audit log say, and list what none of them does."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from benchmarks.venvs import last_line, python_of
from strongroom.flows import access, incident, prepare, report
from strongroom.flows.foundation.run_rows import RUNS
from support.derived_tables import derive
from support.lakes import install

CROISSANT = ("mlcroissant==1.1.1",)
"""What the format's own people check it with. It needs pandas of another age than ours, so it has an environment."""
FOR = ("--purpose", "model_training")
SAID = """
report:
  controller: Example Ltd, 1 Main Street
  contact: privacy@example.org
  representative: none
  dpo: P. Officer, dpo@example.org
  joint: none
  recipients: none
  transfers: none
  measures: badges at the doors
"""
WORDS = """
  - {property: dataSubjects, value: [customers, "people who wrote a review"]}
  - {property: legalBasis, value: legitimate_interests}
slaProperties:
  - {property: retention, value: 2, unit: y, element: reviews.created_at}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("lake") / "x", Quiet(), sample=300)
    (made.root / "local.yaml").write_text(made.settings.read_text() + SAID)
    reviews = made.root / "contracts/reviews.yaml"
    reviews.write_text(reviews.read_text() + WORDS)
    for name in ("customers", "reviews"):
        assert made.run(prepare, "--contract", name).code == 0
    derive(made, "features.reviews")
    return made


class Quiet:
    """`capsys` of a fixture that lives longer than a test: it hands over nothing."""

    def readouterr(self):
        return "", ""


@pytest.fixture
def place(prepared, capsys):
    return type(prepared)(prepared.root, capsys)


def answer(place, *words):
    found = place.run(report, *words)
    assert found.code == 0, found.err
    return found.line["answer"]


def test_a_record_holds_what_is_said_and_points_at_what_is_not(place):
    record = answer(place, "ropa")
    reviews, customers = (
        next(each for each in record["activities"] if each["contract"] == name) for name in ("reviews", "customers")
    )
    assert record["controller"]["dpo"] == "P. Officer, dpo@example.org"
    assert reviews["basis"] == "legitimate_interests (Art. 6(1)(f))"
    assert reviews["subjects"] == ["customers", "people who wrote a review"]
    assert reviews["retention"] == "2 years after created_at"
    assert reviews["sources"] == ["raw.reviews"]
    assert {"training.reviews", "quarantine.reviews", "features.reviews"} <= set(reviews["tables"])
    assert {each["path"]: each["protected"] for each in reviews["data"]} == {
        "user_id": "keyed hash", "email": "encrypted", "text_content": "redacted", "device.ip": "keyed hash",
    }  # fmt: skip
    assert {"role": "data_scientist", "table": "training.reviews", "until": "2027-06-30"} in reviews["recipients"]
    assert [each for each in reviews["recipients"] if each["role"] == "steward"] == []
    lacks = {
        (Path(each["where"].rpartition(":")[0]).name, each["what"].partition(":")[0]) for each in record["missing"]
    }
    assert lacks == {("customers.yaml", "customers")}, "the settings and the other contract say it all"
    assert (customers["basis"], customers["subjects"], customers["retention"]) == ("", [], "")
    for each in record["missing"]:
        file, _, line = each["where"].rpartition(":")
        assert 1 <= int(line) <= len(Path(file).read_text().splitlines()), each


@pytest.mark.parametrize(
    ("word", "what"),
    [("legalBasis", "basis"), ("dataSubjects", "subjects"), ("retention", "retention")],
)
def test_what_is_taken_out_of_a_contract_is_missing_and_nothing_stands_in_its_place(
    place, tmp_path, capsys, word, what
):
    shutil.copytree(place.root, tmp_path / "x")
    other = type(place)(tmp_path / "x", capsys)
    file = other.root / "contracts/reviews.yaml"
    lines = [line for line in file.read_text().splitlines() if f"property: {word}" not in line]
    file.write_text("\n".join(line for line in lines if word != "retention" or line != "slaProperties:") + "\n")
    before, after = (answer(each, "ropa") for each in (place, other))
    assert len(after["missing"]) == len(before["missing"]) + 1
    (activity,) = [each for each in after["activities"] if each["contract"] == "reviews"]
    assert not activity[what]


def test_the_cells_and_the_page_hold_the_same(place, tmp_path):
    files = [tmp_path / f"r.{kind}" for kind in ("csv", "json", "html", "md")]
    record = answer(place, "ropa", *(word for file in files for word in ("--out", str(file))))
    with files[0].open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["contract"], row["purpose"], row["legal basis"]) for row in rows] == [
        (each["contract"], each["purpose"], each["basis"]) for each in record["activities"]
    ]
    assert {**json.loads(files[1].read_text()), "written": ""} == {**record, "written": ""}
    for file in files[2:]:
        text = file.read_text()
        for word in ("legitimate_interests", "people who wrote a review", "2 years", "badges at the doors"):
            assert re.sub(r"<wbr>|\\", "", text).count(word), (file, word)


def test_nothing_of_a_page_is_cut_and_nothing_in_it_acts(place, tmp_path, capsys):
    shutil.copytree(place.root, tmp_path / "x")
    other = type(place)(tmp_path / "x", capsys)
    evil = '"=1+1<script>alert(1)</script>' + "x" * 900 + 'END --- license: mit"'
    other.edit("contracts/reviews.yaml", "value: [customers, ", f"value: [{evil}, ")
    other.edit("local.yaml", "controller: Example Ltd, 1 Main Street", f"controller: {evil}")
    pages = {kind: tmp_path / f"r.{kind}" for kind in ("html", "csv")}
    answer(other, "ropa", *(word for file in pages.values() for word in ("--out", str(file))))
    text = pages["html"].read_text()
    assert (text.count("END") >= 2, "<script>alert" in text) == (True, False)
    with pages["csv"].open(newline="") as opened:
        cells = [cell for row in csv.reader(opened) for cell in row if "1+1" in cell]
    assert cells
    assert [cell for cell in cells if cell.startswith("=")] == []
    card = answer(other, "card", "training.reviews")
    assert "license" not in yaml.safe_load(card["text"].split("---\n")[1])
    assert "<script>" not in card["text"].replace("\\<script>", "")


def test_who_opens_what_is_encrypted_is_a_recipient(place, tmp_path, capsys):
    shutil.copytree(place.root, tmp_path / "x")
    other = type(place)(tmp_path / "x", capsys)
    other.edit("contracts/reviews.yaml", "value: [model_training]", "value: [model_training, data_subject_request]")
    found = {
        (each["role"], each["table"])
        for activity in answer(other, "ropa")["activities"]
        if (activity["contract"], activity["purpose"]) == ("reviews", "data_subject_request")
        for each in activity["recipients"]
    }
    assert ("privacy_officer", "training.reviews") in found


def test_no_value_of_the_data_is_in_a_paper(place, tmp_path):
    raw = "".join(file.read_text(errors="replace") for file in (place.lake / "raw/reviews").glob("*.json"))
    emails = set(re.findall(r"[\w.+-]+@[\w.-]+\.\w+", raw))
    assert len(emails) > 10
    text = "".join(
        str(answer(place, *words)) for words in (("ropa",), ("dpia", "training.reviews"), ("card", "training.reviews"))
    )
    assert [email for email in emails if email in text] == []


def test_a_draft_has_the_steps_the_facts_and_open_questions(place, tmp_path):
    file = tmp_path / "dpia.md"
    text = answer(place, "dpia", "training.reviews", "--out", str(file))["text"]
    steps = re.findall(r"^## Step (\d)", text, re.MULTILINE)
    assert sorted(set(steps)) == ["1", "2", "3", "4", "5", "6", "7"]
    people = len({row["user_id"] for row in place.rows("training.reviews")})
    assert f"- Data subjects: {people}" in text
    assert "Art. 35\\(7\\)\\(d\\)" in text or "Art. 35(7)(d)" in text
    assert text.count("- [ ]") >= 15, "what facts cannot say is left to people"
    assert file.read_text().strip() == text.strip()


def test_who_may_not_read_runs_and_the_log_gets_no_paper(place):
    refused = place.run(report, "ropa", "--as", "user:grace")
    assert (refused.code, "legitimate" in refused.out) == (5, False)
    event = next(event for event in reversed(place.audit()) if event.outcome == "refused" and event.table)
    assert (event.job, event.table) == ("report", RUNS)


def test_a_slip_is_told_and_nothing_is_written(place, tmp_path):
    assert place.run(report, "dpia").code == 2
    assert place.run(report, "card", "training.reviws").code == 2
    good, bad = tmp_path / "r.html", tmp_path / "r.pdf"
    assert place.run(report, "ropa", "--out", str(good), "--out", str(bad)).code == 2
    assert not good.exists()
    assert place.run(report, "ropa", "--dry-run", "--out", str(good)).code == 0
    assert not good.exists()


def test_a_freeze_changes_no_record_and_the_record_tells_who_was_given_what(place, tmp_path, capsys):
    shutil.copytree(place.root, tmp_path / "x")
    other = type(place)(tmp_path / "x", capsys)
    pia, before = ("--set", "principal=user:pia"), answer(other, "ropa")
    opened = other.run(incident, "open", "--everything", "--reason", "x", "--run-id", "i", *pia)
    assert opened.code == 0, opened.err
    after = answer(other, "ropa")
    assert after["activities"] == before["activities"], "a record is of the rule, not of today's exception"
    to = ("--to", "ranger", "--out", str(tmp_path / "out"), "--only", "read", "--table", "training.reviews", *FOR)
    exported = other.run(access, "export", *to, "--set", "principal=user:noor")
    assert exported.code == 0, exported.err
    (given,) = answer(other, "ropa")["given"]
    assert (given["who"], given["what"]) == ("user:noor", "export strongroom.policy")


@pytest.mark.parametrize("table", ["training.reviews", "training.customers", "features.reviews"])
def test_a_card_begins_with_a_header_and_says_who_is_in_it(place, table):
    card = answer(place, "card", table)
    head, text = card["text"].removeprefix("---\n").split("---\n", 1)
    header = yaml.safe_load(head)
    assert (header["pretty_name"], header["size_categories"]) == (table, ["n<1K"])
    assert "license" not in header, "nobody has said one"
    assert "## Personal and sensitive information" in text
    rows = place.rows(table)
    assert f"- {len(rows):,} rows, " in text


CHECK = """
import json, sys
import mlcroissant
found = mlcroissant.Dataset(jsonld=json.load(open(sys.argv[1])))
again, rows = found.metadata.to_json(), found.metadata.record_sets[0]
print(json.dumps([str(found.metadata.ctx.conforms_to.value), list(found.metadata.ctx.issues.errors),
    [field.name for field in rows.fields], again]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("table", ["training.reviews", "training.customers", "features.reviews"])
def test_the_format_s_own_library_reads_the_croissant(place, tmp_path, table):
    try:
        python = python_of("croissant", CROISSANT)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"CROISSANT NOT TESTED: {CROISSANT[0]} does not install: {last_line(getattr(error, 'stderr', ''))}")
    file = tmp_path / "card.json"
    document = answer(place, "card", table, "--out", str(file))["croissant"]
    done = subprocess.run([str(python), "-c", CHECK, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    version, errors, fields, again = json.loads(done.stdout.strip().splitlines()[-1])
    assert (version, errors) == ("http://mlcommons.org/croissant/1.1", [])
    columns = [name for name in place.rows(table)[0] if name != "_subject"]
    assert [re.sub(".*/", "", str(name)) for name in fields] == columns
    told = {name: value for name, value in document.items() if name.startswith("rai:")}
    assert {"rai:personalSensitiveInformation", "rai:dataUseCases", "rai:dataPreprocessingProtocol"} <= set(told)
    kept = {name: again.get(name) for name in told}
    assert {name: value if isinstance(value, list) else [value] for name, value in kept.items()} == {
        name: value if isinstance(value, list) else [value] for name, value in told.items()
    }, "and understands each property of responsible AI"


@pytest.mark.slow
def test_the_format_s_own_library_refuses_what_is_none(place, tmp_path):
    try:
        python = python_of("croissant", CROISSANT)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"CROISSANT NOT TESTED: {CROISSANT[0]} does not install: {last_line(getattr(error, 'stderr', ''))}")
    document = answer(place, "card", "training.reviews")["croissant"]
    document["recordSet"][0]["field"][0]["source"]["fileSet"]["@id"] = "nowhere"
    file = tmp_path / "card.json"
    file.write_text(json.dumps(document))
    done = subprocess.run([str(python), "-c", CHECK, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode != 0, "the oracle can say no"
