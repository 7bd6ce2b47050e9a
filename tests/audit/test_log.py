"""The audit log keeps what it acknowledged, whoever writes at the same time and whoever is killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event, well_formed
from strongroom.core.errors import StoreError
from strongroom.core.policy import Grant
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.run import Run
from strongroom.core.settings import Settings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def event(number, **more):
    return Event(NOON, f"run-{number}", "prepare", "user:ada", "run", "started", **more)


def test_an_entry_gets_the_next_index_whoever_wrote_before(tmp_path):
    one, two = AuditLog(tmp_path), AuditLog(tmp_path)
    assert [one.append(event(0)), two.append(event(1), event(2)), one.append(event(3))] == [0, 1, 3]
    assert [found.run for found in two.read()] == ["run-0", "run-1", "run-2", "run-3"]


def test_an_entry_is_one_line_of_canonical_json():
    written = event(0, columns=("b", "a"), facts={"z": 1, "a": "Größe\n", "n": None, "list": [1.5, True]})
    assert (
        written.entry()
        == (
            '{"action":"run","columns":["b","a"],"facts":{"a":"Größe\\\\u000a","list":[1.5,true],"n":null,"z":1},'
            '"job":"prepare","outcome":"started","principal":"user:ada","run":"run-0","time":"2026-06-01T12:00:00.000000Z"}'
        ).encode()
    )
    assert Event.of(written.entry()).entry() == written.entry()
    assert well_formed(written.entry())
    assert not well_formed(written.entry().replace(b",", b", ", 1))


def test_times_are_kept_in_utc():
    there = replace(event(0), time=NOON.astimezone(timezone(timedelta(hours=5))))
    assert there.entry() == event(0).entry()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"time": NOON.replace(tzinfo=None)}, "a time without zone"),
        ({"outcome": "perhaps"}, "an outcome nobody knows"),
        ({"principal": ""}, "nobody did it"),
        ({"facts": {"rows": b"data"}}, "bytes"),
        ({"facts": {1: "a"}}, "a name that is no text"),
        ({"facts": {"note": "x" * 1001}}, "a text long enough to be somebody's"),
        ({"facts": {"deep": [{"note": {"x"}}]}}, "no JSON, deep inside"),
    ],
)
def test_an_event_that_no_entry_may_hold_is_refused(change, why):
    with pytest.raises(ValueError, match=r"event|fact"):
        replace(event(0), **change)


@pytest.mark.parametrize("entry", [b"", b"[]", b"{}", b'{"time": "now"}', b'{"time":"2026-06-01T12:00:00Z","x":1}'])
def test_bytes_that_are_no_entry_are_refused(entry):
    assert not well_formed(entry)
    with pytest.raises(ValueError, match=r".*"):
        Event.of(entry)


def test_a_decision_is_an_event_without_a_value():
    run = Run("r", "read", "user:ada", "training", NOON, actor="user:sam")
    request = Request("user:ada", "read", "training.x", NOON, ("a", "b"), "training", "user:sam")
    given = Decision(
        request, True, "training.x", ("a", "b"), {"a": "show-last-4"},
        roles=("r",), grants=(Grant("r", ("read",), where="p.yaml:3"),),
    )  # fmt: skip
    found = Event.decided(run, given, policy="f" * 64)
    assert (found.outcome, found.roles, found.actor, found.columns) == ("allowed", ("r",), "user:sam", ("a", "b"))
    assert found.facts == {
        "level": "advisory", "masks": {"a": "show-last-4"}, "rules": ["p.yaml:3"], "identity": "asserted",
    }  # fmt: skip
    later = Event.decided(run, replace(given, request=replace(request, at=NOON + timedelta(1))), policy="f" * 64)
    assert (later.time, later.facts["at"]) == (NOON, "2026-06-02T12:00:00+00:00")
    refused = Event.decided(run, Decision(request, False, "training.x", withheld=("b",)), policy="f" * 64)
    assert (refused.outcome, refused.columns) == ("refused", ("a", "b"))
    flawed = Event.decided(run, Decision(request, False, "", flaw="this is no table's name"), policy="f" * 64)
    assert (flawed.outcome, flawed.facts["flaw"]) == ("refused", "this is no table's name")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("training.reviews", "training.reviews"),
        ("Ärzte brief", "Ärzte brief"),
        ("x" * 301, "(no name: 301 characters)"),
        ("a\ud800b", "a\\ud800b"),
        ("a\nb\0", "a\\u000ab\\u0000"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_what_people_type_is_kept_when_it_can_be_a_name(tmp_path, typed, kept):
    made = Event(NOON, "r", "read", "user:ada", "read", "refused", table=typed, columns=(typed, "b"), purpose=typed)
    AuditLog(tmp_path).append(made)
    (found,) = AuditLog(tmp_path).read()
    assert (found.table, found.columns, found.purpose) == (kept, (kept, "b"), kept)
    assert well_formed(made.entry())


@pytest.mark.parametrize(
    ("fact", "kept", "why"),
    [
        ("a\x9bb", "a\\u009bb", "a terminal's command in one sign"),
        ("a\u202eb", "a\\u202eb", "turns the line around"),
        ("a\x7fb", "a\\u007fb", "deletes"),
        ("a\ud800b", "a\\ud800b", "half of a character, which no file takes"),
        (["a\x9b", {"k\u202e": ("\x9b", 1)}], ["a\\u009b", {"k\\u202e": ["\\u009b", 1]}], "deep inside"),
        ("\x9b" * 900, ("\\u009b" * 900)[:1_000], "no longer than a fact is"),
    ],
)
def test_signs_that_a_terminal_obeys_stand_in_no_entry(tmp_path, fact, kept, why):
    log = AuditLog(tmp_path)
    log.append(event(0, facts={"what": fact}))
    (entry,) = log.entries()
    assert not {"\x9b", "\u202e", "\x7f", "\x1b"} & set(entry.decode()), why
    (found,) = log.read()
    assert found.facts["what"] == kept, why
    assert well_formed(entry)
    assert found.entry() == entry


@pytest.mark.parametrize("torn", [b"{", b'{"action":"run"', b"x" * 3_000_000])
def test_an_unfinished_last_line_is_passed_over_and_then_removed(tmp_path, torn):
    log = AuditLog(tmp_path)
    log.append(event(0), event(1))
    with log.path.open("ab") as file:
        file.write(torn)
    assert len(list(log.entries())) == 2
    assert AuditLog(tmp_path).append(event(2)) == 2
    assert [found.run for found in log.read()] == ["run-0", "run-1", "run-2"]


def test_a_line_that_is_no_event_is_told_by_its_number(tmp_path):
    log = AuditLog(tmp_path)
    log.append(event(0))
    with log.path.open("ab") as file:
        file.write(b"hello\n")
    with pytest.raises(StoreError) as caught:
        list(log.read())
    assert caught.value.where == "entry 1"


def test_a_log_that_shrinks_under_a_writer_takes_no_more(tmp_path):
    log = AuditLog(tmp_path)
    log.append(event(0), event(1))
    os.truncate(log.path, 10)
    with pytest.raises(StoreError, match="shorter"):
        log.append(event(2))


def test_a_folder_that_cannot_be_written_stops_the_job(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StoreError, match="audit log"):
        AuditLog(file / "audit")
    full = AuditLog(tmp_path / "full")
    full.path.symlink_to("/dev/full")
    with pytest.raises(StoreError):
        full.append(event(0))


def test_an_object_store_is_refused_in_words(tmp_path):
    with pytest.raises(StoreError, match="object store"):
        AuditLog("s3a://bucket/audit")
    with pytest.raises(StoreError, match="no audit log"):
        AuditLog.open(Settings(file="local.yaml", lake="", keys="", keyring="", policy="", contracts=""))


def test_a_note_is_replaced_whole(tmp_path):
    log = AuditLog(tmp_path)
    assert log.note("checkpoint") == ""
    for text in ("one\n", "two\n"):
        log.keep_note("checkpoint", text)
        assert log.note("checkpoint") == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint"]


def test_nobody_else_may_read_the_entries(tmp_path):
    log = AuditLog(tmp_path)
    log.append(event(0))
    assert stat.S_IMODE(log.path.stat().st_mode) & 0o007 == 0


WRITER = """
import sys
from datetime import UTC, datetime
from strongroom.core.audit_event import Event
from strongroom.audit.log import AuditLog
folder, name = sys.argv[1:]
log, number = AuditLog(folder), 0
while True:
    run = f"run-{name}-{number}"
    facts = {"pad": "x" * 500}
    index = log.append(Event(datetime.now(UTC), run, "prepare", "user:ada", "run", "started", facts=facts))
    print(index, run, flush=True)
    number += 1
"""


def test_of_ten_writers_at_once_all_killed_no_acknowledged_entry_is_lost(tmp_path):
    """Each tells an entry only after `append` has returned; what it has told must be there."""
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "lib")}
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(name)], stdout=subprocess.PIPE, env=path) for name in range(10)]
    first = [each.stdout.readline() for each in writers]  # all are at work
    time.sleep(0.3)
    for each in writers:
        each.kill()
    told = b"".join(first + [each.communicate()[0] for each in writers]).decode().splitlines()
    acknowledged = dict(line.split() for line in told if line.count(" ") == 1 and line[-1].isdigit())
    runs = [found.run for found in AuditLog(tmp_path).read()]
    assert len(acknowledged) > 8
    assert {int(index): run for index, run in acknowledged.items()}.items() <= dict(enumerate(runs)).items()
    assert len(runs) == len(set(runs)), "nothing stands twice"
    assert AuditLog(tmp_path).append(event("after")) == len(runs)
