"""Opening, assessing, closing and listing: what is kept, who may, what the clock shows, and what is told elsewhere."""

import json
import shutil
import stat
from hashlib import sha256

import pytest

from strongroom.core.policy.freezes import file_of
from strongroom.flows import access, check, incident, prepare, project
from strongroom.flows.read import read_table
from support.derived_tables import derive
from support.lakes import Installation, install

PIA, KIM = ("--set", "principal=user:pia"), ("--set", "principal=user:kim")
OPEN = ("open", "--table", "training.reviews", "--reason", "rows on a forum", "--run-id", "i")
CLOSE = ("close", "i", "--reason", "over", "--not-notified", "no risk")


class Quiet:
    def readouterr(self):
        return "", ""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("lake"), Quiet(), sample=100)
    assert made.run(prepare).code == 0
    return made


@pytest.fixture
def place(prepared, tmp_path, capsys):
    shutil.copytree(prepared.root, tmp_path / "x")
    return Installation(tmp_path / "x", capsys)


def done(place, *words):
    found = place.run(incident, *words)
    assert found.code == 0, found.err
    return found.line["answer"]


def code(found):
    return found.code, found.line["problems"][0]["code"] if found.line["problems"] else ""


def frozen(place):
    return file_of(str(place.root / "policy.yaml"), "i").is_file()


def test_who_may_open_does_not_close_and_who_opened_never_does(place):
    assert place.run(incident, *OPEN).code == 5, "the engineer"
    assert not frozen(place)
    done(place, *OPEN, *PIA)
    assert place.run(incident, *CLOSE, *PIA).code == 5
    of_incidents = "\n    tables: [strongroom.incidents]"
    place.edit("policy.yaml", f"[read, write]{of_incidents}", f"[read, write, delete]{of_incidents}")
    place.edit("policy.yaml", "  - {as: user:pia, action: delete", "  - {as: user:grace, action: delete")
    assert code(place.run(incident, *CLOSE, *PIA)) == (5, "incident.opener")
    assert frozen(place)
    assert done(place, *CLOSE, *KIM)["incident"]["closed_by"] == "user:kim"
    assert not frozen(place)


def test_evidence_is_kept_apart_signed_and_held_against_the_log(place):
    answer = done(place, *OPEN, *PIA)
    folder = place.root / "audit/incidents/i"
    assert answer["signed"] is True
    assert {each.name for each in (folder / "evidence").iterdir()} == {
        "audit.json", "policy.yaml", "runs.jsonl", "tables.jsonl", "keys.json", "freezes.txt",
    }  # fmt: skip
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (folder.parent, folder, folder / "evidence")}
    assert modes == {0o700}
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.rglob("*") if each.is_file()} == {0o600}
    assert (folder / "evidence/policy.yaml").read_bytes() == (place.root / "policy.yaml").read_bytes()
    (row,) = [json.loads(line) for line in (folder / "evidence/runs.jsonl").read_text().splitlines()]
    assert row["dataset"] == "reviews"
    tables = [json.loads(line) for line in (folder / "evidence/tables.jsonl").read_text().splitlines()]
    assert [(each["table"], each["version"]) for each in tables] == [("training.reviews", 1)]
    head = json.loads((folder / "evidence/audit.json").read_text())
    events = place.audit()
    (at, event) = next((at, event) for at, event in enumerate(events) if event.action == "incident")
    assert head["entries"] == at, "all that stood there before"
    assert event.facts["evidence"] == answer["incident"]["evidence"]


@pytest.mark.parametrize("file", ["evidence/policy.yaml", "evidence/runs.jsonl", "evidence.json", "evidence.note"])
def test_evidence_that_was_changed_is_told_and_keeps_the_freeze(place, file):
    done(place, *OPEN, *PIA)
    path = place.root / "audit/incidents/i" / file
    data = path.read_bytes()
    path.write_bytes(data.replace(b"i", b"j", 1) if file != "evidence.json" else data.replace(b'"i"', b'"j"', 1))
    assert code(place.run(incident, "assess", "i", *PIA)) == (7, "incident.evidence")
    assert code(place.run(incident, *CLOSE, *KIM)) == (7, "incident.evidence")
    assert frozen(place)


def _forged(record, **said):
    record.write_text(json.dumps(json.loads(record.read_text()) | said))


