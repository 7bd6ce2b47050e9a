"""The way back of a log that is not what was signed is an entry of its own, by who may, and shows for ever."""

from __future__ import annotations

import json

import pytest

from strongroom.audit.checkpoint import open_checkpoint
from strongroom.core.audit_event import RECOVER
from strongroom.flows import audit
from strongroom.flows.audit import recover as audit_recover
from support.audit_places import BREAK, FORGED, JOB, another_log, older_folder, own_key, shifted, signed_place, text

WHY = "Put back from the backup of Sunday: the disk had failed"
KIM = ("--set", "principal=user:kim")


@pytest.fixture
def place(tmp_path, capsys):
    return signed_place(tmp_path, capsys)


def recover(place, *options, code=0, who=KIM, reason=WHY):
    return place.run(audit, "recover", "--reason", reason, *who, *options, code=code)


def garbage(place):
    place.entries(lambda lines: [*lines[:3], b"\xff\x00 hello\n", *lines[3:], b"[]\n", BREAK])


def lost_state(place):
    (place.root / "keys/audit-signing.logs").unlink()
    (place.root / "audit/checkpoint").unlink()


def damaged_state(place):
    (place.root / "keys/audit-signing.logs").write_text("{")


def lost_key_too(place):
    older_folder(place)
    (place.root / "keys/audit-signing.key").unlink()


def older_release(place):
    """One mark for the key, of some log that is gone."""
    lost_state(place)
    (place.root / "keys/audit-signing.size").write_text("161\n")


@pytest.mark.parametrize(
    ("fault", "same", "why"),
    [
        (older_folder, False, "put back from a backup: cut"),
        (another_log, False, "nothing is left of it"),
        (own_key, False, "a checkpoint that is not ours"),
        (shifted, False, "an entry more, and the end cut"),
        (lambda p: p.entries(lambda lines: [FORGED, *lines[1:]]), False, "changed"),
        (garbage, False, "lines that are no entries"),
        (lambda p: p.entries(lambda lines: [*lines, b"hello\n"]), True, "one after all that was signed"),
        (lambda p: (p.root / "audit/checkpoint").unlink(), True, "only the checkpoint is gone"),
        (text("checkpoint", b"\xff"), True, "or is none"),
        (lost_state, False, "nothing tells what was signed"),
        (damaged_state, False, "nor can it be read"),
        (older_release, False, "nor is it known of which log"),
        (lost_key_too, False, "with a new key, when the old one is gone too"),
    ],
)
def test_a_log_that_is_not_what_was_signed_goes_on_once_that_is_recorded(place, fault, same, why):
    before, note = place.head(), place.log.note("checkpoint")
    fault(place)
    lay = place.log.note("checkpoint")
    assert "is not sealed" in place.run(JOB).err
    told = recover(place).out
    assert place.log.note("checkpoint") != note
    assert place.log.note("checkpoint").split("\n")[0] in told, "here is what a witness is handed"
    for _ in range(2):
        assert "is not sealed" not in place.run(JOB).err, why
    assert (place.head().origin == before.origin) is same, "a log that departs from what was signed gets another name"
    said = place.verify(0).out
    assert "The log is whole" in said
    assert "user:kim accepted the log as it lay" in said
    assert WHY in said, "for ever"
    (event,) = [each for each in place.log.read() if each.action == RECOVER and each.facts["reason"] == WHY]
    assert (event.principal, event.table, event.outcome) == ("user:kim", "strongroom.keys", "done")
    index = list(place.log.entries()).index(event.entry())
    assert event.facts["found"]["size"] == index
    evidence = place.log.note(f"checkpoint-before-{index}")
    assert evidence == lay, "what lay there is kept"
    if not lay.startswith("\ufffd") and lay == note:
        assert event.facts["checkpoint"] == {"origin": before.origin, "size": before.size, "root": before.root.hex()}
    if fault not in (lost_state, damaged_state, older_release):
        assert event.facts["signed"] == {"origin": before.origin, "size": before.size, "root": before.root.hex()}
    assert recover(place, code=2).err.count("nothing to accept") == 1


