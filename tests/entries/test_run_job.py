"""Every job starts and ends the same way: exit codes, audit events, messages without values, one line of JSON."""

import getpass
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from strongroom import run_job
from strongroom.audit.log import AuditLog
from strongroom.audit.signing import seal_after_job, waiting
from strongroom.console import Telling
from strongroom.core import errors
from strongroom.core.errors import StoreError
from strongroom.core.run import Outcome
from strongroom.core.settings.file import load_settings
from strongroom.flows import audit
from strongroom.flows.foundation.contracts import contract_of
from support.lakes import ROOT, install

KEY_SET = '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k"}]}'
"""One public key, of RFC 8037, appendix A.2."""


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
        (errors.Terminated(), 143, "failed"),
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


WAITING = """
import sys, time, types
from strongroom import run_job as launch

def run(job):
    print("up", flush=True)
    time.sleep(60)

sys.modules["strongroom.flows.waits"] = flow = types.ModuleType("strongroom.flows.waits", "")
flow.BARE, flow.run = True, run
launch.main("waits")
"""


@pytest.mark.parametrize(("number", "code", "by"), [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGINT, 130, "Ctrl-C")])
def test_a_job_that_is_told_to_end_says_so(number, code, by):
    words = [sys.executable, "-c", WAITING, "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
        assert job.stdout.readline() == "up\n"
        job.send_signal(number)
        out, err = job.communicate(timeout=60)
    assert job.returncode == code
    assert f"stopped by {by}; readers see the last whole version" in err
    assert "Traceback" not in err
    assert (json.loads(out)["exit_code"], json.loads(out)["status"]) == (code, "Stopped")


def test_a_bug_shows_where_it_is_and_not_what_it_says(place, monkeypatch):
    monkeypatch.delenv("STRONGROOM_DEBUG", raising=False)
    done = place.run(failing(ValueError("ada@example.com")))
    assert done.code == 1
    assert "test_run_job.py" in done.err
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
    code = run_job.run(flow(lambda _: Outcome(summary="x")), ["--config", str(place.settings)])
    assert code == 0


def test_json_is_one_line(place):
    done = place.run(flow(lambda _: Outcome(summary="two\nlines")))
    assert json.loads(done.out.strip().split("\n")[-1])["run_id"] == done.line["run_id"]


def test_json_lists_every_problem(place):
    both = [errors.Problem("one", "c.yaml:1", "Mend it.", "yaml.twice"), errors.Problem("two")]
    assert place.run(failing(errors.ConfigError(both))).line["problems"] == [
        {"code": "yaml.twice", "what": "one", "where": "c.yaml:1", "todo": "Mend it.", "file": "c.yaml", "line": 1},
        {"code": "config.invalid", "what": "two", "where": "", "todo": "", "file": None, "line": None},
    ]
    assert place.run(failing(errors.Refused("no", where="t:1"))).line["problems"] == [
        {"code": "policy.refused", "what": "no", "where": "t:1", "todo": "", "file": None, "line": None}
    ]
    assert place.run(flow(lambda job: Outcome())).line["problems"] == []


def signed(place):
    """How many entries the last checkpoint covers, and how many there are."""
    log = AuditLog(place.root / "audit")
    return int((log.note("checkpoint") or "\n0").split("\n")[1]), len(list(log.entries()))


@pytest.mark.parametrize("error", [None, errors.Refused("no"), ValueError("bug"), KeyboardInterrupt()])
def test_however_a_job_ends_its_events_are_signed(place, error):
    place.run(failing(error) if error else flow(lambda job: Outcome()))
    assert signed(place) == (2, 2)


def test_a_log_that_was_changed_is_told_at_every_job_and_not_signed(place):
    place.run(flow(lambda job: Outcome()))
    log = AuditLog(place.root / "audit")
    log.path.write_bytes(log.path.read_bytes().replace(b"user:engineer", b"user:engineeR", 1))
    done = place.run(flow(lambda job: Outcome()))
    assert done.code == 0
    assert "warning: the audit log is not sealed" in done.err
    assert "audit verify" in done.err
    assert signed(place) == (2, 4)


@pytest.mark.parametrize("error", [None, errors.Refused("no"), errors.GateClosed("no"), ValueError("bug")])
def test_a_log_that_cannot_be_signed_shows_as_a_figure_and_the_exit_code_is_the_job_s_own(place, error):
    figures = place.lake / "reports/prometheus"
    figures.mkdir(parents=True)
    job = failing(error) if error else flow(lambda job: Outcome())
    code = place.run(job).code
    log = AuditLog(place.root / "audit")

    def sealed():
        (file,) = figures.glob("attempt.*.prom")
        return re.search(r"^strongroom_audit_sealed\{.*\} (.*)$", file.read_text(), re.MULTILINE)[1]

    assert sealed() == "1.0"
    checkpoint = log.folder / "checkpoint"
    checkpoint.rename(place.root / "away")
    assert place.run(job).code == code
    assert sealed() == "0.0"
    (place.root / "away").rename(checkpoint)
    assert place.run(job).code == code
    assert sealed() == "1.0"


@pytest.mark.parametrize("fails", ["write_whole", "forget"])
def test_a_disk_that_is_full_when_a_job_is_signed_changes_no_exit_code(place, monkeypatch, fails):
    place.run(flow(lambda job: Outcome()))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    where = (
        "strongroom.audit.last_signed.write_whole" if fails == "write_whole" else "strongroom.audit.signing.forget_mark"
    )
    monkeypatch.setattr(where, full)
    done = place.run(flow(lambda job: Outcome()))
    assert done.code == 0
    assert "What is signed cannot be kept: No space left on device" in done.err
    monkeypatch.undo()
    assert "warning" not in place.run(flow(lambda job: Outcome())).err


def test_who_may_not_read_the_signing_key_leaves_signing_to_who_may(place, monkeypatch):
    place.run(flow(lambda job: Outcome()))
    opened = Path.open

    def closed(path, *args, **named):
        if path.name == "audit-signing.key":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)

    monkeypatch.setattr(Path, "open", closed)  # root may read everything
    done = place.run(flow(lambda job: Outcome()))
    assert "warning" not in done.err
    assert signed(place) == (2, 4)
    settings = load_settings(str(place.settings))
    assert waiting(AuditLog.open(settings), settings) == 0, "nor is it told as a log that cannot be signed"


