"""Texts that a contract redacts: what names people is in nothing that a run writes."""
# ruff: noqa: E501 - a column is a line

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare, quarantine, reveal
from strongroom.flows.prepare import staged
from strongroom.flows.row_pass import redacting
from strongroom.text import model
from strongroom.text.redaction import Redacted, canonical
from support.lakes import ROOT, install

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: tickets
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/tickets/*.json, format: json}]
schema:
  - name: tickets
    properties:
      - {name: id, logicalType: integer, required: true, unique: true, customProperties: [{property: protect, value: {method: keep}}]}
      - name: name
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: drop}}]
      - name: text
        logicalType: string
        logicalTypeOptions: {minLength: 3}
        customProperties:
          - {property: protect, value: {method: redact}}
          - {property: role, value: text}
customProperties: [{property: purposes, value: [model_training]}]
"""
ROWS = [
    {
        "id": 1,
        "name": "Ms Olga Petrova",
        "text": "Dr. Olga Petrova wrote from olga.petrova@example.com; Petrova is angry.",
    },
    {"id": 2, "name": "Ines Acosta", "text": "Nobody is named here, order 20931."},
    {"id": 3, "name": "Ines Acosta", "text": None},
    {"id": 4, "name": "Ines Acosta", "text": "no"},
]


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path, capsys)
    (made.root / "contracts/tickets.yaml").write_text(CONTRACT)
    write(made, ROWS)
    return made


def write(place, rows, name="a.json"):
    folder = place.lake / "raw/tickets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def prepared(place, *options):
    done = place.run(prepare, "--contract", "tickets", "--set", "prepare.quarantine_limit=1", *options)
    assert done.code == 0, done.err
    return done


def test_a_text_leaves_without_what_names_people(place):
    prepared(place)
    texts = {row["id"]: row["text"] and re.sub(r"_\d+]", "]", row["text"]) for row in place.rows("training.tickets")}
    assert texts == {
        1: "[PERSON] wrote from [EMAIL]; [PERSON] is angry.",
        2: "Nobody is named here, order 20931.",
        3: None,
    }
    assert [row["reasons"] for row in place.rows("quarantine.tickets")] == [["text.minLength"]], (
        "the raw text is judged"
    )


def test_a_day_and_a_code_of_the_row_are_gone_whatever_is_found(place):
    place.edit(
        "contracts/tickets.yaml",
        "      - name: text\n",
        "      - {name: born, logicalType: date, classification: personal, "
        "customProperties: [{property: protect, value: {method: drop}}]}\n"
        "      - {name: code, logicalType: string, classification: personal, "
        "customProperties: [{property: protect, value: {method: drop}}]}\n"
        "      - name: text\n",
    )
    place.edit("contracts/tickets.yaml", "{method: redact}", "{method: redact, find: [email]}")
    text = "So 14 March 1985, 14.3.1985, AB-1234 567, a@b.example, 15.3.1985"
    write(place, [{"id": 1, "name": "Qux Vo", "born": "1985-03-14", "code": "AB1234567", "text": text}])
    prepared(place)
    [row] = place.rows("training.tickets")
    assert row["text"] == "So [DATE_OF_BIRTH_1], [DATE_OF_BIRTH_2], [PERSON_1], [EMAIL_1], 15.3.1985"


def everything(place) -> str:
    """All that lies below the installation but raw files, values of tables too, as small letters."""
    files = [file for file in Path(place.root).rglob("*") if file.is_file() and "raw" not in file.parts]
    tables = (repr(pq.read_table(file, partitioning=None).to_pylist()) for file in files if file.suffix == ".parquet")
    return "".join([*(file.read_bytes().decode("latin-1") for file in files), *tables]).lower()


def test_nothing_that_a_run_writes_or_says_names_anybody(place):
    done = prepared(place)
    found = everything(place) + done.out.lower() + done.err.lower()
    assert "person_1" in found or "redact" in found
    assert [word for word in ("olga", "petrova", "acosta") if word in found] == []


NESTED = CONTRACT.replace(
    "      - name: text\n",
    """\
      - name: about
        logicalType: object
        properties:
          - {name: note, logicalType: string, classification: personal, customProperties: [{property: protect, value: {method: redact, reversible: true}}]}
          - {name: place, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - name: replies
        logicalType: array
        items: {logicalType: string}
        customProperties: [{property: protect, value: {method: redact}}]
      - name: text
""",
).replace(
    "value: {method: redact}}\n          - {property: role",
    "value: {method: redact, reversible: true}}\n          - {property: role",
)
DEEP = [
    {
        "id": 1,
        "name": "Olga Petrova",
        "about": {"note": "Dr. Olga Petrova", "place": "Rome"},
        "replies": ["Dr. Olga Petrova", None, "Nothing."],
        "text": "Dr. Olga Petrova wrote.",
    },
    {"id": 2, "about": {"note": None, "place": "x"}, "replies": [], "text": "Nobody."},
    {"id": 3, "about": None, "replies": None, "text": "Nobody either."},
]


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_fields_and_items_are_redacted_where_they_stand_and_originals_open_again(place):
    (place.root / "contracts/tickets.yaml").write_text(NESTED)
    write(place, DEEP)
    prepared(place)
    rows = place.rows("training.tickets", "id")
    assert [row["replies"] for row in rows] == [["[PERSON_1]", None, "Nothing."], [], None]
    assert [row["about"] and row["about"]["note"] for row in rows] == ["[PERSON_1]", None, None]
    assert [row["about"] and row["about"]["place"] for row in rows] == ["Rome", "x", None]
    assert [row["text"] for row in rows] == ["[PERSON_1] wrote.", "Nobody.", "Nobody either."]
    assert list(rows[0]) == ["id", "about", "replies", "text", "text_original"]
    assert [(type(row["text_original"]), row["about"] and row["about"]["note_original"] is None) for row in rows] == [
        (bytes, False),
        (bytes, True),
        (bytes, None),
    ]
    assert [word for word in ("olga", "petrova") if word in everything(place)] == []
    opened = place.run(reveal, "--contract", "tickets", "--columns", "id,text_original,about", *PIA)
    assert opened.code == 0, opened.err
    shown = place.rows("revealed.tickets", "id")
    assert [row["text_original"] for row in shown] == [row["text"] for row in DEEP]
    assert shown[0]["about"] == {"note": "[PERSON_1]", "note_original": "Dr. Olga Petrova", "place": "Rome"}


PIA = ("--set", "principal=user:pia", "--purpose", "data_subject_request")


def test_who_may_not_reveal_opens_no_original(place):
    (place.root / "contracts/tickets.yaml").write_text(NESTED)
    write(place, DEEP)
    prepared(place)
    ada = ("--set", "principal=user:ada", "--purpose", "model_training")
    assert place.run(reveal, "--contract", "tickets", "--columns", "id,text_original", *ada).code == 5


TOKENS = CONTRACT.replace("value: {method: drop}", "value: {method: hash, domain: person, normalise: name}").replace(
    "value: {method: redact}", "value: {method: redact, replace: token, domain: person}"
)


def test_a_name_in_a_text_has_the_token_of_the_column_that_takes_all_spellings_for_one(place, monkeypatch):
    """What asks for tokens is a seam of its own (tests/text/test_redaction.py): here, that it gets the right ones."""
    asked, real = [], redacting.redact

    def redact(texts, known=(), *, finder):
        if texts[0].tokens is None:  # what is planted
            return real(texts, finder=finder)
        asked.append(texts[0].tokens(pa.array([canonical("Ms Olga Petrova", "person")]))[0].as_py())
        return Redacted((texts[0].texts,), (finder.find(texts[0].texts),))

    monkeypatch.setattr(redacting, "redact", redact)
    (place.root / "contracts/tickets.yaml").write_text(TOKENS)
    prepared(place)
    assert asked == [place.rows("training.tickets", "id")[0]["name"]]
    place.edit("contracts/tickets.yaml", ", normalise: name", "")
    prepared(place)
    assert asked[1] == asked[0]
    assert asked[0] != place.rows("training.tickets", "id")[0]["name"], "without the word a spelling is itself"


def test_what_was_replaced_is_told_by_entity_and_never_a_value(place):
    done = prepared(place)
    found = done.line["answer"]["redacted"]["text"]["found"]
    assert found["person"] >= 1
    assert found["email"] == 1
    assert done.line["answer"]["redacted"]["text"]["texts"] == 2
    metrics = {(row["about"], row["name"], row["metric"]): row["value"] for row in place.rows("strongroom.metrics")}
    assert metrics["column", "text", "redacted.email"] == 1
    assert metrics["column", "text", "leaks"] == 0
    assert metrics["redaction", "person", "planted"] == 300
    assert metrics["redaction", "card", "miss_bound"] == pytest.approx(0.00994, abs=1e-5)
    report = json.loads(next((place.lake / "reports/training.tickets").glob("*.json")).read_text())
    assert report["redactions"][0]["found"]["email"] == 1
    assert {miss["entity"] for miss in report["misses"]} >= {"person", "email", "iban"}
    assert [sentence for sentence in report["not_looked_for"] if "model" in sentence]
    words = [report["redactions"][0][name] for name in ("words_before", "words_after")]
    assert words[0] > words[1] > 0, "three names became labels"


LEFT = "Nobody is named here; write to eve@example.com."


@pytest.mark.parametrize(
    ("limit", "closed"), [("maxLeaks: 40", True), ("maxLeaks: 60", False), ("maxMissRate: 0.1", True)]
)
def test_what_is_left_closes_the_gate_where_the_contract_limits_it(place, monkeypatch, limit, closed):
    """Nothing is redacted here, so that one text of two has something left."""
    monkeypatch.setattr(
        redacting,
        "redact",
        lambda texts, known=(), *, finder: Redacted(
            tuple(one.texts for one in texts), tuple(finder.find(one.texts) for one in texts)
        ),
    )
    write(place, [{"id": 1, "text": LEFT}, {"id": 2, "text": "Nothing at all."}])
    place.edit("contracts/tickets.yaml", "value: {method: redact}", f"value: {{method: redact, {limit}}}")
    done = place.run(prepare, "--contract", "tickets")
    assert done.code == (6 if closed else 0), done.err
    assert bool(place.rows("training.tickets")) is not closed
    verdicts = {rule["rule"]: rule["passed"] for rule in done.line["answer"]["set_rules"]}
    assert verdicts == {f"text.{limit.partition(':')[0]}": not closed}


def test_the_model_is_asked_for_before_a_row_is_read(place, monkeypatch):
    monkeypatch.setattr(model, "available", lambda: False)
    place.edit("contracts/tickets.yaml", "value: {method: redact}", "value: {method: redact, model: true}")
    done = place.run(prepare, "--contract", "tickets")
    assert (done.code, done.line["problems"][0]["code"]) == (4, "text.model")
    assert not (place.lake / "training").exists()


PLANTED = [
    "Dr. Olga Petrova sold me this. Petrova was kind, PETROVA'S shop is not; write to olga.petrova@mail.example.",
    "My name is Wenceslas Qvistgaard and I want my money back. Yours, Wenceslas Qvistgaard",
    "I paid with card 4111 1111 1111 1111, refund to IBAN DE89370400440532013000, or call +34 655 437 108.",
    "Mrs. Brunhilde Ottosdottir said so. I told Mrs. Ottosdottir twice.",
]
NAMES = ("petrova", "wenceslas", "qvistgaard", "ottosdottir", "brunhilde", "4111 1111", "de8937040044", "655 437 108")


@pytest.mark.parametrize("redacted", [True, False], ids=["redacted", "kept"])
def test_persons_planted_among_the_samples_reviews_are_nowhere(tmp_path, capsys, redacted):
    """Kept as it came the same text is found in the table: so the search can find."""
    place = install(tmp_path, capsys, sample=200)
    if not redacted:
        contract = place.root / "contracts/reviews.yaml"
        contract.write_text(re.sub(r"{method: redact, find: [^}]*}", "{method: keep}", contract.read_text()))
    rows = [json.loads(line) for line in (place.lake / "raw/reviews/part-0000.json").read_text().splitlines()[:40]]
    good = next(row for row in rows if row.get("rating") == 4 and row.get("text_content") and row.get("device"))
    planted = [
        {**good, "review_id": f"r-90000{number}", "user_id": 990_000 + number, "text_content": text}
        for number, text in enumerate([*PLANTED, PLANTED[0]])
    ]
    planted[-1]["label"] = "unheard of"  # set aside, with its text
    (place.lake / "raw/reviews/planted.json").write_text("".join(json.dumps(row) + "\n" for row in planted))
    done = place.run(prepare, "--contract", "reviews")
    assert done.code == 0, done.err
    assert len([row for row in place.rows("training.reviews") if row["review_id"] >= "r-9"]) == 4
    found = everything(place) + (done.out + done.err).lower()
    assert [name for name in NAMES if name in found] == ([] if redacted else list(NAMES))
    assert done.line["answer"]["redacted"].get("text_content", {}).get("leaks") == (0 if redacted else None)


def test_values_that_many_rows_share_are_told_to_whoever_redacts(place, monkeypatch):
    """More than 100 rows and one in a hundred; which values these are travels as fingerprints."""
    seen, plans = {}, []

    def redact(texts, known=(), *, finder):
        for column in known:
            values, many = column.values.to_pylist(), column.shared
            seen.update(zip(values, [None] * len(values) if many is None else many.tolist(), strict=True))
        return real(texts, known, finder=finder)

    real, passed = redacting.redact, staged.passed
    monkeypatch.setattr(redacting, "redact", redact)
    monkeypatch.setattr(
        staged, "passed", lambda way, plan, *more, **other: (plans.append(plan), passed(way, plan, *more, **other))[1]
    )
    names = ["Acme Support"] * 101 + ["Rare Name"] * 100 + [f"Person {number}" for number in range(50)]
    write(place, [{"id": number, "name": name, "text": "Fine, thanks."} for number, name in enumerate(names)])
    prepared(place)
    assert {name: seen[name] for name in ("Acme Support", "Rare Name", "Person 7")} == {
        "Acme Support": True,
        "Rare Name": False,
        "Person 7": False,
    }
    assert [set(plan.shared) for plan in plans] == [{"name"}]
    assert "Acme" not in repr(plans[0])


def test_the_three_files_of_review_sentences_with_planted_persons(place):
    """The same on texts of others: every fortieth sentence ends with a planted one."""
    files = sorted((ROOT.parent / "shared/data/reviews").glob("*.txt"))
    if not files:
        pytest.skip("no data beside the project")
    lines = [line.split("\t")[0] for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
    texts = [f"{text} {PLANTED[at // 40 % 4]}" if at % 40 == 0 else text for at, text in enumerate(lines)]
    write(place, [{"id": at, "text": text} for at, text in enumerate(texts) if len(text) > 2])
    done = prepared(place)
    assert done.line["rows"]["written"] > 2_900
    found = everything(place) + (done.out + done.err).lower()
    assert [name for name in NAMES if name in found] == []


def test_a_rehearsal_says_what_the_first_rows_hold(place):
    done = place.run(prepare, "--contract", "tickets", "--dry-run")
    assert done.code == 0, done.err
    [line] = [line for line in done.out.splitlines() if "would redact" in line]
    assert "1 email" in line
    assert "in the first 4 rows" in line
    assert "petrova" not in (done.out + done.err).lower()
    assert not (place.lake / "training").exists()


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_a_row_that_was_set_aside_is_redacted_when_it_is_taken_after_all(place):
    write(place, [*ROWS, {"id": 5, "name": "x", "text": "Dr. Olga Petrova wrote."}])
    place.edit("contracts/tickets.yaml", "{minLength: 3}", "{minLength: 30}")
    place.edit("contracts/tickets.yaml", "method: redact", "method: redact, reversible: true")
    prepared(place)
    assert [row["id"] for row in place.rows("training.tickets", "id")] == [1, 2, 3]
    place.edit("contracts/tickets.yaml", "{minLength: 30}", "{minLength: 3}")
    done = place.run(quarantine, "--contract", "tickets", "retry")
    assert done.code == 0, done.err
    assert place.rows("training.tickets", "id")[-1]["text"] == "[PERSON_1] wrote."
    assert "petrova" not in everything(place)
    opened = place.run(reveal, "--contract", "tickets", "--columns", "id,text_original", *PIA)
    assert opened.code == 0, opened.err
    assert place.rows("revealed.tickets", "id")[-1]["text_original"] == "Dr. Olga Petrova wrote."


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ("{method: redact}", "{method: keep}", False),
        ("{method: redact}", "{method: redact, find: [email]}", False),
        ("{method: redact}", "{method: redact, replace: mask}", False),
        ("{method: redact}", "{method: redact, maxLeaks: 50}", True),
        ("{method: redact}", "{method: redact, reversible: true}", True),
    ],
)
def test_an_increment_takes_no_other_redaction_than_that_of_the_rows_that_are_there(place, old, new, taken):
    prepared(place)
    place.edit("contracts/tickets.yaml", old, new)
    write(place, [{"id": 9, "name": "x", "text": "Nobody."}], "b.json")
    done = place.run(prepare, "--contract", "tickets", "--set", "prepare.mode=append")
    assert done.code == (0 if taken else 3), done.err
    rows = place.rows("training.tickets", "id")
    assert [row["id"] for row in rows] == [1, 2, 3, *([9] if taken else [])]
    if "reversible" in new:
        assert [row["text_original"] is None for row in rows] == [True, True, True, False]


def test_without_sketches_nobody_counts_words(place):
    prepared(place, "--set", "prepare.sketches=false")
    metrics = {row["metric"] for row in place.rows("strongroom.metrics")}
    assert "redacted.email" in metrics
    assert not metrics & {"words_before", "texts_after"}