@pytest.mark.parametrize("what", ["opener", "clock", "list and record", "signature", "more", "freeze"])
def test_a_record_that_says_otherwise_than_the_log_is_told_and_lifts_nothing(place, what):
    done(place, *OPEN, *PIA)
    folder = place.root / "audit/incidents/i"
    match what:
        case "opener":
            _forged(folder / "opened.json", opened_by="user:grace")
        case "clock":
            _forged(folder / "opened.json", aware="2026-01-01T00:00:00+00:00")
        case "list and record":
            (folder / "evidence/policy.yaml").write_text("roles: {}\n")
            listed = json.loads((folder / "evidence.json").read_text())
            listed["files"]["policy.yaml"] = sha256(b"roles: {}\n").hexdigest()
            (folder / "evidence.json").write_text(json.dumps(listed))
            _forged(folder / "opened.json", evidence=sha256((folder / "evidence.json").read_bytes()).hexdigest())
            (folder / "evidence.note").unlink()
        case "signature":
            (folder / "evidence.note").unlink()
        case "more":
            (folder / "evidence/logins.json").write_text("{}")
        case "freeze":
            (folder / "freeze.json").write_bytes((folder / "freeze.json").read_bytes().replace(b"reviews", b"nothing"))
    assert code(place.run(incident, "assess", "i", *PIA)) == (7, "incident.evidence")
    assert code(place.run(incident, *CLOSE, *KIM)) == (7, "incident.evidence")
    assert frozen(place)


@pytest.mark.parametrize("what", ["another freeze", "closed by hand", "all gone"])
def test_a_freeze_that_nobody_lifted_by_the_log_is_missed(place, what):
    done(place, *OPEN, *PIA)
    file, folder = file_of(str(place.root / "policy.yaml"), "i"), place.root / "audit/incidents/i"
    match what:
        case "another freeze":
            file.write_bytes(file.read_bytes().replace(b"training.reviews", b"training.nothing"))
        case "closed by hand":
            (folder / "closed.json").write_text('{"closed": "2026-05-01T00:00:00Z", "closed_by": "user:kim"}')
            file.unlink()
        case "all gone":
            shutil.rmtree(folder)
            file.unlink()
    assert "incident.thawed" in {note["code"] for note in place.run(check).line["answer"]["notes"]}
    answer = done(place, "list", *PIA)
    assert [each["frozen"] for each in answer["incidents"]] == ([] if what == "all gone" else [False])
    assert answer["lost"] == (["i"] if what == "all gone" else [])
    assert "NOT FROZEN" in place.run(incident, "list", *PIA).out


def test_the_clock_runs_from_when_it_was_known_and_stops_when_the_authority_is_told(place):
    aware = ("--aware", "2025-05-01T08:00:00Z")
    first = done(place, *OPEN, *aware, *PIA)["incident"]
    assert (first["due"], first["seconds_left"] < 0) == ("2025-05-04T08:00:00Z", True)
    ahead = place.run(incident, "assess", "i", "--notified", "2999-01-01", *PIA)
    assert ahead.code == 2
    assert code(place.run(incident, "close", "i", "--reason", "x", *KIM))[0] == 2, "told or not: it must be said"
    figures = (place.lake / "reports/prometheus/incidents.prom").read_text()
    assert "strongroom_incidents_open{} 1.0" in figures
    assert f'strongroom_incident_due_seconds{{incident="i"}} {1746345600.0!r}' in figures
    page = (place.lake / "reports/index.html").read_text()
    assert "Open incidents" in page
    assert "over to tell the authority" in page
    told = done(place, "assess", "i", "--notified", "2025-05-03T12:00:00Z", *PIA)["incident"]
    assert told["seconds_left"] is None
    figures = (place.lake / "reports/prometheus/incidents.prom").read_text()
    assert "incident_due_seconds" not in figures
    done(place, "close", "i", "--reason", "over", *KIM)
    assert "strongroom_incidents_open{} 0.0" in (place.lake / "reports/prometheus/incidents.prom").read_text()
    assert "Open incidents" not in (place.lake / "reports/index.html").read_text()
    (last,) = done(place, "list", *PIA)["incidents"]
    assert (last["notified"], last["frozen"], last["closed"] != "") == ("2025-05-03T12:00:00Z", False, True)


