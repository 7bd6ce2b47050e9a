"""The main job on real files: what it reads, sets aside, protects, publishes and leaves alone."""

import json
import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from strongroom import run_job
from strongroom.core.contract.file import load_contract
from strongroom.flows import keys, prepare
from strongroom.stores.keys import open_keyring, still_enabled
from support.lakes import install
from support.opened import decrypt


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path / "a b", capsys, sample=200)  # a folder with a blank: paths must survive it


@pytest.fixture(params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def either(request, tmp_path, capsys):
    """The same without Spark and with it."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    return install(tmp_path / "a b", capsys, sample=200, engine=request.param)


def raw_lines(place):
    return [
        line
        for file in sorted((place.lake / "raw/reviews").glob("*.json"))
        for line in file.read_text().split("\n")
        if line
    ]


def parsed(lines):
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def test_every_row_is_read_once_and_leaves_as_good_or_bad(either):
    done = either.run(prepare)
    lines = raw_lines(either)
    assert done.code == 0, done.err
    assert done.line["rows"]["read"] == len(lines)
    assert done.line["rows"]["written"] + done.line["rows"]["quarantined"] == len(lines)
    assert len(either.rows("training.reviews")) == done.line["rows"]["written"]
    assert len(either.rows("quarantine.reviews")) == done.line["rows"]["quarantined"]
    good = {row["review_id"] for row in either.rows("training.reviews")}
    twice = [row["review_id"] for row in parsed(lines)]
    assert not any(twice.count(key) > 1 for key in good), "a key that stands twice must not be among the good rows"


def test_the_same_person_has_one_token_in_both_tables_and_email_opens_again(place):
    assert place.run(prepare).code == 0
    place.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    open_gate = ("--set", "prepare.quarantine_limit=1")  # ten bad ones are planted among twenty
    assert place.run(prepare, "--contract", "customers", *open_gate).code == 0
    raw = {row["review_id"]: row for row in parsed(raw_lines(place))}
    people = {row["user_id"]: row["user_id"] for row in place.rows("training.customers")}
    rows = place.rows("training.reviews")
    tokens = {raw[row["review_id"]]["user_id"]: row["user_id"] for row in rows}
    assert len(set(tokens.values())) == len(tokens), "another person, another token"
    assert {tokens[person] for person in tokens} & set(people), "customers and reviews join on the token"
    contract = load_contract(str(place.root / "contracts/reviews.yaml"))
    email = next(column for column in contract.columns if column.name == "email")
    ring = open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)
    sealed = pa.array([row["email"] for row in rows])
    clear, valid = decrypt(sealed, email, table="training.reviews", keyring=ring)
    assert valid.to_pylist() == [True] * len(rows)
    assert clear.to_pylist() == [raw[row["review_id"]]["email"] for row in rows]


def test_the_same_run_again_changes_nothing(place):
    first = place.run(prepare, "--run-id", "r1")
    versions = [place.delta(table).version() for table in ("training.reviews", "quarantine.reviews")]
    again = place.run(prepare, "--run-id", "r1")
    assert (first.code, again.code) == (0, 0)
    assert again.line["rows"] == {"read": 0, "written": 0, "quarantined": 0}
    assert [place.delta(table).version() for table in ("training.reviews", "quarantine.reviews")] == versions
    assert len(place.rows("strongroom.runs")) == 1


def test_append_reads_only_files_it_has_not_seen(either):
    mode = ("--set", "prepare.mode=append")
    assert either.run(prepare, *mode).code == 0
    before = either.rows("training.reviews", "review_id")
    nothing = either.run(prepare, *mode)
    assert nothing.line["rows"]["read"] == 0
    assert either.rows("training.reviews", "review_id") == before
    extra = {**next(parsed(raw_lines(either))), "review_id": "r-900001", "user_id": 7, "email": "x@example.com"}
    extra |= {"text_content": "New.", "label": "neutral", "rating": 3, "training_date": "2025-01-01"}
    (either.lake / "raw/reviews/part-9000.json").write_text(json.dumps(extra) + "\n")
    added = either.run(prepare, *mode)
    assert added.line["rows"] == {"read": 1, "written": 1, "quarantined": 0}, added.err
    after = either.rows("training.reviews", "review_id")
    assert [row for row in after if row["review_id"] != "r-900001"] == before


def test_append_reports_a_rewritten_file_and_a_vanished_one(place):
    mode = ("--set", "prepare.mode=append")
    assert place.run(prepare, *mode).code == 0
    first, second = sorted((place.lake / "raw/reviews").glob("*.json"))[:2]
    second.unlink()
    gone = place.run(prepare, *mode)
    assert gone.code == 0
    assert "1 file read before, now gone" in gone.err
    first.write_text(first.read_text() + "\n")
    os.utime(first, (time.time() + 5, time.time() + 5))
    rewritten = place.run(prepare, *mode)
    assert rewritten.code == 7
    assert "rewritten" in rewritten.err
    assert first.name in rewritten.err


def test_a_closed_gate_leaves_readers_on_the_previous_version_and_tells_why(either):
    first = either.run(prepare)
    assert first.code == 0
    before, version = either.rows("training.reviews", "review_id"), either.delta("training.reviews").version()
    aside = either.rows("quarantine.reviews", "source_position")
    stages = {path.name for path in (either.lake / "training/reviews").iterdir()}
    closed = either.run(prepare, "--set", "prepare.quarantine_limit=0.001")
    assert closed.code == 6, closed.err
    assert closed.line["status"] == "GateClosed"
    assert closed.line["rows"]["written"] == 0
    assert either.delta("training.reviews").version() == version
    assert either.rows("training.reviews", "review_id") == before
    runs = {first.line["run_id"], closed.line["run_id"]}
    assert {row["run_id"] for row in either.rows("quarantine.reviews")} == runs, "of the version that is read, too"
    assert {path.name for path in (either.lake / "training/reviews").iterdir()} == stages, "and no row lies about"
    assert [row["status"] for row in either.rows("strongroom.runs", "started")] == ["done", "gate closed"]
    assert either.audit()[-1].outcome == "gate"
    run = closed.line["run_id"]
    share = [
        row for row in either.rows("strongroom.metrics") if row["run_id"] == run and row["name"] == "quarantine_limit"
    ]
    assert [(row["value"], row["passed"]) for row in share if row["metric"] == "measured"] == [
        (closed.line["rows"]["quarantined"] / closed.line["rows"]["read"], False)
    ]
    report = Path(closed.line["report"])
    told = json.loads(report.with_suffix(".json").read_text())
    assert (report.suffix, told["status"], told["written"]) == (".html", "gate closed", 0)
    assert f"Yes, version {version}; the newer run did not pass its gate" in report.read_text()
    left = either.rows("quarantine.reviews")
    assert [row for row in aside if row not in left] == [], "what is read keeps its own"
    raw = either.lake / "raw/reviews"
    (raw / "part-9000.json").write_text(
        sorted(raw.iterdir())[0].read_text().splitlines()[0].replace("r-0", "r-9") + "\n"
    )
    appended = either.run(prepare, "--set", "prepare.mode=append")
    assert appended.code == 0, appended.err
    left = [row for row in either.rows("quarantine.reviews") if row["batch"] != appended.line.get("batch", 3)]
    assert len(left) == len(aside), "and only that"
    assert {row["run_id"] for row in left} == {first.line["run_id"]}
    (raw / "part-9000.json").unlink()
    assert either.run(prepare).code == 0, "the next run opens the gate again"


def test_a_field_that_the_contract_does_not_know_stops_the_run(place):
    file = place.lake / "raw/reviews/part-9000.json"
    file.write_text(json.dumps({"review_id": "r-900001", "user_idd": 7}) + "\n")
    stopped = place.run(prepare)
    assert stopped.code == 3
    assert "'user_idd'" in stopped.err
    assert "Did you mean 'user_id'?" in stopped.err
    assert place.delta("training.reviews").file_uris() == []
    file.unlink()
    assert place.run(prepare).code == 0, "the next run succeeds"


def test_parquet_with_another_type_or_an_unknown_column_is_refused_before_it_is_read(either):
    file = either.lake / "raw/customers/part-9000.parquet"
    pq.write_table(pa.table({"user_id": ["7"], "shoe_size": [44]}), file)
    stopped = either.run(prepare, "--contract", "customers")
    assert stopped.code == 3
    assert "'shoe_size'" in stopped.err
    assert "'user_id' is string" in stopped.err
    file.write_bytes(b"PAR1 this is no Parquet file PAR1")
    broken = either.run(prepare, "--contract", "customers")
    assert broken.code == 7
    assert str(file) in broken.err


def test_a_refusal_names_the_missing_grant_and_is_audited(place):
    refused = place.run(prepare, "--set", "principal=user:ada")
    assert refused.code == 5
    assert "user:ada may not read raw.reviews" in refused.err
    assert not (place.lake / "training").exists()
    event = place.audit()[-1]
    assert (event.outcome, event.principal, event.error) == ("refused", "user:ada", "Refused")
    wrong = place.run(prepare, "--purpose", "advertising")
    assert wrong.code == 5
    assert "'advertising'" in wrong.err


def test_the_table_says_what_it_is(place):
    assert place.run(prepare).code == 0
    table = place.delta("training.reviews")
    properties = table.metadata().configuration
    assert properties["strongroom.label"] == "training_data"
    assert properties["strongroom.contract"] == "reviews"
    assert len(properties["strongroom.contract_fingerprint"]) == 64
    assert properties["delta.enableDeletionVectors"] == "false"
    assert "email" not in properties["delta.dataSkippingStatsColumns"]
    assert "text_content" not in properties["delta.dataSkippingStatsColumns"]
    assert properties["delta.constraints.rating_maximum"] == "`rating` <= 5"
    comments = {field.name: field.metadata["comment"] for field in table.schema().fields}
    assert comments["email"] == "classification: personal; protected: encrypt"


def test_a_delta_table_is_a_source_at_the_version_it_had_when_the_run_was_planned(place):
    raw = place.lake / "raw/people"
    rows = pa.table({"user_id": pa.array([1, 2, 2]), "income": [1.5, None, 3.0]})
    write_deltalake(str(raw), rows)
    contract = (place.root / "contracts/customers.yaml").read_text()
    head, _, tail = contract.partition("    properties:\n")
    keep = "{property: protect, value: {method: keep, why: a test}}"
    columns = "".join(
        f"      - {{name: {name}, logicalType: {kind}, customProperties: [{keep}]}}\n"
        for name, kind in (("user_id", "integer"), ("income", "number"))
    )
    end = tail[tail.index("customProperties:\n  - {property: purposes") :]
    head = head.replace("customers", "people").replace(
        "raw/people/*.parquet, format: parquet", "raw/people, format: delta"
    )
    (place.root / "contracts/people.yaml").write_text(f"{head}    properties:\n{columns}{end}")
    done = place.run(prepare, "--contract", "people")
    assert done.code == 0, done.err
    assert place.rows("training.people", "user_id") == rows.to_pylist()
    write_deltalake(str(raw), pa.table({"user_id": ["x"], "shoe": [1]}), mode="overwrite", schema_mode="overwrite")
    other = place.run(prepare, "--contract", "people")
    assert other.code == 3
    assert "'shoe'" in other.err


def test_csv_quotes_are_doubled_and_a_backslash_is_a_letter(place):
    """By itself Spark takes the backslash for an escape and swallows the row that follows."""
    folder = place.lake / "raw/people"
    folder.mkdir()
    lines = [
        "id;note",
        '1;"c:\\temp\\"',
        '2;x"y',
        '3;"says ""no"", always; maybe"',
        "4;",
        '5;"two\nlines"',
        "6;Grüße\n",
    ]
    (folder / "a.csv").write_bytes("\n".join(lines).encode("latin-1"))
    keep = "customProperties: [{property: protect, value: {method: keep}}]"
    options = "{header: true, sep: ;, encoding: ISO-8859-1, multiLine: true}"
    (place.root / "contracts/people.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: people\nname: people\nversion: 1.0.0\nstatus: active\nservers:\n"
        "  - server: raw\n    type: local\n    path: raw/people/*.csv\n    format: csv\n    customProperties:\n"
        f"      - {{property: options, value: {options}}}\nschema:\n  - name: people\n    properties:\n"
        f"      - {{name: id, logicalType: integer, required: true, {keep}}}\n"
        f"      - {{name: note, logicalType: string, {keep}}}\n"
        "customProperties: [{property: purposes, value: [model_training]}]\n"
    )
    done = place.run(prepare, "--contract", "people")
    assert done.code == 0, done.err
    notes = {row["id"]: row["note"] for row in place.rows("training.people")}
    assert notes == {
        1: "c:\\temp\\", 2: 'x"y', 3: 'says "no", always; maybe', 4: None, 5: "two\nlines", 6: "Grüße",
    }  # fmt: skip


def test_a_grant_on_one_raw_folder_is_none_on_another(place):
    place.edit("policy.yaml", "tables: [raw.*]", "tables: [raw.customers]")
    place.edit("contracts/customers.yaml", "raw/customers/*.parquet", "raw/reviews/*.parquet")
    refused = place.run(prepare, "--contract", "customers")
    assert refused.code == 5
    assert "raw.reviews" in refused.err
    event = next(event for event in place.audit() if event.outcome == "refused")
    assert (event.action, event.table) == ("read", "raw.reviews")


def test_a_lost_keyring_is_not_replaced_while_the_lake_holds_what_it_protects(place):
    assert place.run(prepare).code == 0
    (place.root / "keys/keyring.json").unlink()
    lost = place.run(prepare)
    assert lost.code == 7
    assert "the keyring is gone" in lost.err
    assert not (place.root / "keys/keyring.json").exists()


def test_a_key_that_is_destroyed_under_a_run_leaves_nothing_that_nobody_opens(place, monkeypatch):
    (place.root / "policy.yaml").write_text(
        "roles:\n  all: {members: [user:engineer]}\ngrants:\n"
        "  - {role: all, actions: [read, write, delete], tables: ['*'], approval: user:pia, reason: a test}\n"
    )
    assert place.run(prepare).code == 0
    before = place.delta("training.reviews").version()
    assert place.run(keys, "rotate").code == 0

    def destroyed_after_this_look(path, key_id):
        """The run looks before each of its two commits; nothing lies under its key before the first."""
        monkeypatch.setattr("strongroom.flows.prepare.publish.still_enabled", still_enabled)
        still_enabled(path, key_id)
        for words in (["rotate"], ["destroy", f"{key_id:08x}"]):
            assert run_job.run(keys, [*words, "--config", str(place.settings)]) == 0

    monkeypatch.setattr("strongroom.flows.prepare.publish.still_enabled", destroyed_after_this_look)
    failed = place.run(prepare)
    assert failed.code == 7, failed.err
    assert "was destroyed while this run used it, so nothing was published" in failed.err
    assert place.delta("training.reviews").version() == before
    assert place.run(prepare).code == 0, "the next run works, under the new key"


def test_a_dry_run_touches_nothing_and_needs_no_session(place, monkeypatch):
    monkeypatch.setattr("strongroom.stores.spark.session.open_session", lambda _: pytest.fail("no session is needed"))
    shown = place.run(prepare, "--dry-run", "--set", "prepare.engine=spark")
    assert shown.code == 0
    assert "would protect" in shown.out
    assert "one pass, Spark" in shown.out
    assert "email" in shown.out
    assert sorted(path.name for path in place.root.iterdir()) == ["contracts", "lake", "local.yaml", "policy.yaml"]
    assert [path.name for path in place.lake.iterdir()] == ["raw"]
