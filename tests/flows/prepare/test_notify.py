"""What a run tells receivers and leaves in its report, whatever they answer and however it ends."""

import json
import re

import pytest

from strongroom.flows import prepare
from support.lakes import install
from support.receiver import receiving, silence, status

TOKEN = "MARKER-token-94321"


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path, capsys, sample=120)


def sent(receiver):
    """What a receiver was told: the kinds of events, and whether figures of the table and of the attempt came."""
    figures = ["attempt" if "/command/" in told.path else "figures" for told in receiver.told if told.method == "PUT"]
    return [*(json.loads(told.body)["eventType"] for told in receiver.told if told.method == "POST"), *figures]


def to(receiver, *more):
    given = [f"openlineage={receiver.url}", f"pushgateway={receiver.url}", *more]
    return [word for option in given for word in ("--set", f"prepare.{option}")]


def attempt(place):
    return (place.lake / "reports/prometheus/attempt.prepare.reviews.prom").read_text()


def report(place, suffix):
    return next((place.lake / "reports/training.reviews").glob(f"*{suffix}")).read_text()


def test_a_run_tells_its_beginning_its_end_and_its_figures_as_the_files_have_them(place, monkeypatch):
    monkeypatch.setenv("LINEAGE_TOKEN", TOKEN)
    with receiving(status(201)) as receiver:
        done = place.run(prepare, *to(receiver, "openlineage_token=env:LINEAGE_TOKEN"))
    assert done.code == 0, done.err
    assert sorted(sent(receiver)) == ["COMPLETE", "START", "attempt", "attempt", "figures"]
    posted = {json.loads(told.body)["eventType"]: told for told in receiver.told if told.method == "POST"}
    lines = report(place, ".openlineage.jsonl").splitlines()
    assert [posted[kind].body.decode() for kind in ("START", "COMPLETE")] == lines
    assert posted["COMPLETE"].headers["authorization"] == f"Bearer {TOKEN}"
    (figures,) = (told for told in receiver.told if told.method == "PUT" and "/table/" in told.path)
    assert figures.path == "/metrics/job/strongroom/table/training.reviews"
    assert figures.body.decode() == (place.lake / "reports/prometheus/training.reviews.prom").read_text()
    assert "authorization" not in figures.headers, "the token is the other receiver's"
    assert "note" not in done.err
    assert place.rows("strongroom.runs")[0]["notes"] == []
    assert TOKEN not in done.out + done.err + "".join(
        path.read_text(errors="ignore") for path in place.root.rglob("*") if path.is_file()
    )


def test_a_receiver_that_is_silent_costs_seconds_and_a_note_and_nothing_else(place):
    prompt = place.run(prepare)
    with receiving(silence) as receiver:
        done = place.run(prepare, *to(receiver, "send_seconds=0.5"))
    assert done.code == 0, done.err
    assert done.line["seconds"] < prompt.line["seconds"] + 5, "thrice half a second, not for ever"
    assert done.line["rows"]["written"] == len(place.rows("training.reviews")) > 0
    notes = ["pushgateway: no answer within 0.5 s", "openlineage: no answer within 0.5 s"]
    assert place.rows("strongroom.runs", "started")[1]["notes"] == notes
    for note in notes:
        assert f"note: not sent to {note}; what it would have got is in the report's files\n" in done.err
    assert len(report(place, f"{done.line['run_id']}.openlineage.jsonl").splitlines()) == 2


def test_one_that_missed_the_beginning_gets_it_with_the_end(place):
    told = []

    def first_down(handler, _):
        told.append(1)
        status(503 if len(told) == 1 else 200)(handler, _)

    with receiving(first_down) as receiver:
        assert place.run(prepare, "--set", f"prepare.openlineage={receiver.url}").code == 0
    assert sent(receiver) == ["START", "START", "COMPLETE"]
    assert place.rows("strongroom.runs")[0]["notes"] == []


def test_a_closed_gate_is_told_as_a_failure_once(place):
    place.edit("contracts/reviews.yaml", "{metric: rowCount, mustBeGreaterThan: 0,", "{metric: rowCount, mustBe: 0,")
    with receiving(status(200)) as receiver:
        done = place.run(prepare, *to(receiver))
    assert done.code == 6, done.err
    assert sorted(sent(receiver)) == ["FAIL", "START", "attempt", "attempt", "figures"]


