"""What a run tells receivers and leaves in its report, whatever they answer and however it ends."""

import json
import re

import pytest

from lakes import install
from receiver import receiving, silence, status
from strongroom.flows import prepare

pytestmark = pytest.mark.spark

TOKEN = "MARKER-token-94321"


@pytest.fixture
def place(tmp_path, capsys, spark):
    return install(tmp_path, capsys, sample=120)


def sent(receiver):
    """What a receiver was told: the kinds of events, and whether figures came."""
    return [json.loads(told.body)["eventType"] if told.method == "POST" else "figures" for told in receiver.told]


def to(receiver, *more):
    given = [f"openlineage={receiver.url}", f"pushgateway={receiver.url}", *more]
    return [word for option in given for word in ("--set", f"prepare.{option}")]


def report(place, suffix):
    return next((place.lake / "reports/training.reviews").glob(f"*{suffix}")).read_text()


def test_a_run_tells_its_beginning_its_end_and_its_figures_as_the_files_have_them(place, monkeypatch):
    monkeypatch.setenv("LINEAGE_TOKEN", TOKEN)
    with receiving(status(201)) as receiver:
        done = place.run(prepare, *to(receiver, "openlineage_token=env:LINEAGE_TOKEN"))
    assert done.code == 0, done.err
    assert sorted(sent(receiver)) == ["COMPLETE", "START", "figures"]
    posted = {json.loads(told.body)["eventType"]: told for told in receiver.told if told.method == "POST"}
    lines = report(place, ".openlineage.jsonl").splitlines()
    assert [posted[kind].body.decode() for kind in ("START", "COMPLETE")] == lines
    assert posted["COMPLETE"].headers["authorization"] == f"Bearer {TOKEN}"
    (figures,) = (told for told in receiver.told if told.method == "PUT")
    assert figures.path == "/metrics/job/strongroom/table/training.reviews"
    told, audit = figures.body.decode().split("# HELP strongroom_audit_unsealed ")
    assert told == (place.lake / "reports/prometheus/training.reviews.prom").read_text()
    assert audit.endswith(f'strongroom_audit_unsealed{{log="{place.root}/audit"}} 0.0\n')
    assert (
        f"# HELP strongroom_audit_unsealed {audit}"
        == (place.lake / "reports/prometheus/strongroom_audit.prom").read_text()
    ), "the end of the job says it, too"
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
    assert sorted(sent(receiver)) == ["FAIL", "START", "figures"]


def test_a_run_that_ends_early_leaves_a_report_that_says_so(place):
    for file in (place.lake / "raw/reviews").glob("*.json"):
        file.unlink()
    with receiving(status(200)) as receiver:
        done = place.run(prepare, *to(receiver))
    assert done.code == 7, done.err
    assert sorted(sent(receiver)) == ["FAIL", "START", "figures"]
    fail = next(json.loads(told.body) for told in receiver.told if b'"FAIL"' in told.body)
    told = json.loads(report(place, ".json"))
    assert told["status"] == "failed"
    assert told["verdict"]["answer"] == "no"
    assert fail["run"]["facets"]["errorMessage"]["message"] == told["problem"] != ""
    assert "No: the run ended early" in report(place, ".html")
    assert (
        'strongroom_run_succeeded{table="training.reviews"} 0.0'
        in (place.lake / "reports/prometheus/training.reviews.prom").read_text()
    )
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
