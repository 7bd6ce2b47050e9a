"""The doctor opens what a night will need: the keyring with its key, each table's log at the version it should have."""

import shutil
import sys
from pathlib import Path

import pytest

from strongroom import run_job
from strongroom.flows import doctor, prepare
from support.lakes import Installation, install


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """An installation with two versions of a table."""
    place = install(tmp_path_factory.mktemp("doctor") / "kept", None, sample=400)
    for _ in range(2):
        assert run_job.run(prepare, ["--config", str(place.settings), "--contract", "customers"]) == 0
    return place.root


@pytest.fixture
def place(kept, monkeypatch, capsys):
    root = kept.with_name("tried")
    shutil.copytree(kept, root)
    monkeypatch.setenv("STRONGROOM_HOME", str(Path(sys.prefix).parent))
    text = (root / "local.yaml").read_text()
    (root / "local.yaml").write_text(text.replace(str(kept), str(root)))
    yield Installation(root, capsys)
    shutil.rmtree(root)


def checks(place):
    """What the doctor says of keyring and tables, and its exit code."""
    done = place.run(doctor)
    return (
        done.code,
        {each["name"]: each for each in done.line["answer"]["checks"][::-1] if each["name"] in ("opening", "tables")},
        done,
    )


def log(place, table="training/customers"):
    return place.lake / table / "_delta_log"


def test_a_lake_that_is_whole_is_told_so_and_nothing_secret_is(place):
    _, found, done = checks(place)
    assert found["opening"]["ok"]
    assert found["tables"]["ok"]
    secret = (place.root / "keys/local.kek").read_text().strip()
    assert secret not in done.out + done.err


def no_lake(place):
    shutil.rmtree(place.lake)
    shutil.rmtree(place.root / "keys")


def test_a_lake_that_is_not_made_yet_is_no_fault(place):
    no_lake(place)
    _, found, _ = checks(place)
    assert found["opening"]["ok"]
    assert found["tables"]["ok"]


FAULTS = [
    ("opening", lambda place: (place.root / "keys/local.kek").unlink(), "the key is gone"),
    ("opening", lambda place: (place.root / "keys/keyring.json").unlink(), "the keyring is gone, and tables need it"),
    ("opening", lambda place: (place.root / "keys/keyring.json").write_text("{"), "the keyring is damaged"),
    ("opening", lambda place: (place.root / "keys/local.kek").write_text("A" * 43 + "=\n"), "another key"),
    ("opening", lambda place: (place.root / "keys/local.kek").chmod(0o644), "others can read the key"),
    ("tables", lambda place: [each.unlink() for each in log(place).glob("*.json")], "a log without a version"),
    ("tables", lambda place: sorted(log(place).glob("*.json"))[0].write_text("{"), "a log that cannot be read"),
    ("tables", lambda place: sorted(log(place).glob("*.json"))[-1].unlink(), "older than its last run"),
    ("tables", lambda place: shutil.rmtree(log(place).parent), "published, and not there"),
    ("tables", lambda place: [each.unlink() for each in log(place).parent.glob("**/*.parquet")], "its files are gone"),
    ("tables", lambda place: (log(place, "strongroom/runs") / "00000000000000000000.json").write_text("{"), "runs"),
]


@pytest.mark.parametrize(("name", "break_it", "why"), FAULTS, ids=[why for *_, why in FAULTS])
def test_what_a_night_would_fail_at_is_told_before(place, name, break_it, why):
    break_it(place)
    code, found, done = checks(place)
    assert code == 4
    assert not found[name]["ok"], why
    assert found[name]["mend"], why
    assert {each["code"] for each in done.line["problems"]} == {"doctor.failed"}
