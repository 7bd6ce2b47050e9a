"""Whatever is done to the audit log after a witness saw a checkpoint is found."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.audit import signing as sealing
from strongroom.audit import signing_keys
from strongroom.audit.checkpoint import Checkpoint, VerifierKey, new_signing_key, open_checkpoint, sign
from strongroom.audit.key_file import key_file
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import Tree, leaf_hash
from strongroom.audit.signing import last_signed, renew, seal
from strongroom.audit.signing_keys import CHECKPOINT, PUBLIC_KEY, former_keys, public_key
from strongroom.audit.verify import check
from strongroom.core.audit_event import Event, well_formed
from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.secret import Secret
from strongroom.core.settings import Settings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def event(number):
    return Event(NOON, f"run-{number}", "prepare", "user:ada", "run", "started", facts={"rows": number})


def other_settings(folder):
    return Settings("", "", "", str(folder / "ring.json"), "", "", audit=str(folder))


@pytest.fixture
def settings(tmp_path):
    return Settings("", "", "", str(tmp_path / "keys/ring.json"), "", "", audit=str(tmp_path / "audit"))


@pytest.fixture
def log(settings):
    found = AuditLog.open(settings)
    found.append(*(event(number) for number in range(20)))
    return found


def test_a_checkpoint_grows_with_the_log_and_reads_only_what_is_new(log, settings, monkeypatch):
    first = seal(log, settings)
    log.append(event(20))
    starts = []
    entries = AuditLog.entries
    monkeypatch.setattr(
        AuditLog, "entries", lambda self, *, start=0: starts.append(start) or entries(self, start=start)
    )
    second = seal(log, settings)
    assert (first.head.size, second.head.size) == (20, 21)
    assert starts == [log.path.read_bytes().rindex(b"\n", 0, -1) + 1]
    monkeypatch.undo()
    assert check(log, {"one": first.head, "two": second.head}).root == second.head.root
    assert open_checkpoint(second.note, [VerifierKey.of(log.note(PUBLIC_KEY))]) == second.head


def edits(lines, rng):
    """One way to change a log of whole lines behind a witness's back; `None` when nothing would be changed."""
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(7)
    if kind == 0:  # another value, correctly written
        changed = lines[at].replace(b'"rows":', b'"rows":1', 1) if b'"rows":0' not in lines[at] else None
        return [*lines[:at], changed, *lines[at + 1 :]] if changed else None
    if kind == 1:  # one bit
        place = rng.randrange(len(lines[at]) - 1)
        flipped = bytes([lines[at][place] ^ 1 << rng.randrange(7)])
        return [*lines[:at], lines[at][:place] + flipped + lines[at][place + 1 :], *lines[at + 1 :]]
    if kind == 2:  # an entry less
        return lines[:at] + lines[at + 1 :]
    if kind == 3:  # two entries change places
        if at == other:
            return None
        lines[at], lines[other] = lines[other], lines[at]
        return lines
    if kind == 4:  # the end is cut off
        return lines[:at]
    if kind == 5:  # an entry more, between others
        return [*lines[:at], event(rng.randrange(100)).entry() + b"\n", *lines[at:]]
    return [*lines[:at], lines[other], *lines[at + 1 :]] if at != other else None  # one stands for another


@pytest.mark.whole
def test_a_thousand_of_a_thousand_random_changes_are_found(log, settings):
    witness = seal(log, settings).head
    log.append(*(event(number) for number in range(20, 25)))
    whole = log.path.read_bytes()
    covered, later = whole.splitlines(keepends=True)[:20], whole.splitlines(keepends=True)[20:]
    rng, tried = random.Random(2026), 0
    while tried < 1_000:
        changed = edits(list(covered), rng)
        if changed is None:
            continue
        tried += 1
        log.path.write_bytes(b"".join([*changed, *later] if rng.random() < 0.5 else changed))
        with pytest.raises(StoreError):
            check(log, {"the witness": witness})
    log.path.write_bytes(whole)
    assert check(log, {"the witness": witness}).size == 25


def test_a_log_that_was_changed_is_not_sealed_again(log, settings):
    seal(log, settings)
    data = log.path.read_bytes()
    log.path.write_bytes(data.replace(b'"rows":3}', b'"rows":4}', 1))
    with pytest.raises(StoreError, match="changed"):
        seal(log, settings)
    log.path.write_bytes(data[: data.rindex(b"\n", 0, -1) + 1])
    with pytest.raises(StoreError, match="cut"):
        seal(log, settings)