def test_who_saw_the_log_of_before_still_sees_the_break(place, tmp_path):
    witness = tmp_path / "witness"
    witness.write_text(place.log.note("checkpoint"))
    older_folder(place)
    place.run(JOB)
    recover(place)
    assert "audit log was" in place.verify(7, "--witness", str(witness)).err


def test_search_and_report_pass_over_accepted_lines_that_are_no_entries(place):
    place.entries(lambda lines: [*lines[:3], b"\xff\x00 hello\n", *lines[3:], b"[]\n"])
    pia = ("--set", "principal=user:pia")
    assert "is no event" in place.run(audit, "search", "job=tried", *pia, code=7).err
    recover(place)
    found = place.run(audit, "search", "job=tried", "--json", *pia).out
    assert [json.loads(line)["entry"] for line in found.splitlines()[:5]] == [0, 1, 2, 4, 5]
    place.run(audit, "report", *pia)
    place.entries(lambda lines: [*lines, b"hello\n"])
    assert "is no event" in place.run(audit, "search", "job=tried", *pia, code=7).err


@pytest.mark.parametrize(
    ("options", "code", "told", "why"),
    [
        ({"who": ()}, 5, "may not write strongroom.keys", "an engineer"),
        ({"reason": " "}, 2, "for a reason", "no reason"),
        ({"reason": "x" * 901}, 2, "at most 900", "a novel"),
    ],
)
def test_who_may_not_or_says_not_why_accepts_nothing(place, options, code, told, why):
    older_folder(place)
    assert told in recover(place, code=code, **options).err, why
    assert "is not sealed" in place.run(JOB).err
    assert not [event for event in place.log.read() if event.action == RECOVER]


def test_a_whole_log_needs_no_acceptance(place):
    assert "nothing to accept" in recover(place, code=2).err
    assert not [event for event in place.log.read() if event.action == RECOVER]


def test_a_dry_run_says_what_would_be_accepted_and_does_not(place):
    older_folder(place)
    lines = len(list(place.log.entries()))
    assert "lost its last checkpoint" in recover(place, "--dry-run").out
    assert len(list(place.log.entries())) == lines


def test_signs_that_a_terminal_obeys_do_not_come_out_of_the_log_raw(place):
    older_folder(place)
    recover(place, reason="\x9b31m and \u202e and \x1b[2J")
    said = place.verify(0).out
    assert not {"\x9b", "\u202e", "\x1b"} & set(said)
    assert "u009b31m and " in said


@pytest.mark.parametrize("dies_at", ["sound_key", "read", "sign_head"])
def test_a_recovery_that_died_is_done_again(place, monkeypatch, dies_at):
    older_folder(place)
    calls = []

    def dies(*given, **named):
        calls.append(given)
        if dies_at == "read" and len(calls) == 1:
            return real(*given, **named)
        raise KeyboardInterrupt

    real = getattr(audit_recover, dies_at)
    with monkeypatch.context() as patch:
        patch.setattr(audit_recover, dies_at, dies)
        recover(place, code=130)
    assert "is not sealed" in place.run(JOB).err
    recover(place)
    assert "is not sealed" not in place.run(JOB).err
    place.verify(0)


def test_a_log_keeps_its_name_after_a_break_when_what_is_kept_of_it_is_lost(place):
    older_folder(place)
    place.run(JOB)
    recover(place)
    name = place.head().origin
    (place.root / "keys/audit-signing.logs").unlink()
    assert "is not sealed" not in place.run(JOB).err
    assert place.head().origin == name, "the one of before belongs to the log that was signed before"


def test_what_goes_on_after_a_break_is_signed_under_its_own_name_and_verified_elsewhere(place):
    """Somebody with the folder and the public key alone sees whole log and break."""
    older_folder(place)
    place.run(JOB)
    recover(place)
    head = open_checkpoint(place.log.note("checkpoint"), [place.key])
    assert head.origin.startswith("strongroom-log-")
    key = place.log.note("key.pub").strip()
    for path in (place.root / "keys").glob("audit-signing.*"):
        path.unlink()
    said = place.run(audit, "verify", "--key", key, "--dry-run").out
    assert WHY in said
    assert json.loads(said.splitlines()[-1])["status"] == "done"
