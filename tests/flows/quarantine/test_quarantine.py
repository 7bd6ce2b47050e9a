"""Rows set aside can be counted, shown to who may, tried again exactly once, and discarded."""

import json

import pytest

from strongroom.flows import prepare, quarantine
from strongroom.flows.quarantine import retry
from support.lakes import install

OPEN = "pattern: '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'"


@pytest.fixture
def place(tmp_path, capsys):
    found = install(tmp_path, capsys, sample=200)
    assert found.run(prepare).code == 0
    return found


def test_list_counts_reasons_and_opens_nothing(place):
    rows = place.rows("quarantine.reviews")
    listed = place.run(quarantine, "list")
    assert listed.code == 0, listed.err
    assert listed.line["rows"]["quarantined"] == len(rows)
    broken = sum("email.pattern" in row["reasons"] for row in rows)
    assert f"{broken:>8,}  email.pattern" in listed.out
    assert "@" not in listed.out


def test_show_needs_the_right_to_reveal_and_is_audited(place):
    refused = place.run(quarantine, "show")
    assert refused.code == 5
    privacy = ("--set", "principal=user:pia", "--purpose", "data_subject_request")
    shown = place.run(quarantine, "show", "--reason", "email.pattern", "--limit", "1", *privacy)
    assert shown.code == 0, shown.err
    row = json.loads(shown.out.split("\n")[0])
    assert row["reasons"] == ["email.pattern"]
    assert set(row["row"]) >= {"review_id", "email", "user_id"}
    assert row["columns"] == ["email"]
    event = [event for event in place.audit() if event.action == "reveal"][-1]
    assert (event.principal, event.table, event.facts["rows"]) == ("user:pia", "quarantine.reviews", 1)
    assert row["row"]["email"] not in json.dumps([event.facts for event in place.audit()])


def test_a_reason_that_no_row_has_is_named_with_the_nearest_that_there_is(place):
    listed = place.run(quarantine, "list", "--reason", "email.patern")
    assert listed.code == 2
    assert "no row here has the reason 'email.patern'" in listed.err
    assert "Did you mean 'email.pattern'?" in listed.err


def test_retry_moves_what_now_passes_exactly_once(place):
    before = {row["review_id"] for row in place.rows("training.reviews")}
    aside = place.rows("quarantine.reviews")
    mends = sum(row["reasons"] == ["email.pattern"] for row in aside)
    assert mends
    place.edit("contracts/reviews.yaml", OPEN, "pattern: '.'")
    tried = place.run(quarantine, "retry")
    assert tried.code == 0, tried.err
    assert tried.line["rows"] == {"read": len(aside), "written": mends, "quarantined": len(aside) - mends}
    after = [row["review_id"] for row in place.rows("training.reviews")]
    assert len(after) == len(set(after)) == len(before) + mends
    assert len(place.rows("quarantine.reviews")) == len(aside) - mends
    again = place.run(quarantine, "retry")
    assert again.line["rows"]["written"] == 0
    assert len(place.rows("training.reviews")) == len(after)
    nothing = place.run(prepare, "--set", "prepare.mode=append")
    assert nothing.line["rows"]["read"] == 0, "a retry is no raw file"


def test_a_retry_that_dies_between_its_two_commits_is_finished_by_the_next_run(place, monkeypatch):
    aside = place.rows("quarantine.reviews")
    mends = sum(row["reasons"] == ["email.pattern"] for row in aside)
    place.edit("contracts/reviews.yaml", OPEN, "pattern: '.'")

    rows = len(place.rows("training.reviews"))

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retry, "finish", die)
        assert place.run(quarantine, "retry").code == 130
    assert len(place.rows("quarantine.reviews")) == len(aside) - mends
    assert len(place.rows("training.reviews")) == rows, "it died before the rows reached training"
    again = place.run(quarantine, "retry")
    assert again.line["rows"] == {"read": len(aside) - mends, "written": 0, "quarantined": len(aside) - mends}
    assert len(place.rows("training.reviews")) == rows + mends


def test_discard_deletes_by_run_and_nothing_without_a_choice(place):
    rows = place.rows("quarantine.reviews")
    assert place.run(quarantine, "discard").code == 2
    assert place.run(quarantine, "discard", "--older-than", "1").line["rows"]["discarded"] == 0
    assert place.run(prepare, "--set", "prepare.quarantine_limit=0").code == 6
    later = place.rows("quarantine.reviews")
    old = place.run(quarantine, "discard", "--older-than", "0")
    assert old.line["rows"]["discarded"] == len(later) == 2 * len(rows), "those behind a closed gate, too"
    assert place.rows("quarantine.reviews") == []
    assert place.run(prepare).code == 0
    rows = place.rows("quarantine.reviews")
    gone = place.run(quarantine, "discard", "--run", rows[0]["run_id"])
    assert gone.line["rows"]["discarded"] == len(rows)
    assert place.rows("quarantine.reviews") == []


@pytest.mark.parametrize(
    ("rule", "columns", "told"),
    [
        ("email.pattern", ("email",), "email.pattern"),
        ("either", ("state", "country"), "either (state, country)"),
        ("named", ("email",), "named (email)"),
        ("row.parse", (), "row.parse"),
    ],
)
def test_a_reason_tells_its_columns(rule, columns, told):
    assert quarantine._reason(rule, columns) == told