def test_a_dry_run_freezes_nothing_and_a_slip_neither(place):
    assert "training.reviews" in place.run(incident, *OPEN, "--dry-run", *PIA).out
    for words in (
        ("--table", "training.reviws"),
        ("--table", "strongroom.audit"),
        ("--zone", "trainig"),
        ("--zone", "strongroom"),
        ("--columns", "email"),
        ("--table", "training.reviews", "--columns", "emial"),
        ("--table", "training.reviews", "--everything"),
        (),
    ):
        assert place.run(incident, "open", *words, "--reason", "x", "--run-id", "i", *PIA).code == 2, words
    assert place.run(incident, "open", "--everything", "--run-id", "i", *PIA).code == 2, "without a reason"
    assert not frozen(place)
    assert not (place.root / "audit/incidents").exists()


def test_the_same_run_again_goes_on_and_never_opens_what_was_closed(place):
    first = done(place, *OPEN, *PIA)["incident"]
    file_of(str(place.root / "policy.yaml"), "i").unlink()
    assert [each["frozen"] for each in done(place, "list", *PIA)["incidents"]] == [False], "list tells it is gone"
    assert "incident.thawed" in {note["code"] for note in place.run(check).line["answer"]["notes"]}
    again = done(place, *OPEN, *PIA)["incident"]
    assert (again["opened"], again["evidence"], frozen(place)) == (first["opened"], first["evidence"], True)
    done(place, *CLOSE, *KIM)
    assert place.run(incident, *OPEN, *PIA).code == 2
    assert not frozen(place)
    assert place.run(incident, *CLOSE, *KIM).code == 2


def test_people_are_counted_once_over_tables_and_what_carries_no_tag_is_named(place):
    derive(place, "features.reviews")
    derive(place, "curated.reviews", columns=["review_id", "_subject"])
    answer = done(place, *OPEN, *PIA) and done(place, "assess", "i", *PIA)
    rows = place.rows("training.reviews")
    people = len({row["user_id"] for row in rows})
    assert answer["people"] == people, "each once"
    assert {each["table"]: (each["rows"], each["people"]) for each in answer["affected"] if not each["uncounted"]} == {
        "training.reviews": (len(rows), people),
        "features.reviews": (len(rows), people),
        "curated.reviews": (len(rows), people),
    }
    done(place, *CLOSE, *KIM)
    raw = done(place, "open", "--zone", "raw", "--reason", "x", "--run-id", "r", *PIA) and done(
        place, "assess", "r", *PIA
    )
    assert {"raw.reviews", "raw.customers"} <= set(raw["uncounted"])
    assert raw["people"] == people


def test_nothing_of_an_incident_is_a_stray_and_what_lies_beside_is(place):
    done(place, *OPEN, *PIA)
    done(place, "assess", "i", *PIA)
    assert place.run(check, "--lake").line["answer"]["strays"] == []
    (place.root / "audit/incidents/i/evidence/notes of mine").write_text("x")
    (stray,) = place.run(check, "--lake").line["answer"]["strays"]
    assert stray["code"] == "stray.audit"


@pytest.mark.spark
def test_a_projection_is_closed_to_its_role_at_once_and_dropped_by_its_job(place, spark):
    physical = "  - {role: analyst, actions: [read], tables: [training.reviews], purposes: [x], enforce: physical}\n"
    place.edit("policy.yaml", "grants:\n", f"grants:\n{physical}")
    assert place.run(project).code == 0
    (table,) = [each for each in (place.lake / "projected").rglob("reviews") if each.is_dir()]
    table.chmod(0o750)
    answer = done(place, *OPEN, *PIA)
    assert len(answer["projections"]) == 1
    assert stat.S_IMODE(table.stat().st_mode) == 0o700
    asked = ("--as", "user:grace", "--purpose", "x", "--table", "training.reviews", "--columns", "label", "--exit-code")
    assert place.run(access, "explain", *asked).code == 5
    assert place.run(project).code == 0
    assert not table.exists()
    done(place, *CLOSE, *KIM)
    assert place.run(project).code == 0
    shown = read_table(spark, "training.reviews", "user:grace", "x", settings=str(place.settings))
    assert shown.count() == len([row for row in place.rows("training.reviews") if row["label"] != "neutral"])
