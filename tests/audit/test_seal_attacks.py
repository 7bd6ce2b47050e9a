"""Who can write the audit folder and holds no key gets no false log signed: at most a seal is refused, and says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strongroom.audit.checkpoint import Checkpoint, VerifierKey, open_checkpoint, sign
from strongroom.audit.log import AuditLog
from strongroom.audit.verify import check
from strongroom.core.audit_event import Event
from strongroom.core.secret import Secret
from strongroom.flows import audit
from support.audit_places import FORGED, JOB, NOON, another_log, older_folder, roots, signed_place, tree_file


@pytest.fixture
def place(tmp_path, capsys):
    return signed_place(tmp_path, capsys)


def link(name, *, to):
    def make(place):
        path = place.root / "audit" / name
        path.rename(path.with_suffix(".away"))
        (place.root / to).write_bytes(b"no line end")
        path.symlink_to(place.root / to)

    return make


WHOLE, LOST, CHANGED = "", "lost its last checkpoint", "audit log was changed"
CUT = "audit log was"
"""The jobs that come after it make it longer again, so that it may be told as changed."""
ANY = "changed, or cut"


def test_the_true_log_put_back_is_signed_as_if_nothing_had_been(place):
    shutil.copytree(place.root / "audit", place.root / "true")
    another_log(place)
    assert "is not sealed" in place.run(JOB).err
    shutil.rmtree(place.root / "audit")
    (place.root / "true").rename(place.root / "audit")
    assert "is not sealed" not in place.run(JOB).err
    assert "The log is whole" in place.verify(0).out


def test_a_link_in_the_log_s_place_leads_into_no_other_file(place):
    link("entries.jsonl", to="victim")(place)
    done = place.run(JOB, code=7)
    assert "cannot be written" in done.err
    assert (place.root / "victim").read_bytes() == b"no line end"


def test_a_pipe_in_the_log_s_place_is_not_waited_for(place):
    place.log.path.unlink()
    os.mkfifo(place.log.path)
    assert "cannot be written" in place.run(JOB, code=7).err
    assert "audit log was cut" in place.verify(7, "--dry-run").err


def test_what_was_changed_far_back_is_found_by_verify_and_signed_by_nobody(place):
    """A seal reads what is new and the last 64 KiB before it: what it signs goes on from the true log all the same."""
    pad = Event(NOON, "r", "prepare", "user:ada", "run", "done", facts={"pad": "x" * 900})
    place.log.append(*[pad] * 100)
    place.run(JOB)
    before = place.log.path.read_bytes()
    place.entries(lambda lines: [lines[0].replace(b"user:engineer", b"user:engineeR"), *lines[1:]])
    assert "is not sealed" not in place.run(JOB).err
    assert CHANGED in place.verify(7).err
    later = place.log.path.read_bytes()[len(before) :]
    place.log.path.write_bytes(before + later)
    assert "The log is whole" in place.verify(0).out


def other_folder(place, name):
    """A second settings file of the same keys, with another audit folder."""
    config = place.root / f"{name}.yaml"
    config.write_text((place.root / "local.yaml").read_text().replace("audit: audit", f"audit: {name}"))
    return ("--config", str(config))


def test_two_logs_of_one_key_are_two(place):
    other = other_folder(place, "second")
    for _ in range(2):
        assert "is not sealed" not in place.run(JOB, *other).err
        assert "is not sealed" not in place.run(JOB).err
    assert "The log is whole" in place.run(audit, "verify", *other).out
    assert "The log is whole" in place.verify(0).out
    second = AuditLog(place.root / "second").note("checkpoint")
    assert second.split("\n")[0] != place.head().origin
    place.log.keep_note("checkpoint", second)
    assert LOST in place.run(JOB).err


WRITER = """
import sys
from datetime import UTC, datetime
from strongroom.core.audit_event import Event
from strongroom.core.settings import Settings
from strongroom.audit.signing import seal
from strongroom.audit.log import AuditLog
root, name = sys.argv[1:]
settings = Settings("", "", "", root + "/fresh/ring.json", "", "", audit=root + "/" + name)
log = AuditLog.open(settings)
for number in range(10):
    log.append(Event(datetime.now(UTC), f"r{number}", "prepare", "user:ada", "run", "done"))
    seal(log, settings)