def test_who_may_not_see_the_folder_of_keys_can_verify_all_the_same(place, monkeypatch):
    place.run(flow(lambda job: Outcome()))
    log, keys = AuditLog(place.root / "audit"), place.root / "keys"

    def closed(real):
        def open_(path, *args, **named):
            if path.is_relative_to(keys):
                raise PermissionError(13, "Permission denied")
            return real(path, *args, **named)

        return open_

    for name in ("open", "stat", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, name, closed(getattr(Path, name)))  # root may read everything
    done = place.run(audit, "verify", "--key", log.note("key.pub").strip())
    assert done.code == 0, done.err
    assert "The log is whole: 3 entries." in done.out


def test_jobs_that_end_at_once_sign_one_after_the_other(place):
    place.run(flow(lambda job: Outcome()))
    settings = load_settings(str(place.settings))

    def work():
        log = AuditLog.open(settings)
        for _ in range(10):
            log.append(place.audit()[0])
            seal_after_job(log, settings)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work) for _ in range(8)]:
            done.result()
    assert signed(place) == (82, 82)


def identified(place, text):
    place.edit("local.yaml", "principal: user:engineer\n", text)


TOKEN = "identity: {provider: token, keys: keys.json, issuer: 'https://login.example'}\n"


def test_who_is_asking_and_its_proof_stand_in_the_log(place):
    identified(place, "identity: {provider: system}\n")
    place.run(flow(lambda job: Outcome()), "--as", "user:grace")
    event = place.audit()[0]
    assert (event.principal, event.actor, event.facts["identity"]) == (
        "user:grace",
        f"user:{getpass.getuser()}",
        "system",
    )