def test_a_run_that_ends_early_leaves_a_report_that_says_so(place):
    for file in (place.lake / "raw/reviews").glob("*.json"):
        file.unlink()
    with receiving(status(200)) as receiver:
        done = place.run(prepare, *to(receiver))
    assert done.code == 7, done.err
    assert sorted(sent(receiver)) == ["FAIL", "START", "attempt", "attempt"], "nothing was measured"
    fail = next(json.loads(told.body) for told in receiver.told if b'"FAIL"' in told.body)
    told = json.loads(report(place, ".json"))
    assert told["status"] == "failed"
    assert told["verdict"]["answer"] == "no"
    assert fail["run"]["facets"]["errorMessage"]["message"] == told["problem"] != ""
    assert "No: this run ended early" in report(place, ".html")
    assert not (place.lake / "reports/prometheus/training.reviews.prom").exists()
    assert 'exit_code{command="prepare",contract="reviews"} 7.0' in attempt(place)
    (row,) = place.rows("strongroom.runs")
    assert (row["status"], row["rows_read"], row["table_version"], row["batch"]) == ("failed", None, None, None)
    assert re.search(r'failures="[1-9]|errors="[1-9]', report(place, ".junit.xml"))


def test_a_report_of_a_run_that_ended_well_is_not_replaced_by_a_later_failure_of_the_same_id(place):
    assert place.run(prepare, "--run-id", "r1").code == 0
    for file in (place.lake / "raw/reviews").glob("*.json"):
        file.unlink()
    assert place.run(prepare, "--run-id", "r1").code == 7
    assert json.loads(report(place, "r1.json"))["status"] == "done"


def test_a_rehearsal_tells_nobody(place):
    with receiving(status(200)) as receiver:
        assert place.run(prepare, *to(receiver), "--dry-run").code == 0
    assert receiver.told == []
    assert not (place.lake / "reports").exists()


def test_after_a_failure_the_page_answers_for_the_version_that_stands(place):
    good = place.run(prepare, "--run-id", "good")
    assert good.code == 0, good.err
    figures = (place.lake / "reports/prometheus/training.reviews.prom").read_text()
    aside = place.root / "aside"
    (place.lake / "raw/reviews").rename(aside)
    assert place.run(prepare, "--run-id", "bad").code == 7
    told, page = json.loads(report(place, "bad.json")), report(place, "bad.html")
    version = json.loads(report(place, "good.json"))["versions"]["training.reviews"]
    assert told["verdict"]["headline"] == f"Yes, version {version}; the newer run failed"
    assert (told["readable"]["version"], told["readable"]["run"]) == (version, "good")
    assert (told["read"], told["written"], told["quarantined"]) == (None, None, None)
    assert "by run good of " in page
    assert (place.lake / "reports/prometheus/training.reviews.prom").read_text() == figures
    assert 'exit_code{command="prepare",contract="reviews"} 7.0' in attempt(place)
    aside.rename(place.lake / "raw/reviews")
    retry = place.run(prepare, "--set", "prepare.mode=append")
    assert (retry.code, retry.line["rows"]["read"]) == (0, 0), "nothing new to read is no failure"
    assert 'exit_code{command="prepare",contract="reviews"} 0.0' in attempt(place)
    assert [row["status"] for row in place.rows("strongroom.runs", "started")] == ["done", "failed"]
    again = place.run(prepare, "--run-id", "more")
    assert again.code == 0, again.err
    assert len(json.loads(report(place, "more.json"))["history"]) == 1, "what counted nothing is in no line"


def test_a_closed_gate_answers_for_the_version_before_it(place):
    assert place.run(prepare, "--run-id", "good").code == 0
    place.edit("contracts/reviews.yaml", "{metric: rowCount, mustBeGreaterThan: 0,", "{metric: rowCount, mustBe: 0,")
    assert place.run(prepare, "--run-id", "shut").code == 6
    told = json.loads(report(place, "shut.json"))
    assert told["verdict"]["headline"].startswith("Yes, version ")
    assert told["verdict"]["headline"].endswith("; the newer run did not pass its gate")
    assert told["readable"]["run"] == "good"
    assert set(told["versions"]) == {"quarantine.reviews"}
    figures = (place.lake / "reports/prometheus/training.reviews.prom").read_text()
    assert 'strongroom_gate_passed{table="training.reviews"} 0.0' in figures
    version = json.loads(report(place, "good.json"))["versions"]["training.reviews"]
    assert f'strongroom_table_version{{table="training.reviews"}} {version}.0' in figures


def test_no_figure_of_different_values_is_more_than_there_are_and_no_end_is_a_date_that_is_not_there(place):
    assert place.run(prepare, "--run-id", "one").code == 0
    told, rows = json.loads(report(place, "one.json")), place.rows("training.reviews")
    columns = {column["path"]: column for column in told["columns"]}
    assert columns["review_id"]["distinct"] == len(rows), "a rule keeps every id once"
    assert columns["review_id"]["distinct_low"] is None, "so it is no estimate"
    for path, column in columns.items():
        if "[]" not in path and column["distinct"] is not None:
            assert column["distinct"] <= len(rows) - column["nulls_after"], path
    for path in ("training_date", "created_at"):
        bins, days = columns[path]["spread"]["bins"], sorted(str(row[path])[:10] for row in rows)
        assert days[0] <= bins[0]["low"][:10], path
        assert bins[-1]["high"][:10] <= days[-1], path
