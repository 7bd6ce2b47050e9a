"""Every job starts and ends the same way: exit codes, audit events, messages without values, one line of JSON."""

import json
import sys
from types import SimpleNamespace

import pytest

from lakes import install
from strongroom import launch
from strongroom.core import errors
from strongroom.core.run import Outcome


def flow(run, **more):
    return SimpleNamespace(__name__="strongroom.flows.tried", __doc__="A job.", run=run, **more)


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path, capsys)


def failing(error):
    def run(_):
        raise error

    return flow(run)


@pytest.mark.parametrize(
    ("error", "code", "ending"),
    [
        (errors.UsageError("what", where="where", todo="todo"), 2, "failed"),
        (errors.ConfigError([errors.Problem("what", "a.yaml:3", "todo")]), 3, "failed"),
        (errors.EnvironmentFault("what"), 4, "failed"),
        (errors.Refused("what"), 5, "refused"),
        (errors.GateClosed("what"), 6, "gate"),
        (errors.StoreError("what"), 7, "failed"),
        (errors.KeyFault("what"), 7, "failed"),
        (KeyboardInterrupt(), 130, "failed"),
        (PermissionError(13, "Permission denied", "/a/file"), 7, "failed"),
        (OSError(28, "No space left on device", "/a/file"), 7, "failed"),
    ],
)
def test_each_error_has_its_exit_code_and_its_event(place, error, code, ending):
    done = place.run(failing(error))
    assert done.code == code
    assert (done.line["exit_code"], done.line["job"]) == (code, "tried")
    assert f"(exit {code})" in done.err
    assert "Traceback" not in done.err
    assert [event.outcome for event in place.audit()] == ["started", ending]


def test_a_bug_shows_where_it_is_and_not_what_it_says(place, monkeypatch):
    monkeypatch.delenv("STRONGROOM_DEBUG", raising=False)
    done = place.run(failing(ValueError("ada@example.com")))
    assert done.code == 1
    assert "test_launch.py" in done.err
    assert "ada@example.com" not in done.err + done.out
    assert "ada@example.com" not in (place.root / "audit/entries.jsonl").read_text()


def test_a_job_that_is_done_says_so_once_for_people_and_once_for_machines(place):
    done = place.run(flow(lambda _: Outcome({"training.t": "/t"}, {"read": 1}, "r.html", "all is well", {"rows": 1})))
    assert done.code == 0
    assert done.out.startswith("all is well\n")
    assert {key: done.line[key] for key in ("status", "exit_code", "tables", "rows", "report")} == {
        "status": "done", "exit_code": 0, "tables": {"training.t": "/t"}, "rows": {"read": 1}, "report": "r.html",
    }  # fmt: skip
    assert [event.outcome for event in place.audit()] == ["started", "done"]


def test_a_job_that_cannot_write_its_event_does_not_run(place):
    (place.root / "audit").write_text("a file where the folder should be")
    ran = []
    done = place.run(flow(lambda job: ran.append(job) or Outcome()))
    assert (done.code, ran) == (7, [])
    assert "audit" in done.err


def test_acting_for_somebody_names_both(place):
    seen = []
    place.run(flow(lambda job: seen.append(job.run) or Outcome()), "--as", "user:ada")
    assert (seen[0].principal, seen[0].actor) == ("user:ada", "user:engineer")
    assert {(event.principal, event.actor) for event in place.audit()} == {("user:ada", "user:engineer")}


@pytest.mark.parametrize("run_id", ["../x", "a/b", "a b", "-x", "x" * 65, "é"])
def test_a_run_id_is_a_plain_word(place, run_id):
    done = place.run(flow(lambda _: Outcome()), f"--run-id={run_id}")
    assert done.code == 2
    assert not (place.root / "audit").exists()


def test_unknown_options_and_settings_are_refused(place, capsys):
    assert place.run(flow(lambda _: Outcome()), "--purpos", "x").code == 2
    wrong = place.run(flow(lambda _: Outcome()), "--set", "prepare.mod=append")
    assert wrong.code == 3
    assert "Did you mean 'mode'?" in wrong.err


def test_a_reader_who_hangs_up_is_no_error(place, monkeypatch):
    class Closed:
        def write(self, _):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            return sys.__stderr__.fileno()

    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr(sys, "stdout", Closed())
    code = launch.run(flow(lambda _: Outcome(summary="x")), ["--config", str(place.settings)])
    assert code == 0


def test_json_is_one_line(place):
    done = place.run(flow(lambda _: Outcome(summary="two\nlines")))
    assert json.loads(done.out.strip().split("\n")[-1])["run_id"] == done.line["run_id"]