"""


def test_processes_that_sign_two_logs_at_once_and_first_of_all_agree_on_one_key(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "lib")}
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, name], env=environment) for name in ("one", "two") * 2]
    assert [each.wait(60) for each in writers] == [0] * 4
    logs = [AuditLog(tmp_path / name) for name in ("one", "two")]
    assert logs[0].note("key.pub") == logs[1].note("key.pub")
    heads = [open_checkpoint(log.note("checkpoint"), [VerifierKey.of(log.note("key.pub"))]) for log in logs]
    assert [check(log, {"last": head}).size for log, head in zip(logs, heads, strict=True)] == [20, 20]
    assert [head.size for head in heads] == [20, 20]
    assert heads[0].origin != heads[1].origin


def test_a_key_that_is_renewed_for_one_log_signs_the_others_from_then_on(place):
    other = other_folder(place, "second")
    place.run(JOB, *other)
    old = place.key
    (place.root / "keys/audit-signing.key").unlink()
    kim = ("--set", "principal=user:kim")
    assert "gone" in place.run(JOB, *other).err
    place.run(audit, "verify", "--new-key", *kim)
    assert "is not sealed" not in place.run(JOB, *other).err
    assert place.key != old
    assert f"— {place.key.name} " in AuditLog(place.root / "second").note("checkpoint")
    for options in ((), other):
        assert "The log is whole" in place.run(audit, "verify", *options).out


def test_a_log_that_was_moved_is_the_same_log(place):
    before = place.head()
    (place.root / "audit").rename(place.root / "moved")
    moved = other_folder(place, "moved")
    assert "is not sealed" not in place.run(JOB, *moved).err
    assert AuditLog(place.root / "moved").note("checkpoint").startswith(f"{before.origin}\n10\n")


@pytest.mark.parametrize("without", ["checkpoint", "entries.jsonl"])
def test_a_log_that_was_moved_without_a_part_of_it_is_not_a_new_one(place, without):
    (place.root / "audit").rename(place.root / "moved")
    (place.root / "moved" / without).unlink()
    told = place.run(JOB, *other_folder(place, "moved")).err
    assert (LOST if without == "checkpoint" else ANY) in told


def test_of_two_copies_of_a_log_one_goes_on(place):
    shutil.copytree(place.root / "audit", place.root / "copy")
    copy = other_folder(place, "copy")
    assert "is not sealed" not in place.run(JOB).err
    assert LOST in place.run(JOB, *copy).err
    assert "is not sealed" not in place.run(JOB).err


def old(place, *, mark=True):
    """As a release left it that had one mark for its key, a tree in the log's folder, and logs without a name."""
    keys, tree = place.root / "keys", roots(place)
    key = (keys / "audit-signing.key").read_bytes()
    (keys / "audit-signing.logs").unlink()
    place.log.keep_note("checkpoint", sign(Checkpoint(place.key.name, tree.size, tree.root()), Secret(key)))
    tree_file(place)
    if mark:
        (keys / "audit-signing.size").write_text(f"{tree.size}\n")


def test_an_older_installation_goes_on_and_its_logs_get_their_names(place):
    old(place)
    before = place.head()
    assert "The log is whole" in place.verify(0, "--dry-run").out
    assert "is not sealed" not in place.run(JOB).err
    assert sorted(path.name for path in (place.root / "keys").glob("audit*")) == [
        "audit-signing.key", "audit-signing.lock", "audit-signing.logs", "audit-signing.pub",
    ]  # fmt: skip
    assert sorted(path.name for path in (place.root / "audit").iterdir()) == ["checkpoint", "entries.jsonl", "key.pub"]
    assert place.head().origin.startswith("strongroom-log-")
    assert check(place.log, {"before": before, "now": place.head()}).size == before.size + 2