def test_who_proves_nothing_runs_nothing_and_is_in_the_log(place, monkeypatch):
    monkeypatch.setenv("STRONGROOM_TOKEN", "no.real.token")
    identified(place, TOKEN)
    (place.root / "keys.json").write_text(KEY_SET)
    done = place.run(flow(lambda job: pytest.fail("it ran")), "--as", "user:ada")
    assert done.code == 5
    assert [(event.principal, event.outcome) for event in place.audit()] == [("user:?", "refused")]
    assert "no.real.token" not in done.err + done.out
    assert signed(place) == (1, 1)


JUDGES = ("lake", "keys", "keyring", "policy", "contracts", "role_keys", "audit")


@pytest.mark.parametrize(
    "given",
    ["principal=user:pia", "identity.provider=system", "identity.keys=mine.json", *(f"{name}=mine" for name in JUDGES)],
)
def test_what_proves_identity_cannot_be_set_on_the_command_line(place, given):
    identified(place, TOKEN)
    done = place.run(flow(lambda job: pytest.fail("it ran")), "--set", given)
    assert done.code == 3
    assert f"--set {given.partition('=')[0]}" in done.err


def test_where_who_asks_is_proven_no_contract_of_ones_own_is_taken(place, tmp_path):
    mine = tmp_path / "reviews.yaml"
    mine.write_text((place.root / "contracts/reviews.yaml").read_text().replace("classification: personal", ""))
    taken = flow(lambda job: Outcome(summary=contract_of(job, "prepare").file))
    assert place.run(taken, "--contract", str(mine)).code == 0, "an asserted name is nobody's limit"
    identified(place, "identity: {provider: system}\n")
    refused = place.run(taken, "--contract", str(mine))
    assert refused.code == 5
    assert "no contract of one's own is taken" in refused.err
    for ours in ("reviews", str(place.root / "contracts/reviews.yaml")):
        assert place.run(taken, "--contract", ours).code == 0


@pytest.mark.parametrize("name", ["engineer", "user:", "user:engineer ", "user: engineer"])
def test_a_name_that_is_no_principal_is_told_at_once(place, name):
    done = place.run(flow(lambda job: pytest.fail("it ran")), "--as", name)
    assert done.code == 2
    assert "this is no principal" in done.err


def test_words_may_stand_behind_options(place):
    found = []
    asking = flow(
        lambda job: found.append(job.args.words) or Outcome(), arguments=lambda p: p.add_argument("words", nargs="*")
    )
    assert place.run(asking, "a", "--purpose", "x", "b").code == 0
    assert found == [["a", "b"]]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("", "Run ./spark-submit.sh prepare --contract x first, then ./spark-submit.sh keys list."),
        ("my conf/a.yaml", "Run ./spark-submit.sh prepare --config 'my conf/a.yaml' --contract x first, "
         "then ./spark-submit.sh keys --config 'my conf/a.yaml' list."),
    ],
)  # fmt: skip
def test_commands_that_are_told_of_are_for_the_settings_of_the_run(capsys, config, told):
    telling = Telling("reveal", "r", as_json=False, start=0.0, config=config)
    todo = "Run ./spark-submit.sh prepare --contract x first, then ./spark-submit.sh keys list."
    assert telling.failed(StoreError("nothing is there", todo=todo), code=7) == 7
    assert f"  do:    {told}" in capsys.readouterr().err.splitlines()


def test_a_button_hides_no_module_of_python_s_own(tmp_path):
    """`jobs/profile.py` lies where Python looks first, and pyspark needs the `profile` of Python's library."""
    look = "import atexit, sys; atexit.register(lambda: print(__import__('cProfile').run.__doc__ is not None))"
    (tmp_path / "sitecustomize.py").write_text(look)
    path = f"{tmp_path}:{ROOT / 'lib'}"
    done = subprocess.run(
        [sys.executable, str(ROOT / "jobs/check.py"), "--help"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip().endswith("True")