def test_a_log_whose_checkpoint_is_gone_is_not_sealed_as_if_it_were_new(log, settings):
    before = seal(log, settings)
    files = {name: log.note(name) for name in (CHECKPOINT, PUBLIC_KEY)}
    for name in files:
        (log.folder / name).unlink()
    with pytest.raises(StoreError, match="lost its last checkpoint"):
        seal(log, settings)
    for name, text in files.items():
        log.keep_note(name, text)
    log.append(event(9))
    after = seal(log, settings)
    assert after.head.size == before.head.size + 1
    for name, text in files.items():
        log.keep_note(name, text)
    with pytest.raises(StoreError, match="lost its last checkpoint"):
        seal(log, settings)


def test_a_lost_signing_key_is_not_made_anew_in_silence(log, settings):
    old = public_key(log, settings)
    sealed = seal(log, settings)
    key_file(settings).unlink()
    with pytest.raises(KeyFault, match="gone"):
        seal(log, settings)
    with pytest.raises(KeyFault, match="gone"):
        public_key(log, settings)
    renewed = renew(log, settings, [old], {"a witness": sealed.head}, event(99))
    assert renewed.head.size == sealed.head.size + 1, "the renewal is an entry, and covered"
    assert renewed.head.origin == sealed.head.origin, "a log keeps its name, whoever signs it"
    assert f"— {old.name} " not in renewed.note
    assert open_checkpoint(log.note(f"{CHECKPOINT}-{old.name}"), [old]) == sealed.head
    last = list(log.read())[-1].facts
    assert (last["old"], last["new"]) == (str(old), log.note(PUBLIC_KEY).strip())
    assert former_keys(settings) == [old, VerifierKey.of(log.note(PUBLIC_KEY))]


def test_a_key_that_is_there_is_not_renewed(log, settings):
    old = public_key(log, settings)
    seal(log, settings)
    with pytest.raises(KeyFault, match="still there"):
        renew(log, settings, [old], {}, event(99))


@pytest.mark.parametrize("gone", [(), (CHECKPOINT,)])
def test_a_log_that_was_rolled_back_gets_no_new_key(log, settings, gone):
    """What covers the rest is the mark; of a checkpoint that is left, the entries it speaks of."""
    before = log.path.read_bytes()
    old = public_key(log, settings)
    log.append(event(20))
    seal(log, settings)
    key_file(settings).unlink()
    log.path.write_bytes(before)
    for name in gone:
        (log.folder / name).unlink()
    with pytest.raises(StoreError, match=r"cut|lost its last checkpoint"):
        renew(log, settings, [old], {}, event(99))
    assert not key_file(settings).exists()
    assert log.path.read_bytes() == before


def test_a_witness_s_checkpoint_is_held_against_a_log_whose_keys_are_all_gone(log, settings):
    old = public_key(log, settings)
    first = seal(log, settings)
    log.append(event(20))
    witness = seal(log, settings).head
    for file in key_file(settings).parent.iterdir():
        file.unlink()
    log.path.write_bytes(log.path.read_bytes()[: log.path.read_bytes().rindex(b"\n", 0, -1) + 1])
    log.keep_note(CHECKPOINT, first.note)
    with pytest.raises(StoreError, match="a witness saw 21"):
        renew(log, settings, [old], {"a witness": witness}, event(99))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"time":"2026-06-01T12:00:00.000000Z"', b'"time":"yesterday"', "a time"),
        (b'"time":"2026-06-01T12:00:00.000000Z"', b'"time":5', "a time"),
        (b'"principal":"user:ada"', b'"principal":["user:ada"]', "a text"),
        (b'"principal"', b'"columns":5,"principal"', "a list"),
        (b'"principal"', b'"columns":[5],"principal"', "of texts"),
        (b'"facts":{"rows":1}', b'"facts":[1]', "an object"),
        (b'"facts":{"rows":1}', b'"facts":{}', "nothing is left out where there is nothing"),
        (b'"facts":{"rows":1}', b'"facts":{"rows":"' + b"x" * 1_001 + b'"}', "a short text"),
        (b'"facts":{"rows":1}', b'"facts":{"rows":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "no deep nest"),
        (b'"2026-06-01T', b'"2026-02-30T', "a day that there is"),
        (b'"principal"', b'"columns":[],"principal"', "nothing is left out where there is nothing"),
        (b'"principal":"user:ada"', b'"principal":""', "somebody"),
        (b'"principal":"user:ada"', b'"principal":"user:ada\\u0007"', "what everybody sees"),
        (b'"principal":"user:ada"', b'"principal":"' + b"a" * 2_401 + b'"', "a name"),
    ],
)
def test_an_entry_of_other_types_is_none(log, settings, old, new, why):
    lines = event(1).entry().replace(old, new)
    assert lines != event(1).entry()
    if b"columns" in new:
        lines = b'{"action"' + lines.partition(b'{"action"')[2]
        fields = json.loads(lines)
        lines = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    assert well_formed(event(1).entry())
    assert not well_formed(lines), why


