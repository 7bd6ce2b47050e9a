"""Encrypted columns are opened for who may see them, into a table closed to others, and never without a trace."""

import argparse
import json
import stat
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom.core.run import Job, Run
from strongroom.core.settings.file import load_settings
from strongroom.flows import check, explore, prepare, reveal
from strongroom.flows.foundation import derived
from strongroom.flows.reveal import table as reveal_table
from support.lakes import install

PIA = ("--as", "user:pia", "--purpose", "data_subject_request")
GRANTS = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
grants:
  - {role: engineer, actions: [read, write], tables: [raw.*, training.*, quarantine.*, strongroom.*]}
  - role: engineer
    actions: [act]
    principals: [user:pia]
    reason: types for her in these tests
  - role: officer
    actions: [reveal]
    tables: [training.*]
    columns: {allow: [review_id, email, label]}
    rows: label <> 'neutral'
    purposes: [data_subject_request]
  - {role: officer, actions: [write], tables: [revealed.*], purposes: [data_subject_request]}
"""


@pytest.fixture
def place(tmp_path, capsys):
    found = install(tmp_path / "x", capsys, sample=100)
    (found.root / "policy.yaml").write_text(GRANTS)
    return found


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--columns", "email"], 5, "may not reveal training.reviews"),
        (["--columns", "email", "--as", "user:pia"], 2, "needs a purpose"),
        (["--columns", "email", "--as", "user:pia", "--purpose", "fun"], 5, "may not reveal"),
        (["--columns", "email,user_id", *PIA], 5, "(user_id)"),
        (["--columns", "email", "--where", "rating > 3", *PIA], 5, "(rating)"),
        ([*PIA], 2, "reveal which columns?"),
        (["--columns", "emial", *PIA], 2, "'email'"),
        (["--columns", "label", *PIA], 2, "none of these columns is encrypted"),
        (["--columns", "email", "--where", "email = 'a@b.c'", *PIA], 3, "email"),
        (["--columns", "email", "--where", "label", *PIA], 3, "no condition"),
        (["--columns", "email", "--to", "../x", *PIA], 2, "no table's name"),
        (["--columns", "email", *PIA], 7, "there is no such table yet"),
    ],
)
def test_what_may_not_or_cannot_be_opened_is_said_before_anything_starts(place, words, code, said):
    if code == 5 and "--as" not in words:
        words = [*words, "--purpose", "data_subject_request"]
    result = place.run(reveal, "--contract", "reviews", *words)
    assert (result.code, said in result.err) == (code, True), result.err
    assert not (place.lake / "revealed").exists()


@pytest.mark.spark
def test_columns_come_out_in_clear_for_the_rows_of_the_grant_and_the_last_run_only(place, spark):
    assert place.run(prepare).code == 0
    lines = [line for file in (place.lake / "raw/reviews").glob("*.json") for line in file.read_text().splitlines()]
    raw = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    emails = {row["review_id"]: row["email"] for row in raw}
    labels = {row["review_id"]: row["label"] for row in place.rows("training.reviews")}
    shown = place.run(reveal, "--columns", "review_id,email", "--run-id", "one", *PIA)
    assert shown.code == 0, shown.err
    assert "in clear   email\n" in shown.out
    assert "as it lies review_id (" in shown.out
    found = {row["review_id"]: row["email"] for row in place.rows("revealed.reviews")}
    assert found == {id_: emails[id_] for id_, label in labels.items() if label != "neutral"}
    assert stat.S_IMODE((place.lake / "revealed/reviews").stat().st_mode) == 0o700
    event = [event for event in place.audit() if event.action == "reveal"][-1]
    assert (event.principal, event.actor, event.columns) == ("user:pia", "user:engineer", ("review_id", "email"))
    assert (event.facts["rows"], event.facts["into"], event.facts["unopened"]) == (len(found), "revealed.reviews", {})
    log = "".join(path.read_text() for path in (place.lake / "revealed/reviews/_delta_log").glob("*.json"))
    assert not any(email in log + shown.out + shown.err for email in found.values() if email)
    assert '"strongroom.classification":"personal"' in log.replace("\\", "")
    assert folders(place) == ["_delta_log", "stage-000001-one"], "the stage goes with the run"
    assert place.run(reveal, "--columns", "review_id,email", "--run-id", "one", *PIA).line["rows"] == {}

    spoil(place)
    first = [*(place.lake / "revealed/reviews").rglob("*.parquet")]
    assert first
    again = place.run(reveal, "--columns", "email", "--where", "label = 'positive'", *PIA)
    rows = place.rows("revealed.reviews")
    positive = sum(label == "positive" for label in labels.values())
    assert (len(rows), list(rows[0])) == (positive + 1, ["email", "_unopened", "_subject"])
    assert [(row["email"], row["_unopened"]) for row in rows if row["_unopened"]] == [(None, ["email"])]
    assert "unopened   email: 1 value; null, and named in _unopened" in again.out
    assert not any(path.exists() for path in first), "what the table held before is deleted"


def folders(place):
    return sorted(path.name for path in (place.lake / "revealed/reviews").iterdir())


class Death(BaseException):
    """Stands for kill -9."""


@pytest.mark.spark
def test_a_run_that_died_right_after_its_commit_is_cleared_away_by_itself(place, monkeypatch, spark):
    asked = ("--columns", "email", *PIA)
    assert place.run(prepare).code == 0
    assert place.run(reveal, *asked, "--run-id", "one").code == 0

    def die(*_):
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr(reveal_table, "drop_former", die)
        with pytest.raises(Death):
            place.run(reveal, *asked, "--run-id", "two")
    assert "stage-000001-one" in folders(place), "what earlier versions held is still there"
    assert place.run(reveal, *asked, "--run-id", "two").code == 0
    assert folders(place) == ["_delta_log", "stage-000002-two"]


@pytest.mark.spark
def test_what_it_says_of_its_origin_is_true_whatever_died_and_has_changed(place, monkeypatch, spark):
    """The contract no longer names a subject; the rows were tagged when it did."""
    asked = ("--columns", "email", *PIA)
    assert place.run(prepare).code == 0
    place.edit("contracts/reviews.yaml", "{property: subject, value: true}", "{property: subject, value: false}")
    assert place.run(reveal, *asked, "--run-id", "one").code == 0

    def die(*_, **__):
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr(derived.properties, "bring", die)
        with pytest.raises(Death):
            place.run(reveal, *asked, "--where", "label = 'positive'", "--run-id", "two")
    made_from = place.delta("training.reviews").version()
    write_deltalake(
        place.delta("training.reviews"), pa.table(place.delta("training.reviews").scan()).slice(0, 0), mode="append"
    )
    assert place.delta("training.reviews").version() > made_from
    assert "which died" in place.run(check, "--lake").err + place.run(check, "--lake").out
    assert place.run(reveal, *asked, "--where", "label = 'positive'", "--run-id", "two").code == 0
    said = place.delta("revealed.reviews").metadata().configuration
    assert said["strongroom.run"] == "two"
    assert json.loads(said["strongroom.subject"]) == {
        "column": "user_id", "within": ["domain", "person"], "tag": "_subject",
    }  # fmt: skip
    assert json.loads(said["strongroom.sources"]) == {"training.reviews": made_from}, "and not what it is now"
    assert (said["strongroom.refresh"], said["strongroom.purpose"]) == ("whole", "data_subject_request")
    assert "revealed.reviews" not in place.run(check, "--lake").out
    assert [row["dataset"] for row in place.rows("strongroom.runs", "started")][1:] == ["revealed.reviews"] * 2
    asking = Run("e", "explore", "user:engineer", "", datetime.now(UTC))
    words, settings = (
        argparse.Namespace(contract="reviews", server="", dry_run=False),
        load_settings(str(place.settings)),
    )
    shown = explore.run(Job(asking, settings, words, lambda: spark, print)).read("training.reviews")
    assert "_subject" not in shown.columns


@pytest.mark.spark
def test_who_is_stopped_right_after_the_commit_keeps_what_was_published(place, monkeypatch, spark):
    commit = derived.commits.commit

    def stopped(*words, **named):
        commit(*words, **named)
        raise KeyboardInterrupt

    assert place.run(prepare).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(derived.commits, "commit", stopped)
        assert place.run(reveal, "--columns", "email", *PIA, "--run-id", "one").code == 130
    published = place.rows("revealed.reviews")
    assert len(published) > 10
    assert place.run(reveal, "--columns", "email", *PIA, "--run-id", "one").code == 0
    assert place.rows("revealed.reviews") == published


def spoil(place):
    """One more positive row, whose email is no value of this column."""
    table = place.delta("training.reviews")
    row = {"review_id": "r-spoilt", "label": "positive", "email": b"\x01" + b"x" * 40}
    whole = pa.table(table.scan(predicate="label = 'positive'")).slice(0, 1)
    for name, value in row.items():
        whole = whole.set_column(whole.schema.get_field_index(name), name, pa.array([value]))
    write_deltalake(table, whole, mode="append")


@pytest.mark.spark
@pytest.mark.parametrize("key", ["review_id", "user_id"])
def test_cells_that_were_swapped_between_rows_do_not_open(place, spark, key):
    """`user_id` is hashed and not the officer's to see: it opens values all the same, and does not come along."""
    rule = "method: encrypt, domain: email"
    place.edit("contracts/reviews.yaml", rule, f"{rule}, rowKey: {key}")
    prepared = place.run(prepare)
    assert prepared.code == 0, prepared.err
    assert f"bound to its row by {key}" in prepared.out
    first = place.run(reveal, "--columns", "email,review_id", *PIA)
    assert first.line["rows"]["written"] > 10
    assert first.line["answer"]["unopened"] == {}
    clear = {row["review_id"]: row["email"] for row in place.rows("revealed.reviews")}
    assert list(place.rows("revealed.reviews")[0]) == ["email", "review_id", "_unopened", "_subject"]
    assert {row["_unopened"] for row in place.rows("revealed.reviews")} == {None}

    table = place.delta("training.reviews")
    whole = pa.table(table.scan())
    rows = whole.to_pylist()
    shown = [at for at, row in enumerate(rows) if row["review_id"] in clear]
    one, other = next((a, b) for a in shown for b in shown if rows[a][key] != rows[b][key])
    order = list(range(len(rows)))
    order[one], order[other] = other, one
    at = whole.schema.get_field_index("email")
    emails = pa.array([rows[place]["email"] for place in order], pa.binary())
    swapped = whole.set_column(at, "email", emails)
    write_deltalake(table, swapped, mode="overwrite")

    again = place.run(reveal, "--columns", "email,review_id", *PIA)
    assert "email: 2 values; null" in again.out
    lost = {rows[one]["review_id"], rows[other]["review_id"]}
    assert {row["review_id"] for row in place.rows("revealed.reviews") if row["_unopened"] == ["email"]} == lost
    found = {row["review_id"]: row["email"] for row in place.rows("revealed.reviews")}
    assert found == {id_: None if id_ in lost else email for id_, email in clear.items()}
    assert place.audit()[-1].facts["unopened"] == {"email": 2}


@pytest.mark.spark
def test_a_run_that_fails_leaves_no_clear_value_behind(place, spark):
    assert place.run(prepare).code == 0
    (place.root / "keys/local.kek").unlink()
    assert place.run(reveal, "--columns", "email", *PIA).code == 7
    assert list((place.lake / "revealed").rglob("*.parquet")) == []
