"""What docs/operations.md says to back up is enough: put back elsewhere, the lake is read, added to, verified."""

import json
import shutil
import subprocess

import pytest

from strongroom.core.contract.file import load_contract
from strongroom.flows import audit, prepare, quarantine
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from support.lakes import Installation, install
from support.opened import decrypt

KIM, PIA = ("--set", "principal=user:kim"), ("--set", "principal=user:pia", "--purpose", "data_subject_request")
APPEND = ("--all", "--set", "prepare.mode=append")
WHY = "put back from the backup of Monday: the disk had failed"


def emails(place):
    """The e-mail addresses of the training table in clear, by review."""
    rows = Lake(str(place.lake)).read("training.reviews", ("review_id", "email"))
    contract = load_contract(str(place.root / "contracts/reviews.yaml"))
    column = next(leaf for leaf in contract.leaves() if leaf.path == "email")
    ring = open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=False)
    clear, good = decrypt(rows["email"].combine_chunks(), column, table="training.reviews", keyring=ring)
    assert all(good.to_pylist())
    return dict(zip(rows["review_id"].to_pylist(), clear.to_pylist(), strict=True))


def back_up(place, to):
    """As the page does: the key-encryption key by itself, the rest in archives that keep times to the nanosecond."""
    to.mkdir()
    shutil.copy2(place.root / "keys/local.kek", to)
    tar = ("tar", "--format=posix", "-czf")
    subprocess.run([*tar, to / "keys.tar.gz", "-C", place.root, "--exclude=*.kek", "keys"], check=True)
    rest = ("lake", "audit", "contracts", "policy.yaml", "local.yaml")
    subprocess.run([*tar, to / "rest.tar.gz", "-C", place.root, *rest], check=True)


def put_back(from_, to, *, kek=True):
    to.mkdir()
    for name in ("rest.tar.gz", "keys.tar.gz"):
        subprocess.run(["tar", "-xzf", from_ / name, "-C", to], check=True)
    if kek:
        shutil.copy2(from_ / "local.kek", to / "keys/local.kek")
    return to


@pytest.fixture
def lost(tmp_path, capsys):
    """A place that was backed up, and is no more: what it held."""
    place = install(tmp_path / "first", capsys, sample=500)
    assert place.run(prepare, *APPEND).code == 0
    held = emails(place)
    back_up(place, tmp_path / "backup")
    shutil.rmtree(place.root)
    return held


def new_file(place):
    source = next((place.lake / "raw/reviews").glob("*.json"))
    rows = [json.loads(line) for line in source.read_text().splitlines() if line.startswith("{") and line[-1] == "}"]
    for at, row in enumerate(rows):
        row["review_id"] = f"r-9{at:06}"
    (place.lake / "raw/reviews/new.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return len(rows)


def test_what_was_backed_up_is_read_added_to_and_verified_in_another_place(lost, tmp_path, capsys):
    place = Installation(put_back(tmp_path / "backup", tmp_path / "second"), capsys)
    assert emails(place) == lost
    assert place.run(audit, "verify").code == 0, "the log is the one that was signed, wherever it lies now"
    recorded = place.run(audit, "recover", "--lake", "--reason", WHY, *KIM)
    assert recorded.code == 0, recorded.err
    versions = recorded.line["answer"]["tables"]
    assert versions["training.reviews"] == place.delta("training.reviews").version()
    again = place.run(prepare, *APPEND)
    assert again.line["rows"] == {"read": 0, "written": 0, "quarantined": 0}, "no file counts as another than before"
    count = new_file(place)
    more = place.run(prepare, *APPEND)
    assert (more.code, more.line["rows"]["read"]) == (0, count), more.err
    assert lost.items() < emails(place).items()
    shown = place.run(quarantine, "show", *PIA, "--contract", "reviews")
    assert shown.code == 0, shown.err
    verified = place.run(audit, "verify")
    assert verified.code == 0
    assert f"user:kim put the lake back; reason: {json.dumps(WHY)}" in verified.out
    assert [fall["reason"] for fall in verified.line["answer"]["breaks"]] == [WHY]


def test_a_log_that_is_older_than_what_was_signed_is_recorded_as_such(tmp_path, capsys):
    place = install(tmp_path / "first", capsys, sample=500)
    place.run(prepare, *APPEND)
    back_up(place, tmp_path / "backup")
    place.run(prepare, *APPEND)  # and this is what the backup lacks
    put_back(tmp_path / "backup", tmp_path / "second")
    shutil.rmtree(place.root / "audit")
    shutil.copytree(tmp_path / "second/audit", place.root / "audit")
    cut = place.run(audit, "verify")
    assert (cut.code, cut.line["problems"][0]["code"]) == (7, "audit.changed")
    assert place.run(audit, "recover", "--lake", "--reason", WHY).code == 5, "an engineer may not"
    recorded = place.run(audit, "recover", "--lake", "--reason", WHY, *KIM)
    assert recorded.code == 0, recorded.err
    assert recorded.line["answer"]["tables"]
    assert "accepted the log as it lay" in place.run(audit, "verify").out


def test_without_the_key_encryption_key_nothing_opens_and_nothing_is_written(lost, tmp_path, capsys):
    place = Installation(put_back(tmp_path / "backup", tmp_path / "second", kek=False), capsys)
    new_file(place)
    before = place.delta("training.reviews").version()
    done = place.run(prepare, *APPEND)
    assert done.code == 7
    assert place.delta("training.reviews").version() == before