@pytest.mark.parametrize(
    ("attack", "told", "why"),
    [
        (lambda p: (p.root / "audit/checkpoint").unlink(), LOST, "there was one"),
        (older_folder, LOST, "and it was a later one"),
        (lambda p: p.entries(lambda lines: [FORGED, *lines[1:]]), CHANGED, "read in full, once"),
        (lambda p: p.entries(lambda lines: lines[:-1]), CUT, "read in full, once"),
        (lambda p: (p.root / "keys/audit-signing.size").write_text("many\n"), "no number", "a mark that is none"),
        (lambda p: (p.root / "keys/audit-signing.size").write_text(""), "no number", "a mark that is none"),
    ],
)  # fmt: skip
def test_an_older_installation_that_was_changed_does_not_go_on(place, attack, told, why):
    old(place)
    attack(place)
    assert told in place.run(JOB).err, why
    assert not (place.root / "keys/audit-signing.logs").exists()


def test_the_other_log_of_an_older_installation_waits_for_the_one_that_was_signed(place):
    old(place)
    other = other_folder(place, "second")
    assert LOST in place.run(JOB, *other).err, "the mark may be its"
    assert "is not sealed" not in place.run(JOB).err
    assert "is not sealed" not in place.run(JOB, *other).err


@pytest.mark.parametrize(
    ("kept", "told", "why"),
    [
        (None, WHOLE, "a checkpoint of our own tells enough; what was rolled back with it, only a witness tells"),
        (b"", "cannot be read", "half a disk"),
        (b"{}", "cannot be read", "no logs"),
        (b'{"logs": {}, "folders": {"a": "b"}}', "cannot be read", "a folder of a log that is not there"),
        (b'{"logs": {"a": {"origin": "a", "key": "k", "size": 3, "heads": [], "end": 1, "tail": ""}}, "folders": {}}',
         "cannot be read", "a tree that is none"),
    ],
)  # fmt: skip
def test_what_is_kept_beside_the_key_is_read_strictly(place, kept, told, why):
    file = place.root / "keys/audit-signing.logs"
    file.unlink() if kept is None else file.write_bytes(kept)
    err = place.run(JOB).err
    assert ("is not sealed" in err, told in err) == (bool(told), True), why


def test_a_log_without_checkpoint_whose_kept_state_is_lost_is_not_a_new_one(place):
    (place.root / "keys/audit-signing.logs").unlink()
    (place.root / "audit/checkpoint").unlink()
    assert "is lost" in place.run(JOB).err
    assert "is lost" in place.verify(7).err


def test_a_folder_of_keys_that_is_older_than_the_log_is_caught_up(place):
    kept = (place.root / "keys/audit-signing.logs").read_bytes()
    place.run(JOB)
    before = place.head()
    (place.root / "keys/audit-signing.logs").write_bytes(kept)
    assert "is not sealed" not in place.run(JOB).err
    assert check(place.log, {"before": before, "now": place.head()}).size == before.size + 2
    (place.root / "keys/audit-signing.logs").write_bytes(kept)
    place.entries(lambda lines: [*lines[:-3], FORGED, *lines[-2:]])
    assert CHANGED in place.run(JOB).err, "what the later checkpoint covers is held against it"


def test_log_and_keys_from_one_backup_are_whole_but_for_a_witness(place):
    backup = {name: place.root / f"{name}.backup" for name in ("audit", "keys")}
    for name, to in backup.items():
        shutil.copytree(place.root / name, to)
    place.run(JOB)
    witness = place.root / "witness"
    witness.write_text(place.log.note("checkpoint"))
    for name, source in backup.items():
        shutil.rmtree(place.root / name)
        source.rename(place.root / name)
    assert "is not sealed" not in place.run(JOB).err, "NOT STOPPED: nothing here is newer"
    assert "The log is whole" in place.verify(0).out
    assert CHANGED in place.verify(7, "--witness", str(witness)).err
