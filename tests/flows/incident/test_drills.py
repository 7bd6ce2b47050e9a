"""Drills: a leaked keyring, a leaked table, a lost signing key. The steps of docs/accountability.md, on a lake."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.contract.file import load_contract
from strongroom.core.errors import KeyFault, Refused
from strongroom.flows import audit, incident, keys, prepare
from strongroom.flows.read import read_table
from strongroom.stores.keys import open_keyring
from support.lakes import install
from support.opened import decrypt

POLICY = """
roles:
  keeper: {members: [user:engineer]}
  officer: {members: [user:pia]}
  second: {members: [user:kim]}
  scientist: {members: [user:ada]}
grants:
  - role: keeper
    actions: [read, write, delete]
    tables: [raw.*, training.*, quarantine.*, strongroom.manifest, strongroom.metrics, strongroom.runs]
  - {role: keeper, actions: [read, write, delete, reveal], tables: [strongroom.keys], approval: user:pia, reason: keys}
  - {role: officer, actions: [read, write], tables: [strongroom.incidents]}
  - {role: second, actions: [delete], tables: [strongroom.incidents]}
  - {role: scientist, actions: [read], tables: [training.*], columns: {deny: [email]}}
"""
FOR = ("--purpose", "model_training")
PIA, KIM = ("--set", "principal=user:pia"), ("--set", "principal=user:kim")
TABLE = "training.reviews"


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=300)
    (made.root / "policy.yaml").write_text(POLICY)
    for name in ("customers", "reviews"):
        done(made, prepare, "--contract", name)
    return made


def done(place, flow, *words):
    found = place.run(flow, *words)
    assert found.code == 0, found.err
    return found


def reads(place):
    """Whether the scientist is let through; the policy is asked before Spark is."""
    try:
        read_table(None, TABLE, "user:ada", "model_training", settings=str(place.settings))
    except AttributeError:
        return True
    except Refused:
        return False
    raise AssertionError("neither")


def users(folder: Path):
    return {row["user_id"] for row in _rows(folder)}


def _rows(folder: Path):
    return pa.table(DeltaTable(str(folder)).scan()).to_pylist()


def opens(folder: Path, kek: Path, keyring: Path):
    """How many e-mails of a table somebody with these two files reads."""
    contract = load_contract(str(Path(__file__).parents[3] / "conf/contracts/reviews.yaml"))
    leaf = next(leaf for leaf in contract.leaves() if leaf.path == "email")
    ring = open_keyring(f"file:{kek}", str(keyring), create=False)
    values = pa.array([row["email"] for row in _rows(folder)], pa.binary())
    clear, _ = decrypt(values, leaf, table=TABLE, keyring=ring)
    return sum("@" in str(value) for value in clear.to_pylist() if value is not None)


def test_a_leaked_keyring_opens_nothing_of_what_lies_there_afterwards(place, tmp_path):
    stolen = tmp_path / "stolen"
    shutil.copytree(place.root / "keys", stolen)
    folder = place.lake / "training/reviews"
    rows, before = len(_rows(folder)), users(folder)
    assert opens(folder, stolen / "local.kek", stolen / "keyring.json") == rows, "before: everything"
    ids = {each["key"] for each in done(place, keys, "list").line["answer"]["keys"] if not each["subjects"]}

    # 1. Nobody reads; raw stays open, since what is there is made anew of it.
    zones = ("--zone", "training,quarantine")
    done(place, incident, "open", *zones, "--reason", "keyring on a stolen laptop", "--run-id", "i", *PIA)
    assert not reads(place)
    found = done(place, incident, "assess", "i", *PIA).line["answer"]
    assert found["people"] > 0

    # 2. A new key-encryption key and keyring, which open what was there and write under a key of their own.
    new = ("--set", "keys=file:keys/new.kek", "--set", "keyring=keys/new.json")
    (tmp_path / "empty").mkdir()
    done(place, keys, "export", str(tmp_path / "ring.json"), *FOR)
    done(place, keys, "rotate", "--set", f"lake={tmp_path / 'empty'}", *new, *FOR)
    done(place, keys, "import", str(tmp_path / "ring.json"), *new, *FOR)
    (tmp_path / "ring.json").unlink()
    place.edit("local.yaml", "keys/local.kek", "keys/new.kek")
    place.edit("local.yaml", "keys/keyring.json", "keys/new.json")

    # 3. Everything under the new key: ciphertexts and sealed rows are moved, tokens are made anew of the raw files.
    done(place, keys, "rewrap", *FOR)
    for name in ("customers", "reviews"):
        done(place, prepare, "--contract", name)
    done(place, keys, "rewrap", *FOR)
    for old in ids:
        done(place, keys, "destroy", old, *FOR)

    # 4. Old versions go, and reading goes on.
    for table in ("training/reviews", "training/customers", "quarantine/reviews", "quarantine/customers"):
        lies = DeltaTable(str(place.lake / table))
        lies.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=False)
    close = ("--reason", "new keys, all values moved", "--notified", found["incident"]["opened"])
    done(place, incident, "close", "i", *close, *KIM)

    assert reads(place)
    assert len(_rows(folder)) == rows
    with pytest.raises(KeyFault):
        open_keyring(f"file:{stolen / 'local.kek'}", str(place.root / "keys/new.json"), create=False)
    assert opens(folder, stolen / "local.kek", stolen / "keyring.json") == 0
    assert not users(folder) & before, "tokens of the leaked key join with none"
    assert opens(folder, place.root / "keys/new.kek", place.root / "keys/new.json") == rows
    left = b"".join(each.read_bytes() for each in folder.glob("**/*.parquet"))
    assert not [token for token in before if token.encode() in left]
    done(place, audit, "verify")


def test_a_leaked_table_is_told_by_people_and_columns_and_joins_no_more(place, tmp_path):
    folder = place.lake / "training/reviews"
    done(place, keys, "list")
    shutil.copytree(folder, tmp_path / "found")
    people = len(users(tmp_path / "found"))
    assert reads(place), "somebody read it before"

    # 1. Nobody reads it or what was made from it; who was affected, from tags; who had it, from the audit log.
    aware = ("--aware", "2025-05-01T08:00:00Z")
    opened = done(
        place, incident, "open", "--table", TABLE, "--reason", "rows on a forum", *aware, "--run-id", "i", *PIA
    )
    assert opened.line["answer"]["incident"]["due"] == "2025-05-04T08:00:00Z"
    notice = tmp_path / "notice.md"
    found = done(place, incident, "assess", "i", "--out", str(notice), *PIA).line["answer"]
    assert not reads(place)
    (table,) = found["affected"]
    assert (table["table"], table["people"], found["people"]) == (TABLE, people, people)
    assert table["rows"] == len(_rows(folder))
    assert table["personal"]["email"] == "personal: encrypted"
    had = {(each["principal"], each["outcome"]) for each in found["readings"] if each["table"] == TABLE}
    assert ("user:ada", "allowed") in had
    assert "Art. 33(3)" in notice.read_text()

    # 2. The leaked copy is cut off from what comes: new key, new tokens, and every ciphertext under it.
    done(place, keys, "rotate", *FOR)
    done(place, keys, "rewrap", *FOR)
    done(place, prepare, "--contract", "reviews")
    done(place, prepare, "--contract", "customers")

    # 3. The authority is told, and another person lets reading go on.
    done(place, incident, "assess", "i", "--notified", "2025-05-02T00:00:00Z", *PIA)
    done(place, incident, "close", "i", "--reason", "source closed", *KIM)
    assert reads(place)
    assert not users(folder) & users(tmp_path / "found")
    emails = [{row["email"] for row in _rows(each)} for each in (folder, tmp_path / "found")]
    assert not emails[0] & emails[1]
    did = [event.facts["did"] for event in place.audit() if event.action == "incident"]
    assert did == ["opened", "assessed", "notified", "assessed", "closed"]


def test_a_lost_signing_key_is_followed_by_a_new_one_and_nothing_of_before_is_lost(place, tmp_path):
    done(place, audit, "verify")
    log = AuditLog(place.root / "audit")
    witness, old = tmp_path / "witness", log.note("key.pub")
    witness.write_text(log.note("checkpoint"))
    (place.root / "keys/audit-signing.key").unlink()

    # 1. Nothing is signed, so nobody could prove later who read meanwhile: nobody reads. The evidence says it has no
    # signature; the log names its SHA-256.
    assert place.run(audit, "verify").code == 7
    opened = done(place, incident, "open", "--everything", "--reason", "key lost with its disk", "--run-id", "i", *PIA)
    assert (opened.line["answer"]["signed"], reads(place)) == (False, False)
    fingerprint = opened.line["answer"]["incident"]["evidence"]
    head = json.loads((place.root / "audit/incidents/i/evidence/audit.json").read_bytes())
    assert (head["fault"], head["checkpoint"]) == ("audit.key", witness.read_text())

    # 2. A new key, after the whole log held against what a witness kept.
    done(place, audit, "verify", "--new-key", "--witness", str(witness), *FOR)
    assert log.note("key.pub") != old
    done(place, audit, "verify", "--witness", str(witness))

    # 3. The new head covers the evidence, and reading goes on.
    named = [event.facts.get("evidence") for event in place.audit() if event.action == "incident"]
    assert named == [fingerprint]
    no = ("--not-notified", "no personal data was lost or read")
    done(place, incident, "close", "i", "--reason", "signed again", *no, *KIM)
    assert reads(place)
    done(place, audit, "verify")
