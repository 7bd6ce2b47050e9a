"""The audit log answers from the command line, without Java."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strongroom import run_job
from strongroom.audit.checkpoint import VerifierKey, open_inclusion
from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.flows import audit

MAY = datetime(2026, 5, 12, 9, tzinfo=UTC)


@pytest.fixture
def log(tmp_path):
    found = AuditLog(tmp_path / "audit")
    plain = {"time": MAY, "run": "r1", "job": "read_table", "action": "read", "table": "training.reviews"}
    found.append(
        Event(principal="user:ada", outcome="allowed", roles=("data_scientist",), columns=("user_id", "label"),
              purpose="model_training", facts={"masks": {"user_id": "show-last-4"}}, **plain),
        Event(principal="user:eve", actor="user:sam", outcome="refused", columns=("email",),
              facts={"rules": ["p.yaml:3"]}, **plain),
        Event(principal="user:pia", outcome="allowed", columns=("email",), purpose="data_subject_request",
              **(plain | {"action": "reveal", "job": "reveal"})),
        Event(principal="user:ada", outcome="allowed", columns=("label",), purpose="model_training", **plain),
        Event(principal="user:ada", outcome="allowed", columns=("email",),
              **(plain | {"time": MAY.replace(month=6)})),
    )  # fmt: skip
    return found


@pytest.fixture
def ask(tmp_path, capsys, log):
    (tmp_path / "lake/raw/reviews").mkdir(parents=True)
    config = tmp_path / "local.yaml"
    config.write_text(
        f"lake: {tmp_path}/lake\nkeys: file:{tmp_path}/kek\nkeyring: {tmp_path}/keys/ring.json\n"
        f"policy: {Path.cwd()}/conf/policy.yaml\ncontracts: {Path.cwd()}/conf/contracts\n"
        f"audit: {log.folder}\nprincipal: user:pia\n"
    )

    def run(*words, code=0, who="user:pia"):
        assert run_job.run(audit, [*words, "--config", str(config), "--set", f"principal={who}"]) == code
        return capsys.readouterr()

    return run


def numbers(shown):
    return [int(line.split()[0]) for line in shown.splitlines() if line.strip()[0].isdigit()]


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["action=read", "who=user:ada"], [0, 3, 4]),
        (["who=user:sam"], [1]),
        (["outcome=refused", "table=training.reviews"], [1]),
        (["column=email", "since=2026-05-01", "until=2026-06-01"], [1, 2]),
        (["since=2026-05-13", "until=2026-07-01"], [4]),
        (["role=data_scientist"], [0]),
        (["purpose=data_subject_request", "job=reveal"], [2]),
        (["run=none"], []),
    ],
)
def test_search_finds_what_the_terms_describe(ask, terms, found):
    assert numbers(ask("search", *terms).out) == found


def test_search_shows_the_last_ones_and_says_so(ask):
    shown = ask("search", "action=read", "table=training.reviews", "--limit", "2").out
    assert numbers(shown) == [3, 4]
    assert "The last 2 of 4" in shown


@pytest.mark.parametrize("terms", [["colour=red"], ["table"], ["outcome=perhaps"], ["since=soon"]])
def test_a_term_that_is_none_is_a_usage_error(ask, terms):
    ask("search", *terms, code=2)


def test_who_may_not_read_the_log_may_not_search_it(ask):
    shown = ask("search", "action=read", code=5, who="user:grace").err
    assert "user:grace may not read strongroom.audit" in shown
    ask("report", code=5, who="user:grace")


def test_verify_says_how_long_the_log_is_and_hands_out_a_checkpoint(ask, log):
    shown = ask("verify").out
    assert "The log is whole: 6 entries." in shown  # five, and the start of this very job
    assert VerifierKey.of(log.note("key.pub")).name in shown


def test_a_dry_run_signs_nothing_and_makes_no_key(ask, log, tmp_path):
    assert "The log is whole: 5 entries." in ask("verify", "--dry-run").out
    assert log.note("checkpoint") == ""
    assert not (tmp_path / "keys").exists()


def test_verify_finds_a_change_against_a_witness_even_when_everything_else_was_changed_too(ask, log, tmp_path):
    ask("verify")
    witness = tmp_path / "witness"
    witness.write_text(log.note("checkpoint"))
    ask("verify", "--witness", str(witness))
    data = log.path.read_bytes()
    log.path.write_bytes(data.replace(b"user:eve", b"user:eva", 1))
    for name in ("checkpoint", "key.pub"):
        (log.folder / name).unlink()
    assert "The audit log was changed" in ask("verify", "--witness", str(witness), code=7).err


def test_a_proof_of_an_entry_is_checked_without_the_log(ask, log, tmp_path):
    proof, entry, key = tmp_path / "1.tlog-proof", tmp_path / "entry", tmp_path / "key"
    ask("prove", "1", "--out", str(proof))
    entry.write_bytes(list(log.entries())[1] + b"\n")
    key.write_text(log.note("key.pub"))
    assert open_inclusion(proof.read_text())[0] == 1
    words = ("verify", "--proof", str(proof), "--key", str(key), "--entry", str(entry))
    assert "The entry is number 1 of the 6 entries" in ask(*words).out
    entry.write_bytes(list(log.entries())[2])
    assert "not the one" in ask(*words, code=7).err
    proof.write_text("nothing")
    assert "shows nothing" in ask(*words, code=7).err
    ask(*words[:-2], code=2)


def test_growth_since_a_witness_is_proved_as_a_witness_asks(ask, log, tmp_path):
    ask("verify")
    witness = tmp_path / "witness"
    witness.write_text(log.note("checkpoint"))
    shown = ask("prove", "--witness", str(witness)).out
    assert shown.startswith("old 7\n"), "the job's own end is signed too"
    assert "\n\n" in shown


@pytest.mark.parametrize("words", [["prove"], ["prove", "x"], ["prove", "99"], ["report", "--month", "May"]])
def test_what_is_not_understood_is_a_usage_error(ask, words):
    ask(*words, code=2)


def test_the_report_answers_what_a_regulator_asks(ask):
    shown = ask("report", "--month", "2026-05").out
    sections = {part.partition("\n")[0]: part for part in shown.split("\n## ")}
    reads = sections["Who read personal data, and for what"]
    line = "| user:ada | data_scientist | training.reviews | user_id (show-last-4) | model_training | 1 |"
    assert line in reads
    assert "label" not in reads, "a column that is not personal is nobody's business"
    assert "2026-06" not in reads
    assert "| user:sam as user:eve | read | training.reviews | (none) | p.yaml:3 | 1 |" in sections["What was refused"]
    assert "| 2026-05-12 | user:pia | training.reviews | email |" in sections["What was revealed"]
    assert "user:engineer | read | raw.reviews" in sections["Who could have read personal data on 2026-05-31"]


def test_a_signing_key_can_be_renewed_when_it_is_lost(ask, log, tmp_path):
    ask("verify")
    old = log.note("key.pub")
    (tmp_path / "keys" / "audit-signing.key").unlink()
    assert "gone" in ask("verify", code=7).err
    assert "may not write strongroom.keys" in ask("verify", "--new-key", code=5).err
    witness = tmp_path / "witness"
    witness.write_text(log.note("checkpoint"))
    ask("verify", "--new-key", "--witness", str(witness), who="user:kim")
    assert log.note("key.pub") != old
    ask("verify", "--witness", str(witness))
    renewed = [event for event in log.read() if event.action == "key"]
    assert [(event.principal, event.table, event.outcome) for event in renewed] == [
        ("user:kim", "strongroom.keys", "done")
    ]
    assert (renewed[0].facts["old"], renewed[0].facts["new"]) == (old.strip(), log.note("key.pub").strip())
    ask("verify", "--new-key", code=7, who="user:kim")


def test_which_key_signed_before_is_not_asked_of_the_log_s_folder(ask, log, tmp_path):
    ask("verify")
    key = log.note("key.pub").strip()
    for path in (tmp_path / "keys").glob("audit-signing.*"):
        path.unlink()
    assert "Nothing beside the signing key tells" in ask("verify", "--new-key", code=2, who="user:kim").err
    ask("verify", "--new-key", "--key", key, who="user:kim")
    ask("verify")


def test_no_proof_is_made_from_entries_that_were_changed(ask, log):
    log.append(*[next(log.read())] * 400)
    ask("verify")
    log.path.write_bytes(log.path.read_bytes().replace(b"user:eve", b"user:eva", 1))
    assert "The audit log was changed" in ask("prove", "1", code=7).err


@pytest.mark.parametrize("words", [("--dry-run",), ("--key",)])
def test_a_log_that_lost_its_last_checkpoint_is_whole_for_nobody(ask, log, tmp_path, words):
    ask("verify")
    words = (*words, log.note("key.pub").strip()) if words == ("--key",) else words
    assert "The log is whole" in ask("verify", *words).out
    data = log.path.read_bytes()
    log.path.write_bytes(data[: data.rindex(b"\n", 0, -1) + 1])
    (log.folder / "checkpoint").unlink()
    assert "lost its last checkpoint" in ask("verify", *words, code=7).err


def test_who_reads_the_log_without_touching_it_has_read_it(ask, log):
    shown = ask("search", "action=read", "--dry-run").out
    assert "user:ada" in shown
    last = list(log.read())[-1]
    assert (last.principal, last.action, last.table, last.outcome) == (
        "user:pia", "read", "strongroom.audit", "allowed",
    )  # fmt: skip


def test_the_job_itself_is_in_the_log(ask, log):
    ask("verify")
    last = [json.loads(entry) for entry in log.entries()][-2:]
    assert [(entry["job"], entry["outcome"]) for entry in last] == [("audit", "started"), ("audit", "done")]


def told(ask, *words, way, file):
    """What a command says, kept in one of the ways in which somebody keeps it."""
    if way == "--out":
        ask(*words, "--out", str(file))
    else:
        file.write_text(ask(*words, *([way] if way == "--json" else [])).out)
    return str(file)


@pytest.mark.parametrize("way", ["--out", "--json", "shown"])
def test_a_witness_hands_in_what_verify_has_said(ask, log, tmp_path, way):
    witness = told(ask, "verify", way=way, file=tmp_path / "witness")
    ask("verify", "--witness", witness)
    assert ask("prove", "--witness", witness).out.startswith("old 6\n")
    log.path.write_bytes(log.path.read_bytes().replace(b"user:eve", b"user:eva", 1))
    assert "The audit log was changed" in ask("verify", "--witness", witness, code=7).err


@pytest.mark.parametrize("way", ["--out", "--json", "shown"])
@pytest.mark.parametrize("terms", [("who=user:eve",), ("action=read",)])
def test_a_proof_and_its_entry_are_taken_as_prove_and_search_have_said_them(ask, tmp_path, way, terms):
    proof = told(ask, "prove", "1", way=way, file=tmp_path / "proof")
    entry = told(ask, "search", *terms, way=way, file=tmp_path / "entry")
    done = ask("verify", "--proof", proof, "--entry", entry, "--json")
    assert json.loads(done.out)["answer"]["entry"] == 1
    other = told(ask, "prove", "2", way=way, file=tmp_path / "other")
    assert "Entry 2 is not here" in ask("verify", "--proof", other, "--entry", entry, code=2).err


def test_another_entry_under_the_number_of_the_proof_is_told(ask, tmp_path):
    proof = told(ask, "prove", "1", way="--out", file=tmp_path / "proof")
    entry = told(ask, "search", "who=user:eve", way="shown", file=tmp_path / "entry")
    Path(entry).write_text(Path(entry).read_text().replace("user:sam", "user:sim"))
    assert "not the one" in ask("verify", "--proof", proof, "--entry", entry, code=7).err


def test_a_proof_of_growth_is_for_one_witness(ask, tmp_path):
    witness = told(ask, "verify", way="--out", file=tmp_path / "witness")
    ask("prove", "--witness", witness, "--witness", witness, code=2)