@pytest.mark.parametrize("name", ["x" * 301, "\a" * 300, "\U000e0001" * 300, "ä" * 300, "a\tb", '"\\'])
def test_whatever_name_somebody_types_is_written_as_an_entry(name):
    made = replace(event(1), table=name, columns=(name, ""), facts={"what": [name], "none": None, "deep": {"a": 1.5}})
    assert well_formed(made.entry())
    assert Event.of(made.entry()) == made


def test_another_signing_key_in_place_of_ours_signs_nothing(log, settings):
    sealed = seal(log, settings)
    key_file(settings).write_bytes(new_signing_key(bytes(32)).reveal())
    with pytest.raises(KeyFault, match="not the one that signs this log"):
        seal(log, settings)
    with pytest.raises(KeyFault, match="not the one that signs this log"):
        public_key(log, settings)
    assert log.note(CHECKPOINT) == sealed.note


def test_a_key_that_was_stolen_before_the_renewal_signs_no_other_history(log, settings):
    old = public_key(log, settings)
    seal(log, settings)
    stolen = Secret(key_file(settings).read_bytes())
    key_file(settings).unlink()
    renewed = renew(log, settings, [old], {}, event(99))
    log.path.write_bytes(log.path.read_bytes().replace(b'"rows":3}', b'"rows":4}', 1))
    tree = Tree()
    for entry in log.entries():
        tree.add(leaf_hash(entry))
    log.keep_note(CHECKPOINT, sign(Checkpoint(old.name, tree.size, tree.root()), stolen))
    with pytest.raises(KeyFault, match="cannot be trusted"):
        seal(log, settings)
    log.keep_note(CHECKPOINT, renewed.note)
    with pytest.raises(StoreError, match="changed"):
        seal(log, settings)


def test_a_lost_key_is_not_made_anew_because_the_checkpoint_is_lost_too(log, settings):
    seal(log, settings)
    key_file(settings).unlink()
    (log.folder / CHECKPOINT).unlink()
    with pytest.raises(KeyFault, match="gone"):
        seal(log, settings)
    assert not key_file(settings).exists()


@pytest.mark.parametrize("dies_at", ["remember_key", "signing_key", "append", "_seal"])
def test_a_renewal_that_died_is_done_again_or_finished(log, settings, monkeypatch, dies_at):
    old, sealed = public_key(log, settings), seal(log, settings)
    key_file(settings).unlink()

    def dies(*_):
        raise KeyboardInterrupt

    where = {"append": AuditLog, "_seal": sealing}.get(dies_at, signing_keys)
    with monkeypatch.context() as patch:
        patch.setattr(where, dies_at, dies)
        with pytest.raises(KeyboardInterrupt):
            renew(log, settings, [old], {}, event(99))
    if key_file(settings).exists():
        after = seal(log, settings)
    else:
        after = renew(log, settings, former_keys(settings), {}, event(99))
    assert check(log, {"before": sealed.head, "after": after.head}).size >= 20
    assert after.head.origin == sealed.head.origin
    assert public_key(log, settings).name != old.name
    assert f"— {public_key(log, settings).name} " in after.note
    log.append(event(100))
    assert seal(log, settings).head.size == after.head.size + 1


def test_a_checkpoint_by_another_key_is_not_trusted(log, settings, tmp_path):
    seal(log, settings)
    other = other_settings(tmp_path / "other")
    stranger = AuditLog.open(other)
    stranger.append(event(0))
    log.keep_note(CHECKPOINT, seal(stranger, other).note)
    with pytest.raises(KeyFault, match="trusted"):
        seal(log, settings)
    assert last_signed(AuditLog(tmp_path / "new"), other_settings(tmp_path / "new"), []).heads == {}


def test_a_signing_key_that_is_none_is_a_key_fault(log, settings):
    seal(log, settings)
    key_file(settings).write_bytes(b"PRIVATE+KEY+x+00000000+AAAA\n")
    with pytest.raises(KeyFault, match="cannot be used"):
        seal(log, settings)


def test_an_empty_log_has_a_checkpoint_too(settings):
    log = AuditLog.open(settings)
    assert seal(log, settings).head.size == 0
    log.append(event(0))
    assert seal(log, settings).head.size == 1
